//! The relay's clock: one time for what is written, one for what ends.
//!
//! Owns the only place where the relay reads a clock for times that leave it. `now` is wall time: it runs evenly, and takes
//! up the machine's clock anew when the two part by more than `MAX_DRIFT`, because somebody set it. `steady` is wall time
//! that never follows a step: what lasts so long or ends then (a session, a ticket, a grace) is judged by it, so that a
//! clock set by a day ends nothing and prolongs nothing. It goes on across a restart from where it was seen last, which
//! the store keeps; the command-line tools go on from there too. Order in a log is by sequence, never by a clock.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wire::RelayTime;

/// NTP slews both clocks alike; a difference of this size is a step, not drift.
const MAX_DRIFT: Duration = Duration::from_secs(2);
/// Names the present boot of the machine.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// What the machine's clocks show at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Since the machine started, its sleep included; nobody sets it.
    pub up_us: u64,
    /// Since the Unix epoch; anybody may set it.
    pub wall_us: u64,
}

/// Where the steady time was seen, and beside what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The machine's boot, where it has a name.
    pub boot: Option<String>,
    /// The machine's clocks.
    pub reading: Reading,
    /// The steady time.
    pub steady: RelayTime,
}

/// The relay's clock.
pub struct Clock {
    machine: Box<dyn Fn() -> Reading + Send + Sync>,
    boot: Option<String>,
    /// Where steady and machine time stood together.
    origin: (u64, RelayTime),
    /// How far `now` is ahead of `steady`.
    ahead_us: Mutex<i64>,
}

impl Default for Clock {
    fn default() -> Self {
        Self::after(None)
    }
}

impl Clock {
    /// Goes on from where the steady time was seen last.
    #[must_use]
    pub fn after(last: Option<&Sighting>) -> Self {
        let boot = std::fs::read_to_string(BOOT_ID).ok();
        let boot = boot.map(|name| name.trim().to_owned());
        Self::of(boot, last, Box::new(read_machine))
    }

    /// The same on a machine that shows what it is told to.
    #[must_use]
    pub fn of(
        boot: Option<String>,
        last: Option<&Sighting>,
        machine: Box<dyn Fn() -> Reading + Send + Sync>,
    ) -> Self {
        let reading = machine();
        let steady = goes_on(last, boot.as_deref(), reading);
        Self {
            machine,
            boot,
            origin: (reading.up_us, steady),
            ahead_us: Mutex::new(apart(reading.wall_us, steady.0)),
        }
    }

    /// Now, for what is written and shown.
    pub fn now(&self) -> RelayTime {
        let reading = (self.machine)();
        let steady = self.steady_at(reading);
        let mut ahead = self.ahead_us.lock().unwrap_or_else(PoisonError::into_inner);
        let followed = steady.0.saturating_add_signed(*ahead);
        if u128::from(followed.abs_diff(reading.wall_us)) <= MAX_DRIFT.as_micros() {
            return RelayTime(followed);
        }
        *ahead = apart(reading.wall_us, steady.0);
        drop(ahead);
        tracing::warn!(
            step_ms = apart(reading.wall_us, followed) / 1_000,
            "the system clock was set; what is written from now on follows it, what runs goes on"
        );
        RelayTime(reading.wall_us)
    }

    /// Now, for what lasts or ends.
    pub fn steady(&self) -> RelayTime {
        self.steady_at((self.machine)())
    }

