import fc from "fast-check";
import { expect, test } from "vitest";
import { gaps } from "./gaps";

const from = (...seconds: number[]) => seconds.map((s) => new Date(Date.UTC(2026, 10, 21) + s * 1000).toISOString());
const lengths = (starts: string[]) => gaps(starts).map((g) => g && g.us / 1_000_000);

test("a pause of a person is silence", () => {
  expect(lengths(from(0, 1, 1.2, 39.2, 39.4))).toEqual([undefined, undefined, undefined, 38, undefined]);
});

test("the steady pause of a crawler is not", () => {
  expect(lengths(from(0, 60, 120, 180, 240))).toEqual(Array.from({ length: 5 }, () => undefined));
});

test("half an hour is silence for everybody", () => {
  expect(gaps(from(0, 2000))[1]).toEqual({ us: 2_000_000_000, weight: 3 });
});

test("there is one answer for every request, and none before the first", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 86400 })), (seconds) => {
      const found = gaps(from(...seconds));
      expect(found).toHaveLength(seconds.length);
      expect(found[0]).toBeUndefined();
    }),
  );
});
