import { type Field, fieldInfo, fields, isField } from "./fields";

/** One reading of what was typed into the filter box. */
export interface Guess {
  field: Field;
  value: string;
}

const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY"]);

/**
 * Reads what was typed: `field:value` says which field is meant; anything else
 * is recognised by its form, the likeliest reading first. Nothing typed, nothing guessed.
 */
export function guess(text: string): Guess[] {
  const typed = text.trim();
  if (typed === "") return [];

  const named = /^([a-z_ ]+?)\s*[:=]\s*(.*)$/i.exec(typed);
  const field = named && fieldNamed(named[1] ?? "");
  if (field) {
    const value = tidy(field, named[2] ?? "");
    return value === "" ? [] : [{ field, value }];
  }
  return fields
    .filter((f) => looksLike[f](typed))
    .map((f) => ({ field: f, value: tidy(f, typed) }))
    .toSorted((a, b) => likelihood.indexOf(a.field) - likelihood.indexOf(b.field));
}

/** Fields that what was typed may be the beginning of, such as "st" of status. */
export function fieldsStarting(text: string): Field[] {
  const typed = text.trim().toLowerCase();
  return fields.filter((f) => f.startsWith(typed) || fieldInfo[f].label.toLowerCase().startsWith(typed));
}

function fieldNamed(name: string): Field | undefined {
  const n = name.trim().toLowerCase();
  if (isField(n)) return n;
  return fields.find((f) => fieldInfo[f].label.toLowerCase() === n);
}

/** The most telling forms first: an address is hardly anything else, a word may be anything. */
const likelihood: Field[] = [
  "session",
  "request",
  "status",
  "ip",
  "method",
  "host",
  "endpoint",
  "context",
  "graphql_operation",
  "country",
  "application",
  "key",
  "user",
  "user_agent",
  "mcp_method",
];

/** Of fields that hold any text: they have to be named. */
const never = () => false;

const looksLike: Record<Field, (s: string) => boolean> = {
  session: (s) => /^[0-9a-f]{32}$/i.test(s),
  request: (s) => /^[0-9a-hjkmnp-tv-z]{20}$/i.test(s),
  status: (s) => /^([1-5]xx|[1-5]\d\d(-[1-5]\d\d)?)$/i.test(s),
  ip: (s) => isAddress(s),
  method: (s) => methods.has(s.toUpperCase()),
  endpoint: (s) => s.startsWith("/") || /^[A-Z]+ \//.test(s) || isWord(s),
  host: (s) => !isAddress(s) && /^[*?a-z0-9-]+(\.[*?a-z0-9-]+)+(:\d+)?$/i.test(s),
  application: isWord,
  flow: never,
  attack: never,
  key: isWord,
  user_agent: (s) => s.includes("/") && !s.startsWith("/"),
  user: (s) => isWord(s) || /^[^\s@]+@[^\s@]+$/.test(s),
  role: never,
  country: (s) => /^[A-Z]{2}$/.test(s),
  network: never,
  context: (s) => /^[\w.-]+=./.test(s),
  graphql_operation: (s) => /^(query|mutation|subscription)( \w+)?$/.test(s),
  mcp_server: never,
  mcp_method: (s) => /^[a-z]+\/[a-z_/]+$/i.test(s),
  mcp_name: never,
};

function isWord(s: string): boolean {
  return /^[\w.*-]+$/.test(s) && !/^\d/.test(s);
}

function isAddress(s: string): boolean {
  const [address = "", bits, more] = s.split("/");
  if (more !== undefined || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return false;
  const four = address.split(".");
  if (four.length === 4) {
    return four.every((n) => /^\d{1,3}$/.test(n) && Number(n) <= 255) && Number(bits ?? 0) <= 32;
  }
  return /^[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,7}$/i.test(address) && Number(bits ?? 0) <= 128;
}

/** The spelling that the API and the facets use. */
function tidy(field: Field, value: string): string {
  const v = value.trim();
  switch (field) {
    case "method":
    case "request":
      return v.toUpperCase();
    case "session":
    case "status":
    case "host":
      return v.toLowerCase();
    default:
      return v;
  }
}
