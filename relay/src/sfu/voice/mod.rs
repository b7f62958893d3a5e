//! What a consult's voices need beyond packets: a seat for each of the others, who speaks, and RED for those who lack it.
//!
//! Sans-IO: time comes in as an argument, no connection is touched. Called by `engine::voices`.

pub(crate) mod red;
pub(crate) mod seat;
pub(crate) mod speech;
