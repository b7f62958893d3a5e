//! What a consult is told of a recording, and when (sans-IO).
//!
//! Owns the holes that were told and are not filled, how far each is, and whether something was missing since the consult last
//! heard that nothing is. It finds nothing out: holes come from the recorder, the rest from the healer and the table.
//!
//! That nothing is missing is said of a time: up to the end of the newest hole, or of the weak frames that were told of, and up to
//! `TRAILS_MS` ago. What the link lets through at this moment may be weak all the time, and be replaced all the time: as long as
//! better frames follow so soon, nobody waits for a moment without any. Invariant: a consult hears of each change once, and of a
//! hole that fills at most once a second; while it is said that nothing is missing, nothing older than `TRAILS_MS` is.

use super::healer::Healer;
use crate::consult::RecordingInput;
use recording::{FrameTable, Lane, Tick};
use std::time::{Duration, Instant};
use wire::socket::MAX_RECORDING_GAPS;
use wire::units::RTP_CLOCK_HZ;

/// A stopped picture (decision record 0008); shorter holes are mended without a word.
const GAP_MS: u64 = 500;
/// Steps in which it is told how far a hole is filled.
const PERCENT_STEP: u8 = 10;
/// Time between two of them.
const STEP_AFTER: Duration = Duration::from_secs(1);
/// Weaker frames that are older than this have to be told of: so soon a recording is to be complete (issue 4). Where a link has
/// hardly room enough the two words do not take turns, because what was told of has to be replaced first.
const TRAILS_MS: u64 = 30_000;

/// A hole in what arrived.
#[derive(Debug, Clone, Copy)]
struct Gap {
    before: Tick,
    after: Tick,
    /// What was told last of how far it is filled, and when.
    told: Option<(u8, Instant)>,
}

/// What was told.
#[derive(Debug, Default)]
pub(super) struct Telling {
    /// The last frame that arrived.
    last: Option<Tick>,
    gaps: Vec<Gap>,
    is_on: bool,
    is_weak: bool,
    /// Something was missing up to here, and that nothing is any more is not told yet.
    owes_until: Option<Tick>,
}

impl Telling {
    /// Over what an earlier run left. Whether it told how that ended nobody knows any more.
    pub(super) fn new(table: &FrameTable) -> Self {
        Self {
            last: table.last_tick(),
            owes_until: table.last_tick(),
            ..Self::default()
        }
    }

    /// The picture stopped or somebody else publishes: that it is recorded is told anew with the next frame.
    pub(super) const fn stopped(&mut self) {
        self.is_on = false;
    }

    /// The disk takes nothing, or something again.
    pub(super) fn recorded(&mut self, on: bool) -> Option<RecordingInput> {
        let was_on = std::mem::replace(&mut self.is_on, on);
        (was_on != on).then_some(RecordingInput::Recorded { on })
    }

    /// A frame arrived and was taken; gives the hole before it.
    pub(super) fn arrived(&mut self, at: Tick) -> Option<RecordingInput> {
        let before = self.last;
        self.last = before.max(Some(at));
        let before = before.filter(|before| at.after(*before) > Tick::ticks_of_ms(GAP_MS))?;
        // A publisher whose stamps jump all the time must not fill the log.
        if self.gaps.len() >= MAX_RECORDING_GAPS {
            return None;
        }
        self.gaps.push(Gap {
            before,
            after: at,
            told: None,
        });
        self.owes_until = Some(at);
        Some(RecordingInput::Gap {
            before: before.rtp_time(),
            after: at.rtp_time(),
        })
    }

    /// A frame was sent again; gives how far its hole is.
    pub(super) fn filled(&mut self, at: Tick, now: Instant) -> Option<RecordingInput> {
        let gap = self
            .gaps
            .iter_mut()
            .find(|gap| gap.before < at && at < gap.after)?;
        let percent = at.after(gap.before) * 100 / gap.after.after(gap.before).max(1);
        let percent = u8::try_from(percent).unwrap_or(100) / PERCENT_STEP * PERCENT_STEP;
        let is_news = gap.told.is_none_or(|(told, when)| {
            percent > told && now.saturating_duration_since(when) >= STEP_AFTER
        });
        is_news.then(|| {
            gap.told = Some((percent, now));
            RecordingInput::Filling {
                before: gap.before.rtp_time(),
                after: gap.after.rtp_time(),
                percent,
            }
        })
    }

