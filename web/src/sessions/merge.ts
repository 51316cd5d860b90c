import type { Part } from "../api/client";

/** What tells one row of the list from another: a session on a day. */
export function partKey(part: { id: string; part: string }): string {
  return `${part.id}.${part.part}`;
}

/** The loaded rows in their order, each in its newest version. */
export function overlay(loaded: Part[], newer: Part[]): Part[] {
  const newest = new Map(newer.map((part) => [partKey(part), part]));
  const seen = new Set<string>();
  return loaded.flatMap((part) => {
    const key = partKey(part);
    // Pages are asked for one after the other; a row that moved between them came twice.
    if (seen.has(key)) return [];
    seen.add(key);
    return [newest.get(key) ?? part];
  });
}

/**
 * The rows of the newer first page that the loaded list lacks: sessions that began
 * since, and those that match the filters only now. What lies below the loaded
 * rows is not new, it is the next page, unless the list is complete.
 */
export function freshParts(loaded: Part[], newer: Part[], complete: boolean): Part[] {
  const known = new Set(loaded.map(partKey));
  const oldest = complete ? "" : (loaded.at(-1)?.started ?? "");
  return newer.filter((part) => part.started >= oldest && !known.has(partKey(part)));
}
