//! The control channel of a capture agent: data channel `control` (reliable, ordered) of its WHIP connection, JSON text.
//!
//! ```text
//! agent                                   relay
//!  ── hello {version, software, source} ──►
//!  ◄── welcome {stream} ──────────────────       the stream id that marks will name
//!  ── ping {sentAt} ─► ◄─ pong ───────────       the agent learns the relay's clock from the quickest answers
//!  ── stamp, state (once a second) ───────►
//!  ◄── sendOriginal ─ ─ originalMissing ──►       originals themselves: see `original`
//!  ◄── sendBeat, stopBeat ─ ─ beatMissing ─►
//!  ◄── marks ─────────────────────────────       what is to be seen over the picture, each word with the next number
//!  ── marksHeld (once a second) ──────────►       said all anew when a word was lost
//!  ── scale, scaleGone ──────────────────►       the depth scale that was marked on the device; the consult's ended there
//!                                                what the consult says of the scale stands among its words of marks
//!  ◄── lowLayer ──────────────────────────       somebody's link carries less than the picture; or nobody's does any more
//! ```
//!
//! Owns the messages both ways and the `FrameStamp`. A publisher without this channel is welcome: its image age is
//! unknown. A relay that says `marks` understands what an agent answers to it; to another one nothing of it is said.

use crate::clip::{ClipGap, SaveWhat};
use crate::link::UplinkState;
use crate::mark::Point;
use crate::measure::{DepthScale, ScaleState};
use crate::original::OriginalGap;
use crate::socket::MarkState;
use crate::{
    AnnotationId, CaptureTime, ClipId, ConsultId, FrameIndex, RelayTime, RtpTime, ScaleId, StreamId,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Label of the data channel.
pub const CONTROL_CHANNEL: &str = "control";
/// Attribute of the picture's section in an agent's offer: the source (RFC 3550) of the low layer, on which it sends only
/// after `LowLayer`, and that of its retransmissions (RFC 4588). Servers that do not know it ignore it (RFC 8866 §5.13).
pub const LOW_LAYER_ATTRIBUTE: &str = "x-hibiki-low-layer";
/// Largest control message in bytes.
pub const MAX_CONTROL_BYTES: usize = 16 * 1024;
/// Marks that an agent is told and holds: more at a time than anybody reads over one picture.
pub const MAX_MARKS_FOR_DEVICE: usize = 64;
/// Points of a mark in one message: with the longest numbers they fit beside a gauge of some regions.
pub const MARK_POINTS_AT_ONCE: usize = 128;

/// What every frame gets at capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FrameStamp {
    /// The stream.
    pub stream: StreamId,
    /// Position since the stream's agent started, without gaps at capture.
    pub index: FrameIndex,
    /// When, by the device's clock.
    pub captured_at: CaptureTime,
    /// The same on the RTP clock.
    pub rtp_time: RtpTime,
}

/// What an agent says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum AgentToRelay {
    /// First message.
    Hello {
        /// `WIRE_VERSION` of the agent.
        version: u32,
        /// Name and version of the program.
        software: String,
        /// What it captures, in words for people; never a path or address.
        source: String,
    },
    /// Asks for the relay's clock.
    Ping {
        /// The agent's clock now; returned unchanged.
        sent_at: CaptureTime,
    },
    /// The newest frame, about once a second.
    Stamp {
        /// Its stamp.
        stamp: FrameStamp,
        /// What to add to the device's clock to get the relay's, in microseconds; null while not known.
        clock_offset_us: Option<i64>,
        /// How wrong the offset may be, in microseconds.
        clock_error_us: u32,
    },
    /// How the agent does, about once a second and at every change.
    State {
        /// What the source does.
        source: SourceState,
    },
    /// There is no original of a frame that was asked for.
    OriginalMissing {
        /// Which frame.
        rtp_time: RtpTime,
        /// Why.
        reason: OriginalGap,
    },
    /// There is nothing of a beat that was asked for.
    BeatMissing {
        /// The frame at which it ends.
        rtp_time: RtpTime,
        /// Why.
        reason: OriginalGap,
    },
    /// A clip that was asked for cannot be saved.
    ClipMissing {
        /// Which.
        clip: ClipId,
        /// Why.
        reason: ClipGap,
    },
    /// About once a second, to a relay that said `Marks`.
    MarksHeld {
        /// Number of the last word about marks that came in order.
        revision: u32,
    },
    /// The depth scale that was marked on the device, or that there is none any more. Said after `MarkWord::Anew` and at each change.
    Scale {
        /// The scale, with the same id after each reconnect; nothing takes back what was said before.
        scale: Option<DepthScale>,
    },
    /// The scale of the consult ended on the device: it was taken back on its page, or pictures have another size now.
    ScaleGone {
        /// Which.
        scale: ScaleId,
    },
}

