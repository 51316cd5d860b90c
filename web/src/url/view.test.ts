import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Filters, add, fields } from "../filter/fields";
import type { TimeRange } from "./time";
import { type View, address, decodeSessionPage, decodeView, emptyView, encodeSessionPage, encodeView } from "./view";

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ".split("");
const instant = fc
  .date({ min: new Date("1970-01-01"), max: new Date("2100-01-01"), noInvalidDate: true })
  .map((d) => `${d.toISOString().slice(0, 19)}Z`);
const date = instant.map((i) => i.slice(0, 10));
const id = fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 32, maxLength: 32 });
const request = fc.string({ unit: fc.constantFrom(...crockford), minLength: 20, maxLength: 20 });
const filters: fc.Arbitrary<Filters> = fc
  .array(fc.tuple(fc.constantFrom(...fields), fc.string({ unit: "binary" })), { maxLength: 12 })
  .map((pairs) => pairs.reduce<Filters>((all, [field, value]) => add(all, field, value), {}));
const time: fc.Arbitrary<TimeRange> = fc.oneof(
  fc.constant<TimeRange>({ kind: "all" }),
  fc
    .tuple(fc.integer({ min: 1, max: 99999 }), fc.constantFrom("m", "h", "d"))
    .map(([n, unit]): TimeRange => ({ kind: "last", span: `${n}${unit}` as "1h" })),
  fc
    .tuple(fc.option(instant, { nil: undefined }), fc.option(instant, { nil: undefined }))
    .filter(([from, to]) => Boolean(from ?? to))
    .map(([from, to]): TimeRange => ({ kind: "between", from, to })),
);
const view: fc.Arbitrary<View> = fc.record(
  { time, filters, within: filters, open: fc.record({ id, part: date }), request },
  { requiredKeys: ["time", "filters", "within"], noNullPrototype: true },
);

/** Through the text of an address, as the browser does it. */
const through = (q: URLSearchParams) => new URLSearchParams(q.toString());

describe("the address of a view", () => {
  test("gives back every view that it was made from", () => {
    fc.assert(fc.property(view, (v) => {
      expect(decodeView(through(encodeView(v)))).toEqual(v);
    }));
  });

  test("says nothing for the view that nobody changed", () => {
    expect(encodeView(emptyView).toString()).toBe("");
    expect(address.sessions()).toBe("/sessions");
  });

  test("survives anything that is typed into it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const read = decodeView(new URLSearchParams(text));
        expect(decodeView(through(encodeView(read)))).toEqual(read);
      }),
    );
  });

  test.each([
    ["range=0m", emptyView],
    ["range=-24h", emptyView],
    ["from=yesterday", emptyView],
    ["from=2026-02-31", emptyView],
    ["open=nobody.2026-11-21", emptyView],
    ["show=short", emptyView],
    ["ip=", emptyView],
    ["host=", { ...emptyView, filters: { host: [""] } }],
    ["colour=red", emptyView],
    ["host=a&host=a", { ...emptyView, filters: { host: ["a"] } }],
    ["in.status=4xx", { ...emptyView, within: { status: ["4xx"] } }],
    ["from=2026-11-21", { ...emptyView, time: { kind: "between", from: "2026-11-21T00:00:00Z" } }],
  ])("reads %s as it is meant", (text, want) => {
    expect(decodeView(new URLSearchParams(text))).toEqual(want);
  });
});

test("the address of one session gives back what it was made from", () => {
  const page = fc.record(
    { within: filters, part: date, request },
    { requiredKeys: ["within"], noNullPrototype: true },
  );
  fc.assert(fc.property(page, (v) => {
      expect(decodeSessionPage(through(encodeSessionPage(v)))).toEqual(v);
    }));
});
