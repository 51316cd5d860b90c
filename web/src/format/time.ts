// Times are shown in UTC, as the parts of a session are UTC days.

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A day and minute, with the year only where it is not this one: "21 Nov 14:32". */
export function dayTime(instant: string, now = new Date()): string {
  return `${day(instant.slice(0, 10), now)} ${instant.slice(11, 16)}`;
}

/** A day in words: "21 Nov", or "21 Nov 2025" in another year. */
export function day(date: string, now = new Date()): string {
  const [year = "", month = "", dayOfMonth = ""] = date.split("-");
  const words = `${Number(dayOfMonth)} ${months[Number(month) - 1] ?? month}`;
  return year === String(now.getUTCFullYear()) ? words : `${words} ${year}`;
}

/** Hours to milliseconds: "14:27:02.114". */
export function clock(instant: string): string {
  return instant.slice(11, 23);
}

/** An instant as microseconds since 1970; dates alone would lose the last three digits. */
export function micros(instant: string): number {
  const fraction = /\.(\d{1,9})/.exec(instant)?.[1] ?? "";
  const whole = Date.parse(instant.replace(/\.\d+/, ""));
  return whole * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6));
}

const second = 1_000_000;
const minute = 60 * second;
const hour = 60 * minute;
const dayLong = 24 * hour;

/** A length of time in one or two units: "0.4 s", "38 s", "7 min", "3 h 05 min", "2 d 4 h". Takes microseconds. */
export function span(us: number): string {
  if (us < second) return us <= 0 ? "0 s" : `${Math.max(0.1, Math.floor(us / 100_000) / 10)} s`;
  if (us < minute) return `${Math.floor(us / second)} s`;
  if (us < hour) return `${Math.floor(us / minute)} min`;
  if (us < dayLong) {
    const minutes = Math.floor((us % hour) / minute);
    return `${Math.floor(us / hour)} h${minutes ? ` ${String(minutes).padStart(2, "0")} min` : ""}`;
  }
  const hours = Math.floor((us % dayLong) / hour);
  return `${Math.floor(us / dayLong)} d${hours ? ` ${hours} h` : ""}`;
}

/** How long ago an instant was, in words. */
export function ago(instant: string, now = new Date()): string {
  const us = now.getTime() * 1000 - micros(instant);
  return us < second ? "just now" : `${span(us)} ago`;
}
