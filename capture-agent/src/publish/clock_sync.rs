//! What the relay's clock shows, learnt from ping and pong (sans-IO).
//!
//! Each answer tells the relay's time at some moment between sending and receiving; the quickest answer of the last
//! minute tells it best, and half its round trip bounds the error (RFC 5905 §8 uses the same reasoning). An answer that
//! cannot be true beside the best one means that a clock was set: what was known before is forgotten, or a day-old picture
//! would be called fresh for a minute.

use std::collections::VecDeque;
use wire::{CaptureTime, RelayTime};

/// Answers remembered: a minute at two per second.
const SAMPLES: usize = 120;
/// Answers older than this no longer count, because clocks drift: 60 s × 50 ppm is 3 ms.
const KEEP_US: u64 = 60_000_000;
/// An answer that contradicts the best one by more than its round trip and this tells of a clock that was set. The relay
/// follows steps from 2 s on.
const STEP_US: u64 = 500_000;

/// One answer.
#[derive(Debug, Clone, Copy)]
struct Sample {
    received_at: CaptureTime,
    round_trip_us: u64,
    offset_us: i64,
}

/// What is known of the relay's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offset {
    /// Add this to the device's clock to get the relay's.
    pub(super) offset_us: i64,
    /// It may be wrong by this much.
    pub(super) error_us: u32,
}

/// The answers.
#[derive(Debug, Default)]
pub(super) struct ClockSync {
    samples: VecDeque<Sample>,
}

impl ClockSync {
    /// An answer came. Nonsense (an answer before its question) is left out.
    pub(super) fn answer(
        &mut self,
        sent_at: CaptureTime,
        relay_time: RelayTime,
        received_at: CaptureTime,
    ) {
        let Some(round_trip_us) = received_at.0.checked_sub(sent_at.0) else {
            return;
        };
        let middle = sent_at.0 + round_trip_us / 2;
        let (Ok(relay_us), Ok(middle_us)) = (i64::try_from(relay_time.0), i64::try_from(middle))
        else {
            return;
        };
        let offset_us = relay_us - middle_us;
        let contradicts = |best: Offset| {
            best.offset_us.abs_diff(offset_us) > round_trip_us.saturating_add(STEP_US)
        };
        if self.offset(received_at).is_some_and(contradicts) {
            self.samples.clear();
        }
        if self.samples.len() == SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(Sample {
            received_at,
            round_trip_us,
            offset_us,
        });
    }

    /// The best knowledge at `now`; none before the first answer.
    pub(super) fn offset(&self, now: CaptureTime) -> Option<Offset> {
        let fresh = |sample: &&Sample| now.0.saturating_sub(sample.received_at.0) <= KEEP_US;
        let best = self
            .samples
            .iter()
            .filter(fresh)
            .min_by_key(|sample| sample.round_trip_us)?;
        let error_us = u32::try_from(best.round_trip_us.div_ceil(2)).unwrap_or(u32::MAX);
        Some(Offset {
            offset_us: best.offset_us,
            error_us,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_quickest_answer_counts() {
        let mut sync = ClockSync::default();
        sync.answer(CaptureTime(0), RelayTime(5_090_000), CaptureTime(100_000));
        sync.answer(
            CaptureTime(1_000_000),
            RelayTime(6_001_000),
            CaptureTime(1_002_000),
        );
        sync.answer(
            CaptureTime(2_000_000),
            RelayTime(7_000_000),
            CaptureTime(2_300_000),
        );
        assert_eq!(
            sync.offset(CaptureTime(2_300_000)),
            Some(Offset {
                offset_us: 5_000_000,
                error_us: 1_000
            })
        );
    }

    #[test]
    fn old_answers_and_nonsense_do_not_count() {
        let mut sync = ClockSync::default();
        sync.answer(CaptureTime(10), RelayTime(99), CaptureTime(5));
        sync.answer(CaptureTime(0), RelayTime(u64::MAX), CaptureTime(5));
        assert_eq!(sync.offset(CaptureTime(10)), None);
        sync.answer(CaptureTime(0), RelayTime(1_000), CaptureTime(10));
        assert_eq!(sync.offset(CaptureTime(KEEP_US + 11)), None);
    }

    #[test]
    fn a_relay_whose_clock_was_set_by_a_day_is_believed_at_once() {
        const DAY_US: i64 = 86_400_000_000;
        for step in [DAY_US, -DAY_US, 2_100_000] {
            let mut sync = ClockSync::default();
            let mut now = 1_795_000_000_000_000;
            let mut asks = |offset_us: i64, round_trip_us: u64| {
                let sent_at = CaptureTime(now);
                let relay_time = (now + round_trip_us / 2).saturating_add_signed(offset_us);
                now += round_trip_us;
                sync.answer(sent_at, RelayTime(relay_time), CaptureTime(now));
                now += 500_000;
                sync.offset(CaptureTime(now)).unwrap()
            };
            assert_eq!(asks(5_000, 1_000).offset_us, 5_000);
            // The way is slower than ever, and still it is the truth that counts.
            let set = asks(5_000 + step, 300_000);
            let known = Offset {
                offset_us: 5_000 + step,
                error_us: 150_000,
            };
            assert_eq!(set, known);
        }
    }

    #[test]
    fn a_way_that_is_slow_one_way_does_not_look_like_a_clock_that_was_set() {
        let mut sync = ClockSync::default();
        sync.answer(CaptureTime(0), RelayTime(500), CaptureTime(1_000));
        // 4 s there and none back: wrong by half of it, and within the bound.
        let (sent, came) = (10_000_000, 14_000_000);
        sync.answer(CaptureTime(sent), RelayTime(came), CaptureTime(came));
        let known = sync.offset(CaptureTime(came)).unwrap();
        assert_eq!((known.offset_us, known.error_us), (0, 500));
    }

    proptest! {
        /// Whatever the delays on both ways are, the truth lies within the error told.
        #[test]
        fn the_error_told_is_honest(
            truth in -10_000_000_000i64..10_000_000_000,
            delays in prop::collection::vec((0u64..500_000, 0u64..500_000), 1..40),
        ) {
            let mut sync = ClockSync::default();
            let mut now = 1_795_000_000_000_000u64;
            for (there, back) in delays {
                let sent_at = CaptureTime(now);
                let relay_time = RelayTime((now + there).saturating_add_signed(truth));
                now += there + back;
                sync.answer(sent_at, relay_time, CaptureTime(now));
            }
            let found = sync.offset(CaptureTime(now)).unwrap();
            prop_assert!(found.offset_us.abs_diff(truth) <= u64::from(found.error_us) + 1);
        }
    }
}
