// Says the words of the help; loaded with it.

import { HELP_WORDS } from "./help-words";
import { dictionary } from "./i18n";

export const th = dictionary(HELP_WORDS);
