import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, test, vi } from "vitest";
import { part, requestDetail, request, serve, session, show } from "../testing";
import { SessionsPage } from "./SessionsPage";

const list = "/api/v1/sessions";
const one = part();
const other = part({ id: "00000000000000000000000000000002", started: "2026-11-21T13:00:00.000000Z", strength: "claimed" });

afterEach(() => vi.unstubAllGlobals());

describe("the states of the list", () => {
  test("loading shows the shape of what comes", () => {
    vi.stubGlobal("fetch", () => new Promise(() => {}));
    show(<SessionsPage />);
    expect(screen.getByLabelText("Loading sessions")).toBeDefined();
  });

  test("empty says what to do next", async () => {
    serve({ [list]: { sessions: [] } });
    const { visited } = show(<SessionsPage />);
    expect(await screen.findByText("No sessions in the last 24 hours")).toBeDefined();
    await userEvent.click(screen.getByRole("button", { name: "Show all time" }));
    expect(visited().at(-1)).toBe("/sessions?range=all");
  });

  test("empty because of filters offers to clear them", async () => {
    serve({ [list]: { sessions: [] } });
    const { visited } = show(<SessionsPage />, "/sessions?host=a.example");
    await userEvent.click(await screen.findByRole("button", { name: "Clear the filters" }));
    expect(visited().at(-1)).toBe("/sessions");
  });

  test("an error says what failed and can be tried again", async () => {
    let down = true;
    serve({
      [list]: () => (down ? { status: 503, problem: { title: "Starting", detail: "the store is opening" } } : { sessions: [one] }),
    });
    show(<SessionsPage />);
    expect(await screen.findByRole("alert")).toHaveProperty("textContent", expect.stringContaining("the store is opening"));
    down = false;
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("button", { name: "21 Nov 14:27" })).toBeDefined();
  });

  test("a mistake is not worth trying again", async () => {
    serve({ [list]: { status: 422, problem: { title: "Unprocessable Entity", detail: "ip: not an address" } } });
    show(<SessionsPage />, "/sessions?ip=zz");
    expect(await screen.findByText("ip: not an address")).toBeDefined();
    expect(screen.queryByRole("button", { name: "Try again" })).toBeNull();
  });

  test("users have a column when any session has one", async () => {
    const maria = part({ user: "maria", users: 1, roles: [{ value: "buyer", count: 9 }], country: "DE" });
    const shared = part({ id: "00000000000000000000000000000003", user: "bob", users: 3, country: "DE", ips: 2 });
    serve({ [list]: (q) => ({ sessions: q.get("host") ? [one] : [maria, shared, other] }) });
    const { unmount } = show(<SessionsPage />);
    expect(await screen.findByRole("columnheader", { name: "User" })).toBeDefined();
    const rows = screen.getAllByRole("row").map((row) => row.textContent);
    expect(rows[1]).toContain("mariabuyer216.160.83.56DE");
    expect(rows[2]).toContain("bob+2 more216.160.83.56DE · +1 more");
    expect(rows[3]).toContain("–216.160.83.56");
    expect(screen.getByRole("link", { name: "maria" }).getAttribute("href")).toBe("/sessions?user=maria");
    unmount();
    show(<SessionsPage />, "/sessions?host=a.example");
    await screen.findByRole("columnheader", { name: "IP" });
    expect(screen.queryByRole("columnheader", { name: "User" })).toBeNull();
  });

  test("ready shows each session with what the list is about", async () => {
    serve({ [list]: { sessions: [part({ attacks: 4, ips: 3 }), other], next: "more" } });
    show(<SessionsPage />);
    const rows = await screen.findAllByRole("row");
    const text = rows[1]?.textContent;
    for (const words of ["21 Nov 14:27", "3 min", "58", "4 attacks", "216.160.83.56", "+2 more", "Firefox 156", "shop.example.com", "GET /v2/users/{int}", "41", "+3 more", "PHPSESSID", "secret"]) {
      expect(text).toContain(words);
    }
    expect(rows[2]?.textContent).toContain("claimed");
    expect(screen.getByText("2 so far, in the last 24 hours")).toBeDefined();
  });
});

test("the address says what is asked", async () => {
  const calls = serve({ [list]: { sessions: [one] } });
  show(<SessionsPage />, "/sessions?range=7d&host=a.example&host=b.example&status=4xx&in.method=GET");
  await screen.findAllByRole("row");
  const asked = calls[0]?.searchParams;
  expect(asked?.get("from")).toBe("-7d");
  expect(asked?.getAll("host")).toEqual(["a.example", "b.example"]);
  expect(asked?.getAll("status")).toEqual(["4xx"]);
  expect(asked?.has("method")).toBe(false);
});

test("a page follows when the last row comes into sight", async () => {
  const calls = serve({
    [list]: (query) => (query.get("cursor") === "2" ? { sessions: [other] } : { sessions: [one], next: "2" }),
  });
  show(<SessionsPage />, "/sessions?range=all");
  expect(await screen.findByText("2 over all time")).toBeDefined();
  expect(calls.some((url) => url.searchParams.get("cursor") === "2")).toBe(true);
  expect(screen.getByText("No earlier sessions in this view.")).toBeDefined();
});

