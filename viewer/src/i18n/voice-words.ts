// Words of the voice, which come with its parts: the first page does not carry them.
//
// Owns both languages of these words; Japanese is the source of keys.

const ja = {
  "talk.join": "音声をつなぐ",
  "talk.joining": "音声をつないでいます…",
  "talk.leave": "音声を切る",
  "talk.mute": "マイクを切る",
  "talk.unmute": "マイクを入れる",
  "talk.muted": "マイク切",
  "talk.on": "マイク入",
  "talk.stopped": "マイク停止",
  "talk.listening": "聞くだけ",
  "talk.hold": "押している間だけ話す",
  "talk.holdNow": "押して話す",
  "talk.settings": "音声の設定",
  "talk.close": "閉じる",
  "talk.device": "マイク",
  "talk.usual": "標準のマイク",
  "talk.loudspeaker": "スピーカー",
  "talk.usualLoudspeaker": "標準のスピーカー",
  "talk.level": "マイクの音量",
  "talk.key": "T キーでマイクの入切。「押している間だけ話す」のときは、押している間だけ入ります。",
  "talk.restore": "音声を戻す",
  "talk.phoneLink": "{phone} に電話する",
  "talk.observer": "見学者は聞くだけです。",
  "talk.pictureGoesOn": "映像はそのまま続きます。",
  "talk.trouble.taken": "この端末がマイクを止めました(着信や省電力など)。",
  "talk.trouble.silenced": "この端末で相手の声が鳴っていません。",
  "talk.trouble.unheard": "自分の声が相手に届いていません。",
  "talk.trouble.lost": "音声が切れました。つなぎ直しています。",
  "talk.trouble.denied":
    "マイクの使用が許可されていません。ブラウザの設定で許可してください。今は聞くだけです。",
  "talk.trouble.none": "マイクが見つかりません。今は聞くだけです。",
  "talk.trouble.busy": "マイクをほかのアプリが使っています。今は聞くだけです。",
  "talk.trouble.full": "6人が音声をつないでいるため、今は聞くだけです。",
  "talk.trouble.silent":
    "マイクから音が入っていません。ヘッドセットのスイッチとマイクの選択を確かめてください。",
} as const;

const en: Readonly<Record<keyof typeof ja, string>> = {
  "talk.join": "Connect voice",
  "talk.joining": "Connecting the voice…",
  "talk.leave": "Disconnect voice",
  "talk.mute": "Mute",
  "talk.unmute": "Unmute",
  "talk.muted": "Muted",
  "talk.on": "Mic on",
  "talk.stopped": "Mic stopped",
  "talk.listening": "Listening",
  "talk.hold": "Speak only while held",
  "talk.holdNow": "Hold to speak",
  "talk.settings": "Voice settings",
  "talk.close": "Close",
  "talk.device": "Microphone",
  "talk.usual": "Usual microphone",
  "talk.loudspeaker": "Loudspeaker",
  "talk.usualLoudspeaker": "Usual loudspeaker",
  "talk.level": "Loudness of the microphone",
  "talk.key": "T switches the microphone. With “speak only while held” it is on while T is held.",
  "talk.restore": "Bring the voice back",
  "talk.phoneLink": "Telephone {phone}",
  "talk.observer": "An observer only listens.",
  "talk.pictureGoesOn": "The picture goes on.",
  "talk.trouble.taken": "This device took the microphone away (an incoming phone, power saving).",
  "talk.trouble.silenced": "This device does not play the others' voices.",
  "talk.trouble.unheard": "The others cannot hear you.",
  "talk.trouble.lost": "The voice connection broke. It is being made again.",
  "talk.trouble.denied":
    "The microphone is not allowed. Allow it in the browser's settings. You only listen now.",
  "talk.trouble.none": "No microphone was found. You only listen now.",
  "talk.trouble.busy": "Another app uses the microphone. You only listen now.",
  "talk.trouble.full": "Six voices are connected already. You only listen now.",
  "talk.trouble.silent":
    "No sound comes from the microphone. Check the switch of the headset and which microphone is chosen.",
};

export const VOICE_WORDS = { ja, en } as const;
