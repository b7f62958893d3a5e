// What is wrong with the voice, beside the button that mends it: shown by the slot, brought by the voice's part.

import { signal } from "@preact/signals";
import type { FunctionComponent } from "preact";

export const voiceTrouble = signal<FunctionComponent | null>(null);
