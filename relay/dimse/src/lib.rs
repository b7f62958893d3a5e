//! DICOM over the network (PS3.7, PS3.8): taking C-ECHO, C-STORE and C-FIND, asking others by C-ECHO, C-STORE and C-FIND. No files, no database.
//!
//! ```text
//! taking   TCP ─ line, framing (one PDU, bounded) ─ negotiation (who, what) ─ message (command, data set) ─ Shelf (begin, write, finish)
//! asking   Requestor ─ proposal (what is offered, what was agreed) ─ command, message ─ framing, line ─ TCP
//! ```
//!
//! `serve` takes connections, `Requestor` makes them; all between a connection and those is rules without input or output: `framing`
//! finds PDUs, `negotiation` answers A-ASSOCIATE-RQ and `proposal` asks it, `message` puts fragments in order, `command` reads and
//! writes command sets. PDUs are parsed by `dicom-ul`, behind bounds of our own, because its associations have none. Invariants: a
//! data set is never whole in memory; Success is answered only after `Shelf::finish` gave it; no byte from a peer makes a panic.

mod association;
mod classes;
mod command;
mod framing;
mod identifier;
pub mod limits;
mod line;
mod message;
mod negotiation;
mod peers;
mod proposal;
mod requestor;
mod served;
mod serving;
mod shelf;
mod status;
mod title;

pub use identifier::{Element, IdentifierFault, read_identifier, write_identifier};
pub use negotiation::Policy;
pub use peers::{Peer, PeerFault};
pub use proposal::{Offer, Proposal, RequestFault};
pub use requestor::{Found, Requestor, Sent};
pub use served::{IMPLEMENTATION_UID, IMPLEMENTATION_VERSION, takes_class, takes_syntax};
pub use serving::{Counts, serve};
pub use shelf::{Facts, Matches, Question, Shelf};
pub use status::Status;
pub use title::{AeTitle, TitleFault};
