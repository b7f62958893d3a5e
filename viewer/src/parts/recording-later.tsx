// Where the recording's strip comes once something is recorded and the picture runs.
//
// Owns loading its code. Called by the bar and the bedside page.

import type { Desk } from "../live/desk";
import { useLater } from "./later";

const loadStrip = async () => (await import("./recording-strip")).RecordingStrip;

export function RecordingPlace({ desk }: { desk: Desk }) {
  const isRecorded = desk.consult.replica.value.state.recordings.length > 0;
  const isSettled = desk.picture.size.value !== null || desk.picture.whep.value.state === "noPicture";
  const later = useLater<{ desk: Desk }>(loadStrip, isRecorded && isSettled);
  const Strip = later.part;
  return Strip === null || !isRecorded ? null : <Strip desk={desk} />;
}
