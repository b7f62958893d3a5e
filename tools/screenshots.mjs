// `make screenshots` after everything is built: two people meet over a phantom clip, and each page has its picture taken.
//
// The pictures are for people who read the documents; what the pages must do is told by the stories in tests/.

import { createRequire } from "node:module";
import { chromiumPath } from "../tests/browser/chromium.mjs";
import { startStack } from "./stack.mjs";

const { chromium } = createRequire(new URL("../tests/browser/package.json", import.meta.url))("playwright-core");

const FOLDER = "docs/screenshots";
const PORT = Number(process.env.HIBIKI_DEMO_PORT ?? 18080);
const DESKTOP = { width: 1280, height: 800 };
const IPAD = { width: 1024, height: 768 };
const PHONE = { width: 390, height: 844 };
// Where the pen goes over the picture, in fractions of it: round the mitral valve of the phantom.
const STROKE = Array.from({ length: 25 }, (_, i) => {
  const angle = (i / 24) * 2 * Math.PI;
  return [0.5 + 0.07 * Math.cos(angle), 0.55 + 0.05 * Math.sin(angle)];
});

const stack = await startStack({ source: process.argv[2], mask: "", port: PORT, data: ".demo/screenshots/data" });
const browser = await chromium.launch({
  executablePath: chromiumPath(),
  args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
});
try {
  const bedside = await enter("visitingPhysician", IPAD, "ja");
  const consult = await enter("cardiologist", DESKTOP, "ja");
  await draw(consult);
  await shoot(consult, "consult");
  await shoot(bedside, "bedside");
  await shoot(await enter("cardiologist", DESKTOP, "en"), "consult-en");
  await shoot(await enter("observer", PHONE, "ja"), "consult-phone");
  await shoot(await entry(PHONE, "ja"), "entry");
} finally {
  await browser.close();
  await stack.stop();
}

async function entry(viewport, language) {
  const context = await browser.newContext({ viewport, deviceScaleFactor: 1, locale: language });
  await context.addInitScript((chosen) => localStorage.setItem("hibiki.language", chosen), language);
  const page = await context.newPage();
  await page.goto(stack.origin);
  await page.getByTestId("join").waitFor();
  return page;
}

async function enter(role, viewport, language) {
  const page = await entry(viewport, language);
  const person = stack.door.people.find((one) => one.role === role);
  await page.locator(`input[name=person][value="${person.person}"]`).check();
  await page.getByTestId("join").click();
  await page.locator("[data-testid=frame][data-scenery=live]").waitFor();
  return page;
}

async function draw(page) {
  await page.getByTestId("tool-pen").click();
  const at = await page.getByTestId("stage").boundingBox();
  const [first, ...others] = STROKE.map(([x, y]) => [at.x + x * at.width, at.y + y * at.height]);
  await page.mouse.move(...first);
  await page.mouse.down();
  for (const point of others) await page.mouse.move(...point);
  await page.mouse.up();
}

async function shoot(page, name) {
  await page.waitForTimeout(700);
  await page.screenshot({ path: `${FOLDER}/${name}.png` });
  console.log(`${FOLDER}/${name}.png`);
}
