//! Offers in, answers out: the little SDP that WHIP and WHEP need, read and written here.
//!
//! ```text
//! offer text ─ lines ─► sections ─ offer ─► Offer (what both sides agreed on) ─ answer ─► answer text
//!                        └─ voice ─► VoiceOffer and its answer
//! PATCH body ─ lines ─► fragment
//! ```
//!
//! Only checked values leave this module: the engine below never sees a foreign line. Candidates of the other side are
//! counted and forgotten; the relay is ICE-lite and never probes an address (RFC 8445 §2.5).

pub(crate) mod answer;
pub(super) mod codec;
pub(crate) mod fragment;
pub(crate) mod lines;
pub(crate) mod offer;
pub(crate) mod section;
pub(crate) mod voice;
