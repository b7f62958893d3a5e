//! A moment on the capture clock without its wrap.
//!
//! Owns the step from a 32-bit RTP time, which comes round every 13 h 15 min, to a number that sorts. Both sides of a
//! link get the same number for the same frame, because only the distance to the nearest capture time matters.

use wire::units::RTP_CLOCK_HZ;
use wire::{CaptureTime, RtpTime};

/// Moment of a frame in 90 kHz ticks since the Unix epoch; its low 32 bits are the frame's RTP time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(pub u64);

impl Tick {
    /// The tick with this RTP time that is nearest to `near`, by the clock of the device that stamped the frame; right as
    /// long as they are less than 6 h 37 min apart.
    #[must_use]
    pub const fn of(rtp_time: RtpTime, near: CaptureTime) -> Self {
        // Exact for any u64; the result stays below 2^61.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "u64 microseconds are fewer than 2^64 ticks of 11 µs"
        )]
        let ticks = (near.0 as u128 * 9 / 100) as u64;
        let away = rtp_time.since(RtpTime::of(near)) as i64;
        match ticks.checked_add_signed(away) {
            Some(tick) => Self(tick),
            // Before the epoch there is nothing: the next one with that RTP time.
            None => Self(rtp_time.0 as u64),
        }
    }

    /// What a frame of this moment carries.
    #[must_use]
    pub const fn rtp_time(self) -> RtpTime {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the low 32 bits are the definition"
        )]
        RtpTime(self.0 as u32)
    }

    /// Ticks from an earlier moment to this one; none when it is not earlier.
    #[must_use]
    pub const fn after(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// So many milliseconds in ticks.
    #[must_use]
    pub const fn ticks_of_ms(ms: u64) -> u64 {
        ms.saturating_mul(RTP_CLOCK_HZ / 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_stamp_from_before_the_epoch_still_keeps_its_rtp_time() {
        let rtp_time = RtpTime(u32::MAX);
        assert_eq!(Tick::of(rtp_time, CaptureTime(0)).rtp_time(), rtp_time);
    }

    proptest! {
        /// Agent and relay know the capture time more or less well and agree on the tick; order is kept across the wrap.
        #[test]
        fn the_same_frame_has_the_same_tick_on_both_sides(
            at in 1u64 << 40..1 << 51,
            later_us in 1_000u64..40_000_000_000,
            off_us in -20_000_000_000i64..20_000_000_000,
        ) {
            let captured = CaptureTime(at);
            let rtp_time = RtpTime::of(captured);
            let tick = Tick::of(rtp_time, captured);
            prop_assert_eq!(tick.rtp_time(), rtp_time);
            prop_assert_eq!(Tick::of(rtp_time, CaptureTime(at.saturating_add_signed(off_us))), tick);
            let later = CaptureTime(at + later_us);
            prop_assert!(Tick::of(RtpTime::of(later), later) > tick);
        }
    }
}
