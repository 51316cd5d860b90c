import createClient from "openapi-fetch";
import { ApiError, problemError, toApiError } from "./error";
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
export type Part = Schemas["Part"];
export type Session = Schemas["Session"];
export type Facet = Schemas["Facet"];
export type Request = Schemas["Request"];
export type RequestDetail = Schemas["RequestDetail"];
export type Explanation = Schemas["Explanation"];
export type System = Schemas["System"];
export type NodeStatus = Schemas["NodeStatus"];
export type DayStatus = Schemas["DayStatus"];
export type Rung = Part["rung"];
export type Strength = Part["strength"];

/** Longer than the server's own limit for a query, so that its answer is seen. */
const timeout = 40_000; // ms

/** The typed client of the REST API; its paths and answers come from the OpenAPI document. */
export const api = createClient<paths>({
  baseUrl: window.location.origin,
  // Looked up at each call, so that tests can put their own in its place.
  fetch: (request) => globalThis.fetch(request),
});

/** Options that every call takes: when to give up. */
export function until(signal?: AbortSignal): { signal: AbortSignal } {
  const late = AbortSignal.timeout(timeout);
  return { signal: signal ? AbortSignal.any([signal, late]) : late };
}

/** Waits for a call of the client and gives back its answer, or throws an ApiError. */
export async function answer<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let result;
  try {
    result = await call;
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === "AbortError") throw thrown; // the caller's own doing
    throw toApiError(thrown);
  }
  const { data, error, response } = result;
  if (!response.ok) throw problemError(error, response.status);
  if (data === undefined && response.status !== 204) {
    throw new ApiError("The answer was empty", "Is there another server in between?", response.status);
  }
  return data as T;
}
