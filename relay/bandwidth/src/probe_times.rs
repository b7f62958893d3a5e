//! Which probe a packet belonged to, by the time at which it left.
//!
//! For adapters whose reports carry no mark: note each departure of a probe here, and ask with the departure of each
//! report. Times may differ a little from those noted, as the packet is stamped later than the pacer let it go.

use crate::report::ProbeId;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A packet is stamped at most so long after the pacer let it go.
const STAMPED_WITHIN: Duration = Duration::from_millis(2);
/// Probes are seconds apart and reports come within two.
const REMEMBERED: usize = 8;

/// The last probes, each from its first departure to its last.
#[derive(Debug, Default)]
pub struct ProbeTimes {
    probes: VecDeque<(ProbeId, Instant, Instant)>,
}

impl ProbeTimes {
    /// A packet of this probe leaves now.
    pub fn leaves(&mut self, now: Instant, probe: ProbeId) {
        if let Some((_, _, until)) = self.probes.iter_mut().find(|(id, ..)| *id == probe) {
            *until = now.max(*until);
            return;
        }
        if self.probes.len() == REMEMBERED {
            self.probes.pop_front();
        }
        self.probes.push_back((probe, now, now));
    }

    /// The probe of a packet that left at this moment.
    #[must_use]
    pub fn of(&self, sent_at: Instant) -> Option<ProbeId> {
        let inside = |(_, from, until): &&(ProbeId, Instant, Instant)| {
            sent_at >= *from && sent_at <= *until + STAMPED_WITHIN
        };
        self.probes.iter().rev().find(inside).map(|(id, ..)| *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_left_during_a_probe_belongs_to_it() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut times = ProbeTimes::default();
        for ms in 10..30 {
            times.leaves(at(ms), ProbeId(1));
        }
        times.leaves(at(500), ProbeId(2));
        let found: Vec<Option<u32>> = [9, 10, 20, 30, 33, 501]
            .map(|ms| times.of(at(ms)).map(|id| id.0))
            .into();
        assert_eq!(found, [None, Some(1), Some(1), Some(1), None, Some(2)]);
    }
}
