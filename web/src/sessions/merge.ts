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

/** The rows that started after everything that is loaded. */
export function freshParts(loaded: Part[], newer: Part[]): Part[] {
  const known = new Set(loaded.map(partKey));
  const newest = loaded[0]?.started ?? "";
  return newer.filter((part) => part.started >= newest && !known.has(partKey(part)));
}
