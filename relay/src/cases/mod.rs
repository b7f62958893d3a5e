//! Cases: what is made of a consult's clips so that it can be taught with.
//!
//! `make` frees clips, marks and measurements of whom they show, `said` takes of a consult's log what may be told and `log` what of
//! that is about a clip, `shelf` keeps what was made and gives its frames,
//! `drawn` what was drawn and measured on them, `looked` compares all of it with what somebody looked
//! at, `archive` is all of a case as one file that leaves, `leftovers` removes what no row speaks
//! of any more. Owned elsewhere: the rows
//! (`store`), how identity is taken out (`echo_dicom::deidentify`), who may ask (`http`). Voices, words of the consult's log and
//! names of people never come over. Invariants: a file of a case is written anew and read back before it counts; a clip that is drawn on
//! anew has another digest, so that nobody looked at it yet; what leaves has the digest that was looked at.

mod archive;
mod drawn;
mod leftovers;
mod log;
mod looked;
mod make;
mod said;
mod shelf;

pub use archive::{ArchiveClip, ArchiveFault, CaseArchive, PIECES_AHEAD};
pub use drawn::DrawnFault;
pub use leftovers::{LeftoverFault, sweep, tidy};
pub use log::LogFault;
pub use looked::ChangedFault;
pub use make::{MakeFault, Making, alias_of};
pub use said::{ConsultSaid, read_said};
pub use shelf::{CaseFile, CaseShelf};
