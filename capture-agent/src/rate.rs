//! Counts events per second over the last second or so (sans-IO).
//!
//! For showing what a source really gives and for telling the encoder. A pause counts: the first event after it ends a
//! long span with few events.

use std::time::{Duration, Instant};

/// Span over which a rate is measured: short enough to follow a probe that changes its rate.
const SPAN: Duration = Duration::from_secs(1);

/// Measures a rate.
#[derive(Debug, Default)]
pub(crate) struct RateMeter {
    /// When the span began.
    begin: Option<Instant>,
    /// Events after its beginning.
    events: u32,
}

impl RateMeter {
    /// Counts an event; once a span is over, the rate in it.
    pub(crate) fn note(&mut self, now: Instant) -> Option<f64> {
        let Some(begin) = self.begin else {
            self.begin = Some(now);
            return None;
        };
        self.events += 1;
        let took = now.saturating_duration_since(begin);
        if took < SPAN {
            return None;
        }
        let rate = f64::from(self.events) / took.as_secs_f64();
        *self = Self {
            begin: Some(now),
            events: 0,
        };
        Some(rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_frames_in_a_second_are_thirty_per_second() {
        let start = Instant::now();
        let mut meter = RateMeter::default();
        let rates: Vec<f64> = (0..=90)
            .filter_map(|n| meter.note(start + Duration::from_millis(n * 100 / 3)))
            .collect();
        assert!(rates.len() >= 2);
        assert!(
            rates.iter().all(|rate| (rate - 30.0).abs() < 0.5),
            "{rates:?}"
        );
    }

    #[test]
    fn a_pause_counts() {
        let start = Instant::now();
        let mut meter = RateMeter::default();
        meter.note(start);
        assert!(meter.note(start + Duration::from_secs(10)).unwrap() < 0.2);
    }
}
