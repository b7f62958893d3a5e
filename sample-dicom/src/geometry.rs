//! The left ventricle as a body of known volume.
//!
//! Owns: the shape, its size over the beat, and the volume formulas a doctor would use on it. It
//! does not know time (see `cycle`) nor pixels. Views build their walls on it; `truth` reports it.
//!
//! Model: a prolate spheroid cut at the mitral plane. The spheroid as a model of the left ventricle
//! and its error against other models: Wyatt HL et al., Circulation 1980;61:1119-25. The formulas
//! for the measured volume, discs (modified Simpson) and area-length `8A²/3πL`: Lang RM et al.,
//! J Am Soc Echocardiogr 2015;28:1-39. Invariant: the cavity changes by scaling its two axes, so
//! every formula of the form constant × D² × L, Simpson's too, gives the same ejection fraction.

use crate::math::root;
use std::f64::consts::PI;

/// The widest place lies at this part of the way from apex to mitral plane.
const EQUATOR: f64 = 0.65;
/// Long-axis shortening (mitral annulus excursion) at an ejection fraction of 55 %.
const LONG_SHORTENING_AT_55: f64 = 0.15;
/// Wall at end-diastole, at the equator and at the apex.
pub(crate) const WALL_CM: f64 = 0.9;
pub(crate) const APEX_WALL_CM: f64 = 0.65;

/// Volume of the cut spheroid divided by D² × L: π/4 × ∫(1 − ((f − p)/p)²) df over 0..1.
fn shape_factor() -> f64 {
    let (p, q) = (EQUATOR, 1.0 - EQUATOR);
    PI / 4.0 * (1.0 - (q * q * q + p * p * p) / (3.0 * p * p))
}

/// Half width of a cut spheroid of diameter 1 at the part `f` of its length (0 apex, 1 base).
fn half_profile(f: f64) -> f64 {
    let u = (f - EQUATOR) / EQUATOR;
    0.5 * root(1.0 - u * u)
}

/// End-diastolic size and ejection fraction.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ventricle {
    diameter_ed_cm: f64,
    length_ed_cm: f64,
    ejection_fraction: f64,
    long_shortening: f64,
}

/// The ventricle at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct VentricleState {
    /// Apex to mitral plane, inside.
    pub(crate) length_cm: f64,
    /// Widest inner diameter.
    pub(crate) diameter_cm: f64,
    /// Cavity volume of the model.
    pub(crate) volume_ml: f64,
    outer_diameter_cm: f64,
}

impl Ventricle {
    /// `ejection_fraction` is a part of one (0.55).
    pub(crate) fn new(diameter_ed_cm: f64, length_ed_cm: f64, ejection_fraction: f64) -> Self {
        let long_shortening = (LONG_SHORTENING_AT_55 * ejection_fraction / 0.55).min(0.2);
        Ventricle {
            diameter_ed_cm,
            length_ed_cm,
            ejection_fraction,
            long_shortening,
        }
    }

    /// Volume at end-diastole.
    pub(crate) fn end_diastolic_ml(&self) -> f64 {
        shape_factor() * self.diameter_ed_cm * self.diameter_ed_cm * self.length_ed_cm
    }

    /// Volume at end-systole.
    pub(crate) fn end_systolic_ml(&self) -> f64 {
        self.end_diastolic_ml() * (1.0 - self.ejection_fraction)
    }

    /// Volume ejected in one beat.
    pub(crate) fn stroke_ml(&self) -> f64 {
        self.end_diastolic_ml() * self.ejection_fraction
    }

    /// Inner length at end-diastole.
    pub(crate) fn length_ed_cm(&self) -> f64 {
        self.length_ed_cm
    }

    /// Size when the part `contraction` of the stroke has left. Muscle volume is constant, so the
    /// wall thickens as the cavity shrinks.
    pub(crate) fn at(&self, contraction: f64) -> VentricleState {
        let volume_ml = self.end_diastolic_ml() - self.stroke_ml() * contraction;
        let length_cm = self.length_ed_cm * (1.0 - self.long_shortening * contraction);
        let muscle = shape_factor()
            * (self.diameter_ed_cm + 2.0 * WALL_CM)
            * (self.diameter_ed_cm + 2.0 * WALL_CM)
            * (self.length_ed_cm + APEX_WALL_CM)
            - self.end_diastolic_ml();
        VentricleState {
            length_cm,
            diameter_cm: root(volume_ml / (shape_factor() * length_cm)),
            volume_ml,
            outer_diameter_cm: root(
                (volume_ml + muscle) / (shape_factor() * (length_cm + APEX_WALL_CM)),
            ),
        }
    }
}

impl VentricleState {
    /// Inner half width at the part `f` of the length; 0 beyond the apex.
    pub(crate) fn inner_half_cm(&self, f: f64) -> f64 {
        if f <= 0.0 {
            0.0
        } else {
            self.diameter_cm * half_profile(f.min(1.0))
        }
    }

