//! The device page: what the capture agent tells its own page on the device, and what that page asks for.
//!
//! ```text
//! page                                         agent, on 127.0.0.1
//!  ── POST   /api/v1/session  {key} ───────────►  a cookie for the rest
//!  ── GET    /api/v1/state ────────────────────►  DeviceState
//!  ── GET    /api/v1/preview?after=RTP ────────►  the next frame as JPEG
//!  ── POST   /api/v1/freeze   {rtpTime} ───────►  DELETE releases; GET /api/v1/frozen is its PNG
//!  ── POST   /api/v1/saves    {seconds} ───────►  what became of it stands in the state
//!  ── POST   /api/v1/files    bytes… ───────────►  DeviceFile once they are safe here
//!  ── POST   /api/v1/waiting  {clip} ──────────►  a waiting clip belongs to this consult
//!  ── GET    /api/v1/worklist ─────────────────►  DeviceWorklist, as soon as the hospital answers
//!  ── PUT    /api/v1/visit    {list, key} ─────►  the next clip shows that patient
//!  ── PUT    /api/v1/mask, source, view ───────►  in force at once
//!  ── PUT    /api/v1/scale ────────────────────►  the depth scale of the frozen frame; DELETE takes it back
//!  ── POST   /api/v1/check ────────────────────►  begins one; GET gives the last, a `DeviceCheck`
//!  ── GET    /api/v1/marks?after=REVISION ─────►  DeviceMarks as soon as there is news, else 204
//! ```
//!
//! Owns the bodies both ways. Nothing here ever reaches the relay, so it may name paths of the device.

