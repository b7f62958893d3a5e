//! The recording of a consult's pictures as DICOM clips beside those that people saved.
//!
//! `cuts` says where a recording is cut, `video` wraps a stretch of it as an object (transfer syntax MPEG-4 AVC/H.264, PS3.5
//! section 8.2.7), `whose` finds whose pictures they are, `object` writes one, and `keeping` makes clips of the consult of them: marks
//! and measurements on their frames, the archive and what is sent on follow as for every clip. Owned elsewhere: the recording (`recording`), when this
//! is done (`cli`). Invariants: pictures are never coded anew; an object carries a patient only where the device said for this very
//! picture whom it shows; what is kept stays as it is, and doing it again adds what was missing.

mod cuts;
mod keeping;
mod object;
mod video;
mod whose;

pub use keeping::{KeptRecording, LeftOut, Places, keep_recording};
