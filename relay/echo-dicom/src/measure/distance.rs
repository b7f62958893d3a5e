//! Lengths, places and angles in a two-dimensional picture.
//!
//! Owns the caliper, the only measurement that is still shown without a scale: then its length is in pixels, in a
//! variant that has no place for centimetres. Pixels need not be square: both deltas count. Callers give points in
//! the order they were drawn; swapping them changes nothing.

use super::calibration::{Calibration, Measured};
use super::field::{Field, Plane};
use super::point::PixelPoint;
use super::refusal::{NoScale, Refusal};
use super::units::{Centimetres, Degrees, Pixels, Reading};

/// A caliper's length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Length {
    /// In the body.
    Calibrated(Measured<Reading<Centimetres>>),
    /// On the picture only.
    Uncalibrated {
        /// Its length in pixels.
        pixels: Pixels,
        /// Why there are no centimetres.
        reason: NoScale,
    },
}

/// A place in the body as the region counts it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    /// Across.
    pub x: Centimetres,
    /// Depth.
    pub y: Centimetres,
}

/// The distance between two points.
///
/// # Errors
/// `NotFinite`.
pub fn distance(
    calibration: &Calibration,
    from: PixelPoint,
    to: PixelPoint,
) -> Result<Length, Refusal> {
    match calibration.locate(&[from, to], Field::plane) {
        Ok(found) => {
            let length = Reading::new(found.scale.vector(from, to).length(), found.scale.pixel())?;
            Ok(Length::Calibrated(found.measured(length)))
        }
        Err(Refusal::NoScale(reason)) => Ok(Length::Uncalibrated {
            pixels: Pixels::new((to.x - from.x).hypot(to.y - from.y))?,
            reason,
        }),
        Err(refusal) => Err(refusal),
    }
}

/// The place of a point, from the zero that the region states.
///
/// # Errors
/// Why there is none.
pub fn position(calibration: &Calibration, at: PixelPoint) -> Result<Measured<Position>, Refusal> {
    let found = calibration.locate(&[at], Field::plane)?;
    Ok(found.measured(Position {
        x: Centimetres::new(found.scale.x.value(at.x)?)?,
        y: Centimetres::new(found.scale.y.value(at.y)?)?,
    }))
}

/// The angle between two lines, each from its first to its second point: 0 to 180 degrees, in the body and not on
/// the screen.
///
/// # Errors
/// `NoExtent` for a line of no length, else why there is no scale.
pub fn angle(
    calibration: &Calibration,
    first: [PixelPoint; 2],
    second: [PixelPoint; 2],
) -> Result<Measured<Reading<Degrees>>, Refusal> {
    let ([a, b], [c, d]) = (first, second);
    let found = calibration.locate(&[a, b, c, d], Field::plane)?;
    let (u, v) = (found.scale.vector(a, b), found.scale.vector(c, d));
    let shorter = u.length().min(v.length());
    if shorter <= 0.0 {
        return Err(Refusal::NoExtent);
    }
    let turn = (u.x * v.y - u.y * v.x).abs().atan2(u.x * v.x + u.y * v.y);
    let step = (found.scale.pixel() / shorter).atan();
    Ok(found.measured(Reading::new(turn.to_degrees(), step.to_degrees())?))
}

/// From one point to another, in centimetres.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vector {
    pub(super) x: f64,
    pub(super) y: f64,
}

impl Vector {
    pub(super) fn length(self) -> f64 {
        self.x.hypot(self.y)
    }
}

impl Plane {
    pub(super) fn vector(&self, from: PixelPoint, to: PixelPoint) -> Vector {
        Vector {
            x: self.x.offset(from.x, to.x),
            y: self.y.offset(from.y, to.y),
        }
    }
}
