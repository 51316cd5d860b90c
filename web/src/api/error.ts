import type { components } from "./schema";

type Problem = components["schemas"]["Problem"];

/**
 * The one error of the data layer: the server was not reached, did not answer
 * in JSON, or answered with a problem (RFC 9457).
 */
export class ApiError extends Error {
  constructor(
    /** What failed, in a few words. */
    readonly title: string,
    /** What is wrong and what to do about it. */
    message: string,
    /** HTTP status; 0 when no answer arrived. */
    readonly status: number,
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** Whether asking again may help. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Turns anything that was thrown on the way to an answer into an ApiError. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof SyntaxError) {
    return new ApiError("The answer was not understood", "It was not JSON. Is there another server in between?", 0);
  }
  if (thrown instanceof DOMException && thrown.name === "TimeoutError") {
    return new ApiError("The server did not answer in time", "It may be busy. Ask for a shorter time range, or try again.", 0);
  }
  return new ApiError("The server cannot be reached", "Check that sojourn is running, then try again.", 0);
}

/** Refusals that have better words than their status. */
const refusals: Record<number, string> = {
  400: "This cannot be asked",
  404: "There is no such thing",
  422: "This cannot be asked",
};

/** Turns an answer that says no into an ApiError. */
export function problemError(problem: unknown, status: number): ApiError {
  const p: Partial<Problem> = typeof problem === "object" && problem !== null ? problem : {};
  const details = (p.errors ?? []).map((e) => [e.location, e.message].filter(Boolean).join(": "));
  const text = [p.detail, ...details].filter(Boolean).join(" · ");
  const title = refusals[status] ?? p.title ?? `The server answered ${status}`;
  return new ApiError(title, text || "It gave no reason.", status);
}
