//! The originals of the last seconds: every captured frame, masked, exactly as captured.
//!
//! Bounded by time and by bytes, whichever is smaller; the oldest goes first. Frames are shared, not copied.
//! Lookup is by `rtp_time`, exactly: a mark belongs to one captured frame, not to the nearest one.
//! Who calls: the capture thread pushes; freeze and saving look up.

use crate::frame::Frame;
use std::collections::VecDeque;
use wire::original::{BEAT_SPAN_MS, MAX_BEAT_FRAMES};
use wire::units::RTP_CLOCK_HZ;
use wire::{CaptureTime, RtpTime};

/// Bounds of a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingBounds {
    /// Frames older than this against the newest go, in microseconds.
    pub span_us: u64,
    /// Pixel bytes kept at most. A single frame larger than this is still kept while it is the newest.
    pub bytes: usize,
}

impl RingBounds {
    /// 20 s or 256 MiB, whichever is smaller: at 800 x 600 and 30 frames per second that is 18 s of gray or 6 s of
    /// RGB, and a small computer keeps memory for the rest.
    pub const DEFAULT: Self = Self {
        span_us: 20_000_000,
        bytes: 256 << 20,
    };
}

/// The ring.
pub struct Ring {
    /// Limits.
    bounds: RingBounds,
    /// Oldest first, in order of capture.
    frames: VecDeque<Frame>,
    /// Pixel bytes of all of them.
    bytes: usize,
}

impl Ring {
    /// An empty ring.
    #[must_use]
    pub const fn new(bounds: RingBounds) -> Self {
        Self {
            bounds,
            frames: VecDeque::new(),
            bytes: 0,
        }
    }

    /// Adds a frame and lets go of those beyond the bounds. Frames come in order of capture, but for a repeated one
    /// that may come a moment late; it is put in its place.
    pub fn push(&mut self, frame: Frame) {
        self.bytes += frame.picture.rows().len();
        let earlier = |other: &Frame| other.stamp.captured_at <= frame.stamp.captured_at;
        if self.frames.back().is_none_or(earlier) {
            self.frames.push_back(frame);
        } else {
            let at = self.frames.partition_point(earlier);
            self.frames.insert(at, frame);
        }
        let newest = self
            .frames
            .back()
            .map_or(0, |frame| frame.stamp.captured_at.0);
        while self.frames.len() > 1 && self.is_over(newest) {
            if let Some(oldest) = self.frames.pop_front() {
                self.bytes -= oldest.picture.rows().len();
            }
        }
    }

    fn is_over(&self, newest_us: u64) -> bool {
        let oldest_us = self
            .frames
            .front()
            .map_or(newest_us, |frame| frame.stamp.captured_at.0);
        self.bytes > self.bounds.bytes || newest_us.saturating_sub(oldest_us) > self.bounds.span_us
    }

    /// The frame captured at exactly `rtp_time`.
    #[must_use]
    pub fn find(&self, rtp_time: RtpTime) -> Option<&Frame> {
        self.frames.get(self.position(rtp_time)?)
    }

    fn position(&self, rtp_time: RtpTime) -> Option<usize> {
        let newest = self.frames.back()?.stamp.rtp_time;
        // Distances to the newest frame fall from oldest to newest, also across the wrap of the 32-bit clock.
        let wanted = newest.since(rtp_time);
        self.frames
            .binary_search_by(|frame| wanted.cmp(&newest.since(frame.stamp.rtp_time)))
            .ok()
    }

    /// The frame captured `step` frames after the one at exactly `rtp_time`, or before it when negative.
    #[must_use]
    pub fn neighbour(&self, rtp_time: RtpTime, step: i8) -> Option<&Frame> {
        let at = self.position(rtp_time)?.checked_add_signed(step.into())?;
        self.frames.get(at)
    }

    /// The frames of the beat that ends at the frame captured at exactly `rtp_time`, oldest first; none when that one is
    /// gone. Of more than a beat may have the newest ones, and none that may show another patient.
    #[must_use]
    pub fn beat(&self, rtp_time: RtpTime) -> Vec<Frame> {
        let Some(end) = self.position(rtp_time) else {
            return Vec::new();
        };
        let span = i64::from(BEAT_SPAN_MS) * RTP_CLOCK_HZ as i64 / 1_000;
        let patient = self.frames.get(end).map(|frame| frame.provenance.patient);
        let is_within = |frame: &&Frame| {
            i64::from(rtp_time.since(frame.stamp.rtp_time)) <= span
                && Some(frame.provenance.patient) == patient
        };
        let mut frames: Vec<Frame> = self
            .frames
            .range(..=end)
            .rev()
            .take_while(is_within)
            .take(MAX_BEAT_FRAMES)
            .cloned()
            .collect();
        frames.reverse();
        frames
    }

