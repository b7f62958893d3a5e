//! The door for other DICOM systems: objects go to the archive, questions to its index, and objects to who may have them.
//!
//! `door` is what associations see, `questions` turns identifiers into questions to the index and back, `patients` makes patients of
//! studies, `retrieval` finds what is wanted. Invariant: nothing of a patient leaves before it is written down who asked.

mod door;
mod patients;
mod questions;
mod retrieval;

pub use door::DicomDoor;
