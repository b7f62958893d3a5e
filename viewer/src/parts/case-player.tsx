// The player of a case's clip: the picture with what was drawn on it, at the speed of the heart, and all frames as a sheet.
//
// Owns which frame is shown. Frames, marks and times come from the relay as they stand in the files that leave; nothing here
// changes them, but for what a person blanks. Invariant: a frame is shown when the file says so and never by time × rate.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { FrameTable } from "../clip/table";
import { tc } from "../i18n/case";
import type { CaseDesk } from "../net/cases";
import type { CaseAbout, CaseClip, CaseDrawn, CaseMade, CaseRectangle } from "../wire/case";
import { type CaseFrames, useFrames } from "./case-frames";
import { CaseLines, CaseNumbers } from "./case-marks";

type Props = {
  readonly desk: CaseDesk;
  readonly clip: CaseClip;
  readonly made: CaseMade;
  readonly isDraft: boolean;
  readonly doing: (work: Promise<CaseAbout>) => Promise<void>;
  readonly onSeenAll: () => void;
};

export function CasePlayer({ desk, clip, made, isDraft, doing, onSeenAll }: Props) {
  const { number } = clip;
  const whole = useRef<HTMLDivElement>(null);
  const { urls, failed } = useFrames(desk, number, made.frames, useNear(whole));
  const [at, setAt] = useState(0);
  const [runs, setRuns] = useState(false);
  const [draws, setDraws] = useState(false);
  const [hides, setHides] = useState(false);
  const drawn = useDrawn(desk, number, made);
  const shown = useRef(at);
  shown.current = at;
  usePlaying(desk, number, runs, shown, setAt);
  const goes = (index: number) => {
    setRuns(false);
    setAt(index);
  };
  const blanks = (one: CaseRectangle) => {
    setDraws(false);
    void doing(desk.covers(number, { keep: clip.cover.keep, blank: [...clip.cover.blank, one] }));
  };
  const hasDrawn = drawn !== null && drawn.lines.length + drawn.numbers.length > 0;
  return (
    <div ref={whole}>
      <Picture url={urls[at] ?? null} made={made} draws={draws} drawn={blanks}>
        {drawn !== null && !hides && <CaseLines made={made} lines={drawn.lines} frame={at} />}
      </Picture>
      {failed && <p role="alert">{tc("case.framesFailed")}</p>}
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
          <button type="button" class="button" aria-pressed={draws} onClick={() => setDraws(!draws)}>
            {tc("case.blank")}
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
      {draws && <p class="quiet">{tc("case.blankLead")}</p>}
      {hasDrawn && !hides && <CaseNumbers drawn={drawn} at={at} goes={goes} />}
      <Sheet
        frames={{ urls, failed }}
        made={made}
        drawn={drawn}
        isOpen={isDraft}
        goes={goes}
        onSeenAll={onSeenAll}
      />
    </div>
  );
}

/** Whether a part is on the screen or was: frames of the tenth clip wait until somebody comes to it. */
function useNear(part: { readonly current: HTMLElement | null }): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    if (part.current === null) return;
    const watch = new IntersectionObserver((seen) => {
      if (seen.some(({ isIntersecting }) => isIntersecting)) setNear(true);
    });
    watch.observe(part.current);
    return () => watch.disconnect();
  }, [part]);
  return near;
}

/** What was drawn and measured; nothing while it is not known. */
function useDrawn(desk: CaseDesk, number: number, made: CaseMade): CaseDrawn | null {
  const [drawn, setDrawn] = useState<CaseDrawn | null>(null);
  const hasAny = made.marks || made.measurements;
  useEffect(() => {
    if (!hasAny) return;
    const closing = new AbortController();
    // Without them the clip is still worth looking at; its words and files say that there are some.
    desk.drawn(number, closing.signal).then(setDrawn, () => undefined);
    return () => closing.abort();
  }, [desk, number, hasAny]);
  return drawn;
}

/** Shows each frame when the file says so, from the one that stands there on, and from the first again after the last one. */
function usePlaying(
  desk: CaseDesk,
  number: number,
  runs: boolean,
  shown: { readonly current: number },
  setAt: (index: number) => void,
): void {
  const table = useRef<FrameTable | null>(null);
  useEffect(() => {
    if (!runs) return;
    const closing = new AbortController();
    let request = 0;
    const begin = (times: FrameTable) => {
      table.current = times;
      const from = performance.now() - times.atUs(shown.current) / 1_000;
      const step = (now: number) => {
        setAt(times.frameAt(((now - from) * 1_000) % times.lengthUs));
        request = requestAnimationFrame(step);
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
  }, [desk, number, runs, setAt]);
}

type SheetProps = {
  readonly frames: CaseFrames;
  readonly made: CaseMade;
  readonly drawn: CaseDrawn | null;
  readonly isOpen: boolean;
  readonly goes: (index: number) => void;
  readonly onSeenAll: () => void;
};

/** All frames beside each other. */
function Sheet({ frames: { urls }, made, drawn, isOpen, goes, onSeenAll }: SheetProps) {
  const last = useRef<HTMLLIElement>(null);
  const isHere = urls.every((url) => url !== null);
  useEffect(() => {
    const place = last.current;
    if (place === null || !isHere) return;
    const watch = new IntersectionObserver((seen) => {
      if (seen.some(({ isIntersecting }) => isIntersecting)) onSeenAll();
    });
    watch.observe(place);
    return () => watch.disconnect();
  }, [isHere]);
  const marked = new Set(drawn?.lines.map(({ frame }) => frame as number));
  return (
    <details open={isOpen}>
      <summary>{tc("case.frames")}</summary>
      <ol class="case__sheet">
        {urls.map((url, index) => (
          <li key={index} ref={index === urls.length - 1 ? last : null} data-marked={marked.has(index)}>
            <button
              type="button"
              aria-label={tc("case.frame", { frame: index + 1 })}
              onClick={() => goes(index)}
            >
              {url !== null && <img src={url} alt="" width={made.width} height={made.height} />}
            </button>
          </li>
        ))}
      </ol>
    </details>
  );
}

type PictureProps = {
  readonly url: string | null;
  readonly made: CaseMade;
  readonly draws: boolean;
  readonly drawn: (one: CaseRectangle) => void;
  readonly children: ComponentChildren;
};

function Picture({ url, made, draws, drawn, children }: PictureProps) {
  const from = useRef<readonly [number, number] | null>(null);
  const place = ({ currentTarget, clientX, clientY }: PointerEvent): readonly [number, number] => {
    const box = (currentTarget as HTMLElement).getBoundingClientRect();
    const pixel = (at: number, size: number, count: number) =>
      Math.min(Math.max(Math.floor((at / size) * count), 0), count - 1);
    return [
      pixel(clientX - box.left, box.width, made.width),
      pixel(clientY - box.top, box.height, made.height),
    ];
  };
  return (
    <div
      class="case__picture"
      data-draws={draws}
      style={{ aspectRatio: `${made.width} / ${made.height}` }}
      onPointerDown={(event) => {
        if (draws) from.current = place(event);
      }}
      onPointerUp={(event) => {
        const began = from.current;
        from.current = null;
        if (!draws || began === null) return;
        const [x, y] = place(event);
        const [left, right] = [Math.min(began[0], x), Math.max(began[0], x)];
        const [top, bottom] = [Math.min(began[1], y), Math.max(began[1], y)];
        drawn({ left, top, right, bottom });
      }}
    >
      {url !== null && <img src={url} alt="" draggable={false} data-testid="case-picture" />}
      {children}
    </div>
  );
}
