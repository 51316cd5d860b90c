import { expect, test } from "vitest";
import { fields } from "./fields";
import { offers } from "./offers";

const known = { host: ["shop.example.com", "crm.example.com"], key: ["PHPSESSID"] };

test("nothing typed offers the fields", () => {
  expect(offers("", known)).toEqual(fields.map((field) => ({ field })));
});

test("a beginning offers its readings, known values and fields, each once", () => {
  expect(offers("shop", known)).toEqual([
    { field: "endpoint", value: "shop" },
    { field: "application", value: "shop" },
    { field: "key", value: "shop" },
    { field: "user", value: "shop" },
    { field: "host", value: "shop.example.com" },
  ]);
  expect(offers("phpsessid", known).filter((o) => o.field === "key")).toHaveLength(2);
});

test("a named field offers its known values", () => {
  expect(offers("host:", known)).toEqual([
    { field: "host", value: "shop.example.com" },
    { field: "host", value: "crm.example.com" },
  ]);
  expect(offers("host:crm", known)).toEqual([
    { field: "host", value: "crm" },
    { field: "host", value: "crm.example.com" },
  ]);
});
