// Says the words of the connection check; loaded with it.

import { dictionary } from "./i18n";
import { WAYS_WORDS } from "./ways-words";

export const tw = dictionary(WAYS_WORDS);
