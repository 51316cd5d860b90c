import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import { type ReactElement } from "react";
import { vi } from "vitest";
import { memoryLocation } from "wouter/memory-location";
import { Router } from "wouter";
import type { Part, Request, RequestDetail, Session, System } from "./api/client";
import { newQueryClient } from "./api/queryClient";

/** Draws an element as the console does, at an address, without retries. */
export function show(element: ReactElement, at = "/sessions") {
  const client = newQueryClient();
  client.setDefaultOptions({ queries: { ...client.getDefaultOptions().queries, retry: false } });
  const [path = "", search = ""] = at.split("?");
  const location = memoryLocation({ path, searchPath: search, record: true });
  const drawn = render(
    <MantineProvider env="test">
      <QueryClientProvider client={client}>
        <Router hook={location.hook} searchHook={location.searchHook}>
          {element}
        </Router>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return { ...drawn, visited: () => location.history };
}

type Answer = object | { status: number; problem: object };

/**
 * Answers the console's calls from a table of path to answer, or to a function of
 * the query. A path that is not in the table is a 404. Returns the calls made.
 */
export function serve(answers: Record<string, Answer | ((query: URLSearchParams) => Answer)>): URL[] {
  const calls: URL[] = [];
  vi.stubGlobal("fetch", async (asked: globalThis.Request) => {
    const url = new URL(asked.url);
    calls.push(url);
    const found = answers[url.pathname] ?? { status: 404, problem: { title: "Not Found", detail: url.pathname } };
    const answer = typeof found === "function" ? found(url.searchParams) : found;
    return "problem" in answer && "status" in answer
      ? Response.json(answer.problem, { status: Number(answer.status) })
      : Response.json(answer);
  });
  return calls;
}

const id = "9d71154dadd331c60b2f3a41c1d0e5aa";

export function part(change: Partial<Part> = {}): Part {
  return {
    id,
    part: "2026-11-21",
    started: "2026-11-21T14:27:02.114000Z",
    ended: "2026-11-21T14:30:04.000000Z",
    requests: 58,
    matched: 58,
    attacks: 0,
    errors: 3,
    bytes: 48_211,
    ip: "216.160.83.56",
    ips: 1,
    user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:156.0) Gecko/20100101 Firefox/156.0",
    users: 0,
    roles: [],
    applications: [{ value: "shop", count: 58 }],
    hosts: [{ value: "shop.example.com", count: 58 }],
    host_count: 1,
    endpoints: [
      { value: "GET /v2/users/{int}", count: 41 },
      { value: "GET /v2/orders/{int}", count: 9 },
      { value: "POST /v2/login", count: 4 },
    ],
    endpoint_count: 5,
    key: "PHPSESSID",
    rung: "builtin",
    strength: "secret",
    ...change,
  };
}

export function session(change: Partial<Session> = {}): Session {
  const { started, ended, requests, attacks, errors, bytes, key, rung, strength, ip, user_agent } = part();
  return {
    id,
    started,
    ended,
    requests,
    attacks,
    errors,
    bytes,
    client: "00000000000000000000000000000001",
    key,
    rung,
    strength,
    ip,
    user_agent,
    users: 0,
    roles: [],
    parts: [{ part: "2026-11-21", requests }],
    facets: [
      {
        name: "endpoint",
        distinct: 2,
        values: [
          { value: "GET /v2/users/{int}", count: 41, share: 0.71 },
          { value: "POST /v2/login", count: 17, share: 0.29 },
        ],
      },
      { name: "host", distinct: 1, values: [{ value: "shop.example.com", count: 58, share: 1 }] },
    ],
    ...change,
  };
}

/** The nth request of the session above, a second after the one before. */
export function request(n: number, change: Partial<Request> = {}): Request {
  return {
    id: `01JV3Q7F2M9T4B8X${String(n).padStart(4, "0")}`,
    session: id,
    client: "00000000000000000000000000000001",
    started: new Date(Date.UTC(2026, 10, 21, 14, 27, n)).toISOString().replace("Z", "000Z"),
    duration_us: 12_000,
    ttfb_us: 9_000,
    application: "shop",
    host: "shop.example.com",
    method: "GET",
    path: `/v2/users/${900 + n}`,
    endpoint: "/v2/users/{int}",
    status: 200,
    request_bytes: 0,
    response_bytes: 1234,
    ip: "216.160.83.56",
    user_agent: "curl/8.5.0",
    key: "PHPSESSID",
    point: 'request.cookie["PHPSESSID"]',
    rung: "builtin",
    strength: "secret",
    accepted: true,
    tried: 3,
    revision: 0,
    ...change,
  };
}

export function requestDetail(change: Partial<RequestDetail> = {}): RequestDetail {
  return { ...request(1), findings: [], ...change };
}

export function system(change: Partial<System> = {}): System {
  return {
    version: "0.1.0",
    started: "2026-11-21T14:00:00.000000Z",
    retention: { days: 7, bytes: 0 },
    revision: 0,
    nodes: [
      {
        name: "node-1",
        started: "2026-11-21T14:00:00.000000Z",
        proxy: "127.0.0.1:8080",
        exchanges: 1204,
        recorded: 1187,
        excluded: 5,
        waiting: 0,
        lost: {},
        upstreams: [{ url: "http://127.0.0.1:3000", errors: 0 }],
      },
    ],
    bus: { connected: true, messages: 0, bytes: 0, max_bytes: 4_294_967_296 },
    writer: { stored: 1187, skipped: 0, too_old: 0, future: 0, held: 0, errors: 0 },
    disk: { free: 64424509440, min_free: 1073741824, paused: false },
    days: [{ day: "2026-11-21", requests: 1187, bytes: 48_000, sealed: false }],
    set_aside: [],
    ...change,
  };
}
