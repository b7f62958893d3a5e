//! Timing of one heart beat: what the ventricle, the valves and the blood do at a time.
//!
//! Owns: lengths of the phases, the ejected fraction of the stroke, valve opening and inflow
//! velocity. It does not know sizes: `geometry` turns the contraction into centimetres. Every view
//! and every strip asks the same `HeartCycle`, so that picture, M-mode, Doppler and ECG agree.
//! Invariant: everything is periodic with the beat, t = 0 is the R peak (end-diastole).

use crate::math::ramp;
use std::f64::consts::PI;

/// Isovolumic contraction after the R peak.
const ISOVOLUMIC_CONTRACTION_S: f64 = 0.05;
const ISOVOLUMIC_RELAXATION_S: f64 = 0.08;
/// Early filling: steep rise, deceleration time within the normal 160–220 ms.
const E_RISE_S: f64 = 0.08;
const E_FALL_S: f64 = 0.19;
/// Filling by atrial contraction; it ends shortly before the next R peak.
const A_RISE_S: f64 = 0.06;
const A_FALL_S: f64 = 0.07;
const A_END_BEFORE_R_S: f64 = 0.015;
/// Peak inflow velocities at the leaflet tips.
const E_PEAK_CM_S: f64 = 82.0;
const A_PEAK_CM_S: f64 = 58.0;
/// Steps along each side of a peak of inflow where its edge is told.
const EDGE_STEPS: u32 = 6;
/// Leaflets need this long to open or close.
const VALVE_MOVE_S: f64 = 0.035;

/// A raised-cosine pulse of flow with peak 1.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pulse {
    start: f64,
    rise: f64,
    fall: f64,
}

impl Pulse {
    fn value(&self, t: f64) -> f64 {
        let u = t - self.start;
        if u <= 0.0 || u >= self.rise + self.fall {
            0.0
        } else if u < self.rise {
            0.5 * (1.0 - libm::cos(PI * u / self.rise))
        } else {
            0.5 * (1.0 + libm::cos(PI * (u - self.rise) / self.fall))
        }
    }

    /// Integral from the start to `t`, exact.
    fn integral(&self, t: f64) -> f64 {
        let u = (t - self.start).clamp(0.0, self.rise + self.fall);
        if u < self.rise {
            0.5 * (u - self.rise / PI * libm::sin(PI * u / self.rise))
        } else {
            let w = u - self.rise;
            0.5 * (self.rise + w + self.fall / PI * libm::sin(PI * w / self.fall))
        }
    }

    fn area(&self) -> f64 {
        0.5 * (self.rise + self.fall)
    }

    fn end(&self) -> f64 {
        self.start + self.rise + self.fall
    }

    fn peak_time(&self) -> f64 {
        self.start + self.rise
    }
}

/// The periodic heart beat.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HeartCycle {
    beat_s: f64,
    ejection: Pulse,
    early: Pulse,
    atrial: Pulse,
}

impl HeartCycle {
    /// A beat of `beat_s` seconds. Ejection time follows Weissler (1968), 413 − 1.7 × rate in ms;
    /// when the beat is too short for the usual filling, filling is compressed.
    pub(crate) fn new(beat_s: f64) -> Self {
        let rate = 60.0 / beat_s;
        let ejection_s = (0.413 - 0.0017 * rate).max(0.08).min(0.45 * beat_s);
        let ejection = Pulse {
            start: ISOVOLUMIC_CONTRACTION_S.min(0.15 * beat_s),
            rise: 0.3 * ejection_s,
            fall: 0.7 * ejection_s,
        };
        let opening = ejection.end() + ISOVOLUMIC_RELAXATION_S.min(0.1 * beat_s);
        let room = beat_s - A_END_BEFORE_R_S - opening;
        let usual = E_RISE_S + E_FALL_S + A_RISE_S + A_FALL_S;
        let k = (room / usual).min(1.0);
        let early = Pulse {
            start: opening,
            rise: k * E_RISE_S,
            fall: k * E_FALL_S,
        };
        let atrial = Pulse {
            start: beat_s - A_END_BEFORE_R_S - k * (A_RISE_S + A_FALL_S),
            rise: k * A_RISE_S,
            fall: k * A_FALL_S,
        };
        HeartCycle {
            beat_s,
            ejection,
            early,
            atrial,
        }
    }

    /// Length of the beat in seconds.
    pub(crate) fn beat_s(&self) -> f64 {
        self.beat_s
    }

    /// Time since the last R peak.
    pub(crate) fn phase_s(&self, t: f64) -> f64 {
        let u = t - libm::floor(t / self.beat_s) * self.beat_s;
        if u < self.beat_s { u } else { 0.0 }
    }

    /// 0 at end-diastole, 1 at end-systole: the part of the stroke volume that has left.
    pub(crate) fn contraction(&self, t: f64) -> f64 {
        let u = self.phase_s(t);
        let ejected = self.ejection.integral(u) / self.ejection.area();
        let filled = (E_PEAK_CM_S * self.early.integral(u) + A_PEAK_CM_S * self.atrial.integral(u))
            / self.inflow_vti_cm();
        (ejected - filled).clamp(0.0, 1.0)
    }

    /// Time after the R peak at which the ventricle is smallest (aortic valve closure).
    pub(crate) fn end_systole_s(&self) -> f64 {
        self.ejection.end()
    }

