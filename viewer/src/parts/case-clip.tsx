// A clip of a case: it plays, all its frames lie beside each other, its words are listed, and somebody ticks it.
//
// Owns the frames of one clip as object URLs, and lets them go. A tick can be given only after the last frame was on the screen.

import { useEffect, useRef, useState } from "preact/hooks";
import { tc } from "../i18n/case";
import type { CaseDesk } from "../net/cases";
import type { CaseAbout, CaseClip, CaseMade, CaseRectangle } from "../wire/case";

/** Frames that are asked for at the same time. */
const AT_ONCE = 4;
/** The sheet is for looking, not for timing. */
const STEP_MS = 50;
type File = "file" | "marks" | "measurements";

type Props = {
  readonly desk: CaseDesk;
  readonly clip: CaseClip;
  readonly isDraft: boolean;
  readonly leaves: boolean;
  readonly doing: (work: Promise<CaseAbout>) => Promise<void>;
};

export function CaseClipPart({ desk, clip, isDraft, leaves, doing }: Props) {
  const { made, number } = clip;
  return (
    <section class="case__clip" aria-label={tc("case.clip", { number })} data-testid="case-clip">
      <h3>
        {tc("case.clip", { number })} {clip.view}
      </h3>
      {clip.fault !== null && <p role="alert">{tc(`case.fault.${clip.fault}`)}</p>}
      {clip.fault === "nothingKept" && isDraft && (
        <Keep keeps={(keep) => void doing(desk.covers(number, { keep: [keep], blank: clip.cover.blank }))} />
      )}
      {made !== null && <Frames desk={desk} clip={clip} made={made} isDraft={isDraft} doing={doing} />}
      {made !== null && leaves && <Files desk={desk} number={number} made={made} />}
    </section>
  );
}

function Frames({ desk, clip, made, isDraft, doing }: Omit<Props, "leaves"> & { readonly made: CaseMade }) {
  const { number } = clip;
  const frames = useFrames(desk, number, made.frames);
  const [at, setAt] = useState(0);
  const [runs, setRuns] = useState(false);
  const [seenAll, setSeenAll] = useState(false);
  const [draws, setDraws] = useState(false);
  const last = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (!runs) return;
    const timer = setInterval(() => setAt((index) => (index + 1) % made.frames), STEP_MS);
    return () => clearInterval(timer);
  }, [runs, made.frames]);
  const isHere = frames.length === made.frames && frames.every((frame) => frame !== null);
  useEffect(() => {
    const place = last.current;
    if (place === null || !isHere) return;
    const watch = new IntersectionObserver((seen) => {
      if (seen.some(({ isIntersecting }) => isIntersecting)) setSeenAll(true);
    });
    watch.observe(place);
    return () => watch.disconnect();
  }, [isHere]);
  const blanks = (one: CaseRectangle) => {
    setDraws(false);
    void doing(desk.covers(number, { keep: clip.cover.keep, blank: [...clip.cover.blank, one] }));
  };
  const drawn = clip.cover.keep.length + clip.cover.blank.length;
  return (
    <>
      <Picture url={frames[at] ?? null} made={made} draws={draws} drawn={blanks} />
      <p class="case__actions">
        <button type="button" class="button" onClick={() => setRuns(!runs)}>
          {tc(runs ? "case.pause" : "case.play")}
        </button>
        <span>{tc("case.frame", { frame: `${at + 1} / ${made.frames}` })}</span>
        {isDraft && (
          <button type="button" class="button" aria-pressed={draws} onClick={() => setDraws(!draws)}>
            {tc("case.blank")}
          </button>
        )}
        {isDraft && drawn > 0 && (
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
      <h4>{tc("case.frames")}</h4>
      <ol class="case__sheet">
        {frames.map((url, index) => (
          <li key={index} ref={index === made.frames - 1 ? last : null}>
            <button
              type="button"
              aria-label={tc("case.frame", { frame: index + 1 })}
              onClick={() => setAt(index)}
            >
              {url !== null && <img src={url} alt="" width={made.width} height={made.height} />}
            </button>
          </li>
        ))}
      </ol>
      <details open>
        <summary>{tc("case.remaining")}</summary>
        <ul class="case__words" data-testid="case-words">
          {made.words.map(({ name, words }) => (
            <li key={`${name} ${words}`}>
              <span class="quiet">{name}</span> {words}
            </li>
          ))}
        </ul>
      </details>
      <p>
        {clip.looks.length === 0
          ? tc("case.unlooked")
          : clip.looks.map(({ name }) => tc("case.looked", { name })).join(" · ")}
      </p>
      {isDraft && clip.looks.length === 0 && (
        <p class="case__actions">
          <button
            type="button"
            class="button button--primary"
            disabled={!seenAll}
            data-testid="case-look"
            onClick={() => void doing(desk.looks(number, made.digest))}
          >
            {tc("case.look")}
          </button>
          {!seenAll && <span class="quiet">{tc("case.lookFirst")}</span>}
        </p>
      )}
    </>
  );
}

/** Object URLs of all frames, in order; none where one is still on its way. */
function useFrames(desk: CaseDesk, number: number, count: number): readonly (string | null)[] {
  const [urls, setUrls] = useState<readonly (string | null)[]>(() => Array<null>(count).fill(null));
  useEffect(() => {
    const closing = new AbortController();
    const made: string[] = [];
    let next = 0;
    const take = async () => {
      while (next < count && !closing.signal.aborted) {
        const index = next;
        next += 1;
        const url = URL.createObjectURL(await desk.frame(number, index, closing.signal));
        made.push(url);
        setUrls((held) => held.map((one, place) => (place === index ? url : one)));
      }
    };
    for (let lane = 0; lane < AT_ONCE; lane += 1) take().catch(() => closing.abort());
    return () => {
      closing.abort();
      for (const url of made) URL.revokeObjectURL(url);
    };
  }, [desk, number, count]);
  return urls;
}

type PictureProps = {
  readonly url: string | null;
  readonly made: CaseMade;
  readonly draws: boolean;
  readonly drawn: (one: CaseRectangle) => void;
};

function Picture({ url, made, draws, drawn }: PictureProps) {
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
    </div>
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
  const take = async (file: File) => {
    const url = URL.createObjectURL(await desk.file(number, file));
    const link = document.createElement("a");
    link.href = url;
    link.download = `case-${number}-${file}.dcm`;
    link.click();
    URL.revokeObjectURL(url);
  };
  const button = (file: File, words: string) => (
    <button type="button" class="button" onClick={() => void take(file)} data-testid={`case-take-${file}`}>
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
