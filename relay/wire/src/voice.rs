//! Voices as people see them: who speaks, who is muted, who cannot be heard although they are there, and whether what is
//! said is recorded.
//!
//! Owns the words; the sound itself travels as Opus beside the picture. Who speaks is presence: the log keeps when a voice
//! came and went. Recording is log: nothing is recorded before a consent is durable, and whatever ends one is an entry.

use crate::people::Author;
use crate::{ConsentId, RelayTime, SessionId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// People who may speak in one consult: the bedside, two who advise, a trainer and two who learn. A page offers as many
/// seats for others.
pub const MAX_VOICES: usize = 6;

/// Somebody's voice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "voice.ts")]
#[serde(rename_all = "camelCase")]
pub struct Voice {
    /// Whose.
    pub session: SessionId,
    /// What it does.
    pub state: VoiceState,
}

/// What a voice does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "voice.ts")]
#[serde(rename_all = "camelCase")]
pub enum VoiceState {
    /// The microphone is on, nobody speaks.
    Quiet,
    /// They speak.
    Speaking,
    /// They switched their microphone off.
    Muted,
    /// Nothing comes of it: a microphone that the device took away, or a dead link.
    Unheard,
}

/// Who agreed that voices are recorded. The physician at the bedside sets it for them, and for everybody present there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "voice.ts")]
#[serde(rename_all = "camelCase")]
pub enum ConsentBy {
    /// The patient.
    Patient,
    /// The family, where the patient cannot.
    Family,
}

/// Why a consent is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "voice.ts")]
#[serde(rename_all = "camelCase")]
pub enum ConsentEnd {
    /// It was withdrawn.
    Withdrawn,
    /// Nobody is at the bedside any more who could withdraw it.
    BedsideLeft,
    /// The installation records no voices any more.
    Forbidden,
}

/// A consent in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "voice.ts")]
#[serde(rename_all = "camelCase")]
pub struct VoiceConsent {
    /// Which.
    pub consent: ConsentId,
    /// Who agreed.
    pub by: ConsentBy,
    /// Who set it.
    pub author: Author,
    /// When.
    pub at: RelayTime,
}

/// What became of what was recorded of voices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "voice.ts")]
#[serde(rename_all = "camelCase")]
pub enum KeptVoice {
    /// Nobody ever agreed.
    #[default]
    Nothing,
    /// Whatever was said while a consent was in force is kept.
    Kept,
    /// It is being removed.
    Discarding,
    /// It was removed for good.
    Discarded,
}

/// The recording of voices.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "voice.ts")]
#[serde(rename_all = "camelCase")]
pub struct VoiceRecording {
    /// The consent in force; without one nothing is recorded.
    pub consent: Option<VoiceConsent>,
    /// Whether it is written: null before anybody said anything, false while the relay's disk takes nothing.
    pub written: Option<bool>,
    /// What is kept of it.
    pub kept: KeptVoice,
}
