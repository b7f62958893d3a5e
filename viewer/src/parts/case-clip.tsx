// A clip of a case: what could be made of it, its player, its words, its files, and the tick of whoever looked.
//
// Puts the parts together. A tick can be given only after every frame was before somebody's eyes, with what was drawn
// on it and how the consult went around it.

import { useState } from "preact/hooks";
import { tc, tl } from "../i18n/case";
import type { CaseDesk } from "../net/cases";
import type { CaseAbout, CaseClip, CaseMade } from "../wire/case";
import { CaseKeep } from "./case-keep";
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
  const [left, setLeft] = useState<number | null>(null);
  return (
    <section class="case__clip" aria-label={tc("case.clip", { number })} data-testid="case-clip">
      <h3>
        {tc("case.clip", { number })} {clip.view}
      </h3>
      {clip.fault !== null && <p role="alert">{tc(`case.fault.${clip.fault}`)}</p>}
      {clip.fault === "nothingKept" && isDraft && (
        <CaseKeep
          desk={desk}
          number={number}
          keeps={(keep) => void doing(desk.covers(number, { keep: [keep], blank: clip.cover.blank }))}
        />
      )}
      {made !== null && (
        <>
          <CasePlayer desk={desk} clip={clip} made={made} isDraft={isDraft} doing={doing} onLeft={setLeft} />
          <Words made={made} isOpen={isDraft} />
          <Look
            clip={clip}
            isDraft={isDraft}
            left={left}
            hasLog={made.log}
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
  /** How many frames nobody saw yet; null while what was drawn on them or the log is not here. */
  readonly left: number | null;
  readonly hasLog: boolean;
  readonly looks: () => void;
};

function Look({ clip, isDraft, left, hasLog, looks }: LookProps) {
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
            disabled={left !== 0}
            data-testid="case-look"
            onClick={looks}
          >
            {hasLog ? tl("case.lookLog") : tc("case.look")}
          </button>
          {left !== 0 && (
            <span class="quiet" data-testid="case-left">
              {left === null ? tc("case.lookDrawn") : tc("case.lookFirst", { count: left })}
            </span>
          )}
        </p>
      )}
    </>
  );
}

function Files({ desk, number, made }: { desk: CaseDesk; number: number; made: CaseMade }) {
  const button = (file: "file" | "marks" | "measurements" | "log", words: string) => (
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
      {made.log && button("log", tl("case.takeLog"))}
    </p>
  );
}