use crate::clip::ClipGap;
use crate::link::UplinkState;
use crate::mark::Point;
use crate::socket::MarkState;
use crate::visit::DevicePatient;
use crate::{CaptureTime, ClipId, FrameIndex, RelayTime, RtpTime, StreamId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Rectangles of a mask at most; a banner, a logo and a few corners need five.
pub const MAX_MASK_RECTANGLES: usize = 16;
/// Most characters of a source that is asked for.
pub const MAX_SOURCE_CHARS: usize = 1_024;
/// Waiting clips that are listed; the next one follows when one was sent.
pub const MAX_WAITING_SHOWN: usize = 12;
/// Seconds that the page offers to save with one press.
pub const SAVE_CHOICES_S: [u16; 4] = [3, 6, 10, 20];

/// A rectangle that is covered, in fractions of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(deny_unknown_fields)]
pub struct MaskRectangle {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// One captured frame.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(rename_all = "camelCase")]
pub struct DeviceFrame {
    /// Since the agent started.
    pub index: FrameIndex,
    /// Names the frame.
    pub rtp_time: RtpTime,
    /// Milliseconds since it was captured.
    pub age_ms: u32,
    /// Its source states a scale of its own, which nobody overrules by hand.
    pub scale_stated: bool,
}

/// What the source does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(rename_all = "camelCase")]
pub enum DeviceHealth {
    /// Frames come.
    Running,
    /// Being opened.
    Opening,
    /// Could not be opened or stopped; tried again by itself.
    Failed,
}

/// The source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(rename_all = "camelCase")]
pub struct DeviceSource {
    /// In a word.
    pub health: DeviceHealth,
    /// As it is asked for, without passwords.
    pub spec: String,
    /// What is wrong, in the agent's own words; nothing while frames come.
    pub trouble: Option<String>,
    /// Frames per second captured.
    pub fps: f32,
    /// Pixels as captured; 0 before the first frame.
    pub width: u32,
    /// Pixels as captured.
    pub height: u32,
}

/// The way to the relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum DeviceLink {
    /// No relay is configured.
    Off,
    /// On the way.
    Connecting,
    /// The picture goes out.
    Live {
        /// Since so many seconds.
        seconds: u32,
        /// What it gives; nothing before that was measured.
        uplink: Option<UplinkState>,
    },
    /// It was lost and is being mended.
    Mending,
    /// Between two attempts.
    Waiting {
        /// In the agent's own words.
        reason: String,
    },
    /// The relay said no.
    Refused {
        /// In the agent's own words.
        reason: String,
    },
}

/// The originals that the device holds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(rename_all = "camelCase")]
pub struct DeviceRing {
    /// Frames held.
    pub frames: u32,
    /// From the oldest to the newest, in seconds.
    pub seconds: f32,
    /// Pixel bytes held.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Seconds that it may hold.
    pub most_seconds: f32,
    /// Bytes that it may hold.
    #[ts(type = "number")]
    pub most_bytes: u64,
}

/// Clips saved on this device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(rename_all = "camelCase")]
pub struct DeviceClips {
    /// Safe here as frames; their objects are being written.
    pub safe: u32,
    /// Finished here and not at the hospital yet.
    pub unsent: u32,
    /// At the hospital.
    pub sent: u32,
    /// Bytes that all of them take.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Exported files that could not be taken in and are tried again.
    pub exports_waiting: u32,
    /// Files among the exports that are no clips and stay where they are.
    pub left_out: u32,
    /// Objects that handhelds sent and that were not taken; they have them still.
    pub refused_arrivals: u32,
    /// Finished here and not sent by themselves, because they may be another patient's.
    pub waiting: u32,
}

/// A clip on this device that may be another patient's, so that it goes only when a person says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(rename_all = "camelCase")]
pub struct DeviceWaiting {
    /// Which.
    pub clip: ClipId,
    /// When it was captured, or exported, by the device's clock.
    pub taken_at: CaptureTime,
    /// Frames in it; 1 is a still.
    pub frames: u32,
    /// A handheld exported it.
    pub exported: bool,
}

/// Says that a waiting clip belongs to the consult of this agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(deny_unknown_fields)]
pub struct DeviceSendRequest {
    /// Which.
    pub clip: ClipId,
}

/// What is kept of the coded picture, so that what a bad link lost can be sent later.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(rename_all = "camelCase")]
pub struct DeviceJournal {
    /// Bytes on this device.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Seconds of this consult.
    pub seconds: u32,
    /// Frames that are not in it, because the disk was too slow.
    pub missed: u32,
}

/// How far a save of this start is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum SaveStage {
    /// Its frames were taken and are being written.
    Waiting,
    /// Safe on this device.
    Safe,
    /// Its object is finished.
    Finished,
    /// There is none.
    Missing {
        /// Why.
        reason: ClipGap,
    },
}

/// A save of this start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(rename_all = "camelCase")]
pub struct DeviceSave {
    /// Its clip.
    pub clip: ClipId,
    /// How far.
    pub stage: SaveStage,
    /// Seconds since the press.
    pub ago_s: u32,
}

/// Something that a person should know, in stable codes; the page has the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(rename_all = "camelCase")]
pub enum DeviceTrouble {
    /// The source gives no picture.
    SourceFailed,
    /// Nothing is covered.
    NoMask,
    /// Somebody in the consult took the depth scale back that was marked here.
    ScaleTakenBack,
    /// The relay is not reached.
    NoLink,
    /// The relay refused this device.
    Refused,
    /// Choices could not be stored and end with this start.
    NotStored,
    /// The last save failed, or a clip cannot be finished; the disk may be full.
    SavingFailed,
    /// The coded picture is not being kept; the disk may be full.
    JournalStopped,
    /// Exported files could not be taken in; they are tried again by themselves.
    ExportsWait,
    /// Handhelds cannot send at present: the address for them is not open.
    DicomClosed,
}

