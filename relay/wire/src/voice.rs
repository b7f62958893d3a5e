//! Voices as people see them: who speaks, who is muted, and who cannot be heard although they are there.
//!
//! Owns the words; the sound itself travels as Opus beside the picture. Presence, not log: what the log keeps is when a voice
//! came and went.

use crate::SessionId;
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
