//! The way of a publisher's packets, and of a talker's, to whoever records them.
//!
//! Owns the words between the two. The engine hands each packet of the live publication over once, late and out of order as
//! it may come, numbered as viewers see it; a voice packet as it came, after everybody who hears it has it. What becomes of
//! it, and whether it may be recorded at all, is not the engine's. Invariant: giving never waits.

use bytes::Bytes;
use std::fmt;
use std::sync::Arc;
use wire::RtpTime;

/// One packet of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TappedPacket {
    /// Its number in the stream, without wrap.
    pub seq: u64,
    /// Timestamp as viewers see it.
    pub rtp_time: RtpTime,
    /// Last packet of a frame.
    pub marker: bool,
    /// The publisher is our agent, whose timestamps are its capture clock.
    pub ours: bool,
    /// Payload (RFC 6184).
    pub payload: Bytes,
}

/// One packet of a voice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TappedVoice {
    /// Its source (RFC 3550 §3): another one has a timeline of its own.
    pub ssrc: u32,
    /// Its number there.
    pub seq: u16,
    /// Its time there, 48 kHz.
    pub timestamp: u32,
    /// It brings older frames once more (RFC 2198).
    pub is_red: bool,
    /// Opus, or that.
    pub payload: Bytes,
}

/// Takes voice packets. Clones take for the same.
#[derive(Clone)]
pub struct VoiceTap(Arc<dyn Fn(TappedVoice) + Send + Sync>);

impl VoiceTap {
    /// Through this, which must not wait.
    pub fn new(take: impl Fn(TappedVoice) + Send + Sync + 'static) -> Self {
        Self(Arc::new(take))
    }

    /// Hands a packet over.
    pub(crate) fn give(&self, packet: TappedVoice) {
        (self.0)(packet);
    }
}

impl fmt::Debug for VoiceTap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VoiceTap")
    }
}

/// Takes packets. Clones take for the same.
#[derive(Clone)]
pub struct Tap(Arc<dyn Fn(TappedPacket) + Send + Sync>);

impl Tap {
    /// Through this, which must not wait.
    pub fn new(take: impl Fn(TappedPacket) + Send + Sync + 'static) -> Self {
        Self(Arc::new(take))
    }

    /// Hands a packet over.
    pub(crate) fn give(&self, packet: TappedPacket) {
        (self.0)(packet);
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tap")
    }
}
