//! Is the queue growing? A line through the delay of the last groups, against a threshold that adapts.
//!
//! After draft-ietf-rmcat-gcc-02 §5.3 and §5.4, with the line of Chromium's trendline filter in place of the Kalman
//! filter. The measure is milliseconds of growth over the window. It says which way things go; whether what stands in
//! the queue matters is judged by whoever reads it together with `queue`.

use crate::groups::Variation;
use crate::units::Micros;
use std::collections::VecDeque;

/// Groups in the window: 12 frames at 30 frames/s are 400 ms.
const WINDOW: usize = 12;
/// With fewer no line is drawn.
const FEWEST: usize = 5;
/// Weight of what was known in the smoothed delay.
const SMOOTHING: f64 = 0.6;
/// Growth over the window that is a sign, in milliseconds, at first and at its limits (draft: 12.5, 6 to 600).
const FIRST_THRESHOLD_MS: f64 = 10.0;
const LEAST_THRESHOLD_MS: f64 = 6.0;
const MOST_THRESHOLD_MS: f64 = 200.0;
/// How fast the threshold follows a measure above and below it, per millisecond (draft §5.4).
const FOLLOW_UP: f64 = 0.01;
const FOLLOW_DOWN: f64 = 0.00018;
/// A measure so far above the threshold is an event, not noise to follow (draft §5.4).
const OUTLIER_MS: f64 = 15.0;
/// Longest step of time for the adaptation, in milliseconds.
const LONGEST_STEP_MS: f64 = 100.0;
/// Groups in a row above the threshold.
const IN_A_ROW: u32 = 2;

/// What the link is doing under the present rate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Usage {
    /// The queue stays as it is.
    #[default]
    Normal,
    /// The queue grows.
    Over,
    /// The queue shrinks.
    Under,
}

/// The line and the threshold.
#[derive(Debug)]
pub(crate) struct Trend {
    /// Arrival in milliseconds, smoothed delay in milliseconds.
    points: VecDeque<(f64, f64)>,
    /// Sum of all variations, and its smoothed course.
    sum_ms: f64,
    smoothed_ms: f64,
    threshold_ms: f64,
    growth_before_ms: f64,
    above: u32,
    last: Option<Micros>,
    usage: Usage,
}

impl Default for Trend {
    fn default() -> Self {
        Self {
            points: VecDeque::with_capacity(WINDOW),
            sum_ms: 0.0,
            smoothed_ms: 0.0,
            threshold_ms: FIRST_THRESHOLD_MS,
            growth_before_ms: 0.0,
            above: 0,
            last: None,
            usage: Usage::Normal,
        }
    }
}

impl Trend {
    pub(crate) fn usage(&self) -> Usage {
        self.usage
    }

    /// Starts a new line; the threshold stays.
    pub(crate) fn restart(&mut self) {
        *self = Self {
            threshold_ms: self.threshold_ms,
            ..Self::default()
        };
    }

    /// Takes the next group.
    pub(crate) fn take(&mut self, variation: Variation) {
        self.sum_ms += variation.more_ms;
        self.smoothed_ms = SMOOTHING * self.smoothed_ms + (1.0 - SMOOTHING) * self.sum_ms;
        if self.points.len() == WINDOW {
            self.points.pop_front();
        }
        self.points
            .push_back((variation.arrived.millis(), self.smoothed_ms));
        let growth = self.growth_ms();
        self.judge(growth);
        self.adapt(growth, variation.arrived);
        self.growth_before_ms = growth;
    }

    /// Slope of the line times the length of the window.
    fn growth_ms(&self) -> f64 {
        let (Some(first), Some(last)) = (self.points.front(), self.points.back()) else {
            return 0.0;
        };
        if self.points.len() < FEWEST {
            return 0.0;
        }
        let count = self.points.len() as f64;
        let (mean_x, mean_y) = self.points.iter().fold((0.0, 0.0), |(x, y), point| {
            (x + point.0 / count, y + point.1 / count)
        });
        let (over, under) = self
            .points
            .iter()
            .fold((0.0, 0.0), |(over, under), (x, y)| {
                let dx = x - mean_x;
                (over + dx * (y - mean_y), under + dx * dx)
            });
        if under <= 0.0 {
            0.0
        } else {
            over / under * (last.0 - first.0)
        }
    }

    fn judge(&mut self, growth: f64) {
        if growth > self.threshold_ms {
            self.above = self.above.saturating_add(1);
            // A line that is already bending down again is the end of a bump.
            if self.above >= IN_A_ROW && growth >= self.growth_before_ms {
                self.usage = Usage::Over;
            }
        } else {
            self.above = 0;
            self.usage = if growth < -self.threshold_ms {
                Usage::Under
            } else {
                Usage::Normal
            };
        }
    }

    fn adapt(&mut self, growth: f64, at: Micros) {
        let step = self
            .last
            .replace(at)
            .map_or(0.0, |last| (at - last).millis());
        let distance = growth.abs() - self.threshold_ms;
        if distance > OUTLIER_MS {
            return;
        }
        let follow = if distance > 0.0 {
            FOLLOW_UP
        } else {
            FOLLOW_DOWN
        };
        let moved = self.threshold_ms + step.clamp(0.0, LONGEST_STEP_MS) * follow * distance;
        self.threshold_ms = moved.clamp(LEAST_THRESHOLD_MS, MOST_THRESHOLD_MS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A group every 33 ms, each with so much more delay.
    fn run(trend: &mut Trend, from: i64, more_ms: impl IntoIterator<Item = f64>) -> Vec<Usage> {
        more_ms
            .into_iter()
            .zip(from..)
            .map(|(more_ms, n)| {
                trend.take(Variation {
                    arrived: Micros::from_millis(n * 33),
                    more_ms,
                });
                trend.usage()
            })
            .collect()
    }

    #[test]
    fn a_queue_that_grows_by_a_few_milliseconds_a_frame_is_seen_within_ten_frames() {
        let seen = run(&mut Trend::default(), 0, vec![4.0; 12]);
        assert!(seen[..10].contains(&Usage::Over), "{seen:?}");
    }

    #[test]
    fn a_steady_line_and_the_steps_of_the_receivers_clock_are_normal() {
        let steps = (0..600).map(|n| if n % 2 == 0 { 0.25 } else { -0.25 });
        let seen = run(&mut Trend::default(), 0, steps);
        assert!(seen.iter().all(|usage| *usage == Usage::Normal));
    }

    #[test]
    fn a_queue_that_shrinks_is_under_use() {
        let mut trend = Trend::default();
        run(&mut trend, 0, vec![6.0; 20]);
        let seen = run(&mut trend, 20, vec![-6.0; 20]);
        assert!(seen.contains(&Usage::Under), "{seen:?}");
    }

    #[test]
    fn noise_that_goes_on_raises_the_threshold() {
        let mut trend = Trend::default();
        let wave = |n: i32| 8.0 * f64::from(n).sin();
        run(&mut trend, 0, (0..300).map(wave));
        let late = run(&mut trend, 300, (300..900).map(wave));
        assert!(late.iter().filter(|usage| **usage == Usage::Over).count() < 30);
    }
}
