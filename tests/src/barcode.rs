//! The capture barcode's numbers, on the Rust side: what a frame number and a time in 0.1 ms mean.
//!
//! Owns the arithmetic that compares a barcode with an RTP time. Decoding happens where the pixels are, in the page
//! (`browser/barcode.js`). Invariant: both wrap (24 bits of 0.1 ms are 28 minutes), so they are compared as distances.

use serde::Deserialize;
use wire::{CaptureTime, RtpTime};

/// Units of barcode time in one second: 0.1 ms each.
const UNITS_PER_SECOND: u64 = 10_000;
/// Barcode time has 24 bits.
const TIME_WRAP: u64 = 1 << 24;

/// What was read from one picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Barcode {
    /// Capture time in units of 0.1 ms, modulo 2^24.
    pub t: u32,
    /// Frame number, modulo 2^16.
    pub n: u16,
}

impl Barcode {
    /// How far the barcode's capture time lies from that of `rtp`, in milliseconds, given the wall time `near` it.
    #[must_use]
    pub fn distance_ms(self, rtp: RtpTime, near: CaptureTime) -> f64 {
        let units = rtp.capture_time(near).0 * UNITS_PER_SECOND / 1_000_000 % TIME_WRAP;
        self.after_ms(units)
    }

    /// How much later this one was captured than another one near it, in milliseconds.
    #[must_use]
    pub fn later_ms(self, than: Self) -> f64 {
        self.after_ms(u64::from(than.t))
    }

    /// The nearer way round.
    fn after_ms(self, units: u64) -> f64 {
        let ahead = (u64::from(self.t) + TIME_WRAP - units % TIME_WRAP) % TIME_WRAP;
        let signed = if ahead >= TIME_WRAP / 2 {
            ahead.cast_signed() - TIME_WRAP.cast_signed()
        } else {
            ahead.cast_signed()
        };
        #[expect(clippy::cast_precision_loss, reason = "below 2^24")]
        let distance = signed as f64 / 10.0;
        distance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_barcodes_on_either_side_of_a_wrap_are_near_each_other() {
        let at = |t: u64| Barcode {
            t: u32::try_from(t % TIME_WRAP).unwrap(),
            n: 0,
        };
        for first in [0, TIME_WRAP / 2 - 10, TIME_WRAP - 10] {
            let (early, late) = (at(first), at(first + 250));
            assert!((late.later_ms(early) - 25.0).abs() < 0.01);
            assert!((early.later_ms(late) + 25.0).abs() < 0.01);
        }
    }

    #[test]
    fn a_barcode_and_the_stamp_of_the_same_frame_agree() {
        for at in [
            1_795_000_000_000_000_u64,
            1_795_000_123_456_789,
            16_777_216 * 100 + 50,
        ] {
            let captured = CaptureTime(at);
            let barcode = Barcode {
                t: u32::try_from(at / 100 % TIME_WRAP).unwrap(),
                n: 7,
            };
            assert!(barcode.distance_ms(RtpTime::of(captured), captured).abs() <= 0.1);
            let later = RtpTime::of(CaptureTime(at + 33_333));
            assert!((barcode.distance_ms(later, captured) + 33.3).abs() < 0.3);
        }
    }
}
