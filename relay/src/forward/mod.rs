//! Sending on to other archives (the hospital's PACS): by C-STORE, as stored, until they have it.
//!
//! ```text
//! store (queue, filled by its triggers and by command) ── courier (one task a destination) ── items (files) ── dimse::Requestor
//!                                                            └── verdict (rules: what a status means, how long to wait)
//! ```
//!
//! `destination` is who, `verdict` the rules, `items` opens what is sent, `courier` does it. Invariants: an item leaves the queue only
//! when the destination said that it has it, when it will never take it, or when a person says so; nothing is decoded or altered;
//! one association at a time for each destination.

mod courier;
mod destination;
mod items;
mod verdict;

pub use courier::{Couriers, ForwardCounts, ForwardParts};
pub use destination::{Destination, DestinationFault};
