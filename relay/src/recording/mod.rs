//! The recording of each picture and, with consent, of voices: what arrives goes to disk, what a bad link lost or spoilt is fetched from the agent's journal.
//!
//! ```text
//! media thread ── sfu::Tap (bounded, never waits) ──► assembler ─► Writer, lane live ─┐
//!                                                                                     ├─► data/recordings/CONSULT/STREAM
//! agent ◄── asks ── healer                channel backfill ──► receipt ─► Writer, lane fill ─┘
//! ```
//!
//! `recorders` finds the recorder of a stream or starts it; `recorder` is that thread, which owns the disk; the others are
//! sans-IO. Nothing of the picture waits for any of it: what does not get in is a gap that the back-fill mends. Pictures
//! are recorded only where the relay's configuration allows it; asking each patient's consent comes later. Voices are recorded
//! where it allows that too, and only with the consent that stands in the consult's log: `voices` lets through whom the consult
//! names, `voice_frames` takes apart how they travelled, `voice_recorder` is the thread, `voice_files` the folders.

mod assembler;
mod healer;
mod lanes;
mod receipt;
mod recorder;
mod recorders;
mod telling;
#[cfg(test)]
mod tests;
mod voice_files;
mod voice_frames;
mod voice_recorder;
mod voices;
#[cfg(test)]
mod voices_tests;

pub use recorders::{Recorders, RecordersParts, Say};
pub use voice_files::{recorded_voices, voices_on_disk};
pub use voices::{VoiceRecorders, VoicesParts};
