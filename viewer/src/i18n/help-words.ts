// Words of the help, which comes with it: the first page does not carry them.
//
// Owns both languages of these words; Japanese is the source of keys.

const ja = {
  "help.title": "操作の一覧",
  "help.pointer": "ポインタ",
  "help.pen": "ペン",
  "help.arrow": "矢印",
  "help.label": "文字",
  "help.measure": "計測(点は矢印キーで 1 px ずつ、Enter で確定)",
  "help.pens": "ペンの種類",
  "help.step": "静止中に前・次のフレームへ",
  "help.freeze": "静止・再開",
  "help.beat": "静止の前の3秒をくり返す・やめる",
  "help.beatPlay": "くり返しの再生・一時停止",
  "help.save": "直前の数秒をクリップに保存",
  "help.talk": "マイクの入切",
  "help.undo": "自分の最後の書き込みを取り消す",
  "help.zoom": "拡大・縮小・全体",
  "help.cursor": "カーソルを動かす(Ctrl で細かく)",
  "help.pan": "拡大した映像を動かす",
  "help.enter": "書き始め・書き終わり、書き込みを選ぶ",
  "help.escape": "やめる",
  "help.help": "この一覧",
  "help.shortcuts": "文字キーの操作を使う",
  "help.side": "道具を左に置く",
  "help.touch": "指2本で拡大・移動。ペンを使うと、指は移動だけになります。",
  "help.settings": "設定",
} as const;

export type HelpKey = keyof typeof ja;

const en: Readonly<Record<HelpKey, string>> = {
  "help.title": "Keys and settings",
  "help.pointer": "Pointer",
  "help.pen": "Pen",
  "help.arrow": "Arrow",
  "help.label": "Label",
  "help.measure": "Measure (arrow keys move a point by 1 px, Enter confirms)",
  "help.pens": "Choose the pen",
  "help.step": "Previous, next frame (while frozen)",
  "help.freeze": "Freeze, release",
  "help.beat": "Loop the 3 s before the freeze, or end that",
  "help.beatPlay": "Play or pause the loop",
  "help.save": "Save the last seconds as a clip",
  "help.talk": "microphone on and off",
  "help.undo": "Withdraw my last mark",
  "help.zoom": "Zoom in, out, whole picture",
  "help.cursor": "Move the cursor (finely with Ctrl)",
  "help.pan": "Move the zoomed picture",
  "help.enter": "Begin and end drawing, select a mark",
  "help.escape": "Cancel",
  "help.help": "This list",
  "help.shortcuts": "Use letter keys",
  "help.side": "Tools on the left",
  "help.touch": "Two fingers zoom and move. Once a pen is used, one finger moves too and only the pen draws.",
  "help.settings": "Settings",
};

export const HELP_WORDS = { ja, en } as const;
