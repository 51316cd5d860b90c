import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { Link } from "wouter";
import type { Session } from "../api/client";
import { count, plural } from "../format/number";
import { cutMiddle, visible } from "../format/text";
import { day, dayTime, micros, span } from "../format/time";
import { address } from "../url/view";
import { CopyButton, CopyIcon } from "../ui/Copy";
import { KeyTag } from "../ui/Tag";
import classes from "./SessionSummary.module.css";

/** How many of its other days are named; the page of the session has them all. */
const maxDays = 8;

interface Props {
  session: Session;
  part?: string;
  /** Closes it where it is open in place; without it, the session has its page already. */
  onClose?: () => void;
}

/** What a session is: its id, how much it did, how it was grouped, its other days. */
export function SessionSummary({ session, part, onClose }: Props) {
  const lasted = micros(session.ended) - micros(session.started);
  const link = address.session(session.id, { part });
  return (
    <div className={classes.summary}>
      <h2 className={classes.title}>
        Session
        <span className={classes.id} title={session.id}>
          {cutMiddle(session.id, 13)}
        </span>
        <CopyIcon value={session.id} what="session id" />
        {onClose && (
          <ActionIcon size={22} className={classes.close} onClick={onClose} aria-label="Close the session" title="Close (Esc)">
            <IconX size={15} />
          </ActionIcon>
        )}
      </h2>
      <p className={classes.facts}>
        {plural(session.requests, "request")}
        {session.errors > 0 && ` · ${plural(session.errors, "error")}`}
        {session.attacks > 0 && <strong className={classes.attacks}> · {plural(session.attacks, "attack")}</strong>}
        <br />
        {session.requests > 0 && dayTime(session.started)}
        {session.requests > 1 && ` · ${span(lasted)}`}
      </p>
      {session.user && (
        <p className={classes.facts}>
          <Link href={address.sessions({ filters: { user: [session.user] } })}>{visible(session.user)}</Link>
          {session.users > 1 && ` and ${plural(session.users - 1, "other user")}`}
          {session.roles.length > 0 && ` · ${session.roles.map((role) => visible(role.value)).join(", ")}`}
        </p>
      )}
      <p className={classes.facts}>
        Grouped by <KeyTag name={session.key} strength={session.strength} /> {session.strength}
      </p>
      <div className={classes.actions}>
        <CopyButton value={window.location.origin + link}>Copy link</CopyButton>
        {onClose && (
          <Link className={classes.button} href={link}>
            Own page
          </Link>
        )}
      </div>
      <Days session={session} part={part} />
    </div>
  );
}

/** The days of the session: the open one, and links to the others. */
function Days({ session, part }: { session: Session; part?: string }) {
  const others = session.parts.filter((p) => p.part !== part);
  if (others.length === 0) return null;
  if (!part && session.parts.length < 2) return null;
  return (
    <div className={classes.days}>
      <span>{part ? "Also on" : "Days"}</span>
      {others.slice(0, maxDays).map((p) => (
        <Link key={p.part} href={address.session(session.id, { part: p.part })} title={plural(p.requests, "request")}>
          {day(p.part)} <span className={classes.count}>{count(p.requests)}</span>
        </Link>
      ))}
      {part && <Link href={address.session(session.id)}>all {session.parts.length} days</Link>}
    </div>
  );
}
