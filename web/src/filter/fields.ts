import { visible } from "../format/text";

/**
 * The filters of a session list, under the names that the API gives them.
 * Values of one field are alternatives; fields are joined by "and". Of context
 * parameters each name counts as a field.
 */
export const fields = [
  "application",
  "host",
  "endpoint",
  "ip",
  "method",
  "status",
  "flow",
  "attack",
  "session",
  "request",
  "user_agent",
  "key",
  "user",
  "role",
  "country",
  "network",
  "context",
  "graphql_operation",
  "mcp_server",
  "mcp_method",
  "mcp_name",
] as const;

export type Field = (typeof fields)[number];
export type Filters = Partial<Record<Field, string[]>>;

/** What a field is called on the screen, and an example of its values. */
export const fieldInfo: Record<Field, { label: string; example: string }> = {
  application: { label: "application", example: "shop" },
  host: { label: "host", example: "*.example.com" },
  endpoint: { label: "endpoint", example: "/users/*/orders" },
  ip: { label: "IP", example: "203.0.113.0/24" },
  method: { label: "method", example: "POST" },
  status: { label: "status", example: "404, 4xx or 400-499" },
  flow: { label: "flow", example: "auth" },
  attack: { label: "attack", example: "sqli" },
  session: { label: "session id", example: "32 hex digits" },
  request: { label: "request id", example: "20 letters and digits" },
  user_agent: { label: "user agent", example: "the whole header" },
  key: { label: "key", example: "PHPSESSID" },
  user: { label: "user", example: "maria" },
  role: { label: "role", example: "buyer" },
  country: { label: "country", example: "DE" },
  network: { label: "network", example: "AWS" },
  context: { label: "context", example: "tenant=7" },
  graphql_operation: { label: "GraphQL operation", example: "query getUser" },
  mcp_server: { label: "MCP server", example: "crm.example.com/mcp" },
  mcp_method: { label: "MCP method", example: "tools/call" },
  mcp_name: { label: "MCP tool or resource", example: "get_opportunity" },
};

/** Fields whose empty value means something: a request without it. */
const emptyWords: Partial<Record<Field, string>> = {
  host: "unknown",
  user_agent: "none",
  method: "none",
  flow: "none",
  attack: "none",
  user: "none",
  role: "none",
  country: "unknown",
  graphql_operation: "none",
  mcp_method: "none",
  mcp_name: "none",
};

/** Fields that hold one value at a time: a request has no second id. */
const single: readonly Field[] = ["session", "request"];

/** How many values one filter may hold; a longer list is a mistake in the address. */
export const maxValues = 50;

export function isField(name: string): name is Field {
  return (fields as readonly string[]).includes(name);
}

/** Whether the API can be asked for this value. */
export function isValue(field: Field, value: string): boolean {
  return value !== "" || field in emptyWords;
}

/** A value as it is shown; what is empty has a word for it. */
export function valueWords(field: Field, value: string): string {
  if (field === "status" && value === "0") return "no response";
  return value === "" ? (emptyWords[field] ?? "unknown") : visible(value);
}

/** The word between a value and those before it in its field. */
export function joinWord(field: Field, value: string, before: string[]): "and" | "or" {
  const name = value.slice(0, value.indexOf("=") + 1);
  return field === "context" && !before.some((other) => other.startsWith(name)) ? "and" : "or";
}

export function has(filters: Filters, field: Field, value: string): boolean {
  return filters[field]?.includes(value) ?? false;
}

export function add(filters: Filters, field: Field, value: string): Filters {
  const old = filters[field] ?? [];
  if (!isValue(field, value) || old.includes(value) || old.length >= maxValues) return filters;
  if (single.includes(field)) return { ...filters, [field]: [value] };
  return { ...filters, [field]: [...old, value] };
}

export function remove(filters: Filters, field: Field, value: string): Filters {
  const { [field]: old = [], ...rest } = filters;
  const left = old.filter((v) => v !== value);
  return left.length > 0 ? { ...rest, [field]: left } : rest;
}

export function toggle(filters: Filters, field: Field, value: string): Filters {
  return has(filters, field, value) ? remove(filters, field, value) : add(filters, field, value);
}

export function isEmpty(filters: Filters): boolean {
  return fields.every((f) => !filters[f]?.length);
}

/** Every field and value, in the order of the fields. */
export function entries(filters: Filters): [Field, string][] {
  return fields.flatMap((f) => (filters[f] ?? []).map((v): [Field, string] => [f, v]));
}
