// The console in a real browser, against the built binary, with real traffic.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { assertAccessible, assertFits, launch, narrow, watch, wide } from "./chromium.js";
import { Server, patience, run } from "./sojourn.js";
import { accessLog, crawled, hostile, person, send, sendAll, startUpstream, visitors } from "./traffic.js";

/** Pictures of the pages go here when it is set, to be looked at. */
const shots = process.env.SHOTS;

let folder, upstream, server, browser, signedIn;

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sojourn-browser-"));
  const data = path.join(folder, "data");
  const log = path.join(folder, "access.log");
  await writeFile(log, accessLog());
  await run("import", "--data", data, log);
  upstream = await startUpstream();
  server = await Server.start({ data, upstream: `http://127.0.0.1:${upstream.address().port}` });
  await sendAll(server.proxy);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
  upstream?.close();
  await rm(folder, { recursive: true, force: true });
});

let context, page, complaints;

async function open({ size = wide, colorScheme = "light", storageState = signedIn } = {}) {
  await context?.close();
  context = await browser.newContext({ viewport: size, colorScheme, storageState, baseURL: server.console });
  context.setDefaultTimeout(patience);
  page = await context.newPage();
  complaints = watch(page, server.console);
}

async function picture(name) {
  if (shots) await page.screenshot({ path: path.join(shots, `${name}.png`) });
}

const rows = () => page.getByRole("table", { name: "Sessions" }).locator("[data-row]");
const requests = () => page.getByRole("table", { name: "Requests" }).locator("[data-row]");
const panel = () => page.getByRole("region", { name: "Session" });
/** The row of the session that holds a text. */
const rowWith = (text) => page.getByRole("table", { name: "Sessions" }).getByRole("row").filter({ hasText: text }).first();
const openRow = (text) => rowWith(text).locator("[data-row]").first().click();
const seen = (locator) => locator.waitFor({ state: "visible" });

describe("signing in", () => {
  beforeEach(() => open({ storageState: undefined }));

  test("is explained to whom has not", async () => {
    await page.goto("/sessions?range=7d");
    await seen(page.getByText("sojourn sign-in", { exact: true }));
    await assertAccessible(page, "the sign-in page");
    await picture("sign-in");
    // The one complaint is the refusal itself.
    assert.ok(complaints.every((c) => c.includes("401")), complaints.join("\n"));
  });

  test("takes one click on the link, once", async () => {
    await page.goto(server.signIn);
    await seen(rows().first());
    assert.equal(new URL(page.url()).pathname, "/sessions");
    signedIn = await context.storageState();
    const [cookie] = signedIn.cookies;
    assert.equal(cookie.httpOnly, true);
    assert.equal(cookie.sameSite, "Strict");

    await context.clearCookies();
    const again = await page.goto(server.signIn);
    assert.equal(again.status(), 403);
  });
});

