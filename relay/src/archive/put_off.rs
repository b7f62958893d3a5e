//! What could not be done for a reason that may pass, of each clip or object, and when it is tried again.
//!
//! Sans-IO. Owns the waits; what failed and how it is done is the business of `collector`, `said` and `indexer`. Nothing of it outlives the
//! program: after a start everything is tried at once.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;
use tokio::time::Instant;

/// After the first failure, and twice as long after each one more…
const FIRST_WAIT: Duration = Duration::from_secs(5);
/// …up to this: a disk that was put right is noticed while somebody still looks.
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);
/// That wait at most. When more fail it is no matter of single ones, and those beyond are tried at each look.
const MAX_PUT_OFF: usize = 1_024;

/// What waits.
#[derive(Debug)]
pub(super) struct PutOff<K> {
    held: HashMap<K, Wait>,
}

impl<K> Default for PutOff<K> {
    fn default() -> Self {
        Self {
            held: HashMap::new(),
        }
    }
}

#[derive(Debug)]
struct Wait {
    failures: u32,
    until: Instant,
}

impl<K: Copy + Eq + Hash> PutOff<K> {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether it is not its time yet.
    pub(super) fn waits(&self, of: K, now: Instant) -> bool {
        self.held.get(&of).is_some_and(|wait| now < wait.until)
    }

    /// Those whose time it is.
    pub(super) fn due(&self, now: Instant) -> Vec<K> {
        let due = self.held.iter().filter(|(_, wait)| wait.until <= now);
        due.map(|(of, _)| *of).collect()
    }

    /// When it is the time of the next.
    pub(super) fn next(&self) -> Option<Instant> {
        self.held.values().map(|wait| wait.until).min()
    }

    /// How often it failed.
    pub(super) fn failures(&self, of: K) -> u32 {
        self.held.get(&of).map_or(0, |wait| wait.failures)
    }

    /// It failed, once more or for the first time. False when no more may wait.
    pub(super) fn failed(&mut self, of: K, now: Instant) -> bool {
        if self.held.len() >= MAX_PUT_OFF && !self.held.contains_key(&of) {
            return false;
        }
        let wait = self.held.entry(of).or_insert(Wait {
            failures: 0,
            until: now,
        });
        let doubled = FIRST_WAIT.saturating_mul(1 << wait.failures.min(16));
        wait.failures = wait.failures.saturating_add(1);
        wait.until = now + doubled.min(LONGEST_WAIT);
        true
    }

    /// It is decided.
    pub(super) fn done(&mut self, of: K) {
        self.held.remove(&of);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{ClipId, ConsultId};

    #[test]
    fn waits_grow_to_ten_minutes_and_end_with_the_clip() {
        let of = (ConsultId::random(), ClipId::random());
        let (mut put_off, mut now) = (PutOff::default(), Instant::now());
        let mut waited = Vec::new();
        for _ in 0..40 {
            put_off.failed(of, now);
            let begin = now;
            while put_off.waits(of, now) {
                now += Duration::from_secs(1);
            }
            waited.push((now - begin).as_secs());
        }
        assert_eq!(waited[..4], [5, 10, 20, 40]);
        assert_eq!(waited[39], LONGEST_WAIT.as_secs());
        assert_eq!((put_off.failures(of), put_off.due(now)), (40, vec![of]));
        assert_eq!(put_off.next(), Some(now));
        put_off.done(of);
        assert_eq!((put_off.len(), put_off.next()), (0, None));
        put_off.failed(of, now);
        assert!(!put_off.waits(of, now + FIRST_WAIT), "from the start");
    }

    #[test]
    fn no_more_are_remembered_than_may_be() {
        let (mut put_off, now) = (PutOff::default(), Instant::now());
        let consult = ConsultId::random();
        for _ in 0..MAX_PUT_OFF + 5 {
            put_off.failed((consult, ClipId::random()), now);
        }
        assert_eq!(put_off.len(), MAX_PUT_OFF);
    }
}
