//! Live consults on tokio: the adapters around the sans-IO core.
//!
//! `hub` finds or starts the task of a consult, `task` owns one consult, `outbox` is the bounded way to one page, `socket`
//! speaks WebSocket with it, `catch_up` brings it to the head of the log, `log` is what a consult needs of a store,
//! `publishers` and `pictures` bring the media part's events here. Invariant: a consult's state is touched by its own
//! task only; everybody else sends it commands through a bounded channel.

mod catch_up;
mod hub;
mod log;
mod outbox;
mod pictures;
mod publishers;
mod socket;
mod task;

pub use hub::{Hub, HubParts, Live};
pub use log::ConsultLog;
pub use pictures::{Pictures, SessionNews};
pub use publishers::{Claim, Publishers};
pub use socket::{Desk, Visitor, serve};
