/**
 * The time that a view is about: the last so-and-so long, everything, or
 * between two instants. It is written into the address as `range`, or as `from` and `to`.
 */
export type TimeRange =
  | { kind: "last"; span: Span }
  | { kind: "all" }
  | { kind: "between"; from?: string; to?: string };

/** A whole number of minutes, hours or days: 15m, 24h, 7d. */
export type Span = `${number}${"m" | "h" | "d"}`;

export const spans: Span[] = ["15m", "1h", "6h", "24h", "7d"];
export const defaultRange: TimeRange = { kind: "last", span: "24h" };

export function isSpan(text: string): text is Span {
  return /^[1-9]\d{0,4}[mhd]$/.test(text);
}

/** The `from` and `to` that the API understands; it knows relative times itself. */
export function apiTime(range: TimeRange): { from?: string; to?: string } {
  switch (range.kind) {
    case "last":
      return { from: `-${range.span}` };
    case "between":
      return { from: range.from, to: range.to };
    case "all":
      return {};
  }
}

/** The range in words, to follow a count: "in the last 24 hours". */
export function rangeWords(range: TimeRange): string {
  switch (range.kind) {
    case "last": {
      const n = Number(range.span.slice(0, -1));
      const unit = { m: "minute", h: "hour", d: "day" }[range.span.slice(-1) as "m" | "h" | "d"];
      return n === 1 ? `in the last ${unit}` : `in the last ${n} ${unit}s`;
    }
    case "between":
      return [range.from && `from ${instantWords(range.from)}`, range.to && `to ${instantWords(range.to)}`]
        .filter(Boolean)
        .join(" ");
    case "all":
      return "over all time";
  }
}

function instantWords(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 16)}`;
}

/** Reads an instant such as 2026-11-21T14:05Z or `2026-11-21 14:05` (UTC) into RFC 3339, or undefined. */
export function parseInstant(text: string): string | undefined {
  const m = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d))?)?(?:\.\d+)?Z?$/.exec(text.trim());
  if (!m) return undefined;
  const instant = `${m[1]}T${m[2] ?? "00:00"}:${m[3] ?? "00"}Z`;
  const at = new Date(instant);
  // A date such as 31 February rolls over; only what prints back as it was read is a date.
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(instant.slice(0, 19)) ? instant : undefined;
}
