import { Link } from "wouter";
import type { Part } from "../api/client";
import type { Field } from "../filter/fields";
import { valueWords } from "../filter/fields";
import { agent } from "../format/agent";
import { count, percent, plural } from "../format/number";
import { cutMiddle, visible } from "../format/text";
import { dayTime, micros, span } from "../format/time";
import { KeyTag } from "../ui/Tag";
import { rowMark } from "../ui/keys";
import classes from "./SessionRow.module.css";
import { partKey } from "./merge";

/** How many endpoints a row names. */
const topEndpoints = 2;
/** An endpoint longer than this is cut in the middle, where it tells the least. */
const maxEndpoint = 44;
/** The share of errors that is unusual. */
const manyErrors = 0.2;

interface Props {
  part: Part;
  /** Whether the list has a column for users. */
  users: boolean;
  open: boolean;
  onOpen: () => void;
  hrefFor: (field: Field, value: string) => string;
}

/** One session on one day. The whole row opens it; the values in it are links that filter. */
export function SessionRow({ part, users, open, onOpen, hrefFor }: Props) {
  const lasted = micros(part.ended) - micros(part.started);
  const { name, system } = agent(part.user_agent);
  const link = (field: Field, value: string) => ({ field, value, href: hrefFor(field, value) });
  return (
    <div role="row" className={classes.row} data-open={open || undefined}>
      <span role="cell" className={classes.started}>
        <button
          type="button"
          className={classes.opener}
          onClick={onOpen}
          aria-expanded={open}
          {...{ [rowMark]: partKey(part) }}
        >
          {dayTime(part.started)}
        </button>
        <span className={classes.second}>{part.requests === 1 ? "once" : span(lasted)}</span>
      </span>
      <span role="cell" className={classes.requests}>
        <span>
          {count(part.requests)}
          <span className={classes.unit}> {part.requests === 1 ? "request" : "requests"}</span>
        </span>
        <Attacks part={part} />
      </span>
      <span role="cell" className={classes.errors} data-many={part.errors / part.requests >= manyErrors || undefined}>
        {part.errors === 0 ? (
          <span className={classes.none}>–</span>
        ) : (
          <>
            <span>{count(part.errors)}</span>
            <span className={classes.second}>{percent(part.errors / part.requests)}</span>
          </>
        )}
      </span>
      {users && (
        <span role="cell" className={classes.user}>
          <User part={part} link={link} />
        </span>
      )}
      <span role="cell" className={classes.ip}>
        {part.ip ? <Include {...link("ip", part.ip)}>{cutMiddle(part.ip, 22)}</Include> : <span className={classes.none}>unknown</span>}
        <span className={classes.second}>{besideAddress(part)}</span>
      </span>
      <span role="cell" className={classes.agent} title={visible(part.user_agent)}>
        <Include {...link("user_agent", part.user_agent)}>{visible(name) || "no User-Agent"}</Include>
        <span className={classes.second}>{system}</span>
      </span>
      <span role="cell" className={classes.host}>
        <Hosts part={part} link={link} />
      </span>
      <span role="cell" className={classes.endpoints}>
        <Endpoints part={part} link={link} />
      </span>
      <span role="cell" className={classes.key}>
        <Include {...link("key", part.key)}>
          <KeyTag name={part.key} strength={part.strength} />
        </Include>
        <span className={classes.second}>{part.strength}</span>
      </span>
    </div>
  );
}

type LinkTo = (field: Field, value: string) => { field: Field; value: string; href: string };

function Attacks({ part }: { part: Part }) {
  if (part.attacks > 0) return <span className={classes.attacks}>{plural(part.attacks, "attack")}</span>;
  if (part.matched < part.requests) {
    return (
      <span className={classes.second} title="Requests that match the filters and the time range">
        {count(part.matched)} match
      </span>
    );
  }
  return null;
}

/** The user of the most requests, and the role of the most, which need not be that user's. */
function User({ part, link }: { part: Part; link: LinkTo }) {
  const [role] = part.roles;
  if (!part.user) return <span className={classes.none}>–</span>;
  return (
    <>
      <Include {...link("user", part.user)}>{visible(part.user)}</Include>
      <span className={classes.second}>{part.users > 1 ? `+${count(part.users - 1)} more` : visible(role?.value ?? "")}</span>
    </>
  );
}

function besideAddress({ country, ips }: Part): string {
  return [visible(country ?? ""), ips > 1 ? `+${count(ips - 1)} more` : ""].filter(Boolean).join(" · ");
}

function Hosts({ part, link }: { part: Part; link: LinkTo }) {
  const [host] = part.hosts;
  const more = part.host_count - 1;
  const applications = part.applications.map((a) => visible(a.value)).join(", ");
  return (
    <>
      {host?.value ? (
        <Include {...link("host", host.value)}>{visible(host.value)}</Include>
      ) : (
        <span className={classes.none}>unknown</span>
      )}
      <span className={classes.second}>{more > 0 ? `+${count(more)} more` : applications}</span>
    </>
  );
}

function Endpoints({ part, link }: { part: Part; link: LinkTo }) {
  const shown = part.endpoints.slice(0, topEndpoints);
  const more = part.endpoint_count - shown.length;
  return shown.map(({ value, count: n }, i) => (
    <span className={classes.endpoint} key={value}>
      <Include {...link("endpoint", value)}>{cutMiddle(visible(value), maxEndpoint)}</Include>
      <span className={classes.times}>{count(n)}</span>
      {more > 0 && i === shown.length - 1 && <span className={classes.more}>+{count(more)} more</span>}
    </span>
  ));
}

/** A value as a link that adds it to the filters. */
function Include({ field, value, href, children }: ReturnType<LinkTo> & { children: React.ReactNode }) {
  return (
    <Link className={classes.include} href={href} title={`Only sessions with ${valueWords(field, value)}`}>
      {children}
    </Link>
  );
}
