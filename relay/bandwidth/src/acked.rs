//! The rate that really went through: bytes that arrived over time at the receiver.
//!
//! While something stands in the queue this is the capacity of the link (our share of it); while nothing does, it is
//! only what was sent. Which of the two is judged by the caller.

use crate::report::Arrival;
use crate::units::{BitRate, Micros};
use std::collections::VecDeque;

/// Kept this long.
const KEPT: Micros = Micros::from_millis(1000);
/// Over a shorter span no rate is given: a frame or two are no measure.
const SHORTEST_SPAN: Micros = Micros::from_millis(80);
/// No list grows beyond this, whatever the receiver's clock says.
const MOST_KEPT: usize = 8192;

/// Bytes that arrived of late.
#[derive(Debug, Default)]
pub(crate) struct Acked {
    samples: VecDeque<(Micros, u64)>,
    newest: Option<Micros>,
}

impl Acked {
    pub(crate) fn take(&mut self, arrival: &Arrival) {
        let newest = self
            .newest
            .map_or(arrival.arrived, |at| at.max(arrival.arrived));
        self.newest = Some(newest);
        self.samples.push_back((arrival.arrived, arrival.bytes));
        while self.samples.len() > MOST_KEPT
            || self
                .samples
                .front()
                .is_some_and(|(at, _)| newest - *at > KEPT)
        {
            self.samples.pop_front();
        }
    }

    /// The report about what arrived before `first` is missing: that time is cut out, or it would count as a pause.
    pub(crate) fn cut_hole(&mut self, first: Micros) {
        let Some(newest) = self.newest else {
            return;
        };
        let hole = first - newest;
        if hole > Micros::default() {
            for (at, _) in &mut self.samples {
                *at = at.later_by(hole);
            }
            self.newest = Some(first);
        }
    }

    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// The rate over the last `window`; none while too little arrived.
    pub(crate) fn over(&self, window: Micros) -> Option<BitRate> {
        let newest = self.newest?;
        let within = |at: Micros| newest - at < window;
        let oldest = self.samples.iter().map(|(at, _)| *at).min()?;
        let whole = newest - oldest >= window;
        let inside = self.samples.iter().filter(|(at, _)| within(*at));
        if whole {
            return BitRate::of(inside.map(|(_, bytes)| bytes).sum(), window.span());
        }
        // What arrived at the first moment was sent before it: the span begins after it.
        let span = newest - oldest;
        let bytes = inside
            .filter(|(at, _)| *at > oldest)
            .map(|(_, bytes)| bytes)
            .sum();
        (span >= SHORTEST_SPAN).then(|| BitRate::of(bytes, span.span()))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::arrival;

    const HALF_SECOND: Micros = Micros::from_millis(500);

    fn steady(from: u32, to: u32) -> Acked {
        let mut acked = Acked::default();
        for n in from..to {
            acked.take(&arrival(0.0, f64::from(n) * 10.0));
        }
        acked
    }

    #[test]
    fn a_packet_of_1200_bytes_each_10_ms_is_960_kbit_per_second() {
        for packets in [20, 60, 300] {
            let rate = steady(0, packets).over(HALF_SECOND).unwrap();
            assert_eq!(rate.kbps(), 960, "{packets}");
        }
        assert_eq!(steady(0, 3).over(HALF_SECOND), None);
    }

    #[test]
    fn time_without_feedback_does_not_count_as_a_pause() {
        let mut acked = steady(0, 100);
        acked.cut_hole(Micros::from_millis(1190));
        for n in 120..130 {
            acked.take(&arrival(0.0, f64::from(n) * 10.0));
        }
        let rate = acked.over(HALF_SECOND).unwrap();
        assert!(rate.kbps() > 900, "{rate}");
    }
}
