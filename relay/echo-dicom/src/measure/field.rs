//! A region that something can be measured in.
//!
//! Owns which regions measure at all, which units each sort of picture needs, and which scales no echo has. Banners,
//! grey and colour bars, graphics and regions without a unit do not measure, and so never stand in the way of one that
//! does. Finding the region of a point is `calibration`'s.

use super::axis::{Axis, AxisUnit, axes};
use crate::regions::{RegionBounds, SpatialFormat, UltrasoundRegion};

/// No probe sees deeper; penetration ends near 30 cm. A deeper scale belongs to another picture or unit.
const MAX_DEPTH_CM: f64 = 40.0;
/// No probe, intravascular ones included, shows so little; metres written as centimetres do.
const MIN_DEPTH_CM: f64 = 0.2;
/// A full sector of the largest depth is this wide.
const MAX_WIDTH_CM: f64 = 80.0;
/// The slowest sweep over the widest screen lasts some twenty seconds.
const MAX_SWEEP_S: f64 = 120.0;
/// The fastest jets reach 7 m/s; no device draws a scale of 30 m/s from top to bottom.
const MAX_VELOCITY_SPAN_CM_S: f64 = 3_000.0;

/// Region Data Type codes of grey bar and colour bar (PS3.3 section C.8.5.5.1): their pixels are a legend.
const LEGENDS: [u16; 2] = [0xD, 0xE];

/// What a region that measures shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegionKind {
    /// Tissue or flow in two dimensions.
    Plane,
    /// Depth over time.
    MMode,
    /// Velocity or frequency over time.
    Spectral,
    /// A waveform such as the ECG.
    Waveform,
}

/// A two-dimensional picture's scale.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plane {
    pub(super) x: Axis,
    pub(super) y: Axis,
}

/// A strip's scale: time to the side, something else up and down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strip {
    pub(super) time: Axis,
    pub(super) y: Axis,
}

/// A region with a scale in at least one direction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) bounds: RegionBounds,
    pub(super) kind: RegionKind,
    pub(super) priority: bool,
    x: Option<Axis>,
    y: Option<Axis>,
}

impl Field {
    /// The region as a field, if it measures.
    pub(super) fn of(region: &UltrasoundRegion) -> Option<Self> {
        let kind = match region.spatial_format {
            SpatialFormat::TwoD => RegionKind::Plane,
            SpatialFormat::MMode => RegionKind::MMode,
            SpatialFormat::Spectral => RegionKind::Spectral,
            SpatialFormat::Waveform => RegionKind::Waveform,
            SpatialFormat::None | SpatialFormat::Graphics | SpatialFormat::Other(_) => return None,
        };
        let data_type = region.data_type.filter(|code| *code != 0)?;
        let (x, y) = axes(region);
        if LEGENDS.contains(&data_type) || (x.is_none() && y.is_none()) {
            return None;
        }
        Some(Self {
            bounds: region.bounds?,
            kind,
            priority: region.has_priority(),
            x,
            y,
        })
    }

    /// A plane with square pixels that no file describes.
    pub(super) fn isotropic(bounds: RegionBounds, cm_per_pixel: f64) -> Option<Self> {
        let axis = Axis::relative(AxisUnit::Centimetre, cm_per_pixel)?;
        Some(Self {
            bounds,
            kind: RegionKind::Plane,
            priority: true,
            x: Some(axis),
            y: Some(axis),
        })
    }

    pub(super) fn plane(&self) -> Option<Plane> {
        let x = self.x.filter(|x| x.unit == AxisUnit::Centimetre)?;
        let y = self.y.filter(|y| y.unit == AxisUnit::Centimetre)?;
        (self.kind == RegionKind::Plane).then_some(Plane { x, y })
    }

    pub(super) fn m_mode(&self) -> Option<Strip> {
        self.strip(RegionKind::MMode, AxisUnit::Centimetre)
    }

    pub(super) fn spectral(&self) -> Option<Strip> {
        self.strip(RegionKind::Spectral, AxisUnit::CentimetrePerSecond)
    }

    /// Time along a row, in whatever strip.
    pub(super) fn time(&self) -> Option<Axis> {
        self.x
            .filter(|x| x.unit == AxisUnit::Second && self.kind != RegionKind::Plane)
    }

    fn strip(&self, kind: RegionKind, unit: AxisUnit) -> Option<Strip> {
        let time = self.time()?;
        let y = self.y.filter(|y| y.unit == unit)?;
        (self.kind == kind).then_some(Strip { time, y })
    }

    /// A waveform is a line over a picture that can still be seen and measured.
    pub(super) fn is_drawn_over(&self) -> bool {
        self.kind == RegionKind::Waveform
    }

    /// Whether an echo can have this scale.
    pub(super) fn is_plausible(&self) -> bool {
        let RegionBounds {
            min_x,
            min_y,
            max_x,
            max_y,
        } = self.bounds;
        let fits = |axis: Option<Axis>, min: u32, max: u32, is_depth: bool| {
            axis.is_none_or(|axis| {
                let span = (f64::from(max) - f64::from(min) + 1.0) * axis.delta.abs();
                let (least, most) = limits(axis.unit, is_depth);
                span >= least && span <= most
            })
        };
        fits(self.x, min_x, max_x, false) && fits(self.y, min_y, max_y, true)
    }
}

/// The least and the most that a region may span.
fn limits(unit: AxisUnit, is_depth: bool) -> (f64, f64) {
    match unit {
        AxisUnit::Centimetre if is_depth => (MIN_DEPTH_CM, MAX_DEPTH_CM),
        AxisUnit::Centimetre => (0.0, MAX_WIDTH_CM),
        AxisUnit::Second => (0.0, MAX_SWEEP_S),
        AxisUnit::CentimetrePerSecond => (0.0, MAX_VELOCITY_SPAN_CM_S),
    }
}

impl Plane {
    /// The smallest step this picture shows: the longer side of a pixel.
    pub(super) fn pixel(&self) -> f64 {
        self.x.delta.abs().max(self.y.delta.abs())
    }
}
