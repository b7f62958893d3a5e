// Words of bringing files into a consult, which come with that part: the first page does not carry them.
//
// Owns both languages of these words; Japanese is the source of keys. Invariant: each stage says where the file is safe.

const ja = {
  "bring.title": "クリップのファイルを送る",
  "bring.how":
    "装置から取り出した DICOM のクリップを、ここへドラッグするか選んでください。中身は変えずに送ります。元のファイルは消しません。",
  "bring.choose": "ファイルを選ぶ",
  "bring.sure": "この患者の、この相談のものだけを送ってください。",
  "bring.send": "この相談に送る({count} 個)",
  "bring.drop": "一覧から外す",
  "bring.dropOne": "一覧から外す: {name}",
  "bring.list": "選んだファイル",
  "bring.about": "{at}・{megabytes} MB",
  "bring.tooMany": "一覧に入るのは {count} 個までです。ほかは選んでいません。",
  "bring.keptHere": "このブラウザーに控えました。読み込み直しても続きから送ります。",
  "bring.notKeptHere": "このブラウザーには控えられません。送り終わるまでこのページを閉じないでください。",
  "bring.stage.chosen": "まだ送っていません",
  "bring.stage.reading": "読んでいます",
  "bring.stage.sending": "送っています",
  "bring.stage.waiting": "まだ病院にありません。つながれば続きから自動で送ります",
  "bring.stage.kept": "病院に保存済みです",
  "bring.stage.conflict":
    "病院に保存済みです。同じ番号で中身の違うクリップが先にあったので、両方を残して印を付けました。管理者に知らせてください",
  "bring.stage.refused": "病院に保存していません。読める超音波のクリップや静止画ではありません",
  "bring.stage.unread":
    "病院に保存していません。ファイルを読めません。カードのつながりを確かめ、選び直してください",
  "bring.stage.empty": "送れません。空のファイルです",
  "bring.stage.tooLarge": "送れません。大きすぎます(2 GiB まで)",
  "bring.stage.stopped":
    "病院に保存していません。この相談にはもう送れません。入り直してから選び直してください",
} as const;

const en: Readonly<Record<keyof typeof ja, string>> = {
  "bring.title": "Send clip files",
  "bring.how":
    "Drag DICOM clips taken from the handheld here, or choose them. They are sent unaltered. The originals are not removed.",
  "bring.choose": "Choose files",
  "bring.sure": "Send only what belongs to this patient and this consult.",
  "bring.send": "Send to this consult ({count})",
  "bring.drop": "Take off the list",
  "bring.dropOne": "Take off the list: {name}",
  "bring.list": "Chosen files",
  "bring.about": "{at}, {megabytes} MB",
  "bring.tooMany": "The list takes {count} files. The others were not chosen.",
  "bring.keptHere": "Kept in this browser. After a reload sending goes on where it was.",
  "bring.notKeptHere": "This browser cannot keep it. Leave this page open until it is sent.",
  "bring.stage.chosen": "Not sent yet",
  "bring.stage.reading": "Being read",
  "bring.stage.sending": "Being sent",
  "bring.stage.waiting": "Not at the hospital yet. Sending goes on by itself once there is a link",
  "bring.stage.kept": "At the hospital",
  "bring.stage.conflict":
    "At the hospital. Another clip of the same number was there before; both are kept and flagged. Tell your administrator",
  "bring.stage.refused": "Not at the hospital. It is no ultrasound clip or still that can be read",
  "bring.stage.unread": "Not at the hospital. The file cannot be read. Check the card and choose it again",
  "bring.stage.empty": "Cannot be sent. The file is empty",
  "bring.stage.tooLarge": "Cannot be sent. It is too large (2 GiB at most)",
  "bring.stage.stopped":
    "Not at the hospital. This consult takes no more from here. Enter again and choose it again",
};

export const BRING_WORDS = { ja, en } as const;
