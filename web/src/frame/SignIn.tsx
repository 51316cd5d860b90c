import { Button } from "@mantine/core";
import { useEffect, useEffectEvent } from "react";
import { CopyIcon } from "../ui/Copy";
import classes from "./SignIn.module.css";
import mark from "./mark.svg";

const command = "sojourn sign-in";

/** Explains how to sign in. It goes on by itself once the link was opened in another tab. */
export function SignIn({ again }: { again: () => void }) {
  const onFocus = useEffectEvent(again);
  useEffect(() => {
    window.addEventListener("focus", onFocus);
    return () => window.removeEventListener("focus", onFocus);
  }, []);
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <img src={mark} alt="" width={32} height={32} />
        <h1 className={classes.title}>Sign in to Sojourn</h1>
        <p>Open the sign-in link that the server printed when it started, or make a new one where the server runs:</p>
        <p className={classes.command}>
          <code>{command}</code>
          <CopyIcon value={command} what="command" />
        </p>
        <p className={classes.note}>
          The link works once, for 15 minutes. Add <code>--data DIR</code> if the server keeps its data elsewhere than in{" "}
          <code>./data</code>.
        </p>
        <Button onClick={again}>I have opened the link</Button>
      </div>
    </main>
  );
}
