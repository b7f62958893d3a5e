// Why something cannot be done now, in words; null when it can.
//
// One answer for buttons, keys and the hand, so that a tool that is off always says the same. Called by components and
// `keys.ts`. Invariant: whatever is null here would not be refused by the relay for the same reason a moment ago.

import { t } from "../i18n/i18n";
import type { Desk } from "./desk";

export function whyNotDraw(desk: Desk): string | null {
  const hindrance = desk.hindrance.value;
  return hindrance === null ? null : t(`why.${hindrance}`, { role: roleWords(desk) });
}

export function whyNotMeasure(desk: Desk): string | null {
  const why = whyNotDraw(desk);
  if (why !== null) return why;
  if (desk.consult.replica.value.state.freeze === null) return t("why.measureNotFrozen");
  // Scale and frame number are the frozen frame's; the loop shows others.
  if (desk.beat.isShown.value) return t("why.measureInLoop");
  return desk.freeze.original.value === "proven" ? null : t("why.measureNoOriginal");
}

export function whyNotCalibrate(desk: Desk): string | null {
  if (!desk.consult.rights.value.freeze) return t("why.noFreezeRight", { role: roleWords(desk) });
  if (desk.consult.link.value.state !== "open") return t("why.noLink");
  return whyNotMeasure(desk);
}

export function whyNotFreeze(desk: Desk): string | null {
  const { consult } = desk;
  if (consult.link.value.state !== "open") return t("why.noLink");
  if (consult.replica.value.state.freeze !== null)
    return desk.freeze.mayRelease() ? null : t("why.notYourFreeze");
  if (!consult.rights.value.freeze) return t("why.noFreezeRight", { role: roleWords(desk) });
  return desk.hindrance.value === "noPicture" ? t("why.noPicture") : null;
}

export function whyNotStep(desk: Desk): string | null {
  const { consult } = desk;
  if (consult.link.value.state !== "open") return t("why.noLink");
  const { freeze } = consult.replica.value.state;
  if (freeze === null) return t("why.notFrozen");
  // Inside the loop everybody steps for themselves.
  if (desk.beat.isShown.value) return null;
  if (freeze.original.state === "awaited") return t("why.stepNoOriginal");
  return consult.rights.value.freeze ? null : t("why.noFreezeRight", { role: roleWords(desk) });
}

export function whyNotBeat(desk: Desk): string | null {
  const { consult } = desk;
  if (consult.link.value.state !== "open") return t("why.noLink");
  if (consult.replica.value.state.freeze === null) return t("why.noBeat");
  return consult.rights.value.freeze ? null : t("why.noFreezeRight", { role: roleWords(desk) });
}

export function whyNotSave(desk: Desk): string | null {
  const { consult } = desk;
  const linked = consult.link.value.state === "open";
  if (linked && !consult.rights.value.save) return t("why.noSaveRight", { role: roleWords(desk) });
  // Only our own agent says anything of its source; others keep no frames.
  if (linked && (consult.flow.value?.source ?? null) === null) return t("why.noDevice");
  return consult.me.value === null ? t("why.noLink") : null;
}

export function whyNotSaveStill(desk: Desk): string | null {
  return desk.freeze.anchor() === null ? t("why.notFrozenStill") : whyNotSave(desk);
}

export function whyNotUndo(desk: Desk): string | null {
  return desk.lastOwn() === null ? t("why.nothingToUndo") : null;
}

export function whyNotWhole(desk: Desk): string | null {
  return desk.view.value.zoom > 1 ? null : t("why.whole");
}

function roleWords(desk: Desk): string {
  return t(`role.${desk.consult.me.value?.role ?? desk.grant.role}`);
}
