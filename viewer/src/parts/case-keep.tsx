// What stays of a clip of which nothing says where the heart is, such as a video: drawn on a picture of the clip itself.
//
// Owns that picture, which may show a name, and lets it go. The relay has it for as long as the case is a draft.

import { useEffect, useState } from "preact/hooks";
import { tc } from "../i18n/case";
import { t } from "../i18n/i18n";
import type { CaseDesk } from "../net/cases";
import type { CaseRectangle } from "../wire/case";
import { CaseRange, type PictureSize } from "./case-range";

type Props = {
  readonly desk: CaseDesk;
  readonly number: number;
  readonly keeps: (keep: CaseRectangle) => void;
};

export function CaseKeep({ desk, number, keeps }: Props) {
  const [url, setUrl] = useState<string | null>(null);
  const [size, setSize] = useState<PictureSize | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (failed) return;
    const closing = new AbortController();
    let made: string | null = null;
    desk.source(number, closing.signal).then(
      (picture) => {
        if (closing.signal.aborted) return;
        made = URL.createObjectURL(picture);
        setUrl(made);
      },
      () => {
        if (!closing.signal.aborted) setFailed(true);
      },
    );
    return () => {
      closing.abort();
      if (made !== null) URL.revokeObjectURL(made);
      setUrl(null);
      setSize(null);
    };
  }, [desk, number, failed]);
  if (failed) {
    return (
      <p role="alert">
        {tc("case.sourceFailed")}{" "}
        <button type="button" class="button" onClick={() => setFailed(false)}>
          {tc("case.again")}
        </button>
      </p>
    );
  }
  if (url === null) return <p role="status">{t("entry.loading")}</p>;
  if (size === null) {
    // Its size is known when it is here.
    return (
      <img
        src={url}
        alt=""
        hidden
        onLoad={({ currentTarget: { naturalWidth: width, naturalHeight: height } }) =>
          setSize({ width, height })
        }
        onError={() => setFailed(true)}
      />
    );
  }
  return (
    <CaseRange url={url} size={size} lead={tc("case.keepLead")} does={tc("case.keep")} chooses={keeps} />
  );
}
