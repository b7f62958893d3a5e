//! What the relay's clock shows, learnt from ping and pong (sans-IO).
//!
//! Each answer tells the relay's time at some moment between sending and receiving; the quickest answer of the last
//! minute tells it best, and half its round trip bounds the error (RFC 5905 §8 uses the same reasoning).

use std::collections::VecDeque;
use wire::{CaptureTime, RelayTime};

/// Answers remembered: a minute at two per second.
const SAMPLES: usize = 120;
/// Answers older than this no longer count, because clocks drift: 60 s × 50 ppm is 3 ms.
const KEEP_US: u64 = 60_000_000;

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
        if self.samples.len() == SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(Sample {
            received_at,
            round_trip_us,
            offset_us: relay_us - middle_us,
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
