//! Units. A number that has a unit, an origin or a range is its own type.
//!
//! The capture clock: `RtpTime` is wall time at capture in 90 kHz units since the Unix epoch, modulo 2^32 (about
//! 13 h 15 min), so that the timeline goes on across a restart of the agent (RFC 3550 §5.1 leaves the origin free;
//! RFC 6184 §5 fixes the rate). Compare two of them only through `since`, which handles the wrap.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Rate of the video RTP clock in Hz (RFC 6184 §8.1).
pub const RTP_CLOCK_HZ: u64 = 90_000;

/// RTP timestamp of a frame, carried unchanged from the capture clock to every painted picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "units.ts")]
#[serde(transparent)]
#[ts(type = "number & { readonly __unit: \"RtpTime\" }")]
pub struct RtpTime(pub u32);

impl RtpTime {
    /// The stamp of a frame captured at `at`.
    #[must_use]
    pub const fn of(at: CaptureTime) -> Self {
        // 90 kHz from microseconds is × 9 / 100; u128 keeps it exact for any u64.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "modulo 2^32 is the definition"
        )]
        Self((at.0 as u128 * 9 / 100) as u32)
    }

    /// Signed distance to `earlier` in 90 kHz ticks, right across one wrap (RFC 3550 modular arithmetic):
    /// exact while the two are less than 2^31 ticks (6 h 37 min) apart.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i32 {
        self.0.wrapping_sub(earlier.0).cast_signed()
    }

    /// The capture time that this stamp means, given any `near` time less than 6 h 37 min away from it.
    #[must_use]
    pub const fn capture_time(self, near: CaptureTime) -> CaptureTime {
        let ticks = self.since(Self::of(near)) as i64;
        CaptureTime(near.0.saturating_add_signed(ticks * 100 / 9))
    }
}

/// Moment of capture by the device's clock, in microseconds since the Unix epoch.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS,
)]
#[ts(export_to = "units.ts")]
#[serde(transparent)]
#[ts(type = "number & { readonly __unit: \"CaptureTime\" }")]
pub struct CaptureTime(pub u64);

impl CaptureTime {
    /// The last one of the year 9999, the last year that DICOM writes (PS3.5 section 6.2, DA) and browsers show everywhere.
    pub const LAST: Self = Self(253_402_300_799_999_999);
}

/// A moment by the relay's clock, in microseconds since the Unix epoch. Everyone computes image age in it.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS,
)]
#[ts(export_to = "units.ts")]
#[serde(transparent)]
#[ts(type = "number & { readonly __unit: \"RelayTime\" }")]
pub struct RelayTime(pub u64);

/// Position of a frame in a stream or clip: 0 in code, shown from 1.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS,
)]
#[ts(export_to = "units.ts")]
#[serde(transparent)]
#[ts(type = "number & { readonly __unit: \"FrameIndex\" }")]
pub struct FrameIndex(pub u32);

/// A fraction of the picture's width or height, 0 at the left or top edge, 1 at the right or bottom edge.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd, Serialize, Deserialize, TS)]
#[ts(export_to = "units.ts")]
#[serde(try_from = "f64", into = "f64")]
#[ts(type = "number")]
pub struct Fraction(f64);

/// A fraction outside 0..=1, or not a number.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("a point lies outside the picture: fractions run from 0 to 1")]
pub struct OutsidePicture;

impl Fraction {
    /// Checks the range.
    ///
    /// # Errors
    /// `OutsidePicture` for NaN, infinities and values outside 0..=1.
    pub fn new(value: f64) -> Result<Self, OutsidePicture> {
        if (0.0..=1.0).contains(&value) {
            Ok(Self(value))
        } else {
            Err(OutsidePicture)
        }
    }

    /// The bare number, 0..=1.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Fraction {
    type Error = OutsidePicture;

    fn try_from(value: f64) -> Result<Self, OutsidePicture> {
        Self::new(value)
    }
}

impl From<Fraction> for f64 {
    fn from(fraction: Fraction) -> Self {
        fraction.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_second_is_ninety_thousand_ticks() {
        let t = CaptureTime(1_795_000_000_000_000);
        assert_eq!(
            RtpTime::of(CaptureTime(t.0 + 1_000_000)).since(RtpTime::of(t)),
            90_000
        );
    }

    #[test]
    fn a_point_outside_the_picture_is_refused() {
        for wrong in [-0.001, 1.001, f64::NAN, f64::INFINITY, 1e308, -1e308] {
            assert_eq!(Fraction::new(wrong), Err(OutsidePicture));
        }
        assert!(serde_json::from_str::<Fraction>("1.5").is_err());
        assert_eq!(
            serde_json::to_string(&Fraction::new(0.25).unwrap()).unwrap(),
            "0.25"
        );
    }

    proptest! {
        /// Frames microseconds to hours apart keep order and distance, also across the 32-bit wrap.
        #[test]
        fn a_stamp_gives_back_its_capture_time(at in 0u64..1 << 51, off_us in -20_000_000_000i64..20_000_000_000) {
            let captured = CaptureTime(at);
            let near = CaptureTime(at.saturating_add_signed(off_us));
            let found = RtpTime::of(captured).capture_time(near);
            // Two floors to 1/90 kHz each: at most 2 ticks = 23 µs of rounding.
            prop_assert!(found.0.abs_diff(captured.0) <= 23, "{} against {}", found.0, captured.0);
        }
    }
}
