// The device page: the picture, the two large buttons, and what stands around them.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { choose, language } from "../i18n/language";
import type { DeviceState } from "../wire/device";
import { CheckPart } from "./check-part";
import { Controls } from "./controls";
import type { Desk } from "./desk";
import { FilesPart } from "./files-part";
import { HelpPart } from "./help";
import { listenToKeys } from "./keys";
import { over } from "./marks";
import { MarksPart } from "./marks-part";
import { MaskPart } from "./mask-part";
import { PictureFrame } from "./picture-frame";
import { say } from "./say";
import { EMPTY, type ScaleDraft } from "./scale";
import { ScalePart } from "./scale-part";
import { SourcePart } from "./source-part";
import { StatusPart } from "./status-part";
import { FaultLine, Troubles } from "./troubles";
import { UnsurePart } from "./unsure-part";
import { ViewPart } from "./view-part";
import { VisitPart } from "./visit-part";

export function DeviceScreen({ desk }: { desk: Desk }) {
  const { value: access } = desk.access;
  const { value: state } = desk.state;
  if (access === "locked") return <Message title={say("locked.title")} words={say("locked.words")} />;
  if (state === null) {
    return <Message title={say("title")} words={say(access === "away" ? "away.words" : "waiting")} />;
  }
  return <Inside desk={desk} state={state} />;
}

function Inside({ desk, state }: { desk: Desk; state: DeviceState }) {
  /** The areas can be drawn on the picture. */
  const covering = useSignal(false);
  const chosen = useSignal<number | null>(null);
  /** The ends of the depth scale can be set on the frozen picture. */
  const scaling = useSignal(false);
  const draft = useSignal<ScaleDraft>(EMPTY);
  const frozenOn = state.frozen?.rtpTime ?? null;
  // What was begun goes with its frame.
  useEffect(() => {
    draft.value = EMPTY;
  }, [draft, frozenOn]);
  useEffect(
    () => listenToKeys((act) => void (act === "save" ? desk.save() : desk.freezeOrRelease())),
    [desk],
  );
  const { value: held } = desk.marks.held;
  const seen = held === null ? [] : over(held, state, desk.shown.value);
  return (
    <div class="device">
      <header class="device__top">
        <h1>
          {say("name")} <span class="device__page">{say("title")}</span>
        </h1>
        <LanguageChoice />
      </header>
      <main class="device__main">
        <PictureFrame
          desk={desk}
          state={state}
          seen={seen}
          covering={covering.value}
          chosen={chosen}
          scaling={scaling.value && state.measuring}
          draft={draft}
        />
        <div class="device__side">
          {desk.access.value === "away" && (
            <p class="banner banner--alarm" role="alert">
              {say("away.words")}
            </p>
          )}
          <FaultLine desk={desk} />
          <Controls desk={desk} state={state} />
          <MarksPart desk={desk} state={state} seen={seen} />
          <Troubles state={state} />
          <VisitPart visits={desk.visits} state={state} />
          <UnsurePart desk={desk} state={state} />
          <FilesPart puts={desk.puts} state={state} />
          <ViewPart desk={desk} state={state} />
          <StatusPart state={state} />
          <CheckPart checks={desk.checks} />
          <MaskPart desk={desk} state={state} covering={covering} chosen={chosen} />
          {state.measuring && <ScalePart desk={desk} state={state} scaling={scaling} draft={draft} />}
          <SourcePart desk={desk} state={state} />
          <HelpPart />
        </div>
      </main>
    </div>
  );
}

function LanguageChoice() {
  const other = language.value === "ja" ? "en" : "ja";
  return (
    <button type="button" class="button button--quiet" lang={other} onClick={() => choose(other)}>
      {say(`language.${other}`)}
    </button>
  );
}

function Message({ title, words }: { title: string; words: string }) {
  return (
    <main class="device__message">
      <LanguageChoice />
      <h1>{title}</h1>
      <p role="status">{words}</p>
    </main>
  );
}
