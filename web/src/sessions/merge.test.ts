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

test("fresh is what is not known, but not the next page", () => {
  const began = at("c", "2026-11-21T13:00:00Z");
  const matchesNow = at("d", "2026-11-21T11:30:00Z");
  const nextPage = at("z", "2026-11-21T10:00:00Z");
  const newer = [began, loaded[0]!, matchesNow, nextPage];
  const fresh = (complete: boolean) => freshParts(loaded, newer, complete).map((p) => p.id);
  expect(fresh(false)).toEqual(["c", "d"]);
  expect(fresh(true)).toEqual(["c", "d", "z"]);
  expect(freshParts([], newer, true)).toHaveLength(4);
});

test("one session on two days is two rows", () => {
  const days = [part({ part: "2026-11-21" }), part({ part: "2026-11-20" })];
  expect(overlay(days, [])).toHaveLength(2);
});
