// A frozen frame that has no original because its source keeps none: supplied by the page that froze, shown where it was
// never painted.
//
// Owns both ways. Made by `desk.ts` once there is such a source: the first page does not carry it. Invariants: only the very
// frame is supplied, never a near one; what is shown from here is called a picture from the video, never an original.

import { effect } from "@preact/signals";
import { ApiProblem, ask } from "../net/http";
import { MAX_VIDEO_PICTURE_BYTES } from "../wire/constants";
import type { FreezeId } from "../wire/ids";
import type { VideoPicture } from "../wire/original";
import type { FreezeState } from "../wire/socket";
import type { Consult } from "./consult";
import type { LivePicture } from "./picture";

/** Between attempts, and how many there are: a freeze is over in a minute. */
const AGAIN_MS = 2_000;
const ATTEMPTS = 5;

/** Follows the freezes until the page goes. */
export function follow(consult: Consult, picture: LivePicture, gone: AbortSignal): void {
  if (!gone.aborted) new VideoPictures(consult, picture, gone);
}

class VideoPictures {
  #supplied: FreezeId | null = null;
  #brought: FreezeId | null = null;

  constructor(
    readonly consult: Consult,
    readonly picture: LivePicture,
    readonly gone: AbortSignal,
  ) {
    const stops = [
      effect(() => {
        const freeze = this.consult.replica.value.state.freeze;
        const exact = this.picture.still.value?.kind === "exact";
        if (freeze === null || !exact || freeze.freeze === this.#supplied || !this.#isOurs(freeze)) return;
        this.#supplied = freeze.freeze;
        void this.#supply(freeze.freeze);
      }),
      effect(() => {
        const freeze = this.consult.replica.value.state.freeze;
        const kind = this.picture.still.value?.kind;
        if (freeze?.fromVideo === undefined || freeze.freeze === this.#brought) return;
        if (kind === undefined || kind === "exact" || kind === "original") return;
        this.#brought = freeze.freeze;
        void this.#bring(freeze, freeze.fromVideo);
      }),
    ];
    gone.addEventListener("abort", () => {
      for (const stop of stops) stop();
    });
  }

  /** This page froze it, and nobody else can tell what the frame was. */
  #isOurs({ author, anchor, fromVideo }: FreezeState): boolean {
    const { streams } = this.consult.replica.peek().state;
    const keepsNone = streams.some(({ stream, stamped }) => stream === anchor.stream && !stamped);
    const ours = author.type === "person" && author.session === this.consult.grant.session;
    return ours && keepsNone && fromVideo === undefined;
  }

  async #supply(freeze: FreezeId): Promise<void> {
    const png = await this.#stillAsPng();
    if (png === null || png.size > MAX_VIDEO_PICTURE_BYTES) return;
    const { consult, session } = this.consult.grant;
    const path = `/api/v1/consults/${consult}/freezes/${freeze}/picture`;
    const body = { type: "image/png", text: png };
    await this.#again(() => ask(path, { method: "PUT", session, body, signal: this.gone }), freeze);
  }

  /** What stands still here; nothing when it is not the very frame. */
  async #stillAsPng(): Promise<Blob | null> {
    // It is told before it is drawn.
    await Promise.resolve();
    const { still, cover } = this.picture;
    if (still.peek()?.kind !== "exact" || cover.hidden) return null;
    return new Promise((resolve) => {
      cover.toBlob(resolve, "image/png");
    });
  }

  async #bring({ freeze, anchor }: FreezeState, { blob }: VideoPicture): Promise<void> {
    const { consult, session } = this.consult.grant;
    const path = `/api/v1/consults/${consult}/blobs/${blob}`;
    const answer = await this.#again(() => ask(path, { session, signal: this.gone }), freeze);
    const decoded = await answer
      ?.blob()
      .then((png) => createImageBitmap(png))
      .catch(() => null);
    if (decoded == null) return;
    this.picture.showFromVideo(anchor.rtpTime, decoded);
    decoded.close();
  }

  /** Tries as long as the relay is away and the freeze is in force; nothing when it said no. */
  async #again(attempt: () => Promise<Response>, freeze: FreezeId): Promise<Response | null> {
    for (let left = ATTEMPTS; left > 0; left -= 1) {
      try {
        return await attempt();
      } catch (cause) {
        if (!(cause instanceof ApiProblem) || cause.code !== "unreachable") return null;
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      if (this.gone.aborted || this.consult.replica.peek().state.freeze?.freeze !== freeze) break;
    }
    return null;
  }
}
