//! Padding for a probe that the estimator wants, a packet at a time.
//!
//! The relay does not hold the picture back, so a probe here is what the picture gives while it runs and padding in between,
//! at the probe's rate. Owns when the next padding is due and which packets belong to the probe.

use bandwidth::{Probe, ProbeId};
use std::time::Instant;

/// A padding packet carries at most this much (RFC 3550 §5.1: its length is one byte) ...
pub(super) const MOST_PADDING: usize = 255;
/// ... in a packet with this much around it.
pub(super) const AROUND_PADDING: usize = 64;
/// A probe that takes so many times its time measures nothing any more.
const OVERDUE: u32 = 4;

#[derive(Debug)]
struct Running {
    probe: Probe,
    sent: usize,
    next: Instant,
    until: Instant,
}

/// The probe that runs.
#[derive(Debug, Default)]
pub(super) struct Probing {
    running: Option<Running>,
}

impl Probing {
    /// Begins a probe.
    pub(super) fn begins(&mut self, now: Instant, probe: Probe) {
        self.running = Some(Running {
            probe,
            sent: 0,
            next: now,
            until: now + probe.rate.time_for(probe.bytes) * OVERDUE,
        });
    }

    /// A packet leaves now; gives the probe that it belongs to.
    pub(super) fn leaves(&mut self, now: Instant, bytes: usize) -> Option<ProbeId> {
        let running = self.running.as_mut()?;
        if now >= running.until {
            self.running = None;
            return None;
        }
        let id = running.probe.id;
        running.sent += bytes;
        running.next = running.next.max(now) + running.probe.rate.time_for(bytes);
        if running.sent >= running.probe.bytes {
            self.running = None;
        }
        Some(id)
    }

    /// When padding is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.running.as_ref().map(|running| running.next)
    }

    /// The padding that is due: bytes within its packet. Time that was missed is not made up for: a burst measures nothing.
    pub(super) fn due(&mut self, now: Instant) -> Option<usize> {
        let running = self.running.as_mut()?;
        if now >= running.until {
            self.running = None;
            return None;
        }
        let wanted = running.probe.packet_bytes.saturating_sub(AROUND_PADDING);
        (running.next <= now).then(|| wanted.clamp(1, MOST_PADDING))
    }

    /// Nothing is looked at any more.
    pub(super) fn stop(&mut self) {
        self.running = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bandwidth::BitRate;
    use std::time::Duration;

    fn probe() -> Probe {
        Probe {
            id: ProbeId(3),
            rate: BitRate::from_kbps(800),
            bytes: 2_000,
            packet_bytes: 250,
        }
    }

    #[test]
    fn padding_leaves_at_the_probes_rate_until_its_bytes_are_sent() {
        let mut now = Instant::now();
        let mut probing = Probing::default();
        assert_eq!((probing.due(now), probing.next()), (None, None));
        probing.begins(now, probe());
        let mut packets = 0;
        while let Some(padding) = probing.due(now) {
            assert_eq!(padding, 250 - AROUND_PADDING);
            assert_eq!(probing.leaves(now, 250), Some(ProbeId(3)));
            packets += 1;
            if packets < 8 {
                let next = probing.next().unwrap();
                assert_eq!(next - now, Duration::from_micros(2_500));
            }
            now = probing.next().unwrap_or(now);
        }
        assert_eq!(packets, 8);
        assert_eq!(probing.leaves(now, 900), None, "it is over");
    }

    #[test]
    fn what_the_picture_gives_counts_and_a_probe_that_lasts_too_long_ends() {
        let now = Instant::now();
        let mut probing = Probing::default();
        probing.begins(now, probe());
        assert!(probing.leaves(now, 1_200).is_some());
        assert_eq!(
            probing.due(now),
            None,
            "the picture's packet takes its time"
        );
        let late = now + Duration::from_millis(200);
        assert_eq!((probing.due(late), probing.next()), (None, None));
    }
}
