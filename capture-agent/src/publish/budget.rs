//! Makes room for originals on a weak link: the picture goes on with fewer bits while one travels.
//!
//! Owns the measure (how fast the channel drains) and the decision; the bits are the encoder's. A link that takes a still of
//! 800 x 600 in a blink is left alone. It knows no link by name: what is seen while one original travels decides, also for
//! those that follow soon, and what was taken is given back when nothing travels any more. The uplink estimator may take
//! its place.

use crate::encode::BitRate;
use crate::orders::Orders;
use crate::status::StatusBoard;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A link that takes less than this beside the picture is weak: a still of 150 kB would take more than 300 ms.
const WEAK_BELOW_BPS: f64 = 4_000_000.0;
/// Nothing is concluded sooner: the first pieces only fill buffers, and a busy processor pauses for as long.
const MEASURED_FOR: Duration = Duration::from_millis(80);
/// A link that was weak is taken for weak so long: what the next original needs is free when its first piece goes out, and
/// not only when it was measured anew. A visit stays where it is for some minutes.
const REMEMBERED_FOR: Duration = Duration::from_mins(5);
/// How often to look while the channel takes nothing.
pub(super) const LOOK: Duration = Duration::from_millis(20);
/// Bytes that the channel takes before anything has left it.
const BUFFER_BYTES: usize = super::peer::CHANNEL_BUFFER_BYTES;
/// What the picture keeps of its bit rate meanwhile: the heart still beats, and an original has nearly all of the link.
/// While one travels, people look at the frozen frame.
const KEPT_SHARE: f64 = 0.1;

/// How fast the channel drains, from when the pieces of one original went into it. Sans-IO.
#[derive(Debug, Default)]
struct Drain {
    began: Option<Instant>,
    taken: usize,
}

impl Drain {
    fn begins(&mut self, now: Instant) {
        *self = Self {
            began: Some(now),
            taken: 0,
        };
    }

    /// A piece went into the channel.
    fn went(&mut self, bytes: usize) {
        self.taken += bytes;
    }

    /// The channel takes no more at this moment. Bits per second that leave it, once that can be told.
    fn rate(&self, now: Instant) -> Option<f64> {
        let took = now.saturating_duration_since(self.began?);
        (took >= MEASURED_FOR).then(|| self.bits_left() / took.as_secs_f64())
    }

    /// All pieces are in the channel, so that it took them at this rate or a higher one. Nothing is known of an original that
    /// found room in the buffers.
    fn least_rate(&self, now: Instant) -> Option<f64> {
        let took = now.saturating_duration_since(self.began?);
        let bits = self.bits_left();
        (bits > 0.0).then(|| bits / took.as_secs_f64().max(f64::MIN_POSITIVE))
    }

    fn bits_left(&self) -> f64 {
        let left = self.taken.saturating_sub(BUFFER_BYTES);
        #[expect(clippy::cast_precision_loss, reason = "an original has 16 MiB at most")]
        let bits = left as f64 * 8.0;
        bits
    }
}

/// Lowers the picture's bit rate while originals travel over a weak link, and restores it.
pub(super) struct Throttle {
    drain: Drain,
    orders: Arc<Orders>,
    board: StatusBoard,
    /// What it was and what it is, while it is lowered.
    lowered: Option<(BitRate, BitRate)>,
    /// When the link was last seen to be weak.
    weak_at: Option<Instant>,
}

impl Throttle {
    pub(super) fn new(orders: Arc<Orders>, board: StatusBoard) -> Self {
        Self {
            drain: Drain::default(),
            orders,
            board,
            lowered: None,
            weak_at: None,
        }
    }

    /// An original begins to travel.
    pub(super) fn begins(&mut self, now: Instant) {
        self.drain.begins(now);
        let is_fresh = |at| now.saturating_duration_since(at) < REMEMBERED_FOR;
        if self.weak_at.is_some_and(is_fresh) {
            self.lower();
        }
    }

    /// All of it went into the channel. A link that took it quickly is not weak any more.
    pub(super) fn ended(&mut self, now: Instant) {
        let least = self.drain.least_rate(now);
        if least.is_some_and(|bps| bps >= WEAK_BELOW_BPS) {
            self.weak_at = None;
        }
    }

    /// A piece of it went into the channel.
    pub(super) fn went(&mut self, bytes: usize) {
        self.drain.went(bytes);
    }

    /// A piece still waits for room in the channel.
    pub(super) fn looks(&mut self, now: Instant) {
        if self.drain.rate(now).is_some_and(|bps| bps < WEAK_BELOW_BPS) {
            self.weak_at = Some(now);
            self.lower();
        }
    }

    fn lower(&mut self) {
        if self.lowered.is_some() {
            return;
        }
        let before = self.board.now().bit_rate;
        let Some(less) = lowered(before) else { return };
        tracing::info!(
            from_kbps = before.kbps(),
            to_kbps = less.kbps(),
            "the link is weak: the picture makes room for an original"
        );
        self.lowered = Some((before, less));
        self.orders.set_bit_rate(less);
    }

