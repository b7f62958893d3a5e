// The link panel: how the picture arrives here, whose line is weak, and what that allows, in shape, word and numbers.
//
// Measures for as long as the page lives, whether it is shown or not. Reads the link watch and decides nothing. Invariant: it
// says that it speaks of the transmission and not of the scan, and never a colour without its word.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n/i18n";
import { tl } from "../i18n/link";
import { type Hint, QUESTIONS, type Question, WANTED } from "../live/adequacy";
import type { Desk } from "../live/desk";
import { type LineLevel, lineLevel } from "../live/link-cause";
import { type LinkNow, LinkWatch } from "../live/link-watch";
import type { Adequacy, LinkLevel, LinkSeen, UplinkState } from "../wire/link";

export type LinkProps = {
  readonly desk: Desk;
  readonly shown: boolean;
  readonly onClose: () => void;
  /** The badge's shapes and the list of people: given, because a module that is shared with what comes later leaves the first script. */
  readonly shapes: Readonly<Record<LinkLevel, string>>;
  readonly people: ComponentChildren;
};

const ADEQUACY_SHAPES: Readonly<Record<Adequacy, string>> = {
  adequate: "●",
  limited: "▲",
  notAdequate: "■",
  unknown: "□",
};
const LINE_SHAPES: Readonly<Record<LineLevel, string>> = { good: "●", weak: "▲", poor: "■" };
/** From here on people must wait for each other (reference/product.md, 6). */
const SPEAK_THEN_WAIT_FROM_MS = 800;

export function LinkPart(props: LinkProps) {
  const { desk, shown, onClose } = props;
  const [watch, setWatch] = useState<LinkWatch | null>(null);
  useEffect(() => {
    const { badge, tick } = desk.watch;
    const made = new LinkWatch({ badge, tick, consult: desk.consult, picture: desk.picture });
    setWatch(made);
    return () => made.close();
  }, [desk]);
  if (!shown) return null;
  const now = watch?.now.value ?? null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it (axe scrollable-region-focusable)
    <aside class="panel" aria-label={tl("link.title")} tabIndex={0} data-testid="link-panel">
      <header class="panel__head">
        <h2>{tl("link.title")}</h2>
        <button type="button" class="button button--quiet" onClick={onClose}>
          {t("help.close")}
        </button>
      </header>
      {now === null ? <p role="status">{tl("link.waits")}</p> : <Now now={now} {...props} />}
    </aside>
  );
}

function Now({ now, desk, shapes, people }: LinkProps & { now: LinkNow }) {
  const { seen, hints } = now;
  return (
    <>
      <p class="link__cause">{tl(`link.cause.${seen.cause}`)}</p>
      {(seen.ageMs ?? 0) > SPEAK_THEN_WAIT_FROM_MS && <p>{tl("link.speakThenWait")}</p>}
      <h2>{tl("link.hints")}</h2>
      <dl class="link__rows">
        {QUESTIONS.map((question) => (
          <HintRow key={question} question={question} hint={hints[question]} />
        ))}
      </dl>
      <p class="quiet">{tl("link.note")}</p>
      <h2>{tl("link.here")}</h2>
      <Here seen={seen} shape={shapes[seen.level]} />
      <h2>{tl("link.uplink")}</h2>
      <Uplink line={desk.consult.flow.value?.source?.uplink} />
      <h2>{tl("link.others")}</h2>
      {people}
    </>
  );
}

function HintRow({ question, hint }: { question: Question; hint: Hint }) {
  const { adequacy, short } = hint;
  return (
    <>
      <dt>{tl(`link.question.${question}`)}</dt>
      <dd data-adequacy={adequacy} data-testid={`hint-${question}`}>
        <Shape shape={ADEQUACY_SHAPES[adequacy]} /> {tl(`link.adequacy.${adequacy}`)}
        {short !== null && (
          <span class="link__why">{tl(`link.short.${short}`, { wanted: WANTED[question][short][0] })}</span>
        )}
      </dd>
    </>
  );
}

function Here({ seen, shape }: { seen: LinkSeen; shape: string }) {
  const { level, ageMs, fps, kbps, lossPercent, width, height, pauses, pausedMs } = seen;
  const unknown = tl("link.unknown");
  return (
    <dl class="link__rows">
      <Row name={t("badge.label")}>
        <Shape shape={shape} /> {t(`badge.${level}`)}
      </Row>
      <Row name={tl("link.age")}>{ageMs === null ? unknown : tl("link.ms", { ms: ageMs })}</Row>
      <Row name={tl("link.frames")}>{fps === null ? unknown : tl("link.fps", { fps })}</Row>
      <Row name={tl("link.size")}>{height === 0 ? unknown : tl("link.pixels", { width, height })}</Row>
      <Row name={tl("link.bits")}>{kbps === null ? unknown : tl("link.mbps", { mbps: mbps(kbps) })}</Row>
      <Row name={tl("link.loss")}>
        {lossPercent === null ? unknown : tl("link.percent", { percent: lossPercent.toFixed(1) })}
      </Row>
      <Row name={tl("link.pauses")}>
        {pauses === 0
          ? tl("link.pausesNone")
          : tl("link.pausesSome", { count: pauses, seconds: (pausedMs / 1000).toFixed(1) })}
      </Row>
    </dl>
  );
}

function Uplink({ line }: { line: UplinkState | undefined }) {
  if (line === undefined) return <p class="quiet">{tl("link.uplinkUnknown")}</p>;
  const { targetKbps, lostPercent, queueMs, scalePercent, frameRate } = line;
  const level = lineLevel(line);
  return (
    <dl class="link__rows" data-testid="uplink" data-level={level}>
      <Row name={tl("link.line")} adequacy={level}>
        <Shape shape={LINE_SHAPES[level]} /> {tl(`link.line.${level}`)}
      </Row>
      <Row name={tl("link.lineRate")}>{tl("link.mbps", { mbps: mbps(targetKbps) })}</Row>
      <Row name={tl("link.lineLoss")}>{tl("link.percent", { percent: lostPercent })}</Row>
      <Row name={tl("link.lineQueue")}>{tl("link.ms", { ms: queueMs })}</Row>
      <Row name={tl("link.lineScale")}>
        {frameRate === null
          ? tl("link.scale", { percent: scalePercent })
          : tl("link.scaleFrames", { percent: scalePercent, fps: frameRate })}
      </Row>
    </dl>
  );
}

type RowProps = {
  readonly name: string;
  readonly adequacy?: string;
  readonly children: ComponentChildren;
};

function Row({ name, adequacy, children }: RowProps) {
  return (
    <>
      <dt>{name}</dt>
      <dd data-adequacy={adequacy}>{children}</dd>
    </>
  );
}

function Shape({ shape }: { shape: string }) {
  return (
    <span class="link__shape" aria-hidden="true">
      {shape}
    </span>
  );
}

function mbps(kbps: number): string {
  return (kbps / 1000).toFixed(1);
}
