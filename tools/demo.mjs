// `make demo` after everything is built: starts the programs, prints the pages to open, and stops all on Ctrl-C.

import { startStack, Trouble } from "./stack.mjs";

const ROLES = {
  visitingPhysician: ["訪問医", "visiting physician"],
  cardiologist: ["循環器医", "cardiologist"],
  trainer: ["指導医", "trainer"],
  trainee: ["研修者", "trainee"],
  observer: ["見学者", "observer"],
};
const [source, mask] = process.argv.slice(2);
const port = Number(process.env.HIBIKI_DEMO_PORT ?? 8080);
const data = process.env.HIBIKI_DEMO_DATA ?? ".demo/data";

function pages({ origin, door, device }) {
  const people = door.people.map(({ name, role }) => `    ${name}  ${ROLES[role].join(" / ")}`);
  return `
ひびきが動いています。Hibiki is running.

    ${origin}/

  ブラウザでこのページを二つのタブで開き、片方は訪問医、もう片方は循環器医として入ってください。
  Open it in two tabs: enter as the visiting physician in one, as the cardiologist in the other.
  Draw in one and watch the other.

${people.join("\n")}

  送信端末のページ(映像の確認・静止・隠す範囲) / Page on the device (preview, freeze, covered areas):

    ${device ?? "なし / none (${data}/capture-agent.log)"}

  映像 / source: ${source}
  Ctrl-C で終わります / Ctrl-C ends it.
`;
}

const asked = new Promise((resolve) => {
  // Also a second one: it must not end this before the programs have ended, which takes seconds at the most.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => resolve(null));
});

try {
  const starting = startStack({ source, mask, port, data });
  const stack = await Promise.race([starting, asked]);
  if (stack === null) {
    await starting.then((late) => late.stop());
  } else {
    console.log(pages(stack));
    const trouble = await Promise.race([asked, stack.ended]);
    console.log(trouble === null ? "\nStopping." : "");
    await stack.stop();
    if (trouble !== null) throw new Trouble(trouble);
  }
} catch (fault) {
  console.error(`\nhibiki: ${fault instanceof Trouble ? fault.message : fault.stack}`);
  process.exitCode = 1;
}
