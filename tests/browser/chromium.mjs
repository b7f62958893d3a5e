// Where the browser of the tests is.

import { existsSync } from "node:fs";

/** The shell without windows costs a fifth less than the whole browser, which serves as well. */
const USUAL = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"];

/** `HIBIKI_CHROMIUM` names another one. */
export function chromiumPath() {
  return process.env.HIBIKI_CHROMIUM ?? USUAL.find((path) => existsSync(path)) ?? USUAL[0];
}
