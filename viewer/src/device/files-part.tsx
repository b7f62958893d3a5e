// Where a person puts files from a handheld: by a drop anywhere on the page, or by choosing them.

import { useState } from "preact/hooks";
import { Chooser } from "../parts/chooser";
import type { DeviceState } from "../wire/device";
import { MAX_PUT, type PutFile, type Puts } from "./files";
import { say } from "./say";

export function FilesPart({ puts, state }: { puts: Puts; state: DeviceState }) {
  const [over, setOver] = useState(false);
  // Whoever cannot save is told so where clips are saved.
  if (state.clips === null) return null;
  const { value: files } = puts.files;
  return (
    <section class="part part--open" aria-label={say("files")} data-testid="files" data-over={over}>
      <h2 class="part__name">{say("files")}</h2>
      <p>{say("files.how")}</p>
      <Chooser
        words={say("files.choose")}
        testid="files-input"
        onFiles={(files) => puts.add(files)}
        onOver={setOver}
      />
      {puts.tooMany.value && <p role="alert">{say("files.tooMany", { count: MAX_PUT })}</p>}
      {files.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it (axe scrollable-region-focusable)
        <div class="putfiles" role="log" aria-label={say("files.list")} tabIndex={0}>
          <ul>
            {files.map((one) => (
              <Line key={one.number} one={one} onAgain={() => puts.again(one.number)} />
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

const SHAPES = { queued: "○", sending: "◐", safe: "●", waits: "▲", atHospital: "●", refused: "■" } as const;

function Line({ one, onAgain }: { one: PutFile; onAgain: () => void }) {
  const { file, stage, sent, fault } = one;
  const words =
    stage === "refused"
      ? say("files.refused", { why: say(`fault.${fault ?? "internal"}`) })
      : say(`files.${stage}`);
  return (
    <li class="putfiles__file" data-stage={stage}>
      <strong class="putfiles__name">{file.name}</strong>
      <span>
        <span aria-hidden="true">{SHAPES[stage]}</span> {words}
      </span>
      {stage === "sending" && <progress max={file.size} value={sent} aria-label={file.name} />}
      {stage === "refused" && (
        <button type="button" class="button button--quiet" onClick={onAgain}>
          {say("files.again")}
        </button>
      )}
    </li>
  );
}
