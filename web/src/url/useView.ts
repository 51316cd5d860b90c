import { useMemo } from "react";
import { useLocation, useSearch } from "wouter";
import { type SessionPageView, type View, address, decodeSessionPage, decodeView } from "./view";

/** The view in the address, and a way to go to another one. */
export function useView(): [View, (change: Partial<View>) => void] {
  const search = useSearch();
  const [, navigate] = useLocation();
  const view = useMemo(() => decodeView(new URLSearchParams(search)), [search]);
  return [view, (change) => navigate(address.sessions({ ...view, ...change }))];
}

/** The same for the page of one session. */
export function useSessionPageView(id: string): [SessionPageView, (change: Partial<SessionPageView>) => void] {
  const search = useSearch();
  const [, navigate] = useLocation();
  const view = useMemo(() => decodeSessionPage(new URLSearchParams(search)), [search]);
  return [view, (change) => navigate(address.session(id, { ...view, ...change }))];
}
