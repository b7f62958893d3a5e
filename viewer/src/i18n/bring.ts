// Says the words of bringing files; loaded with that part.

import { BRING_WORDS } from "./bring-words";
import { dictionary } from "./i18n";

export const tb = dictionary(BRING_WORDS);
