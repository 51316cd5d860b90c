import type { Request } from "../api/client";
import { bytes, millis } from "../format/number";
import { visible } from "../format/text";
import { clock } from "../format/time";
import { StatusTag, Tag } from "../ui/Tag";
import { rowMark } from "../ui/keys";
import classes from "./RequestRow.module.css";
import { type Pace, isSlow } from "./pace";

interface Props {
  request: Request;
  showHost: boolean;
  open: boolean;
  pace: Pace;
  onOpen: () => void;
}

/** One request of a session; the whole row opens it. */
export function RequestRow({ request: r, showHost, open, pace, onOpen }: Props) {
  const target = visible(r.path) + (r.query ? `?${visible(r.query)}` : "");
  return (
    <div role="row" className={classes.row} data-open={open || undefined}>
      <span role="cell" className={classes.time}>
        <button type="button" className={classes.opener} onClick={onOpen} aria-expanded={open} {...{ [rowMark]: r.id }}>
          {clock(r.started)}
        </button>
      </span>
      <span role="cell" className={classes.method}>
        {visible(r.method)}
      </span>
      <span role="cell" className={classes.target} title={`${target}\n${r.method} ${r.endpoint}`}>
        {showHost && <span className={classes.dim}>{visible(r.host)}</span>}
        <span className={classes.path}>{visible(r.path)}</span>
        {r.query && <span className={classes.query}>?{visible(r.query)}</span>}
        {r.flags?.map((flag) => (
          <Tag key={flag} tone="amber">
            {flag.replaceAll("_", " ")}
          </Tag>
        ))}
      </span>
      <span role="cell" className={classes.status}>
        <StatusTag status={r.status} />
      </span>
      <span role="cell" className={classes.duration}>
        <Duration us={r.duration_us} pace={pace} />
      </span>
      <span role="cell" className={classes.bytes}>
        {bytes(r.response_bytes)}
      </span>
    </div>
  );
}

/** Milliseconds with a bar under them, so that the slow one jumps out. */
function Duration({ us, pace }: { us?: number; pace: Pace }) {
  if (us === undefined) return <span className={classes.dim}>–</span>;
  const slow = isSlow(us, pace);
  const share = pace.slowest > 0 ? us / pace.slowest : 0;
  return (
    <>
      <span title={slow ? `slow: the usual here is ${millis(pace.usual)} ms` : undefined}>{millis(us)}</span>
      <span className={classes.track}>
        <span className={classes.bar} data-slow={slow || undefined} style={{ width: `${Math.max(2, share * 100)}%` }} />
      </span>
    </>
  );
}
