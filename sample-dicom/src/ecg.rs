//! The electrocardiogram of the phantom.
//!
//! Owns: the wave of one beat, in units of the R wave. The strip code draws it. Invariant: the R
//! peak is at time 0 of the heart cycle, so it marks end-diastole in the picture.

use crate::cycle::HeartCycle;

/// (time in seconds from the R peak, height, width) of each wave.
const P: (f64, f64, f64) = (-0.165, 0.13, 0.022);
const Q: (f64, f64, f64) = (-0.028, -0.11, 0.009);
const R: (f64, f64, f64) = (0.0, 1.0, 0.011);
const S: (f64, f64, f64) = (0.026, -0.24, 0.010);
const T: (f64, f64, f64) = (0.285, 0.27, 0.046);

/// Height of the trace at `t`, R = 1.
pub(crate) fn height(cycle: &HeartCycle, t: f64) -> f64 {
    let beat = cycle.beat_s();
    // P and T move closer to R when the beat is short (Bazett: with the root of the beat).
    let stretch = beat.min(1.0).sqrt();
    [(P, stretch), (Q, 1.0), (R, 1.0), (S, 1.0), (T, stretch)]
        .iter()
        .map(|((at, size, width), stretch)| {
            let offset = t - at * stretch;
            // The nearest repetition of the wave.
            let u = offset - libm::round(offset / beat) * beat;
            size * libm::exp(-0.5 * u * u / (width * width))
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_r_peak_is_the_highest_point_and_repeats_with_the_beat() {
        let cycle = HeartCycle::new(0.95);
        let r = height(&cycle, 0.0);
        assert!((0.95..1.05).contains(&r));
        assert!((1..94).all(|i| height(&cycle, f64::from(i) * 0.01) < 0.8 * r));
        assert!((height(&cycle, 3.0 * 0.95) - r).abs() < 1e-9);
    }
}
