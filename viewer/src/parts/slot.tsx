// One fixed place for what comes and goes: the recording of voice, troubles of voice and link, notices, the loop before a frozen frame,
// a label being written, the selected mark.
//
// Its place is reserved by the layout, so that the picture never moves under the pen. Invariant: never over the picture.

import type { Desk } from "../live/desk";
import { Banners } from "./banners";
import { BeatCard } from "./beat-card";
import { LabelEntry } from "./label-entry";
import { MarkCard } from "./mark-card";
import { SaveNews } from "./save-news";
import { voiceNews } from "./voice-news";

export function Slot({ desk }: { desk: Desk }) {
  const VoiceNews = voiceNews.value;
  return (
    <div class="slot">
      {VoiceNews !== null && <VoiceNews />}
      <Banners desk={desk} />
      <BeatCard desk={desk} />
      <SaveNews desk={desk} />
      <LabelEntry desk={desk} />
      <MarkCard desk={desk} />
    </div>
  );
}
