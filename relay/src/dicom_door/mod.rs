//! The door for other DICOM systems: objects go to the archive, questions to its index, if who asks may.
//!
//! `door` is what associations see, `questions` turns identifiers into questions to the index and back. Invariant: nothing of a patient
//! leaves before it is written down who asked.

mod door;
mod questions;

pub use door::DicomDoor;