test("a value in a row is a link that filters by it", async () => {
  serve({ [list]: { sessions: [one] } });
  show(<SessionsPage />, "/sessions?range=7d");
  const link = await screen.findByRole("link", { name: "216.160.83.56" });
  expect(link.getAttribute("href")).toBe("/sessions?range=7d&ip=216.160.83.56");
});

test("what is typed becomes a filter, and its chip removes it", async () => {
  serve({ [list]: { sessions: [one] } });
  const { visited } = show(<SessionsPage />);
  await userEvent.type(screen.getByLabelText("Add a filter"), "4xx{Enter}");
  expect(visited().at(-1)).toBe("/sessions?status=4xx");
  await userEvent.click(screen.getByRole("button", { name: "Remove status 4xx" }));
  expect(visited().at(-1)).toBe("/sessions");
});

describe("a session opened in place", () => {
  const at = `/sessions?open=${one.id}.${one.part}`;
  const answers = {
    [list]: { sessions: [one, other] },
    [`${list}/${one.id}`]: session(),
    [`${list}/${one.id}/requests`]: { requests: [request(1), request(2), request(40, { status: 403, accepted: false })] },
    [`/api/v1/requests/${request(2).id}`]: requestDetail({ id: request(2).id }),
  };

  test("shows facets and requests, with silence between them", async () => {
    serve(answers);
    show(<SessionsPage />, at);
    const panel = await screen.findByRole("region", { name: "Session" });
    expect(await within(panel).findByText("/v2/users/901")).toBeDefined();
    expect(within(panel).getByText("38 s of silence")).toBeDefined();
    expect(within(panel).getByText("403")).toBeDefined();
    expect(within(panel).getByRole("button", { name: /POST \/v2\/login/ }).textContent).toContain("29%");
  });

  test("asks for the day of its row, and a facet filters inside it", async () => {
    const calls = serve(answers);
    const { visited } = show(<SessionsPage />, at);
    await userEvent.click(await screen.findByRole("button", { name: /POST \/v2\/login/ }));
    expect(visited().at(-1)).toBe(`${at}&in.endpoint=POST+%2Fv2%2Flogin`);
    await waitFor(() => {
      const asked = calls.filter((url) => url.pathname.endsWith("/requests")).at(-1)?.searchParams;
      expect([asked?.get("part"), asked?.get("endpoint")]).toEqual(["2026-11-21", "POST /v2/login"]);
    });
  });

  test("opens a request in place, and Escape closes the one and then the other", async () => {
    serve(answers);
    const { visited } = show(<SessionsPage />, at);
    await userEvent.click(await screen.findByRole("button", { name: "14:27:02.000" }));
    expect(await screen.findByText("Why this session?")).toBeDefined();
    expect(visited().at(-1)).toBe(`${at}&show=${request(2).id}`);
    fireEvent.keyDown(window, { key: "Escape" });
    expect(visited().at(-1)).toBe(at);
    fireEvent.keyDown(window, { key: "Escape" });
    expect(visited().at(-1)).toBe("/sessions");
  });

  test("stands above the list when the list does not hold it", async () => {
    serve({ ...answers, [list]: { sessions: [other] } });
    show(<SessionsPage />, at);
    expect(await screen.findByRole("region", { name: "Session" })).toBeDefined();
  });

  test("shows a linked request that is not among the loaded ones", async () => {
    const far = request(5000);
    serve({ ...answers, [`/api/v1/requests/${far.id}`]: requestDetail({ id: far.id, path: "/far/down" }) });
    show(<SessionsPage />, `${at}&show=${far.id}`);
    expect(await screen.findByRole("article", { name: `Request ${far.id}` })).toBeDefined();
  });

  test("says when requests came since, and shows them when asked", async () => {
    let requests = 58;
    serve({ ...answers, [list]: { sessions: [part({ requests: 60 })] }, [`${list}/${one.id}`]: () => session({ requests }) });
    show(<SessionsPage />, at);
    expect(await screen.findByText("2 requests came since.")).toBeDefined();
    requests = 60;
    await userEvent.click(screen.getByRole("button", { name: "Show" }));
    await waitFor(() => expect(screen.queryByText("2 requests came since.")).toBeNull());
  });

  test("that is gone says so", async () => {
    serve({ [list]: { sessions: [one] } });
    show(<SessionsPage />, at);
    expect(await screen.findByText("There is no such thing")).toBeDefined();
  });
});

test("j and k walk through the rows", async () => {
  serve({ [list]: { sessions: [one, other] } });
  show(<SessionsPage />);
  const [first, second] = await screen.findAllByRole("button", { expanded: false, name: /^21 Nov/ });
  fireEvent.keyDown(window, { key: "j" });
  expect(document.activeElement).toBe(first);
  fireEvent.keyDown(window, { key: "j" });
  expect(document.activeElement).toBe(second);
  fireEvent.keyDown(window, { key: "k" });
  expect(document.activeElement).toBe(first);
});
