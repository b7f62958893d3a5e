// What happened in a consult, to go there: filtered by kind, person and words.
//
// Reads the story and jumps. Invariants: each line says what, who and when in words; lines that are left out are counted, and a
// press away. Commands to move the probe are in no log yet: they come with what gives them (DESIGN section 8).

import { useMemo, useState } from "preact/hooks";
import { tp } from "../i18n/consult-replay";
import { clockTime, t } from "../i18n/i18n";
import type { ConsultPlayer } from "../replay/player";
import { filtered, JUMP_KINDS, type Jump, type JumpKind } from "../replay/story";
import { MAX_SEARCH_CHARS } from "../wire/constants";
import { shapeWords } from "./mark-card";
import { viewWords } from "./save-news";

/** Lines that are put on the page at once, and with each press of the button below them. */
const PORTION_LINES = 400;

export function Jumps({ player, jumps }: { player: ConsultPlayer; jumps: readonly Jump[] }) {
  const [kinds, setKinds] = useState<ReadonlySet<JumpKind>>(new Set());
  const [name, setName] = useState("");
  const [words, setWords] = useState("");
  const [portions, setPortions] = useState(1);
  const names = useMemo(() => [...new Set(jumps.flatMap((jump) => jump.name ?? []))], [jumps]);
  const shown = filtered(jumps, { kinds, name, words }, (jump) => `${jumpWords(jump)} ${jump.name ?? ""}`);
  const ask = (change: () => void) => {
    setPortions(1);
    change();
  };
  const toggle = (kind: JumpKind) => {
    const others = new Set(kinds);
    if (!others.delete(kind)) others.add(kind);
    ask(() => setKinds(others));
  };
  return (
    <section class="past__jumps" aria-label={tp("past.jumps")}>
      <h2>{tp("past.jumps")}</h2>
      <fieldset class="past__kinds">
        <legend class="unseen">{tp("past.kinds")}</legend>
        {JUMP_KINDS.filter((kind) => jumps.some((jump) => jump.kind === kind)).map((kind) => (
          <button
            key={kind}
            type="button"
            class="button"
            aria-pressed={kinds.has(kind)}
            data-testid={`past-kind-${kind}`}
            onClick={() => toggle(kind)}
          >
            {tp(`past.kind.${kind}`)}
          </button>
        ))}
      </fieldset>
      <div class="past__filters">
        <label>
          {tp("past.jumpWords")}
          <input
            class="field"
            type="search"
            maxLength={MAX_SEARCH_CHARS}
            value={words}
            data-testid="past-jump-words"
            onInput={({ currentTarget }) => ask(() => setWords(currentTarget.value))}
          />
        </label>
        <label>
          {tp("past.jumpPerson")}
          <select
            class="field"
            value={name}
            onChange={({ currentTarget }) => ask(() => setName(currentTarget.value))}
          >
            <option value="">{tp("past.everyone")}</option>
            {names.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
      </div>
      <JumpLines player={player} jumps={shown} portions={portions} onMore={() => setPortions(portions + 1)} />
    </section>
  );
}

type LinesProps = {
  readonly player: ConsultPlayer;
  readonly jumps: readonly Jump[];
  /** How many portions of them stand on the page. */
  readonly portions: number;
  readonly onMore: () => void;
};

export function JumpLines({ player, jumps, portions, onMore }: LinesProps) {
  // The last thing that had happened by now.
  const done = player.moment.value?.entries ?? 0;
  const current = jumps.findLast((jump) => jump.index < done);
  const shown = jumps.slice(0, portions * PORTION_LINES);
  const left = jumps.length - shown.length;
  return (
    <>
      <p class="quiet" role="status" data-testid="past-jump-count">
        {countWords(jumps.length, shown.length)}
      </p>
      <ol class="past__lines" data-testid="past-jumps">
        {shown.map((jump) => (
          <li key={jump.index}>
            <button
              type="button"
              class="past__line"
              aria-current={jump === current ? "time" : undefined}
              data-event={jump.entry.event.type}
              onClick={() => player.jump(jump)}
            >
              <span class="past__when">{clockTime(jump.atUs, true)}</span>
              <span>{jumpWords(jump)}</span>
              <span class="quiet">{jump.name ?? ""}</span>
            </button>
          </li>
        ))}
      </ol>
      {left > 0 && (
        <button type="button" class="button" data-testid="past-jumps-more" onClick={onMore}>
          {tp("past.jumpsMore", { count: Math.min(left, PORTION_LINES) })}
        </button>
      )}
    </>
  );
}

function countWords(count: number, shown: number): string {
  if (count === 0) return tp("past.noJumps");
  return shown < count ? tp("past.jumpsShown", { count, shown }) : tp("past.jumpCount", { count });
}

function jumpWords({ entry: { event } }: Jump): string {
  switch (event.type) {
    case "marked":
      return tp("past.event.marked", { words: shapeWords(event.mark.shape) });
    case "pinned":
      return tp(event.pinned ? "past.event.pinned" : "past.event.unpinned");
    case "clipSaved":
      return tp("past.event.clipSaved", {
        words: event.head.view === undefined ? "" : viewWords(event.head.view),
      });
    case "linkSample":
      return tp("past.event.linkSample", { words: t(`badge.${event.seen.level}`) });
    case "frozen":
    case "stepped":
    case "released":
    case "withdrawn":
    case "streamStarted":
    case "streamStopped":
    case "streamGap":
    case "streamFilled":
    case "voiceConsented":
    case "voiceConsentEnded":
    case "voiceOn":
    case "voiceOff":
    case "joined":
    case "left":
      return tp(`past.event.${event.type}`);
    default:
      return "";
  }
}
