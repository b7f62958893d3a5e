//! Strips that scroll: time to the left, now at the right edge.
//!
//! Owns: the arithmetic between strip columns, time and content, for M-mode, Doppler and ECG alike.
//! Contents are made once for a whole period and shown through a moving window. Invariant: a period
//! is a whole number of columns and of beats, so that a looping clip's strips loop too.

use crate::scan::PixelRect;
use crate::truth::Point;
use crate::truth_of::thousandths;

/// A scrolling window onto periodic content.
#[derive(Debug, Clone)]
pub(crate) struct Strip {
    pub(crate) rect: PixelRect,
    /// Content columns in one period.
    pub(crate) columns: usize,
    pub(crate) period_s: f64,
}

/// Seconds that a strip should show.
const SHOWN_S: f64 = 3.3;

impl Strip {
    pub(crate) fn new(rect: PixelRect, period_s: f64) -> Self {
        let columns = libm::round(f64::from(rect.width()) * period_s / SHOWN_S).max(1.0) as usize;
        Strip {
            rect,
            columns,
            period_s,
        }
    }

    pub(crate) fn seconds_per_px(&self) -> f64 {
        self.period_s / self.columns as f64
    }

    /// Time of a content column.
    pub(crate) fn time(&self, column: usize) -> f64 {
        column as f64 * self.seconds_per_px()
    }

    /// The newest content column at a time, counted without wrapping.
    fn newest(&self, now: f64) -> i64 {
        libm::floor(now / self.seconds_per_px() + 1e-6) as i64
    }

    /// Pairs of picture column and content column, for drawing.
    pub(crate) fn window(&self, now: f64) -> impl Iterator<Item = (u32, usize)> + '_ {
        let newest = self.newest(now);
        (self.rect.x0..=self.rect.x1).map(move |x| {
            let content = newest - i64::from(self.rect.x1 - x);
            (x, content.rem_euclid(self.columns.max(1) as i64) as usize)
        })
    }

    /// Places on the strip of an event that repeats with the beat: `first` is one of its times,
    /// `y` its row.
    pub(crate) fn places(&self, now: f64, first: f64, beat_s: f64, y: f64) -> Vec<Point> {
        let right = self.newest(now) as f64 * self.seconds_per_px();
        let left = right - f64::from(self.rect.width() - 1) * self.seconds_per_px();
        let from = libm::ceil((left - first) / beat_s) as i64;
        let to = libm::floor((right - first) / beat_s) as i64;
        (from..=to)
            .map(|beat| {
                let t = first + beat as f64 * beat_s;
                let x = f64::from(self.rect.x1) - (right - t) / self.seconds_per_px();
                thousandths([x, y])
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip() -> Strip {
        Strip::new(
            PixelRect {
                x0: 80,
                y0: 0,
                x1: 579,
                y1: 99,
            },
            4.0,
        )
    }

    #[test]
    fn the_window_after_a_period_is_the_same() {
        let s = strip();
        let a: Vec<_> = s.window(0.7).collect();
        let b: Vec<_> = s.window(0.7 + s.period_s).collect();
        assert_eq!(a, b);
    }

    #[test]
    fn an_event_is_found_where_its_column_is_drawn() {
        let s = strip();
        let now = 3.21;
        for [x, _] in s.places(now, 0.4, 1.0, 5.0) {
            let (_, content) = s
                .window(now)
                .find(|(px, _)| f64::from(*px) >= x.round())
                .unwrap();
            let t = s.time(content).rem_euclid(1.0);
            assert!((t - 0.4).abs() <= s.seconds_per_px() + 1e-9, "{t}");
        }
    }
}
