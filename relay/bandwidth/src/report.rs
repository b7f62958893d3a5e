//! What the estimator is told: the fate of each packet that was sent.
//!
//! Plain data. Adapters fill it from transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions) or from
//! RFC 8888 reports. `Packets` joins it with one common time line and drops what cannot be used.

use crate::units::Micros;
use std::time::{Duration, Instant};

/// Which probe a packet belonged to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProbeId(pub u32);

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It arrived, at this time of the receiver's clock, whose origin is unknown and which may jump.
    Arrived(Duration),
    /// It arrived, nobody says when.
    Untimed,
    /// It was reported missing, or nobody said a word about it before a later packet was reported.
    Lost,
}

/// One packet that was sent, with what the receiver said about it. Reports come in the order of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Rises with each packet sent. What does not rise above the last one seen is a duplicate and ignored.
    pub id: u64,
    /// Size on the wire.
    pub bytes: usize,
    /// When it left for the network: after pacing, not when it was queued.
    pub sent_at: Instant,
    /// What became of it.
    pub fate: Fate,
    /// Set on everything that left while a probe was being sent.
    pub probe: Option<ProbeId>,
}

/// A packet that arrived, on a line of microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// By our clock.
    pub(crate) sent: Micros,
    /// By the receiver's clock: only differences mean something.
    pub(crate) arrived: Micros,
    pub(crate) bytes: u64,
    pub(crate) probe: Option<ProbeId>,
}

impl Arrival {
    /// One-way delay up to an unknown constant.
    pub(crate) fn delay(&self) -> Micros {
        self.arrived - self.sent
    }
}

/// No datagram is larger (RFC 768); a larger size is nonsense.
pub(crate) const LARGEST_PACKET: usize = 65_535;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A packet of 1200 bytes sent and received at these milliseconds.
    pub(crate) fn arrival(sent_ms: f64, arrived_ms: f64) -> Arrival {
        let micros = |ms: f64| Micros::from_duration(Duration::from_secs_f64(ms.max(0.0) / 1000.0));
        Arrival {
            sent: micros(sent_ms),
            arrived: micros(arrived_ms),
            bytes: 1200,
            probe: None,
        }
    }

    #[test]
    fn delay_is_a_difference_of_two_clocks() {
        assert_eq!(arrival(10.0, 35.5).delay().millis(), 25.5);
        assert_eq!(arrival(40.0, 5.0).delay().millis(), -35.0);
    }
}