/// What a source does, as the bedside and the cardiologist see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "agent.ts")]
#[serde(rename_all = "camelCase")]
pub struct SourceState {
    /// In a word.
    pub health: SourceHealth,
    /// Frames per second captured, one decimal.
    pub fps: f32,
    /// Width of the picture in pixels as captured.
    pub width: u32,
    /// Height of the picture in pixels as captured.
    pub height: u32,
    /// Bit rate asked of the encoder, kbit/s.
    pub target_kbps: u32,
    /// Frames replaced by newer ones before they could be encoded, since the start.
    pub frames_skipped: u32,
    /// Encoder in use, for example `libx264`.
    pub encoder: String,
    /// What its way to the relay gives; nothing before that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub uplink: Option<UplinkState>,
}

/// A source in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "agent.ts")]
#[serde(rename_all = "camelCase")]
pub enum SourceHealth {
    /// Frames come.
    Running,
    /// Being opened, or opened again after a fault.
    Opening,
    /// Could not be opened or stopped; the agent tries again by itself.
    Failed,
}

/// What the relay says to an agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum RelayToAgent {
    /// Answer to hello.
    Welcome {
        /// `WIRE_VERSION` of the relay.
        version: u32,
        /// The consult it publishes to.
        consult: ConsultId,
        /// The stream id to stamp frames with.
        stream: StreamId,
    },
    /// Answer to ping.
    Pong {
        /// From the ping.
        sent_at: CaptureTime,
        /// The relay's clock when it answered.
        relay_time: RelayTime,
    },
    /// Send the original of this frame, or of a neighbour of it; the newest one asked for goes first.
    SendOriginal {
        /// Which frame.
        rtp_time: RtpTime,
        /// Captured frames later, or earlier when negative; 0 is the frame itself.
        #[serde(default)]
        step: i8,
    },
    /// The original of this frame is durable.
    OriginalKept {
        /// Which frame.
        rtp_time: RtpTime,
    },
    /// Send the originals of the beat that ends at this frame, oldest first. Single originals go before it.
    SendBeat {
        /// The frozen frame.
        rtp_time: RtpTime,
    },
    /// Nobody waits for this beat any more.
    StopBeat {
        /// The frame at which it ends.
        rtp_time: RtpTime,
    },
    /// Save this, now: the frames are taken at once. Asked twice, it is saved once.
    SaveClip {
        /// Which it will be.
        clip: ClipId,
        /// What.
        what: SaveWhat,
        /// View label that somebody said.
        view: Option<String>,
    },
    /// About the marks that are to be seen over the picture.
    Marks {
        /// Number of this word; each further one has the next number, so that a lost one is noticed.
        revision: u32,
        /// The word.
        word: MarkWord,
    },
    /// Whether to send every frame a second time, small, for those whose link does not carry the picture. Said at each
    /// change, and again while the agent does otherwise.
    LowLayer {
        /// Somebody needs it.
        wanted: bool,
    },
}

/// What an agent hears of marks, and of the scale that they are measured with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum MarkWord {
    /// What is said from here on stands alone: the scale and the marks in force follow, at most `MAX_MARKS_FOR_DEVICE` of
    /// these, then each change.
    Anew {
        /// Whether this installation measures. Where it does not, the device marks no scale either.
        measuring: bool,
        /// How long a quick mark stays over the running picture.
        quick_mark_seconds: u32,
        /// Words of those in force; until the last of them has come, what was said before stands.
        words: u32,
    },
    /// A mark is in force, or was pinned or let go. The one that it replaces is not in force any more.
    Mark {
        /// The mark, with its first `MARK_POINTS_AT_ONCE` points; without its gauge when that has no room.
        held: Box<MarkState>,
        /// Points that follow; it is complete with the last of them.
        more: u32,
    },
    /// More points of the mark that was said last.
    Points {
        /// In drawing order, at most `MARK_POINTS_AT_ONCE`.
        points: Vec<Point>,
    },
    /// A mark was taken back.
    Gone {
        /// Which.
        mark: AnnotationId,
    },
    /// The depth scale in force for its pictures, whoever marked it. It takes the place of the one before.
    Scale {
        /// The scale, who marked it and when; nothing when the consult has none.
        held: Option<Box<ScaleState>>,
    },
    /// Somebody in the consult took a depth scale back: it is wrong.
    ScaleGone {
        /// Which.
        scale: ScaleId,
    },
}
