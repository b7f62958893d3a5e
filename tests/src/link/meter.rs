//! What passed through one direction of a link: counts since it began, and each datagram of the last minutes.
//!
//! Owns the memory and the arithmetic on it. Pieces of TCP connections are counted and not remembered. Callers: `lines` writes; the
//! bench reads. Invariant: the memory is bounded, the oldest go first.

use super::path::{Fate, Lost};
use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

/// Three minutes of 6 Mbit/s in packets of a kilobyte, and some.
const MOST_PASSAGES: usize = 200_000;

/// One datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passage {
    /// When it came, since the link began.
    pub at: Duration,
    /// Its bytes, without headers.
    pub bytes: usize,
    /// How long it waited for those before it; none if it was lost.
    pub waited: Option<Duration>,
}

/// Sums since the link began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Datagrams that came.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Lost because the queue was full.
    pub lost_in_queue: u64,
    /// Lost on the air.
    pub lost_on_air: u64,
    /// Lost because nothing passed.
    pub lost_in_cut: u64,
    /// Refused because this network lets no UDP through.
    pub refused: u64,
    /// Bytes of TCP connections.
    pub tcp_bytes: u64,
}

/// The memory of one direction.
#[derive(Debug, Default)]
pub(super) struct Meter {
    counts: Counts,
    passages: VecDeque<Passage>,
}

impl Meter {
    /// Notes what became of a datagram; one that is held is noted when it is taken again.
    pub(super) fn note(&mut self, at: Duration, bytes: usize, fate: Fate) {
        let waited = match fate {
            Fate::Held => return,
            Fate::DueAt { waits, .. } => Some(waits),
            Fate::Lost(why) => {
                self.lose(why);
                None
            }
        };
        self.counts.packets += 1;
        self.counts.bytes += bytes as u64;
        if self.passages.len() >= MOST_PASSAGES {
            self.passages.pop_front();
        }
        self.passages.push_back(Passage { at, bytes, waited });
    }

    /// Notes that a datagram was lost; one that was on its way when the link was cut is only counted.
    pub(super) const fn lose(&mut self, why: Lost) {
        let count = match why {
            Lost::Queue => &mut self.counts.lost_in_queue,
            Lost::Air => &mut self.counts.lost_on_air,
            Lost::Cut => &mut self.counts.lost_in_cut,
            Lost::Refused => &mut self.counts.refused,
        };
        *count += 1;
    }

    pub(super) const fn note_piece(&mut self, bytes: usize) {
        self.counts.tcp_bytes += bytes as u64;
    }

    pub(super) const fn counts(&self) -> Counts {
        self.counts
    }

    pub(super) fn passages(&self, span: Range<Duration>) -> Passages {
        let within = |passage: &&Passage| span.contains(&passage.at);
        Passages {
            all: self.passages.iter().filter(within).copied().collect(),
            span,
        }
    }
}

/// The datagrams of a span of time.
#[derive(Debug, Clone)]
pub struct Passages {
    all: Vec<Passage>,
    span: Range<Duration>,
}

impl Passages {
    /// Each of them, oldest first.
    #[must_use]
    pub fn all(&self) -> &[Passage] {
        &self.all
    }

    /// The part of them that came in a shorter span.
    #[must_use]
    pub fn within(&self, span: Range<Duration>) -> Self {
        let within = |passage: &&Passage| span.contains(&passage.at);
        Self {
            all: self.all.iter().filter(within).copied().collect(),
            span,
        }
    }

    /// What came, in bits per second, without headers.
    #[must_use]
    pub fn offered_bits_per_s(&self) -> f64 {
        self.bits_per_s(|_| true)
    }

    /// What came and was not lost, in bits per second, without headers.
    #[must_use]
    pub fn passed_bits_per_s(&self) -> f64 {
        self.bits_per_s(|passage| passage.waited.is_some())
    }

    /// The part that was lost.
    #[must_use]
    pub fn lost_share(&self) -> f64 {
        let lost = self.all.iter().filter(|passage| passage.waited.is_none());
        lost.count() as f64 / self.all.len().max(1) as f64
    }

    /// So many percent of those that passed waited no longer than this; none if nothing passed.
    #[must_use]
    pub fn waited(&self, percent: usize) -> Option<Duration> {
        let mut waits: Vec<Duration> = self.all.iter().filter_map(|p| p.waited).collect();
        waits.sort_unstable();
        // Nearest rank.
        let rank = (waits.len() * percent).div_ceil(100).max(1);
        waits.get(rank - 1).copied()
    }

    fn bits_per_s(&self, counts: impl Fn(&Passage) -> bool) -> f64 {
        let bytes: usize = self
            .all
            .iter()
            .filter(|passage| counts(passage))
            .map(|passage| passage.bytes)
            .sum();
        let span = self.span.end.saturating_sub(self.span.start).as_secs_f64();
        if span > 0.0 {
            bytes as f64 * 8.0 / span
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wait::{ms, secs};

    #[test]
    fn a_span_tells_its_rate_its_losses_and_how_long_packets_waited() {
        let mut meter = Meter::default();
        for n in 0..1_000 {
            let fate = if n % 10 == 0 {
                Fate::Lost(Lost::Air)
            } else {
                Fate::DueAt {
                    at: ms(n + 50),
                    waits: ms(n % 100),
                }
            };
            meter.note(ms(n), 1_000, fate);
        }
        let second = meter.passages(secs(0)..secs(1));
        assert!((second.offered_bits_per_s() - 8e6).abs() < 1.0);
        assert!((second.passed_bits_per_s() - 7.2e6).abs() < 1.0);
        assert!((second.lost_share() - 0.1).abs() < 1e-9);
        assert_eq!(second.waited(50), Some(ms(49)));
        assert_eq!(second.waited(100), Some(ms(99)));
        let half = second.within(ms(500)..ms(1_000));
        assert_eq!(half.all().len(), 500);
        assert!((half.offered_bits_per_s() - 8e6).abs() < 1.0);
        assert_eq!(meter.passages(secs(2)..secs(3)).waited(95), None);
        assert_eq!(meter.counts().lost_on_air, 100);
    }
}
