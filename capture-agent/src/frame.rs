//! A captured frame: its stamp and its picture, and the `Stamper` that gives stamps out.
//!
//! The stamp is made once, at capture, and never changes. The stream's id comes from the relay; until it has said
//! which, frames carry an id of our own, and nobody outside has seen them under it.
//!
//! Invariant: two frames never have the same `rtp_time`, and it never runs backwards, however fast frames come.

use crate::clock::CaptureClock;
use crate::picture::Picture;
use crate::provenance::Provenance;
use crate::sync::held;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use wire::agent::FrameStamp;
use wire::{CaptureTime, FrameIndex, RtpTime, StreamId};

/// Smallest distance of two frames in microseconds: one tick of the 90 kHz clock is 11.1 µs.
pub(crate) const MIN_STEP_US: u64 = 12;

/// One captured frame. Cloning it copies no pixels.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Given at capture.
    pub stamp: FrameStamp,
    /// What was captured, banner masked.
    pub picture: Arc<Picture>,
    /// What the source knows of it, shared by all frames of one clip.
    pub provenance: Arc<Provenance>,
}

/// The id under which the relay knows this stream, shared by the publisher (which learns it) and the stamper.
#[derive(Clone)]
pub struct StreamName {
    id: Arc<Mutex<StreamId>>,
}

impl Default for StreamName {
    fn default() -> Self {
        Self {
            id: Arc::new(Mutex::new(StreamId::random())),
        }
    }
}

impl StreamName {
    /// The id now.
    #[must_use]
    pub fn get(&self) -> StreamId {
        *held(&self.id)
    }

    /// The relay said which.
    pub fn set(&self, id: StreamId) {
        *held(&self.id) = id;
    }
}

/// Gives out stamps in order of capture.
pub struct Stamper {
    /// Turns moments into capture times.
    clock: CaptureClock,
    /// Id to stamp with.
    stream: StreamName,
    /// Index of the next frame; wraps after 2 years at 60 frames per second.
    next_index: u32,
    /// Capture time of the last frame.
    last: Option<CaptureTime>,
}

impl Stamper {
    /// Starts at frame 0.
    #[must_use]
    pub const fn new(clock: CaptureClock, stream: StreamName) -> Self {
        Self {
            clock,
            stream,
            next_index: 0,
            last: None,
        }
    }

    /// The stamp of the frame captured at `moment`.
    pub fn stamp(&mut self, moment: Instant) -> FrameStamp {
        let earliest = self
            .last
            .map_or(0, |last| last.0.saturating_add(MIN_STEP_US));
        let captured_at = CaptureTime(self.clock.at(moment).0.max(earliest));
        let index = FrameIndex(self.next_index);
        self.next_index = self.next_index.wrapping_add(1);
        self.last = Some(captured_at);
        FrameStamp {
            stream: self.stream.get(),
            index,
            captured_at,
            rtp_time: RtpTime::of(captured_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn stamps_count_frames_and_carry_the_capture_clock() {
        let clock = CaptureClock::start();
        let name = StreamName::default();
        let mut stamper = Stamper::new(clock, name.clone());
        let moment = Instant::now();
        let first = stamper.stamp(moment);
        let second = stamper.stamp(moment + Duration::from_millis(33));
        assert_eq!((first.index, second.index), (FrameIndex(0), FrameIndex(1)));
        assert_eq!(first.captured_at, clock.at(moment));
        assert_eq!(second.rtp_time.since(first.rtp_time), 2970);
        assert_eq!(first.stream, name.get());
    }

    #[test]
    fn frames_of_the_same_moment_still_differ_in_rtp_time() {
        let mut stamper = Stamper::new(CaptureClock::start(), StreamName::default());
        let moment = Instant::now();
        let times: Vec<_> = (0..50).map(|_| stamper.stamp(moment).rtp_time).collect();
        assert!(times.windows(2).all(|pair| pair[1].since(pair[0]) >= 1));
    }

    #[test]
    fn once_the_relay_named_the_stream_frames_carry_that_name() {
        let name = StreamName::default();
        let mut stamper = Stamper::new(CaptureClock::start(), name.clone());
        let given = StreamId::random();
        name.set(given);
        assert_eq!(stamper.stamp(Instant::now()).stream, given);
    }
}
