// The player of a case's clip: the picture with what was drawn on it, at the speed of the heart, and all frames as a sheet.
//
// Owns which frame is shown, and which ones a person had before their eyes. Frames, marks and times come from the relay as they stand
// in the files that leave; nothing here changes them, but for what a person blanks. Invariants: a frame is shown when the file says so
// and never by time × rate, in a draft none is left out; no frame counts as seen without what was drawn on it.

import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { FrameTable } from "../clip/table";
import { tc, tl } from "../i18n/case";
import type { CaseDesk } from "../net/cases";
import type { CaseAbout, CaseClip, CaseDrawn, CaseMade, CaseRectangle } from "../wire/case";
import { useFrames } from "./case-frames";
import { CaseLogLines, useLog } from "./case-log";
import { CaseLines, CaseNumbers } from "./case-marks";
import { CaseRange } from "./case-range";
import { FramesSeen, LOOK_MS } from "./case-seen";
import { CaseSheet } from "./case-sheet";

/** Frames that are asked for before they are shown. */
const AHEAD = 24;
/** So far from the screen a clip is near, and its frames stay. */
const NEAR: IntersectionObserverInit = { rootMargin: "100% 0px" };
/** So much of the large picture is on the screen when it is looked at. */
const LOOKED_AT: IntersectionObserverInit = { threshold: 0.5 };
const NOTHING_DRAWN: CaseDrawn = { lines: [], numbers: [] };

type Props = {
  readonly desk: CaseDesk;
  readonly clip: CaseClip;
  readonly made: CaseMade;
  readonly isDraft: boolean;
  readonly doing: (work: Promise<CaseAbout>) => Promise<void>;
  /** How many frames nobody saw yet; null while what was drawn on them or the log is not here. */
  readonly onLeft: (left: number | null) => void;
};

