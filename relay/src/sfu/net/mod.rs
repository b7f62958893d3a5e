//! Who a datagram belongs to, and who may send here at all: STUN, ICE-lite, routing, timers.
//!
//! ```text
//! datagram ─ STUN ─► name we chose ─► ice: integrity ok? answer and learn the address
//!          └ else ─► address learnt before ─► the peer's edge
//! ```

pub(crate) mod bucket;
pub(crate) mod ice;
pub(crate) mod route;
pub(crate) mod stun;
pub(crate) mod timers;
mod ways;
