// Builds the pages: into dist/, which the relay carries inside its binary, and with `--mode device` the device page into
// dist-device/, which the capture agent carries. The device page is a bundle of its own: it has to work where there is
// no relay.
//
// Invariant: no plugins, no network, no inline script or style, so that both can send a strict content security
// policy. The floor of browsers is iPadOS 18.2 and two years of Safari, Chrome and Edge.
import { defineConfig, loadEnv, type Rolldown } from "vite";

/** Where a relay started for development listens. */
const RELAY = loadEnv("development", ".", "HIBIKI_")["HIBIKI_RELAY"] ?? "http://127.0.0.1:8080";

type Modules = Pick<Rolldown.PluginContext, "getModuleInfo">;

/**
 * Whether a page needs a module before it shows anything. All of those come in one file: else each part that is loaded later
 * cuts what it shares with the first page into files of its own, and twenty small ones weigh 4 KB more and are twenty requests.
 */
function isFirst(id: string, modules: Modules, seen = new Set<string>()): boolean {
  if (seen.has(id)) return false;
  seen.add(id);
  const module = modules.getModuleInfo(id);
  if (module === null) return false;
  return module.isEntry || module.importers.some((by) => isFirst(by, modules, seen));
}

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
    rolldownOptions: {
      input: mode === "device" ? "device.html" : "index.html",
      output: {
        codeSplitting: {
          groups: [{ debugName: "first", name: (id, modules) => (isFirst(id, modules) ? "first" : null) }],
        },
      },
    },
  },
  server: { proxy: { "/api": { target: RELAY, ws: true } } },
}));
