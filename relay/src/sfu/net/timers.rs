//! When each peer wants to be called again: a heap, not a scan over all of them.
//!
//! Owns the order of deadlines. It calls nobody. Entries that no longer hold are left in the heap and skipped.
//! Invariant: a peer has at most one entry per change to an earlier time, so the heap stays near the number of peers.

use super::route::PeerId;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Instant;

/// Deadlines of all peers.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, PeerId)>>,
    /// What each peer wants, and the earliest entry that stands for it in the heap.
    wanted: HashMap<PeerId, (Instant, Instant)>,
}

impl Timers {
    /// A peer wants to be called at this time, whatever it said before.
    pub(crate) fn set(&mut self, peer: PeerId, at: Instant) {
        let queued = match self.wanted.get(&peer) {
            Some((_, queued)) if *queued <= at => *queued,
            _ => {
                self.heap.push(Reverse((at, peer)));
                at
            }
        };
        self.wanted.insert(peer, (at, queued));
    }

    /// The peer is gone.
    pub(crate) fn remove(&mut self, peer: PeerId) {
        self.wanted.remove(&peer);
    }

    /// The earliest time at which somebody may be due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// A peer that is due; it must `set` its next time.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<PeerId> {
        while let Some(Reverse((queued, peer))) = self.heap.peek().copied() {
            if queued > now {
                return None;
            }
            self.heap.pop();
            match self.wanted.get(&peer).copied() {
                // Gone, or an earlier entry took its place.
                None => {}
                Some((_, own)) if own != queued => {}
                Some((at, _)) if at <= now => {
                    self.wanted.remove(&peer);
                    return Some(peer);
                }
                Some((at, _)) => {
                    self.heap.push(Reverse((at, peer)));
                    self.wanted.insert(peer, (at, at));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn due(timers: &mut Timers, now: Instant) -> Vec<u64> {
        std::iter::from_fn(|| timers.pop_due(now))
            .map(|p| p.0)
            .collect()
    }

    #[test]
    fn peers_come_due_in_order_and_once() {
        let start = Instant::now();
        let ms = |n| start + Duration::from_millis(n);
        let mut timers = Timers::default();
        timers.set(PeerId(1), ms(30));
        timers.set(PeerId(2), ms(10));
        timers.set(PeerId(3), ms(20));
        assert_eq!(timers.next(), Some(ms(10)));
        assert_eq!(due(&mut timers, ms(20)), [2, 3]);
        assert_eq!(due(&mut timers, ms(40)), [1]);
        assert_eq!(due(&mut timers, ms(99)), [] as [u64; 0]);
    }

    #[test]
    fn the_last_word_counts() {
        let start = Instant::now();
        let ms = |n| start + Duration::from_millis(n);
        let mut timers = Timers::default();
        timers.set(PeerId(1), ms(10));
        timers.set(PeerId(1), ms(50));
        assert_eq!(due(&mut timers, ms(20)), [] as [u64; 0]);
        timers.set(PeerId(1), ms(25));
        assert_eq!(due(&mut timers, ms(30)), [1]);
        assert_eq!(due(&mut timers, ms(99)), [] as [u64; 0]);
    }

    #[test]
    fn a_peer_that_is_gone_is_not_called() {
        let start = Instant::now();
        let mut timers = Timers::default();
        timers.set(PeerId(1), start);
        timers.remove(PeerId(1));
        assert_eq!(due(&mut timers, start), [] as [u64; 0]);
    }

    #[test]
    fn pushing_a_deadline_back_again_and_again_grows_nothing() {
        let start = Instant::now();
        let mut timers = Timers::default();
        for n in 0..10_000 {
            timers.set(PeerId(1), start + Duration::from_millis(n));
        }
        assert_eq!(timers.heap.len(), 1);
    }
}
