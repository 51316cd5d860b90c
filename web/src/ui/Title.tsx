import { type ReactNode, useEffect } from "react";
import classes from "./Title.module.css";

/** The head of a page: its title, a line about what it shows, and what can be done at the right. */
export function Title({ title, note, children }: { title: string; note?: ReactNode; children?: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Sojourn`;
  }, [title]);
  return (
    <div className={classes.head}>
      <h1 className={classes.title}>{title}</h1>
      {note && <p className={classes.note}>{note}</p>}
      {children && <div className={classes.actions}>{children}</div>}
    </div>
  );
}
