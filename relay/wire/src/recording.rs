//! The recording of a picture as pages see it: whether it runs, and what is missing of it.
//!
//! Owns the form that the state of a consult carries; what is missing is found by the relay's recorder and told by the log.

use crate::{RtpTime, StreamId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The recording of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "socket.ts")]
#[serde(rename_all = "camelCase")]
pub struct RecordingState {
    /// Which.
    pub stream: StreamId,
    /// Whether it is being recorded now.
    pub on: bool,
    /// Holes that are not filled, oldest first; at most `MAX_RECORDING_GAPS`.
    pub gaps: Vec<RecordingGap>,
    /// How many holes were filled.
    pub filled: u32,
    /// How long those were in all, in milliseconds.
    pub filled_ms: u64,
    /// Since when it has frames of a weak link whose better ones are to come; none when it has none.
    pub weak_from: Option<RtpTime>,
    /// Up to where it is what the device kept, when that was said after something had been missing.
    pub whole_until: Option<RtpTime>,
}

/// A hole in a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "socket.ts")]
#[serde(rename_all = "camelCase")]
pub struct RecordingGap {
    /// The last frame before it.
    pub before: RtpTime,
    /// The first frame after it.
    pub after: RtpTime,
    /// How much of it has arrived by now; none while it is not being filled.
    pub percent: Option<u8>,
}

/// Holes of one recording that are told; more are mended without a word.
pub const MAX_RECORDING_GAPS: usize = 64;
