import { expect, test } from "vitest";
import { part } from "../testing";
import { freshParts, overlay } from "./merge";

const at = (id: string, started: string, requests = 1) => part({ id, started, requests });
const loaded = [at("b", "2026-11-21T12:00:00Z"), at("a", "2026-11-21T11:00:00Z")];

test("known rows are replaced by their newest version, in their place", () => {
  const newer = [at("c", "2026-11-21T13:00:00Z"), at("b", "2026-11-21T12:00:00Z", 7)];
  expect(overlay(loaded, newer).map((p) => [p.id, p.requests])).toEqual([
    ["b", 7],
    ["a", 1],
  ]);
});

test("a row that two pages hold is shown once", () => {
  expect(overlay([...loaded, loaded[0]!], [])).toEqual(loaded);
});

test("fresh is what started later and is not known", () => {
  const newer = [at("c", "2026-11-21T13:00:00Z"), at("b", "2026-11-21T12:00:00Z"), at("z", "2026-11-21T10:00:00Z")];
  expect(freshParts(loaded, newer).map((p) => p.id)).toEqual(["c"]);
  expect(freshParts([], newer)).toHaveLength(3);
});

test("one session on two days is two rows", () => {
  const days = [part({ part: "2026-11-21" }), part({ part: "2026-11-20" })];
  expect(overlay(days, [])).toHaveLength(2);
});
