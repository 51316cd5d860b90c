// The traffic that the tests look at: a log from half an hour ago, and requests
// that go through the proxy now.
import http from "node:http";

export const shop = "shop.example.com";
export const browser = "Mozilla/5.0 (X11; Linux x86_64; rv:156.0) Gecko/20100101 Firefox/156.0";
const crawler = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

/** How many one-request visitors the log has: more than a page of the list. */
export const visitors = 70;
/** How many requests the crawler made: more than a page of a session. */
export const crawled = 300;
/** The address of the person who was silent for two minutes. */
export const person = "192.0.2.77";
/** A User-Agent that tries to be markup and to turn the text around. */
export const hostile = '<img src=x onerror="document.title=1">\u202Egnp';

/** An upstream that answers as its path says: /status/403 is a 403. */
export function startUpstream() {
  const server = http.createServer((request, response) => {
    const status = Number(/^\/status\/(\d{3})$/.exec(request.url)?.[1] ?? 200);
    request.resume();
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify({ path: request.url }));
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** An access log in combined form that lies within one UTC day. */
export function accessLog(now = new Date()) {
  const minute = 60_000;
  let start = now.getTime() - 30 * minute;
  const sameDay = (a, b) => new Date(a).getUTCDate() === new Date(b).getUTCDate();
  if (!sameDay(start, start + 10 * minute)) start -= 12 * minute;
  const lines = [];
  const add = (after, ip, path, agent, status = 200) =>
    lines.push([start + after, `${ip} - - [${logTime(start + after)}] "GET ${path} HTTP/1.1" ${status} 512 "-" "${agent}"`]);
  for (let i = 0; i < visitors; i++) add(i * 1000, `198.51.100.${i + 1}`, `/products/${i}`, browser);
  for (let i = 0; i < crawled; i++) add(i * 1000, "203.0.113.9", `/products/${i}`, crawler, i % 10 === 0 ? 404 : 200);
  for (const after of [0, 2, 3, 5, 126, 127, 128]) add(after * 1000, person, `/people/${after}`, browser);
  return lines.sort((a, b) => a[0] - b[0]).map(([, line]) => line).join("\n") + "\n";
}

/** Sends a request through the proxy and waits for the end of its answer. */
export function send(proxy, path, { method = "GET", headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(proxy + path, { method, headers: { Host: shop, "User-Agent": browser, ...headers } });
    request.on("error", reject);
    request.on("response", (response) => response.resume().on("end", () => resolve(response.statusCode)));
    request.end();
  });
}

/** A session by its cookie, one by a claim, one with a hostile User-Agent. */
export async function sendAll(proxy) {
  const cookie = { Cookie: "PHPSESSID=3f9a1c5e7b2d4860a1b2c3d4e5f60718" };
  await send(proxy, "/login", { method: "POST", headers: cookie });
  for (const id of [932, 933, 934]) await send(proxy, `/users/${id}?token=abc&page=2`, { headers: cookie });
  for (const status of [403, 404, 500]) await send(proxy, `/status/${status}`, { headers: cookie });
  await send(proxy, "/me", { headers: { Authorization: `Bearer ${unsignedToken({ sub: "j.doe", iss: "https://id.example" })}` } });
  await send(proxy, "/hostile", { headers: { "User-Agent": Buffer.from(hostile).toString("latin1") } });
}

function unsignedToken(payload) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none", typ: "JWT" })}.${part(payload)}.c2ln`;
}

function logTime(at) {
  const d = new Date(at).toUTCString().split(" "); // Sat, 21 Nov 2026 14:27:02 GMT
  return `${d[1]}/${d[2]}/${d[3]}:${d[4]} +0000`;
}
