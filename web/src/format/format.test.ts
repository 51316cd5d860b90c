import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { agent, agentWords } from "./agent";
import { bytes, bytesLong, count, millis, percent, plural } from "./number";
import { cutMiddle, visible } from "./text";
import { ago, clock, dayTime, micros, span } from "./time";

const now = new Date("2026-11-21T14:32:00Z");

describe("times", () => {
  test("name the year only where it is another one", () => {
    expect(dayTime("2026-11-21T14:32:07.000001Z", now)).toBe("21 Nov 14:32");
    expect(dayTime("2015-05-17T10:05:03.000000Z", now)).toBe("17 May 2015 10:05");
  });

  test("keep their milliseconds and microseconds", () => {
    expect(clock("2026-11-21T14:27:02.114203Z")).toBe("14:27:02.114");
    expect(micros("2026-11-21T14:27:02.114203Z") % 1_000_000).toBe(114203);
    expect(micros("2026-11-21T14:27:02Z") % 1_000_000).toBe(0);
  });

  test.each([
    [0, "0 s"],
    [1, "0.1 s"],
    [420_000, "0.4 s"],
    [38_900_000, "38 s"],
    [7 * 60e6, "7 min"],
    [3 * 3600e6 + 5 * 60e6, "3 h 05 min"],
    [3 * 3600e6, "3 h"],
    [52 * 3600e6, "2 d 4 h"],
  ])("%d µs lasts %s", (us, words) => {
    expect(span(us)).toBe(words);
  });

  test("tell how long ago", () => {
    expect(ago("2026-11-21T14:31:22Z", now)).toBe("38 s ago");
    expect(ago("2026-11-21T14:33:00Z", now)).toBe("just now");
  });
});

describe("numbers", () => {
  test.each([
    [0, "0"],
    [412, "412"],
    [999, "999"],
    [1000, "1K"],
    [1234, "1.2K"],
    [18_400, "18.4K"],
    [999_499, "999K"],
    [999_999, "1M"],
    [4_294_967_296, "4.3G"],
    [undefined, "–"],
  ])("%s bytes print as %s", (n, text) => {
    expect(bytes(n)).toBe(text);
  });

  test("bytes never take more than six characters", () => {
    fc.assert(fc.property(fc.nat({ max: 2 ** 50 }), (n) => {
      expect(bytes(n).length).toBeLessThanOrEqual(6);
    }));
  });

  test("units are spelled out where there is room", () => {
    expect(bytesLong(412)).toBe("412 B");
    expect(bytesLong(1_250_000)).toBe("1.3 MB");
  });

  test.each([
    [400, "0.4"],
    [12_400, "12"],
    [1_043_000, "1,043"],
    [undefined, "–"],
  ])("%s µs print as %s ms", (us, text) => {
    expect(millis(us)).toBe(text);
  });

  test("shares that round to nothing are not nothing", () => {
    expect([percent(0), percent(0.001), percent(0.71), percent(1)]).toEqual(["0%", "<1%", "71%", "100%"]);
  });

  test("counts are grouped and agree with their noun", () => {
    expect(count(1204)).toBe("1,204");
    expect([plural(1, "request"), plural(1204, "reply", "replies")]).toEqual(["1 request", "1,204 replies"]);
  });
});

describe("text that clients sent", () => {
  test("cannot hide or reorder what it says", () => {
    expect(visible("a\u202Egnp.exe\u0000\u200b")).toBe("a<U+202E>gnp.exe<U+0000><U+200B>");
    expect(visible("naïve – 日本")).toBe("naïve – 日本");
  });

  test("is cut in the middle and never gets longer", () => {
    expect(cutMiddle("9d71154dadd331c60b2f3a41c1d0e5aa", 13)).toBe("9d7115…d0e5aa");
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 3, max: 50 }), (s, max) => {
        expect(cutMiddle(s, max).length).toBe(Math.min(s.length, max));
      }),
    );
  });
});

describe("User-Agents", () => {
  test.each([
    ["Mozilla/5.0 (X11; Linux x86_64; rv:156.0) Gecko/20100101 Firefox/156.0", "Firefox 156", "Linux"],
    [
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
      "Chrome 156",
      "Windows",
    ],
    [
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0",
      "Edge 156",
      "Windows",
    ],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
      "Safari 18",
      "iPhone",
    ],
    [
      "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36",
      "Chrome 156",
      "Android",
    ],
    ["Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot 2.1", "bot"],
    ["curl/8.5.0", "curl 8.5", ""],
    ["python-requests/2.32.1", "python-requests 2.32", ""],
    ["Go-http-client/1.1", "Go-http-client 1.1", ""],
    ["", "", ""],
    ["-", "", ""],
  ])("%s", (ua, name, system) => {
    expect(agent(ua)).toEqual({ name, system });
  });

  test("any text at all stays short", () => {
    fc.assert(fc.property(fc.string({ maxLength: 4000 }), (ua) => {
      expect(agentWords(ua).length).toBeLessThan(60);
    }));
  });
});
