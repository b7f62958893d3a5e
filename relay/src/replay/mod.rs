//! Reading clips: whether one is what was said of it, its frame table, and its frames as a browser shows them.
//!
//! `check` compares an object with its offer before it is kept, `shelf` keeps a few clips open so that a frame is found at
//! once, `table` says where each frame is and when, `still` makes the bytes that leave. Who may read is decided before
//! anything here is called. Clips are foreign files: everything is read through `guarded`, in confined processes, where
//! blocking is allowed. Invariant: nothing here writes.

mod check;
mod recorded;
mod shelf;
mod still;
mod table;

pub use check::{Disagreement, check, gap_of};
pub(crate) use recorded::playable;
pub use recorded::{RecordedFault, RecordedShelf};
pub use shelf::{Found, ReplayFault, Shelf};
pub use still::{Still, StillForm};