    /// The frames of the last `span_us` microseconds up to the newest one, oldest first. Copies no pixels.
    #[must_use]
    pub fn last(&self, span_us: u64) -> Vec<Frame> {
        let Some(newest) = self.frames.back() else {
            return Vec::new();
        };
        let after = newest.stamp.captured_at.0.checked_sub(span_us);
        // A span of n frame times holds n frames, not n + 1.
        let from = after.map_or(0, |after| {
            self.frames
                .partition_point(|frame| frame.stamp.captured_at.0 <= after)
        });
        self.frames.range(from..).cloned().collect()
    }

    /// The newest frame.
    #[must_use]
    pub fn newest(&self) -> Option<&Frame> {
        self.frames.back()
    }

    /// Frames held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether nothing was captured yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// From the oldest frame to the newest, in microseconds.
    #[must_use]
    pub fn span_us(&self) -> u64 {
        let at = |frame: Option<&Frame>| frame.map_or(0, |it| it.stamp.captured_at.0);
        at(self.frames.back()).saturating_sub(at(self.frames.front()))
    }

    /// Lets go of every frame that was captured before `since`.
    pub fn cut(&mut self, since: CaptureTime) {
        let keep = self
            .frames
            .partition_point(|frame| frame.stamp.captured_at < since);
        for frame in self.frames.drain(..keep) {
            self.bytes -= frame.picture.rows().len();
        }
    }

    /// Lets go of every frame.
    pub fn clear(&mut self) {
        self.frames.clear();
        self.bytes = 0;
    }

    /// Pixel bytes held.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Form, Picture};
    use proptest::prelude::*;
    use std::sync::Arc;
    use wire::agent::FrameStamp;
    use wire::{FrameIndex, StreamId};

    fn frame(index: u32, captured_us: u64, bytes: u32) -> Frame {
        let captured_at = CaptureTime(captured_us);
        let rows = vec![0; bytes as usize];
        let picture = Picture::from_rows(bytes, 1, Form::Gray8, rows).unwrap();
        let stream = StreamId::random();
        let rtp_time = RtpTime::of(captured_at);
        let stamp = FrameStamp {
            stream,
            index: FrameIndex(index),
            captured_at,
            rtp_time,
        };
        Frame {
            stamp,
            picture: Arc::new(picture),
            provenance: Arc::default(),
        }
    }

    #[test]
    fn frames_older_than_the_span_go() {
        let mut ring = Ring::new(RingBounds {
            span_us: 1_000_000,
            bytes: 1 << 20,
        });
        for n in 0..100 {
            ring.push(frame(n, u64::from(n) * 33_333, 10));
        }
        assert_eq!(ring.len(), 31);
        assert!(ring.find(RtpTime::of(CaptureTime(33_333 * 68))).is_none());
        assert!(ring.find(RtpTime::of(CaptureTime(33_333 * 69))).is_some());
    }

    #[test]
    fn bytes_bound_it_too() {
        let mut ring = Ring::new(RingBounds {
            span_us: u64::MAX,
            bytes: 55,
        });
        for n in 0..20 {
            ring.push(frame(n, u64::from(n) * 33_333, 10));
        }
        assert_eq!((ring.len(), ring.bytes()), (5, 50));
    }

    #[test]
    fn a_cut_lets_go_of_what_was_captured_before_it() {
        let mut ring = Ring::new(RingBounds::DEFAULT);
        for n in 0..6 {
            ring.push(frame(n, u64::from(n) * 100, 10));
        }
        ring.cut(CaptureTime(300));
        assert_eq!((ring.len(), ring.bytes()), (3, 30));
        ring.cut(CaptureTime(10_000));
        assert!(ring.is_empty() && ring.bytes() == 0);
    }

    #[test]
    fn the_newest_stays_even_if_it_alone_is_too_large() {
        let mut ring = Ring::new(RingBounds {
            span_us: 1,
            bytes: 5,
        });
        ring.push(frame(0, 0, 10));
        ring.push(frame(1, 33_333, 10));
        assert_eq!(ring.len(), 1);
        assert_eq!(ring.newest().unwrap().stamp.index, FrameIndex(1));
    }

    #[test]
    fn only_the_exact_frame_is_found() {
        let mut ring = Ring::new(RingBounds::DEFAULT);
        for n in 0..30 {
            ring.push(frame(n, 1_000_000 + u64::from(n) * 33_333, 10));
        }
        let wanted = RtpTime::of(CaptureTime(1_000_000 + 7 * 33_333));
        assert_eq!(ring.find(wanted).unwrap().stamp.index, FrameIndex(7));
        assert!(ring.find(RtpTime(wanted.0 + 1)).is_none());
        assert!(ring.find(RtpTime(wanted.0 - 1)).is_none());
        let index = |step| {
            ring.neighbour(wanted, step)
                .map(|frame| frame.stamp.index.0)
        };
        assert_eq!(
            [index(-7), index(-1), index(0), index(1)],
            [0, 6, 7, 8].map(Some)
        );
        assert_eq!([index(-8), index(23)], [None, None], "beyond either end");
    }

