//! The media edge: one connection's DTLS, SRTP and SCTP, behind small traits of ours.
//!
//! ```text
//! contract ─┬─ PublisherEdge: publisher_edge on `rtc`'s peer connection (data channels, reports), set up by
//!           │                 publisher_setup with the help of prime
//!           └─ ViewerEdge:    viewer_edge on `rtc`'s DTLS and SRTP directly (secure): a packet is sealed where it stands
//! ```
//!
//! `hellos` keeps from both what stops a handshake for ever. `terms` is what both sides agreed on, `identity` the certificate of this process. Nothing outside this folder names
//! `rtc`, so another engine could drive the same relay.

mod arrivals;
mod contract;
mod hellos;
mod identity;
mod incoming;
mod maker;
mod prime;
mod publisher_edge;
mod publisher_setup;
mod secure;
pub(crate) mod terms;
mod viewer_edge;

pub(crate) use contract::{
    Arrivals, Connection, EdgeEvent, EdgeMaker, PublisherEdge, Reception, RtpIn, RtpOut, ViewerEdge,
};
pub use contract::{BackfillPart, Channel, ClipPart, OriginalPart};
pub(crate) use maker::RtcMaker;
