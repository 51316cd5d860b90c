import { expect, test } from "vitest";
import { type TimeRange, apiTime, parseInstant, rangeWords } from "./time";

test.each<[TimeRange, string, ReturnType<typeof apiTime>]>([
  [{ kind: "last", span: "24h" }, "in the last 24 hours", { from: "-24h" }],
  [{ kind: "last", span: "1h" }, "in the last hour", { from: "-1h" }],
  [{ kind: "all" }, "over all time", {}],
  [
    { kind: "between", from: "2026-11-20T00:00:00Z", to: "2026-11-21T12:30:00Z" },
    "from 2026-11-20 00:00 to 2026-11-21 12:30",
    { from: "2026-11-20T00:00:00Z", to: "2026-11-21T12:30:00Z" },
  ],
  [{ kind: "between", to: "2026-11-21T12:30:00Z" }, "to 2026-11-21 12:30", { to: "2026-11-21T12:30:00Z" }],
])("%j is said and asked for", (range, words, asked) => {
  expect(rangeWords(range)).toBe(words);
  expect(apiTime(range)).toEqual(asked);
});

test.each([
  ["2026-11-21", "2026-11-21T00:00:00Z"],
  ["2026-11-21 14:05", "2026-11-21T14:05:00Z"],
  ["2026-11-21T14:05:09Z", "2026-11-21T14:05:09Z"],
  [" 2026-11-21T14:05:09.123456Z ", "2026-11-21T14:05:09Z"],
  ["2026-02-30", undefined],
  ["2026-11-21T25:00", undefined],
  ["yesterday", undefined],
  ["", undefined],
])("reads %j as %s", (text, want) => {
  expect(parseInstant(text)).toBe(want);
});