    /// Mitral opening 0..1: wide in early filling, half shut in between, open again with the atrium.
    pub(crate) fn mitral_opening(&self, t: f64) -> f64 {
        let u = self.phase_s(t);
        let begin = self.early.start - 0.5 * VALVE_MOVE_S;
        let end = self.beat_s - VALVE_MOVE_S.min(A_END_BEFORE_R_S * 2.0);
        let open = ramp(begin, begin + VALVE_MOVE_S, u) * (1.0 - ramp(end, self.beat_s, u));
        let flow = self.early.value(u).max(0.78 * self.atrial.value(u));
        open * (0.28 + 0.72 * flow)
    }

    /// Aortic opening 0..1: a box over the ejection.
    pub(crate) fn aortic_opening(&self, t: f64) -> f64 {
        let u = self.phase_s(t);
        let (begin, end) = (self.ejection.start, self.ejection.end());
        ramp(begin, begin + VALVE_MOVE_S, u) * (1.0 - ramp(end - VALVE_MOVE_S, end, u))
    }

    /// Contraction of the atria, 0..1.
    pub(crate) fn atrial_kick(&self, t: f64) -> f64 {
        self.atrial.integral(self.phase_s(t)) / self.atrial.area()
            * (1.0 - ramp(0.0, self.ejection.end(), self.phase_s(t)))
    }

    /// Velocity of the mitral inflow at the leaflet tips, cm/s towards the apex.
    pub(crate) fn inflow_cm_s(&self, t: f64) -> f64 {
        let u = self.phase_s(t);
        E_PEAK_CM_S * self.early.value(u) + A_PEAK_CM_S * self.atrial.value(u)
    }

    /// Velocity of the outflow in cm/s away from the apex, seen faintly in the same gate.
    pub(crate) fn outflow_cm_s(&self, t: f64) -> f64 {
        38.0 * self.ejection.value(self.phase_s(t))
    }

    /// Velocity-time integral of the inflow of one beat, exact.
    pub(crate) fn inflow_vti_cm(&self) -> f64 {
        E_PEAK_CM_S * self.early.area() + A_PEAK_CM_S * self.atrial.area()
    }

    /// (seconds after R, cm/s) of the peaks of early and atrial filling.
    pub(crate) fn inflow_peaks(&self) -> [(f64, f64); 2] {
        [self.early.peak_time(), self.atrial.peak_time()].map(|t| (t, self.inflow_cm_s(t)))
    }

    /// (seconds after R, cm/s) along the edge of one beat's inflow, close enough that lines between them are the edge.
    pub(crate) fn inflow_edge(&self) -> Vec<(f64, f64)> {
        let along = |pulse: &Pulse| {
            let (from, top, to) = (pulse.start, pulse.peak_time(), pulse.end());
            let part = |from: f64, to: f64, n: u32| {
                from + (to - from) * f64::from(n) / f64::from(EDGE_STEPS)
            };
            let rise = (0..EDGE_STEPS).map(move |n| part(from, top, n));
            rise.chain((0..=EDGE_STEPS).map(move |n| part(top, to, n)))
        };
        let times = along(&self.early).chain(along(&self.atrial));
        times.map(|t| (t, self.inflow_cm_s(t))).collect()
    }

    /// (start, end) of the inflow after R, the stretch a doctor traces for the VTI.
    pub(crate) fn inflow_span_s(&self) -> (f64, f64) {
        (self.early.start, self.atrial.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_along_the_edge_of_inflow_enclose_its_integral() {
        for rate in [40.0, 62.0, 110.0] {
            let cycle = HeartCycle::new(60.0 / rate);
            let edge = cycle.inflow_edge();
            let enclosed: f64 = edge
                .windows(2)
                .map(|ends| (ends[1].0 - ends[0].0) * (ends[0].1 + ends[1].1) / 2.0)
                .sum();
            let vti = cycle.inflow_vti_cm();
            assert!((enclosed / vti - 1.0).abs() < 0.01, "{enclosed} of {vti}");
        }
    }

    #[test]
    fn a_beat_starts_and_ends_full_and_is_emptiest_at_end_systole() {
        for rate in [30.0, 62.0, 100.0, 150.0, 180.0] {
            let cycle = HeartCycle::new(60.0 / rate);
            assert!(cycle.contraction(0.0).abs() < 1e-9);
            assert!(
                cycle.contraction(cycle.beat_s() - 1e-6).abs() < 1e-3,
                "rate {rate}"
            );
            assert!(
                (cycle.contraction(cycle.end_systole_s()) - 1.0).abs() < 1e-9,
                "rate {rate}"
            );
        }
    }

    #[test]
    fn the_velocity_integral_equals_the_sum_of_small_steps() {
        let cycle = HeartCycle::new(60.0 / 62.0);
        let n = 20_000;
        let dt = cycle.beat_s() / f64::from(n);
        let sum: f64 = (0..n)
            .map(|i| cycle.inflow_cm_s((f64::from(i) + 0.5) * dt) * dt)
            .sum();
        assert!((sum - cycle.inflow_vti_cm()).abs() < 1e-3);
    }

    #[test]
    fn valves_are_never_open_together() {
        let cycle = HeartCycle::new(60.0 / 62.0);
        for i in 0..1000 {
            let t = f64::from(i) * cycle.beat_s() / 1000.0;
            assert!(
                cycle.mitral_opening(t) * cycle.aortic_opening(t) < 0.01,
                "t {t}"
            );
        }
    }
}
