// What the voice says in the slot: that it is recorded, and what is wrong with it beside the button that mends it. Brought by the
// voice's part.

import { signal } from "@preact/signals";
import type { FunctionComponent } from "preact";

export const voiceNews = signal<FunctionComponent | null>(null);
