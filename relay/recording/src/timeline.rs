//! The states of a timeline: live, gap, filling, filled.
//!
//! Owns the decision which part of a stream's time is what, from the frames that are held, the frames that are owed, and
//! when the last one was filled in. It reads no clock and no file; whoever shows a timeline asks once in a while.

use crate::missing::Run;
use crate::names::Lane;
use crate::table::FrameTable;
use crate::tick::Tick;
use std::time::{Duration, Instant};

/// No new frame for so long is a stopped picture (decision record 0008), and so a gap where nothing is known of frames.
const LONGEST_STEP_MS: u64 = 500;
/// Filling that brought nothing for so long has stopped: the link went away, or voice and picture need all of it.
const FILLING_FOR: Duration = Duration::from_secs(5);

/// What a part of a stream's time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanState {
    /// It arrived as it was captured.
    Live,
    /// Frames are not there.
    Gap,
    /// They are not there and arrive just now.
    Filling,
    /// They arrived later.
    Filled,
}

/// A part of a stream's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Beginning.
    pub from: Tick,
    /// End; where the next one begins.
    pub until: Tick,
    /// What it is.
    pub state: SpanState,
}

/// The timeline of one stream.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timeline {
    /// The last frame that was filled in, and when.
    filled: Option<(Tick, Instant)>,
}

impl Timeline {
    /// A frame was filled in.
    pub const fn fill(&mut self, at: Tick, now: Instant) {
        self.filled = Some((at, now));
    }

    /// The spans up to `present`, a moment on the stream's clock, in order and without holes. `owed` are the runs that the
    /// journal has and the recording lacks, in order; none while nothing is known of them.
    #[must_use]
    pub fn spans(&self, held: &FrameTable, owed: &[Run], present: Tick, now: Instant) -> Vec<Span> {
        let mut spans = Spans::default();
        let mut owed = owed.iter().peekable();
        let longest = Tick::ticks_of_ms(LONGEST_STEP_MS);
        let mut before: Option<Tick> = None;
        for frame in held.frames() {
            let state = match frame.segment.lane {
                Lane::Live => SpanState::Live,
                Lane::Fill => SpanState::Filled,
            };
            // A run lies between two frames that are held, because none of its own is.
            let mut owed_from = None;
            while let Some(run) = owed.next_if(|run| run.first < frame.at) {
                owed_from.get_or_insert(run.first);
            }
            match (before, owed_from) {
                (Some(before), Some(_)) => spans.put(before, frame.at, SpanState::Gap),
                (Some(before), None) if frame.at.after(before) > longest => {
                    spans.put(before, frame.at, SpanState::Gap);
                }
                (Some(before), None) => spans.put(before, frame.at, state),
                (None, Some(first)) => spans.put(first, frame.at, SpanState::Gap),
                (None, None) => {}
            }
            // A frame alone between two gaps is there too.
            spans.put(frame.at, frame.at, state);
            before = Some(frame.at);
        }
        let last_owed = owed.clone().last().map(|run| run.last);
        let begin = before.or_else(|| owed.peek().map(|run| run.first));
        if let Some(begin) = begin
            && (last_owed.is_some() || present.after(begin) > longest)
        {
            let until = last_owed.map_or(present, |last| last.max(present));
            spans.put(begin, until, SpanState::Gap);
        }
        self.mark_filling(spans.0, now)
    }

    /// Gaps that touch the frame that was filled in last are being filled: frames are sent in order.
    fn mark_filling(&self, mut spans: Vec<Span>, now: Instant) -> Vec<Span> {
        if let Some((at, when)) = self.filled
            && now.saturating_duration_since(when) <= FILLING_FOR
        {
            for span in &mut spans {
                if span.state == SpanState::Gap && (span.from == at || span.until == at) {
                    span.state = SpanState::Filling;
                }
            }
        }
        spans
    }
}

#[derive(Default)]
struct Spans(Vec<Span>);

