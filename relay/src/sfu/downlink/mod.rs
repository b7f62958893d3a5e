//! What the relay knows of one viewer's link, and which layer follows from it.
//!
//! ```text
//! reports (once a second) ─► lag, loss ─► suspicion ──► whether packets are numbered and their arrivals reported
//! arrivals (of those)     ─► numbered ──► estimator ──► choice: the full layer or the low one
//!                                            └────────► probing: padding, to find room for the full layer
//! ```
//!
//! A viewer on a good link costs a glance at its reports; arrivals are asked for when it comes, when something is amiss, and
//! while it gets the low layer. Sans-IO: `now` comes in, decisions go out. It writes no packet and knows no other viewer.

mod choice;
mod lag;
mod link;
mod numbered;
mod probing;
mod suspicion;

pub(crate) use link::{Downlink, Need};

/// What the estimator is told at first, in kbit/s: a keyframe of the low layer goes through anything above this ...
const LEAST_KBPS: u64 = 100;
/// ... and beyond this nobody needs more.
const MOST_KBPS: u64 = 12_000;
