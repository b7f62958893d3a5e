//! What the picture may use: what people allow, and what the link leaves of it.
//!
//! Owns which frames are left out and how large the rest is coded. Knows neither people nor link; the encode thread asks it
//! for each frame. Sans-IO.

use crate::encode::BitRate;
use bandwidth::Scale;
use wire::CaptureTime;

/// A frame that comes so much of a step too early is taken: sources are not exact.
const EARLY: f64 = 0.25;
/// A picture with so much of the bits that it could have is whole: two tenths of a decibel are missing (3 dB a doubling).
const WHOLE_FROM: f64 = 0.95;

/// What the link leaves to the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Room {
    /// At most so many bits.
    pub bit_rate: BitRate,
    /// In this resolution.
    pub scale: Scale,
    /// So many frames per second; none when all that come.
    pub frame_rate: Option<f64>,
}

/// What holds now.
#[derive(Debug)]
pub(crate) struct Fit {
    allowed: BitRate,
    room: Option<Room>,
    /// Nothing leaves: there is no link whose bits would have to be shared out.
    is_cut: bool,
    /// When the next frame is to be taken, in microseconds of the capture clock.
    next_us: Option<f64>,
}

impl Fit {
    /// Everything that people allow.
    pub(crate) const fn new(allowed: BitRate) -> Self {
        Self {
            allowed,
            room: None,
            is_cut: false,
            next_us: None,
        }
    }

    /// People allow another rate.
    pub(crate) const fn allow(&mut self, allowed: BitRate) {
        self.allowed = allowed;
    }

    /// The link leaves so much.
    pub(crate) fn make_room(&mut self, room: Option<Room>) {
        if self.frame_rate() != room.and_then(|room| room.frame_rate) {
            self.next_us = None;
        }
        self.room = room;
    }

    /// Nothing leaves, or something does again. The size stays: another one would be seen when the link is back.
    pub(crate) const fn set_cut(&mut self, is_cut: bool) {
        self.is_cut = is_cut;
    }

    /// Bits for the encoder.
    pub(crate) fn bit_rate(&self) -> BitRate {
        if self.is_cut {
            return self.allowed;
        }
        let left = self.room.map_or(self.allowed, |room| room.bit_rate);
        self.allowed.min(left)
    }

    /// What people allow.
    pub(crate) const fn allowed(&self) -> BitRate {
        self.allowed
    }

    /// Whether the link takes nothing of a picture that could have so many bits.
    pub(crate) fn is_whole(&self, bit_rate: BitRate) -> bool {
        let is_full = self.room.is_none_or(|room| room.scale == Scale::Full);
        let bits = f64::from(self.bit_rate().bps());
        is_full && self.frame_rate().is_none() && bits >= f64::from(bit_rate.bps()) * WHOLE_FROM
    }

    /// The size in which a picture of this size is coded.
    pub(crate) fn size(&self, width: u32, height: u32) -> (u32, u32) {
        match self.room.map(|room| room.scale) {
            None | Some(Scale::Full) => (width, height),
            Some(scale) => (scale.of(width), scale.of(height)),
        }
    }

