import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { App } from "./App";
import { PageBoundary } from "./frame/PageBoundary";
import { part, serve, show } from "./testing";

afterEach(() => vi.unstubAllGlobals());

const me = { credential: "cookie" };
const unauthorized = { status: 401, problem: { title: "Unauthorized" } };

test("who is not signed in is told how to", async () => {
  let signedIn = false;
  serve({
    "/api/v1/me": () => (signedIn ? me : unauthorized),
    "/api/v1/sessions": () => (signedIn ? { sessions: [part()] } : unauthorized),
  });
  show(<App />);
  expect(await screen.findByText("sojourn sign-in")).toBeDefined();
  signedIn = true;
  await userEvent.click(screen.getByRole("button", { name: "I have opened the link" }));
  expect(await screen.findByRole("button", { name: "21 Nov 14:27" })).toBeDefined();
});

test("a sign-in that ends shows the sign-in page", async () => {
  let signedIn = true;
  serve({
    "/api/v1/me": () => (signedIn ? me : unauthorized),
    "/api/v1/sessions": () => {
      signedIn = false;
      return unauthorized;
    },
  });
  show(<App />);
  expect(await screen.findByText("Sign in to Sojourn")).toBeDefined();
});

test("the menu holds the pages that exist, and marks the one that is open", async () => {
  serve({ "/api/v1/me": me, "/api/v1/sessions": { sessions: [part()] } });
  show(<App />);
  await screen.findByRole("button", { name: "21 Nov 14:27" });
  const menu = screen.getByRole("navigation", { name: "Pages" });
  expect([...menu.querySelectorAll("a")].map((a) => [a.textContent, a.getAttribute("aria-current")])).toEqual([
    ["Sessions", "page"],
    ["System", null],
  ]);
});

test("an address that no page has says so", async () => {
  serve({ "/api/v1/me": me });
  show(<App />, "/nowhere");
  expect(await screen.findByText("There is no such page")).toBeDefined();
});

test("a page that cannot be drawn leaves the menu, and can be loaded again", () => {
  const quiet = vi.spyOn(console, "error").mockImplementation(() => {});
  show(
    <PageBoundary>
      <Broken />
    </PageBoundary>,
  );
  expect(screen.getByRole("button", { name: "Load it again" })).toBeDefined();
  quiet.mockRestore();
});

function Broken(): never {
  throw new Error("Failed to fetch dynamically imported module");
}
