// The voice of this page in a consult: joining, speaking, muting, coming back.
//
// Framework-free. Owns the microphone, the loudspeaker and the voice connection, and what a person must know of them. A
// tablet that muted itself is among the most common ends of a tele-consult: whatever takes a voice away is found, said, and
// mended by itself or by one touch. Called by the voice parts through signals and intents. Invariant: what the page calls
// muted sends no voice, what it calls on does, and nothing but a person's own touch unmutes.

import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Consult } from "../live/consult";
import { type LineState, MediaLine } from "../live/media-line";
import { microphone as chosenMicrophone, loudspeaker } from "../settings";
import { MAX_VOICES } from "../wire/constants";
import type { ConsentId } from "../wire/ids";
import type { ProblemCode } from "../wire/problem";
import { Devices } from "./devices";
import { keep, kept, noteShown, wasShown } from "./kept";
import { type Hearing, Mending } from "./mending";
import { Microphone, type MicTrouble } from "./microphone";
import { offerVoice } from "./offer";
import { readSound } from "./reading";
import { SoundWatch } from "./silence";
import { Speaker } from "./speaker";

/** How often loudness is read. */
const LEVEL_EVERY_MS = 200;

export type TalkState = "off" | "joining" | "on";
/** What is wrong with the own voice or with hearing the others, the gravest first. */
export type TalkTrouble = "taken" | "silenced" | "lost" | "full" | "unheard" | "silent" | MicTrouble;

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
  readonly devices = new Devices();
  readonly trouble: ReadonlySignal<TalkTrouble | null>;
  /** The own voice does not leave here, although nobody muted it. */
  readonly isStopped: ReadonlySignal<boolean>;
  readonly #speaker = new Speaker();
  readonly #line = signal<LineState | null>(null);
  readonly #noMicrophone = signal<MicTrouble | null>(null);
  /** Six others speak: this page listens until its person tries again. */
  readonly #full = signal(false);
  /** The own microphone gives nothing but zeros. */
  readonly #silent = signal(false);
  readonly #sound = new SoundWatch();
  readonly #mending = new Mending();
  #connection: MediaLine | null = null;
  readonly #stop: (() => void)[];
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(readonly consult: Consult) {
    this.trouble = computed(() => this.#trouble());
    this.isStopped = computed(() => this.trouble.value !== null && this.trouble.value !== "silenced");
    const before = kept();
    this.pushToTalk.value = before === "hold";
    const recorded = this.#recordedUnder();
    // Whoever comes back by itself to a recording that it did not know of learns of it before its microphone opens.
    const isNews = recorded !== null && !wasShown(recorded);
    this.muted.value = before === "hold" || before === "muted" || (before === "on" && isNews);
    this.#stop = [
      effect(() => {
        const track = this.microphone.track.value;
        if (track !== null) track.enabled = !this.muted.value;
      }),
      // A relay that came anew must hear of it again.
      effect(() => {
        const muted = this.muted.value;
        if (this.state.value === "on" && this.#sends() && consult.link.value.state === "open") {
          consult.muteVoice(muted);
        }
      }),
      effect(() => {
        if (this.state.value !== "off")
          keep(this.pushToTalk.value ? "hold" : this.muted.value ? "muted" : "on");
      }),
      effect(() => {
        const recorded = this.#recordedUnder();
        if (recorded !== null) noteShown(recorded);
      }),
      // The button that was held is another one now, and never hears that it was let go.
      effect(() => {
        if (this.isStopped.value && this.pushToTalk.value) this.muted.value = true;
      }),
      // The chosen loudspeaker while it is there: a headset comes and goes.
      effect(() => {
        const there = this.devices.loudspeakers.value.some(({ deviceId }) => deviceId === loudspeaker.value);
        this.#speaker.playOn(there ? loudspeaker.value : "");
      }),
      this.#followLink(),
    ];
    this.#timer = setInterval(() => void this.#look(), LEVEL_EVERY_MS);
    if (before !== null) void this.join();
  }

  /** Whether the own voice may be heard here at all. */
  get maySpeak(): boolean {
    return this.consult.rights.value.speak;
  }

  async join(): Promise<void> {
    if (this.state.peek() !== "off") return;
    this.state.value = "joining";
    if (this.consult.rights.peek().speak) await this.#open(chosenMicrophone.peek());
    if (this.state.peek() !== "joining") return;
    this.#connect();
  }

  leave(): void {
    this.#hangUp();
    this.microphone.close();
    this.state.value = "off";
    this.muted.value = this.pushToTalk.peek();
    keep(null);
  }

  mute(muted: boolean): void {
    this.muted.value = muted;
  }

  usePushToTalk(on: boolean): void {
    this.pushToTalk.value = on;
    this.muted.value = on;
  }

  async choose(device: string): Promise<void> {
    await this.#open(device);
    // Only what could be opened is worth opening again.
    if (this.#noMicrophone.peek() === null) chosenMicrophone.value = device;
    await this.#useMicrophone();
  }

  /** One touch for whatever is wrong. */
  async restore(): Promise<void> {
    const trouble = this.trouble.peek();
    await this.#speaker.resume();
    if (trouble === null || trouble === "silenced") return;
    this.#full.value = false;
    const isOfLine = trouble === "lost" || trouble === "full";
    if (!isOfLine && this.consult.rights.peek().speak) await this.#open(chosenMicrophone.peek());
    if (isOfLine || trouble === "unheard") this.#connection?.restart();
    else await this.#useMicrophone();
  }

  close(): void {
    clearInterval(this.#timer);
    for (const stop of this.#stop) stop();
    this.#hangUp();
    this.microphone.close();
    this.devices.end();
  }

  async #open(device: string): Promise<void> {
    this.#noMicrophone.value = await this.microphone.open(device);
    void this.devices.look();
  }

  #connect(): void {
    const { consult, session } = this.consult.grant;
    this.#connection = new MediaLine(`/api/v1/consults/${consult}/voice`, session, {
      offer: () => {
        // Whoever was heard over the connection before comes anew with this one, on other seats perhaps.
        this.#speaker.close();
        return offerVoice(this.#full.peek() ? null : this.microphone.track.peek());
      },
      onTrack: ({ track, transceiver }) => this.#speaker.play(transceiver.mid ?? track.id, track),
      isFinal: (code) => this.#hasNoPlace(code),
      onState: (state) => this.#lineChanged(state),
    });
  }

  /** Six others speak. The relay says the same while an own connection of before is not gone yet: that one passes. */
  #hasNoPlace(code: ProblemCode): boolean {
    const others = [...this.consult.voices.peek().keys()].filter((one) => one !== this.consult.grant.session);
    return code === "tooMany" && !this.#full.peek() && others.length >= MAX_VOICES;
  }

  #lineChanged(state: LineState): void {
    this.#line.value = state;
    if (state.state === "connected") this.state.value = "on";
    if (state.state === "refused" && state.code === "tooMany") {
      // Who finds no place to speak still hears the others.
      this.#full.value = true;
      this.#connection?.restart();
    }
  }

  #hangUp(): void {
    this.#connection?.close();
    this.#connection = null;
    this.#line.value = null;
    this.#full.value = this.#silent.value = false;
    this.#speaker.close();
    this.level.value = 0;
    this.heard.value = 0;
  }

  /** The new microphone takes the place of the old one; a connection that had none is made anew. */
  async #useMicrophone(): Promise<void> {
    const track = this.microphone.track.peek();
    if (track === null || this.#connection === null || this.#full.peek()) return;
    const sender = this.#connection.peer
      ?.getTransceivers()
      .find(({ direction }) => direction === "sendonly")?.sender;
    if (sender === undefined) this.#connection.restart();
    else await sender.replaceTrack(track);
  }

  /** The link to the relay is back after a loss: the voice is back with it, and not after a wait of its own. */
  #followLink(): () => void {
    let lost = false;
    return effect(() => {
      const { state } = this.consult.link.value;
      if (state === "lost") lost = true;
      if (state !== "open" || !lost) return;
      lost = false;
      if (this.#line.peek()?.state !== "connected") this.#connection?.restart();
      else if (this.#connection?.peer?.connectionState !== "connected") this.#connection?.hurry();
    });
  }

  /** The consent under which voices are recorded, which the sign beside this shows. */
  #recordedUnder(): ConsentId | null {
    return this.consult.replica.value.state.voiceRecording.consent?.consent ?? null;
  }

  /** The own voice is on a connection that stands. */
  #sends(): boolean {
    const connected = this.#line.value?.state === "connected";
    return this.microphone.track.value !== null && connected && !this.#full.value;
  }

  #trouble(): TalkTrouble | null {
    if (this.state.value === "off") return null;
    if (this.microphone.track.value !== null && this.microphone.taken.value) return "taken";
    if (this.#speaker.silenced.value) return "silenced";
    const line = this.#line.value;
    if (line?.state === "refused" || line?.state === "lost") return "lost";
    if (this.#full.value) return "full";
    const own = this.consult.voices.value.get(this.consult.grant.session);
    if (this.#sends() && own === "unheard") return "unheard";
    if (this.#silent.value) return "silent";
    return this.#noMicrophone.value;
  }

  /** What the relay hears of the voice that is sent here, as far as that can be judged. */
  #hearing(): Hearing {
    const live = this.#sends() && !this.muted.value && !this.microphone.taken.value;
    if (!live || this.consult.link.value.state !== "open") return "unknown";
    const own = this.consult.voices.value.get(this.consult.grant.session);
    // A relay that came anew knows of no voice: its session is gone.
    return own === undefined || own === "unheard" ? "unheard" : "heard";
  }

  async #look(): Promise<void> {
    const { own, others } = await readSound(this.#connection?.peer ?? null);
    const speaks = this.#sends() && !this.muted.peek();
    const now = performance.now();
    this.#silent.value = this.#sound.look(now, speaks ? own : null);
    this.level.value = this.muted.peek() || this.isStopped.peek() ? 0 : (own?.level ?? 0);
    this.heard.value = others;
    const remedy = this.#mending.look(now, this.#hearing());
    if (remedy === "restartIce") this.#connection?.hurry();
    if (remedy === "freshSession") this.#connection?.restart();
  }
}