describe("the list", () => {
  beforeEach(() => open());
  afterEach(() => assert.deepEqual(complaints, []));

  test("shows live and imported sessions, newest first, and goes on when scrolled", async () => {
    await page.goto("/sessions");
    await seen(rowWith("PHPSESSID"));
    await picture("list");
    const text = await rowWith("PHPSESSID").innerText();
    for (const words of ["7", "3", "43%", "Firefox 156", "Linux", "shop.example.com", "GET /users/{int}", "secret"]) {
      assert.ok(text.includes(words), `${words} is not in ${text}`);
    }
    assert.match(await rowWith("claimed").innerText(), /GET \/me/);

    const started = await rows().evaluateAll((all) => all.map((row) => row.textContent));
    assert.deepEqual(started, started.toSorted().toReversed());
    const note = page.locator("h1 + p");
    assert.equal(await note.innerText(), "50 so far, in the last 24 hours");
    while (!(await page.getByText("No earlier sessions in this view.").isVisible())) await page.mouse.wheel(0, 2000);
    const total = visitors + 2 + 3; // the crawler and the person; three sent now
    assert.equal(await note.innerText(), `${total} in the last 24 hours`);
  });

  test("shows text that clients sent as text", async () => {
    await page.goto("/sessions?endpoint=%2Fhostile");
    await openRow("once");
    await requests().first().click();
    const agent = hostile.replace("\u202E", "<U+202E>");
    await seen(page.getByRole("link", { name: agent }));
    assert.equal(await page.locator("img[src=x]").count(), 0);
    assert.equal(await page.title(), "Sessions · Sojourn");
  });

  test("takes filters that are typed, and values that are clicked", async () => {
    await page.goto("/sessions");
    await seen(rows().first());
    await page.keyboard.press("/");
    await page.keyboard.type("403");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/sessions?status=403");
    await seen(page.getByText("1 in the last 24 hours"));
    await page.getByRole("button", { name: "Remove status 403" }).click();

    await page.getByLabel("Add a filter").fill(`ip:${person}`);
    await page.keyboard.press("Enter");
    await seen(page.getByText("1 in the last 24 hours"));
    await page.getByRole("button", { name: "Clear", exact: true }).click();

    await rowWith("claimed").getByRole("link", { name: "GET /me" }).click();
    await page.waitForURL("**/sessions?endpoint=GET+%2Fme");
    await seen(page.getByText("1 in the last 24 hours"));
    await page.goBack();
    await seen(page.getByText("50 so far, in the last 24 hours"));
  });

  test("says what to do when nothing matches", async () => {
    await page.goto("/sessions?range=15m&host=nobody.example");
    await seen(page.getByText("No session matches these filters"));
    await picture("empty");
    await page.getByRole("button", { name: "Clear the filters" }).click();
    await page.getByRole("button", { name: "Show all time" }).or(rows().first()).first().waitFor();
  });

  test("shows what happens now without being asked", async () => {
    await page.goto("/sessions");
    await seen(rows().first());
    await send(server.proxy, "/just-now", { headers: { Cookie: "JSESSIONID=A1B2C3D4E5F60718293A4B5C6D7E8F90" } });
    await seen(rowWith("JSESSIONID"));
    await send(server.proxy, "/just-now", { headers: { Cookie: "JSESSIONID=A1B2C3D4E5F60718293A4B5C6D7E8F90" } });
    await seen(rowWith("JSESSIONID").getByText(/^GET \/just-now\s*2$/));
  });
});

describe("a session", () => {
  beforeEach(() => open());
  afterEach(() => assert.deepEqual(complaints, []));

  test("opens in place, then a request in it, and a reload shows the same", async () => {
    await page.goto("/sessions");
    await openRow("PHPSESSID");
    await seen(requests().first());
    assert.equal(await requests().count(), 7);
    await seen(panel().getByText("7 requests · 3 errors"));
    await page.getByRole("table", { name: "Requests" }).getByRole("row").filter({ hasText: "/users/933" }).locator("[data-row]").click();
    await seen(page.getByText("Why this session?"));
    await picture("request");
    const why = page.getByRole("article");
    await seen(why.getByText('request.cookie["PHPSESSID"]'));
    await seen(why.getByText("An opaque value that only its holder knows"));
    assert.ok(!(await why.innerText()).includes("token=abc"), "the secret in the query is masked");

    const address = page.url();
    await page.reload();
    await seen(page.getByText("Why this session?"));
    assert.equal(page.url(), address);
    assert.match(await why.innerText(), /GET \/users\/933\?token=/);
  });

  test("filters by its facets", async () => {
    await page.goto("/sessions?key=PHPSESSID");
    await openRow("PHPSESSID");
    await panel().getByRole("button", { name: /^GET \/users\/\{int\}/ }).click();
    await seen(panel().getByText("3 of 7 requests"));
    await requests().nth(3).waitFor({ state: "detached" });
    assert.equal(await requests().count(), 3);
    await panel().getByRole("button", { name: "Show all" }).click();
    await requests().nth(6).waitFor();
  });

  test("shows silence, and offers only what the list was filtered by", async () => {
    await page.goto(`/sessions?ip=${person}&endpoint=%2Fpeople%2F126`);
    await openRow(person);
    await seen(panel().getByText("2 min of silence"));
    assert.equal(await requests().count(), 7);
    await panel().getByRole("button", { name: "Only those that pass the list’s filters" }).click();
    await seen(panel().getByText("1 of 7 requests"));
  });

  test("of many requests is walked through page by page", async () => {
    await page.goto("/sessions?ip=203.0.113.9");
    await openRow("Googlebot");
    await seen(requests().first());
    const last = page.getByRole("table", { name: "Requests" }).getByText(`/products/${crawled - 1}`, { exact: true });
    const table = page.getByRole("table", { name: "Requests" });
    while (!(await last.isVisible())) await table.evaluate((e) => e.scrollBy(0, 4000));
    assert.ok((await requests().count()) < 100, "only what is in sight is in the page");
    await picture("session");
  });

  test("has a page of its own, and so has a request", async () => {
    await page.goto("/sessions?key=PHPSESSID");
    await openRow("PHPSESSID");
    await page.getByRole("link", { name: "Own page" }).click();
    await page.waitForURL("**/sessions/*?part=*");
    await seen(requests().first());
    const id = await requests().first().getAttribute("data-row");
    await page.goto(`/requests/${id}`);
    await seen(page.getByText("Why this session?"));
    await page.getByRole("article").getByRole("link", { name: /^[0-9a-f]{32}$/ }).click();
    await seen(page.getByText("Why this session?"));
    assert.match(page.url(), new RegExp(`show=${id}`));
  });

  test("answers to the keyboard", async () => {
    await page.goto("/sessions?key=PHPSESSID");
    await seen(rows().first());
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await seen(requests().first());
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await seen(page.getByText("Why this session?"));
    assert.match(await page.getByRole("article").innerText(), /GET \/users\/932/);
    await page.keyboard.press("Escape");
    await page.getByText("Why this session?").waitFor({ state: "detached" });
    await page.keyboard.press("Escape");
    await panel().waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-expanded")), "false");
    await page.keyboard.press("?");
    await seen(page.getByRole("dialog", { name: "Keyboard" }));
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
  });
});

