//! The hospital's worklist (PS3.4 Annex K): who is scheduled for this device, and how one of them becomes the patient of the visit.
//!
//! ```text
//! hospital ── C-FIND ── ask ── entry (rules: what an entry says) ── prefill ── [patient] of the agent's file, read at each save
//! ```
//!
//! Called by the command line and by the device page, in the hospital's network; an agent that runs takes the new facts at once.
//! Invariants: an entry is taken by a name that it alone has; facts of one patient replace all facts of the one before; nothing of a
//! patient is logged.

mod ask;
mod at_visit;
mod entry;
mod prefill;

pub use ask::{MAX_ENTRIES, WorklistFault, ask};
pub use at_visit::AtVisit;
pub use entry::{Entry, Listed, TakeFault};
pub use prefill::{PrefillFault, prefill};