    #[test]
    fn the_last_seconds_end_at_the_newest_frame_and_share_its_pixels() {
        let mut ring = Ring::new(RingBounds::DEFAULT);
        assert!(ring.last(1_000_000).is_empty());
        for n in 0..90 {
            ring.push(frame(n, u64::from(n) * 40_000, 10));
        }
        let last = ring.last(1_000_000);
        assert_eq!(last.len(), 25);
        assert_eq!(last.last().unwrap().stamp.index, FrameIndex(89));
        assert!(Arc::ptr_eq(
            &last.last().unwrap().picture,
            &ring.newest().unwrap().picture
        ));
        assert_eq!(
            ring.last(u64::MAX).len(),
            90,
            "a short ring gives what it has"
        );
    }

    #[test]
    fn a_frame_that_comes_a_moment_late_is_found_too() {
        let mut ring = Ring::new(RingBounds::DEFAULT);
        for (n, us) in [(0, 100_000), (1, 200_000), (2, 100_012)] {
            ring.push(frame(n, us, 10));
        }
        for us in [100_000, 200_000, 100_012] {
            let wanted = RtpTime::of(CaptureTime(us));
            assert_eq!(ring.find(wanted).unwrap().stamp.rtp_time, wanted);
        }
        assert_eq!(ring.newest().unwrap().stamp.index, FrameIndex(1));
    }

    #[test]
    fn a_beat_is_the_frames_of_three_seconds_and_ends_where_it_is_asked() {
        let mut ring = Ring::new(RingBounds::DEFAULT);
        for n in 0..150 {
            ring.push(frame(n, 1_000_000 + u64::from(n) * 33_333, 10));
        }
        let indexes = |n: u64| -> Vec<u32> {
            let end = RtpTime::of(CaptureTime(1_000_000 + n * 33_333));
            let beat = ring.beat(end);
            beat.iter().map(|frame| frame.stamp.index.0).collect()
        };
        assert_eq!(indexes(120), (30..=120).collect::<Vec<_>>());
        assert_eq!(indexes(10), (0..=10).collect::<Vec<_>>(), "all there is");
        assert!(ring.beat(RtpTime(5)).is_empty(), "its end is gone");
    }

    #[test]
    fn a_beat_never_shows_two_patients() {
        let mut ring = Ring::new(RingBounds::DEFAULT);
        let other = Arc::new(crate::provenance::Provenance::of_device("another", false));
        for n in 0..30 {
            let mut frame = frame(n, 1_000_000 + u64::from(n) * 33_333, 10);
            if n < 10 {
                frame.provenance = Arc::clone(&other);
            }
            ring.push(frame);
        }
        let end = ring.newest().unwrap().stamp.rtp_time;
        assert_eq!(ring.beat(end).first().unwrap().stamp.index, FrameIndex(10));
    }

    #[test]
    fn a_beat_of_a_fast_source_is_its_newest_frames() {
        let mut ring = Ring::new(RingBounds::DEFAULT);
        for n in 0..400 {
            ring.push(frame(n, 1_000_000 + u64::from(n) * 8_333, 10));
        }
        let end = ring.newest().unwrap().stamp.rtp_time;
        let beat = ring.beat(end);
        assert_eq!(beat.len(), MAX_BEAT_FRAMES);
        assert_eq!(beat.last().unwrap().stamp.rtp_time, end);
    }

    proptest! {
        /// The 32-bit RTP clock wraps inside the ring or near it, in any of its first thousand rounds.
        #[test]
        fn every_frame_in_the_ring_is_found_by_its_rtp_time(
            round in 1u64..1_000,
            before in 0u64..6_000_000,
            steps in prop::collection::vec(12u64..200_000, 1..60),
        ) {
            let start = (round << 32) * 100 / 9 - before;
            let mut ring = Ring::new(RingBounds { span_us: u64::MAX, bytes: usize::MAX });
            let mut at = start;
            let mut frames = Vec::new();
            for (n, step) in steps.iter().enumerate() {
                at += step;
                let frame = frame(u32::try_from(n).unwrap(), at, 1);
                frames.push(frame.stamp);
                ring.push(frame);
            }
            for stamp in frames {
                prop_assert_eq!(ring.find(stamp.rtp_time).map(|found| found.stamp), Some(stamp));
            }
        }
    }
}
