import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { requestDetail, show } from "../testing";
import { RequestView } from "./RequestView";

test("shows context values in their order, and marks those that are digests", () => {
  const context = [
    { name: "tenant", value: "7", hashed: false },
    { name: "card", value: "9f86d081", hashed: true },
    { name: "note", value: "", hashed: false },
  ];
  show(<RequestView request={requestDetail({ context })} />);
  const facts = screen.getByRole("heading", { name: "Context" }).nextElementSibling;
  expect([...(facts?.children ?? [])].map((fact) => fact.textContent?.trim())).toEqual(["tenant7", "card9f86d081 hashed", "noteempty"]);
  const links = [...(facts?.querySelectorAll("a") ?? [])].map((a) => a.getAttribute("href"));
  expect(links).toEqual(["/sessions?context=tenant%3D7", "/sessions?context=card%3D9f86d081", "/sessions?context=note%3D"]);
});

test("shows user, role and place as links to the sessions that have them", () => {
  const told = { user: "maria\u202E", role: "buyer", country: "DE", network: "AWS", anonymity: "tor", ja4: "t13d1516h2" };
  show(<RequestView request={requestDetail({ ...told, graphql_operation: "query getUser" })} />);
  const links = screen.getAllByRole("link").map((link) => [link.textContent, link.getAttribute("href")]);
  expect(links).toContainEqual(["maria<U+202E>", "/sessions?user=maria%E2%80%AE"]);
  expect(links).toContainEqual(["buyer", "/sessions?role=buyer"]);
  expect(links).toContainEqual(["DE", "/sessions?country=DE"]);
  expect(links).toContainEqual(["AWS", "/sessions?network=AWS"]);
  expect(links).toContainEqual(["query getUser", "/sessions?graphql_operation=query+getUser"]);
  expect(document.body.textContent).toContain("tor");
  expect(document.body.textContent).toContain("t13d1516h2");
});

test("what a request does not have is not named", () => {
  show(<RequestView request={requestDetail()} />);
  const names = [...document.querySelectorAll("dt")].map((name) => name.textContent);
  for (const name of ["User", "JA4", "GraphQL"]) expect(names).not.toContain(name);
  expect(screen.queryByRole("heading", { name: "Context" })).toBeNull();
  expect(screen.queryByRole("heading", { name: "MCP" })).toBeNull();
});
