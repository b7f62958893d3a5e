// Where a person puts files from a handheld: by a drop anywhere on the page, or by choosing them.

import { useEffect, useRef, useState } from "preact/hooks";
import { listenToDrops } from "../files/dropped";
import type { DeviceState } from "../wire/device";
import { MAX_PUT, type PutFile, type Puts } from "./files";
import { say } from "./say";

export function FilesPart({ puts, state }: { puts: Puts; state: DeviceState }) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const canSave = state.clips !== null;
  useEffect(
    () => (canSave ? listenToDrops((files) => puts.add(files), setOver) : undefined),
    [puts, canSave],
  );
  // Whoever cannot save is told so where clips are saved.
  if (!canSave) return null;
  const { value: files } = puts.files;
  return (
    <section class="part part--open" aria-label={say("files")} data-testid="files" data-over={over}>
      <h2 class="part__name">{say("files")}</h2>
      <p>{say("files.how")}</p>
      <button type="button" class="button" onClick={() => input.current?.click()}>
        {say("files.choose")}
      </button>
      <input
        ref={input}
        type="file"
        multiple={true}
        hidden={true}
        data-testid="files-input"
        onChange={({ currentTarget }) => {
          puts.add([...(currentTarget.files ?? [])]);
          // The same file can be chosen again.
          currentTarget.value = "";
        }}
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
