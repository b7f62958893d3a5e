//! The archive: DICOM objects as they came, durable before anybody hears that they are here (decision 0030).
//!
//! ```text
//! sender ── Archive (begin, write, finish) ── Incoming ─────────► Committer ──────────► store
//!                 Slots ── file made ahead ──┘ digest, walk,       names and rows,
//!                                              one sync            not synced: made again by `recovery`
//!                                                                      │
//! QIDO-RS, C-FIND ── query ── Catalogue ◄── index ◄── Indexer ◄────────┘
//! ```
//!
//! `shelf` is the door for whoever takes objects in, `slots` makes files ahead, `incoming` is a file that arrives, `part10` its head with
//! the proof that it is whole, `committer` gives names and rows, `recovery` puts in order what a crash left, `place` knows the folders,
//! `files` the disk. `collector` brings the clips that consults keep (`put_off`: those that wait for the disk) and `said` what is said of them,
//! `beside` keeps what has the UID of a clip, `foreign` reads the heads of others' files, `file_head` those at hand. `indexer` follows behind the answers and has headers read in confined processes, `entry` makes index entries of
//! them, `query` is what can be asked, `catalogue` answers and `pictures` gives frames. Invariant: a file under its final name is whole, its data set unaltered and
//! its digest its name. Nothing here parses more than the flat walk over a data set, and headers that a confined reader gave
//! (decision 0029).

mod beside;
mod catalogue;
mod collector;
mod committer;
mod entry;
mod file_head;
mod files;
mod foreign;
mod incoming;
mod indexer;
mod part10;
mod pictures;
mod place;
#[cfg(test)]
mod power_cuts;
mod put_off;
pub mod query;
mod readings;
mod recovery;
mod said;
mod shelf;
mod slots;

pub use beside::BesideFault;
pub use catalogue::{Answers, Catalogue, Located, MAX_INSTANCES};
pub use collector::{CollectCounts, SENDER as CLIP_SENDER};
pub use file_head::{FileHead, HeadFault, are_one_object};
pub use foreign::{ForeignHead, foreign_head};
pub use indexer::IndexCounts;
pub use pictures::{PictureFault, Pictures, Rendering};
pub use place::Objects;
pub use readings::{Readings, Way};
pub use recovery::Recovered;
pub use shelf::{Archive, ArchiveFault, ArchiveParts, Slot, Taken};
