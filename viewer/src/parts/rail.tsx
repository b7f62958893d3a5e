// The tools at the thumb's side: what the hand holds, pens, freeze, undo, zoom and the panels.
//
// Shows and calls the desk's intents; decides nothing. A tool that cannot be used says why in its title and in words
// under the tools. Invariant: every tool has words and a key, and its state is told to assistive technology.

import { t } from "../i18n/i18n";
import type { Desk, Hindrance } from "../live/desk";
import type { Tool } from "../live/hand";
import { PENS } from "../stage/pens";
import { ZOOM_STEP } from "../stage/view";
import type { Pen } from "../wire/mark";
import { Icon, type IconName } from "./icon";
import { PenLine } from "./pen-line";

export type Panel = "none" | "list" | "help";

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
}: {
  desk: Desk;
  panel: Panel;
  onPanel: (panel: Panel) => void;
}) {
  const hindrance = desk.hindrance.value;
  const why = hindranceWords(desk, hindrance);
  return (
    <nav class="rail" aria-label={t("tool.group")}>
      <fieldset class="rail__group">
        <legend class="unseen">{t("tool.group")}</legend>
        {TOOLS.map(({ tool, key }) => (
          <ToolButton
            key={tool}
            icon={tool}
            words={t(`tool.${tool}`)}
            shortcut={key}
            pressed={desk.hand.tool.value === tool}
            why={tool === "pointer" ? null : why}
            onPress={() => desk.hand.choose(tool)}
          />
        ))}
      </fieldset>
      <fieldset class="rail__group">
        <legend class="unseen">{t("tool.pens")}</legend>
        {PENS.map((pen, i) => (
          <PenButton key={pen} desk={desk} pen={pen} shortcut={String(i + 1)} why={why} />
        ))}
      </fieldset>
      <div class="rail__group">
        <FreezeButton desk={desk} />
        <UndoButton desk={desk} />
        <WholeButton desk={desk} />
        <ZoomButtons desk={desk} />
      </div>
      <div class="rail__group">
        <ToolButton
          icon="list"
          words={t("tool.list")}
          pressed={panel === "list"}
          onPress={() => onPanel(panel === "list" ? "none" : "list")}
        />
        <ToolButton
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

export function hindranceWords(desk: Desk, hindrance: Hindrance): string | null {
  if (hindrance === null) return null;
  const role = desk.consult.me.value?.role ?? desk.grant.role;
  return t(`why.${hindrance}`, { role: t(`role.${role}`) });
}

type ToolButtonProps = {
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
export function ToolButton({ icon, words, shortcut, pressed, why, kind, testId, onPress }: ToolButtonProps) {
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
        if (!disabled) onPress();
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
      aria-label={words}
      title={`${words} (${shortcut})`}
      data-testid={`pen-${pen}`}
      onClick={() => {
        if (why === null) desk.hand.choosePen(pen);
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
  const frozen = desk.frozenOn() !== null;
  return (
    <ToolButton
      icon={frozen ? "release" : "freeze"}
      words={t(frozen ? "tool.release" : "tool.freeze")}
      shortcut="F"
      kind={big ? "big" : "wide"}
      testId="freeze"
      pressed={frozen}
      why={freezeHindrance(desk, frozen)}
      onPress={() => desk.toggleFreeze()}
    />
  );
}

function freezeHindrance(desk: Desk, frozen: boolean): string | null {
  const { consult } = desk;
  if (consult.link.value.state !== "open") return t("why.noLink");
  if (frozen)
    return desk.mayRelease() || consult.replica.value.state.freeze === null ? null : t("why.notYourFreeze");
  if (!consult.rights.value.freeze) {
    return t("why.noFreezeRight", { role: t(`role.${consult.me.value?.role ?? desk.grant.role}`) });
  }
  return desk.hindrance.value === "noPicture" ? t("why.noPicture") : null;
}

export function UndoButton({ desk, big = false }: { desk: Desk; big?: boolean }) {
  return (
    <ToolButton
      {...(big ? { kind: "big" } : {})}
      icon="undo"
      words={t("tool.undo")}
      shortcut="Z"
      testId="undo"
      why={desk.lastOwn() === null ? t("why.nothingToUndo") : null}
      onPress={() => desk.undo()}
    />
  );
}

function WholeButton({ desk }: { desk: Desk }) {
  return (
    <ToolButton
      icon="whole"
      words={t("tool.whole")}
      shortcut="0"
      why={desk.view.value.zoom > 1 ? null : t("why.whole")}
      onPress={() => desk.stage?.whole()}
    />
  );
}

function ZoomButtons({ desk }: { desk: Desk }) {
  return (
    <>
      <ToolButton
        icon="zoomIn"
        words={t("tool.zoomIn")}
        shortcut="+"
        onPress={() => desk.zoomBy(ZOOM_STEP)}
      />
      <ToolButton
        icon="zoomOut"
        words={t("tool.zoomOut")}
        shortcut="-"
        onPress={() => desk.zoomBy(1 / ZOOM_STEP)}
      />
    </>
  );
}
