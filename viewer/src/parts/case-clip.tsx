// A clip of a case: what could be made of it, its player, its words, its files, and the tick of whoever looked.
//
// Puts the parts together. A tick can be given only after the last frame was on the screen.

import { useState } from "preact/hooks";
import { tc } from "../i18n/case";
import type { CaseDesk } from "../net/cases";
import type { CaseAbout, CaseClip, CaseMade, CaseRectangle } from "../wire/case";
import { CasePlayer } from "./case-player";

type Props = {
  readonly desk: CaseDesk;
  readonly clip: CaseClip;
  readonly isDraft: boolean;
  readonly leaves: boolean;
  readonly doing: (work: Promise<CaseAbout>) => Promise<void>;
};

export function CaseClipPart({ desk, clip, isDraft, leaves, doing }: Props) {
  const { made, number } = clip;
  const [seenAll, setSeenAll] = useState(false);
  return (
    <section class="case__clip" aria-label={tc("case.clip", { number })} data-testid="case-clip">
      <h3>
        {tc("case.clip", { number })} {clip.view}
      </h3>
      {clip.fault !== null && <p role="alert">{tc(`case.fault.${clip.fault}`)}</p>}
      {clip.fault === "nothingKept" && isDraft && (
        <Keep keeps={(keep) => void doing(desk.covers(number, { keep: [keep], blank: clip.cover.blank }))} />
      )}
      {made !== null && (
        <>
          <CasePlayer
            desk={desk}
            clip={clip}
            made={made}
            isDraft={isDraft}
            doing={doing}
            onSeenAll={() => setSeenAll(true)}
          />
          <Words made={made} isOpen={isDraft} />
          <Look
            clip={clip}
            isDraft={isDraft}
            seenAll={seenAll}
            looks={() => void doing(desk.looks(number, made.digest))}
          />
          {leaves && <Files desk={desk} number={number} made={made} />}
        </>
      )}
    </section>
  );
}

function Words({ made, isOpen }: { made: CaseMade; isOpen: boolean }) {
  return (
    <details open={isOpen}>
      <summary>{tc("case.remaining")}</summary>
      <ul class="case__words" data-testid="case-words">
        {made.words.map(({ name, words }) => (
          <li key={`${name} ${words}`}>
            <span class="quiet">{name}</span> {words}
          </li>
        ))}
      </ul>
    </details>
  );
}

type LookProps = {
  readonly clip: CaseClip;
  readonly isDraft: boolean;
  readonly seenAll: boolean;
  readonly looks: () => void;
};

function Look({ clip, isDraft, seenAll, looks }: LookProps) {
  const isOpen = isDraft && clip.looks.length === 0;
  return (
    <>
      <p>
        {clip.looks.length === 0
          ? tc("case.unlooked")
          : clip.looks.map(({ name }) => tc("case.looked", { name })).join(" · ")}
      </p>
      {isOpen && (
        <p class="case__actions">
          <button
            type="button"
            class="button button--primary"
            disabled={!seenAll}
            data-testid="case-look"
            onClick={looks}
          >
            {tc("case.look")}
          </button>
          {!seenAll && <span class="quiet">{tc("case.lookFirst")}</span>}
        </p>
      )}
    </>
  );
}

function Keep({ keeps }: { keeps: (keep: CaseRectangle) => void }) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const typed = new FormData(event.currentTarget as HTMLFormElement);
    const side = (name: string) => Number(typed.get(name));
    keeps({ left: side("left"), top: side("top"), right: side("right"), bottom: side("bottom") });
  };
  return (
    <form class="cases__filters" onSubmit={submit}>
      <p class="quiet">{tc("case.keepLead")}</p>
      {(["left", "top", "right", "bottom"] as const).map((side) => (
        <label key={side}>
          {tc(`case.${side}`)}
          <input class="field" type="number" name={side} min={0} max={8191} required />
        </label>
      ))}
      <button type="submit" class="button">
        {tc("case.keep")}
      </button>
    </form>
  );
}

function Files({ desk, number, made }: { desk: CaseDesk; number: number; made: CaseMade }) {
  const button = (file: "file" | "marks" | "measurements", words: string) => (
    <button
      type="button"
      class="button button--quiet"
      onClick={() => desk.takes(number, file)}
      data-testid={`case-take-${file}`}
    >
      {words}
    </button>
  );
  return (
    <p class="case__actions">
      {button("file", tc("case.take"))}
      {made.marks && button("marks", tc("case.takeMarks"))}
      {made.measurements && button("measurements", tc("case.takeMeasurements"))}
    </p>
  );
}
