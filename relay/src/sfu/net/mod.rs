//! Who a datagram belongs to, and who may send here at all: STUN, ICE-lite, routing, timers.
//!
//! ```text
//! datagram ─ STUN ─► name we chose ─► ice: integrity ok? answer and learn the address
//!          └ else ─► address learnt before ─► the peer's edge
//! ```
//!
//! `framing`, `backlog` and `callers` are the rules of the TCP connections that carry datagrams where UDP does not pass.

pub(crate) mod backlog;
pub(crate) mod bucket;
pub(crate) mod callers;
pub(crate) mod framing;
pub(crate) mod handshake;
pub(crate) mod ice;
pub(crate) mod route;
pub(crate) mod stun;
pub(crate) mod timers;
mod ways;