    /// Whether the frame of this time is coded.
    pub(crate) fn takes(&mut self, captured_at: CaptureTime) -> bool {
        let Some(rate) = self.frame_rate() else {
            return true;
        };
        #[expect(
            clippy::cast_precision_loss,
            reason = "microseconds since 1970 are below 2^53"
        )]
        let at = captured_at.0 as f64;
        let step = 1e6 / rate.max(1.0);
        let next = self.next_us.unwrap_or(at);
        if at + step * EARLY < next && next - at < step * 2.0 {
            return false;
        }
        // A source that paused, or a clock that was set, begins anew.
        let is_regular = (at - next).abs() < step;
        self.next_us = Some(if is_regular { next + step } else { at + step });
        true
    }

    fn frame_rate(&self) -> Option<f64> {
        let room = self.room.filter(|_| !self.is_cut);
        room.and_then(|room| room.frame_rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kbps(kbps: u32) -> BitRate {
        BitRate::from_kbps(kbps).unwrap()
    }

    fn room(rate: u32, frame_rate: Option<f64>) -> Room {
        Room {
            bit_rate: kbps(rate),
            scale: Scale::ThreeQuarters,
            frame_rate,
        }
    }

    /// How many of three seconds' frames at 30 a second are taken, each up to 4 ms early or late.
    fn taken(fit: &mut Fit) -> usize {
        (0..90_u64)
            .filter(|n| {
                let jitter = [0, 4_000, 1_000, 7_000, 2_000][*n as usize % 5];
                fit.takes(CaptureTime(1_000_000 + n * 33_333 + jitter))
            })
            .count()
    }

    #[test]
    fn the_picture_gets_what_people_allow_and_the_link_leaves() {
        let mut fit = Fit::new(kbps(2_000));
        assert_eq!(
            (fit.bit_rate(), fit.size(801, 601)),
            (kbps(2_000), (801, 601))
        );
        fit.make_room(Some(room(700, None)));
        assert_eq!(
            (fit.bit_rate(), fit.size(800, 600)),
            (kbps(700), (600, 450))
        );
        // In a cut the journal gets everything, in the size that the link will have again.
        fit.set_cut(true);
        assert_eq!(
            (fit.bit_rate(), fit.size(800, 600)),
            (kbps(2_000), (600, 450))
        );
        fit.set_cut(false);
        assert_eq!(fit.bit_rate(), kbps(700));
        fit.make_room(Some(room(9_000, None)));
        assert_eq!(fit.bit_rate(), kbps(2_000));
        fit.allow(kbps(4_000));
        fit.make_room(None);
        assert_eq!(
            (fit.bit_rate(), fit.size(800, 600)),
            (kbps(4_000), (800, 600))
        );
    }

    #[test]
    fn a_picture_is_whole_with_nearly_all_bits_all_pixels_and_all_frames() {
        let (wanted, mut fit) = (kbps(2_000), Fit::new(kbps(2_000)));
        assert!(fit.is_whole(wanted));
        let full = Room {
            bit_rate: kbps(1_950),
            scale: Scale::Full,
            frame_rate: None,
        };
        fit.make_room(Some(full));
        assert!(fit.is_whole(wanted));
        for weak in [
            Room {
                bit_rate: kbps(1_800),
                ..full
            },
            Room {
                scale: Scale::ThreeQuarters,
                ..full
            },
            Room {
                frame_rate: Some(20.0),
                ..full
            },
        ] {
            fit.make_room(Some(weak));
            assert!(!fit.is_whole(wanted), "{weak:?}");
        }
        fit.set_cut(true);
        assert!(fit.is_whole(wanted), "in a cut nothing is taken");
        assert!(!fit.is_whole(kbps(4_000)), "people allow less");
    }

    #[test]
    fn frames_are_left_out_evenly() {
        let mut fit = Fit::new(kbps(2_000));
        assert_eq!(taken(&mut fit), 90);
        for (rate, expected) in [(20.0, 60), (15.0, 45), (10.0, 30)] {
            fit.make_room(Some(room(500, Some(rate))));
            let taken = taken(&mut fit);
            assert!(taken.abs_diff(expected) <= 1, "{taken} at {rate}");
            fit.make_room(None);
        }
    }

    #[test]
    fn a_clock_that_was_set_stops_no_picture() {
        let mut fit = Fit::new(kbps(2_000));
        fit.make_room(Some(room(500, Some(15.0))));
        assert!(fit.takes(CaptureTime(90_000_000_000)));
        assert!(fit.takes(CaptureTime(5_000_000)), "a day back");
        assert!(!fit.takes(CaptureTime(5_033_000)));
        assert!(fit.takes(CaptureTime(5_066_000)));
    }
}