    /// What became of holes and of weak stretches.
    pub(super) fn look(&mut self, healer: &Healer, table: &FrameTable) -> Vec<RecordingInput> {
        let mut news = Vec::new();
        if let Some(checked) = healer.checked() {
            self.gaps.retain(|gap| {
                let is_open = gap.after > checked;
                if !is_open {
                    news.push(is_filled(gap, table));
                }
                is_open
            });
        }
        news.extend(self.is_weak_from(healer.weak_from()));
        news.extend(self.is_whole_until(healer.whole_until()));
        news
    }

    fn is_weak_from(&mut self, from: Option<Tick>) -> Option<RecordingInput> {
        let from = from.filter(|from| !self.is_weak && self.age(*from) > TRAILS_MS)?;
        (self.is_weak, self.owes_until) = (true, self.last);
        let from = from.rtp_time();
        Some(RecordingInput::Weak { from })
    }

    fn is_whole_until(&mut self, until: Option<Tick>) -> Option<RecordingInput> {
        let owed = self.owes_until.filter(|_| self.gaps.is_empty())?;
        let until = until.filter(|until| *until > owed && self.age(*until) <= TRAILS_MS)?;
        (self.is_weak, self.owes_until) = (false, None);
        let until = Tick(until.0.saturating_sub(1)).rtp_time();
        Some(RecordingInput::Whole { until })
    }

    /// How long before the newest frame, in milliseconds.
    fn age(&self, at: Tick) -> u64 {
        let ticks = self.last.map_or(0, |last| last.after(at));
        ticks * 1_000 / RTP_CLOCK_HZ
    }
}

fn is_filled(gap: &Gap, table: &FrameTable) -> RecordingInput {
    let (mut frames, mut ticks, mut last) = (0_u32, 0_u64, gap.before);
    for frame in table.range(gap.before..=gap.after) {
        // Where the device was off nothing was captured, and so nothing filled.
        let step = frame.at.after(last);
        if step <= Tick::ticks_of_ms(GAP_MS) {
            ticks = ticks.saturating_add(step);
        }
        last = frame.at;
        if frame.segment.lane == Lane::Fill && frame.at != gap.before && frame.at != gap.after {
            frames = frames.saturating_add(1);
        }
    }
    RecordingInput::Filled {
        before: gap.before.rtp_time(),
        after: gap.after.rtp_time(),
        frames,
        ms: u32::try_from(ticks * 1_000 / RTP_CLOCK_HZ).unwrap_or(u32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 90_000;

    #[test]
    fn a_hole_is_told_once_and_how_far_it_is_in_steps() {
        let (mut telling, now) = (Telling::default(), Instant::now());
        assert_eq!(telling.arrived(Tick(SECOND)), None);
        assert_eq!(
            telling.arrived(Tick(SECOND + 3_000)),
            None,
            "the next frame"
        );
        let gap = telling.arrived(Tick(SECOND * 11 + 3_000)).unwrap();
        assert!(matches!(gap, RecordingInput::Gap { .. }));
        let mut told = Vec::new();
        for at in 1..100_u64 {
            let frame = Tick(SECOND + 3_000 + at * SECOND / 10);
            let when = now + Duration::from_millis(at * 20);
            if let Some(RecordingInput::Filling { percent, .. }) = telling.filled(frame, when) {
                told.push(percent);
            }
        }
        assert_eq!(told, [0, 50], "a hole that fills in two seconds");
        assert_eq!(telling.filled(Tick(5), now), None, "no hole is there");
    }

    #[test]
    fn that_it_is_recorded_is_told_for_each_publication_and_when_the_disk_changes_its_mind() {
        let mut telling = Telling::default();
        let on = Some(RecordingInput::Recorded { on: true });
        assert_eq!(telling.recorded(true), on);
        assert_eq!(telling.recorded(true), None);
        assert_eq!(
            telling.recorded(false),
            Some(RecordingInput::Recorded { on: false })
        );
        assert_eq!(telling.recorded(true), on);
        telling.stopped();
        assert_eq!(telling.recorded(true), on);
    }
}
