//! The consult socket: `/api/v1/consults/{consult}/socket`, JSON text messages.
//!
//! ```text
//! page                                   relay
//!  ── hello {version, page, afterSeq} ──►       first message; its bytes never change
//!  ◄── welcome {you, rights, head, …} ──
//!  ◄── snapshot {…} or entries [..] ────        until `head`; then entries as they happen
//!  ── mark, withdraw, pin, freeze … ────►       answered by the entry itself, or by refused
//!  ── point, sketch (presence) ─────────►       batched to others, not stored, dropped under load
//!  ── linkSeen (every two seconds) ─────►       shown to others; the log keeps a thinned sample
//!  ── ping ─► ◄─ pong ──                        the page learns the relay's clock
//! ```
//!
//! Owns the two enums, split by direction. A message from a page never carries an author, time or sequence.

use crate::clip::{ClipState, SaveWhat};
use crate::http::ConsultSummary;
use crate::link::{LinkSeen, PersonLink};
use crate::log::LogEntry;
use crate::mark::{Anchor, Annotation, Pen, Point};
use crate::measure::{Gauge, ScaleState};
use crate::original::{BeatFrame, FrameFacts, Original, OriginalGap, VideoPicture};
use crate::people::{Author, Page, Participant, Rights};
use crate::problem::ProblemCode;
pub use crate::recording::{MAX_RECORDING_GAPS, RecordingGap, RecordingState};
use crate::voice::{ConsentBy, Voice, VoiceRecording};
use crate::{
    AnnotationId, CaptureTime, ClipId, ConsentId, FreezeId, RelayTime, RtpTime, ScaleId, Seq,
    SessionId, StreamId,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Largest message either way in bytes; a stroke of `MAX_STROKE_POINTS` takes about 50 kB
/// when its coordinates have four decimals (a tenth of a pixel in 1,000), so pages round to that.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// Most points of one `sketch`: 33 ms of a 240 Hz pencil four times over.
pub const MAX_SKETCH_POINTS: usize = 64;
/// How long between two presence messages of one page, in milliseconds.
pub const PRESENCE_INTERVAL_MS: u64 = 33;

/// Longest step of a freeze, in frames.
pub const MAX_STEP: i8 = 30;

/// What a page says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "socket.ts")]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum ToRelay {
    /// First message of every socket. Its form never changes, so that any two versions can part politely.
    Hello {
        /// `WIRE_VERSION` of the page.
        version: u32,
        /// Which page.
        page: Page,
        /// Last entry that this page holds; null for a snapshot.
        after_seq: Option<Seq>,
    },
    /// Asks for the relay's clock.
    Ping {
        /// Returned unchanged.
        id: u32,
    },
    /// Makes a mark, or one that replaces another.
    Mark {
        /// The mark.
        mark: Annotation,
    },
    /// Takes back an own mark.
    Withdraw {
        /// Which.
        mark: AnnotationId,
    },
    /// Pins or unpins a quick mark.
    Pin {
        /// Which.
        mark: AnnotationId,
        /// True to pin.
        pinned: bool,
    },
    /// Freezes everybody on one frame.
    Freeze {
        /// Made by the page.
        freeze: FreezeId,
        /// The frame under the eyes.
        anchor: Anchor,
    },
    /// Moves the shared freeze to a neighbour of its frame.
    Step {
        /// The freeze in force.
        freeze: FreezeId,
        /// Captured frames later, or earlier when negative; at most `MAX_STEP` and not 0.
        by: i8,
    },
    /// Lets the picture run again.
    Release {
        /// Which freeze.
        freeze: FreezeId,
    },
    /// Marks the depth scale of the frozen picture, which states none; it holds for pictures of this stream and size.
    Calibrate {
        /// Made by the page.
        scale: ScaleId,
        /// The freeze in force.
        freeze: FreezeId,
        /// One end on the scale drawn in the picture.
        from: Point,
        /// The other end.
        to: Point,
        /// Between the ends, in centimetres.
        centimetres: f64,
    },
    /// Takes a depth scale back.
    WithdrawCalibration {
        /// Which.
        scale: ScaleId,
    },
    /// Asks the device to save a clip or a still. Said again after a reconnect until the log has it.
    SaveClip {
        /// Made by the page.
        clip: ClipId,
        /// What.
        what: SaveWhat,
        /// View label, if somebody said one.
        view: Option<String>,
    },
    /// Presence: the own microphone was switched off or on.
    MuteVoice {
        /// True while it is off.
        muted: bool,
    },
    /// Says that this person, and everybody at the bedside, agreed to the recording of voices.
    ConsentToVoice {
        /// Made by the page.
        consent: ConsentId,
        /// Who agreed.
        by: ConsentBy,
    },
    /// Takes a consent back: recording stops at once. Said again after a reconnect until the log has it.
    WithdrawVoiceConsent {
        /// Which.
        consent: ConsentId,
        /// Also removes everything that was recorded of voices here.
        discard: bool,
    },
    /// Removes everything that was recorded of voices here, while no consent is in force.
    DiscardVoice {},
    /// Presence: where the own pointer is, or null when it left the picture.
    Point {
        /// Place.
        at: Option<Point>,
        /// The frame under it.
        rtp_time: Option<RtpTime>,
    },
    /// Presence: how the picture arrives here, once in `LINK_INTERVAL_MS`.
    LinkSeen {
        /// What this page sees.
        seen: LinkSeen,
    },
    /// An original was decoded here and its pixels are not what was said.
    DoubtOriginal {
        /// The freeze in force.
        freeze: FreezeId,
        /// Which frame of its beat; null for the frozen frame.
        rtp_time: Option<RtpTime>,
    },
    /// Shows everybody the beat that ends at the frozen frame, or ends that.
    Beat {
        /// The freeze in force.
        freeze: FreezeId,
        /// True to show it.
        shown: bool,
    },
    /// Presence: a stroke or arrow that is still being drawn; points are appended by index.
    Sketch {
        /// Id that the finished mark will have.
        mark: AnnotationId,
        /// Frame of the first touch.
        anchor: Anchor,
        /// Pen in use.
        pen: Pen,
        /// Form in use.
        form: SketchForm,
        /// Index of the first of these points.
        from: u32,
        /// At most `MAX_SKETCH_POINTS`; empty when the pen was lifted without a mark.
        points: Vec<Point>,
    },
}