/// Everything at a glance, asked for a few times a second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(rename_all = "camelCase")]
pub struct DeviceState {
    /// The newest frame.
    pub newest: Option<DeviceFrame>,
    /// The frame that this page stands on.
    pub frozen: Option<DeviceFrame>,
    /// Where pictures come from.
    pub source: DeviceSource,
    /// Encoder in use; empty until somebody receives.
    pub encoder: String,
    /// Bit rate asked of it.
    pub kbps: u32,
    /// The way to the relay.
    pub link: DeviceLink,
    /// Originals held.
    pub ring: DeviceRing,
    /// What is covered.
    pub mask: Vec<MaskRectangle>,
    /// A person looked at pictures of this size under this mask: nothing in them names the patient.
    pub mask_checked: bool,
    /// Whether mask and source are in force after a restart.
    pub remembers: bool,
    /// Whether this installation measures; where it does not, no scale is marked.
    pub measuring: bool,
    /// The depth scale in force, marked on this device or in the consult.
    pub scale: Option<DeviceScale>,
    /// View label of what is saved next.
    pub view: Option<String>,
    /// Saved clips; nothing when this agent cannot save.
    pub clips: Option<DeviceClips>,
    /// Clips that wait for a person, newest first, at most `MAX_WAITING_SHOWN`.
    pub waiting: Vec<DeviceWaiting>,
    /// Whom the next clip shows; nothing while nobody is named.
    pub visit: Option<DevicePatient>,
    /// Whether the patient can be chosen from the hospital's worklist.
    pub worklist: bool,
    /// What the disk said when saving failed, in the agent's own words.
    pub clips_trouble: Option<String>,
    /// Why exported files wait, in the agent's own words.
    pub exports_trouble: Option<String>,
    /// Why handhelds cannot send, in the agent's own words.
    pub door_trouble: Option<String>,
    /// What is kept of the coded picture; nothing when this agent keeps none.
    pub journal: Option<DeviceJournal>,
    /// Why it is not being kept at present, in the agent's own words.
    pub journal_trouble: Option<String>,
    /// Saves of this start, newest first.
    pub saves: Vec<DeviceSave>,
    /// What a person should know, worst first.
    pub troubles: Vec<DeviceTrouble>,
    /// What the relay's clock shows now, from which the age of marks follows; nothing while it is not known.
    pub relay_now: Option<RelayTime>,
}

/// Marks of the consult that are to be seen over the picture of this device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(rename_all = "camelCase")]
pub struct DeviceMarks {
    /// Names this list; another one has another number.
    pub revision: u32,
    /// The relay's name of this device's picture; nothing before it said one.
    pub stream: Option<StreamId>,
    /// How long a quick mark stays over the running picture.
    pub quick_mark_seconds: u32,
    /// In the order in which they were made, at most `MAX_MARKS_FOR_DEVICE`.
    pub marks: Vec<MarkState>,
}

/// Where a file is that a person put on the page. Every value is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(rename_all = "camelCase")]
pub enum DeviceFileStage {
    /// Safe here, and it goes to the consult by itself.
    Safe,
    /// Safe here; it may be another patient's and waits for a person.
    Waits,
    /// At the hospital since before.
    AtHospital,
}

/// A file that was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(rename_all = "camelCase")]
pub struct DeviceFile {
    /// Its clip; the same for the same bytes.
    pub clip: ClipId,
    /// Whether these bytes were not here before.
    pub new: bool,
    /// Where it is.
    pub stage: DeviceFileStage,
}

/// A source that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(rename_all = "camelCase")]
pub struct DeviceSourceChoice {
    /// As it is asked for.
    pub spec: String,
    /// Name that the driver gives; empty when it gives none.
    pub name: String,
    /// It is the one that the configuration names.
    pub configured: bool,
}

/// Sources found on this device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(rename_all = "camelCase")]
pub struct DeviceSources {
    /// Those that can be chosen.
    pub sources: Vec<DeviceSourceChoice>,
}

/// Exchanges the key of the printed address for a cookie.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(deny_unknown_fields)]
pub struct DeviceEntry {
    /// As printed.
    pub key: String,
}

impl std::fmt::Debug for DeviceEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceEntry(…)")
    }
}

