// A button with a picture and words, as the controls of everything that is replayed have them.
//
// Invariant: its words are there for everybody, its key stands in its title, and what cannot be used stays in reach.

import { Icon, type IconName } from "./icon";

export type PressProps = {
  readonly icon: IconName;
  readonly words: string;
  readonly shortcut?: string;
  readonly pressed?: boolean;
  readonly off?: boolean;
  readonly wide?: boolean;
  readonly testId?: string;
  readonly onPress: () => void;
};

export function Press({
  icon,
  words,
  shortcut,
  pressed,
  off = false,
  wide = false,
  testId,
  onPress,
}: PressProps) {
  return (
    <button
      type="button"
      class={`tool${wide ? " tool--wide" : ""}`}
      aria-pressed={pressed}
      aria-disabled={off}
      aria-keyshortcuts={shortcut}
      title={shortcut === undefined ? words : `${words} (${shortcut})`}
      data-testid={testId}
      onClick={onPress}
    >
      <Icon name={icon} />
      <span class="tool__words">{words}</span>
    </button>
  );
}