/// What a half-drawn mark will become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "socket.ts")]
#[serde(rename_all = "camelCase")]
pub enum SketchForm {
    /// Every point counts.
    Stroke,
    /// The first and the newest point count.
    Arrow,
}

/// What the relay says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "socket.ts")]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum FromRelay {
    /// Answer to hello.
    Welcome {
        /// `WIRE_VERSION` of the relay.
        version: u32,
        /// The relay's clock.
        relay_time: RelayTime,
        /// How others see this page.
        you: Participant,
        /// What this page may do.
        rights: Rights,
        /// The consult.
        consult: ConsultSummary,
        /// Settings of the installation that pages follow.
        settings: Settings,
        /// Last entry of the log now; the page is up to date when it holds it.
        head: Seq,
    },
    /// The state after entry `seq`, instead of all entries up to it.
    Snapshot {
        /// Position.
        seq: Seq,
        /// State.
        state: Box<ConsultState>,
    },
    /// Entries in order: missed ones after a resume, and new ones as they happen.
    Entries {
        /// At least one.
        entries: Vec<LogEntry>,
    },
    /// Presence: everybody who is connected now.
    People {
        /// In order of coming.
        participants: Vec<Participant>,
    },
    /// Presence: pointers of others that moved since the last one.
    Pointers {
        /// One per participant.
        pointers: Vec<Pointer>,
    },
    /// Presence: everybody whose voice is connected.
    Voices {
        /// In the order of their sessions.
        voices: Vec<Voice>,
    },
    /// Presence: how the picture arrives at those whose page said so since the last one, the own one among them.
    Links {
        /// One per participant.
        links: Vec<PersonLink>,
    },
    /// Presence: half-drawn marks of others.
    Sketches {
        /// In order.
        sketches: Vec<Sketch>,
    },
    /// One capture stamp, about once a second: the clock is linear in between.
    Stamp {
        /// Stream.
        stream: StreamId,
        /// RTP time of a frame.
        rtp_time: RtpTime,
        /// When it was captured, by the device's clock.
        captured_at: CaptureTime,
        /// The same moment by the relay's clock.
        captured_relay: RelayTime,
        /// How wrong `captured_relay` may be, in microseconds (half the best round trip).
        error_us: u32,
    },
    /// How the picture arrives at the relay, about twice a second while somebody publishes or did.
    Flow {
        /// Stream.
        stream: StreamId,
        /// What it does.
        state: FlowState,
        /// Frames per second that arrived, one decimal.
        fps: f32,
        /// Bit rate that arrived, kbit/s.
        kbps: u32,
        /// How long nothing has arrived, in milliseconds.
        silent_ms: u32,
        /// What the agent says of its source, if it is ours.
        source: Option<crate::agent::SourceState>,
    },
    /// Presence: in which layer this page gets the picture. Said when that changes; before it is said, it is the full one.
    Layer {
        /// The same frames, smaller, because this page's link does not carry the full layer.
        low: bool,
    },
    /// Frames of a beat that can be had from now on. Once the last one is there the log says the same.
    BeatFrames {
        /// The freeze in force.
        freeze: FreezeId,
        /// Oldest first.
        frames: Vec<BeatFrame>,
        /// Frames that the beat will have.
        of: u32,
    },
    /// Presence: how much of a clip has arrived.
    ClipProgress {
        /// Which.
        clip: ClipId,
        /// Bytes that are here.
        #[ts(type = "number")]
        have: u64,
    },
    /// Answer to ping.
    Pong {
        /// From the ping.
        id: u32,
        /// The relay's clock when it answered.
        relay_time: RelayTime,
    },
    /// Something this page sent was not done.
    Refused {
        /// What to tell the person.
        code: ProblemCode,
        /// The mark concerned, if any.
        mark: Option<AnnotationId>,
        /// The freeze concerned, if any.
        freeze: Option<FreezeId>,
        /// The clip concerned, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        clip: Option<ClipId>,
    },
    /// The log has what this page said about a mark already; saying it again changed nothing.
    Known {
        /// Which.
        mark: AnnotationId,
    },
    /// The relay is about to close this socket.
    Closing {
        /// Why.
        code: ProblemCode,
        /// Whether and when to come back, in milliseconds; null means do not come back by itself.
        retry_ms: Option<u32>,
    },
}

