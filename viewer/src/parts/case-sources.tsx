// The clips of a consult that is over, to tick those that come into a case.
//
// Owns their pictures and lets them go. Which are ticked is the form's.

import { useEffect, useState } from "preact/hooks";
import { moment, tc } from "../i18n/case";
import { sourcePicture } from "../net/cases";
import type { ClipHead } from "../wire/clip";
import { MAX_CASE_CLIPS } from "../wire/constants";
import type { SessionGrant } from "../wire/http";
import type { ClipId, ConsultId } from "../wire/ids";
import { choiceTrouble } from "./case-choice";

type Props = {
  readonly grant: SessionGrant;
  readonly consult: ConsultId;
  readonly sources: readonly ClipHead[];
  readonly chosen: ReadonlySet<ClipId>;
  readonly chooses: (chosen: ReadonlySet<ClipId>) => void;
};

export function CaseSources({ grant, consult, sources, chosen, chooses }: Props) {
  const pictures = usePictures(grant, consult, sources);
  const trouble = choiceTrouble(chosen);
  const turns = (clip: ClipId) => {
    const next = new Set(chosen);
    if (!next.delete(clip)) next.add(clip);
    chooses(next);
  };
  return (
    <fieldset class="cases__sources" data-testid="case-sources">
      <legend>{tc("case.sources", { count: chosen.size, most: MAX_CASE_CLIPS })}</legend>
      <ul>
        {sources.map((head) => (
          <li key={head.clip}>
            <label>
              <input type="checkbox" checked={chosen.has(head.clip)} onChange={() => turns(head.clip)} />
              <span class="cases__thumb">
                {pictures.has(head.clip) && <img src={pictures.get(head.clip)} alt="" />}
              </span>
              <span>
                <strong>{head.view ?? tc("case.noView")}</strong>{" "}
                {tc(
                  head.frames === 1
                    ? "case.kindStill"
                    : head.coding === "video"
                      ? "case.kindVideo"
                      : "case.kindClip",
                )}
                <span class="quiet cases__more">
                  {moment(head.takenAt)}
                  {head.frames > 1 && ` · ${tc("case.frameCount", { count: head.frames })}`}
                </span>
              </span>
            </label>
          </li>
        ))}
      </ul>
      {trouble !== null && (
        <p role="status" data-testid="case-choice">
          {tc(`case.choice.${trouble}`, { most: MAX_CASE_CLIPS })}
        </p>
      )}
    </fieldset>
  );
}

/** One after another: a live consult needs the relay more. */
function usePictures(
  { session }: SessionGrant,
  consult: ConsultId,
  sources: readonly ClipHead[],
): ReadonlyMap<ClipId, string> {
  const [pictures, setPictures] = useState<ReadonlyMap<ClipId, string>>(new Map());
  useEffect(() => {
    const closing = new AbortController();
    const made: string[] = [];
    const take = async () => {
      for (const head of sources) {
        try {
          const picture = await sourcePicture(session, consult, head.clip, closing.signal);
          if (closing.signal.aborted) return;
          const url = URL.createObjectURL(picture);
          made.push(url);
          setPictures((held) => new Map(held).set(head.clip, url));
        } catch {
          // It is chosen by its words then.
          if (closing.signal.aborted) return;
        }
      }
    };
    void take();
    return () => {
      closing.abort();
      for (const url of made) URL.revokeObjectURL(url);
      setPictures(new Map());
    };
  }, [session, consult, sources]);
  return pictures;
}