export function CasePlayer({ desk, clip, made, isDraft, doing, onLeft }: Props) {
  const { number } = clip;
  const whole = useRef<HTMLDivElement>(null);
  const picture = useRef<HTMLDivElement>(null);
  const near = useIsThere(whole, NEAR);
  const isLookedAt = useIsThere(picture, LOOKED_AT);
  const frames = useFrames(desk, number, near);
  const [at, setAt] = useState(0);
  const [painted, setPainted] = useState(-1);
  const [runs, setRuns] = useState(false);
  const [draws, setDraws] = useState(false);
  const [hides, setHides] = useState(false);
  const [sheet, setSheet] = useState<SheetNews>({ near: [], standing: [] });
  const { drawn, failed, again } = useDrawn(desk, number, made);
  const said = useLog(desk, number, made);
  const seen = useMemo(() => new FramesSeen(made.frames), [made.frames]);
  const shown = useRef({ at, painted });
  shown.current = { at, painted };
  usePlaying(desk, number, { runs, isWhole: isDraft }, shown, setAt);
  useEffect(() => {
    if (!near) return;
    const ahead = Math.min(AHEAD, made.frames);
    const next = Array.from({ length: ahead }, (_, step) => (at + step) % made.frames);
    frames.want([...new Set([...next, ...sheet.near])]);
  }, [frames, near, at, sheet]);
  const url = frames.url(at);
  const standing = sheet.standing.filter((index) => frames.url(index) !== null).join(" ");
  useEffect(() => {
    if (drawn === null || !said.isHere) return onLeft(null);
    const isBare = hides && drawn.lines.some(({ frame }) => frame === at);
    if (painted === at && !isBare && isLookedAt) seen.shows(at);
    seen.stand(standing === "" ? [] : standing.split(" ").map(Number), performance.now());
    onLeft(seen.left);
    const look = () => {
      if (seen.passes(performance.now())) onLeft(seen.left);
    };
    const timer = setTimeout(look, LOOK_MS);
    return () => clearTimeout(timer);
  }, [drawn, said.isHere, hides, at, painted, isLookedAt, standing]);
  const goes = (index: number) => {
    setRuns(false);
    setAt(index);
  };
  // On a phone the log is far below the picture.
  const goesAndShows = (index: number) => {
    goes(index);
    picture.current?.scrollIntoView({ block: "nearest" });
  };
  const blanks = (one: CaseRectangle) => {
    setDraws(false);
    void doing(desk.covers(number, { keep: clip.cover.keep, blank: [...clip.cover.blank, one] }));
  };
  const hasDrawn = drawn !== null && drawn.lines.length + drawn.numbers.length > 0;
  // The lines of a frame stand over no other one.
  const lines = drawn !== null && !hides && painted === at && (
    <CaseLines made={made} lines={drawn.lines} frame={at} />
  );
  return (
    <div ref={whole}>
      <div ref={picture}>
        {draws ? (
          <CaseRange
            url={url}
            size={made}
            lead={tc("case.blankLead")}
            does={tc("case.blankIt")}
            chooses={blanks}
            leaves={() => setDraws(false)}
          >
            {lines}
          </CaseRange>
        ) : (
          <Picture url={url} made={made} paints={() => setPainted(at)}>
            {lines}
          </Picture>
        )}
      </div>
      {frames.failed && <Failed words={tc("case.framesFailed")} again={() => frames.retry()} />}
      {failed && <Failed words={tc("case.drawnFailed")} again={again} />}
      {said.failed && <Failed words={tl("case.logFailed")} again={said.again} />}
      <p class="case__actions">
        <button
          type="button"
          class="button"
          aria-pressed={runs}
          data-testid="case-play"
          onClick={() => setRuns(!runs)}
        >
          {tc(runs ? "case.pause" : "case.play")}
        </button>
        <input
          class="case__slider"
          type="range"
          min={0}
          max={made.frames - 1}
          value={at}
          aria-label={tc("case.slider")}
          onInput={({ currentTarget }) => goes(Number(currentTarget.value))}
        />
        <span class="case__number">{tc("case.frame", { frame: `${at + 1} / ${made.frames}` })}</span>
        {hasDrawn && (
          <button
            type="button"
            class="button"
            aria-pressed={!hides}
            data-testid="case-marks"
            onClick={() => setHides(!hides)}
          >
            {tc("case.marks")}
          </button>
        )}
        {isDraft && (
          <button
            type="button"
            class="button"
            aria-pressed={draws}
            data-testid="case-blank"
            onClick={() => {
              setRuns(false);
              setDraws(!draws);
            }}
          >
            {tc("case.blank")}
          </button>
        )}
        {isDraft && seen.left > 0 && (
          <button
            type="button"
            class="button"
            data-testid="case-unseen"
            onClick={() => goes(seen.next(at) ?? at)}
          >
            {tc("case.unseen")}
          </button>
        )}
        {isDraft && clip.cover.keep.length + clip.cover.blank.length > 0 && (
          <button
            type="button"
            class="button"
            onClick={() => void doing(desk.covers(number, { keep: [], blank: [] }))}
          >
            {tc("case.undraw")}
          </button>
        )}
      </p>
      {hasDrawn && !hides && <CaseNumbers drawn={drawn} at={at} goes={goes} />}
      {said.log !== null && <CaseLogLines log={said.log} at={at} isOpen={isDraft} goes={goesAndShows} />}
      <CaseSheet
        frames={frames}
        made={made}
        drawn={drawn}
        isOpen={isDraft}
        goes={goes}
        tells={(near, standing) => setSheet({ near, standing })}
      />
    </div>
  );
}

type SheetNews = { readonly near: readonly number[]; readonly standing: readonly number[] };

function Failed({ words, again }: { words: string; again: () => void }) {
  return (
    <p role="alert">
      {words}{" "}
      <button type="button" class="button" onClick={again}>
        {tc("case.again")}
      </button>
    </p>
  );
}

