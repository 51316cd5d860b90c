import { screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { serve, show, system } from "../testing";
import SystemPage from "./SystemPage";

afterEach(() => vi.unstubAllGlobals());

const text = () => document.body.textContent ?? "";
const at = "/api/v1/system";

test("loading shows the shape of what comes", () => {
  vi.stubGlobal("fetch", () => new Promise(() => {}));
  show(<SystemPage />, "/system");
  expect(screen.getByLabelText("Loading the state of the system")).toBeDefined();
});

test("an error can be tried again", async () => {
  serve({ [at]: { status: 503, problem: { title: "Starting", detail: "not ready" } } });
  show(<SystemPage />, "/system");
  expect(await screen.findByRole("button", { name: "Try again" })).toBeDefined();
});

test("a healthy system says that nothing is lost", async () => {
  serve({ [at]: system() });
  show(<SystemPage />, "/system");
  expect(await screen.findByText("nothing lost")).toBeDefined();
  for (const words of ["Sojourn 0.1.0", "1,187", "48 KB", "connected", "Kept for 7 days.", "being written"]) {
    expect(text()).toContain(words);
  }
  expect(screen.getByRole("link", { name: "21 Nov" }).getAttribute("href")).toBe(
    "/sessions?from=2026-11-21T00%3A00%3A00Z&to=2026-11-22T00%3A00%3A00Z",
  );
});

test("trouble is said in words: losses by reason, upstreams, the bus, days set aside", async () => {
  const [node] = system().nodes;
  serve({
    [at]: system({
      nodes: [
        {
          ...node!,
          lost: { queue_full: 12, bus_refused: 0 },
          upstreams: [{ url: "http://127.0.0.1:3000", errors: 31, error: "connection refused" }],
        },
      ],
      bus: { connected: false, messages: 3, bytes: 1000, max_bytes: 2000 },
      writer: { ...system().writer, held: 1500, error: "disk full" },
      days: [{ day: "2026-11-20", requests: 0, bytes: 4096, sealed: false, error: "permission denied" }],
      set_aside: [{ file: "2026-11-17.duckdb", reason: "not a DuckDB file" }],
    }),
  });
  show(<SystemPage />, "/system");
  expect(await screen.findByText(/12 requests: queue full/)).toBeDefined();
  expect(text()).not.toContain("bus refused");
  for (const words of ["connection refused", "not connected", "50% of 2 KB", "Writing fails: disk full", "not a DuckDB file", "permission denied", "1,500"]) {
    expect(text()).toContain(words);
  }
});

test("no node means that nothing is recorded", async () => {
  serve({ [at]: system({ nodes: [] }) });
  show(<SystemPage />, "/system");
  expect(await screen.findByText("No node answers. Traffic is not being recorded.")).toBeDefined();
});
