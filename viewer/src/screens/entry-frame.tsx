// What stands around the entry and the connection check: the bar with the language, and one column.

import type { ComponentChildren } from "preact";
import { LanguageSwitch } from "../parts/language";

export function EntryFrame({ children }: { children: ComponentChildren }) {
  return (
    <div class="entrypage">
      <header class="bar">
        <span class="bar__home">Hibiki</span>
        <span class="bar__title" />
        <LanguageSwitch />
      </header>
      <main class="entry">{children}</main>
    </div>
  );
}
