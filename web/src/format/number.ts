/** Shown where the source did not tell a value. */
export const unknown = "–";

const grouped = new Intl.NumberFormat("en-US");

/** A count with its thousands grouped: 1,204. */
export function count(n: number): string {
  return grouped.format(n);
}

/** Microseconds as milliseconds without the unit: 0.4, 12, 1,043. */
export function millis(us: number | undefined): string {
  if (us === undefined) return unknown;
  const ms = us / 1000;
  return ms < 10 ? String(Math.round(ms * 10) / 10) : grouped.format(Math.round(ms));
}

const units = ["", "K", "M", "G", "T", "P"];

/** Bytes in powers of 1,000, three digits at the most: 412, 1.2K, 18.4M. */
export function bytes(n: number | undefined): string {
  if (n === undefined) return unknown;
  let value = n;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  if (unit === 0) return String(value);
  const digits = value < 99.95 ? Math.round(value * 10) / 10 : Math.round(value);
  return `${digits}${units[unit]}`;
}

/** Bytes with their unit spelled out: 412 B, 1.2 KB, 18.4 MB. */
export function bytesLong(n: number): string {
  const short = bytes(n);
  return /[A-Z]$/.test(short) ? `${short.slice(0, -1)} ${short.slice(-1)}B` : `${short} B`;
}

/** A share of 0 to 1 in whole per cent; what is there but rounds to nothing is "<1%". */
export function percent(share: number): string {
  const p = Math.round(share * 100);
  return p === 0 && share > 0 ? "<1%" : `${p}%`;
}

/** "1 request", "2 requests"; words with their own plural pass it. */
export function plural(n: number, word: string, words = `${word}s`): string {
  return `${count(n)} ${n === 1 ? word : words}`;
}
