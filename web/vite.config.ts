import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Where `npm run dev` sends API calls: a running `sojourn serve`. */
const server = "http://127.0.0.1:8070";

export default defineConfig({
  base: "/",
  plugins: [react()],
  build: {
    outDir: "../internal/console/dist",
    emptyOutDir: true, // public/.gitkeep puts back the file that keeps the folder in git
    assetsInlineLimit: 0, // the Content-Security-Policy allows files from this server only
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
  },
  server: { proxy: { "/api": server, "/sign-in": server } },
  test: {
    environment: "jsdom",
    setupFiles: ["src/testing.setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
  },
});
