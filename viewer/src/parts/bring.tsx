// Bringing clip files into the consult: choosing, the person's word that they belong here, and how far each is.
//
// Loaded later. Shows what `files/bringing.ts` knows. It goes on when this part is not on the page, and ends with the desk.
// Invariant: a stage is said in shape and words, and a file is called safe only where it is.

import { useState } from "preact/hooks";
import { Bringing, type BringStage, type BroughtFile, MAX_BROUGHT } from "../files/bringing";
import { IndexedKeeping } from "../files/keeping";
import { sumOf } from "../files/sum";
import { tb } from "../i18n/bring";
import { language } from "../i18n/language";
import type { Desk } from "../live/desk";
import { uploadsTo } from "../net/uploads";
import { Chooser } from "./chooser";

const MEGABYTE = 1024 * 1024;

/** One for each desk: a file that goes does not stop when somebody looks at the help. */
const bringings = new WeakMap<Desk, Bringing>();

function bringingOf(desk: Desk): Bringing {
  const known = bringings.get(desk);
  if (known !== undefined) return known;
  const { consult, session } = desk.grant;
  const stop = new AbortController();
  const bringing = new Bringing({
    consult,
    keeping: new IndexedKeeping(),
    uploads: uploadsTo(consult, session, stop.signal),
    sum: sumOf,
    isLive: () => desk.consult.replica.peek().state.streams.some(({ live }) => live),
    sleep: (ms) => new Promise((done) => setTimeout(done, ms)),
    now: () => performance.now(),
  });
  bringings.set(desk, bringing);
  const warn = (event: BeforeUnloadEvent) => bringing.wouldLose && event.preventDefault();
  addEventListener("beforeunload", warn);
  desk.endsWith(() => {
    removeEventListener("beforeunload", warn);
    bringing.stop();
    stop.abort();
  });
  void bringing.begin();
  return bringing;
}

export function Bring({ desk }: { readonly desk: Desk }) {
  const bringing = bringingOf(desk);
  const [over, setOver] = useState(false);
  const { value: files } = bringing.files;
  const chosen = files.filter(({ stage }) => stage === "chosen").length;
  return (
    <section class="bring" aria-label={tb("bring.title")} data-testid="bring" data-over={over}>
      <h2>{tb("bring.title")}</h2>
      <p class="quiet">{tb("bring.how")}</p>
      <Chooser
        words={tb("bring.choose")}
        testid="bring-input"
        onFiles={(files) => bringing.choose(files)}
        onOver={setOver}
      />
      {bringing.tooMany.value && <p role="alert">{tb("bring.tooMany", { count: MAX_BROUGHT })}</p>}
      {files.length > 0 && (
        <div role="log" aria-label={tb("bring.list")}>
          <ul class="clips">
            {files.map((file) => (
              <Line key={file.key} file={file} onDrop={() => bringing.drop(file.key)} />
            ))}
          </ul>
        </div>
      )}
      {chosen > 0 && (
        <p>
          {tb("bring.sure")}{" "}
          <button type="button" class="button" data-testid="bring-send" onClick={() => bringing.send()}>
            {tb("bring.send", { count: chosen })}
          </button>
        </p>
      )}
    </section>
  );
}

const SHAPES: Readonly<Record<BringStage, string>> = {
  chosen: "□",
  reading: "○",
  sending: "◐",
  waiting: "▲",
  kept: "●",
  conflict: "▲",
  refused: "■",
  unread: "■",
  empty: "■",
  tooLarge: "■",
  stopped: "■",
};
const UNDER_WAY: readonly BringStage[] = ["reading", "sending", "waiting"];

function Line({ file, onDrop }: { readonly file: BroughtFile; readonly onDrop: () => void }) {
  const { name, bytes, written, stage, sent, keptHere } = file;
  const form = { dateStyle: "medium", timeStyle: "short" } as const;
  const at = new Intl.DateTimeFormat(language.value, form).format(written);
  const isUnderWay = UNDER_WAY.includes(stage);
  return (
    <li class="clips__clip bring__file" data-stage={stage} data-testid="bring-file">
      <strong class="bring__name">{name}</strong>
      {/* With the day: it is what tells yesterday's patient. */}
      <span class="quiet">{tb("bring.about", { at, megabytes: (bytes / MEGABYTE).toFixed(1) })}</span>
      <span>
        <span aria-hidden="true">{SHAPES[stage]}</span> {tb(`bring.stage.${stage}`)}
      </span>
      {stage === "sending" && <progress class="clips__progress" max={bytes} value={sent} aria-label={name} />}
      {isUnderWay && keptHere !== null && (
        <span class="quiet">{tb(keptHere ? "bring.keptHere" : "bring.notKeptHere")}</span>
      )}
      {!isUnderWay && (
        <button
          type="button"
          class="button button--quiet"
          aria-label={tb("bring.dropOne", { name })}
          onClick={onDrop}
        >
          {tb("bring.drop")}
        </button>
      )}
    </li>
  );
}
