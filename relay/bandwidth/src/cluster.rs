//! What a probe found: how fast its packets left, how fast they arrived.
//!
//! Packets that leave back to back arrive spaced by the slowest link (a packet train). Arriving as fast as they left says
//! that the link has at least so much; arriving slower says how much it has. Pure arithmetic on one cluster.

use crate::probe::Probe;
use crate::report::Arrival;
use crate::units::{BitRate, Micros};
use std::time::Duration;

/// Fewer packets measure nothing.
const FEWEST: usize = 4;
/// This share of the bytes asked for has to arrive.
const ENOUGH: f64 = 0.5;
/// Arriving slower than this share of the rate of sending: the link is full.
const FULL: f64 = 0.88;
/// Of a full link so much is taken; the rest lets the queue drain that the probe made.
const TAKEN: f64 = 0.9;
/// Arriving this much faster than sent: something on the way collected and released them.
const RELEASED: f64 = 3.0;
/// A span shorter than this is read as this: the clock has steps of 250 µs.
const SHORTEST_SPAN: Micros = Micros::from_millis(1);

/// A result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// At least so much goes through.
    AtLeast(BitRate),
    /// The link is full at more than this, which is safe to use.
    Full(BitRate),
    /// Too little arrived to say.
    Nothing,
}

/// The packets of one cluster that arrived.
#[derive(Debug, Default)]
pub(crate) struct Cluster {
    packets: Vec<Arrival>,
    bytes: u64,
    lost_bytes: u64,
}

/// A cluster is not larger than this whatever is marked with its id.
const MOST_PACKETS: usize = 1024;

impl Cluster {
    pub(crate) fn take(&mut self, arrival: Arrival) {
        if self.packets.len() < MOST_PACKETS {
            self.packets.push(arrival);
            self.bytes += arrival.bytes;
        }
    }

    pub(crate) fn take_lost(&mut self, bytes: u64) {
        self.lost_bytes = self.lost_bytes.saturating_add(bytes);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// All that was asked for has arrived.
    pub(crate) fn is_whole(&self, probe: &Probe) -> bool {
        self.bytes.saturating_add(self.lost_bytes) >= probe.bytes as u64
    }

    /// The result; `own_loss` is the share that the link loses at any rate.
    pub(crate) fn found(&self, probe: &Probe, own_loss: f64) -> Found {
        if self.packets.len() < FEWEST || (self.bytes as f64) < probe.bytes as f64 * ENOUGH {
            return Found::Nothing;
        }
        let kept = 1.0 - own_loss.clamp(0.0, 0.5);
        let rates = self.sending().zip(self.arriving());
        let Some((sending, arriving)) = rates else {
            return Found::Nothing;
        };
        let arriving = arriving.scaled(1.0 / kept);
        if arriving > sending.scaled(RELEASED) {
            return Found::Nothing;
        }
        if self.arrived_share() / kept * self.spread() < FULL {
            Found::Full(arriving.scaled(TAKEN))
        } else {
            Found::AtLeast(arriving.min(sending).min(probe.rate))
        }
    }

    /// Of the bytes that left.
    fn arrived_share(&self) -> f64 {
        self.bytes as f64 / self.bytes.saturating_add(self.lost_bytes).max(1) as f64
    }

    /// The time that the packets took to leave over the time they took to arrive. It compares the same packets, which rates do
    /// not: the first one's size counts where it leaves, the last one's where it arrives, and pictures are no packets of one size.
    fn spread(&self) -> f64 {
        let span_of = |at: fn(&Arrival) -> Micros| {
            let first = self.packets.iter().map(at).min();
            let last = self.packets.iter().map(at).max();
            first
                .zip(last)
                .map_or(0.0, |(first, last)| span(first, last).as_secs_f64())
        };
        let arriving = span_of(|packet| packet.arrived);
        if arriving > 0.0 {
            span_of(|packet| packet.sent) / arriving
        } else {
            1.0
        }
    }

    /// Bytes, lost ones too, without the last packet over the time between first and last: the last one took no time yet.
    fn sending(&self) -> Option<BitRate> {
        let first = self.packets.iter().min_by_key(|packet| packet.sent)?;
        let last = self.packets.iter().max_by_key(|packet| packet.sent)?;
        let bytes = self.bytes.saturating_add(self.lost_bytes) - last.bytes;
        BitRate::of(bytes, span(first.sent, last.sent))
    }

    /// Bytes without the first packet, which was on its way before the time began.
    fn arriving(&self) -> Option<BitRate> {
        let first = self.packets.iter().min_by_key(|packet| packet.arrived)?;
        let last = self.packets.iter().max_by_key(|packet| packet.arrived)?;
        BitRate::of(self.bytes - first.bytes, span(first.arrived, last.arrived))
    }
}

fn span(first: Micros, last: Micros) -> Duration {
    (last - first).max(SHORTEST_SPAN).span()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::ProbeId;
    use crate::report::tests::arrival;

    /// Ten packets of 1200 bytes, 1 ms apart when they leave (9.6 Mbit/s) and `apart` when they arrive.
    fn found(apart_ms: f64, lost: &[u32], own_loss: f64) -> Found {
        let probe = Probe {
            id: ProbeId(1),
            rate: BitRate::from_kbps(9600),
            bytes: 12_000,
            packet_bytes: 1200,
        };
        let mut cluster = Cluster::default();
        for n in 0..10 {
            let at = f64::from(n);
            if lost.contains(&n) {
                cluster.take_lost(1200);
            } else {
                cluster.take(arrival(at, 30.0 + at * apart_ms));
            }
        }
        cluster.found(&probe, own_loss)
    }

    #[test]
    fn what_arrives_as_fast_as_it_left_proves_the_rate() {
        assert_eq!(
            found(1.0, &[], 0.0),
            Found::AtLeast(BitRate::from_kbps(9600))
        );
    }

    #[test]
    fn what_arrives_slower_measures_the_link() {
        assert_eq!(found(4.0, &[], 0.0), Found::Full(BitRate::from_kbps(2160)));
    }

    #[test]
    fn loss_that_the_link_has_anyway_is_no_lack_of_room() {
        let Found::AtLeast(rate) = found(1.0, &[4], 0.1) else {
            panic!("the link was taken for full");
        };
        assert!(rate > BitRate::from_kbps(9400), "{rate}");
        assert!(matches!(found(1.0, &[2, 4], 0.0), Found::Full(_)));
    }

    #[test]
    fn packets_of_other_sizes_do_not_make_a_wide_link_look_full() {
        let probe = Probe {
            id: ProbeId(1),
            rate: BitRate::from_kbps(4_800),
            bytes: 6_000,
            packet_bytes: 1200,
        };
        let mut cluster = Cluster::default();
        // A whole packet of the picture first, small padding after it: each leaves when the one before has had its time.
        let sizes = [1200, 300, 1200, 300, 1200, 1200, 600];
        let mut at = 0.0;
        for bytes in sizes {
            cluster.take(Arrival {
                bytes,
                ..arrival(at, 30.0 + at)
            });
            at += bytes as f64 * 8.0 / 4_800.0;
        }
        assert!(matches!(cluster.found(&probe, 0.0), Found::AtLeast(_)));
    }

    #[test]
    fn half_a_cluster_says_nothing_and_one_released_at_once_neither() {
        assert_eq!(found(1.0, &[0, 1, 2, 3, 4, 5], 0.0), Found::Nothing);
        assert_eq!(found(0.0, &[], 0.0), Found::Nothing);
    }
}
