//! The log of a case's clip: how the consult went around it, without identity.
//!
//! Owns the JSON that lies beside a clip of a case, is ticked with it and leaves with it. Invariant: no field has room for a name, a
//! word that somebody typed, a date, a time of day or an id of the consult. What somebody did is a code, who did it a role, and
//! when it was is a distance in milliseconds. The UIDs are those in the files beside it.

use crate::FrameIndex;
use crate::link::LinkLevel;
use crate::people::Role;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Most lines of one log: a person reads all of them before a tick.
pub const MAX_CASE_LOG_LINES: usize = 200;
/// What lies farther from the beginning than this, in milliseconds, is left out: it belongs to another part of the consult, or a
/// clock was set meanwhile and the distance would tell the date.
pub const MAX_CASE_LOG_MS: i32 = 60 * 60 * 1_000;

/// How a consult went around one clip of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CaseLog {
    /// SOP Instance UID of the clip in this case.
    pub clip: String,
    /// That of what was drawn on it.
    pub marks: Option<String>,
    /// That of what was measured on it.
    pub measurements: Option<String>,
    /// What moments count from.
    pub from: CaseLogStart,
    /// At most `MAX_CASE_LOG_LINES`, in the order in which it happened.
    pub lines: Vec<CaseLogLine>,
    /// Lines that are not here: there are more, or they lie beyond `MAX_CASE_LOG_MS`.
    pub left_out: u32,
}

/// What the moments of a log count from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase")]
pub enum CaseLogStart {
    /// The capture of the clip's first frame.
    FirstFrame,
    /// The first line: nobody knows when the frame was captured by the clock of the log.
    FirstLine,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CaseLogLine {
    /// Milliseconds from the beginning; negative before it. At most `MAX_CASE_LOG_MS` away.
    pub ms: i32,
    /// Who did it.
    pub by: CaseAuthor,
    /// On which frame of the clip.
    pub frame: Option<FrameIndex>,
    /// What.
    pub event: CaseLogEvent,
}

/// Who did something, as far as a case tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
pub enum CaseAuthor {
    /// A person.
    Person {
        /// As what.
        role: Role,
        /// Which one of that role in the consult, in order of appearance from 1: the same one in all logs of a case.
        number: u32,
    },
    /// The device at the bedside.
    Device {},
    /// The relay.
    Relay {},
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum CaseLogEvent {
    /// Somebody asked for this clip to be saved.
    ClipAsked {},
    /// The device had it safe.
    ClipSaved {},
    /// Everybody stood on a frame.
    Frozen {},
    /// The freeze moved to this frame.
    Stepped {},
    /// The picture ran again.
    Released {},
    /// A mark was made.
    Marked {
        /// Which kind.
        kind: CaseMarkKind,
        /// It took the place of another one.
        again: bool,
    },
    /// A mark was taken back: it is in no file.
    Withdrawn {
        /// Which kind.
        kind: CaseMarkKind,
    },
    /// Somebody marked the depth scale.
    Calibrated {},
    /// How the picture arrived at the page of whoever it says.
    Seen {
        /// In a word.
        level: LinkLevel,
        /// From capture to glass, in milliseconds, where it is known.
        age_ms: Option<u32>,
    },
}

/// What kind of mark it was. What it says and where it lies is in the files beside the log, or nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase")]
pub enum CaseMarkKind {
    /// A freehand line.
    Stroke,
    /// An arrow.
    Arrow,
    /// Words; which ones is told nowhere.
    Label,
    /// A length.
    Caliper,
    /// An outline.
    Area,
    /// An angle.
    Angle,
    /// A velocity.
    Velocity,
    /// The trace around a jet.
    Envelope,
    /// A slope of a strip.
    Slope,
    /// A rate on a strip.
    HeartRate,
    /// Where heart cycles begin.
    BeatStart,
    /// Where heart cycles end.
    BeatEnd,
    /// The inner wall of the left ventricle.
    Ventricle,
    /// A diameter of the inferior vena cava.
    VenaCava,
}
