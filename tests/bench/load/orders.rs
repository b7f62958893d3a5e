//! What the bench asks of a load and what it gets back.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where to post an offer, and what says that one may.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Door {
    /// Address for publishing, watching or speaking.
    pub(crate) url: String,
    /// A ticket, or a session with its cookie.
    pub(crate) headers: BTreeMap<String, String>,
}

/// One voice and one ear.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Voices {
    /// Speaks.
    pub(crate) speaks: Door,
    /// Hears.
    pub(crate) hears: Door,
}

/// One line on standard input.
#[derive(Debug, Deserialize)]
pub(crate) struct Orders {
    /// Where to publish.
    pub(crate) whip: Door,
    /// One per viewer.
    pub(crate) whep: Vec<Door>,
    /// Beside the picture.
    pub(crate) voices: Option<Voices>,
    /// Packets in a picture.
    pub(crate) packets_per_frame: u16,
    /// RTP payload of a packet.
    pub(crate) payload_bytes: usize,
    /// Left out of all counts.
    pub(crate) warm_ms: u64,
    /// Counted.
    pub(crate) measure_ms: u64,
}

/// What was counted.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    /// How long.
    pub(crate) seconds: f64,
    /// Packets published.
    pub(crate) sent: u64,
    /// Packets that reached viewers.
    pub(crate) received: u64,
    /// Gaps in what viewers received.
    pub(crate) lost: u64,
    /// Microseconds from the publisher's `sendto` to a viewer's `recvfrom`, unsorted.
    pub(crate) crossing_us: Vec<f64>,
    /// The same for packets of the voice.
    pub(crate) voice_us: Vec<f64>,
}
