// 計測 on a recorded clip: what can be measured, the measurement in the making, and what was measured here.
//
// Loaded when somebody measures on a recording. Under its picture, never over it. Invariant: it says that nothing of it is
// kept, every value stands with its unit, the source of its scale and its frame, and none is made of two clips.

import type { ClipMeasuring, Measured } from "../clip/measuring";
import { tc } from "../i18n/clip-words";
import { t } from "../i18n/i18n";
import { frameWords, kindWords, sourceWords } from "../live/measure-words";
import { derived } from "../measure/derived";
import { MeasureDraft } from "./measure-draft";
import { MeasureKinds } from "./measure-kinds";
import { AnswerLines, DerivedRow } from "./measure-results";

type Props = {
  readonly measuring: ClipMeasuring;
  /** Another clip stands beside this one. */
  readonly isPaired: boolean;
};

export function ReplayMeasure({ measuring, isPaired }: Props) {
  const measured = measuring.measured.value;
  const together = derived([...measured].reverse());
  return (
    <section class="replay__measure measure" aria-label={t("measure.title")} data-testid="replay-measuring">
      {measuring.inHand.value && <InHand measuring={measuring} />}
      {together.length > 0 && (
        <ul class="marks">
          {together.map((one) => (
            <DerivedRow
              key={one.name}
              derived={one}
              frameOf={({ gauge }) => frameWords(gauge) ?? ""}
              sourceOf={({ gauge, handScale }, source) => sourceBy(handScale)(gauge, source)}
            />
          ))}
        </ul>
      )}
      {measured.length > 0 && (
        <ul class="marks">
          {measured.map((one) => (
            <Row key={one.number} measuring={measuring} one={one} />
          ))}
        </ul>
      )}
      {isPaired && <p class="quiet">{tc("replay.measureApart")}</p>}
      <p class="quiet">{tc("replay.measureLocal")}</p>
    </section>
  );
}

function InHand({ measuring }: { measuring: ClipMeasuring }) {
  const { hand, handScale } = measuring;
  const gauge = hand.host.gauge();
  const sourceOf = sourceBy(handScale.value);
  return (
    <>
      <MeasureKinds measuring={hand} inHand={true} onChoose={() => measuring.player.pause()} />
      <MeasureDraft measuring={hand} sourceOf={sourceOf} />
      {gauge !== null && (
        <p class="measure__scale" data-testid="replay-scale">
          {gauge.scale.type === "pixels" && "px "}
          {sourceOf(gauge, null)}
        </p>
      )}
    </>
  );
}

function Row({ measuring, one }: { measuring: ClipMeasuring; one: Measured }) {
  const rules = measuring.hand.rules.value;
  const { what, points, gauge, handScale } = one;
  return (
    <li class="marks__mark" data-testid="replay-measured">
      <div class="marks__words">
        <span>{kindWords(what)}</span>
        {rules !== null && (
          <AnswerLines
            answer={rules.answer(what, points, gauge)}
            gauge={gauge}
            sourceOf={sourceBy(handScale)}
          />
        )}
        <span class="quiet">{frameWords(gauge)}</span>
      </div>
      <button type="button" class="button" onClick={() => measuring.remove(one.number)}>
        {tc("replay.measureRemove")}
      </button>
    </li>
  );
}

/** Regions that a person marked are not the device's word, and say so wherever they scale a value. */
function sourceBy(handScale: boolean): typeof sourceWords {
  return (gauge, source) =>
    handScale && gauge.scale.type === "regions" && source?.type !== "capture"
      ? tc("replay.byHand")
      : sourceWords(gauge, source);
}
