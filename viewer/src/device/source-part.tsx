// Chooses what is captured; the agent opens it without a restart.

import { useSignal } from "@preact/signals";
import type { DeviceSourceChoice, DeviceState } from "../wire/device";
import type { Desk } from "./desk";
import { say } from "./say";

export function SourcePart({ desk, state }: { desk: Desk; state: DeviceState }) {
  const written = useSignal("");
  return (
    <details
      class="part"
      onToggle={(event) => {
        if (event.currentTarget.open) void desk.findSources();
      }}
    >
      <summary class="part__head">{say("source")}</summary>
      <p>
        {say("source.now")}: <code class="sourcespec">{state.source.spec}</code>
      </p>
      <ul class="sources">
        {desk.sources.value.map((choice) => (
          <li key={`${choice.configured} ${choice.spec}`}>
            <button
              type="button"
              class="button sources__one"
              onClick={() => void desk.chooseSource(choice.configured ? null : choice.spec)}
            >
              <span>{nameOf(choice)}</span>
              <code class="sourcespec">{choice.spec}</code>
            </button>
          </li>
        ))}
      </ul>
      <form
        class="part__row"
        onSubmit={(event) => {
          event.preventDefault();
          if (written.value.trim() !== "") void desk.chooseSource(written.value.trim());
        }}
      >
        <label class="sources__other">
          {say("source.other")}
          <input
            class="field"
            type="text"
            autocomplete="off"
            spellcheck={false}
            placeholder="ffmpeg:/dev/video0"
            value={written.value}
            onInput={(event) => {
              written.value = event.currentTarget.value;
            }}
          />
        </label>
        <button type="submit" class="button">
          {say("source.open")}
        </button>
      </form>
      <p class="quiet">{say("source.after")}</p>
    </details>
  );
}

function nameOf({ configured, name, spec }: DeviceSourceChoice): string {
  if (configured) return say("source.configured");
  if (name !== "") return name;
  return spec.startsWith("test:") ? say("source.test") : spec;
}
