// Says the words of the voice; loaded with its parts.

import { dictionary } from "./i18n";
import { VOICE_WORDS } from "./voice-words";

export const tv = dictionary(VOICE_WORDS);
