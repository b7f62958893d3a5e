//! DICOM over the network, the taking side: C-ECHO and C-STORE (PS3.7, PS3.8). No files, no database.
//!
//! ```text
//! TCP ─ framing (one PDU, bounded) ─ negotiation (who, what) ─ message (command, data set) ─ Shelf (begin, write, finish)
//! ```
//!
//! `serve` takes connections; everything between a connection and a `Shelf` is rules without input or output: `framing` finds
//! PDUs, `negotiation` answers A-ASSOCIATE-RQ, `message` puts fragments in order, `command` reads and writes command sets.
//! PDUs are parsed and written by `dicom-ul`, behind bounds of our own, because its associations have none. Invariants: a data
//! set is never whole in memory; Success is answered only after `Shelf::finish` gave it; no byte from a peer makes a panic.

mod association;
mod classes;
mod command;
mod framing;
pub mod limits;
mod message;
mod negotiation;
mod peers;
mod served;
mod serving;
mod shelf;
mod status;
mod title;

pub use negotiation::Policy;
pub use peers::{Peer, PeerFault};
pub use served::{IMPLEMENTATION_UID, IMPLEMENTATION_VERSION, takes_class, takes_syntax};
pub use serving::{Counts, serve};
pub use shelf::{Facts, Shelf};
pub use status::Status;
pub use title::{AeTitle, TitleFault};
