//! Which clip goes over HTTPS next, to which consult, and how much of it at once (sans-IO).
//!
//! Owns when a clip that was refused is tried again, and how large the next part is. A clip goes to its consult and to no
//! other (decision 0031), also to one of an earlier start of this agent. It reads no file and knows no network.

use crate::spool::{Belongs, Unsent};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use wire::clip::{ClipGap, MAX_CLIP_PART_BYTES};
use wire::original::Digest;
use wire::{ClipId, ConsultId};

/// What the relay may have room for soon, or may be well again.
const SOON: Duration = Duration::from_secs(60);
/// What a person has to look at first: another object with its UID, a consult that is closed.
const LATER: Duration = Duration::from_secs(3_600);
/// A part is to take so long: short enough to be given up for a picture, long enough that waiting for its answer costs little.
const PART_TIME: Duration = Duration::from_secs(2);
/// The first part, and the smallest.
const FIRST_PART: u64 = 256 * 1024;

/// A clip, and where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) clip: ClipId,
    pub(super) consult: ConsultId,
}

/// What was refused and waits.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// At most as many as there are unsent clips.
    waits: BTreeMap<ClipId, Instant>,
}

impl Queue {
    /// The clip that goes next, in order of finishing; the agent is for `here`, whose patient is `whom`.
    pub(super) fn next(
        &mut self,
        unsent: &[Unsent],
        (here, whom): (ConsultId, Option<Digest>),
        now: Instant,
    ) -> Option<Next> {
        self.waits
            .retain(|clip, _| unsent.iter().any(|it| it.clip == *clip));
        let may = |it: &&Unsent| self.waits.get(&it.clip).is_none_or(|until| *until <= now);
        unsent.iter().filter(may).find_map(|it| {
            let consult = match it.known.belongs {
                Belongs::Consult(consult) => consult,
                other if other.goes_to(here, whom) => here,
                Belongs::Next(_) | Belongs::Unsaid => return None,
            };
            let clip = it.clip;
            Some(Next { clip, consult })
        })
    }

    /// When one that waits may go, if any does.
    pub(super) fn due(&self) -> Option<Instant> {
        self.waits.values().min().copied()
    }

    /// The relay did not take it.
    pub(super) fn refused(&mut self, clip: ClipId, reason: ClipGap, now: Instant) {
        let wait = match reason {
            ClipGap::RelayStorage | ClipGap::Altered => SOON,
            _ => LATER,
        };
        self.waits.insert(clip, now + wait);
    }

    /// The relay knows no such consult for this device, or the clip cannot be read here.
    pub(super) fn put_off(&mut self, clip: ClipId, now: Instant) {
        self.waits.insert(clip, now + LATER);
    }
}

/// How much goes at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part(u64);

impl Default for Part {
    fn default() -> Self {
        Self(FIRST_PART)
    }
}

impl Part {
    /// Bytes of the next one.
    pub(super) const fn bytes(self) -> u64 {
        self.0
    }

    /// So many bytes took so long.
    pub(super) fn took(&mut self, bytes: u64, time: Duration) {
        let rate = bytes as f64 / time.as_secs_f64().max(0.001);
        let wanted = (rate * PART_TIME.as_secs_f64()) as u64;
        // Not more than twice the last: a link that was quick once is not trusted at once.
        self.0 = wanted.clamp(FIRST_PART, MAX_CLIP_PART_BYTES.min(self.0 * 2));
    }

    /// One was cut: smaller ones lose less.
    pub(super) const fn cut(&mut self) {
        self.0 = FIRST_PART;
    }
}

#[cfg(test)]
mod tests {
    use super::super::upload::AWAY;
    use super::*;
    use crate::backoff::Backoff;
    use crate::spool::Finished;
    use wire::CaptureTime;

    fn unsent(belongs: Belongs) -> Unsent {
        let known = Finished {
            bytes: 1,
            refused: None,
            belongs,
            taken_at: CaptureTime(1),
            frames: 1,
            exported: false,
        };
        let clip = ClipId::random();
        Unsent { clip, known }
    }

    #[test]
    fn each_clip_goes_to_its_own_consult_and_what_waits_for_a_person_stays() {
        let (here, before) = (ConsultId::random(), ConsultId::random());
        let [whom, other] = [1, 2].map(|byte| Digest::from_bytes([byte; 32]));
        let now = Instant::now();
        let next = |belongs| {
            let one = [unsent(belongs)];
            Queue::default()
                .next(&one, (here, Some(whom)), now)
                .map(|next| next.consult)
        };
        assert_eq!(next(Belongs::Unsaid), None);
        assert_eq!(next(Belongs::Next(other)), None);
        assert_eq!(next(Belongs::Next(whom)), Some(here));
        assert_eq!(next(Belongs::Consult(before)), Some(before));
    }

    #[test]
    fn a_refused_clip_lets_the_others_go_and_is_tried_again() {
        let consult = ConsultId::random();
        let all = [(); 2].map(|()| unsent(Belongs::Consult(consult)));
        let (here, now) = ((consult, None), Instant::now());
        let mut queue = Queue::default();
        let next = |queue: &mut Queue, at| queue.next(&all, here, at).map(|it| it.clip);
        assert_eq!(next(&mut queue, now), Some(all[0].clip));
        queue.refused(all[0].clip, ClipGap::RelayStorage, now);
        assert_eq!(next(&mut queue, now), Some(all[1].clip));
        queue.refused(all[1].clip, ClipGap::Conflict, now);
        assert_eq!(next(&mut queue, now), None);
        assert_eq!(queue.due(), Some(now + SOON));
        assert_eq!(next(&mut queue, now + SOON), Some(all[0].clip));
        assert_eq!(queue.next(&[], here, now), None);
        assert_eq!(queue.due(), None, "what is gone is forgotten");
    }

    #[test]
    fn a_relay_that_is_away_for_a_week_gets_the_clip_when_it_is_back() {
        const WEEK: Duration = Duration::from_secs(7 * 24 * 3_600);
        let consult = ConsultId::random();
        let one = [unsent(Belongs::Consult(consult))];
        let mut queue = Queue::default();
        let mut backoff = Backoff::new(AWAY.0, AWAY.1);
        let begin = Instant::now();
        let (mut now, mut attempts) = (begin, 0);
        while now < begin + WEEK {
            let next = queue.next(&one, (consult, None), now);
            assert_eq!(next.map(|next| next.clip), Some(one[0].clip));
            let wait = backoff.after_failure(attempts * 997 % 1_000);
            assert!(wait <= AWAY.1, "{wait:?}");
            (now, attempts) = (now + wait, attempts + 1);
        }
        assert!(attempts < 10_000, "asking costs little: {attempts} times");
    }

    #[test]
    fn parts_follow_the_link_between_two_bounds() {
        let mut part = Part::default();
        for _ in 0..20 {
            part.took(part.bytes(), Duration::from_millis(10));
        }
        assert_eq!(part.bytes(), MAX_CLIP_PART_BYTES);
        part.took(2_000_000, Duration::from_secs(4));
        assert_eq!(part.bytes(), 1_000_000);
        part.took(1_000, Duration::from_secs(60));
        assert_eq!(part.bytes(), FIRST_PART);
    }
}
