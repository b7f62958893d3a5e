//! Volume of the left ventricle by the method of discs (ASE/EACVI 2015, chamber quantification).
//!
//! Owns the discs of one view and the volumes from one or two views. The long axis runs from the middle of the mitral
//! annulus to the apex; twenty discs of equal height stand on it, each cut across in its middle, from wall to wall of
//! the outline. The invariant: every disc has a diameter, or there is no volume.

use std::f64::consts::FRAC_PI_4;

use super::calibration::{Calibration, Measured};
use super::distance::Vector;
use super::field::Field;
use super::point::PixelPoint;
use super::refusal::Refusal;
use super::trace::{check, crosses_itself, sides};
use super::units::{Centimetres, Millilitres, Reading};

/// Discs along the long axis.
pub const DISCS: usize = 20;
/// Long axes of two views that differ by more than this part of the longer one show that one view is foreshortened.
const MOST_LENGTHS_DIFFER: f64 = 0.2;

/// What is drawn of the left ventricle in one view.
#[derive(Debug, Clone, Copy)]
pub struct Ventricle<'a> {
    /// The inner wall from one end of the annulus over the apex to the other; joined along the annulus.
    pub outline: &'a [PixelPoint],
    /// Both ends of the mitral annulus.
    pub annulus: [PixelPoint; 2],
    /// The apex, on the outline.
    pub apex: PixelPoint,
}

/// The left ventricle of one view, cut into discs.
#[derive(Debug, Clone, PartialEq)]
pub struct Discs {
    /// The long axis.
    pub length: Reading<Centimetres>,
    /// From the annulus to the apex.
    pub diameters: [Centimetres; DISCS],
    /// Whether the outline crosses itself, so that diameters are in doubt.
    pub crosses_itself: bool,
}

/// Volume from two views.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Biplane {
    /// By the diameters of both views and the longer long axis.
    pub volume: Reading<Millilitres>,
    /// Whether the long axes differ by more than a fifth, so that the volume is in doubt.
    pub lengths_differ: bool,
}

/// The apex of an outline that runs from one end of the annulus to the other: its point farthest from their middle.
///
/// # Errors
/// `TooFewPoints`, `TooManyPoints`, else why there is no scale: without one nobody knows what is farther in the body.
pub fn apex(calibration: &Calibration, outline: &[PixelPoint]) -> Result<PixelPoint, Refusal> {
    check(outline, 3)?;
    let scale = calibration.locate(outline, Field::plane)?.scale;
    let (Some(first), Some(last)) = (outline.first(), outline.last()) else {
        return Err(Refusal::TooFewPoints);
    };
    let middle = PixelPoint {
        x: f64::midpoint(first.x, last.x),
        y: f64::midpoint(first.y, last.y),
    };
    let far = |point: &PixelPoint| scale.vector(middle, *point).length();
    // Of points equally far the first one, as in the viewer.
    let farthest = outline.iter().reduce(
        |best, point| {
            if far(point) > far(best) { point } else { best }
        },
    );
    farthest.copied().ok_or(Refusal::TooFewPoints)
}

/// Cuts the left ventricle of one view into discs.
///
/// # Errors
/// `TooFewPoints`, `TooManyPoints`, `NoExtent` for a long axis of no length, `AxisLeavesOutline`, else why there is no
/// scale.
pub fn discs(calibration: &Calibration, drawn: &Ventricle<'_>) -> Result<Measured<Discs>, Refusal> {
    check(drawn.outline, 3)?;
    let [septal, lateral] = drawn.annulus;
    let mut points = drawn.outline.to_vec();
    points.extend([septal, lateral, drawn.apex]);
    let found = calibration.locate(&points, Field::plane)?;
    let middle = PixelPoint {
        x: f64::midpoint(septal.x, lateral.x),
        y: f64::midpoint(septal.y, lateral.y),
    };
    let axis = found.scale.vector(middle, drawn.apex);
    let length = axis.length();
    if length <= 0.0 {
        return Err(Refusal::NoExtent);
    }
    let wall: Vec<Vector> = drawn
        .outline
        .iter()
        .map(|point| along(found.scale.vector(middle, *point), axis, length))
        .collect();
    Ok(found.measured(Discs {
        length: Reading::new(length, found.scale.pixel())?,
        diameters: diameters(&wall, length)?,
        crosses_itself: crosses_itself(drawn.outline),
    }))
}

/// Volume from the discs of one view, each taken to be round.
///
/// # Errors
/// As [`biplane`].
pub fn single_plane(discs: &Discs) -> Result<Reading<Millilitres>, Refusal> {
    Ok(biplane(discs, discs)?.volume)
}

/// Volume from the discs of two views, each taken to be an ellipse with one diameter from either.
///
/// # Errors
/// `NoExtent` for a volume of nothing, `NotFinite`.
pub fn biplane(first: &Discs, second: &Discs) -> Result<Biplane, Refusal> {
    let (a, b) = (first.length.value.get(), second.length.value.get());
    let longer = a.max(b);
    let height = longer / DISCS as f64;
    let (mut squares, mut change) = (0.0, 0.0);
    for (one, other) in first.diameters.iter().zip(&second.diameters) {
        squares += one.get() * other.get();
        // A pixel more on either diameter.
        change += one.get() * second.length.step.get() + other.get() * first.length.step.get();
    }
    let volume = FRAC_PI_4 * squares * height;
    if volume <= 0.0 {
        return Err(Refusal::NoExtent);
    }
    Ok(Biplane {
        volume: Reading::new(volume, FRAC_PI_4 * change * height)?,
        lengths_differ: (a - b).abs() > MOST_LENGTHS_DIFFER * longer,
    })
}

/// A point as seen from the annulus: `y` along the long axis, `x` across it.
fn along(point: Vector, axis: Vector, length: f64) -> Vector {
    Vector {
        x: (point.x * axis.y - point.y * axis.x) / length,
        y: (point.x * axis.x + point.y * axis.y) / length,
    }
}

fn diameters(wall: &[Vector], length: f64) -> Result<[Centimetres; DISCS], Refusal> {
    let mut diameters = [Centimetres::new(0.0)?; DISCS];
    for (disc, diameter) in diameters.iter_mut().enumerate() {
        let height = (disc as f64 + 0.5) * length / DISCS as f64;
        *diameter = Centimetres::new(width_at(wall, height).ok_or(Refusal::AxisLeavesOutline)?)?;
    }
    Ok(diameters)
}

/// From the outermost wall to the outermost wall at a height.
fn width_at(wall: &[Vector], height: f64) -> Option<f64> {
    let mut reach: Option<(f64, f64)> = None;
    for (from, to) in sides(wall) {
        if (from.y <= height) == (to.y <= height) {
            continue;
        }
        let x = from.x + (to.x - from.x) * (height - from.y) / (to.y - from.y);
        reach = Some(reach.map_or((x, x), |(low, high)| (low.min(x), high.max(x))));
    }
    reach.map(|(low, high)| high - low)
}