    /// Outer half width at `s` cm from the inner apex, negative inside the apical cap.
    pub(crate) fn outer_half_cm(&self, s: f64) -> f64 {
        let f = (s + APEX_WALL_CM) / (self.length_cm + APEX_WALL_CM);
        if f <= 0.0 {
            0.0
        } else {
            self.outer_diameter_cm * half_profile(f.min(1.0))
        }
    }

    /// The endocardium as drawn, septal mitral annulus → apex → lateral annulus, as (s, n) in cm:
    /// `s` from the apex along the axis, `n` across. Equal steps of the angle give the apex points.
    pub(crate) fn contour(&self, points_per_side: usize) -> Vec<(f64, f64)> {
        let last = libm::acos((1.0 - EQUATOR) / EQUATOR);
        let side = |i: usize| {
            // The angle runs from 0 at the apex to the cut at the base.
            let angle = (PI - last) * i as f64 / points_per_side as f64;
            let f = EQUATOR * (1.0 - libm::cos(angle));
            (
                f * self.length_cm,
                self.diameter_cm * 0.5 * libm::sin(angle),
            )
        };
        let left = (1..=points_per_side).rev().map(side).map(|(s, n)| (s, -n));
        let right = (0..=points_per_side).map(side);
        left.chain(right).collect()
    }
}

/// Volume by discs along the axis through the middle of the base and the farthest contour point,
/// as a doctor's tool computes it from a drawn outline (single plane). Units of the points cubed.
pub fn discs_volume(contour: &[(f64, f64)], discs: usize) -> f64 {
    let (Some(&a), Some(&b)) = (contour.first(), contour.last()) else {
        return 0.0;
    };
    let base = ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0);
    let distance =
        |p: &(f64, f64)| root((p.0 - base.0) * (p.0 - base.0) + (p.1 - base.1) * (p.1 - base.1));
    let Some(apex) = contour
        .iter()
        .max_by(|p, q| distance(p).total_cmp(&distance(q)))
    else {
        return 0.0;
    };
    let length = distance(apex);
    if length <= 0.0 || discs == 0 {
        return 0.0;
    }
    let axis = ((apex.0 - base.0) / length, (apex.1 - base.1) / length);
    let local: Vec<(f64, f64)> = contour
        .iter()
        .map(|p| {
            let (dx, dy) = (p.0 - base.0, p.1 - base.1);
            (dx * axis.0 + dy * axis.1, dy * axis.0 - dx * axis.1)
        })
        .collect();
    let height = length / discs as f64;
    (0..discs)
        .map(|i| {
            let width = chord(&local, (i as f64 + 0.5) * height);
            PI / 4.0 * width * width * height
        })
        .sum()
}

/// Width of an outline across the axis at `along`.
fn chord(outline: &[(f64, f64)], along: f64) -> f64 {
    let crossings = outline.windows(2).filter_map(|pair| match pair {
        [p, q] if (p.0 - along) * (q.0 - along) <= 0.0 && p.0 != q.0 => {
            Some(p.1 + (q.1 - p.1) * (along - p.0) / (q.0 - p.0))
        }
        _ => None,
    });
    let (low, high) = crossings.fold((f64::MAX, f64::MIN), |(l, h), x| (l.min(x), h.max(x)));
    (high - low).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Area of the closed outline (shoelace).
    fn area(contour: &[(f64, f64)]) -> f64 {
        let n = contour.len();
        let twice: f64 = (0..n)
            .map(|i| {
                let (p, q) = (contour[i], contour[(i + 1) % n]);
                p.0 * q.1 - q.0 * p.1
            })
            .sum();
        twice.abs() / 2.0
    }

    #[test]
    fn simpson_on_the_contour_finds_volume_and_ejection_fraction() {
        for ef in [0.2, 0.35, 0.55, 0.7] {
            let lv = Ventricle::new(4.7, 8.6, ef);
            let volume = |c: f64| discs_volume(&lv.at(c).contour(40), 20);
            assert!((volume(0.0) / lv.end_diastolic_ml() - 1.0).abs() < 0.01);
            let measured = 1.0 - volume(1.0) / volume(0.0);
            assert!((measured - ef).abs() < 0.01, "ef {ef} measured {measured}");
        }
    }

    #[test]
    fn area_length_gives_the_same_ejection_fraction() {
        let lv = Ventricle::new(4.7, 8.6, 0.55);
        let volume = |c: f64| {
            let state = lv.at(c);
            let a = area(&state.contour(60));
            8.0 * a * a / (3.0 * PI * state.length_cm)
        };
        assert!((1.0 - volume(1.0) / volume(0.0) - 0.55).abs() < 0.01);
    }

    #[test]
    fn the_wall_thickens_and_keeps_its_volume() {
        let lv = Ventricle::new(4.7, 8.6, 0.55);
        let wall = |c: f64| {
            let s = lv.at(c);
            (s.outer_diameter_cm - s.diameter_cm) / 2.0
        };
        assert!((wall(0.0) - WALL_CM).abs() < 1e-9);
        assert!(wall(1.0) > 1.2 && wall(1.0) < 1.5, "{}", wall(1.0));
    }
}
