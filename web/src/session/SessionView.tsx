import { Button } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import type { ReactNode } from "react";
import type { Request, Session } from "../api/client";
import type { ApiError } from "../api/error";
import { FilterChips } from "../filter/FilterBar";
import { type Filters, isEmpty } from "../filter/fields";
import { count, plural } from "../format/number";
import { EmptyState, ErrorState, RowsLoading } from "../ui/states";
import { Facets } from "./Facets";
import { FlowStrip } from "./FlowStrip";
import { RequestTable } from "./RequestTable";
import { SessionSummary } from "./SessionSummary";
import classes from "./SessionView.module.css";

export interface SessionViewProps {
  session: Session;
  part?: string;
  within: Filters;
  request?: string;
  listFilters?: Filters;
  /** Requests that pass the filters inside; undefined until it is known. */
  matching?: number;
  requests?: Request[];
  error: ApiError | null;
  hasMore: boolean;
  /** Requests that came since it was loaded, and the wish to see them. */
  newer: number;
  onNewer: () => void;
  /** Closes it where it is open in place; without it, the session is on a page of its own. */
  onClose?: () => void;
  onWithin: (within: Filters) => void;
  onRequest: (id: string) => void;
  onMore: () => void;
  onRetry: () => void;
  /** Draws the open request. */
  renderRequest: (id: string) => ReactNode;
}

/** One session: what it is and its facets at the left, its requests in their order at the right. */
export function SessionView(props: SessionViewProps) {
  const { session, part, within, requests } = props;
  const narrow = useMediaQuery("(max-width: 900px)", false, { getInitialValueInEffect: false });
  // A link may point to a request far down; it is shown before the rows around it are loaded.
  const linkedElsewhere = requests?.some((r) => r.id === props.request) === false ? props.request : undefined;
  const facets = <Facets facets={session.facets} within={within} onChange={props.onWithin} />;
  return (
    <section className={classes.session} data-alone={!props.onClose || undefined} aria-label="Session">
      <div className={classes.aside}>
        <SessionSummary session={session} part={part} onClose={props.onClose} />
        {narrow ? (
          <details className={classes.more}>
            <summary>By endpoint, status, address…</summary>
            {facets}
          </details>
        ) : (
          facets
        )}
      </div>
      <div className={classes.main}>
        <Within {...props} />
        {props.newer > 0 && (
          <div className={classes.within}>
            <span className={classes.note}>{plural(props.newer, "request")} came since.</span>
            <Button size="compact-xs" onClick={props.onNewer}>
              Show
            </Button>
          </div>
        )}
        {linkedElsewhere && <div className={classes.linked}>{props.renderRequest(linkedElsewhere)}</div>}
        {requests && <FlowStrip requests={requests} />}
        <Requests {...props} />
      </div>
    </section>
  );
}

function Requests(props: SessionViewProps) {
  const { requests, error } = props;
  if (!requests) {
    return error ? <ErrorState error={error} retry={props.onRetry} /> : <RowsLoading rows={6} height={30} what="requests" />;
  }
  if (requests.length === 0) {
    return (
      <EmptyState
        title="No request here"
        text={isEmpty(props.within) ? "This session has no requests on this day." : "No request of this session passes these filters."}
        actions={!isEmpty(props.within) && <Button onClick={() => props.onWithin({})}>Show all of them</Button>}
      />
    );
  }
  return (
    <RequestTable
      requests={requests}
      hosts={hostCount(props.session)}
      open={props.request}
      hasMore={props.hasMore}
      onOpen={props.onRequest}
      onEnd={props.onMore}
      renderOpen={props.renderRequest}
    />
  );
}

/** The filters inside the session, and the offer to use those of the list. */
function Within({ session, within, listFilters = {}, matching, onWithin }: SessionViewProps) {
  const { session: _, ...usable } = listFilters;
  if (!isEmpty(within)) {
    return (
      <div className={classes.within}>
        <FilterChips filters={within} onChange={onWithin} />
        <span className={classes.note}>
          {matching === undefined ? "…" : count(matching)} of {plural(session.requests, "request")}
        </span>
        <Button variant="subtle" size="compact-xs" onClick={() => onWithin({})}>
          Show all
        </Button>
      </div>
    );
  }
  if (isEmpty(usable)) return null;
  return (
    <div className={classes.within}>
      <span className={classes.note}>All requests of this session.</span>
      <Button size="compact-xs" onClick={() => onWithin(usable)}>
        Only those that pass the list’s filters
      </Button>
    </div>
  );
}

function hostCount(session: Session): number {
  return session.facets.find((facet) => facet.name === "host")?.distinct ?? 0;
}
