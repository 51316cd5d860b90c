// Headless Chromium, watched: what a page complains about fails its test.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const flags = [
  "--headless",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
// The sandbox needs a user other than root.
if (process.getuid?.() === 0) flags.push("--no-sandbox");

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const wide = { width: 1440, height: 1000 };
export const narrow = { width: 390, height: 844 };

export function launch() {
  return chromium.launch({ executablePath, args: flags });
}

/** Collects what a page complains about: errors, warnings, refusals of its own policy, requests to elsewhere. */
export function watch(page, home) {
  const complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`thrown: ${error.message}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(home) && !url.startsWith("data:")) complaints.push(`asked elsewhere: ${url}`);
  });
  return complaints;
}

/** Fails on accessibility violations that axe calls serious or critical. */
export async function assertAccessible(page, what) {
  const { violations } = await page.evaluate(`(async () => { ${axe}; return await axe.run(); })()`);
  const grave = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((n) => `${n.html.slice(0, 200)} ${n.failureSummary}`).join("\n")}`);
  assert.deepEqual(grave, [], what);
}

/** Fails when the page is wider than its window. */
export async function assertFits(page, what) {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= window, `${what} is ${content} px wide in a window of ${window} px`);
}
