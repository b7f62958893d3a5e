//! The archive: DICOM objects as they came, durable before anybody hears that they are here (decision 0030).
//!
//! ```text
//! sender ── Archive (begin, write, finish) ── Incoming ─────────► Committer ──────────────► store
//!                                             half file, digest,   names, one folder sync,
//!                                             fdatasync, walk      one transaction
//! ```
//!
//! `shelf` is the door for whoever takes objects in, `incoming` a file that arrives, `part10` its head, `committer` makes groups
//! durable, `recovery` puts in order what a crash left, `place` knows the folders. Invariant: a file under its final name is whole, its
//! data set unaltered and its digest its name. Nothing here parses more than the flat walk over a data set.

mod committer;
mod incoming;
mod part10;
mod place;
mod recovery;
mod shelf;

pub use recovery::Recovered;
pub use shelf::{Archive, ArchiveFault, ArchiveParts};
