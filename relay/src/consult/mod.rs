//! Live consults: the rules of a meeting, and one task for each that follows them.
//!
//! ```text
//! page ─ socket ─► gate (form, speed) ─► core (rules) ─► effects ─► log (durable) ─► entries to all pages
//! sfu  ─ events ────────────────────────►  │  presence, flow ─────► pages, unstored
//! ```
//!
//! Everything here takes `now` and returns what is to be done; it does no input or output. `core` is the state machine;
//! `joining`, `saying`, `showing`, `marking`, `measuring`, `freezing`, `originals`, `beats`, `clips`, `voices`, `voice_recording`, `links`, `timing`, `for_device` and
//! `recovery` are its rules by subject, `ledger` is what they know, `state` the fold that pages see, `people` who is here, `presence` and `flow` what is shown and not kept, `pointer_track` what of it is kept with a consent, `outstanding` what of its clips a device may still hold, `gate`
//! what a page may say how fast, `agent` what a capture agent says, `assembly` the originals and `receipt` the clips that it sends. `live` runs it on tokio.
//! Invariant: what a page is told of the log is in the log for good.

pub mod admission;
pub mod agent;
pub mod assembly;
mod beats;
pub mod bucket;
mod clips;
pub mod core;
pub mod effect;
pub mod flow;
mod for_device;
mod freezing;
pub mod gate;
mod joining;
pub mod ledger;
mod links;
pub mod live;
mod marking;
mod measuring;
mod originals;
mod outstanding;
pub mod people;
mod pointer_track;
pub mod presence;
pub mod receipt;
mod recorded;
mod recovery;
pub mod rights;
mod saying;
mod showing;
pub mod state;
mod stepping;
mod timing;
mod video_pictures;
mod voice_recording;
mod voices;

#[cfg(test)]
mod beats_tests;
#[cfg(test)]
mod clips_tests;
#[cfg(test)]
mod clock_tests;
#[cfg(test)]
mod for_device_tests;
#[cfg(test)]
mod links_tests;
#[cfg(test)]
mod log_properties;
#[cfg(test)]
mod measuring_tests;
#[cfg(test)]
mod originals_tests;
#[cfg(test)]
mod rules_tests;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod voice_recording_tests;
#[cfg(test)]
mod voices_tests;

pub use self::core::Consult;
pub use beats::BeatInput;
pub use clips::{ClipInput, MAX_CLIPS};
pub use effect::{
    Audience, CatchUp, Effect, Input, Newcomer, PictureInput, RecordingInput, RunningPicture,
    SocketKey, VoiceFilesInput, VoiceInput, VoicesToRecord,
};
pub use for_device::MarksInput;
pub use originals::OriginalInput;
pub use outstanding::Outstanding;
pub use video_pictures::WantedFrame;
