// Says the words of the recording; loaded with its strip.

import { dictionary } from "./i18n";
import { RECORDING_WORDS } from "./recording-words";

export const tr = dictionary(RECORDING_WORDS);
