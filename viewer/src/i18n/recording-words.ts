// Words of the recording, which come with its strip: the first page does not carry them.
//
// Owns both languages of these words; Japanese is the source of keys.

const ja = {
  "recording.label": "記録",
  "recording.live": "記録中",
  "recording.stopped": "記録が止まっています(中継側の保存先)",
  "recording.gap": "欠け",
  "recording.gapMore": "{count}か所、{time}ぶん未着",
  "recording.filling": "補完中",
  "recording.fillingMore": "{percent}%、のこり{time}",
  "recording.filled": "補完ずみ",
  "recording.filledMore": "{count}か所、{time}",
  "recording.weak": "画質を補完中",
  "recording.whole": "記録はそろいました",
  "recording.minutes": "{minutes}分{seconds}秒",
  "recording.seconds": "{seconds}秒",
} as const;

const en: Readonly<Record<keyof typeof ja, string>> = {
  "recording.label": "Recording",
  "recording.live": "Recording",
  "recording.stopped": "Not being recorded (the relay's disk)",
  "recording.gap": "Gap",
  "recording.gapMore": "{count}: {time} missing",
  "recording.filling": "Filling",
  "recording.fillingMore": "{percent} %, {time} to come",
  "recording.filled": "Filled",
  "recording.filledMore": "{count}: {time}",
  "recording.weak": "Better picture arriving",
  "recording.whole": "The recording is complete",
  "recording.minutes": "{minutes} min {seconds} s",
  "recording.seconds": "{seconds} s",
};

export const RECORDING_WORDS = { ja, en } as const;
