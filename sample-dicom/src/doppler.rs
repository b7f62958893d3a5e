//! Pulsed Doppler spectrum of the mitral inflow.
//!
//! Owns: the spectrum over one period and the velocity scale of its strip. Velocities come from the
//! heart cycle, the same that fills the ventricle in the picture. Invariant: the half-intensity edge
//! of the envelope is the true velocity, so that a caliper on the edge reads the truth.

use crate::cycle::HeartCycle;
use crate::math::{Rng, bump, ramp};
use crate::strip::Strip;

/// Velocity at the top and at the bottom of the strip.
const TOP_CM_S: f64 = 120.0;
const BOTTOM_CM_S: f64 = -60.0;
/// Laminar flow: the slowest blood in the gate, as a part of the fastest.
const SLOWEST: f64 = 0.62;
/// Softness of the envelope's edge.
const EDGE_CM_S: f64 = 5.0;
/// Wall filter: slower echoes are removed.
const WALL_FILTER_CM_S: f64 = 6.0;

/// cm/s per row, positive up.
pub(crate) fn cm_s_per_px(rows: u32) -> f64 {
    (TOP_CM_S - BOTTOM_CM_S) / f64::from(rows.max(2) - 1)
}

/// Row of the baseline inside the strip.
pub(crate) fn baseline(rows: u32) -> i32 {
    libm::round(TOP_CM_S / cm_s_per_px(rows)) as i32
}

/// For each column grey values from the top row down.
pub(crate) fn content(cycle: &HeartCycle, strip: &Strip, seed: u64) -> Vec<Vec<u8>> {
    let rows = strip.rect.height();
    let zero = f64::from(baseline(rows));
    let mut rng = Rng::new(seed, 0xD0);
    // Spectral speckle: an exponential power in each cell, smeared over two columns and rows.
    let mut before = vec![1.0_f64; rows as usize + 1];
    (0..strip.columns)
        .map(|column| {
            let t = strip.time(column);
            let (inflow, outflow) = (cycle.inflow_cm_s(t), cycle.outflow_cm_s(t));
            let click = valve_click(cycle, t);
            let fresh: Vec<f64> = (0..=rows)
                .map(|_| -libm::log(f64::from(rng.unit()).max(1e-4)))
                .collect();
            let cells: Vec<f64> = before
                .iter()
                .zip(&fresh)
                .map(|(a, b)| 0.5 * (a + b))
                .collect();
            before = fresh;
            (0..rows as usize)
                .map(|row| {
                    let velocity = (zero - row as f64) * cm_s_per_px(rows);
                    let level = flow(velocity, inflow)
                        + 0.28 * flow(-velocity, outflow)
                        + click * libm::exp(-velocity.abs() / 16.0)
                        + wall(velocity);
                    let cell = cells
                        .get(row)
                        .zip(cells.get(row + 1))
                        .map_or(1.0, |(a, b)| 0.5 * (a + b));
                    let power = (level * cell + 0.0008 * cell).max(1e-6);
                    let db = 10.0 * libm::log10(power);
                    ((db + 33.0) / 36.0 * 235.0).clamp(0.0, 240.0) as u8
                })
                .collect()
        })
        .collect()
}

/// Power of blood moving at up to `fastest`, at `velocity`.
fn flow(velocity: f64, fastest: f64) -> f64 {
    if fastest < WALL_FILTER_CM_S || velocity < WALL_FILTER_CM_S {
        return 0.0;
    }
    let slow = SLOWEST * fastest;
    let lower = ramp(slow - 3.5 * EDGE_CM_S, slow + EDGE_CM_S, velocity);
    let upper = ramp(fastest + EDGE_CM_S, fastest - EDGE_CM_S, velocity);
    0.9 * upper * (0.035 + 0.965 * lower)
}

/// Opening and closing leaflets pass the gate: short vertical lines.
fn valve_click(cycle: &HeartCycle, t: f64) -> f64 {
    let u = cycle.phase_s(t);
    let (open, _) = cycle.inflow_span_s();
    0.25 * bump(open, 0.013, u) + 0.16 * bump(0.018, 0.016, u)
}

/// What the wall filter leaves of slow tissue.
fn wall(velocity: f64) -> f64 {
    0.0035 * bump(WALL_FILTER_CM_S + 1.5, 3.0, velocity.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::PixelRect;

    #[test]
    fn the_envelope_ends_at_the_true_velocity() {
        let cycle = HeartCycle::new(1.0);
        let rect = PixelRect {
            x0: 0,
            y0: 0,
            x1: 599,
            y1: 179,
        };
        let strip = Strip::new(rect, 4.0);
        let content = content(&cycle, &strip, 1);
        let [(t, velocity), _] = cycle.inflow_peaks();
        // Mean over the same instant of all four beats, then the row of the steepest edge.
        let level = |row: usize| -> f64 {
            (0..4)
                .flat_map(|beat| [-1_i32, 0, 1].map(|d| (beat, d)))
                .map(|(beat, d)| {
                    let column =
                        ((t + f64::from(beat)) / strip.seconds_per_px()).round() as i32 + d;
                    f64::from(content[column as usize][row])
                })
                .sum()
        };
        let edge = (3..baseline(180) as usize - 3)
            .max_by(|a, b| (level(a + 2) - level(a - 2)).total_cmp(&(level(b + 2) - level(b - 2))))
            .unwrap();
        let measured = (f64::from(baseline(180)) - edge as f64) * cm_s_per_px(180);
        assert!(
            (measured - velocity).abs() < 6.0,
            "measured {measured} true {velocity}"
        );
    }
}
