//! The ordered log of a consult: one append-only list that live pages, replay and reports all read.
//!
//! Owns the form of an entry. Sequence, time and author come from the relay. Nothing is ever deleted: withdrawing
//! and releasing are entries. Readers ignore events that they do not know.

use crate::clip::{ClipGap, ClipHead, SaveWhat};
use crate::link::LinkSeen;
use crate::mark::{Anchor, Annotation};
use crate::measure::{DepthScale, Gauge};
use crate::original::{BeatFrame, FrameFacts, Original, OriginalGap, VideoPicture};
use crate::people::{Author, Page, Role};
use crate::voice::{ConsentBy, ConsentEnd};
use crate::{
    AnnotationId, ClipId, ConsentId, FreezeId, PersonId, RelayTime, RtpTime, ScaleId, Seq,
    SessionId, StreamId,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "log.ts")]
#[serde(rename_all = "camelCase")]
pub struct LogEntry {
    /// Position, from 1 without gaps.
    pub seq: Seq,
    /// When the relay took it.
    pub at: RelayTime,
    /// Who caused it.
    pub author: Author,
    /// What happened.
    pub event: LogEvent,
}

/// What can happen in a consult.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "log.ts")]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum LogEvent {
    /// Somebody came in.
    Joined {
        /// Their connection.
        session: SessionId,
        /// Who.
        person: PersonId,
        /// Name as shown.
        name: String,
        /// As what.
        role: Role,
        /// With which page.
        page: Page,
    },
    /// Somebody went, or was away for longer than a reconnect takes.
    Left {
        /// Their connection.
        session: SessionId,
    },
    /// Somebody's voice is connected.
    VoiceOn {
        /// Their connection.
        session: SessionId,
    },
    /// Somebody's voice is gone.
    VoiceOff {
        /// Their connection.
        session: SessionId,
    },
    /// The author says that this person, and everybody at the bedside, agreed to the recording of voices: from here on what
    /// is said is recorded.
    VoiceConsented {
        /// This consent.
        consent: ConsentId,
        /// Who agreed.
        by: ConsentBy,
    },
    /// A consent is over: nothing said after this is recorded. What was recorded before stays.
    VoiceConsentEnded {
        /// Which.
        consent: ConsentId,
        /// Why.
        why: ConsentEnd,
    },
    /// Voices are being written under the consent in force, or not although they should be: the relay's disk takes nothing.
    VoiceRecorded {
        /// Whether they are.
        on: bool,
    },
    /// Everything that was ever recorded of voices here is to be removed.
    VoiceDiscardAsked {},
    /// It was removed, for good.
    VoiceDiscarded {},
    /// How the picture arrived at the author's page: when it changed in a word, and now and then while it runs. What is said in
    /// writing about the picture has as its hint the newest sample of that person before it.
    LinkSample {
        /// What their page saw, and what it was said to allow.
        seen: LinkSeen,
    },
    /// A publisher's picture began to arrive.
    StreamStarted {
        /// Which stream; the same one when the same publisher comes back.
        stream: StreamId,
        /// Whether the publisher sends frame stamps, so that image age can be known.
        stamped: bool,
        /// Codec as in SDP, for example `H264`.
        codec: String,
        /// Constant that the relay adds to this publication's RTP times, when it does: a publisher without stamps that
        /// comes back with a timeline of its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        rtp_offset: Option<u32>,
    },
    /// A publisher's picture ended.
    StreamStopped {
        /// Which.
        stream: StreamId,
        /// Why.
        reason: StreamEnd,
    },
    /// The recording of a picture has a hole: nothing arrived between two frames. It may be filled later.
    StreamGap {
        /// Which stream.
        stream: StreamId,
        /// The last frame before it.
        before: RtpTime,
        /// The first frame after it.
        after: RtpTime,
    },
    /// What was captured in a hole arrives now.
    StreamFilling {
        /// Which stream.
        stream: StreamId,
        /// The last frame before the hole.
        before: RtpTime,
        /// The first frame after it.
        after: RtpTime,
        /// How much of its time is here: it is filled from its beginning.
        percent: u8,
    },
    /// Everything that was captured between two frames is recorded now.
    StreamFilled {
        /// Which stream.
        stream: StreamId,
        /// The last frame before what was a hole.
        before: RtpTime,
        /// The first frame after it.
        after: RtpTime,
        /// How many were sent again; none when nothing had been captured.
        frames: u32,
        /// Milliseconds of it that there is a picture of; fewer than lie between when the device was off.
        #[serde(default)]
        ms: u32,
    },
    /// A picture is being recorded, or no more although it runs: the relay's disk takes nothing.
    StreamRecorded {
        /// Which stream.
        stream: StreamId,
        /// Whether it is.
        on: bool,
    },
    /// The recording has frames as a weak link let them through; the better ones are on the device and take their place.
    StreamWeak {
        /// Which stream.
        stream: StreamId,
        /// From this frame on, or a little later.
        from: RtpTime,
    },
    /// Nothing is missing any more: the recording is what the device kept, frame for frame.
    StreamWhole {
        /// Which stream.
        stream: StreamId,
        /// Up to here.
        until: RtpTime,
    },
    /// What a stamp of the capture clock is on the relay's clock: said for each publication, and again when that moved.
    StreamTimed {
        /// Which stream.
        stream: StreamId,
        /// RTP time of a frame.
        rtp_time: RtpTime,
        /// When it was captured, by the relay's clock.
        captured_relay: RelayTime,
        /// How wrong that may be, in microseconds.
        error_us: u32,
    },
    /// Everybody stands on one frame.
    Frozen {
        /// This freeze.
        freeze: FreezeId,
        /// The frame.
        anchor: Anchor,
    },
    /// The shared freeze moved to another frame.
    Stepped {
        /// Which freeze.
        freeze: FreezeId,
        /// The frame that everybody stands on now.
        anchor: Anchor,
    },
    /// The picture runs again.
    Released {
        /// Which freeze ended.
        freeze: FreezeId,
    },
    /// A mark was made, or took the place of another.
    Marked {
        /// The mark.
        mark: Annotation,
        /// Of a measuring mark: what it is measured with, for good.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        gauge: Option<Gauge>,
    },
    /// Somebody marked the depth scale in a picture that states none; the one before of this stream is over.
    Calibrated {
        /// The scale.
        scale: DepthScale,
    },
    /// A depth scale was taken back; what was measured with it keeps its values.
    CalibrationWithdrawn {
        /// Which.
        scale: ScaleId,
    },
    /// A mark was taken back; it stays in the log.
    Withdrawn {
        /// Which.
        mark: AnnotationId,
    },
    /// A quick mark stays on the running picture until withdrawn or unpinned.
    Pinned {
        /// Which.
        mark: AnnotationId,
        /// True to pin, false to let it go.
        pinned: bool,
    },
    /// A frozen frame has no original, and whoever froze it supplied it as it came with the video.
    VideoPictureKept {
        /// Which stream.
        stream: StreamId,
        /// Which frame.
        rtp_time: RtpTime,
        /// What is kept.
        picture: VideoPicture,
    },
    /// The original of a frame is kept by the relay; told again when that frame is frozen again.
    OriginalKept {
        /// Stream of the frame.
        stream: StreamId,
        /// The frame.
        rtp_time: RtpTime,
        /// What is kept.
        original: Original,
        /// What is known of the frame beside its pixels.
        #[serde(default)]
        facts: FrameFacts,
    },
    /// There is no original of a frozen frame, for now or for good.
    OriginalMissing {
        /// Stream of the frame.
        stream: StreamId,
        /// The frame.
        rtp_time: RtpTime,
        /// Why.
        reason: OriginalGap,
    },
    /// A page decoded an original and its pixels are not what was said: nobody may call it one.
    OriginalDoubted {
        /// Stream of the frame.
        stream: StreamId,
        /// The frame.
        rtp_time: RtpTime,
    },
    /// Somebody wants everybody to see the beat that ends at the frozen frame.
    BeatAsked {
        /// The freeze in force.
        freeze: FreezeId,
    },
    /// The originals of a beat are kept by the relay: all of them, or what came before it was cut short.
    BeatKept {
        /// Which freeze.
        freeze: FreezeId,
        /// Oldest first, at most `MAX_BEAT_FRAMES`.
        frames: Vec<BeatFrame>,
        /// Frames that the agent had of it; more than `frames` when it was cut short.
        of: u32,
    },
    /// Nothing of a beat is to be had, for now or for good.
    BeatMissing {
        /// Which freeze.
        freeze: FreezeId,
        /// Why.
        reason: OriginalGap,
    },
    /// Everybody stands on the frozen frame again.
    BeatEnded {
        /// Which freeze.
        freeze: FreezeId,
    },
    /// Somebody asked for the last seconds, or for a frame, to be saved.
    ClipAsked {
        /// Which it will be.
        clip: ClipId,
        /// What.
        what: SaveWhat,
    },
    /// A device has a clip safe and sends it.
    ClipSaved {
        /// What.
        head: Box<ClipHead>,
    },
    /// The relay has the whole clip, durable.
    ClipKept {
        /// Which.
        clip: ClipId,
    },
    /// A clip was not saved, or does not come.
    ClipMissing {
        /// Which.
        clip: ClipId,
        /// Why.
        reason: ClipGap,
    },
}

/// Why a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "log.ts")]
#[serde(rename_all = "camelCase")]
pub enum StreamEnd {
    /// The publisher said goodbye.
    Finished,
    /// The publisher fell silent.
    Lost,
    /// The same publisher connected anew.
    Replaced,
    /// The relay went down while the picture ran; written when it came up again.
    RelayRestarted,
}
