// English words of the device page.

import type { DeviceWords } from "./device-ja";

export const deviceEn: DeviceWords = {
  title: "Device",
  name: "Hibiki",
  "language.ja": "日本語",
  "language.en": "English",

  "locked.title": "This device's page cannot be opened",
  "locked.words":
    "Open the address that was shown when capturing began. It changes with each start. Capturing goes on.",
  waiting: "Checking…",
  "away.words":
    "The capture program does not answer. While it is stopped nothing is captured or saved. Start the program again.",

  "scene.label": "Preview",
  "scene.live": "LIVE",
  "scene.frozen": "FROZEN",
  "scene.frozenMore": "Original of frame {frame}. Capturing goes on",
  "scene.stale": "STALE",
  "scene.staleMore": "for {seconds} s. This is the last frame",
  "scene.none": "No picture yet",
  "scene.noneMore": "The source is being opened. Check the cable and the power of the ultrasound device.",
  "scene.age": "{ms} ms late",
  "scene.fps": "{fps} fps",

  save: "Save",
  "save.last": "last {seconds} s",
  "save.frozen": "this still",
  "save.seconds": "Length to save",
  "save.secondsOne": "{seconds} s",
  "save.none":
    "This device has nowhere to save. Preview and freeze work. Ask your administrator to set it up.",
  "save.waiting": "Writing…",
  "save.safe": "Saved on this device. It survives a power cut",
  "save.finished": "Saved on this device and finished as a clip",
  "save.missing.gone": "Not saved. The frames are gone. Press again once there is a picture",
  "save.missing.deviceStorage":
    "Not saved. The device cannot write. The picture goes on. Free some space, then press again",
  "save.missing.other": "Not saved. The picture goes on. Press again",
  freeze: "Freeze",
  release: "Resume",

  view: "View",
  "view.none": "None",
  "view.other": "Other",

  status: "State",
  "status.source": "Source",
  "status.ring": "Last seconds",
  "status.spool": "Saved",
  "status.link": "Link",
  "status.encoder": "Sending",
  "source.running": "Picture",
  "source.opening": "Opening",
  "source.failed": "No picture",
  "source.size": "{width}×{height}",
  "ring.words": "{seconds} s, {megabytes} MB",
  "spool.words": "{unsent} unsent, {safe} being written, {sent} sent",
  "spool.megabytes": "{megabytes} MB",
  "spool.none": "Nowhere to save",
  "link.off": "No relay",
  "link.connecting": "Connecting",
  "link.live": "Sending",
  "link.mending": "Mending the link",
  "link.waiting": "No link; saving works",
  "link.waitingNoSave": "No link; preview and freeze work",
  "link.refused": "Refused by the relay",
  "link.since": "{minutes} min",
  "encoder.words": "{name}, {kbps} kbit/s",

  "trouble.sourceFailed":
    "No picture comes from the source. It is opened again by itself. Check cable and power, or choose another source.",
  "trouble.noMask":
    "Nothing is covered. If the patient's name is on the picture, it is sent and saved. Cover it under “Covered areas”.",
  "trouble.savingFailed":
    "Clips cannot be saved. The picture goes on. Free some space, or connect to the relay so that clips can be sent.",
  "trouble.refused":
    "The relay refused this device. Everything on this device still works. Tell your administrator.",
  "trouble.noLink":
    "There is no link to the relay. Everything on this device still works. Sending goes on by itself once there is a link.",
  "trouble.notStored":
    "Areas and source chosen here end with a restart. Ask your administrator for a configuration file.",
  "trouble.detail": "More: {words}",

  "fault.locked": "The key of this page is no longer good. Open the address that was shown.",
  "fault.foreign": "Refused, because another page asked. Open the address that was shown.",
  "fault.badRequest": "The device did not understand. Load the page again.",
  "fault.notFound": "The device cannot do that. Load the page again.",
  "fault.frameGone": "That frame is gone. The picture goes on. Press again.",
  "fault.badMask": "That area cannot be used. The areas stay as they were. Try another size.",
  "fault.badSource": "That source cannot be opened. The source stays as it was. Check how it is written.",
  "fault.busy": "The device was too busy. The picture goes on. Press again.",
  "fault.noSaving": "This device has nowhere to save.",
  "fault.internal": "Something failed inside the device. The picture goes on. Try again.",
  "fault.unreachable": "The program on this device does not answer.",
  close: "Close",

  mask: "Covered areas",
  "mask.how":
    "Drag over the picture to black out an area. It is covered from the next frame on, before anything is sent or saved.",
  "mask.lost": "Covering more drops the last seconds that were captured before.",
  "mask.one": "Area {number}",
  "mask.none": "Nothing is covered.",
  "mask.band": "Cover the top band",
  "mask.add": "Add a rectangle",
  "mask.full": "No more can be added.",
  "mask.x": "Left",
  "mask.y": "Top",
  "mask.width": "Width",
  "mask.height": "Height",
  "mask.less": "Less: {what}",
  "mask.more": "More: {what}",
  "mask.show": "Show this area",
  "mask.showSure": "I checked that no name is there. Show it",
  "mask.keep": "Keep it covered",
  "mask.keys": "Choose an area, move it with the arrow keys, size it with Shift and the arrow keys.",

  source: "Choose a source",
  "source.configured": "As configured",
  "source.test": "Test picture",
  "source.other": "Another source",
  "source.open": "Open",
  "source.after": "After changing the source, check the covered areas.",
  "source.now": "Source now",

  help: "Keys",
  "help.freeze": "Freeze, resume",
  "help.save": "Save",
  "help.foot": "Foot switch",
  "help.footMore": "A USB foot switch works as a keyboard. Press the button here, then the switch once.",
  "help.learn": "Set by pressing",
  "help.learning": "Press it now…",
  "help.noKey": "not set",
  "help.forget": "Clear",
  "help.limits": "For advice. The diagnosis is the attending physician's.",
};
