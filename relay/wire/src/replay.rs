//! Replay of whole consults: what there is, and in which form it is handed out.
//!
//! Everything lies on one time, the relay's: the log as it is, voices by when they arrived, pictures by `LogEvent::StreamTimed`,
//! which says what a stamp of the capture clock is on the relay's. Owns the JSON of `/api/v1/replays` and the limits of the two
//! binary answers beside it (numbers are big-endian):
//!
//! ```text
//! units  0 8  moment in 90 kHz ticks since the Unix epoch     voice  0 8  moment, µs of the relay's clock
//!        8 4  bytes of the access unit                               8 2  bytes of the packet
//!       12 1  flags: 1 keyframe, 2 filled in, 4 spoilt              10    Opus packet
//!       13    access unit in Annex B, none when spoilt
//! ```

use crate::log::LogEntry;
use crate::mark::Point;
use crate::people::Role;
use crate::{ConsultId, PersonId, RelayTime, Seq, SessionId, StreamId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Most consults of one answer.
pub const MAX_REPLAYS: usize = 50;
/// Most entries of the log in one answer.
pub const MAX_REPLAY_ENTRIES: usize = 2_000;
/// Most frames of one part of a frame table: half an hour at 30 per second.
pub const MAX_REPLAY_FRAMES: usize = 54_000;
/// Bytes after which an answer with frames or voice ends; what is whole of the next one is asked for next.
pub const MAX_REPLAY_BYTES: usize = 4 << 20;
/// Moves of pointers after which an answer ends, at the next moment: some minutes of three busy hands.
pub const MAX_REPLAY_MOVES: usize = 10_000;
/// Most characters of one word that is searched for.
pub const MAX_SEARCH_CHARS: usize = 64;
/// Frames of a recording, as this says above.
pub const REPLAY_UNITS: &str = "application/vnd.hibiki.units";
/// Packets of a voice, as this says above.
pub const REPLAY_VOICE: &str = "application/vnd.hibiki.voice";
/// Flag of a unit: decoding can begin here.
pub const UNIT_KEYFRAME: u8 = 1;
/// Flag of a unit: it arrived later.
pub const UNIT_FILLED: u8 = 2;
/// Flag of a unit: what lies there is damaged; it has no bytes.
pub const UNIT_SPOILT: u8 = 4;

/// Consults that a person may replay, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "replay.ts")]
#[serde(rename_all = "camelCase")]
pub struct ReplayList {
    /// At most `MAX_REPLAYS`.
    pub consults: Vec<ReplaySummary>,
    /// Whether older ones were left out: ask again with what is before the last of these.
    pub more: bool,
}

/// One consult in such a list, with what it can be found by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "replay.ts")]
#[serde(rename_all = "camelCase")]
pub struct ReplaySummary {
    /// Which.
    pub consult: ConsultId,
    /// Name without identity.
    pub alias: String,
    /// When it was opened.
    pub opened_at: RelayTime,
    /// When it was closed; none while it goes on.
    pub closed_at: Option<RelayTime>,
    /// Who was in it.
    pub people: Vec<ReplayPerson>,
    /// View labels of its clips.
    pub views: Vec<String>,
    /// Words that were written on its pictures and not taken back.
    pub findings: Vec<String>,
}

/// Somebody who was in a consult.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "replay.ts")]
#[serde(rename_all = "camelCase")]
pub struct ReplayPerson {
    /// Who.
    pub person: PersonId,
    /// Name as shown then.
    pub name: String,
    /// As what.
    pub role: Role,
}

/// What there is of one consult.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "replay.ts")]
#[serde(rename_all = "camelCase")]
pub struct ReplayAbout {
    /// Which.
    pub consult: ConsultId,
    /// Name without identity.
    pub alias: String,
    /// When it was opened.
    pub opened_at: RelayTime,
    /// When it was closed; none while it goes on.
    pub closed_at: Option<RelayTime>,
    /// Last entry of its log.
    pub head: Seq,
    /// How long a quick mark stays over the running picture, in seconds.
    pub quick_mark_seconds: u32,
    /// Recorded pictures, in order of their first frames; none where nothing was recorded.
    pub pictures: Vec<ReplayPicture>,
    /// Recorded voices, in order of their beginnings.
    pub voices: Vec<ReplayVoice>,
    /// How many moves of pointers are kept beside them.
    pub pointers: u32,
}

/// The recording of one stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "replay.ts")]
#[serde(rename_all = "camelCase")]
pub struct ReplayPicture {
    /// Which.
    pub stream: StreamId,
    /// How many frames.
    pub frames: u32,
    /// Moment of the first, in 90 kHz ticks since the Unix epoch.
    #[ts(type = "number")]
    pub first: u64,
    /// Moment of the last.
    #[ts(type = "number")]
    pub last: u64,
    /// Files of it that cannot be read; the rest plays.
    pub spoilt: u32,
    /// Its publisher is connected: more of it comes, and what is missing is fetched.
    pub growing: bool,
    /// Up to this moment it is what the device kept; none while that is not known.
    #[ts(type = "number | null")]
    pub whole_until: Option<u64>,
}

/// A part of the frame table of a recording, in columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "replay.ts")]
#[serde(rename_all = "camelCase")]
pub struct ReplayFrames {
    /// Moment of the first frame of this part, in 90 kHz ticks since the Unix epoch; 0 when there is none.
    #[ts(type = "number")]
    pub first: u64,
    /// Ticks from the frame before to each frame; 0 for the first.
    #[ts(type = "number[]")]
    pub steps: Vec<u64>,
    /// Bytes of each.
    pub bytes: Vec<u32>,
    /// Places in this part from which decoding can start.
    pub keys: Vec<u32>,
    /// Runs of frames that arrived later: the first one's place, and how many.
    pub filled: Vec<(u32, u32)>,
    /// How they are coded, from which place on.
    pub codings: Vec<ReplayCoding>,
    /// Where the next part begins; none when this is the last.
    #[ts(type = "number | null")]
    pub next: Option<u64>,
}

/// How frames are coded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "replay.ts")]
#[serde(rename_all = "camelCase")]
pub struct ReplayCoding {
    /// Place of the first frame of which this is true.
    pub from: u32,
    /// As `VideoDecoder` wants it (RFC 6381): `avc1.` with profile, constraints and level. Units are in Annex B, and each
    /// keyframe brings its parameter sets.
    pub codec: String,
    /// Of the picture.
    pub width: u16,
    /// Of the picture.
    pub height: u16,
}

/// What somebody said under a consent without coming anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "replay.ts")]
#[serde(rename_all = "camelCase")]
pub struct ReplayVoice {
    /// Names it in the address of its packets.
    pub track: String,
    /// Who.
    pub session: SessionId,
    /// When they spoke, by the relay's clock: pairs of beginning and end, in order.
    pub spoken: Vec<(RelayTime, RelayTime)>,
}

/// A part of the track of pointers: at most ten moves a second of each person, from while voices were recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "replay.ts")]
#[serde(rename_all = "camelCase")]
pub struct ReplayPointers {
    /// In order.
    pub moves: Vec<ReplayMove>,
    /// Where the next part begins; none when this is the last.
    pub next: Option<RelayTime>,
}

/// Somebody's pointer moved.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "replay.ts")]
#[serde(rename_all = "camelCase")]
pub struct ReplayMove {
    /// When.
    pub at: RelayTime,
    /// Whose.
    pub session: SessionId,
    /// Where it is from then on; null when it left the picture.
    pub place: Option<Point>,
}

/// A part of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "replay.ts")]
#[serde(rename_all = "camelCase")]
pub struct ReplayLog {
    /// In order; at most `MAX_REPLAY_ENTRIES`.
    pub entries: Vec<LogEntry>,
    /// Last entry of the log.
    pub head: Seq,
}