    /// How far `now` is ahead of `steady`.
    pub fn ahead_us(&self) -> i64 {
        self.now();
        *self.ahead_us.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A moment of the steady time as it is shown.
    pub fn shown(&self, steady: RelayTime) -> RelayTime {
        RelayTime(steady.0.saturating_add_signed(self.ahead_us()))
    }

    /// Where the steady time is, for whoever goes on from there.
    pub fn sighting(&self) -> Sighting {
        let reading = (self.machine)();
        Sighting {
            boot: self.boot.clone(),
            reading,
            steady: self.steady_at(reading),
        }
    }

    fn steady_at(&self, reading: Reading) -> RelayTime {
        let (up_us, steady) = self.origin;
        RelayTime(steady.0.saturating_add(reading.up_us.saturating_sub(up_us)))
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clock")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// Within one boot the machine knows how long it has been, whatever was set meanwhile. Over a boot only wall time tells; it
/// may have been set, so it never takes the steady time back: a ticket would live again.
fn goes_on(last: Option<&Sighting>, boot: Option<&str>, reading: Reading) -> RelayTime {
    let Some(last) = last else {
        return RelayTime(reading.wall_us);
    };
    let same_boot = boot.is_some() && last.boot.as_deref() == boot;
    let passed = match reading.up_us.checked_sub(last.reading.up_us) {
        Some(passed) if same_boot => passed,
        _ => reading.wall_us.saturating_sub(last.reading.wall_us),
    };
    RelayTime(last.steady.0.saturating_add(passed))
}

fn apart(later: u64, earlier: u64) -> i64 {
    i64::try_from(i128::from(later) - i128::from(earlier)).unwrap_or_default()
}

fn read_machine() -> Reading {
    let mut up = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the timespec is writable; a failure leaves it at zero, and no kernel that this runs on lacks the clock.
    unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut up) };
    let up = Duration::new(
        up.tv_sec.unsigned_abs(),
        u32::try_from(up.tv_nsec).unwrap_or_default(),
    );
    let wall = SystemTime::now().duration_since(UNIX_EPOCH);
    Reading {
        up_us: micros(up),
        wall_us: wall.map_or(0, micros),
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::sync::Arc;

    pub(crate) const SECOND: u64 = 1_000_000;
    pub(crate) const DAY: i64 = 86_400_000_000;
    const WALL: u64 = 1_795_000_000_000_000;

    /// A machine whose clock somebody sets.
    #[derive(Clone)]
    pub(crate) struct Machine(Arc<Mutex<Reading>>);

    impl Machine {
        pub(crate) fn new() -> Self {
            Self(Arc::new(Mutex::new(Reading {
                up_us: 500 * SECOND,
                wall_us: WALL,
            })))
        }

        pub(crate) fn passes(&self, time_us: u64) {
            let mut shown = self.0.lock().unwrap();
            shown.up_us += time_us;
            shown.wall_us += time_us;
        }

        pub(crate) fn is_set_by(&self, step_us: i64) {
            let mut shown = self.0.lock().unwrap();
            shown.wall_us = shown.wall_us.saturating_add_signed(step_us);
        }

        /// It is off for this long; the clock on its board may run wrong meanwhile.
        fn boots(&self, off_us: u64) {
            let mut shown = self.0.lock().unwrap();
            shown.up_us = 20 * SECOND;
            shown.wall_us += off_us;
        }

        pub(crate) fn clock(&self) -> Clock {
            self.clock_in("a", None)
        }

        fn clock_in(&self, boot: &str, last: Option<&Sighting>) -> Clock {
            let shown = Arc::clone(&self.0);
            let machine = Box::new(move || *shown.lock().unwrap());
            Clock::of(Some(boot.to_owned()), last, machine)
        }
    }

    #[test]
    fn the_clock_does_not_run_backwards() {
        let clock = Clock::default();
        let mut before = (clock.now(), clock.steady());
        for _ in 0..1_000 {
            let now = (clock.now(), clock.steady());
            assert!(now.0 >= before.0 && now.1 >= before.1);
            before = now;
        }
        let wall = micros(SystemTime::now().duration_since(UNIX_EPOCH).unwrap());
        assert!(wall.abs_diff(clock.now().0) < SECOND);
    }

    #[test]
    fn a_clock_that_was_set_is_followed_by_what_is_written_and_not_by_what_ends() {
        for step in [DAY, -DAY] {
            let machine = Machine::new();
            let clock = machine.clock();
            assert_eq!(
                (clock.now(), clock.steady()),
                (RelayTime(WALL), RelayTime(WALL))
            );
            machine.passes(SECOND);
            machine.is_set_by(step);
            let steady = RelayTime(WALL + SECOND);
            let set = RelayTime((WALL + SECOND).saturating_add_signed(step));
            assert_eq!((clock.now(), clock.steady()), (set, steady));
            assert_eq!((clock.ahead_us(), clock.shown(steady)), (step, set));
        }
    }

    #[test]
    fn a_clock_that_ntp_slews_is_not_followed_in_leaps() {
        let machine = Machine::new();
        let clock = machine.clock();
        machine.is_set_by(1_500_000);
        assert_eq!(clock.now(), RelayTime(WALL));
    }

    #[test]
    fn a_restart_goes_on_whatever_was_done_to_the_clock_meanwhile() {
        for step in [0, DAY, -DAY] {
            let machine = Machine::new();
            let before = machine.clock().sighting();
            machine.is_set_by(step);
            machine.passes(30 * SECOND);
            let clock = machine.clock_in("a", Some(&before));
            assert_eq!(clock.steady(), RelayTime(WALL + 30 * SECOND));
            assert_eq!(
                clock.now(),
                RelayTime((WALL + 30 * SECOND).saturating_add_signed(step))
            );
        }
    }

    #[test]
    fn over_a_boot_a_step_that_was_seen_before_counts_as_no_time() {
        for step in [DAY, -DAY] {
            let machine = Machine::new();
            let clock = machine.clock();
            machine.is_set_by(step);
            let before = clock.sighting();
            machine.boots(60 * SECOND);
            let clock = machine.clock_in("b", Some(&before));
            assert_eq!(clock.steady(), RelayTime(WALL + 60 * SECOND));
        }
    }

    #[test]
    fn over_a_boot_a_clock_that_was_set_back_takes_nobody_back() {
        let machine = Machine::new();
        let before = machine.clock().sighting();
        machine.boots(60 * SECOND);
        machine.is_set_by(-DAY);
        let clock = machine.clock_in("b", Some(&before));
        assert_eq!(clock.steady(), RelayTime(WALL), "time stood still at worst");
        machine.passes(SECOND);
        assert_eq!(clock.steady(), RelayTime(WALL + SECOND));
    }
}
