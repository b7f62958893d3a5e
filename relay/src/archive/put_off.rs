//! Clips that the archive could not take for a reason that is not theirs, and when each is tried again.
//!
//! Sans-IO. Owns the waits; what failed and how a clip is taken is the collector's business. Nothing of it outlives the program: after
//! a start everything is tried at once.

use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;
use wire::{ClipId, ConsultId};

/// After the first failure, and twice as long after each one more…
const FIRST_WAIT: Duration = Duration::from_secs(5);
/// …up to this: a disk that was put right is noticed while somebody still looks.
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);
/// Clips that wait at most. When more fail it is no matter of single clips, and those beyond are tried at each look.
const MAX_PUT_OFF: usize = 1_024;

/// A clip of a consult.
pub(super) type Which = (ConsultId, ClipId);

/// What waits.
#[derive(Debug, Default)]
pub(super) struct PutOff {
    held: HashMap<Which, Wait>,
}

#[derive(Debug)]
struct Wait {
    failures: u32,
    until: Instant,
}

impl PutOff {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether it is not its time yet.
    pub(super) fn waits(&self, of: Which, now: Instant) -> bool {
        self.held.get(&of).is_some_and(|wait| now < wait.until)
    }

    /// It failed, once more or for the first time.
    pub(super) fn failed(&mut self, of: Which, now: Instant) {
        if self.held.len() >= MAX_PUT_OFF && !self.held.contains_key(&of) {
            return;
        }
        let wait = self.held.entry(of).or_insert(Wait {
            failures: 0,
            until: now,
        });
        let doubled = FIRST_WAIT.saturating_mul(1 << wait.failures.min(16));
        wait.failures = wait.failures.saturating_add(1);
        wait.until = now + doubled.min(LONGEST_WAIT);
    }

    /// It is decided.
    pub(super) fn done(&mut self, of: Which) {
        self.held.remove(&of);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        put_off.done(of);
        assert_eq!(put_off.len(), 0);
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
