import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Part } from "../api/client";
import type { ApiError } from "../api/error";
import { sessionsHeadQuery, sessionsQuery } from "../api/queries";
import type { Filters } from "../filter/fields";
import type { TimeRange } from "../url/time";
import { freshParts, overlay } from "./merge";

/** The longest list that is kept; who needs more of it needs a filter instead. */
export const maxRows = 10_000;

export interface SessionList {
  rows?: Part[];
  error: ApiError | null;
  /** The list is shown, but the last refresh failed. */
  stale: ApiError | null;
  hasMore: boolean;
  loadingMore: boolean;
  loadMore: () => void;
  /** New sessions that wait to be shown, so as not to move what somebody reads. */
  waiting: number;
  showWaiting: () => void;
  retry: () => void;
}

/**
 * The list of sessions. While the time range moves with the clock, its first page
 * is asked for again every few seconds: known rows change in place; new ones come
 * in at once, or wait while `hold` says that somebody is reading further down.
 */
export function useSessionList(time: TimeRange, filters: Filters, hold: boolean): SessionList {
  const client = useQueryClient();
  const options = sessionsQuery(time, filters);
  const list = useInfiniteQuery(options);
  const head = useQuery({ ...sessionsHeadQuery(time, filters), enabled: list.isSuccess && time.kind !== "between" });

  const loaded = list.data?.pages.flatMap((page) => page.sessions);
  const fresh = loaded && head.data ? freshParts(loaded, head.data.sessions, !list.hasNextPage) : [];
  // Starting over from the newest page keeps the list short and its cursor right.
  const showWaiting = () => {
    if (head.data) client.setQueryData(options.queryKey, { pages: [head.data], pageParams: [""] });
  };
  const show = fresh.length > 0 && !hold;
  useEffect(() => {
    if (show && head.data) client.setQueryData(options.queryKey, { pages: [head.data], pageParams: [""] });
  });

  const full = (loaded?.length ?? 0) >= maxRows;
  return {
    rows: loaded && overlay(loaded, head.data?.sessions ?? []),
    error: list.data ? null : list.error,
    stale: list.data ? (head.error ?? list.error) : null,
    hasMore: list.hasNextPage && !full,
    loadingMore: list.isFetchingNextPage,
    loadMore: () => {
      if (list.hasNextPage && !list.isFetching && !full) void list.fetchNextPage();
    },
    waiting: hold ? fresh.length : 0,
    showWaiting,
    retry: () => void (list.data ? head.refetch() : list.refetch()),
  };
}
