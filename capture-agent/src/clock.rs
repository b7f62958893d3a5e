//! The capture clock: monotonic, set to wall time once at the start, never stepping back.
//!
//! Every time that leaves this program (stamps, barcode, clock sync) comes from one `CaptureClock`, so that all of
//! them agree. It does not follow steps of the wall clock; the relay learns the offset by ping instead.
//! Because it starts from wall time, the RTP timeline goes on across a restart of the agent.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use wire::CaptureTime;

/// Turns moments of this machine into capture times.
#[derive(Debug, Clone, Copy)]
pub struct CaptureClock {
    /// The moment at which the clock was set.
    origin: Instant,
    /// Wall time at that moment, in microseconds since the Unix epoch.
    origin_us: u64,
}

impl CaptureClock {
    /// A clock that showed `wall` at `origin`.
    #[must_use]
    pub fn set_to(origin: Instant, wall: SystemTime) -> Self {
        let since_epoch = wall.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self {
            origin,
            origin_us: micros(since_epoch),
        }
    }

    /// A clock set to wall time now.
    #[must_use]
    pub fn start() -> Self {
        Self::set_to(Instant::now(), SystemTime::now())
    }

    /// What the clock shows at `moment`.
    #[must_use]
    pub fn at(&self, moment: Instant) -> CaptureTime {
        let after = micros(moment.saturating_duration_since(self.origin));
        let before = micros(self.origin.saturating_duration_since(moment));
        CaptureTime(self.origin_us.saturating_add(after).saturating_sub(before))
    }

    /// What the clock shows now.
    #[must_use]
    pub fn now(&self) -> CaptureTime {
        self.at(Instant::now())
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::RtpTime;

    #[test]
    fn it_shows_wall_time_at_the_start_and_runs_on_by_the_monotonic_clock() {
        let origin = Instant::now() + Duration::from_secs(100);
        let clock = CaptureClock::set_to(origin, UNIX_EPOCH + Duration::from_secs(1_795_000_000));
        assert_eq!(clock.at(origin), CaptureTime(1_795_000_000_000_000));
        assert_eq!(
            clock.at(origin + Duration::from_micros(7)),
            CaptureTime(1_795_000_000_000_007)
        );
        assert_eq!(
            clock.at(origin - Duration::from_micros(7)),
            CaptureTime(1_794_999_999_999_993)
        );
    }

    #[test]
    fn the_rtp_timeline_goes_on_across_a_restart() {
        let origin = Instant::now();
        let wall = UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        let before = CaptureClock::set_to(origin, wall);
        // The agent comes back 40 s later and sets its clock anew.
        let gap = Duration::from_secs(40);
        let after = CaptureClock::set_to(origin + gap, wall + gap);
        let last = RtpTime::of(before.at(origin + Duration::from_secs(1)));
        let first = RtpTime::of(after.at(origin + gap));
        assert_eq!(first.since(last), 39 * 90_000);
    }
}
