//! The link lab: what stands between a client and the relay, with names from the field.
//!
//! ```text
//! agent, page or      ┌───────────────── Link ─────────────────┐
//! any publisher ─HTTP─┤ http (SDP changed) ─ tcp (rate, delay) ├─ relay's HTTP
//!               ─UDP──┤ udp ────────────── Path up, Path down  ├─ relay's UDP port, one address for each client
//!               ─TCP──┤ tcp (rate, delay, never loss)          ├─ relay's TCP port for media
//!                     └────────────────────────────────────────┘
//! ```
//!
//! `kinds` names the links; `path` is the rule of one direction (with `trace`, `loss`, `jitter`, `random`): time comes in
//! as an argument and nothing is read or sent there. `meter` remembers what passed. `running` is a link that runs, with
//! the verbs of a story: cut, restore, change address, become another kind. It needs no netem and no rights. Callers: stories
//! and the bench. Invariants: a packet never overtakes another; one seed is one run; nothing goes round a link, because offers lose
//! their candidates and answers name the link's ports only.

mod http;
mod jitter;
mod kinds;
mod lines;
mod loss;
mod meter;
mod path;
mod random;
mod running;
mod sdp;
mod tcp;
mod trace;
mod udp;

pub use jitter::Jitter;
pub use kinds::{BOTTLENECK_DROPS_AT, BOTTLENECK_RISES_AT, LIFT_CUT, LinkKind, PathKind, Trouble};
pub use loss::{Bursts, Losses};
pub use meter::{Counts, Passage, Passages};
pub use path::{Fate, Lost, Meanwhile, Path, Turn};
pub use running::{Ends, Link};
pub use trace::{Rate, Trace};
pub(crate) use udp::TURN_RELAYS_FROM;

/// A direction, as the client sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the client to the relay.
    Up,
    /// From the relay to the client.
    Down,
}
