import { screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import type { Facet } from "../api/client";
import { show } from "../testing";
import { Facets } from "./Facets";

const facet = (name: Facet["name"], ...values: string[]): Facet => ({
  name,
  distinct: values.length,
  values: values.map((value) => ({ value, count: 1, share: 1 / values.length })),
});

test("shows the facets that came, those that vary as lists and the others as what all have in common", () => {
  const facets = [facet("host", "a.example"), facet("user", "maria", ""), facet("mcp_name", "search", "get"), facet("role", "buyer")];
  show(<Facets facets={facets} within={{}} onChange={() => {}} />);
  expect(screen.getAllByRole("region").map((region) => region.getAttribute("aria-label"))).toEqual([
    "MCP tools and resources",
    "Users",
    "In all requests",
  ]);
  expect(screen.getByRole("region", { name: "In all requests" }).textContent).toContain("rolebuyer");
});

test("requests without a user can be asked for", () => {
  const onChange = vi.fn();
  show(<Facets facets={[facet("user", "maria", "")]} within={{}} onChange={onChange} />);
  screen.getByRole("button", { name: /^none/ }).click();
  expect(onChange).toHaveBeenCalledWith({ user: [""] });
});
