// The tools at the thumb's side: what the hand holds, pens, freeze, undo, zoom and the panels.
//
// Shows and calls the desk's intents; decides nothing. A tool that cannot be used says why when it is pressed. Invariant: every tool has words and a key, and its state is told to assistive technology.

import type { ComponentChildren } from "preact";
import { t } from "../i18n/i18n";
import type { Desk } from "../live/desk";
import type { Tool } from "../live/hand";
import { whyNotBeat, whyNotDraw, whyNotFreeze, whyNotStep, whyNotUndo, whyNotWhole } from "../live/why";
import { PENS } from "../stage/pens";
import { ZOOM_STEP } from "../stage/view";
import type { Pen } from "../wire/mark";
import { Icon, type IconName } from "./icon";
import { PenLine } from "./pen-line";

export type Panel = "none" | "list" | "clips" | "help" | "measure" | "link";

const TOOLS: readonly { readonly tool: Tool; readonly key: string }[] = [
  { tool: "pointer", key: "V" },
  { tool: "pen", key: "P" },
  { tool: "arrow", key: "A" },
  { tool: "label", key: "L" },
];

export function Rail({
  desk,
  panel,
  onPanel,
  children,
}: {
  desk: Desk;
  panel: Panel;
  onPanel: (panel: Panel) => void;
  /** More groups, before the panels. */
  children?: ComponentChildren;
}) {
  const why = whyNotDraw(desk);
  return (
    <nav class="rail" aria-label={t("tool.group")}>
      <fieldset class="rail__group">
        <legend class="unseen">{t("tool.group")}</legend>
        {TOOLS.map(({ tool, key }) => (
          <ToolButton
            desk={desk}
            key={tool}
            icon={tool}
            words={t(`tool.${tool}`)}
            shortcut={key}
            pressed={desk.hand.tool.value === tool}
            why={tool === "pointer" ? null : why}
            onPress={() => desk.hand.choose(tool)}
          />
        ))}
        <MeasureButton desk={desk} panel={panel} onPanel={onPanel} />
      </fieldset>
      <fieldset class="rail__group">
        <legend class="unseen">{t("tool.pens")}</legend>
        {PENS.map((pen, i) => (
          <PenButton key={pen} desk={desk} pen={pen} shortcut={String(i + 1)} why={why} />
        ))}
      </fieldset>
      <div class="rail__group">
        <FreezeButton desk={desk} />
        <StepButtons desk={desk} />
        <BeatButton desk={desk} />
        <UndoButton desk={desk} />
        <WholeButton desk={desk} />
        <ZoomButtons desk={desk} />
      </div>
      {children}
      <div class="rail__group">
        <ToolButton
          desk={desk}
          icon="list"
          words={t("tool.list")}
          pressed={panel === "list"}
          onPress={() => onPanel(panel === "list" ? "none" : "list")}
        />
        <ToolButton
          desk={desk}
          icon="help"
          words={t("tool.help")}
          shortcut="?"
          pressed={panel === "help"}
          onPress={() => onPanel(panel === "help" ? "none" : "help")}
        />
      </div>
      {why !== null && (
        <p class="rail__why" role="note">
          {why}
        </p>
      )}
    </nav>
  );
}

/** Opens the measuring panel, which says what is needed; not there where nobody measures or this person may not draw. */
function MeasureButton({
  desk,
  panel,
  onPanel,
}: {
  desk: Desk;
  panel: Panel;
  onPanel: (panel: Panel) => void;
}) {
  if (!mayMeasure(desk)) return null;
  return (
    <ToolButton
      desk={desk}
      icon="measure"
      words={t("tool.measure")}
      shortcut="M"
      pressed={panel === "measure"}
      onPress={() => onPanel(panel === "measure" ? "none" : "measure")}
    />
  );
}

/** Whether this installation measures and this person may. */
export function mayMeasure(desk: Desk): boolean {
  return desk.measuring.isOn && desk.consult.rights.value.draw;
}

type ToolButtonProps = {
  readonly desk: Desk;
  readonly icon: IconName;
  readonly words: string;
  readonly shortcut?: string;
  readonly pressed?: boolean;
  /** Why it cannot be used now, if it cannot. */
  readonly why?: string | null;
  readonly kind?: "wide" | "big";
  readonly testId?: string;
  readonly onPress: () => void;
};

