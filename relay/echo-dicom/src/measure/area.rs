//! What a closed trace encloses.
//!
//! Owns area and perimeter of an outline in a two-dimensional picture. The last point is joined to the first. A trace
//! that crosses itself has an area that no eye would give it; it is measured, and flagged, because the ends of a hand
//! drawn outline often overlap by a little.

use super::calibration::{Calibration, Measured};
use super::field::Field;
use super::point::PixelPoint;
use super::refusal::Refusal;
use super::trace::{check, crosses_itself, sides};
use super::units::{Centimetres, Reading, SquareCentimetres};

/// A closed trace.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outline {
    /// What it encloses.
    pub area: Reading<SquareCentimetres>,
    /// Its length.
    pub perimeter: Reading<Centimetres>,
    /// Whether it crosses itself, so that the area is in doubt.
    pub crosses_itself: bool,
}

/// Area and perimeter of a closed trace.
///
/// # Errors
/// `TooFewPoints`, `TooManyPoints`, `NoExtent` when it encloses nothing, else why there is no scale.
pub fn outline(
    calibration: &Calibration,
    trace: &[PixelPoint],
) -> Result<Measured<Outline>, Refusal> {
    check(trace, 3)?;
    let found = calibration.locate(trace, Field::plane)?;
    let origin = trace.first().copied().ok_or(Refusal::TooFewPoints)?;
    let mut doubled = 0.0;
    let mut perimeter = 0.0;
    for (from, to) in sides(trace) {
        // Counted from the first point, so that a small outline far from the corner loses no digits.
        let (a, b) = (
            found.scale.vector(origin, from),
            found.scale.vector(origin, to),
        );
        doubled += a.x * b.y - a.y * b.x;
        perimeter += found.scale.vector(from, to).length();
    }
    let area = doubled.abs() / 2.0;
    if area <= 0.0 {
        return Err(Refusal::NoExtent);
    }
    let pixel = found.scale.pixel();
    Ok(found.measured(Outline {
        // All of it half a pixel further out.
        area: Reading::new(area, perimeter * pixel / 2.0)?,
        perimeter: Reading::new(perimeter, pixel)?,
        crosses_itself: crosses_itself(trace),
    }))
}
