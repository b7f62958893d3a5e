//! The frame table of a captured clip: which captured frame is which of its frames, in both directions and exactly.
//!
//! Owns the arithmetic only. Frames that were dropped, uneven times and the wrap of RTP time change nothing: every frame
//! has the time that was offered for it, and a time between two frames belongs to no frame. The relay checks offers with
//! it and tells players; a mark on a live frame is found again in every clip that holds that frame.

use crate::clip::{ClipHead, ClipSpan};
use crate::mark::Anchor;
use crate::units::RTP_CLOCK_HZ;
use crate::{FrameIndex, RtpTime, StreamId};

/// The frames of one clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameMap {
    stream: StreamId,
    first: RtpTime,
    /// Ticks after the first frame, rising; index 0 is 0.
    ticks: Vec<u32>,
}

impl FrameMap {
    /// Of an offer; nothing for an imported clip, and nothing when the times cannot belong to one clip: none, not rising,
    /// or so far apart that RTP time comes round within it.
    #[must_use]
    pub fn new(head: &ClipHead, times: &[RtpTime]) -> Option<Self> {
        let ClipSpan { stream, .. } = head.captured?;
        let first = *times.first()?;
        let mut ticks: Vec<u32> = Vec::with_capacity(times.len());
        for time in times {
            let after = u32::try_from(time.since(first)).ok()?;
            if ticks.last().is_some_and(|last| after <= *last) {
                return None;
            }
            ticks.push(after);
        }
        Some(Self {
            stream,
            first,
            ticks,
        })
    }

    /// The clip's frame that is this captured frame.
    #[must_use]
    pub fn frame_of(&self, anchor: Anchor) -> Option<FrameIndex> {
        let Anchor::Live { stream, rtp_time } = anchor;
        if stream != self.stream {
            return None;
        }
        let after = u32::try_from(rtp_time.since(self.first)).ok()?;
        let index = self.ticks.binary_search(&after).ok()?;
        u32::try_from(index).ok().map(FrameIndex)
    }

    /// The captured frame that this frame of the clip is.
    #[must_use]
    pub fn rtp_time(&self, index: FrameIndex) -> Option<RtpTime> {
        let after = *self.ticks.get(index.0 as usize)?;
        Some(RtpTime(self.first.0.wrapping_add(after)))
    }

    /// Microseconds from the first frame to this one, rounded down.
    #[must_use]
    pub fn after_first_us(&self, index: FrameIndex) -> Option<u64> {
        let after = *self.ticks.get(index.0 as usize)?;
        Some(u64::from(after) * 1_000_000 / RTP_CLOCK_HZ)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClipId;
    use crate::clip::{ClipCoding, ClipOrigin};
    use crate::original::Digest;
    use crate::units::CaptureTime;
    use proptest::prelude::*;

    fn head(stream: StreamId, times: &[RtpTime]) -> ClipHead {
        ClipHead {
            clip: ClipId::random(),
            instance: "2.25.1".into(),
            bytes: 10,
            digest: Digest::from_bytes([1; 32]),
            frames: u32::try_from(times.len()).unwrap(),
            width: 8,
            height: 8,
            coding: ClipCoding::Jpeg,
            origin: ClipOrigin::Captured,
            taken_at: CaptureTime(5),
            span_us: 0,
            view: None,
            marker: None,
            captured: Some(ClipSpan {
                stream,
                first: times[0],
                last: times[times.len() - 1],
            }),
        }
    }

    /// Times at these distances, wherever in the round of RTP time they begin.
    fn times(first: u32, gaps: &[u32]) -> Vec<RtpTime> {
        let mut at = first;
        let mut times = vec![RtpTime(at)];
        for gap in gaps {
            at = at.wrapping_add(*gap);
            times.push(RtpTime(at));
        }
        times
    }

    #[test]
    fn a_time_that_comes_round_within_a_clip_is_refused() {
        let stream = StreamId::random();
        let far = times(0, &[1 << 30, 1 << 30]);
        assert_eq!(head(stream, &far).check(&far), Ok(()), "each step rises");
        assert_eq!(FrameMap::new(&head(stream, &far), &far), None);
        let mut imported = head(stream, &[RtpTime(0)]);
        imported.captured = None;
        assert_eq!(FrameMap::new(&imported, &[]), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            rng_seed: proptest::test_runner::RngSeed::Fixed(0x00c1_1b5e),
            ..ProptestConfig::default()
        })]

        /// There and back for every frame, with frames left out, uneven times and the wrap; and no frame for any other time.
        #[test]
        fn every_frame_is_found_by_its_time_and_no_other_time_finds_one(
            first in prop_oneof![any::<u32>(), u32::MAX - 200_000..=u32::MAX],
            gaps in prop::collection::vec(prop_oneof![8 => 2_900u32..3_100, 1 => 6_000u32..90_000, 1 => 2u32..10], 0..400),
        ) {
            let stream = StreamId::random();
            let times = times(first, &gaps);
            let map = FrameMap::new(&head(stream, &times), &times).unwrap();
            for (index, time) in (0..).zip(&times) {
                let at = |rtp_time| Anchor::Live { stream, rtp_time };
                prop_assert_eq!(map.frame_of(at(*time)), Some(FrameIndex(index)));
                prop_assert_eq!(map.rtp_time(FrameIndex(index)), Some(*time));
                prop_assert_eq!(map.frame_of(at(RtpTime(time.0.wrapping_add(1)))), None);
                let elsewhere = Anchor::Live { stream: StreamId::random(), rtp_time: *time };
                prop_assert_eq!(map.frame_of(elsewhere), None);
                let us = map.after_first_us(FrameIndex(index)).unwrap();
                let ticks = u64::from(time.0.wrapping_sub(first));
                prop_assert!(us * 9 <= ticks * 100 && (us + 1) * 9 > ticks * 100);
            }
            prop_assert_eq!(map.rtp_time(FrameIndex(u32::try_from(times.len()).unwrap())), None);
        }
    }
}
