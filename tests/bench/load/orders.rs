//! What the bench asks of a load and what it gets back.

use serde::{Deserialize, Serialize};

/// Where to publish or watch, and the ticket for it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Door {
    /// WHIP or WHEP address.
    pub(crate) url: String,
    /// Bearer ticket, used once.
    pub(crate) ticket: String,
}

/// One line on standard input.
#[derive(Debug, Deserialize)]
pub(crate) struct Orders {
    /// Where to publish.
    pub(crate) whip: Door,
    /// One per viewer.
    pub(crate) whep: Vec<Door>,
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
}
