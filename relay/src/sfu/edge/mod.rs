//! The media edge: one connection's DTLS, SRTP and SCTP, behind a small trait of ours.
//!
//! `terms` is what both sides agreed on, `contract` the trait, `rtc_edge` the trait on the `rtc` crate, set up by
//! `rtc_setup` with the help of `prime` and `tap`. Nothing outside this folder names `rtc`, so another engine could drive the same relay.

mod contract;
mod prime;
mod rtc_edge;
pub(crate) mod rtc_setup;
mod tap;
pub(crate) mod terms;

pub(crate) use contract::{EdgeEvent, EdgeMaker, MediaEdge, RtpIn, RtpOut};
