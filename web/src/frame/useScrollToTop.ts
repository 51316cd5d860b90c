import { useEffect, useRef } from "react";

/** Begins each new page at its top. Going back or forward is left to the browser, which knows the place. */
export function useScrollToTop(page: string): void {
  const last = useRef(page);
  const traversedTo = useRef<string>(undefined);
  useEffect(() => {
    const onPop = () => {
      traversedTo.current = window.location.pathname;
    };
    window.addEventListener("popstate", onPop);
    return () => window.removeEventListener("popstate", onPop);
  }, []);
  useEffect(() => {
    if (page !== last.current && page !== traversedTo.current) window.scrollTo({ top: 0 });
    last.current = page;
    traversedTo.current = undefined;
  }, [page]);
}
