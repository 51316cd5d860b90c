import { expect, test } from "vitest";
import { request } from "../testing";
import { flow, flowHues } from "./flow";
import { isSlow, slowest, usual } from "./pace";

const to = (...endpoints: string[]) => endpoints.map((endpoint, i) => request(i, { endpoint }));

test("neighbours that are alike become one run, the commonest endpoint gets the first colour", () => {
  const { runs, legend } = flow(to("/a", "/b", "/b", "/b", "/a"));
  expect(runs.map((r) => [r.endpoint, r.start, r.length, r.hue])).toEqual([
    ["GET /a", 0, 1, 2],
    ["GET /b", 1, 3, 1],
    ["GET /a", 4, 1, 2],
  ]);
  expect(legend.map((l) => l.endpoint)).toEqual(["GET /b", "GET /a"]);
});

test("endpoints beyond the colours share one", () => {
  const { runs, legend } = flow(to("/1", "/1", "/2", "/2", "/3", "/3", "/4", "/4", "/5", "/5", "/6", "/7"));
  expect(legend).toHaveLength(flowHues);
  expect(runs.at(-1)).toMatchObject({ start: 10, length: 2, hue: 0 });
});

test("slow is long for this session, and long at all", () => {
  const requests = [10_000, 12_000, 14_000, 431_000].map((duration_us, i) => request(i, { duration_us }));
  const pace = { slowest: slowest(requests), usual: usual(requests) };
  expect(pace).toEqual({ slowest: 431_000, usual: 14_000 });
  expect([isSlow(431_000, pace), isSlow(60_000, pace), isSlow(14_000, pace)]).toEqual([true, false, false]);
  expect([slowest([request(1, { duration_us: undefined })]), usual([])]).toEqual([0, 0]);
});
