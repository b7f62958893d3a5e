//! Packets numbered for a viewer across its sources (draft-holmer-rmcat-transport-wide-cc-extensions-01), and what became
//! of them.
//!
//! Owns the numbers, and when each packet left and how large it was. Invariant: at most `MAX_NUMBERED` are remembered; a
//! report about an older one says nothing.

use crate::sfu::edge::Arrivals;
use bandwidth::{ProbeId, Report};
use std::collections::VecDeque;
use std::time::Instant;

/// Packets remembered: two seconds at 10 Mbit/s, and reports come ten times a second.
const MAX_NUMBERED: usize = 2_048;

#[derive(Debug, Clone, Copy)]
struct Left {
    at: Instant,
    bytes: usize,
    probe: Option<ProbeId>,
}

/// The numbers of one viewer.
#[derive(Debug, Default)]
pub(super) struct Numbered {
    /// The number of the next packet, without wrap.
    next: u64,
    /// Packets that left, the newest last; its number is `next - 1`.
    left: VecDeque<Left>,
}

impl Numbered {
    /// A packet leaves now. Gives its number.
    pub(super) fn leaves(&mut self, now: Instant, bytes: usize, probe: Option<ProbeId>) -> u16 {
        if self.left.len() == MAX_NUMBERED {
            self.left.pop_front();
        }
        self.left.push_back(Left {
            at: now,
            bytes,
            probe,
        });
        let number = self.next as u16;
        self.next += 1;
        number
    }

    /// What the estimator is to know of a report.
    pub(super) fn read(&self, arrivals: &Arrivals) -> Vec<Report> {
        let Some(first) = self.whole(arrivals.first) else {
            return Vec::new();
        };
        let numbers = first..;
        numbers
            .zip(&arrivals.fates)
            .filter_map(|(id, fate)| {
                let left = self.of(id)?;
                Some(Report {
                    id,
                    bytes: left.bytes,
                    sent_at: left.at,
                    fate: *fate,
                    probe: left.probe,
                })
            })
            .collect()
    }

    /// The number without wrap: the nearest one at or below the newest (RFC 3550 appendix A.1).
    fn whole(&self, number: u16) -> Option<u64> {
        let newest = self.next.checked_sub(1)?;
        let behind = (newest as u16).wrapping_sub(number);
        newest.checked_sub(u64::from(behind))
    }

    fn of(&self, id: u64) -> Option<&Left> {
        let behind = self.next.checked_sub(1)?.checked_sub(id)? as usize;
        let at = self.left.len().checked_sub(1)?.checked_sub(behind)?;
        self.left.get(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bandwidth::Fate;
    use std::time::Duration;

    fn lost(first: u16, count: usize) -> Arrivals {
        Arrivals {
            first,
            fates: vec![Fate::Lost; count],
        }
    }

    #[test]
    fn a_report_finds_its_packets_across_the_wrap() {
        let start = Instant::now();
        let mut numbered = Numbered::default();
        let at = |n: u64| start + Duration::from_millis(n);
        for n in 0..65_540 {
            assert_eq!(numbered.leaves(at(n), n as usize, None), n as u16);
        }
        let read = numbered.read(&lost(65_534, 6));
        let told: Vec<(u64, usize)> = read.iter().map(|it| (it.id, it.bytes)).collect();
        assert_eq!(told[..2], [(65_534, 65_534), (65_535, 65_535)]);
        assert_eq!(told[2..4], [(65_536, 65_536), (65_537, 65_537)]);
        assert_eq!(read[3].sent_at, at(65_537));
    }

    #[test]
    fn what_was_never_sent_or_is_forgotten_says_nothing() {
        let now = Instant::now();
        let mut numbered = Numbered::default();
        assert!(numbered.read(&lost(0, 4)).is_empty());
        for _ in 0..10_000 {
            numbered.leaves(now, 100, None);
        }
        assert_eq!(numbered.left.len(), MAX_NUMBERED);
        assert!(numbered.read(&lost(5, 20)).is_empty(), "forgotten");
        assert_eq!(numbered.read(&lost(9_998, 40)).len(), 2, "not sent yet");
    }
}
