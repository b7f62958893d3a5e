//! Where pictures come from.
//!
//! `spec` reads what the user wrote; `kind` says what a source is to the rest of the program; `test_pattern`, `dicom`
//! and `ffmpeg` are the kinds; `catalogue` lists what can be opened here. The capture thread owns an open source.

pub mod catalogue;
mod choice;
mod dicom;
mod ffmpeg;
mod kind;
mod open;
mod pattern;
pub mod spec;
mod test_pattern;

pub use choice::SourceChoice;
pub use kind::{Captured, FrameSource, SourceError, SourceInfo};
pub use open::open;
pub use spec::{SourceSpec, SpecError};
