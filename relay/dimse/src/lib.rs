//! DICOM over the network (PS3.7, PS3.8): answering C-ECHO, C-STORE, C-FIND, C-MOVE and C-GET, asking others by C-ECHO, C-STORE and C-FIND, with TLS or without. No database, and no files but certificates.
//!
//! ```text
//! taking   TCP (─ tls) ─ line, framing (one PDU, bounded) ─ negotiation (who, what) ─ message (command, data set) ─ Shelf (begin, write, finish)
//! giving   …the same… ─ asked (find, wanted) ─ Shelf (open) ─ back on the same line, or to another application by a Requestor
//! asking   Requestor ─ proposal (what is offered, what was agreed) ─ command, message ─ framing, line (─ tls) ─ TCP
//! ```
//!
//! `serve` takes connections, `Requestor` makes them; all between a connection and those is rules without input or output: `framing`
//! finds PDUs, `negotiation` answers A-ASSOCIATE-RQ and `proposal` asks it, `message` puts fragments in order, `command` reads and
//! writes command sets. PDUs are parsed by `dicom-ul`, behind bounds of our own, because its associations have none. Invariants: a
//! data set is never whole in memory; Success is answered only after `Shelf::finish` gave it; no byte from a peer makes a panic.

mod asked;
mod association;
mod classes;
mod command;
mod file_head;
mod framing;
mod identifier;
pub mod limits;
mod line;
mod message;
mod models;
mod negotiation;
mod peers;
mod proposal;
mod requestor;
mod served;
mod serving;
mod shelf;
mod station;
mod status;
mod stream;
mod suboperations;
mod title;
pub mod tls;
mod worklist;

pub use command::Originator;
pub use file_head::{MAGIC, MAX_FILE_HEAD_BYTES, PREAMBLE_BYTES, file_head};
pub use identifier::{
    Element, IdentifierFault, read_identifier, read_items, write_identifier, write_sequence,
};
pub use models::Root;
pub use negotiation::Policy;
pub use peers::{Peer, PeerFault};
pub use proposal::{Offer, Proposal, RequestFault};
pub use requestor::{Found, Requestor, Sent};
pub use served::{IMPLEMENTATION_UID, IMPLEMENTATION_VERSION, takes_class, takes_syntax};
pub use serving::{Counts, Port, serve};
pub use shelf::{Facts, Held, Matches, Question, Reading, Shelf};
pub use station::{Station, StationFault};
pub use status::Status;
pub use title::{AeTitle, TitleFault};
pub use worklist::{Scheduled, WORKLIST, read_scheduled, worklist_question};
