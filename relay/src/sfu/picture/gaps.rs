//! Packets that a publisher sent and the relay did not get.
//!
//! Owns the list of missing numbers and when to ask for each again: at once, then each time an answer is overdue by what answers
//! took of late, then never. The first word for a few packets is said twice, because either it or its answer is lost as the packet
//! was, and whoever waits for that sees the picture stand. The engine below does not do it, because its tracker repeats without end for
//! what came back another way. `tail` finds what no later number shows. It sends nothing itself. Invariant: at most `MAX_GAPS` are followed up; a longer gap is a matter for
//! a keyframe.

use super::StreamSeq;
use super::tail::Tail;
use crate::sfu::limits::MAX_GAPS;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Lets packets that were merely reordered arrive.
const REORDERED: Duration = Duration::from_millis(5);
/// The first word is said once more after this: apart enough that the same hiccup does not take both.
const ECHO: Duration = Duration::from_millis(10);
/// With more than this missing the link is full, and answers that come twice would fill it more.
const MOST_ECHOED: usize = 8;
/// Before any answer was seen: a mobile link.
const FIRST_ANSWER: Duration = Duration::from_millis(40);
/// An answer is overdue after this multiple of what answers take, and ...
const OVERDUE: f64 = 1.25;
/// ... this much more: a frame of others stands before it.
const SLACK: Duration = Duration::from_millis(10);
/// Bounds of that wait.
const LEAST_WAIT: Duration = Duration::from_millis(25);
const MOST_WAIT: Duration = Duration::from_millis(250);
/// What a new answer counts among those of late.
const SHARE: f64 = 0.125;
/// Each repetition may be lost like the packet: at 5 % each way one packet in a million needs more.
const MAX_ASKS: u32 = 6;
/// Then it is too late for a live picture, and a keyframe is quicker.
const GIVE_UP: Duration = Duration::from_millis(900);

#[derive(Debug)]
struct Missing {
    since: Instant,
    next: Instant,
    asks: u32,
    /// When the answer is overdue, while the first word is to be said once more.
    echoes: Option<Instant>,
}

/// Missing packets of one publication.
#[derive(Debug, Default)]
pub(crate) struct Gaps {
    highest: Option<StreamSeq>,
    missing: BTreeMap<StreamSeq, Missing>,
    lost: u32,
    /// The highest number given up since somebody asked.
    given_up: Option<StreamSeq>,
    /// What answers took of late.
    answer: Option<Duration>,
    /// The end of the newest frame.
    tail: Tail,
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
    /// Notes an arrival; `ends` when nothing of its frame follows.
    pub(crate) fn arrived(&mut self, now: Instant, seq: StreamSeq, ends: bool) -> Arrival {
        let Some(highest) = self.highest else {
            self.highest = Some(seq);
            self.tail.came(now, seq, ends);
            return Arrival::New;
        };
        if seq <= highest {
            return match self.missing.remove(&seq) {
                Some(missing) => {
                    self.answered(now, &missing);
                    Arrival::Filled
                }
                None => Arrival::Repeated,
            };
        }
        self.highest = Some(seq);
        self.tail.came(now, seq, ends);
        let gap = seq - highest - 1;
        if gap as usize + self.missing.len() > MAX_GAPS {
            self.lost = self
                .lost
                .saturating_add(gap.min(u64::from(u32::MAX)) as u32);
            self.lost = self.lost.saturating_add(self.missing.len() as u32);
            self.missing.clear();
            return Arrival::AfterBreak;
        }
        let wait = self.wait();
        for missing in highest + 1..seq {
            let known = match self.tail.asked_for(missing) {
                Some(asked) => Missing {
                    since: asked.checked_sub(REORDERED).unwrap_or(asked),
                    next: asked + wait,
                    asks: 1,
                    echoes: None,
                },
                None => Missing {
                    since: now,
                    next: now + REORDERED,
                    asks: 0,
                    echoes: None,
                },
            };
            self.missing.insert(missing, known);
        }
        Arrival::New
    }

