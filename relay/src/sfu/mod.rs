//! The media part of the relay: takes a picture from a publisher and gives it to viewers.
//!
//! ```text
//! publisher ─ WHIP offer ─► run::handle ─┐                        ┌─► edge (DTLS, SRTP, SCTP) ─► datagrams
//! viewer ──── WHEP offer ─► run::handle ─┤ commands      packets  │
//!                                        ▼                        │
//! one UDP socket ── run::thread ──► engine ── net: whose datagram ┤
//!                                        ├── picture: cache, keyframes, numbering per viewer
//!                                        └── downlink: what each viewer's link carries, and the layer it gets
//! ```
//!
//! A page's voice comes by an offer of its own and a connection of its own; `voice` gives each of the others a seat.
//!
//! Owns everything between an offer and the datagrams of a session, and the events that tell the rest of the relay what
//! happened. It knows no people, no rights and no log. One OS thread drives all of it over one socket; `engine` and all
//! below it are sans-IO. Invariant: RTP timestamps are carried unchanged, marks are anchored by them.

mod downlink;
mod edge;
mod engine;
mod error;
mod event;
pub mod limits;
mod net;
mod picture;
mod run;
mod sdp;
mod tap;
mod voice;

pub use edge::{BackfillPart, Channel, ClipPart, OriginalPart};
pub use error::{EdgeError, OfferError, SfuError};
pub use event::{GoneReason, MediaSessionId, SfuEvent, SfuStats, StopReason};
pub use run::{NOISY_LOG_TARGETS, Publish, Sfu, SfuConfig, Talk, Watch};
pub use sdp::codec::CodecKind;
pub use tap::{Tap, TappedPacket, TappedVoice, VoiceTap};
pub use voice::red::frames as voice_frames;
pub use voice::speech::Speech;