    /// Whether the picture makes room now.
    pub(super) const fn is_lowered(&self) -> bool {
        self.lowered.is_some()
    }

    /// Nothing travels any more. Somebody may have set another rate meanwhile: that one stays.
    pub(super) fn restore(&mut self) {
        let Some((before, less)) = self.lowered.take() else {
            return;
        };
        let now = self.board.now().bit_rate;
        if now == less || now == before {
            self.orders.set_bit_rate(before);
        }
    }
}

impl Drop for Throttle {
    fn drop(&mut self) {
        self.restore();
    }
}

/// What the picture gets by with; none when it has no more than that already.
fn lowered(before: BitRate) -> Option<BitRate> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a rate that fits"
    )]
    let share = (f64::from(before.kbps()) * KEPT_SHARE) as u32;
    let less = BitRate::from_kbps(share.max(BitRate::LOWEST_KBPS))?;
    (less < before).then_some(less)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slot::Slot;

    const PIECE: usize = 16 * 1024;

    fn throttle() -> Throttle {
        let orders = Arc::new(Orders::new(Arc::new(Slot::default())));
        let usual = BitRate::from_kbps(2_000).unwrap();
        Throttle::new(orders, StatusBoard::new(usual))
    }

    /// Sends an original over a link of so many bits per second; gives the bit rate that was ordered, in kbit/s.
    fn over(throttle: &mut Throttle, bps: f64, from: Instant) -> Option<u32> {
        throttle.begins(from);
        let mut now = from;
        for n in 1..=10 {
            let waiting = (n * PIECE).saturating_sub(BUFFER_BYTES);
            let room_at = from + Duration::from_secs_f64(waiting as f64 * 8.0 / bps);
            while now + LOOK < room_at {
                now += LOOK;
                throttle.looks(now);
            }
            throttle.went(PIECE);
            now = now.max(room_at);
        }
        throttle.ended(now);
        let ordered = throttle.orders.take().bit_rate;
        if let Some(ordered) = ordered {
            throttle.board.update(|status| status.bit_rate = ordered);
        }
        ordered.map(BitRate::kbps)
    }

    #[test]
    fn a_fast_link_takes_nothing_from_the_picture() {
        let (mut throttle, now) = (throttle(), Instant::now());
        for bps in [10e6, 100e6, 1e9] {
            assert_eq!(over(&mut throttle, bps, now), None, "{bps}");
        }
        throttle.restore();
        assert_eq!(throttle.orders.take().bit_rate, None);
    }

    #[test]
    fn a_weak_link_lowers_it_once_and_it_comes_back() {
        let (mut throttle, now) = (throttle(), Instant::now());
        assert_eq!(over(&mut throttle, 700_000.0, now), Some(200));
        assert_eq!(
            over(&mut throttle, 1_400_000.0, now),
            None,
            "lowered already"
        );
        throttle.restore();
        let back = throttle.orders.take().bit_rate;
        assert_eq!(back.map(BitRate::kbps), Some(2_000));
    }

    #[test]
    fn the_next_original_finds_room_at_once_until_the_link_is_better() {
        let (mut throttle, now) = (throttle(), Instant::now());
        let back = |throttle: &mut Throttle| {
            throttle.restore();
            let ordered = throttle.orders.take().bit_rate.unwrap();
            throttle.board.update(|status| status.bit_rate = ordered);
        };
        over(&mut throttle, 700_000.0, now);
        back(&mut throttle);
        throttle.begins(now + Duration::from_secs(60));
        assert!(throttle.is_lowered(), "before anything was sent");
        back(&mut throttle);
        assert_eq!(
            over(&mut throttle, 100e6, now + Duration::from_secs(61)),
            Some(200)
        );
        back(&mut throttle);
        throttle.begins(now + Duration::from_secs(62));
        assert!(!throttle.is_lowered(), "the link took the last one quickly");
    }

    #[test]
    fn what_was_weak_long_ago_is_measured_anew() {
        let (mut throttle, now) = (throttle(), Instant::now());
        over(&mut throttle, 700_000.0, now);
        throttle.restore();
        throttle.begins(now + REMEMBERED_FOR + Duration::from_secs(10));
        assert!(!throttle.is_lowered());
    }

    #[test]
    fn a_rate_that_somebody_set_meanwhile_stays() {
        let (mut throttle, now) = (throttle(), Instant::now());
        over(&mut throttle, 700_000.0, now);
        let other = BitRate::from_kbps(900).unwrap();
        throttle.board.update(|status| status.bit_rate = other);
        throttle.restore();
        assert_eq!(throttle.orders.take().bit_rate, None);
    }

    #[test]
    fn it_comes_back_too_when_the_connection_ends() {
        let (mut throttle, now) = (throttle(), Instant::now());
        over(&mut throttle, 700_000.0, now);
        let orders = Arc::clone(&throttle.orders);
        drop(throttle);
        assert_eq!(orders.take().bit_rate.map(BitRate::kbps), Some(2_000));
    }
}
