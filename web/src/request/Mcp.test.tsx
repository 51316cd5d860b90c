import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { requestDetail, show } from "../testing";
import { RequestView } from "./RequestView";

const facts = () =>
  [...(screen.getByRole("heading", { name: "MCP" }).nextElementSibling?.children ?? [])].map((fact) => fact.textContent);

test("shows the message that a request carried, and the error of its answer", () => {
  const mcp = {
    server: "crm.example.com/mcp",
    method: "tools/call",
    name: "get_opportunity",
    client: "claude-code 2.1",
    generation: "2025-11-25",
    trace: "4bf92f3577b34da6",
    error: -32602,
  };
  show(<RequestView request={requestDetail({ mcp })} />);
  expect(facts()).toEqual([
    "Servercrm.example.com/mcp",
    "Methodtools/call",
    "Nameget_opportunity",
    "Clientclaude-code 2.1",
    "Protocol2025-11-25",
    "Trace4bf92f3577b34da6",
    "Answererror -32602",
  ]);
  expect(screen.getByRole("link", { name: "tools/call" }).getAttribute("href")).toBe("/sessions?mcp_method=tools%2Fcall");
});

test("leaves out what the message does not tell", () => {
  show(<RequestView request={requestDetail({ mcp: { server: "a/mcp", method: "ping", generation: "", error: 0 } })} />);
  expect(facts()).toEqual(["Servera/mcp", "Methodping"]);
});

test("shows each message of a batch and of a stream, with its own error", () => {
  const mcp = {
    server: "a/mcp",
    method: "tools/call",
    name: "search",
    generation: "",
    more: [
      { method: "tools/call", name: "pay", error: -32602, from: "client" as const },
      { method: "notifications/progress", from: "server" as const },
    ],
  };
  show(<RequestView request={requestDetail({ mcp })} />);
  expect(facts()).toEqual([
    "Servera/mcp",
    "Methodtools/call",
    "Namesearch",
    "Also senttools/call payerror -32602",
    "Server sentnotifications/progress",
  ]);
  expect(screen.getByRole("link", { name: "pay" }).getAttribute("href")).toBe("/sessions?mcp_name=pay");
});
