import { Button } from "@mantine/core";
import { IconArrowUp } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { pageSize } from "../api/queries";
import { type Field, type Filters, isEmpty } from "../filter/fields";
import { FilterBar } from "../filter/FilterBar";
import { count, plural } from "../format/number";
import { EmptyState, ErrorState, RowsLoading, StaleBanner } from "../ui/states";
import { Title } from "../ui/Title";
import { type TimeRange, rangeWords } from "../url/time";
import type { PartRef, View } from "../url/view";
import { SessionTable } from "./SessionTable";
import classes from "./SessionsView.module.css";
import { TimeControl } from "./TimeControl";
import { partKey } from "./merge";
import { type SessionList, maxRows } from "./useSessionList";

interface Props {
  view: View;
  list: SessionList;
  onTime: (time: TimeRange) => void;
  onFilters: (filters: Filters) => void;
  onOpen: (part: PartRef) => void;
  /** The address of the list with one more filter. */
  hrefFor: (field: Field, value: string) => string;
  /** The open session, drawn under its row. */
  children?: ReactNode;
}

/** The page of sessions, drawn from what it is given. */
export function SessionsView(props: Props) {
  const { view, list } = props;
  return (
    <>
      <Title title="Sessions" note={note(list, view.time)}>
        <TimeControl range={view.time} onChange={props.onTime} />
      </Title>
      <FilterBar filters={view.filters} known={knownValues(list)} onChange={props.onFilters} />
      {list.stale && <StaleBanner error={list.stale} retry={list.retry} />}
      <Body {...props} />
    </>
  );
}

function Body({ view, list, onTime, onFilters, onOpen, hrefFor, children }: Props) {
  const { rows } = list;
  const inList = view.open && rows?.some((part) => view.open && partKey(part) === partKey(view.open));
  return (
    <>
      {view.open && rows && !inList && <div className={classes.pinned}>{children}</div>}
      {list.waiting > 0 && (
        <div className={classes.waiting}>
          <Button
            radius="xl"
            variant="filled"
            leftSection={<IconArrowUp size={14} />}
            onClick={() => {
              list.showWaiting();
              window.scrollTo({ top: 0 });
            }}
          >
            {list.waiting < pageSize.sessions ? plural(list.waiting, "new session") : "Many new sessions"}
          </Button>
        </div>
      )}
      <div className={classes.card}>
        {rows && rows.length > 0 && (
          <SessionTable rows={rows} open={view.open} onOpen={onOpen} hrefFor={hrefFor} onEnd={list.loadMore}>
            {inList && children}
          </SessionTable>
        )}
        {rows?.length === 0 && <Nothing view={view} onTime={onTime} onFilters={onFilters} />}
        {!rows && list.error && <ErrorState error={list.error} retry={list.retry} />}
        {((!rows && !list.error) || list.loadingMore) && <RowsLoading rows={rows ? 2 : 10} height={60} what="sessions" />}
      </div>
      {rows && rows.length > 0 && !list.hasMore && (
        <p className={classes.end}>
          {rows.length >= maxRows
            ? `The list stops at ${count(maxRows)} sessions. A filter or a shorter time range shows the others.`
            : "No earlier sessions in this view."}
        </p>
      )}
    </>
  );
}

function Nothing({ view, onTime, onFilters }: Pick<Props, "view" | "onTime" | "onFilters">) {
  const filtered = !isEmpty(view.filters);
  return (
    <EmptyState
      title={filtered ? "No session matches these filters" : `No sessions ${rangeWords(view.time)}`}
      text={
        filtered
          ? `Nothing ${rangeWords(view.time)} has all of them on the same request.`
          : "Send requests through the proxy and they appear here within a second or two, or bring a log: sojourn import access.log"
      }
      actions={
        <>
          {filtered && <Button onClick={() => onFilters({})}>Clear the filters</Button>}
          {view.time.kind !== "all" && <Button onClick={() => onTime({ kind: "all" })}>Show all time</Button>}
        </>
      }
    />
  );
}

function note({ rows, hasMore }: SessionList, time: TimeRange): string {
  if (!rows) return rangeWords(time);
  return hasMore ? `${count(rows.length)} so far, ${rangeWords(time)}` : `${count(rows.length)} ${rangeWords(time)}`;
}

/** Values that the loaded rows have: what the filter box can offer. */
function knownValues({ rows = [] }: SessionList): Partial<Record<Field, string[]>> {
  return {
    application: distinct(rows.flatMap((r) => r.applications.map((c) => c.value))),
    host: distinct(rows.flatMap((r) => r.hosts.map((c) => c.value))),
    endpoint: distinct(rows.flatMap((r) => r.endpoints.map((c) => c.value))),
    ip: distinct(rows.map((r) => r.ip)),
    user_agent: distinct(rows.map((r) => r.user_agent)),
    key: distinct(rows.map((r) => r.key)),
    user: distinct(rows.map((r) => r.user ?? "")),
    role: distinct(rows.flatMap((r) => r.roles.map((c) => c.value))),
    country: distinct(rows.map((r) => r.country ?? "")),
  };
}

function distinct(values: string[]): string[] {
  return [...new Set(values)].filter(Boolean);
}
