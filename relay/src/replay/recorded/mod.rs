//! Reading what was recorded of a whole consult: pictures and voices, also while they are still being written.
//!
//! `shelf` keeps a few recordings open and reads for those who may, `playable` chooses among
//! versions of a frame, `pictures` makes frame tables and hands out access units,
//! `voices` gives packets out on the relay's time, `laying` says where each lies there, `pointers` gives out the track of pointers that lies beside them. Blocking: called where that is allowed. Invariant: nothing here writes; what
//! is damaged is said to be, and the rest is given out.

mod laying;
mod pictures;
mod playable;
mod pointers;
mod shelf;
mod voices;

pub(crate) use playable::playable;
pub use shelf::{RecordedFault, RecordedShelf};
