// Builds the pages: into dist/, which the relay carries inside its binary, and with `--mode device` the device page into
// dist-device/, which the capture agent carries. The device page is a bundle of its own: it has to work where there is
// no relay.
//
// Invariant: no plugins, no network, no inline script or style, so that both can send a strict content security
// policy. The floor of browsers is iPadOS 18.2 and two years of Safari, Chrome and Edge.
import { defineConfig, loadEnv } from "vite";

/** Where a relay started for development listens. */
const RELAY = loadEnv("development", ".", "HIBIKI_")["HIBIKI_RELAY"] ?? "http://127.0.0.1:8080";

export default defineConfig(({ mode }) => ({
  appType: "spa",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: ["es2022", "safari18", "chrome130", "firefox132"],
    outDir: mode === "device" ? "dist-device" : "dist",
    emptyOutDir: true,
    // A data: URL would need `img-src data:` in the policy.
    assetsInlineLimit: 0,
    sourcemap: false,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: mode === "device" ? "device.html" : "index.html" },
  },
  server: { proxy: { "/api": { target: RELAY, ws: true } } },
}));
