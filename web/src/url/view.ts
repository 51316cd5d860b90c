import { type Filters, add, fields, isField } from "../filter/fields";
import { type TimeRange, defaultRange, isSpan, parseInstant } from "./time";

/**
 * Everything that a page of sessions shows, as its address holds it. A link
 * shows the colleague the same view; there is no other state worth keeping.
 */
export interface View {
  time: TimeRange;
  /** Which sessions are listed. */
  filters: Filters;
  /** The part that is open under its row. */
  open?: PartRef;
  /** Which requests of the open session are shown. */
  within: Filters;
  /** The request that is open in its session. */
  request?: string;
}

export interface PartRef {
  id: string;
  part: string;
}

export const emptyView: View = { time: defaultRange, filters: {}, within: {} };

/** Filters inside the open session carry this in front of their names. */
const inside = "in.";

/** Writes a view as query parameters. What equals the empty view is left out. */
export function encodeView(view: View): URLSearchParams {
  const q = new URLSearchParams();
  switch (view.time.kind) {
    case "last":
      if (defaultRange.kind !== "last" || view.time.span !== defaultRange.span) q.set("range", view.time.span);
      break;
    case "all":
      q.set("range", "all");
      break;
    case "between":
      if (view.time.from) q.set("from", view.time.from);
      if (view.time.to) q.set("to", view.time.to);
  }
  encodeFilters(q, view.filters, "");
  if (view.open) q.set("open", `${view.open.id}.${view.open.part}`);
  encodeFilters(q, view.within, inside);
  if (view.request) q.set("show", view.request);
  return q;
}

/** Reads what encodeView writes. Anything unreadable counts as absent, never as an error. */
export function decodeView(q: URLSearchParams): View {
  const view: View = {
    time: decodeTime(q),
    filters: decodeFilters(q, ""),
    within: decodeFilters(q, inside),
  };
  const open = /^([0-9a-f]{32})\.(\d{4}-\d\d-\d\d)$/.exec(q.get("open") ?? "");
  if (open) view.open = { id: open[1] ?? "", part: open[2] ?? "" };
  const request = decodeRequest(q);
  if (request) view.request = request;
  return view;
}

/** What the page of one session shows, as its address holds it. */
export interface SessionPageView {
  part?: string;
  within: Filters;
  request?: string;
}

export function encodeSessionPage(view: SessionPageView): URLSearchParams {
  const q = new URLSearchParams();
  if (view.part) q.set("part", view.part);
  encodeFilters(q, view.within, inside);
  if (view.request) q.set("show", view.request);
  return q;
}

export function decodeSessionPage(q: URLSearchParams): SessionPageView {
  const view: SessionPageView = { within: decodeFilters(q, inside) };
  const part = q.get("part") ?? "";
  if (/^\d{4}-\d\d-\d\d$/.test(part)) view.part = part;
  const request = decodeRequest(q);
  if (request) view.request = request;
  return view;
}

/** The address of a view, a session or a request. */
export const address = {
  sessions: (view: Partial<View> = {}) => withQuery("/sessions", encodeView({ ...emptyView, ...view })),
  session: (id: string, view: Partial<SessionPageView> = {}) =>
    withQuery(`/sessions/${encodeURIComponent(id)}`, encodeSessionPage({ within: {}, ...view })),
  request: (id: string) => `/requests/${encodeURIComponent(id)}`,
};

function withQuery(path: string, q: URLSearchParams): string {
  const text = q.toString();
  return text === "" ? path : `${path}?${text}`;
}

function decodeRequest(q: URLSearchParams): string | undefined {
  return /^[0-9A-Z]{20}$/.exec(q.get("show") ?? "")?.[0];
}

function decodeTime(q: URLSearchParams): TimeRange {
  const range = q.get("range") ?? "";
  if (range === "all") return { kind: "all" };
  if (isSpan(range)) return { kind: "last", span: range };
  const from = parseInstant(q.get("from") ?? "");
  const to = parseInstant(q.get("to") ?? "");
  return from || to ? { kind: "between", from, to } : defaultRange;
}

function encodeFilters(q: URLSearchParams, filters: Filters, prefix: string): void {
  for (const field of fields) {
    for (const value of filters[field] ?? []) q.append(prefix + field, value);
  }
}

function decodeFilters(q: URLSearchParams, prefix: string): Filters {
  let filters: Filters = {};
  for (const [name, value] of q) {
    if (!name.startsWith(prefix)) continue;
    const field = name.slice(prefix.length);
    if (isField(field)) filters = add(filters, field, value);
  }
  return filters;
}
