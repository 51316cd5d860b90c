import { useEffect, useRef } from "react";

/** Begins each new page at its top. Going back or forward is left to the browser, which knows the place. */
export function useScrollToTop(page: string): void {
  const traversed = useRef(true); // the first page, too, is the browser's
  useEffect(() => {
    const onPop = () => {
      traversed.current = true;
    };
    window.addEventListener("popstate", onPop);
    return () => window.removeEventListener("popstate", onPop);
  }, []);
  useEffect(() => {
    if (!traversed.current) window.scrollTo({ top: 0 });
    traversed.current = false;
  }, [page]);
}
