import type { ReactNode } from "react";
import { Link } from "wouter";
import { type Field, isValue, valueWords } from "../filter/fields";
import { address } from "../url/view";
import classes from "./Fact.module.css";

/** One thing that is known of a request, with its name. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={classes.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A value as a link to the sessions that have it, over all time. */
export function Value({ field, value, words = valueWords(field, value) }: { field: Field; value: string; words?: string }) {
  if (!isValue(field, value)) return <span className={classes.dim}>{words}</span>;
  return (
    <Link
      className={classes.value}
      href={address.sessions({ filters: { [field]: [value] } })}
      title={`Sessions with ${words}`}
    >
      {words}
    </Link>
  );
}
