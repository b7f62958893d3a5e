//! Live consults on tokio: the adapters around the sans-IO core.
//!
//! `hub` finds or starts the task of a consult and `supervisor` keeps it running; `task` owns one consult, `pages` and
//! `outbox` the bounded ways to its pages. `socket` greets a page, `catch_up` brings it to the head of the log, `meeting`
//! is what follows. `log` is what a consult needs of a store, `publishers` and `pictures` bring the media part's events
//! here; `agents` is the way back to them, `keeper` and `beat_keeper` take originals to the store, `intake` clips: `lines` are
//! their connections, `taking` is one of them, `telling` who hears of it, `uploads` those that come over HTTPS. Invariant: a consult's state is touched by its own task only; everybody else
//! sends it commands.

mod agents;
mod beat_keeper;
mod beside;
mod catch_up;
mod hub;
mod intake;
mod keeper;
mod lines;
mod log;
mod meeting;
mod outbox;
mod pages;
mod pictures;
mod publishers;
mod settling;
mod socket;
mod supervisor;
mod taking;
mod task;
mod telling;
#[cfg(test)]
mod tests;
mod uploads;

pub use agents::Agents;
pub use beat_keeper::BeatKeeper;
pub use hub::{Hub, HubParts, Live};
pub use intake::{Intake, IntakeParts};
pub use keeper::Keeper;
pub use lines::Lines;
pub use log::ConsultLog;
pub use pictures::{Pictures, SessionNews};
pub use publishers::{Claim, Publishers};
pub use socket::{Desk, Visitor, serve};
pub use uploads::{Upload, UploadLost};
