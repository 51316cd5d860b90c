import type { Request } from "../api/client";

/** How a session's durations compare: what its bars are drawn against. Microseconds. */
export interface Pace {
  slowest: number;
  usual: number;
}

/** A request is slow when it took this many times the usual, */
const slowFactor = 4;
/** and at least this long. */
const slowFrom = 100_000; // µs

export function slowest(requests: Request[]): number {
  return requests.reduce((most, r) => Math.max(most, r.duration_us ?? 0), 0);
}

/** The median duration. */
export function usual(requests: Request[]): number {
  const known = requests.flatMap((r) => r.duration_us ?? []).toSorted((a, b) => a - b);
  return known[Math.floor(known.length / 2)] ?? 0;
}

export function isSlow(us: number, pace: Pace): boolean {
  return us >= slowFrom && us >= pace.usual * slowFactor;
}