impl Spans {
    /// Adds a part behind the last one, or makes that one longer.
    fn put(&mut self, from: Tick, until: Tick, state: SpanState) {
        match self.0.last_mut() {
            Some(last) if last.state == state => last.until = until,
            _ => self.0.push(Span { from, until, state }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::SegmentId;
    use crate::record::FrameHash;
    use crate::table::FrameEntry;

    /// Ticks of a frame at 30 per second.
    const STEP: u64 = 3_000;
    const BEGIN: u64 = (1 << 32) - 10 * STEP;

    fn tick(frame: u64) -> Tick {
        Tick(BEGIN + frame * STEP)
    }

    fn table(live: impl Fn(u64) -> bool, filled: impl Fn(u64) -> bool, count: u64) -> FrameTable {
        let lane = |n| match (live(n), filled(n)) {
            (true, _) => Some(Lane::Live),
            (false, true) => Some(Lane::Fill),
            (false, false) => None,
        };
        let entry = |n| {
            lane(n).map(|lane| FrameEntry {
                at: tick(n),
                segment: SegmentId { lane, number: 1 },
                offset: 0,
                length: 1,
                hash: FrameHash([0; 16]),
                keyframe: false,
                index: None,
            })
        };
        (0..count).filter_map(entry).collect()
    }

    /// The spans in frames from the beginning.
    fn spans(
        timeline: Timeline,
        held: &FrameTable,
        owed: &[Run],
        now: Instant,
    ) -> Vec<(u64, u64, SpanState)> {
        let present = tick(300);
        let in_frames = |at: Tick| (at.0 - BEGIN) / STEP;
        let spans = timeline.spans(held, owed, present, now);
        for pair in spans.windows(2) {
            assert_eq!(pair[0].until, pair[1].from, "no hole");
            assert_ne!(pair[0].state, pair[1].state, "no needless border");
        }
        spans
            .iter()
            .map(|it| (in_frames(it.from), in_frames(it.until), it.state))
            .collect()
    }

    fn run(first: u64, last: u64) -> Run {
        Run {
            first: tick(first),
            last: tick(last),
            frames: u32::try_from(last - first + 1).unwrap(),
            bytes: 1,
        }
    }

    #[test]
    fn a_gap_is_filled_from_its_beginning_and_then_is_filled() {
        use SpanState::{Filled, Filling, Gap, Live};
        let now = Instant::now();
        let live = |n: u64| !(101..200).contains(&n);
        let mut timeline = Timeline::default();
        let before = table(live, |_| false, 301);
        let gap = [(0, 100, Live), (100, 200, Gap), (200, 300, Live)];
        assert_eq!(spans(timeline, &before, &[], now), gap);
        assert_eq!(spans(timeline, &before, &[run(101, 199)], now), gap);

        let half = table(live, |n| n <= 150, 301);
        timeline.fill(tick(150), now);
        let filling = [
            (0, 100, Live),
            (100, 150, Filled),
            (150, 200, Filling),
            (200, 300, Live),
        ];
        assert_eq!(spans(timeline, &half, &[run(151, 199)], now), filling);
        let later = now + FILLING_FOR + Duration::from_millis(1);
        let stopped = spans(timeline, &half, &[run(151, 199)], later);
        assert_eq!(stopped[2], (150, 200, Gap), "nothing came for a while");

        let whole = table(live, |_| true, 301);
        timeline.fill(tick(199), later);
        let filled = [(0, 100, Live), (100, 199, Filled), (199, 300, Live)];
        assert_eq!(spans(timeline, &whole, &[], later), filled);
    }

    #[test]
    fn a_single_missing_frame_is_a_gap_once_the_journal_says_that_it_was_there() {
        use SpanState::{Gap, Live};
        let now = Instant::now();
        let held = table(|n| n != 50, |_| false, 301);
        let timeline = Timeline::default();
        assert_eq!(spans(timeline, &held, &[], now), [(0, 300, Live)]);
        let known = [(0, 49, Live), (49, 51, Gap), (51, 300, Live)];
        assert_eq!(spans(timeline, &held, &[run(50, 50)], now), known);
    }

    #[test]
    fn gaps_at_both_ends_reach_to_what_is_known() {
        use SpanState::{Gap, Live};
        let now = Instant::now();
        let timeline = Timeline::default();
        let held = table(|n| (100..200).contains(&n), |_| false, 301);
        let open_end = [(100, 199, Live), (199, 300, Gap)];
        assert_eq!(spans(timeline, &held, &[], now), open_end);
        let owed = [run(20, 40), run(45, 99), run(200, 250), run(252, 310)];
        let both = [(20, 100, Gap), (100, 199, Live), (199, 310, Gap)];
        assert_eq!(spans(timeline, &held, &owed, now), both);
        let nothing = FrameTable::default();
        assert_eq!(spans(timeline, &nothing, &owed, now), [(20, 310, Gap)]);
        assert_eq!(spans(timeline, &nothing, &[], now), []);
    }

    #[test]
    fn a_frame_alone_between_two_gaps_is_there() {
        use SpanState::{Gap, Live};
        let now = Instant::now();
        let held = table(|n| n == 0 || n == 100 || n == 300, |_| false, 301);
        let alone = [
            (0, 0, Live),
            (0, 100, Gap),
            (100, 100, Live),
            (100, 300, Gap),
            (300, 300, Live),
        ];
        assert_eq!(spans(Timeline::default(), &held, &[], now), alone);
    }
}
