// Japanese words of the device page, the source of its keys. English must have the same ones (`device-en.ts`).
//
// Invariant: as in `ja.ts`; what is wrong also says what still works and what to do.

import type { DeviceFault, DeviceTrouble } from "../wire/device";

export const deviceJa = {
  title: "送信端末",
  name: "Hibiki",
  "language.ja": "日本語",
  "language.en": "English",

  "locked.title": "この端末のページを開けません",
  "locked.words":
    "キャプチャーを始めたときに表示されたアドレスを開いてください。アドレスは起動のたびに変わります。撮影は続いています。",
  waiting: "確かめています…",
  "away.words":
    "キャプチャープログラムが応答しません。止まっている間は撮影も保存もできません。プログラムを起動し直してください。",

  "scene.label": "プレビュー",
  "scene.live": "LIVE ライブ",
  "scene.frozen": "FROZEN 静止",
  "scene.frozenMore": "フレーム {frame} の原画。撮影は続いています",
  "scene.stale": "STALE 映像停止",
  "scene.staleMore": "{seconds} 秒。最後のフレームです",
  "scene.none": "映像がまだありません",
  "scene.noneMore": "入力を開いています。ケーブルと装置の電源を確かめてください。",
  "scene.age": "遅れ {ms} ms",
  "scene.fps": "{fps} fps",

  save: "保存",
  "save.last": "直前の {seconds} 秒",
  "save.frozen": "この静止画",
  "save.seconds": "保存する長さ",
  "save.secondsOne": "{seconds} 秒",
  "save.none": "この端末には保存先が設定されていません。映像と静止は使えます。設定は管理者に頼んでください。",
  "save.waiting": "書き込んでいます…",
  "save.safe": "この端末に保存しました。電源が切れても残ります",
  "save.finished": "この端末に保存し、クリップになりました",
  "save.missing.gone": "保存していません。フレームがもうありません。映像が出てからもう一度押してください",
  "save.missing.deviceStorage":
    "保存していません。端末に書き込めません。映像は続いています。空きを作ってからもう一度押してください",
  "save.missing.visitUnread":
    "保存していません。患者の情報を読めません。映像は続いています。設定ファイルを直してからもう一度押してください",
  "save.missing.other": "保存していません。映像は続いています。もう一度押してください",
  freeze: "静止",
  release: "再開",

  marks: "書き込み",
  "marks.show": "書き込みを表示",
  "marks.look": "書き込みのある静止フレームを見る",
  "marks.old": "通信が切れています。書き込みは切れる前のものです。",
  "marks.onStale": "停止画上",
  "marks.noValue": "値なし",
  "marks.uncalibrated": "未校正",
  "marks.frame": "フレーム {number}",
  "marks.byRegion": "校正: DICOM 領域 {number}",
  "marks.byDepth": "校正: {name}(目盛り {centimetres} cm)",
  "marks.someone": "ほかの人",

  view: "断面",
  "view.none": "なし",
  "view.other": "その他",

  status: "状態",
  "status.source": "入力",
  "status.ring": "直前の映像",
  "status.spool": "保存",
  "status.journal": "映像の控え",
  "status.link": "通信",
  "status.encoder": "送信",
  "source.running": "映像あり",
  "source.opening": "開いています",
  "source.failed": "映像なし",
  "source.size": "{width}×{height}",
  "ring.words": "{seconds} 秒・{megabytes} MB",
  "spool.words": "未送信 {unsent}・書き込み中 {safe}・送信済み {sent}",
  "spool.megabytes": "{megabytes} MB",
  "spool.none": "保存先なし",
  "journal.words": "{minutes} 分・{megabytes} MB",
  "journal.stopped": "控えていません",
  "journal.missed": "ディスクが遅く {frames} フレーム欠けました",
  "link.off": "中継サーバーなし",
  "link.connecting": "接続中",
  "link.live": "送信中",
  "link.mending": "通信を直しています",
  "link.waiting": "通信なし・保存はできます",
  "link.waitingNoSave": "通信なし・映像と静止は使えます",
  "link.refused": "中継サーバーに断られました",
  "link.since": "{minutes} 分",
  "encoder.words": "{name}・{kbps} kbit/s",

  "trouble.sourceFailed":
    "入力から映像が来ません。自動で開き直しています。ケーブルと装置の電源を確かめるか、別の入力を選んでください。",
  "trouble.noMask":
    "隠す範囲がありません。患者の名前が映っていれば、そのまま送信・保存されます。「隠す範囲」で覆ってください。",
  "trouble.savingFailed":
    "クリップを保存できません。映像は続いています。端末の空きを作るか、中継サーバーにつないで送信してください。",
  "trouble.journalStopped":
    "この端末に映像を控えられません。送信は続いています。端末の空きを作ってください。今、通信で失われた映像は後から送れません。",
  "trouble.scaleTakenBack":
    "相談でこの端末の校正が取り消されました。これから保存するクリップに縮尺は入りません。深さ目盛りを確かめて校正し直してください。",
  "trouble.refused":
    "中継サーバーがこの端末を断りました。この端末での操作は続けられます。管理者に知らせてください。",
  "trouble.noLink":
    "中継サーバーにつながっていません。この端末での操作は続けられます。つながれば自動で送ります。",
  "trouble.notStored":
    "ここで選んだ範囲と入力は、再起動すると消えます。設定ファイルの場所は管理者に頼んでください。",
  "trouble.detail": "詳しく: {words}",

  "fault.locked": "このページの鍵は古くなりました。表示されたアドレスを開き直してください。",
  "fault.foreign": "ほかのページからの要求なので断りました。表示されたアドレスから開いてください。",
  "fault.badRequest": "端末が要求を理解できませんでした。ページを読み込み直してください。",
  "fault.notFound": "端末にその操作がありません。ページを読み込み直してください。",
  "fault.frameGone": "そのフレームはもうありません。映像は続いています。もう一度押してください。",
  "fault.badMask": "その範囲は使えません。今の範囲はそのままです。大きさを変えて試してください。",
  "fault.badSource": "その入力は開けません。今の入力はそのままです。書き方を確かめてください。",
  "fault.scaleStated": "この映像は縮尺を示しているので、手では変えられません。",
  "fault.scaleTooShort": "2 点が近すぎます。校正は前のままです。もっと離して置いてください。",
  "fault.scaleImplausible":
    "心エコーにあり得ない縮尺です。校正は前のままです。2 点の場所と cm を確かめてください。",
  "fault.measuringOff": "この施設では計測を使わないため、校正できません。映像は続いています。",
  "fault.busy": "端末が忙しいため、できませんでした。映像は続いています。もう一度押してください。",
  "fault.noSaving": "この端末には保存先が設定されていません。",
  "fault.internal": "端末の内部で失敗しました。映像は続いています。もう一度試してください。",
  "fault.unreachable": "端末のプログラムが応答しません。",
  close: "閉じる",

  mask: "隠す範囲",
  "mask.how":
    "映像の上をドラッグすると、その範囲が黒くなります。次のフレームから、送信と保存の前に隠します。",
  "mask.lost": "範囲を広げると、それまでの直前の映像は捨てられます。",
  "mask.one": "範囲 {number}",
  "mask.none": "隠している範囲はありません。",
  "mask.band": "上端の帯を隠す",
  "mask.add": "四角を足す",
  "mask.full": "これ以上は足せません。",
  "mask.x": "左",
  "mask.y": "上",
  "mask.width": "幅",
  "mask.height": "高さ",
  "mask.less": "{what}を減らす",
  "mask.more": "{what}を増やす",
  "mask.show": "この範囲を見せる",
  "mask.showSure": "名前が映らないことを確かめました。見せる",
  "mask.keep": "隠したままにする",
  "mask.checked": "映像のどこにも患者を示す文字がないことを確かめました",
  "mask.checkedEffect":
    "確かめると、これから保存するクリップに「患者を示す文字なし」と記録します。範囲や映像が変わったら、もう一度確かめてください。",
  "mask.keys": "範囲を選び、矢印キーで動かし、Shift と矢印キーで大きさを変えます。",

  scale: "校正(深さ目盛り)",
  "scale.none": "校正していません。",
  "scale.now": "{centimetres} cm の目盛りで校正済み",
  "scale.setHere": "{time} にこの端末で",
  "scale.setInConsult": "{time} に{name}が相談で",
  "scale.withdraw": "校正を取り消す",
  "scale.warn":
    "2D 像だけに使えます。ドプラや M モードには使えません。装置の深さを変えたら、校正し直してください。",
  "scale.stated": "この映像は縮尺を示しています。手では変えられません。",
  "scale.freezeFirst": "静止してから校正します。",
  "scale.how": "映像の深さ目盛りをなぞるか、その 2 点を順にタップし、間の cm を入れてください。",
  "scale.ends": "動かす端",
  "scale.end": "端 {number}",
  "scale.left": "左へ 1 px",
  "scale.right": "右へ 1 px",
  "scale.up": "上へ 1 px",
  "scale.down": "下へ 1 px",
  "scale.again": "置き直す",
  "scale.centimetres": "2 点の間(cm)",
  "scale.done": "校正する",
  "scale.effect": "これから保存するクリップに縮尺が入ります。相談中なら相談にも伝わります。",

  source: "入力を選ぶ",
  "source.configured": "設定の入力",
  "source.test": "テスト映像",
  "source.other": "そのほかの入力",
  "source.open": "開く",
  "source.after": "入力を変えたら、隠す範囲を確かめてください。",
  "source.now": "今の入力",

  help: "操作",
  "help.freeze": "静止・再開",
  "help.save": "保存",
  "help.foot": "フットスイッチ",
  "help.footMore":
    "USB のフットスイッチはキーボードとして働きます。ボタンを押してから、スイッチを一度踏んでください。",
  "help.learn": "踏んで決める",
  "help.learning": "踏んでください…",
  "help.noKey": "未設定",
  "help.forget": "消す",
  "help.limits": "助言用。診断は担当医の判断で。",
} as const satisfies Record<
  | `trouble.${DeviceTrouble}`
  | `fault.${DeviceFault | "unreachable"}`
  | `view.none`
  | (string & Record<never, never>),
  string
>;

export type DeviceKey = keyof typeof deviceJa;
export type DeviceWords = Readonly<Record<DeviceKey, string>>;
