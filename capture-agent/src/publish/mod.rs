//! The way to the relay: one WebRTC connection made by WHIP (RFC 9725), for ever.
//!
//! ```text
//! publisher   attempts, back-off, refusals        sits on top, never gives up
//!   tickets     one-shot ticket or device key → fresh ticket
//!   whip        POST, PATCH, DELETE               HTTP only
//!   session     one publication from offer to end
//!     mending     watches over it; ICE restart       at once when `network` is another one
//!   trial       a publication without a picture    for `capture-agent check`
//!     peer        the WebRTC connection           the only place that knows the `webrtc` crate's set-up
//!       bridge      the same by a detour              the relay's TCP port, or a TURN server of `ice_servers`
//!     writer      coded frames → RTP packets, RTP time unchanged
//!     sources     each picture's source and that of its repairs; nothing is sent twice on one source
//!     low_source  packets of the low layer get a source of their own
//!     uplink      how fast: estimator, pacer, probes; orders to the encode thread
//!     control     hello, clock, stamps, state     data channel `control`
//!     originals   frames of the ring on request   data channel `originals`
//!     budget      fewer bits for the picture while originals travel over a weak link
//!     clips       finished clips of the spool     data channel `clips`, slower than voice and picture
//!     backfill    frames that the relay lacks      data channel `backfill`, as slow
//! ```
//!
//! It gets coded frames through a short channel and gives back orders (a keyframe). Nothing here touches pixels.

mod backfill;
mod bridge;
mod budget;
mod candidates;
mod clips;
mod clock_sync;
mod control;
mod http_date;
mod ice_servers;
mod low_source;
mod mending;
mod network;
mod originals;
mod peer;
mod place;
pub mod publisher;
mod refusal;
mod sdp_fragment;
mod session;
mod sources;
mod taps;
mod tickets;
pub(crate) mod trial;
mod uplink;
mod whip;
mod writer;

pub use publisher::{Publisher, RelaySettings};
pub use refusal::Refusal;
pub use tickets::{DeviceKey, Entry, Ticket};
pub(crate) use whip::is_loopback;