    /// Numbers to ask for now; those that were asked for often enough are given up.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<StreamSeq> {
        let mut ask = Vec::new();
        let before = self.missing.len();
        let wait = self.wait();
        let is_narrow = before > MOST_ECHOED;
        self.missing.retain(|seq, missing| {
            if missing.next > now {
                return true;
            }
            let end = missing.since + GIVE_UP;
            if now >= end {
                self.given_up = self.given_up.max(Some(*seq));
                return false;
            }
            if let Some(overdue) = missing.echoes.take() {
                ask.push(*seq);
                missing.next = overdue;
                return true;
            }
            if missing.asks < MAX_ASKS {
                missing.asks += 1;
                ask.push(*seq);
            }
            if missing.asks == 1 && !is_narrow {
                missing.echoes = Some((now + wait).min(end));
                missing.next = now + ECHO;
                return true;
            }
            // The answer to the last one is waited for until the end.
            let due = if missing.asks < MAX_ASKS {
                now + wait
            } else {
                end
            };
            missing.next = due.min(end);
            true
        });
        self.lost = self
            .lost
            .saturating_add((before - self.missing.len()) as u32);
        ask.extend(self.tail.due(now));
        ask
    }

    /// How long an answer is waited for.
    fn wait(&self) -> Duration {
        let answer = self.answer.unwrap_or(FIRST_ANSWER);
        (answer.mul_f64(OVERDUE) + SLACK).clamp(LEAST_WAIT, MOST_WAIT)
    }

    /// What was asked for once and came says how long an answer takes; of what was asked for twice nobody knows which one it
    /// answers (Karn's rule, RFC 6298 section 3). An answer to the echo counts as `ECHO` slower than it was, which is seldom and little.
    fn answered(&mut self, now: Instant, missing: &Missing) {
        if missing.asks != 1 {
            return;
        }
        let took = now.saturating_duration_since(missing.since + REORDERED);
        self.answer = Some(self.answer.map_or(took, |before| {
            before.mul_f64(1.0 - SHARE) + took.mul_f64(SHARE)
        }));
    }

    /// When `due` has something to say.
    pub(crate) fn next(&self) -> Option<Instant> {
        let missing = self.missing.values().map(|missing| missing.next).min();
        [missing, self.tail.next()].into_iter().flatten().min()
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
        gaps.arrived(start, 10, true);
        assert_eq!(gaps.arrived(start, 12, true), Arrival::New);
        let asked: Vec<u32> = (0..5_000)
            .filter(|ms| gaps.due(start + *ms * MS) == [11])
            .collect();
        assert_eq!(asked, [5, 15, 65, 125, 185, 245, 305]);
        assert_eq!(gaps.take_lost(), 1);
        assert_eq!(gaps.take_given_up(), Some(11));
        assert_eq!(gaps.next(), None);
    }

    #[test]
    fn it_is_asked_again_when_an_answer_is_overdue_on_this_link() {
        for (round_trip, again) in [(8, 25), (80, 110), (400, 250)] {
            let mut gaps = Gaps::default();
            let mut now = Instant::now();
            gaps.arrived(now, 10, true);
            // Lost packets that come back by the first word teach it.
            for n in 0..40 {
                gaps.arrived(now, 12 + 2 * n, true);
                now += 5 * MS;
                assert_eq!(gaps.due(now).last(), Some(&(11 + 2 * n)));
                now += round_trip * MS;
                gaps.arrived(now, 11 + 2 * n, true);
            }
            gaps.arrived(now, 91, true);
            gaps.arrived(now, 93, true);
            let asked: Vec<u32> = (0..600)
                .filter(|ms| gaps.due(now + *ms * MS).contains(&92))
                .collect();
            assert_eq!(asked[1] - asked[0], 10, "{round_trip}: {asked:?}");
            let words = [&asked[..1], &asked[2..]].concat();
            let waits: Vec<u32> = words.windows(2).map(|two| two[1] - two[0]).collect();
            assert!(
                waits.iter().all(|wait| wait.abs_diff(again) <= 2),
                "{round_trip}: {asked:?}"
            );
        }
    }

    #[test]
    fn the_first_word_is_said_twice_unless_much_is_missing_or_the_answer_is_quick() {
        let start = Instant::now();
        let mut gaps = Gaps::default();
        gaps.arrived(start, 10, true);
        gaps.arrived(start, 12, true);
        assert_eq!(gaps.due(start + 5 * MS), [11]);
        gaps.arrived(start + 9 * MS, 11, true);
        assert!(gaps.due(start + 15 * MS).is_empty());
        let many = MOST_ECHOED as u64 + 1;
        gaps.arrived(start + 20 * MS, 13 + many, true);
        assert_eq!(gaps.due(start + 25 * MS).len(), MOST_ECHOED + 1);
        assert!(gaps.due(start + 35 * MS).is_empty());
    }

    #[test]
    fn the_lost_end_of_a_frame_is_asked_for_before_the_next_frame_shows_it() {
        let start = Instant::now();
        let mut gaps = Gaps::default();
        gaps.arrived(start, 10, false);
        assert_eq!(gaps.next(), Some(start + 6 * MS));
        assert_eq!(gaps.due(start + 6 * MS), [11]);
        // The next frame comes before the answer: nobody asks anew until that is overdue.
        assert_eq!(gaps.arrived(start + 33 * MS, 12, true), Arrival::New);
        let asked: Vec<u32> = (33..100)
            .filter(|ms| !gaps.due(start + *ms * MS).is_empty())
            .collect();
        assert_eq!(asked, [66]);
        assert_eq!(gaps.arrived(start + 100 * MS, 11, true), Arrival::Filled);
    }

    #[test]
    fn an_answer_to_the_second_word_teaches_nothing() {
        let start = Instant::now();
        let mut gaps = Gaps::default();
        gaps.arrived(start, 10, true);
        gaps.arrived(start, 12, true);
        for ms in [5, 15, 65] {
            assert_eq!(gaps.due(start + ms * MS), [11]);
        }
        assert_eq!(gaps.arrived(start + 66 * MS, 11, true), Arrival::Filled);
        assert_eq!(gaps.answer, None);
    }

    #[test]
    fn a_packet_that_was_only_late_is_not_asked_for() {
        let start = Instant::now();
        let mut gaps = Gaps::default();
        gaps.arrived(start, 10, true);
        gaps.arrived(start, 12, true);
        assert_eq!(gaps.arrived(start + 2 * MS, 11, true), Arrival::Filled);
        assert!(gaps.due(start + 9_000 * MS).is_empty());
        assert_eq!(gaps.arrived(start + 3 * MS, 11, true), Arrival::Repeated);
        assert_eq!(gaps.arrived(start + 3 * MS, 3, true), Arrival::Repeated);
        assert_eq!(gaps.take_lost(), 0);
    }

    #[test]
    fn a_long_break_is_not_followed_up() {
        let start = Instant::now();
        let mut gaps = Gaps::default();
        gaps.arrived(start, 10, true);
        assert_eq!(gaps.arrived(start, 10 + 32_768, true), Arrival::AfterBreak);
        assert!(gaps.due(start + 9_000 * MS).is_empty());
        assert_eq!(gaps.take_lost(), 32_767);
        for n in 0..10_000 {
            gaps.arrived(start, 40_000 + 2 * n, true);
            assert!(gaps.missing.len() <= MAX_GAPS);
        }
    }
}
