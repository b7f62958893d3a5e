//! H.264 video in an MP4 file (ISO/IEC 14496-12 and -15): where each frame lies and what a decoder needs first.
//!
//! Owns reading the few boxes that say this, from foreign files. `boxes` walks, `samples` finds the frames, `avc` checks
//! the decoder's configuration, `track` puts them together. Nothing here decodes a pixel or reads a frame time: those are
//! DICOM's. Invariant: nothing is allocated for what a file only declares, and no frame reaches beyond the file.

mod avc;
mod boxes;
mod samples;
mod track;

pub(crate) use avc::Configuration;
pub use track::VideoTrack;
