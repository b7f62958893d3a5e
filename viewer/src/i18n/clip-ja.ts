// Japanese words of the clip list and the player, loaded with them. English must have the same ones (`clip-en.ts`).
//
// As `ja.ts`; a dictionary of its own so that the first page does not carry it. Called through `tc()` only.

import type { ApiCode } from "../net/http";

export const clipJa = {
  "list.title": "クリップ",
  "list.close": "閉じる",
  "list.empty": "まだクリップはありません。「保存」を押すと、直前の数秒がここに並びます。",
  "list.open": "再生する",
  "list.opened": "再生中",
  "list.by": "{name} {time}",
  "list.device": "送信端末",
  "list.someone": "ほかの人",
  "list.noFrames": "送信端末から届くと開けます",

  "replay.title": "記録の再生",
  "replay.recorded": "RECORDED 記録",
  "replay.takenAt": "{time} の記録",
  "replay.notNow": "今の映像ではありません",
  "replay.close": "閉じる",
  "replay.stage": "記録の映像。スペースで再生と停止、コンマとピリオドで1枚ずつ。",
  "replay.view": "断面 {view}",
  "replay.marker.left": "マーカーは画面左",
  "replay.marker.right": "マーカーは画面右",
  "replay.measureStanding": "再生を止めると、そのフレームで計測できます。",
  "replay.measureLocal": "ここでの計測はこの画面だけのもので、閉じると消えます。相談の記録には残りません。",
  "replay.measureApart":
    "LVEF や IVC 虚脱率は一つのクリップの中だけでまとめます。並べたクリップは別の患者のものかもしれません。",
  "replay.measureRemove": "消す",
  "replay.noView": "断面の指定なし",
  "replay.handScale": "縮尺は手で付けたもの",
  "replay.values": "このフレームの計測",
  "replay.byHand": "手動校正: 手で付けた縮尺",
  "replay.frame": "フレーム {number} / {count}",
  "replay.time": "{seconds} 秒",
  "replay.zoom": "拡大 {percent} %",
  "replay.scrub": "再生位置",
  "replay.scrubValue": "フレーム {number} / {count}、{seconds} 秒",
  "replay.play": "再生",
  "replay.pause": "一時停止",
  "replay.back": "1枚前",
  "replay.on": "1枚後",
  "replay.toStart": "先頭",
  "replay.loop": "くり返す",
  "replay.in": "ここから",
  "replay.out": "ここまで",
  "replay.whole": "全区間",
  "replay.stretch": "{from}〜{to}",
  "replay.speed": "速さ",
  "replay.times": "速さ {speed} 倍",
  "replay.zoomIn": "拡大",
  "replay.zoomOut": "縮小",
  "replay.zoomWhole": "全体",
  "replay.download": "DICOM を保存",
  "replay.downloadMarks": "書き込みを保存",
  "replay.downloadMeasurements": "計測を保存",
  "replay.notWhole": "全部届くと、ファイルを取り寄せられます。",
  "replay.marks": "書き込み",
  "replay.markBack": "前の書き込み",
  "replay.markOn": "次の書き込み",
  "replay.marksHere": "書き込みのあるフレーム {count}",
  "replay.markAt": "フレーム {number}: {names}",
  "replay.loading": "最初のフレームを取り寄せています…",
  "replay.waiting": "次のフレームを待っています",
  "replay.notHere": "このフレームはまだ届いていません。届けば映ります",
  "replay.arriving": "届いたフレーム {here} / {count}",
  "replay.noTimes": "フレームの時刻がそろっていないため、再生できません。1枚ずつは見られます。",
  "replay.still": "静止画です。",
  "replay.retry": "もう一度",
  "replay.more": "その他",
  "replay.group": "再生の操作",

  "beside.with": "並べて見る",
  "beside.nothing": "並べて見る…",
  "beside.pairing": "合わせ方",
  "beside.time": "時間で合わせる",
  "beside.phase": "心拍で合わせる",
  "beside.apart": "合わせない",
  "beside.setBeat": "ここを R 波に",
  "beside.takeBeat": "R 波を外す",
  "beside.beats": "R 波 {count} か所",
  "beside.needBeats":
    "左右それぞれで R 波(拡張末期)を決めると、同じ心拍の時相で並びます。2か所ずつで拍の長さも合います。",

  "trouble.undecodable":
    "このフレームはこのブラウザーでは表示できません。DICOM を保存して、別のソフトで開いてください。",
  "trouble.tableWrong":
    "クリップの中身の数が合わないため、再生しません。DICOM を保存して確かめ、管理者に連絡してください。",
  "trouble.form":
    "この形式のクリップは、ここでは再生できません。DICOM を保存して、別のソフトで開いてください。",
  "trouble.noVideo":
    "このブラウザーでは動画のクリップ(H.264)を再生できません。新しいブラウザーで開くか、DICOM を保存して別のソフトで開いてください。",
  "trouble.unreachable": "クリップを取り寄せられません。通信を確かめています。つながれば自動で続きます。",
  "trouble.notFound": "このクリップはまだ届いていないか、見ることができません。",
  "trouble.noEntry": "参加の期限が切れました。新しいリンクを開いてください。",
  "trouble.other": "クリップを取り寄せられませんでした。もう一度試し、続くときは管理者に連絡してください。",
} as const;

export type ClipKey = keyof typeof clipJa;
export type ClipWords = Readonly<Record<ClipKey, string>>;

/** Troubles with words of their own; all others are told by `trouble.other`. */
export const TOLD_CODES: readonly ApiCode[] = ["unreachable", "notFound", "noEntry"];
