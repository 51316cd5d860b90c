import { defaultRangeExtractor, useWindowVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Part } from "../api/client";
import type { Field } from "../filter/fields";
import type { PartRef } from "../url/view";
import { SessionRow } from "./SessionRow";
import classes from "./SessionTable.module.css";
import { partKey } from "./merge";

/** The usual height of a row in pixels; rows that differ are measured. */
const rowHeight = 60;
/** Rows drawn beyond the edge of the window, so that the next ones are there for j and k. */
const overscan = 8;

const columns = ["Started, UTC", "Requests", "Errors", "User", "IP", "Client", "Host", "Endpoints", "Grouped by"];

interface Props {
  rows: Part[];
  open?: PartRef;
  onOpen: (part: PartRef) => void;
  hrefFor: (field: Field, value: string) => string;
  /** Called when the last rows come into sight. */
  onEnd: () => void;
  /** The open session. */
  children?: ReactNode;
}

/** The rows of the list; only those in sight are in the page. */
export function SessionTable({ rows, open, onOpen, hrefFor, onEnd, children }: Props) {
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- anything above may have moved the table; it settles at once
  useLayoutEffect(() => {
    const now = body.current ? body.current.getBoundingClientRect().top + window.scrollY : 0;
    if (Math.abs(now - top) > 1) setTop(now);
  });

  const openIndex = open ? rows.findIndex((part) => partKey(part) === partKey(open)) : -1;
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => rowHeight,
    getItemKey: (index) => partKey(rows[index]!),
    overscan,
    scrollMargin: top,
    useFlushSync: false,
    // The open session stays in the page wherever one scrolls to, with what was done in it.
    rangeExtractor: (range) => {
      const indexes = defaultRangeExtractor(range);
      return openIndex < 0 || indexes.includes(openIndex) ? indexes : [...indexes, openIndex].toSorted((a, b) => a - b);
    },
  });

  // Without users the column would be empty: it is there when any row has one.
  const users = rows.some((part) => part.user);
  const shown = columns.filter((name) => users || name !== "User");

  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= rows.length - overscan - 1) onEnd();
  }, [last, rows.length]); // oxlint-disable-line react-hooks/exhaustive-deps -- onEnd is new at each render

  return (
    <div role="table" aria-label="Sessions" aria-rowcount={rows.length} className={classes.table} data-users={users || undefined}>
      <div role="rowgroup" className={classes.head}>
        <div role="row" className={classes.columns}>
          {shown.map((name) => (
            <span role="columnheader" key={name} className={classes.column}>
              {name}
            </span>
          ))}
        </div>
      </div>
      <div role="rowgroup" ref={body} className={classes.body} style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const part = rows[item.index]!;
          const isOpen = item.index === openIndex;
          return (
            <div
              role="presentation"
              key={item.key}
              data-index={item.index}
              ref={virtual.measureElement}
              className={classes.item}
              style={{ transform: `translateY(${item.start - top}px)` }}
            >
              <SessionRow part={part} users={users} open={isOpen} onOpen={() => onOpen(part)} hrefFor={hrefFor} />
              {isOpen && (
                <div role="row">
                  <div role="cell" aria-colspan={shown.length}>
                    {children}
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
