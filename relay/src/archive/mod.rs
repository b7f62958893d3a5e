//! The archive: DICOM objects as they came, durable before anybody hears that they are here (decision 0030).
//!
//! ```text
//! sender ── Archive (begin, write, finish) ── Incoming ─────────► Committer ──────────────► store
//!                                             half file, digest,   names, one folder sync,
//!                                             fdatasync, walk      one transaction
//!                                                                      │
//! QIDO-RS, C-FIND ── query ── Catalogue ◄── index ◄── Indexer ◄────────┘
//! ```
//!
//! `shelf` is the door for whoever takes objects in, `incoming` a file that arrives, `part10` its head, `committer` makes groups
//! durable, `recovery` puts in order what a crash left, `place` knows the folders. `indexer` follows behind the answers and has headers read in
//! confined processes, `entry` makes index entries of them, `query` is what can be asked, `catalogue` answers. Invariant: a file under its final name is whole, its
//! data set unaltered and its digest its name. Nothing here parses more than the flat walk over a data set, and headers that a
//! confined reader gave (decision 0029).

mod catalogue;
mod committer;
mod entry;
mod foreign;
mod incoming;
mod indexer;
mod part10;
mod pictures;
mod place;
pub mod query;
mod readings;
mod recovery;
mod shelf;

pub use catalogue::{Answers, Catalogue, Located, MAX_INSTANCES};
pub use foreign::{ForeignHead, foreign_head};
pub use indexer::IndexCounts;
pub use pictures::{PictureFault, Pictures, Rendering};
pub use readings::{Readings, Way};
pub use recovery::Recovered;
pub use shelf::{Archive, ArchiveFault, ArchiveParts, Slot, Taken};
