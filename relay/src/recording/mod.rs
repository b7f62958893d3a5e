//! The recording of each picture: what arrives goes to disk, what a bad link lost or spoilt is fetched from the agent's journal.
//!
//! ```text
//! media thread ── sfu::Tap (bounded, never waits) ──► assembler ─► Writer, lane live ─┐
//!                                                                                     ├─► data/recordings/CONSULT/STREAM
//! agent ◄── asks ── healer                channel backfill ──► receipt ─► Writer, lane fill ─┘
//! ```
//!
//! `recorders` finds the recorder of a stream or starts it; `recorder` is that thread, which owns the disk; the others are
//! sans-IO. Nothing of the picture waits for any of it: what does not get in is a gap that the back-fill mends. Pictures
//! are recorded only where the relay's configuration allows it; asking each patient's consent comes later, and voice is not
//! recorded before that.

mod assembler;
mod healer;
mod lanes;
mod receipt;
mod recorder;
mod recorders;
mod telling;
#[cfg(test)]
mod tests;

pub use recorders::{News, Recorders, RecordersParts, Say};
