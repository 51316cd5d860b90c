import type { ReactNode } from "react";
import type { Strength } from "../api/client";
import { visible } from "../format/text";
import classes from "./Tag.module.css";

export type Tone = "neutral" | "green" | "amber" | "red" | "accent";

/** A word on a soft ground. The word carries the meaning, the colour repeats it. */
export function Tag({ tone = "neutral", title, children }: { tone?: Tone; title?: string; children: ReactNode }) {
  return (
    <span className={classes.tag} data-tone={tone} title={title}>
      {children}
    </span>
  );
}

const strengthTones: Record<Strength, Tone> = { secret: "green", claimed: "amber", network: "neutral" };

/** The key that grouped a session, coloured by how hard it is to forge. */
export function KeyTag({ name, strength }: { name: string; strength: Strength }) {
  return (
    <Tag tone={strengthTones[strength]} title={visible(name)}>
      {visible(name)}
    </Tag>
  );
}

/** A response status: green for success, amber for the client's errors, red for the server's. */
export function StatusTag({ status }: { status: number }) {
  if (status === 0) return <Tag tone="red">none</Tag>;
  return <Tag tone={statusTone(status)}>{status}</Tag>;
}

function statusTone(status: number): Tone {
  if (status >= 500) return "red";
  if (status >= 400) return "amber";
  return status >= 200 && status < 300 ? "green" : "neutral";
}
