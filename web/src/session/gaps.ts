import { micros } from "../format/time";

const second = 1_000_000;

/** The shortest pause that may count as silence. */
const shortest = 5 * second;
/** A silence is this many times as long as the session's usual pause. */
const factor = 8;

/** A silence before a request: how long it was, and how much it stands out (1 to 3). */
export interface Gap {
  us: number;
  weight: 1 | 2 | 3;
}

/**
 * Finds the silences of a session: pauses that are long for it. gaps[i] is the
 * one between starts[i-1] and starts[i], if there is one. A crawler that asks once
 * a minute is not silent in between; a person who pauses for a minute is.
 */
export function gaps(starts: string[]): (Gap | undefined)[] {
  const at = starts.map(micros);
  const pauses = at.slice(1).map((t, i) => Math.max(0, t - (at[i] ?? t)));
  const sorted = pauses.toSorted((a, b) => a - b);
  const usual = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  const silence = Math.max(shortest, usual * factor);
  return at.map((_, i) => {
    const us = i === 0 ? 0 : (pauses[i - 1] ?? 0);
    return us >= silence || us >= 30 * 60 * second ? { us, weight: weight(us) } : undefined;
  });
}

function weight(us: number): Gap["weight"] {
  if (us >= 30 * 60 * second) return 3;
  return us >= 2 * 60 * second ? 2 : 1;
}