/** `aria-disabled` keeps the button in reach, so that the reason can be read. */
export function ToolButton({
  desk,
  icon,
  words,
  shortcut,
  pressed,
  why,
  kind,
  testId,
  onPress,
}: ToolButtonProps) {
  const disabled = why !== undefined && why !== null;
  const shown = shortcut === undefined ? words : `${words} (${shortcut})`;
  return (
    <button
      type="button"
      class={`tool${kind === undefined ? "" : ` tool--${kind}`}`}
      aria-pressed={pressed}
      aria-disabled={disabled}
      aria-keyshortcuts={shortcut}
      title={disabled ? `${shown}: ${why}` : shown}
      data-testid={testId ?? `tool-${icon}`}
      onClick={() => {
        if (disabled) desk.explain(why);
        else onPress();
      }}
    >
      <Icon name={icon} />
      <span class="tool__words">{words}</span>
    </button>
  );
}

function PenButton({
  desk,
  pen,
  shortcut,
  why,
}: {
  desk: Desk;
  pen: Pen;
  shortcut: string;
  why: string | null;
}) {
  const words = t(`pen.${pen}`);
  return (
    <button
      type="button"
      class="tool tool--pen"
      aria-pressed={desk.hand.pen.value === pen}
      aria-disabled={why !== null}
      aria-keyshortcuts={shortcut}
      aria-label={`${shortcut} ${words}`}
      title={`${words} (${shortcut})`}
      data-testid={`pen-${pen}`}
      onClick={() => {
        if (why === null) desk.hand.choosePen(pen);
        else desk.explain(why);
      }}
    >
      <PenLine pen={pen} />
      <span class="tool__words" aria-hidden="true">
        {shortcut}
      </span>
    </button>
  );
}

export function FreezeButton({ desk, big = false }: { desk: Desk; big?: boolean }) {
  const frozen = desk.freeze.anchor() !== null;
  return (
    <ToolButton
      desk={desk}
      icon={frozen ? "release" : "freeze"}
      words={t(frozen ? "tool.release" : "tool.freeze")}
      shortcut="F"
      kind={big ? "big" : "wide"}
      testId="freeze"
      pressed={frozen}
      why={whyNotFreeze(desk)}
      onPress={() => desk.freeze.toggle()}
    />
  );
}

function StepButtons({ desk }: { desk: Desk }) {
  const why = whyNotStep(desk);
  return (
    <>
      <ToolButton
        desk={desk}
        icon="stepBack"
        words={t("tool.stepBack")}
        shortcut=","
        why={why}
        onPress={() => desk.step(-1)}
      />
      <ToolButton
        desk={desk}
        icon="stepOn"
        words={t("tool.stepOn")}
        shortcut="."
        why={why}
        onPress={() => desk.step(1)}
      />
    </>
  );
}

export function BeatButton({ desk, big = false }: { desk: Desk; big?: boolean }) {
  return (
    <ToolButton
      desk={desk}
      {...(big ? { kind: "big" } : {})}
      icon="beat"
      words={t("tool.beat")}
      shortcut="B"
      testId="beat"
      pressed={desk.beat.isShown.value}
      why={whyNotBeat(desk)}
      onPress={() => desk.beat.toggle()}
    />
  );
}

export function UndoButton({ desk, big = false }: { desk: Desk; big?: boolean }) {
  return (
    <ToolButton
      desk={desk}
      {...(big ? { kind: "big" } : {})}
      icon="undo"
      words={t("tool.undo")}
      shortcut="Z"
      testId="undo"
      why={whyNotUndo(desk)}
      onPress={() => desk.undo()}
    />
  );
}

function WholeButton({ desk }: { desk: Desk }) {
  return (
    <ToolButton
      desk={desk}
      icon="whole"
      words={t("tool.whole")}
      shortcut="0"
      why={whyNotWhole(desk)}
      onPress={() => desk.stage?.whole()}
    />
  );
}

function ZoomButtons({ desk }: { desk: Desk }) {
  return (
    <>
      <ToolButton
        desk={desk}
        icon="zoomIn"
        words={t("tool.zoomIn")}
        shortcut="+"
        onPress={() => desk.zoomBy(ZOOM_STEP)}
      />
      <ToolButton
        desk={desk}
        icon="zoomOut"
        words={t("tool.zoomOut")}
        shortcut="-"
        onPress={() => desk.zoomBy(1 / ZOOM_STEP)}
      />
    </>
  );
}
