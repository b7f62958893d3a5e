//! Sending on to other archives (the hospital's PACS): by C-STORE or STOW-RS, as stored, until they have it.
//!
//! ```text
//! store (queue, filled by its triggers and by command) ── courier (one task a destination) ─┬─ by_store ── dimse::Requestor
//!                                                            ├── items (files)               └─ by_stow ── HTTPS
//!                                                            └── verdict (rules: what an answer means, how long to wait)
//! ```
//!
//! `destination` is who, `secrets` what some of them want to hear, `verdict` the rules, `items` opens what is sent, `courier` does it.
//! Invariants: an item leaves the queue only when the destination said that it has it, when it will never take it, or when a person
//! says so; nothing is decoded or altered; one group at a time for each destination.

mod by_store;
mod by_stow;
mod courier;
mod destination;
mod error;
mod items;
mod secrets;
mod verdict;

pub use courier::{Couriers, ForwardCounts, ForwardParts};
pub use destination::{Destination, DestinationFault, Place};
pub use error::ForwardError;
pub use secrets::Secrets;
