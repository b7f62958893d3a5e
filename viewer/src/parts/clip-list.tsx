// The clips and stills of the consult, the newest first; loaded when it is first needed.
//
// Shows the desk's saving and opens the player. Invariant: every clip of the log is in the list, also one that is missing, with
// its reason.

import { useEffect, useRef, useState } from "preact/hooks";
import { Thumbs } from "../clip/thumbs";
import { tc } from "../i18n/clip-words";
import { clockTime } from "../i18n/i18n";
import type { ShownClip } from "../live/saving";
import type { ListProps } from "./clips-later";
import { SaveChoices } from "./save";
import { clipTitle, StageWords } from "./save-news";

export function ClipList({ desk, onClose }: ListProps) {
  const clips = desk.saving.clips.value;
  const [thumbs] = useState(() => new Thumbs(desk.grant.consult, desk.grant.session));
  useEffect(() => () => thumbs.close(), [thumbs]);
  // Whoever looks at clips will open one: the player is here by then. A failure is told when it is opened.
  useEffect(() => void import("./replay").catch(() => undefined), []);
  const list = (
    <>
      {clips.length === 0 && <p class="quiet">{tc("list.empty")}</p>}
      <ul class="clips">
        {clips.map((clip) => (
          <ClipRow
            key={clip.clip}
            clip={clip}
            thumbs={thumbs}
            isOpen={desk.saving.opened.value === clip.clip}
            onOpen={() => {
              desk.saving.opened.value = clip.clip;
            }}
          />
        ))}
      </ul>
    </>
  );
  if (onClose === undefined) {
    return (
      <section class="cliplist" aria-label={tc("list.title")} data-testid="clip-list">
        <h2>{tc("list.title")}</h2>
        {list}
      </section>
    );
  }
  return (
    <aside class="panel" aria-label={tc("list.title")} data-testid="clip-list">
      <header class="panel__head">
        <h2>{tc("list.title")}</h2>
        <button type="button" class="button button--quiet" onClick={onClose}>
          {tc("list.close")}
        </button>
      </header>
      <SaveChoices desk={desk} />
      {list}
    </aside>
  );
}

type RowProps = {
  readonly clip: ShownClip;
  readonly thumbs: Thumbs;
  readonly isOpen: boolean;
  readonly onOpen: () => void;
};

function ClipRow({ clip, thumbs, isOpen, onOpen }: RowProps) {
  const title = clipTitle(clip);
  const canOpen = clip.head !== null;
  const by = tc("list.by", { name: authorWords(clip), time: clockTime(clip.head?.takenAt ?? clip.at, true) });
  return (
    <li class="clips__clip" data-open={isOpen} data-clip={clip.clip} data-testid="clip">
      <button
        type="button"
        class="clips__open"
        aria-label={`${tc(isOpen ? "list.opened" : "list.open")}: ${title} ${by}`}
        aria-pressed={isOpen}
        disabled={!canOpen}
        onClick={onOpen}
      >
        <Thumb clip={clip} thumbs={thumbs} />
        <span class="clips__words">
          <strong>{title}</strong>
          <span class="quiet">{by}</span>
        </span>
      </button>
      <p class="clips__stage">
        <StageWords clip={clip} />
        {!canOpen && clip.stage.stage !== "missing" && <span class="quiet"> {tc("list.noFrames")}</span>}
      </p>
      {clip.stage.stage === "arriving" && (
        <progress class="clips__progress" max={1} value={clip.arrived} aria-label={title} />
      )}
    </li>
  );
}

/** Asked for when all of the clip is here: before, a part of it may hold no frame yet. The button around it says what it is. */
function Thumb({ clip, thumbs }: { clip: ShownClip; thumbs: Thumbs }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [drawn, setDrawn] = useState(false);
  const isHere = clip.head !== null && clip.stage.stage === "kept";
  useEffect(() => {
    if (drawn || !isHere) return;
    void thumbs.of(clip.clip).then((small) => {
      const glass = canvas.current;
      if (small === null || glass === null) return;
      glass.width = small.width;
      glass.height = small.height;
      glass.getContext("2d")?.drawImage(small, 0, 0);
      setDrawn(true);
    });
  }, [drawn, isHere]);
  return <canvas ref={canvas} class="clips__thumb" width={4} height={3} />;
}

function authorWords({ author }: ShownClip): string {
  if (author.type === "person") return author.name;
  return author.type === "device" ? `${tc("list.device")} ${author.name}` : tc("list.someone");
}
