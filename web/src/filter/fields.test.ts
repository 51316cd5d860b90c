import fc from "fast-check";
import { expect, test } from "vitest";
import { type Filters, add, entries, fields, has, isEmpty, joinWord, maxValues, remove, toggle, valueWords } from "./fields";

const field = fc.constantFrom(...fields);

test("toggling twice changes nothing, where several values may stand", () => {
  const many = fields.filter((f) => f !== "session" && f !== "request");
  fc.assert(
    fc.property(field, fc.string(), fc.constantFrom(...many), fc.string(), (f, v, g, w) => {
      const before = add({}, f, v);
      expect(toggle(toggle(before, g, w), g, w)).toEqual(before);
    }),
  );
});

test("a request has one id: the second replaces the first", () => {
  expect(entries(add(add({}, "request", "A"), "request", "B"))).toEqual([["request", "B"]]);
});

test("an empty value counts only where it means something", () => {
  expect(entries(add({}, "host", ""))).toEqual([["host", ""]]);
  expect(isEmpty(add({}, "ip", ""))).toBe(true);
  expect([valueWords("host", ""), valueWords("status", "0"), valueWords("key", "sid")]).toEqual([
    "unknown",
    "no response",
    "sid",
  ]);
});

test("what was added is there, once, until it is removed", () => {
  const twice = add(add({}, "host", "a"), "host", "a");
  expect(entries(twice)).toEqual([["host", "a"]]);
  expect(has(twice, "host", "a")).toBe(true);
  expect(isEmpty(remove(twice, "host", "a"))).toBe(true);
  expect(remove(twice, "host", "b")).toEqual(twice);
});

test("values are alternatives, but of context parameters by name", () => {
  expect(joinWord("host", "b", ["a"])).toBe("or");
  expect(joinWord("context", "tenant=8", ["item=a", "tenant=7"])).toBe("or");
  expect(joinWord("context", "tenant=7", ["item=a"])).toBe("and");
});

test("a field holds no more values than the address may carry", () => {
  let filters: Filters = {};
  for (let i = 0; i < maxValues + 10; i++) filters = add(filters, "ip", `10.0.0.${i}`);
  expect(filters.ip).toHaveLength(maxValues);
});
