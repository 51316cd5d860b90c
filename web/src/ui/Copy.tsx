import { ActionIcon, Button } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { type ReactNode, useEffect, useState } from "react";
import { flushSync } from "react-dom";

/** How long "copied" stays to be seen. */
const shown = 1500; // ms

/** An icon that copies a value; `what` names it, such as "session id". */
export function CopyIcon({ value, what }: { value: string; what: string }) {
  const [copied, copy] = useCopy(value);
  const words = copied ? `Copied ${what}` : `Copy ${what}`;
  return (
    <ActionIcon size={20} onClick={copy} aria-label={words} title={words}>
      {copied ? <IconCheck size={14} color="var(--green)" /> : <IconCopy size={14} />}
    </ActionIcon>
  );
}

/** A button that copies a value and says so. */
export function CopyButton({ value, children }: { value: string; children: ReactNode }) {
  const [copied, copy] = useCopy(value);
  return (
    <Button size="compact-xs" onClick={copy} leftSection={copied ? <IconCheck size={13} /> : <IconCopy size={13} />}>
      {copied ? "Copied" : children}
    </Button>
  );
}

function useCopy(value: string): [boolean, () => void] {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), shown);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    if (await write(value)) flushSync(() => setCopied(true));
  };
  return [copied, () => void copy()];
}

/** Copies text, also where the page is not served securely and the clipboard is out of reach. */
async function write(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