/// Settings of the installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "socket.ts")]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// How long a quick mark stays over the running picture, in seconds.
    pub quick_mark_seconds: u32,
    /// Whether this installation measures at all (medical-device question).
    pub measuring: bool,
    /// Telephone number to talk over when the voice does not get through, as it is to be dialled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub phone: Option<String>,
    /// Whether voices may be recorded at all, with consent.
    #[serde(default)]
    pub voice_recording: bool,
}

/// Everything a page needs to show a consult.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, TS)]
#[ts(export_to = "socket.ts")]
#[serde(rename_all = "camelCase")]
pub struct ConsultState {
    /// Streams seen so far, the newest last.
    pub streams: Vec<StreamState>,
    /// The freeze in force.
    pub freeze: Option<FreezeState>,
    /// Marks that were neither withdrawn nor replaced, in order of making.
    pub marks: Vec<MarkState>,
    /// Depth scales in force, at most one for each stream.
    #[serde(default)]
    pub scales: Vec<ScaleState>,
    /// Clips and stills of the consult, the newest last.
    #[serde(default)]
    pub clips: Vec<ClipState>,
    /// What is recorded, at most one for each stream; none where nothing is.
    #[serde(default)]
    pub recordings: Vec<RecordingState>,
    /// Whether voices are recorded, and with whose consent.
    #[serde(default)]
    pub voice_recording: VoiceRecording,
}