/** Whether a part is on the screen, or not far: frames of the tenth clip wait until somebody comes to it, and go when they leave. */
function useIsThere(part: { readonly current: HTMLElement | null }, how: IntersectionObserverInit): boolean {
  const [isThere, setIsThere] = useState(false);
  useEffect(() => {
    if (part.current === null) return;
    const watch = new IntersectionObserver((seen) => setIsThere(seen.at(-1)?.isIntersecting ?? false), how);
    watch.observe(part.current);
    return () => watch.disconnect();
  }, [part, how]);
  return isThere;
}

type Drawn = {
  /** Null while it is not known. */
  readonly drawn: CaseDrawn | null;
  readonly failed: boolean;
  readonly again: () => void;
};

/** What was drawn and measured. */
function useDrawn(desk: CaseDesk, number: number, made: CaseMade): Drawn {
  const hasAny = made.marks || made.measurements;
  const [drawn, setDrawn] = useState<CaseDrawn | null>(hasAny ? null : NOTHING_DRAWN);
  const [failed, setFailed] = useState(false);
  const [tries, setTries] = useState(1);
  useEffect(() => {
    if (!hasAny) return;
    const closing = new AbortController();
    const fails = () => {
      if (!closing.signal.aborted) setFailed(true);
    };
    desk.drawn(number, closing.signal).then(setDrawn, fails);
    return () => closing.abort();
  }, [desk, number, hasAny, tries]);
  const again = () => {
    setFailed(false);
    setTries(tries + 1);
  };
  return { drawn, failed, again };
}

type Playing = {
  readonly runs: boolean;
  /** No frame is left out, however slow the page is. */
  readonly isWhole: boolean;
};

/** Shows each frame when the file says so, from the one that stands there on, and from the first again after the last one. */
function usePlaying(
  desk: CaseDesk,
  number: number,
  { runs, isWhole }: Playing,
  shown: { readonly current: { readonly at: number; readonly painted: number } },
  setAt: (index: number) => void,
): void {
  const table = useRef<FrameTable | null>(null);
  useEffect(() => {
    if (!runs) return;
    const closing = new AbortController();
    let request = 0;
    const begin = (times: FrameTable) => {
      table.current = times;
      const fromAt = (index: number, now: number) => now - times.atUs(index) / 1_000;
      let from = fromAt(shown.current.at, performance.now());
      const step = (now: number) => {
        request = requestAnimationFrame(step);
        const { at, painted } = shown.current;
        // The clock waits for a picture that is late.
        if (painted !== at) {
          from = fromAt(at, now);
          return;
        }
        const due = times.frameAt(((now - from) * 1_000) % times.lengthUs);
        const next = (at + 1) % times.count;
        if (!isWhole || due === at || due === next) return setAt(due);
        from = fromAt(next, now);
        setAt(next);
      };
      request = requestAnimationFrame(step);
    };
    const held = table.current;
    if (held !== null) begin(held);
    else {
      const learn = async () => {
        const times = FrameTable.read(await desk.table(number, closing.signal));
        if (times !== null && !closing.signal.aborted) begin(times);
      };
      learn().catch(() => undefined);
    }
    return () => {
      closing.abort();
      cancelAnimationFrame(request);
    };
  }, [desk, number, runs, isWhole, setAt]);
}

type PictureProps = {
  readonly url: string | null;
  readonly made: CaseMade;
  /** The picture with this address is on the page. */
  readonly paints: () => void;
  readonly children: ComponentChildren;
};

function Picture({ url, made, paints, children }: PictureProps) {
  return (
    <div class="case__picture" style={{ aspectRatio: `${made.width} / ${made.height}` }}>
      {url !== null && (
        <img
          src={url}
          alt=""
          draggable={false}
          data-testid="case-picture"
          onLoad={({ currentTarget }) => {
            // One from before may be told late.
            if (currentTarget.src === url) paints();
          }}
        />
      )}
      {children}
    </div>
  );
}
