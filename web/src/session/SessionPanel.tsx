import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { requestsQuery, sessionQuery } from "../api/queries";
import { type Filters, isEmpty } from "../filter/fields";
import { RequestPanel } from "../request/RequestPanel";
import { ErrorState, RowsLoading } from "../ui/states";
import { SessionView } from "./SessionView";

interface Props {
  id: string;
  /** The day that is open; all of them without it. */
  part?: string;
  within: Filters;
  request?: string;
  /** The filters of the list it was opened from, if some of its requests do not pass them. */
  listFilters?: Filters;
  /** How many requests it has by now, as the list knows it. */
  now?: number;
  onClose?: () => void;
  onWithin: (within: Filters) => void;
  onRequest: (id: string) => void;
}

/** One session: asks for its summary and its requests, and shows them. */
export function SessionPanel({ id, part, within, now, ...rest }: Props) {
  const client = useQueryClient();
  // The facets count the whole part, so that they stay where they are while one filters by them.
  const session = useQuery(sessionQuery(id, part));
  const filtered = useQuery({
    ...sessionQuery(id, part, within),
    enabled: !isEmpty(within),
    placeholderData: keepPreviousData,
  });
  const requests = useInfiniteQuery({ ...requestsQuery(id, part, within), placeholderData: keepPreviousData });

  if (session.error && !session.data) return <ErrorState error={session.error} retry={() => void session.refetch()} />;
  if (!session.data) return <RowsLoading rows={6} height={32} what="the session" />;
  return (
    <SessionView
      {...rest}
      session={session.data}
      part={part}
      within={within}
      newer={Math.max(0, (now ?? 0) - session.data.requests)}
      onNewer={() => {
        for (const kind of ["session", "requests"]) void client.invalidateQueries({ queryKey: [kind, id] });
      }}
      matching={isEmpty(within) ? session.data.requests : filtered.data?.requests}
      requests={requests.data?.pages.flatMap((page) => page.requests)}
      error={requests.error}
      hasMore={requests.hasNextPage}
      onMore={() => {
        if (requests.hasNextPage && !requests.isFetching) void requests.fetchNextPage();
      }}
      onRetry={() => void requests.refetch()}
      renderRequest={(requestId) => <RequestPanel id={requestId} />}
    />
  );
}
