// What was measured in this consult, newest first, and what follows from it.
//
// Shown beside the picture on both pages; taken back and adjusted on the consult page only, by who may measure. Every value is computed here from its points and its gauge, never read.

import { derivedWords, figureWords } from "../i18n/figures";
import { clockTime, t } from "../i18n/i18n";
import { m } from "../i18n/measure";
import { capturedAt } from "../live/age";
import type { Desk } from "../live/desk";
import { frameWords, kindWords, sourceWords } from "../live/measure-words";
import type { Answer } from "../measure/answer";
import type { ScaleSource } from "../measure/calibration";
import { type Derived, derived, type MeasuredMark, takenLive } from "../measure/derived";
import type { Gauge } from "../wire/measure";
import type { MarkState } from "../wire/socket";
import { authorName } from "./mark-card";
import { mayMeasure } from "./rail";

export function MeasureResults({ desk }: { desk: Desk }) {
  const marks = desk.consult.marks.value.filter(({ mark }) => mark.shape.type === "measure");
  const together = derived(marks.flatMap((held) => measured(desk, held)));
  return (
    <section aria-label={m("measure.results")} data-testid="measure-results">
      {together.length > 0 && (
        <>
          <h2>{m("measure.derived")}</h2>
          <ul class="marks">
            {together.map((one) => (
              <DerivedRow
                key={one.name}
                derived={one}
                frameOf={({ held, gauge }) => momentWords(desk, held, gauge)}
              />
            ))}
          </ul>
        </>
      )}
      <h2>{m("measure.results")}</h2>
      {marks.length === 0 && <p class="quiet">{m("measure.noResults")}</p>}
      <ul class="marks">
        {[...marks].reverse().map((held) => (
          <ResultRow key={held.mark.id} desk={desk} held={held} />
        ))}
      </ul>
    </section>
  );
}

function measured(desk: Desk, held: MarkState): (MeasuredMark & { readonly held: MarkState })[] {
  const gauge = desk.measuring.gaugeOf(held);
  const { shape, anchor } = held.mark;
  if (shape.type !== "measure" || gauge === null) return [];
  const taken = takenLive(anchor.stream, anchor.rtpTime, gauge);
  return [{ what: shape.what, points: shape.points, gauge, taken, held }];
}

type DerivedProps<M extends MeasuredMark> = {
  readonly derived: Derived<M>;
  /** Which frame a part was measured on. */
  readonly frameOf: (mark: M) => string;
  /** Where the scale of a part comes from. */
  readonly sourceOf?: (mark: M, source: ScaleSource) => string;
};

export function DerivedRow<M extends MeasuredMark>({
  derived,
  frameOf,
  sourceOf = ({ gauge }, source) => sourceWords(gauge, source),
}: DerivedProps<M>) {
  const { name, answer, parts, lengthsDiffer } = derived;
  return (
    <li class="marks__mark" data-testid="measure-derived">
      <span class="marks__words">
        <span data-testid={`derived-${name}`}>
          {m(`measure.derived.${name}`)}{" "}
          <strong>
            {"refusal" in answer ? m(`measure.refusal.${answer.refusal}`) : derivedWords(name, answer)}
          </strong>
        </span>
        <span class="quiet">{once(parts.map(({ mark, source }) => sourceOf(mark, source)))}</span>
        <span class="quiet">{once(parts.map(({ mark }) => frameOf(mark)))}</span>
        {lengthsDiffer && <span class="measure__doubt">▲ {m("measure.lengthsDiffer")}</span>}
      </span>
    </li>
  );
}

/** Parts mostly have the same scale, and may have the same frame. */
function once(words: readonly string[]): string {
  return [...new Set(words)].join(" · ");
}

function ResultRow({ desk, held }: { desk: Desk; held: MarkState }) {
  const { mark } = held;
  if (mark.shape.type !== "measure") return null;
  const answer = desk.measuring.answerOf(held);
  const gauge = desk.measuring.gaugeOf(held);
  return (
    <li class="marks__mark" data-testid="measure-result" data-mark={mark.id}>
      <div class="marks__words">
        <span>
          {kindWords(mark.shape.what)} <span class="quiet">{authorName(held)}</span>
        </span>
        {answer !== null && gauge !== null && <AnswerLines answer={answer} gauge={gauge} />}
        <span class="quiet">{momentWords(desk, held, gauge)}</span>
      </div>
      {desk.page === "consult" && mayMeasure(desk) && desk.isOwn(held) && (
        <ResultActions desk={desk} held={held} />
      )}
    </li>
  );
}

function ResultActions({ desk, held }: { desk: Desk; held: MarkState }) {
  const frozen = desk.freeze.anchor();
  const { anchor } = held.mark;
  // Its points can be moved only where they can be seen.
  const onIt = frozen?.stream === anchor.stream && frozen.rtpTime === anchor.rtpTime;
  return (
    <span class="card__actions">
      {onIt && (
        <button
          type="button"
          class="button"
          data-testid="measure-adjust"
          onClick={() => {
            desk.hand.choose("measure");
            desk.measuring.adjust(held);
          }}
        >
          {m("measure.adjust")}
        </button>
      )}
      <button type="button" class="button" onClick={() => desk.withdraw(held.mark.id)}>
        {t("mark.withdraw")}
      </button>
    </span>
  );
}

/** Which frame: its number, and when it was captured. */
function momentWords(desk: Desk, held: MarkState, gauge: Gauge | null): string {
  const { anchor } = held.mark;
  const stamp = desk.consult.stamp.value;
  const at = stamp?.stream === anchor.stream ? capturedAt(stamp, anchor.rtpTime) : held.at;
  const number = frameWords(gauge);
  return `${number === null ? "" : `${number} `}${clockTime(at, true)}`;
}

type AnswerProps = {
  readonly answer: Answer;
  readonly gauge: Gauge;
  /** Where the scale comes from; else the gauge says it. */
  readonly sourceOf?: typeof sourceWords;
};

/** All figures of an answer, where their scale comes from, and what is in doubt. */
export function AnswerLines({ answer, gauge, sourceOf = sourceWords }: AnswerProps) {
  if (answer.type === "refused")
    return (
      <p>
        <strong>{t("measure.noValue")}</strong> {m(`measure.refusal.${answer.refusal}`)}
      </p>
    );
  const [first, ...rest] = answer.figures;
  if (first === undefined) return null;
  return (
    <>
      <p class="measure__value">
        {m(`measure.figure.${first.name}`)} <strong data-testid="value">{figureWords(first)}</strong>
        {answer.type === "uncalibrated" && <strong> {t("measure.uncalibrated")}</strong>}
      </p>
      {rest.length > 0 && (
        <p class="quiet">
          {rest.map((figure) => `${m(`measure.figure.${figure.name}`)} ${figureWords(figure)}`).join(" · ")}
        </p>
      )}
      <p class="quiet">
        {answer.type === "uncalibrated"
          ? m(`measure.refusal.${answer.reason}`)
          : sourceOf(gauge, answer.source)}
      </p>
      {answer.type === "figures" && answer.crossesItself && (
        <p class="measure__doubt">▲ {m("measure.crossesItself")}</p>
      )}
    </>
  );
}
