// Keys of the device page, and the foot switch.
//
// Owns which key does what. A USB foot switch is a keyboard: the person lets the page learn the key that it sends.
// Space and Enter belong to a button or field that has the focus.

import { signal } from "@preact/signals";

export type Act = "freeze" | "save";
export type FootKeys = Readonly<Record<Act, string | null>>;

const STORAGE_KEY = "hibiki.footSwitch";
const NONE: FootKeys = { freeze: null, save: null };
const PLAIN: Readonly<Record<string, Act>> = { " ": "freeze", f: "freeze", s: "save", Enter: "save" };

export const footKeys = signal<FootKeys>(stored());
/** The act whose key is being learned. */
export const learning = signal<Act | null>(null);

export function setFootKey(act: Act, key: string | null): void {
  footKeys.value = { ...footKeys.value, [act]: key };
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(footKeys.value));
  } catch {
    // Storage may be forbidden; the choice then holds for this page.
  }
}

/** What a key means; pure but for the learned keys. */
export function actOf(key: string, onControl: boolean, foot: FootKeys): Act | null {
  if (foot.freeze === key) return "freeze";
  if (foot.save === key) return "save";
  if (onControl && (key === " " || key === "Enter")) return null;
  return PLAIN[key.length === 1 ? key.toLowerCase() : key] ?? null;
}

/** Listens until the returned function is called. */
export function listenToKeys(does: (act: Act) => void): () => void {
  const onKey = (event: KeyboardEvent) => {
    const learns = learning.value;
    if (learns !== null) {
      event.preventDefault();
      learning.value = null;
      if (event.key !== "Escape") setFootKey(learns, event.key);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const on = event.target instanceof HTMLElement ? event.target : document.body;
    if (on.matches("input[type=text], input[type=number], textarea, select")) return;
    const act = actOf(event.key, on.matches("button, input, a, summary"), footKeys.value);
    if (act === null) return;
    event.preventDefault();
    does(act);
  };
  addEventListener("keydown", onKey);
  return () => removeEventListener("keydown", onKey);
}

function stored(): FootKeys {
  try {
    const kept = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "null") as Partial<FootKeys> | null;
    const key = (one: unknown) => (typeof one === "string" ? one : null);
    return kept === null ? NONE : { freeze: key(kept.freeze), save: key(kept.save) };
  } catch {
    return NONE;
  }
}