/// Freezes this page's preview.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeviceFreeze {
    /// Exactly this frame.
    pub rtp_time: RtpTime,
}

/// Saves a clip or a still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum DeviceSaveRequest {
    /// The last seconds.
    Last {
        /// 1 to `MAX_CLIP_SECONDS`.
        seconds: u16,
    },
    /// The frozen frame.
    Frozen,
}

/// Covers these rectangles and nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(deny_unknown_fields)]
pub struct DeviceMaskRequest {
    /// At most `MAX_MASK_RECTANGLES`.
    pub rectangles: Vec<MaskRectangle>,
    /// The person looks at the picture under exactly these, and nothing in it names the patient.
    #[serde(default)]
    pub checked: bool,
}

/// A depth scale that somebody marked, for a source that states none. It holds for the 2D picture of this source and size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(rename_all = "camelCase")]
pub struct DeviceScale {
    /// One end on the scale drawn in the picture.
    pub from: Point,
    /// The other end.
    pub to: Point,
    /// Between the ends.
    pub centimetres: f64,
    /// When it was marked, by the device's clock.
    pub set_at: CaptureTime,
    /// Who marked it in the consult; nothing where it was marked on this device.
    pub by: Option<String>,
}

/// Marks the depth scale of the frozen frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeviceScaleRequest {
    /// The frozen frame; another one is refused.
    pub rtp_time: RtpTime,
    /// One end on the scale drawn in the picture.
    pub from: Point,
    /// The other end.
    pub to: Point,
    /// Between the ends.
    pub centimetres: f64,
}

/// Opens another source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(deny_unknown_fields)]
pub struct DeviceSourceRequest {
    /// As for `--source`; nothing goes back to the configured one.
    pub source: Option<String>,
}

/// Labels what is saved next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(deny_unknown_fields)]
pub struct DeviceViewRequest {
    /// View label; nothing takes it away.
    pub view: Option<String>,
}

/// Why the agent did not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
#[serde(rename_all = "camelCase")]
pub enum DeviceFault {
    /// The key or the cookie is not of this start.
    Locked,
    /// Another page or name asked.
    Foreign,
    /// The request makes no sense.
    BadRequest,
    /// No such path.
    NotFound,
    /// The frame left the ring, or nothing was captured yet.
    FrameGone,
    /// The rectangles make no sense.
    BadMask,
    /// The source makes no sense.
    BadSource,
    /// The source states a scale of its own.
    ScaleStated,
    /// The ends of the depth scale are too close, or nothing is between them.
    ScaleTooShort,
    /// No echo has such a scale.
    ScaleImplausible,
    /// This installation does not measure.
    MeasuringOff,
    /// Too much at once.
    Busy,
    /// This agent has nowhere to save.
    NoSaving,
    /// The file has more bytes than a clip may have.
    FileTooLarge,
    /// The file is no DICOM file.
    NotDicom,
    /// The file is DICOM, and no ultrasound clip or still that can be read.
    NoClip,
    /// Clips that are not at the hospital yet fill the spool.
    SpoolFull,
    /// The disk is full.
    NoRoom,
    /// No worklist is configured.
    NoWorklist,
    /// The worklist cannot be reached, or says nothing.
    WorklistAway,
    /// It does not know this device, or does not want the question.
    WorklistRefuses,
    /// There is no TLS with it.
    WorklistNotSecured,
    /// What it says cannot be understood.
    WorklistStrange,
    /// Another list was asked for since.
    ListGone,
    /// More than one patient is called so in the list.
    NotOnePatient,
    /// The patient could not be written into the configuration file.
    VisitNotWritten,
    /// The patient was written and cannot be used: the order is in the study of another one. Nothing can be saved.
    VisitUnusable,
    /// A fault of the program.
    Internal,
}

/// An answer that is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "device.ts")]
pub struct DeviceProblem {
    /// Stable.
    pub code: DeviceFault,
    /// More, in the agent's own words; may be empty.
    pub detail: String,
}
