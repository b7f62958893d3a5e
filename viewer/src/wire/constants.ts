// This file was generated from relay/wire. Do not edit it: run `make wire`.
import type { ProblemCode } from "./problem";

export const WIRE_VERSION = 1;
export const RTP_CLOCK_HZ = 90000;
export const SESSION_HEADER = "hibiki-session";
export const MAX_MESSAGE_BYTES = 65536;
export const MAX_STROKE_POINTS = 2048;
export const MAX_LABEL_CHARS = 120;
export const MAX_MEASURE_POINTS = 1024;
export const MAX_BEATS = 30;
export const MAX_SKETCH_POINTS = 64;
export const PRESENCE_INTERVAL_MS = 33;
export const MAX_BEAT_FRAMES = 200;
export const MAX_VIDEO_PICTURE_BYTES = 8388608;
export const CONTROL_CHANNEL = "control";
export const DEFAULT_CLIP_SECONDS = 6;
export const MAX_CLIP_SECONDS = 60;
export const MAX_CLIP_FRAMES = 3600;
export const MAX_VIEW_CHARS = 64;
export const VIEWS: readonly string[] = ["PLAX", "PSAX", "A4C", "A2C", "A3C", "SC4C", "SC-IVC"];
export const VIEW_OTHER = "other";
export const CLIP_VIDEO_FRAME = "video/h264";
export const MAX_CLIP_BYTES = 2147483648;
export const MAX_CLIP_PART_BYTES = 8388608;
export const PARTIAL_UPLOAD = "application/partial-upload";
export const UPLOAD_OFFSET = "upload-offset";
export const UPLOAD_LENGTH = "upload-length";
export const REPR_DIGEST = "repr-digest";
export const FILE_WRITTEN = "hibiki-file-written";
export const MAX_MASK_RECTANGLES = 16;
export const SAVE_CHOICES_S: readonly number[] = [3, 6, 10, 20];
export const MAX_VOICES = 6;
export const MAX_RECORDING_GAPS = 64;
export const LINK_INTERVAL_MS = 2000;
export const MAX_SEARCH_CHARS = 64;
         export const UNIT_KEYFRAME = 1;
         export const UNIT_FILLED = 2;
         export const UNIT_SPOILT = 4;
         export const MAX_CASE_CLIPS = 20;
         export const PROBLEM_CODES: readonly ProblemCode[] = [
  "noEntry",
  "ticketUnknown",
  "ticketExpired",
  "ticketUsed",
  "sessionExpired",
  "notAllowed",
  "wrongOrigin",
  "notFound",
  "wrongMethod",
  "noPicture",
  "publisherPresent",
  "alreadyFrozen",
  "notFrozen",
  "noFrame",
  "noDevice",
  "clipRefused",
  "clipNameless",
  "clipGone",
  "caseNotReady",
  "markIdTaken",
  "markUnknown",
  "notYourMark",
  "markRefused",
  "measuringOff",
  "measureNotHere",
  "scaleGone",
  "scaleRefused",
  "messageRefused",
  "tooLarge",
  "wrongContent",
  "badJson",
  "queryRefused",
  "bodyRefused",
  "notAcceptable",
  "badSdp",
  "codecUnsupported",
  "tooFast",
  "tooMany",
  "versionUnknown",
  "resumeAhead",
  "connectedElsewhere",
  "tooSlow",
  "shuttingDown",
  "storageFailed",
  "internal",
];
