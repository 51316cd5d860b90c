import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useMemo, useRef } from "react";
import type { Request } from "../api/client";
import { day, span } from "../format/time";
import { RequestRow } from "./RequestRow";
import classes from "./RequestTable.module.css";
import { type Gap, gaps } from "./gaps";
import { slowest, usual } from "./pace";

/** The height of a closed row in pixels; rows that differ are measured. */
const rowHeight = 30;
const dividerHeight = 26;
/** Rows drawn beyond the edge, so that the next ones are there for j and k. */
const overscan = 10;

interface Props {
  requests: Request[];
  /** Distinct hosts of the session; with one, no row repeats it. */
  hosts: number;
  open?: string;
  hasMore: boolean;
  onOpen: (id: string) => void;
  onEnd: () => void;
  renderOpen: (id: string) => ReactNode;
}

/** The requests of a session in their order, silences between them, one of them open in place. */
export function RequestTable({ requests, hosts, open, hasMore, onOpen, onEnd, renderOpen }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const silences = useMemo(() => gaps(requests.map((r) => r.started)), [requests]);
  const days = useMemo(() => newDays(requests), [requests]);
  const pace = useMemo(() => ({ slowest: slowest(requests), usual: usual(requests) }), [requests]);
  const openIndex = open ? requests.findIndex((r) => r.id === open) : -1;

  const virtual = useVirtualizer({
    count: requests.length,
    getScrollElement: () => scroller.current,
    estimateSize: (i) => rowHeight + (silences[i] || days[i] ? dividerHeight : 0),
    getItemKey: (i) => requests[i]!.id,
    overscan,
    useFlushSync: false,
    rangeExtractor: (range) => {
      const indexes = defaultRangeExtractor(range);
      return openIndex < 0 || indexes.includes(openIndex) ? indexes : [...indexes, openIndex].toSorted((a, b) => a - b);
    },
  });

  // A link to an open request shows it; one that is opened by hand is in sight already.
  const linked = useRef(open);
  useEffect(() => {
    if (linked.current && linked.current === open && openIndex >= 0) virtual.scrollToIndex(openIndex, { align: "start" });
    linked.current = undefined;
  }, [open, openIndex, virtual]);

  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= requests.length - overscan - 1) onEnd();
  }, [last, requests.length]); // oxlint-disable-line react-hooks/exhaustive-deps -- onEnd is new at each render

  return (
    <div
      ref={scroller}
      className={classes.scroller}
      role="table"
      aria-label="Requests"
      aria-rowcount={hasMore ? -1 : requests.length}
    >
      <div role="rowgroup" className={classes.head}>
        <div role="row" className={classes.columns}>
          <span role="columnheader">Time, UTC</span>
          <span role="columnheader">Method</span>
          <span role="columnheader">Path</span>
          <span role="columnheader">Status</span>
          <span role="columnheader" className={classes.number}>
            ms
          </span>
          <span role="columnheader" className={classes.number}>
            bytes
          </span>
        </div>
      </div>
      <div role="rowgroup" className={classes.body} style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const request = requests[item.index]!;
          const silence = silences[item.index];
          const isOpen = item.index === openIndex;
          return (
            <div
              role="presentation"
              key={item.key}
              data-index={item.index}
              ref={virtual.measureElement}
              className={classes.item}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              {(silence || days[item.index]) && <Divider gap={silence} date={days[item.index]} />}
              <RequestRow
                request={request}
                showHost={hosts > 1}
                open={isOpen}
                pace={pace}
                onOpen={() => onOpen(request.id)}
              />
              {isOpen && (
                <div role="row">
                  <div role="cell" aria-colspan={6} className={classes.detail}>
                    {renderOpen(request.id)}
                  </div>
                </div>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** What lies between two requests: a silence, the beginning of another day, or both. */
function Divider({ gap, date }: { gap?: Gap; date?: string }) {
  const words = [gap && `${span(gap.us)} of silence`, date && day(date)].filter(Boolean).join(" · ");
  return (
    <div role="row" className={classes.silence} data-weight={date ? 3 : gap?.weight}>
      <span role="cell" aria-colspan={6}>
        {words}
      </span>
    </div>
  );
}

/** The day on which a request starts, where it is another than that of the request before. */
function newDays(requests: Request[]): (string | undefined)[] {
  return requests.map((r, i) => {
    const date = r.started.slice(0, 10);
    return i > 0 && requests[i - 1]?.started.slice(0, 10) !== date ? date : undefined;
  });
}
