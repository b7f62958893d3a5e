// Says the words of the measuring panel; loaded with it.

import { dictionary } from "./i18n";
import { MEASURE_WORDS } from "./measure-words";

export const m = dictionary(MEASURE_WORDS);
