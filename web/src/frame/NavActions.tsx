import { ActionIcon, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { IconKeyboard, IconLogout, IconMoon, IconSun } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { signOut } from "../api/queries";
import classes from "./Frame.module.css";

/** What concerns the whole console: its colours, its keys, and leaving it. */
export function NavActions({ onHelp }: { onHelp: () => void }) {
  const scheme = useComputedColorScheme("light");
  const { setColorScheme } = useMantineColorScheme();
  const client = useQueryClient();
  const other = scheme === "dark" ? "light" : "dark";
  return (
    <div className={classes.actions}>
      <ActionIcon onClick={() => setColorScheme(other)} aria-label={`Use ${other} colours`} title={`Use ${other} colours`}>
        {other === "dark" ? <IconMoon size={17} stroke={1.7} /> : <IconSun size={17} stroke={1.7} />}
      </ActionIcon>
      <ActionIcon onClick={onHelp} aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" className={classes.wide}>
        <IconKeyboard size={17} stroke={1.7} />
      </ActionIcon>
      <ActionIcon onClick={() => void signOut(client)} aria-label="Sign out" title="Sign out of this browser">
        <IconLogout size={17} stroke={1.7} />
      </ActionIcon>
    </div>
  );
}
