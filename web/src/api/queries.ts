import { type QueryClient, infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Filters } from "../filter/fields";
import { type TimeRange, apiTime } from "../url/time";
import { answer, api, until } from "./client";

/** How many rows a page of a list holds. */
export const pageSize = { sessions: 50, requests: 200 };

/** How often what is going on now is asked for again. */
export const refreshEvery = 5_000; // ms

/** The filters as the API takes them: one value where it takes only one. */
function apiFilters({ session, request, ...many }: Filters) {
  return { ...many, session: session?.[0], request: request?.[0] };
}

/** Who is signed in. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => answer(api.GET("/api/v1/me", until(signal))),
  staleTime: Infinity,
});

/** The list of sessions, page by page. */
export function sessionsQuery(time: TimeRange, filters: Filters) {
  return infiniteQueryOptions({
    queryKey: ["sessions", time, filters],
    queryFn: ({ pageParam, signal }) => sessionsPage(time, filters, pageParam, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    staleTime: Infinity, // the head below brings what is new
  });
}

/** The first page of the same list, asked for again and again while the time range moves. */
export function sessionsHeadQuery(time: TimeRange, filters: Filters) {
  return queryOptions({
    queryKey: ["sessions-head", time, filters],
    queryFn: ({ signal }) => sessionsPage(time, filters, "", signal),
    refetchInterval: refreshEvery,
    retry: false, // the next turn is the next try
  });
}

function sessionsPage(time: TimeRange, filters: Filters, cursor: string, signal: AbortSignal) {
  const query = { ...apiTime(time), ...apiFilters(filters), cursor: cursor || undefined, limit: pageSize.sessions };
  return answer(api.GET("/api/v1/sessions", { params: { query }, ...until(signal) }));
}

/** One session, or one day of it: summary and facets. */
export function sessionQuery(id: string, part?: string, within: Filters = {}) {
  return queryOptions({
    queryKey: ["session", id, part, within],
    queryFn: ({ signal }) => {
      const { session: _, ...query } = apiFilters(within);
      return answer(api.GET("/api/v1/sessions/{id}", { params: { path: { id }, query: { ...query, part } }, ...until(signal) }));
    },
  });
}

/** The requests of a session in their order, page by page. */
export function requestsQuery(id: string, part?: string, within: Filters = {}) {
  return infiniteQueryOptions({
    queryKey: ["requests", id, part, within],
    queryFn: ({ pageParam, signal }) => {
      const { session: _, ...filters } = apiFilters(within);
      const query = { ...filters, part, cursor: pageParam || undefined, limit: pageSize.requests };
      return answer(api.GET("/api/v1/sessions/{id}/requests", { params: { path: { id }, query }, ...until(signal) }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
  });
}

/** One request with what was learned about it. */
export function requestQuery(id: string) {
  return queryOptions({
    queryKey: ["request", id],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/requests/{id}", { params: { path: { id } }, ...until(signal) })),
  });
}

/** The ladder of keys that led a request to its session. A request never changes. */
export function explainQuery(id: string) {
  return queryOptions({
    queryKey: ["explain", id],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/requests/{id}/explain", { params: { path: { id } }, ...until(signal) })),
    staleTime: Infinity,
  });
}

/** The state of the installation, kept fresh. */
export const systemQuery = queryOptions({
  queryKey: ["system"],
  queryFn: ({ signal }) => answer(api.GET("/api/v1/system", until(signal))),
  refetchInterval: refreshEvery,
});

/** Ends the sign-in of this browser. */
export async function signOut(client: QueryClient): Promise<void> {
  await answer(api.POST("/api/v1/sign-out", until()));
  await client.resetQueries(); // what is still shown asks again, and is refused
}
