// The consent to the recording of voices, as the physician at the bedside sets it and takes it back.
//
// Framework-free. Owns what was pressed here and the log does not say yet. Called by the bedside's control. Invariant: a consent is
// for now and never sent later than it was pressed; a withdrawal is sent again until the log has it, because whoever withdrew
// must not be recorded for a lost link.

import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { newId } from "../ids";
import type { Consult } from "../live/consult";
import type { ConsentId } from "../wire/ids";
import type { ConsentBy } from "../wire/voice";

/** What there is to say and to press: nothing may be recorded here, a consent may be given, it stands, it is being ended,
 * what was recorded is being removed. */
export type ConsentStage = "forbidden" | "open" | "given" | "ending" | "discarding";

export class VoiceConsents {
  readonly stage: ReadonlySignal<ConsentStage>;
  readonly #withdrawn = signal<{ readonly consent: ConsentId; readonly discard: boolean } | null>(null);
  readonly #stop: () => void;

  constructor(readonly consult: Consult) {
    this.stage = computed(() => this.#stage());
    this.#stop = effect(() => this.#sayAgain());
  }

  /** Whether somebody was here who may press, in an installation that allows it, or something to remove. */
  get isShown(): boolean {
    const { kept } = this.consult.replica.value.state.voiceRecording;
    const mayRecord = this.consult.settings.value.voiceRecording;
    return this.consult.rights.value.recordVoice && (mayRecord || kept === "kept" || kept === "discarding");
  }

  agree(by: ConsentBy): void {
    this.consult.voiceConsent({ type: "consentToVoice", consent: newId<ConsentId>(), by });
  }

  /** Takes the consent in force back. */
  withdraw(discard: boolean): void {
    const { consent } = this.consult.replica.peek().state.voiceRecording;
    if (consent !== null) this.#withdrawn.value = { consent: consent.consent, discard };
  }

  /** Removes what was recorded, when nothing is recorded any more. */
  discard(): void {
    this.consult.voiceConsent({ type: "discardVoice" });
  }

  close(): void {
    this.#stop();
  }

  /** On each press, and whenever this page has the log again. */
  #sayAgain(): void {
    const withdrawn = this.#withdrawn.value;
    if (withdrawn === null || !this.consult.current.value) return;
    const { consent } = this.consult.replica.value.state.voiceRecording;
    if (consent?.consent !== withdrawn.consent) this.#withdrawn.value = null;
    else this.consult.voiceConsent({ type: "withdrawVoiceConsent", ...withdrawn });
  }

  #stage(): ConsentStage {
    const { consent, kept } = this.consult.replica.value.state.voiceRecording;
    if (consent !== null) return this.#withdrawn.value?.consent === consent.consent ? "ending" : "given";
    if (kept === "discarding") return "discarding";
    return this.consult.settings.value.voiceRecording ? "open" : "forbidden";
  }
}