test("the system page shows the path that requests take", async () => {
  await open();
  await page.goto("/system");
  await seen(page.getByText("connected", { exact: true }));
  await seen(page.getByText("nothing lost"));
  await picture("system");
  assert.deepEqual(complaints, []);
});

test("the colours follow the system until one chooses", async () => {
  const scheme = () => page.evaluate(() => document.documentElement.dataset.mantineColorScheme);
  await open({ colorScheme: "dark" });
  await page.goto("/sessions");
  await seen(rows().first());
  assert.equal(await scheme(), "dark");
  await page.getByRole("button", { name: "Use light colours" }).click();
  assert.equal(await scheme(), "light");
  await page.reload();
  await seen(rows().first());
  assert.equal(await scheme(), "light");
  assert.deepEqual(complaints, []);
});

describe("every page is accessible and fits", () => {
  for (const [name, size] of Object.entries({ wide, narrow })) {
    for (const colorScheme of ["light", "dark"]) {
      test(`${name}, ${colorScheme}`, async () => {
        await open({ size, colorScheme });
        const check = async (what) => {
          await assertAccessible(page, what);
          await assertFits(page, what);
          await picture(`${what}-${name}-${colorScheme}`);
        };
        await page.goto("/sessions");
        await seen(rows().first());
        await check("list");
        await page.getByLabel("Add a filter").fill("us");
        await check("filter");
        await page.goto("/sessions?key=PHPSESSID");
        await openRow("PHPSESSID");
        await seen(requests().first());
        await check("session");
        await requests().nth(1).click();
        await seen(page.getByText("Why this session?"));
        await check("request");
        await page.goto("/sessions?host=nobody.example");
        await seen(page.getByText("No session matches these filters"));
        await check("empty");
        await page.goto("/system");
        await seen(page.getByText("connected", { exact: true }));
        await check("system");
        assert.deepEqual(complaints, []);
      });
    }
  }
});

test("a refused question says what is wrong with it", async () => {
  await open();
  await page.goto("/sessions?ip=nowhere");
  await seen(page.getByRole("alert").getByText("This cannot be asked"));
  assert.match(await page.getByRole("alert").innerText(), /nowhere/);
  assert.ok(complaints.every((c) => c.includes("400") || c.includes("422")), complaints.join("\n"));
});

test("when the server stops the page says so, and goes on by itself when it is back", async () => {
  await open();
  await page.goto("/sessions");
  await seen(rows().first());
  const { host } = new URL(server.console);
  await server.stop();
  await seen(page.getByText("The server cannot be reached."));
  assert.ok((await rows().count()) > 0, "what was loaded stays");
  await picture("stopped");
  await page.getByRole("link", { name: "System" }).click();
  await seen(page.getByText("This page cannot be shown").or(page.getByText("The server cannot be reached")));
  await page.getByRole("link", { name: "Sessions" }).click();

  server = await Server.start({
    data: path.join(folder, "data"),
    upstream: `http://127.0.0.1:${upstream.address().port}`,
    console: host,
  });
  await page.getByText("The server cannot be reached.").waitFor({ state: "hidden" });
  await seen(rows().first());
});

test("signing out ends it", async () => {
  await open();
  await page.goto("/sessions");
  await seen(rows().first());
  await page.getByRole("button", { name: "Sign out" }).click();
  await seen(page.getByText("Sign in to Sojourn"));
  await page.reload();
  await seen(page.getByText("Sign in to Sojourn"));
});
