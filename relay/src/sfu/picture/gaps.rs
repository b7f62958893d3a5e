//! Packets that a publisher sent and the relay did not get.
//!
//! Owns the list of missing numbers and when to ask for each again: at once, then ever more rarely, then never. The
//! engine below does not do it, because its tracker repeats without end for what came back another way. It sends
//! nothing itself. Invariant: at most `MAX_GAPS` are followed up; a longer gap is a matter for a keyframe.

use super::StreamSeq;
use crate::sfu::limits::MAX_GAPS;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Waits before each repetition: about one, two, four round trips of a mobile link, then it is too late for a live
/// picture. The first wait lets packets that were merely reordered arrive.
const WAITS: [Duration; 5] = [
    Duration::from_millis(5),
    Duration::from_millis(60),
    Duration::from_millis(120),
    Duration::from_millis(240),
    Duration::from_millis(480),
];

#[derive(Debug)]
struct Missing {
    next: Instant,
    tries: usize,
}

/// Missing packets of one publication.
#[derive(Debug, Default)]
pub(crate) struct Gaps {
    highest: Option<StreamSeq>,
    missing: BTreeMap<StreamSeq, Missing>,
    lost: u32,
    /// The highest number given up since somebody asked.
    given_up: Option<StreamSeq>,
}

/// What became of a packet that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// The next one, perhaps after a gap that will be followed up.
    New,
    /// It filled a gap.
    Filled,
    /// It came twice, or too late to be missed.
    Repeated,
    /// It came after a gap too long to mend: a keyframe is needed.
    AfterBreak,
}

impl Gaps {
    /// Notes an arrival.
    pub(crate) fn arrived(&mut self, now: Instant, seq: StreamSeq) -> Arrival {
        let Some(highest) = self.highest else {
            self.highest = Some(seq);
            return Arrival::New;
        };
        if seq <= highest {
            return match self.missing.remove(&seq) {
                Some(_) => Arrival::Filled,
                None => Arrival::Repeated,
            };
        }
        self.highest = Some(seq);
        let gap = seq - highest - 1;
        if gap as usize + self.missing.len() > MAX_GAPS {
            self.lost = self
                .lost
                .saturating_add(gap.min(u64::from(u32::MAX)) as u32);
            self.lost = self.lost.saturating_add(self.missing.len() as u32);
            self.missing.clear();
            return Arrival::AfterBreak;
        }
        for missing in highest + 1..seq {
            self.missing.insert(
                missing,
                Missing {
                    next: now + WAITS[0],
                    tries: 0,
                },
            );
        }
        Arrival::New
    }

    /// Numbers to ask for now; those that were asked for often enough are given up.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<StreamSeq> {
        let mut ask = Vec::new();
        let before = self.missing.len();
        self.missing.retain(|seq, missing| {
            if missing.next > now {
                return true;
            }
            missing.tries += 1;
            match WAITS.get(missing.tries) {
                Some(wait) => {
                    missing.next = now + *wait;
                    ask.push(*seq);
                    true
                }
                None => {
                    self.given_up = self.given_up.max(Some(*seq));
                    false
                }
            }
        });
        self.lost = self
            .lost
            .saturating_add((before - self.missing.len()) as u32);
        ask
    }

    /// When `due` has something to say.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.missing.values().map(|missing| missing.next).min()
    }

    /// The highest number that was given up since the last call: what follows it cannot be decoded.
    pub(crate) fn take_given_up(&mut self) -> Option<StreamSeq> {
        self.given_up.take()
    }

    /// Packets given up since the last call.
    pub(crate) fn take_lost(&mut self) -> u32 {
        std::mem::take(&mut self.lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_missing_packet_is_asked_for_a_few_times_and_then_given_up() {
        let start = Instant::now();
        let mut gaps = Gaps::default();
        gaps.arrived(start, 10);
        assert_eq!(gaps.arrived(start, 12), Arrival::New);
        let asked: Vec<u32> = (0..5_000)
            .filter(|ms| gaps.due(start + *ms * MS) == [11])
            .collect();
        assert_eq!(asked, [5, 65, 185, 425]);
        assert_eq!(gaps.take_lost(), 1);
        assert_eq!(gaps.next(), None);
    }

    #[test]
    fn a_packet_that_was_only_late_is_not_asked_for() {
        let start = Instant::now();
        let mut gaps = Gaps::default();
        gaps.arrived(start, 10);
        gaps.arrived(start, 12);
        assert_eq!(gaps.arrived(start + 2 * MS, 11), Arrival::Filled);
        assert!(gaps.due(start + 9_000 * MS).is_empty());
        assert_eq!(gaps.arrived(start + 3 * MS, 11), Arrival::Repeated);
        assert_eq!(gaps.arrived(start + 3 * MS, 3), Arrival::Repeated);
        assert_eq!(gaps.take_lost(), 0);
    }

    #[test]
    fn a_long_break_is_not_followed_up() {
        let start = Instant::now();
        let mut gaps = Gaps::default();
        gaps.arrived(start, 10);
        assert_eq!(gaps.arrived(start, 10 + 32_768), Arrival::AfterBreak);
        assert!(gaps.due(start + 9_000 * MS).is_empty());
        assert_eq!(gaps.take_lost(), 32_767);
        for n in 0..10_000 {
            gaps.arrived(start, 40_000 + 2 * n);
            assert!(gaps.missing.len() <= MAX_GAPS);
        }
    }
}
