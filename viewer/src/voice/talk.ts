// The voice of this page in a consult: joining, speaking, muting, coming back.
//
// Framework-free. Owns the microphone, the loudspeaker and the voice connection, and what a person must know of them. A
// tablet that muted itself is among the most common ends of a tele-consult: whatever takes a voice away is found, said, and
// mended by one touch. Called by the voice parts through signals and intents. Invariant: what the page calls muted sends no
// voice, and what it calls on does.

import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Consult } from "../live/consult";
import { type LineState, MediaLine } from "../live/media-line";
import { Microphone, type MicTrouble } from "./microphone";
import { offerVoice } from "./offer";
import { Speaker } from "./speaker";

/** How often loudness is read. */
const LEVEL_EVERY_MS = 200;
/** A page that was in the conversation is in it again after a reload of the same tab. */
const KEPT = "hibiki.voice";

export type TalkState = "off" | "joining" | "on";
/** What is wrong with the own voice or with hearing the others, the gravest first. */
export type TalkTrouble = "taken" | "silenced" | "unheard" | "lost" | MicTrouble | "full";

export class Talk {
  readonly state = signal<TalkState>("off");
  readonly muted = signal(false);
  /** The microphone is open only while a key or button is held. */
  readonly pushToTalk = signal(false);
  /** Own loudness, 0 to 1. */
  readonly level = signal(0);
  /** The loudest of the others as it arrives here, 0 to 1. */
  readonly heard = signal(0);
  readonly microphone = new Microphone();
  readonly trouble: ReadonlySignal<TalkTrouble | null>;
  /** The own voice does not leave here, although nobody muted it. */
  readonly isStopped: ReadonlySignal<boolean>;
  readonly #speaker = new Speaker();
  readonly #line = signal<LineState | null>(null);
  readonly #noMicrophone = signal<MicTrouble | null>(null);
  #connection: MediaLine | null = null;
  readonly #stop: (() => void)[];
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(readonly consult: Consult) {
    this.trouble = computed(() => this.#trouble());
    this.isStopped = computed(() => this.trouble.value !== null && this.trouble.value !== "silenced");
    this.#stop = [
      effect(() => {
        const track = this.microphone.track.value;
        if (track !== null) track.enabled = !this.muted.value;
      }),
      // A relay that came anew must hear of it again.
      effect(() => {
        const muted = this.muted.value;
        if (this.state.value === "on" && this.#sounds() && consult.link.value.state === "open") {
          consult.muteVoice(muted);
        }
      }),
    ];
    this.#timer = setInterval(() => void this.#readLevel(), LEVEL_EVERY_MS);
    if (wasOn()) void this.join();
  }

  /** Whether the own voice may be heard here at all. */
  get maySpeak(): boolean {
    return this.consult.rights.value.speak;
  }

  async join(): Promise<void> {
    if (this.state.peek() !== "off") return;
    this.state.value = "joining";
    keep(true);
    if (this.consult.rights.peek().speak) {
      this.#noMicrophone.value = await this.microphone.open(null);
    }
    if (this.state.peek() !== "joining") return;
    this.#connect();
  }

  leave(): void {
    keep(false);
    this.#hangUp();
    this.microphone.close();
    this.state.value = "off";
    this.muted.value = this.pushToTalk.peek();
  }

  mute(muted: boolean): void {
    this.muted.value = muted;
  }

  usePushToTalk(on: boolean): void {
    this.pushToTalk.value = on;
    this.muted.value = on;
  }

  async choose(device: string): Promise<void> {
    this.#noMicrophone.value = await this.microphone.open(device);
    await this.#useMicrophone();
  }

  /** One touch for whatever is wrong. */
  async restore(): Promise<void> {
    await this.#speaker.resume();
    const trouble = this.trouble.peek();
    if (this.consult.rights.peek().speak && trouble !== null && trouble !== "silenced") {
      this.#noMicrophone.value = await this.microphone.open(null);
      await this.#useMicrophone();
      if (!this.pushToTalk.peek()) this.muted.value = false;
    }
    if (trouble === "unheard" || trouble === "lost" || trouble === "full") this.#connection?.restart();
  }

  close(): void {
    clearInterval(this.#timer);
    for (const stop of this.#stop) stop();
    this.#hangUp();
    this.microphone.end();
  }

  #connect(): void {
    const { consult, session } = this.consult.grant;
    this.#connection = new MediaLine(`/api/v1/consults/${consult}/voice`, session, {
      offer: () => offerVoice(this.microphone.track.peek()),
      onTrack: ({ track, transceiver }) => this.#speaker.play(transceiver.mid ?? track.id, track),
      onState: (state) => {
        this.#line.value = state;
        if (state.state === "connected") this.state.value = "on";
      },
    });
  }

  #hangUp(): void {
    this.#connection?.close();
    this.#connection = null;
    this.#line.value = null;
    this.#speaker.close();
    this.level.value = 0;
    this.heard.value = 0;
  }

  /** The new microphone takes the place of the old one; a connection that had none is made anew. */
  async #useMicrophone(): Promise<void> {
    const track = this.microphone.track.peek();
    if (track === null || this.#connection === null) return;
    const sender = this.#connection.peer
      ?.getTransceivers()
      .find(({ direction }) => direction === "sendonly")?.sender;
    if (sender === undefined) this.#connection.restart();
    else await sender.replaceTrack(track);
  }

  #sounds(): boolean {
    return this.microphone.track.value !== null && this.#line.value?.state === "connected";
  }

  #trouble(): TalkTrouble | null {
    if (this.state.value === "off") return null;
    if (this.microphone.track.value !== null && this.microphone.taken.value) return "taken";
    if (this.#speaker.silenced.value) return "silenced";
    const line = this.#line.value;
    if (line?.state === "refused") return line.code === "tooMany" ? "full" : "lost";
    if (line?.state === "lost") return "lost";
    const own = this.consult.voices.value.get(this.consult.grant.session);
    if (this.#sounds() && own === "unheard") return "unheard";
    return this.#noMicrophone.value;
  }

  async #readLevel(): Promise<void> {
    const stats = await this.#connection?.peer?.getStats().catch(() => null);
    let [level, heard] = [0, 0];
    stats?.forEach((entry: { type: string; kind?: string; audioLevel?: number }) => {
      if (entry.kind !== "audio") return;
      if (entry.type === "media-source") level = entry.audioLevel ?? 0;
      if (entry.type === "inbound-rtp") heard = Math.max(heard, entry.audioLevel ?? 0);
    });
    this.level.value = this.muted.peek() || this.isStopped.peek() ? 0 : level;
    this.heard.value = heard;
  }
}

function wasOn(): boolean {
  try {
    return sessionStorage.getItem(KEPT) === "on";
  } catch {
    return false;
  }
}

function keep(on: boolean): void {
  try {
    if (on) sessionStorage.setItem(KEPT, "on");
    else sessionStorage.removeItem(KEPT);
  } catch {
    // A browser that forbids storage asks again after a reload.
  }
}
