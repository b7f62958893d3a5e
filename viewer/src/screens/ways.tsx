// 接続の確認: whether a consult works with this device on this network, for a hospital's administrator.
//
// Loaded when its address is opened. Shows each thing in shape, words and one action, and the same as a text to hand on. Invariant:
// nothing of a patient, a person or a secret stands in it.

import { useEffect, useState } from "preact/hooks";
import { tw } from "../i18n/ways";
import { type Found, type Level, tryAll } from "../live/ways";
import type { SessionGrant } from "../wire/http";
import "../style/ways.css";

const SHAPES: Readonly<Record<Level, string>> = { good: "●", attention: "▲", bad: "■" };
/** Of these one is enough. */
const MEDIA: readonly Found["what"][] = ["udp", "tcp", "turn"];

export function WaysScreen({ grant }: { grant: SessionGrant | null }) {
  const [found, setFound] = useState<readonly Found[]>([]);
  const [running, setRunning] = useState(false);
  const title = tw("ways.title");
  useEffect(() => {
    document.title = title;
  }, [title]);
  const begin = async () => {
    if (grant === null) return;
    setRunning(true);
    setFound([]);
    await tryAll(grant, (one) => setFound((before) => [...before, one]));
    setRunning(false);
  };
  const isOver = !running && found.length > 0;
  return (
    <div class="ways" data-testid="ways" data-over={isOver}>
      <h1>{title}</h1>
      <p>{tw(grant === null ? "ways.noSession" : "ways.lead")}</p>
      <button
        type="button"
        class="button button--primary button--large"
        disabled={running || grant === null}
        onClick={() => void begin()}
        data-testid="ways-begin"
      >
        {tw("ways.begin")}
      </button>
      <p role="status">{running ? tw("ways.running") : isOver ? verdictWords(found) : ""}</p>
      <ul>
        {found.map((one) => (
          <Line key={`${one.what} ${one.address}`} found={one} />
        ))}
      </ul>
      {isOver && <Text found={found} />}
      <a class="button" href="/">
        {tw("ways.back")}
      </a>
    </div>
  );
}

function Line({ found }: { found: Found }) {
  const action = actionOf(found);
  return (
    <li class="ways__line" data-level={found.level} data-check={`${found.what} ${found.level}`}>
      <span class="ways__shape" aria-hidden="true">
        {SHAPES[found.level]}
      </span>
      <span>
        <strong>{tw(`ways.what.${found.what}`)}</strong> {tw(`ways.level.${found.level}`)}{" "}
        <span class="quiet">{figures(found)}</span>
      </span>
      {found.address !== "" && <code class="ways__address">{found.address}</code>}
      {action !== "" && <span class="ways__do">{action}</span>}
    </li>
  );
}

function Text({ found }: { found: readonly Found[] }) {
  const [copied, setCopied] = useState(false);
  const text = textOf(found);
  return (
    <section class="entry__part" aria-label={tw("ways.text")}>
      <h2>{tw("ways.text")}</h2>
      <textarea
        class="ways__text"
        readOnly
        aria-label={tw("ways.text")}
        value={text}
        data-testid="ways-text"
      />
      <button
        type="button"
        class="button"
        onClick={() => {
          // Where a browser forbids it the text can be marked and copied by hand.
          void navigator.clipboard?.writeText(text).then(
            () => setCopied(true),
            () => undefined,
          );
        }}
      >
        {tw(copied ? "ways.copied" : "ways.copy")}
      </button>
    </section>
  );
}

/** The worst of what is needed; of the ways for media one is enough. */
function verdict(found: readonly Found[]): Level {
  const media = found.filter(({ what }) => MEDIA.includes(what));
  const needed = found.filter(({ what }) => !MEDIA.includes(what));
  const noWay = media.every(({ level }) => level === "bad");
  if (noWay || needed.some(({ what, level }) => level === "bad" && what !== "clock")) return "bad";
  return found.some(({ level }) => level !== "good") ? "attention" : "good";
}

function verdictWords(found: readonly Found[]): string {
  const isCarried = found.some(({ what, level }) => MEDIA.includes(what) && level === "good");
  if (!isCarried && found.some(({ isBusy }) => isBusy)) return `${SHAPES.attention} ${tw("ways.do.busy")}`;
  const level = verdict(found);
  return `${SHAPES[level]} ${tw(`ways.verdict.${level}`)}`;
}

function figures({ what, ms, roundTripMs, apartS, isOffered }: Found): string {
  if (!isOffered) return tw("ways.notOffered");
  if (what === "clock" && apartS !== null) {
    if (apartS === 0) return tw("ways.sameTime");
    return tw(apartS > 0 ? "ways.ahead" : "ways.behind", { seconds: Math.abs(apartS) });
  }
  const took = ms === null ? [] : [tw("ways.took", { ms: Math.round(ms) })];
  const trip = roundTripMs === null ? [] : [tw("ways.roundTrip", { ms: Math.round(roundTripMs) })];
  return [...took, ...trip].join(", ");
}

function actionOf({ what, level, isOffered, isBusy }: Found): string {
  if (isBusy) return tw("ways.do.busy");
  if (level === "good" || !isOffered) return "";
  if (what === "relay" && level === "attention") return tw("ways.do.slow");
  return tw(`ways.do.${what}`);
}

function textOf(found: readonly Found[]): string {
  const line = (one: Found) => {
    const seen = [tw(`ways.level.${one.level}`), one.address, figures(one)].filter((part) => part !== "");
    const action = actionOf(one);
    const head = `${SHAPES[one.level]} ${tw(`ways.what.${one.what}`)}: ${seen.join(" ")}`;
    return action === "" ? head : `${head}\n  → ${action}`;
  };
  const head = `Hibiki ${tw("ways.title")} ${new Date().toISOString()}`;
  const browser = tw("ways.browser", { name: navigator.userAgent });
  return [head, verdictWords(found), ...found.map(line), browser].join("\n");
}
