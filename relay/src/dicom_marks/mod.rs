//! Marks and measurements of a clip as DICOM objects: a presentation state that other viewers lay over the clip, and a
//! measurement report (PS3.3 A.33, A.35.3).
//!
//! `place` finds the frames of a clip that marks were made on, `drawing` turns shapes into graphics, `values` computes what
//! was measured and `follows` what follows from it, `across` finds what follows from marks on several clips, `names` and
//! `words` say what it is called, `marked` puts the objects together, `closing` keeps them beside the clips of a consult
//! that is closed. Owned elsewhere: the objects' attributes (`echo_dicom::write`), the rules of measuring
//! (`echo_dicom::measure`), who may ask. Invariants: the log stays the truth, these are copies of
//! it; the same marks give the same bytes and the same UIDs; nothing that was withdrawn gets in.

mod across;
mod closing;
mod drawing;
mod follows;
mod in_force;
mod marked;
mod names;
mod place;
mod values;
mod words;

pub use closing::{KeptMarks, keep_marks};
pub use in_force::{each_entry, marks_in_force};
pub use marked::{KeptClip, MarkedClip, MarksFault, kept_clips};

#[cfg(test)]
mod tests;
