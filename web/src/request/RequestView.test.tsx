import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { requestDetail, serve, show } from "../testing";
import { RequestView } from "./RequestView";

const text = () => document.body.textContent ?? "";

test("says why the request is in its session", () => {
  show(<RequestView request={requestDetail()} />);
  const rungs = screen.getAllByRole("listitem").map((item) => item.textContent);
  expect(rungs).toEqual([
    "Own keysno value",
    "MCPno value",
    'Built-in keysPHPSESSID request.cookie["PHPSESSID"]',
    "Networknot needed",
  ]);
  expect(text()).toContain("3 keys tried before it gave no value.");
  expect(text()).toContain("hard to forge");
});

/** Serves the ladder of the request that the tests show. */
function serveLadder(change: object) {
  const { id, session, key, point, rung, strength, accepted } = requestDetail();
  const tried = [{ name: key, point, rung, found: true }];
  const ladder = { request: id, session, key, point, rung, strength, accepted, verified: false, revision: 7, tried, unlisted: 3, ...change };
  serve({ [`/api/v1/requests/${id}/explain`]: ladder });
}

test("names the keys that were tried before", async () => {
  const own = { name: "device\u202E", point: 'request.header["X-Device"]', rung: "own", found: false, why: "had no value" };
  serveLadder({ tried: [own], unlisted: 2 });
  show(<RequestView request={requestDetail()} />);
  expect(await screen.findByText(/had no value/)).toBeDefined();
  expect(screen.getAllByRole("listitem").map((item) => item.textContent)).toEqual([
    'Own keysdevice<U+202E> request.header["X-Device"] had no value',
    "MCPno value",
    'Built-in keysPHPSESSID request.cookie["PHPSESSID"]',
    "Networknot needed",
  ]);
});

test("says when the keys are not known any more", async () => {
  serveLadder({ note: "revision 7 of the policy is not kept any more" });
  show(<RequestView request={requestDetail()} />);
  expect(await screen.findByText(/The keys are not listed: revision 7 of the policy is not kept any more\./)).toBeDefined();
});

test("marks a claim as a claim, and a refusal as no proof", () => {
  show(<RequestView request={requestDetail({ strength: "claimed", status: 401, accepted: false })} />);
  expect(text()).toContain("Claimed, not verified: anyone could have written this value.");
  expect(text()).toContain("The upstream did not accept the request (401)");
});

test("tells a verified claim from a secret", async () => {
  serveLadder({ verified: true });
  show(<RequestView request={requestDetail({ strength: "secret" })} />);
  expect(await screen.findByText(/A claim of a token whose signature was verified/)).toBeDefined();
  expect(text()).not.toContain("An opaque value");
});

test("shows findings and flags with their words", () => {
  const finding = {
    id: "f",
    request: requestDetail().id,
    session: requestDetail().session,
    started: requestDetail().started,
    type: "sqli",
    attack: true,
    detail: "' or 1=1 --",
  };
  show(<RequestView request={requestDetail({ findings: [finding], flags: ["client_gone"] })} />);
  expect(text()).toContain("sqli attack");
  expect(text()).toContain("' or 1=1 --");
  expect(text()).toContain("client gone");
});

test("shows what the source did not tell as unknown", () => {
  const r = requestDetail({ duration_us: undefined, ttfb_us: undefined, request_bytes: undefined, response_bytes: undefined });
  show(<RequestView request={{ ...r, host: "", ip: "" }} />);
  expect(text()).toContain("Duration– ms");
  expect(text()).toContain("Size– in · – out");
  expect(text()).toContain("Hostunknown");
});

test("makes hostile text harmless to look at", () => {
  show(<RequestView request={requestDetail({ path: "/a\u202Eexe.png", user_agent: "<script>alert(1)</script>" })} />);
  expect(text()).toContain("/a<U+202E>exe.png");
  expect(document.querySelector("script")).toBeNull();
});
