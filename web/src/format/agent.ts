/** What a User-Agent says of itself, in two or three words. It is a claim like any other. */
export interface Agent {
  /** Browser or program with its major version: "Firefox 156". */
  name: string;
  /** Operating system or device, or "bot"; empty when it does not say. */
  system: string;
}

/** Programs in the order they must be asked: most browsers also claim to be the ones after them. */
const programs: [string, RegExp][] = [
  ["Edge", /\bEdg(?:e|A|iOS)?\/(\d+)/],
  ["Opera", /\b(?:OPR|OPiOS)\/(\d+)/],
  ["Samsung Internet", /\bSamsungBrowser\/(\d+)/],
  ["Firefox", /\b(?:Firefox|FxiOS)\/(\d+)/],
  ["Headless Chrome", /\bHeadlessChrome\/(\d+)/],
  ["Chrome", /\b(?:Chrome|CriOS)\/(\d+)/],
  ["Safari", /\bVersion\/(\d+)[\d.]* (?:Mobile\/\w+ )?Safari\//],
  ["Internet Explorer", /\bMSIE (\d+)/],
  ["Internet Explorer", /\bTrident\/.*\brv:(\d+)/],
];

const systems: [string, RegExp][] = [
  ["iPhone", /\biPhone\b/],
  ["iPad", /\biPad\b/],
  ["Android", /\bAndroid\b/],
  ["Windows", /\bWindows\b/],
  ["macOS", /\bMac OS X\b|\bMacintosh\b/],
  ["ChromeOS", /\bCrOS\b/],
  ["Linux", /\bLinux\b/],
];

const bot = /([\w.-]*(?:bot|crawler|spider|slurp)[\w.-]*)(?:\/(\d+(?:\.\d+)?))?/i;

/** The most of a name that a list has room for. */
const maxName = 40;

export function agent(userAgent: string): Agent {
  if (userAgent === "" || userAgent === "-") return { name: "", system: "" };
  const named = bot.exec(userAgent);
  if (named) return { name: [named[1], named[2]].filter(Boolean).join(" ").slice(0, maxName), system: "bot" };

  const system = systems.find(([, form]) => form.test(userAgent))?.[0] ?? "";
  for (const [name, form] of programs) {
    const version = form.exec(userAgent)?.[1];
    if (version) return { name: `${name} ${version}`, system };
  }
  // Programs that are no browsers begin with their product: "curl/8.5.0".
  const product = /^([^\s/()]+)(?:\/v?(\d+(?:\.\d+)?))?/.exec(userAgent);
  const name = product ? [product[1], product[2]].filter(Boolean).join(" ") : userAgent;
  return { name: name.slice(0, maxName), system };
}

/** Both words on one line: "Firefox 156 · Windows". */
export function agentWords(userAgent: string): string {
  const { name, system } = agent(userAgent);
  return [name, system].filter(Boolean).join(" · ");
}
