// Says the words of the link panel; loaded with it.

import { dictionary } from "./i18n";
import { LINK_WORDS } from "./link-words";

export const tl = dictionary(LINK_WORDS);
