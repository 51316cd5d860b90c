import { afterEach, describe, expect, test, vi } from "vitest";
import { answer, api } from "./client";
import { ApiError, problemError, toApiError } from "./error";

afterEach(() => vi.unstubAllGlobals());

const system = () => answer(api.GET("/api/v1/system"));
const respond = (body: string, init: ResponseInit) =>
  vi.stubGlobal("fetch", async () => new Response(body, init));

describe("whatever goes wrong is one kind of error", () => {
  test("a problem document", async () => {
    respond(
      JSON.stringify({
        title: "Unprocessable Entity",
        status: 422,
        detail: "validation failed",
        errors: [{ location: "query.ip", message: "not an address" }],
      }),
      { status: 422, headers: { "Content-Type": "application/problem+json" } },
    );
    await expect(system()).rejects.toMatchObject({
      name: "ApiError",
      title: "This cannot be asked",
      message: "validation failed · query.ip: not an address",
      status: 422,
      passing: false,
    });
  });

  test("an error page of something in between", async () => {
    respond("<h1>Bad gateway</h1>", { status: 502, headers: { "Content-Type": "text/html" } });
    await expect(system()).rejects.toMatchObject({ name: "ApiError", status: 502, passing: true });
  });

  test("an answer that is not JSON", async () => {
    respond("<html>sign in to the wifi", { status: 200 });
    await expect(system()).rejects.toMatchObject({ title: "The answer was not understood" });
  });

  test("no answer at all", async () => {
    vi.stubGlobal("fetch", async () => {
      throw new TypeError("Failed to fetch");
    });
    await expect(system()).rejects.toMatchObject({ title: "The server cannot be reached", passing: true });
  });

  test("an answer that comes too late", () => {
    expect(toApiError(new DOMException("", "TimeoutError")).title).toBe("The server did not answer in time");
  });

  test("a question that was taken back stays what it is", async () => {
    const aborted = new DOMException("", "AbortError");
    vi.stubGlobal("fetch", async () => {
      throw aborted;
    });
    await expect(system()).rejects.toBe(aborted);
  });
});

test.each([null, undefined, "text", 7, {}])("a problem may be %j", (body) => {
  expect(problemError(body, 503)).toBeInstanceOf(ApiError);
  expect(problemError(body, 503).title).toBe("The server answered 503");
});
