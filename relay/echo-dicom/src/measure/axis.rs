//! One direction of a region: how pixels become a physical value (PS3.3 section C.8.5.5.1).
//!
//! Owns value = reference value + (pixel - region minimum - reference pixel) * delta. The reference pixel counts from
//! the region's corner, may lie outside region and picture, and may be absent; differences need none. The sign of the
//! delta is the direction. It knows nothing of the other axis or of what the region shows.

use super::refusal::{NoScale, Refusal};
use super::units::{Centimetres, CentimetresPerSecond, Seconds};
use crate::regions::{PhysicalUnit, UltrasoundRegion};

/// A physical value along an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantity {
    /// Across or into the body.
    Length(Centimetres),
    /// Along a strip.
    Time(Seconds),
    /// Up or down a spectral strip.
    Velocity(CentimetresPerSecond),
}

/// What an axis is measured in, of the units that can be measured with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AxisUnit {
    Centimetre,
    Second,
    CentimetrePerSecond,
}

/// One direction of a region that has a scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    pub(super) unit: AxisUnit,
    /// Value of one pixel; finite and not zero.
    pub(super) delta: f64,
    zero: Option<Zero>,
}

/// A pixel of the picture whose value is known.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Zero {
    pixel: f64,
    value: f64,
}

/// Both directions of a region, each where it has a scale.
#[must_use]
pub fn axes(region: &UltrasoundRegion) -> (Option<Axis>, Option<Axis>) {
    let Some(bounds) = region.bounds else {
        return (None, None);
    };
    let reference = region.reference_pixel;
    let zero = |min: u32, pixel: Option<i32>, value: Option<f64>| {
        let (pixel, value) = pixel.zip(value.filter(|value| value.is_finite()))?;
        Some(Zero {
            pixel: f64::from(min) + f64::from(pixel),
            value,
        })
    };
    let x = zero(
        bounds.min_x,
        reference.map(|at| at.x),
        region.reference_value_x,
    );
    let y = zero(
        bounds.min_y,
        reference.map(|at| at.y),
        region.reference_value_y,
    );
    (
        Axis::read(region.units_x, region.delta_x, x),
        Axis::read(region.units_y, region.delta_y, y),
    )
}

impl Axis {
    fn read(unit: PhysicalUnit, delta: Option<f64>, zero: Option<Zero>) -> Option<Self> {
        let unit = match unit {
            PhysicalUnit::Centimetre => AxisUnit::Centimetre,
            PhysicalUnit::Second => AxisUnit::Second,
            PhysicalUnit::CentimetrePerSecond => AxisUnit::CentimetrePerSecond,
            _ => return None,
        };
        let delta = delta.filter(|delta| delta.is_finite() && *delta != 0.0)?;
        Some(Self { unit, delta, zero })
    }

    /// An axis without a zero, for a scale that somebody marked.
    pub(super) fn relative(unit: AxisUnit, delta: f64) -> Option<Self> {
        (delta.is_finite() && delta != 0.0).then_some(Self {
            unit,
            delta,
            zero: None,
        })
    }

    /// The value at a pixel coordinate of the picture, wherever that lies.
    ///
    /// # Errors
    /// `NoReference` when the region does not say where zero is, `NotFinite` when no number comes out.
    pub fn at(&self, pixel: f64) -> Result<Quantity, Refusal> {
        let value = self.value(pixel)?;
        Ok(match self.unit {
            AxisUnit::Centimetre => Quantity::Length(Centimetres::new(value)?),
            AxisUnit::Second => Quantity::Time(Seconds::new(value)?),
            AxisUnit::CentimetrePerSecond => Quantity::Velocity(CentimetresPerSecond::new(value)?),
        })
    }

    pub(super) fn value(&self, pixel: f64) -> Result<f64, NoScale> {
        let zero = self.zero.ok_or(NoScale::NoReference)?;
        Ok(zero.value + (pixel - zero.pixel) * self.delta)
    }

    /// How far one pixel coordinate is from another, with its sign.
    pub(super) fn offset(&self, from: f64, to: f64) -> f64 {
        (to - from) * self.delta
    }
}
