import { useEffect, useRef } from "react";

/** Begins each new page at its top. Going back or forward is left to the browser, which knows the place. */
export function useScrollToTop(page: string): void {
  const last = useRef(page);
  const traversed = useRef(false);
  useEffect(() => {
    const onPop = () => {
      traversed.current = true;
    };
    window.addEventListener("popstate", onPop);
    return () => window.removeEventListener("popstate", onPop);
  }, []);
  useEffect(() => {
    if (page !== last.current && !traversed.current) window.scrollTo({ top: 0 });
    last.current = page;
    traversed.current = false;
  }, [page]);
}
