// Serves OHIF beside a relay's DICOMweb, as a hospital would: one origin, and the door holds the system's token.
//   node ohif.mjs FOLDER RELAY TOKEN    prints {"origin": ...}
//
// Owns the settings of OHIF and the record of what it asked for, at /asked. It knows nothing of DICOM.

import { readFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { extname, join, normalize } from "node:path";

const [folder, relay, token] = process.argv.slice(2);
const KINDS = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".woff2": "font/woff2",
};
const SETTINGS = {
  routerBasename: "/",
  extensions: [],
  modes: [],
  showStudyList: true,
  maxNumberOfWebWorkers: 1,
  showCPUFallbackMessage: false,
  showWarningMessageForCrossOrigin: false,
  investigationalUseDialog: { option: "never" },
  defaultDataSourceName: "hibiki",
  dataSources: [
    {
      namespace: "@ohif/extension-default.dataSourcesModule.dicomweb",
      sourceName: "hibiki",
      configuration: {
        friendlyName: "Hibiki",
        name: "hibiki",
        qidoRoot: "/dicomweb",
        wadoRoot: "/dicomweb",
        wadoUriRoot: "/dicomweb",
        imageRendering: "wadors",
        thumbnailRendering: "wadors",
        enableStudyLazyLoad: true,
        supportsWildcard: true,
        bulkDataURI: { enabled: true, relativeResolution: "studies" },
      },
    },
  ],
};
/** What was asked of the relay and how it answered; a story asks for some hundred things. */
const MAX_ASKED = 2_000;
const asked = [];

function pass(incoming, answer) {
  const headers = { ...incoming.headers, authorization: `Bearer ${token}` };
  const onwards = request(relay + incoming.url, { method: incoming.method, headers }, (got) => {
    if (asked.length < MAX_ASKED) asked.push({ status: got.statusCode, url: incoming.url });
    answer.writeHead(got.statusCode, got.headers);
    got.pipe(answer);
  });
  onwards.on("error", () => answer.destroy());
  incoming.pipe(onwards);
}

async function page(path, answer) {
  const file = join(folder, normalize(path));
  const read = await readFile(file).catch(() => null);
  // What is no file is a route of the application.
  answer.setHeader("content-type", read ? (KINDS[extname(file)] ?? "application/octet-stream") : KINDS[".html"]);
  answer.end(read ?? (await readFile(join(folder, "index.html"))));
}

const server = createServer((incoming, answer) => {
  const path = decodeURI(incoming.url.split("?")[0]);
  if (path.startsWith("/dicomweb/")) return pass(incoming, answer);
  if (path === "/asked") return answer.end(JSON.stringify(asked));
  if (path === "/app-config.js") {
    answer.setHeader("content-type", KINDS[".js"]);
    return answer.end(`window.config = ${JSON.stringify(SETTINGS)};`);
  }
  return page(path, answer);
});
server.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ origin: `http://127.0.0.1:${server.address().port}` }));
});
