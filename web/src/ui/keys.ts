import { useEffect, useEffectEvent } from "react";

/** What single keys do; the name is KeyboardEvent.key. Returning false leaves the key to others. */
export type Keys = Record<string, () => boolean | void>;

/** Listens for single keys, but never while somebody types or holds a modifier. */
export function useKeys(keys: Keys): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const act = keys[event.key];
    if (act && act() !== false) event.preventDefault();
  });
  useEffect(() => {
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input:not([type=radio]), textarea, select, dialog") !== null;
}

/** Marks an element that j and k stop at. Rows are visited in the order of the page. */
export const rowMark = "data-row";

/** Moves the focus to the next or the previous row; from nowhere, to the first one in sight. */
export function moveFocus(step: 1 | -1): void {
  const rows = allRows();
  const here = rows.findIndex((row) => row === document.activeElement);
  const next = here >= 0 ? rows[here + step] : rows.find((row) => row.getBoundingClientRect().top >= 0);
  next?.focus();
}

/** Gives the focus to the row with this mark, if it is on the page. */
export function focusRow(mark: string): void {
  allRows()
    .find((row) => row.getAttribute(rowMark) === mark)
    ?.focus();
}

function allRows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(`[${rowMark}]`)];
}
