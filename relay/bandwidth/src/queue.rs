//! What stands in the queue: one-way delay above its least of late.
//!
//! "Standing" is the least delay within a short window (the idea of CoDel, RFC 8289 §3): a burst, a keyframe or a probe
//! raises the delay of some packets, only too high a rate raises the delay of all. The base is a sliding least because
//! the two clocks have no common origin, drift, and may be set. Decides nothing.

use crate::report::Arrival;
use crate::units::Micros;
use std::collections::VecDeque;

/// Base: the least delay of this many buckets of a second. At a drift of 100 ppm the oldest is 2 ms off.
const BASE_BUCKETS: i64 = 20;
const BUCKET_MICROS: i64 = 1_000_000;
/// All packets of this window waited at least so long: more than two frames at 15 frames/s.
const STANDING_WINDOW: Micros = Micros::from_millis(150);
/// The course of the standing queue is kept this long.
const COURSE_WINDOW: Micros = Micros::from_millis(1000);
/// Foreign clocks may stand still or run backwards: no list grows beyond this.
const MOST_KEPT: usize = 4096;
/// Change is read over this span.
const CHANGE_SPAN: Micros = Micros::from_millis(300);
/// What the round trip leaves no room for by more than this is a clock that was set, not a queue; the reporting
/// interval hides this much.
const IMPOSSIBLE: Micros = Micros::from_millis(60);

/// Watches the one-way delay.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// Second of arrival, least delay in it.
    buckets: VecDeque<(i64, Micros)>,
    /// Arrival and delay of the packets in the standing window.
    recent: VecDeque<(Micros, Micros)>,
    /// Arrival and standing delay at each report.
    course: VecDeque<(Micros, Micros)>,
}

impl Queue {
    pub(crate) fn take(&mut self, arrival: &Arrival) {
        let bucket = arrival.arrived.get().div_euclid(BUCKET_MICROS);
        match self.buckets.iter_mut().rev().find(|(at, _)| *at == bucket) {
            Some((_, least)) => *least = (*least).min(arrival.delay()),
            None => self.buckets.push_back((bucket, arrival.delay())),
        }
        while self.buckets.len() > MOST_KEPT
            || self
                .buckets
                .front()
                .is_some_and(|(at, _)| bucket - at > BASE_BUCKETS)
        {
            self.buckets.pop_front();
        }
        if self.recent.len() == MOST_KEPT {
            self.recent.pop_front();
        }
        self.recent.push_back((arrival.arrived, arrival.delay()));
    }

    /// Ends a report: `most` is what the round trip leaves room for, none when unknown.
    pub(crate) fn note(&mut self, most: Option<Micros>) {
        let Some(newest) = self.recent.iter().map(|(at, _)| *at).max() else {
            return;
        };
        self.recent
            .retain(|(at, _)| newest - *at <= STANDING_WINDOW);
        if let (Some(most), Some(standing)) = (most, self.measure())
            && standing - most > IMPOSSIBLE
        {
            self.lift_base(standing - most);
        }
        let standing = self.measure().unwrap_or_default();
        self.course.push_back((newest, standing));
        while self.course.len() > MOST_KEPT
            || self
                .course
                .front()
                .is_some_and(|(at, _)| newest - *at > COURSE_WINDOW)
        {
            self.course.pop_front();
        }
    }

    fn measure(&self) -> Option<Micros> {
        let base = self.buckets.iter().map(|(_, least)| *least).min()?;
        let least = self.recent.iter().map(|(_, delay)| *delay).min()?;
        Some((least - base).max(Micros::default()))
    }

    fn lift_base(&mut self, by: Micros) {
        for (_, least) in &mut self.buckets {
            *least = least.later_by(by);
        }
        self.course.clear();
    }

    /// Delay that every packet had of late, in milliseconds.
    pub(crate) fn standing_ms(&self) -> f64 {
        self.course
            .back()
            .map_or(0.0, |(_, standing)| standing.millis())
    }

    /// The least of it in the last second.
    pub(crate) fn least_of_late_ms(&self) -> f64 {
        self.course
            .iter()
            .map(|(_, standing)| *standing)
            .min()
            .unwrap_or_default()
            .millis()
    }

    /// How much it changed over the last 300 ms.
    pub(crate) fn change_ms(&self) -> f64 {
        let Some((now, standing)) = self.course.back() else {
            return 0.0;
        };
        let before = self
            .course
            .iter()
            .rev()
            .find(|(at, _)| *now - *at >= CHANGE_SPAN);
        let (_, before) = before
            .or(self.course.front())
            .copied()
            .unwrap_or((*now, *standing));
        (*standing - before).millis()
    }

    /// Forgets what was seen of late; the base stays.
    pub(crate) fn forget_recent(&mut self) {
        self.recent.clear();
        self.course.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::arrival;

    /// A packet every 10 ms with the given delays, a report after every fifth.
    fn run(queue: &mut Queue, from: u32, delays: impl IntoIterator<Item = f64>) {
        for (delay, n) in delays.into_iter().zip(from..) {
            let sent = f64::from(n) * 10.0;
            queue.take(&arrival(sent, sent + delay));
            if n % 5 == 4 {
                queue.note(None);
            }
        }
    }

    #[test]
    fn a_burst_does_not_stand_and_too_high_a_rate_does() {
        let mut queue = Queue::default();
        run(&mut queue, 0, vec![20.0; 100]);
        run(
            &mut queue,
            100,
            [20.0, 60.0, 55.0, 50.0, 45.0, 40.0, 35.0, 30.0, 25.0, 20.0],
        );
        assert_eq!(queue.standing_ms(), 0.0);
        run(&mut queue, 110, (0..40).map(|n| 20.0 + f64::from(n) * 3.0));
        assert!(queue.standing_ms() > 60.0, "{}", queue.standing_ms());
        assert!(queue.change_ms() > 60.0, "{}", queue.change_ms());
    }

    #[test]
    fn a_clock_that_drifts_by_100_ppm_makes_no_queue() {
        let mut queue = Queue::default();
        run(
            &mut queue,
            0,
            (0..12_000).map(|n| 20.0 + f64::from(n) * 10.0 * 1e-4),
        );
        assert!(queue.standing_ms() < 3.0, "{}", queue.standing_ms());
    }

    #[test]
    fn a_delay_that_the_round_trip_has_no_room_for_is_a_clock_that_was_set() {
        let mut queue = Queue::default();
        run(&mut queue, 0, vec![20.0; 100]);
        run(&mut queue, 100, vec![420.0; 24]);
        queue.note(Some(Micros::from_millis(5)));
        assert_eq!(queue.standing_ms(), 5.0);
    }
}