/// A stream as the log left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "socket.ts")]
#[serde(rename_all = "camelCase")]
pub struct StreamState {
    /// Which.
    pub stream: StreamId,
    /// Whether frame stamps come with it.
    pub stamped: bool,
    /// Codec as in SDP.
    pub codec: String,
    /// Whether it runs.
    pub live: bool,
}

/// A freeze in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "socket.ts")]
#[serde(rename_all = "camelCase")]
pub struct FreezeState {
    /// Which.
    pub freeze: FreezeId,
    /// The frame.
    pub anchor: Anchor,
    /// Who froze.
    pub author: Author,
    /// When.
    pub at: RelayTime,
    /// What is known of its original.
    pub original: OriginalState,
    /// The beat that ends at this frame, if somebody asked for it.
    pub beat: Option<BeatState>,
    /// The frame as it came with the video, where its publisher keeps no originals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub from_video: Option<VideoPicture>,
}

/// The beat that ends at the frozen frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "socket.ts")]
#[serde(rename_all = "camelCase")]
pub struct BeatState {
    /// Whether everybody is to see it now.
    pub shown: bool,
    /// Who asked for it last.
    pub author: Author,
    /// What is known of it.
    pub news: BeatNews,
}

/// What is known of a beat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "socket.ts")]
#[serde(
    tag = "state",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum BeatNews {
    /// It was asked for.
    Awaited,
    /// The relay has it, or as much of it as came.
    Kept {
        /// Oldest first.
        frames: Vec<BeatFrame>,
        /// Frames that the agent had; more than `frames` when it was cut short.
        of: u32,
    },
    /// Nothing of it is to be had.
    Missing {
        /// Why.
        reason: OriginalGap,
    },
}

/// What is known of the original of the frozen frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "socket.ts")]
#[serde(
    tag = "state",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum OriginalState {
    /// It was asked for.
    Awaited,
    /// The relay has it.
    Kept {
        /// What.
        original: Original,
        /// What is known of the frame beside its pixels.
        #[serde(default)]
        facts: FrameFacts,
    },
    /// There is none.
    Missing {
        /// Why.
        reason: OriginalGap,
    },
    /// It came, and its pixels are not what was said.
    Doubted,
}

/// A mark in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "socket.ts")]
#[serde(rename_all = "camelCase")]
pub struct MarkState {
    /// The mark.
    pub mark: Annotation,
    /// Who made it.
    pub author: Author,
    /// When.
    pub at: RelayTime,
    /// Whether it stays over the running picture.
    pub pinned: bool,
    /// Of a measuring mark: what it is measured with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub gauge: Option<Gauge>,
}

/// Somebody's pointer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "socket.ts")]
#[serde(rename_all = "camelCase")]
pub struct Pointer {
    /// Whose.
    pub session: SessionId,
    /// Where; null when it left the picture.
    pub at: Option<Point>,
    /// The frame under it.
    pub rtp_time: Option<RtpTime>,
}

/// Somebody's half-drawn mark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "socket.ts")]
#[serde(rename_all = "camelCase")]
pub struct Sketch {
    /// Whose.
    pub session: SessionId,
    /// Id that the finished mark will have.
    pub mark: AnnotationId,
    /// Frame of the first touch.
    pub anchor: Anchor,
    /// Pen in use.
    pub pen: Pen,
    /// Form in use.
    pub form: SketchForm,
    /// Index of the first of these points.
    pub from: u32,
    /// Points; empty when given up.
    pub points: Vec<Point>,
}

/// What a stream does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "socket.ts")]
#[serde(rename_all = "camelCase")]
pub enum FlowState {
    /// Frames arrive.
    Live,
    /// The publisher is connected but no frame has come for 500 ms.
    Stalled,
    /// The publisher is gone.
    Stopped,
}
