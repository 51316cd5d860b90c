/**
 * Text that clients sent, made safe to look at: control characters, and those
 * that reorder or hide what follows them, become visible as <U+202E>.
 */
export function visible(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex -- control characters are what this is about
    /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
    (c) => `<U+${c.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}>`,
  );
}

/** Cuts a long text in the middle, where it tells the least: "9d71154d…c1d0e5aa". */
export function cutMiddle(text: string, max: number): string {
  if (text.length <= max) return text;
  const room = max - 1;
  const head = Math.ceil(room / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (room - head))}`;
}
