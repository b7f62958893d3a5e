//! The forwarding engine: peers, streams, and what passes between them, without a socket or a clock.
//!
//! ```text
//! take_datagram / take_timeout / add / patch / close ─► core, inbound, keep
//!                                       settle(now) ─► inbound drains peers ─► forward writes to viewers
//!                                                                        └► voices writes to the others at once
//!                          poll_datagram, poll_event ◄─ what came of it
//! ```
//!
//! One owner, one thread, no locks. A fault in one connection's code ends that peer only.

mod core;
mod forward;
mod inbound;
mod keep;
mod layer;
mod layers;
mod low_layer;
mod peer;
mod stream;
mod turn;
mod voices;

pub(crate) use core::{Engine, Outgoing};
pub(crate) use peer::{NewPeer, NewRole};

#[cfg(test)]
mod tests {
    mod layers;
    mod peers;
    mod picture;
    mod voices;
    mod world;

    /// Where the virtual time of a test begins.
    pub(super) fn clock() -> std::time::Instant {
        std::time::Instant::now()
    }
}
