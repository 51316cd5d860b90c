import { Button, Kbd } from "@mantine/core";
import type { Ref } from "react";
import classes from "./Help.module.css";

const shortcuts: [keys: string[], what: string][] = [
  [["j", "k"], "next and previous session or request"],
  [["Enter"], "open or close it in place"],
  [["Esc"], "close the request, then the session"],
  [["/"], "filter the list"],
  [["?"], "this help"],
];

/** The keyboard shortcuts, as a native dialog: focus and Escape come with it. */
export function Help({ ref }: { ref: Ref<HTMLDialogElement> }) {
  return (
    <dialog ref={ref} className={classes.help} aria-labelledby="help-title">
      <h2 id="help-title" className={classes.title}>
        Keyboard
      </h2>
      <dl className={classes.list}>
        {shortcuts.map(([keys, what]) => (
          <div key={what} className={classes.row}>
            <dt>
              {keys.map((key) => (
                <Kbd key={key} size="sm">
                  {key}
                </Kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p className={classes.note}>
        Every value is a link that filters by it. The address of the page holds the whole view: copy it to share what you
        see.
      </p>
      <form method="dialog">
        <Button type="submit">Close</Button>
      </form>
    </dialog>
  );
}
