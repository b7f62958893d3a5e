//! How fast clips may go (sans-IO).
//!
//! What voice and picture leave is the uplink's to say, and bounds a budget of bytes per second. Where the link has room for
//! everything the uplink looks no further, and the round trip of the control channel leads, which shares the link: when it grows
//! beyond the best of late, somebody waits behind our bytes, and the budget falls below what really went through; while
//! it does not, the budget grows. Voice and picture do not wait for this to be noticed: what may stand in front of
//! them is bounded by the channel's buffer.

use bandwidth::BitRate;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Bytes per second at first: 6 MB in a second and a half.
const FIRST: f64 = 4e6;
/// At least this: a clip of 6 MB still arrives within minutes.
const LEAST: f64 = 32e3;
/// At most this: 64 Mbit/s; more would only take CPU from the picture.
const MOST: f64 = 8e6;
/// Bytes that may go at once after a pause.
const BURST: f64 = 64.0 * 1024.0;
/// ... of what is left on a weak link at most so many seconds.
const MOST_BURST_S: f64 = 0.02;
/// A round trip longer than the best by this much means that something waits behind us.
const TOLERATED: Duration = Duration::from_millis(40);
/// Growth at each good round trip; there are two a second.
const GROWTH: f64 = 1.25;
/// What remains of the real throughput after a bad one.
const REMAINS: f64 = 0.6;
/// Round trips remembered for the best: half a minute.
const REMEMBERED: usize = 60;

/// The budget.
#[derive(Debug)]
pub(crate) struct Pacer {
    /// Bytes per second.
    rate: f64,
    /// What voice and picture leave; none where there is room for everything.
    left: Option<f64>,
    /// Bytes that may go now.
    tokens: f64,
    /// When they were counted.
    counted: Instant,
    round_trips: VecDeque<Duration>,
    /// Bytes sent since the last round trip was heard, and when that was.
    sent: f64,
    heard: Instant,
}

impl Pacer {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            rate: FIRST,
            left: None,
            tokens: BURST,
            counted: now,
            round_trips: VecDeque::with_capacity(REMEMBERED),
            sent: 0.0,
            heard: now,
        }
    }

    /// Voice and picture leave so much; none when there is room for everything.
    pub(super) fn leave(&mut self, left: Option<BitRate>) {
        self.left = left.map(|left| left.bps() as f64 / 8.0);
    }

    fn now(&self) -> f64 {
        self.left
            .map_or(self.rate, |left| left.min(self.rate))
            .max(1.0)
    }

    /// On a weak link nothing goes in a burst: it would stand in front of the picture.
    fn burst(&self) -> f64 {
        self.left
            .map_or(BURST, |left| BURST.min(left * MOST_BURST_S))
    }

    /// How long to wait before the next piece may go.
    pub(super) fn wait(&mut self, now: Instant) -> Duration {
        let passed = now.saturating_duration_since(self.counted).as_secs_f64();
        self.tokens = (self.tokens + passed * self.now()).min(self.burst());
        self.counted = now;
        if self.tokens >= 0.0 {
            Duration::ZERO
        } else {
            Duration::from_secs_f64(-self.tokens / self.now())
        }
    }

    /// So many bytes went.
    pub(crate) fn sent(&mut self, bytes: usize) {
        self.tokens -= bytes as f64;
        self.sent += bytes as f64;
    }

    /// A ping came back.
    pub(crate) fn round_trip(&mut self, took: Duration, now: Instant) {
        if self.round_trips.len() == REMEMBERED {
            self.round_trips.pop_front();
        }
        self.round_trips.push_back(took);
        let best = self.round_trips.iter().min().copied().unwrap_or(took);
        let span = now.saturating_duration_since(self.heard).as_secs_f64();
        let (through, sent) = (self.sent / span.max(0.001), self.sent);
        (self.sent, self.heard) = (0.0, now);
        if took > best + TOLERATED {
            // Not our doing when nothing of ours went.
            if sent > 0.0 {
                self.rate = (self.rate.min(through) * REMAINS).max(LEAST);
            }
        } else {
            self.rate = (self.rate * GROWTH).min(MOST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECE: usize = 16 * 1024;
    const PING: Duration = Duration::from_millis(500);

    /// Sends for `seconds` over a link with `room` bytes per second for us; gives the bytes that went, and the longest
    /// round trip of the second half.
    fn run(room: f64, seconds: u32) -> (f64, Duration) {
        let start = Instant::now();
        let (mut pacer, mut now, mut ping) = (Pacer::new(start), start, start + PING);
        let (mut queued, mut went, mut worst) = (0.0_f64, 0.0, Duration::ZERO);
        let step = Duration::from_millis(1);
        let end = start + Duration::from_secs(u64::from(seconds));
        while now < end {
            let drained = queued.min(room * step.as_secs_f64());
            queued -= drained;
            went += drained;
            // The channel's buffer bounds what waits.
            while queued < 64.0 * 1024.0 && pacer.wait(now).is_zero() {
                pacer.sent(PIECE);
                queued += PIECE as f64;
            }
            if now >= ping {
                let took = Duration::from_secs_f64(0.010 + queued / room);
                pacer.round_trip(took, now);
                ping += PING;
                if now > start + (end - start) / 2 {
                    worst = worst.max(took);
                }
            }
            now += step;
        }
        (went, worst)
    }

    #[test]
    fn six_megabytes_take_less_than_two_seconds_where_there_is_room() {
        let (went, _) = run(50e6, 2);
        assert!(went > 6e6, "{went}");
    }

    #[test]
    fn on_a_narrow_link_clips_go_and_little_waits_behind_them() {
        let room = 100e3;
        let (went, worst) = run(room, 60);
        assert!(went > 0.3 * room * 60.0, "{went} of {}", room * 60.0);
        assert!(worst < Duration::from_millis(500), "{worst:?}");
    }

    #[test]
    fn a_slow_ping_of_somebody_elses_making_costs_nothing() {
        let start = Instant::now();
        let mut pacer = Pacer::new(start);
        pacer.round_trip(Duration::from_millis(10), start + PING);
        let before = pacer.rate;
        pacer.round_trip(Duration::from_millis(900), start + PING * 2);
        assert!(pacer.rate >= before);
    }

    #[test]
    fn what_voice_and_picture_leave_is_kept_to() {
        let (start, mut now) = (Instant::now(), Instant::now());
        let mut pacer = Pacer::new(start);
        pacer.leave(Some(BitRate::from_kbps(800)));
        let mut went = 0;
        while now < start + Duration::from_secs(10) {
            now += pacer.wait(now).max(Duration::from_millis(1));
            if pacer.wait(now).is_zero() {
                pacer.sent(PIECE);
                went += PIECE;
            }
        }
        let kbps = went * 8 / 10_000;
        assert!((700..=900).contains(&kbps), "{kbps}");
    }
}
