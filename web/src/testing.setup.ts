import { cleanup } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";

// The year of a date is shown only where it is not this one.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-11-21T15:00:00Z") }));
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

// jsdom lays nothing out. Mantine and the virtual lists only need these to exist
// and every box to have a size.
window.matchMedia ??= (query: string) =>
  ({ matches: false, media: query, addEventListener() {}, removeEventListener() {} }) as unknown as MediaQueryList;
window.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
window.scrollTo = () => {};
Element.prototype.scrollIntoView ??= () => {};
for (const [name, pixels] of Object.entries({ clientHeight: 600, clientWidth: 1200, offsetHeight: 60 })) {
  Object.defineProperty(HTMLElement.prototype, name, { configurable: true, get: () => pixels });
}
