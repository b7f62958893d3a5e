//! What one measuring mark says: figures with units, or why there are none.
//!
//! Owns which figures belong to which kind of measurement, and the way from a `Gauge` to a calibration. It computes none:
//! the rules are the other files of this folder. Called by the relay for reports; `viewer/src/measure/answer.ts` holds
//! the same order for pages. Invariant: a figure in a unit of the body comes only with the scale it was computed with.

use wire::mark::Point;
use wire::measure::{DepthScale, Gauge, GaugeScale, MeasureKind};

use super::area::outline;
use super::calibration::{Calibration, Measured, ScaleSource};
use super::distance::{Length, angle, distance};
use super::doppler::{envelope, slope, velocity};
use super::mmode::{interval, m_mode_slope, m_mode_span};
use super::point::{PictureSize, PixelPoint};
use super::rate::heart_rate;
use super::refusal::Refusal;
use super::simpson::{Discs, Ventricle, apex, discs, single_plane};
use super::units::{Centimetres, Reading, Unit};
use crate::regions::{RegionBounds, UltrasoundRegion};

/// What a figure is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FigureName {
    /// Between two points of tissue.
    Length,
    /// Between two depths of an M-mode strip.
    Depth,
    /// Between two moments of a strip.
    Time,
    /// Of one point of a Doppler strip.
    Velocity,
    /// From the velocity of one point to that of another.
    Change,
    /// How fast it changes.
    Slope,
    /// How fast the depth changes in an M-mode strip.
    DepthSlope,
    /// Of an outline.
    Area,
    /// Of an outline.
    Perimeter,
    /// Between two lines.
    Angle,
    /// Velocity-time integral.
    Vti,
    /// The velocity farthest from zero.
    Peak,
    /// The mean velocity.
    Mean,
    /// By the peak velocity.
    PeakGradient,
    /// Over time.
    MeanGradient,
    /// Heart rate.
    Rate,
    /// Of a ventricle.
    Volume,
    /// Of a ventricle.
    LongAxis,
}

/// A number with its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// What it is of.
    pub name: FigureName,
    /// In `unit`.
    pub value: f64,
    /// What it changes by when a point moves by a pixel.
    pub step: f64,
    /// Its symbol, as `Unit::SYMBOL`.
    pub unit: &'static str,
    /// Where its scale comes from.
    pub source: ScaleSource,
}

impl Figure {
    fn new<U: Unit>(name: FigureName, reading: Reading<U>, source: ScaleSource) -> Self {
        Self {
            name,
            value: reading.value.get(),
            step: reading.step.get(),
            unit: U::SYMBOL,
            source,
        }
    }
}

/// What these points measure, the figure that the measurement is made for first. An end of a beat tells nothing alone:
/// the rate follows from two of them.
///
/// # Errors
/// `NoScale` where only pixels could be told, otherwise why there is no number.
pub fn figures(what: MeasureKind, points: &[Point], gauge: &Gauge) -> Result<Vec<Figure>, Refusal> {
    let on = calibration_of(gauge);
    let at = pixels(points, gauge);
    match what {
        MeasureKind::Caliper {} => caliper(&on, two(&at)?),
        MeasureKind::VenaCava { .. } => length(&on, two(&at)?).map(|figure| vec![figure]),
        MeasureKind::Area {} => outline(&on, &at).map(|Measured { value: of, source }| {
            vec![
                Figure::new(FigureName::Area, of.area, source),
                Figure::new(FigureName::Perimeter, of.perimeter, source),
            ]
        }),
        MeasureKind::Angle {} => {
            let &[from, vertex, to] = at.as_slice() else {
                return Err(Refusal::TooFewPoints);
            };
            one(FigureName::Angle, angle(&on, [vertex, from], [vertex, to]))
        }
        MeasureKind::Velocity {} => {
            let place = *at.first().ok_or(Refusal::TooFewPoints)?;
            one(FigureName::Velocity, velocity(&on, place))
        }
        MeasureKind::Envelope {} => envelope(&on, &at).map(|Measured { value: of, source }| {
            vec![
                Figure::new(FigureName::Vti, of.vti, source),
                Figure::new(FigureName::Peak, of.peak, source),
                Figure::new(FigureName::Mean, of.mean, source),
                Figure::new(FigureName::PeakGradient, of.peak_gradient, source),
                Figure::new(FigureName::MeanGradient, of.mean_gradient, source),
                Figure::new(FigureName::Time, of.duration, source),
            ]
        }),
        MeasureKind::Slope {} => steepness(&on, two(&at)?),
        MeasureKind::BeatStart {} | MeasureKind::BeatEnd { .. } => Ok(Vec::new()),
        MeasureKind::HeartRate { beats } => {
            let [from, to] = two(&at)?;
            one(
                FigureName::Rate,
                heart_rate(&on, from, to, u32::from(beats)),
            )
        }
        MeasureKind::Ventricle { .. } => {
            let Measured { value: cut, source } = cut(&on, &at)?;
            Ok(vec![
                Figure::new(FigureName::Volume, single_plane(&cut)?, source),
                Figure::new(FigureName::LongAxis, cut.length, source),
            ])
        }
    }
}

/// The discs of a ventricle's outline, for volumes of two ends of a beat.
///
/// # Errors
/// Why there are none.
pub fn discs_of(points: &[Point], gauge: &Gauge) -> Result<Measured<Discs>, Refusal> {
    cut(&calibration_of(gauge), &pixels(points, gauge))
}

fn pixels(points: &[Point], gauge: &Gauge) -> Vec<PixelPoint> {
    let picture = PictureSize {
        width: gauge.width,
        height: gauge.height,
    };
    points
        .iter()
        .map(|point| PixelPoint::from_fractions(*point, picture))
        .collect()
}

/// The calibration of a gauge; one without a scale when nobody states any.
fn calibration_of(gauge: &Gauge) -> Calibration {
    let picture = PictureSize {
        width: gauge.width,
        height: gauge.height,
    };
    match &gauge.scale {
        GaugeScale::Pixels {} => Calibration::from_regions(&[], picture),
        GaugeScale::Regions { regions } => {
            let regions: Vec<_> = regions.iter().map(UltrasoundRegion::from).collect();
            Calibration::from_regions(&regions, picture)
        }
        // The relay takes none that these rules refuse.
        GaugeScale::Depth { by } => {
            by_depth(&by.scale).unwrap_or_else(|_| Calibration::from_regions(&[], picture))
        }
    }
}

/// The calibration of a depth scale that somebody marked; it holds for the whole picture.
///
/// # Errors
/// Why nothing could be measured with it.
pub fn by_depth(scale: &DepthScale) -> Result<Calibration, Refusal> {
    let picture = PictureSize {
        width: scale.width,
        height: scale.height,
    };
    let whole = RegionBounds {
        min_x: 0,
        min_y: 0,
        max_x: scale.width.saturating_sub(1),
        max_y: scale.height.saturating_sub(1),
    };
    let ends = [scale.from, scale.to].map(|end| PixelPoint::from_fractions(end, picture));
    let between = Centimetres::new(scale.centimetres)?;
    Calibration::from_depth_scale(ends, between, whole, picture)
}

fn two(points: &[PixelPoint]) -> Result<[PixelPoint; 2], Refusal> {
    match points {
        &[from, to, ..] => Ok([from, to]),
        _ => Err(Refusal::TooFewPoints),
    }
}

fn one<U: Unit>(
    name: FigureName,
    of: Result<Measured<Reading<U>>, Refusal>,
) -> Result<Vec<Figure>, Refusal> {
    let Measured { value, source } = of?;
    Ok(vec![Figure::new(name, value, source)])
}

fn length(on: &Calibration, [from, to]: [PixelPoint; 2]) -> Result<Figure, Refusal> {
    match distance(on, from, to)? {
        Length::Calibrated(of) => Ok(Figure::new(FigureName::Length, of.value, of.source)),
        Length::Uncalibrated { reason, .. } => Err(reason.into()),
    }
}

/// What lies under the caliper decides: tissue, an M-mode strip, a Doppler strip, or any other strip over time.
fn caliper(on: &Calibration, [from, to]: [PixelPoint; 2]) -> Result<Vec<Figure>, Refusal> {
    let no_length = match length(on, [from, to]) {
        Ok(figure) => return Ok(vec![figure]),
        Err(refusal @ Refusal::NoScale(_)) => refusal,
        Err(refusal) => return Err(refusal),
    };
    if let Ok(Measured {
        value: span,
        source,
    }) = m_mode_span(on, from, to)
    {
        return Ok(vec![
            Figure::new(FigureName::Time, span.time, source),
            Figure::new(FigureName::Depth, span.distance, source),
        ]);
    }
    let Ok(mut figures) = one(FigureName::Time, interval(on, from, to)) else {
        return Err(no_length);
    };
    figures.extend(change(on, from, to));
    figures.extend(
        one(FigureName::Slope, slope(on, from, to))
            .into_iter()
            .flatten(),
    );
    Ok(figures)
}

/// From the velocity at one point to that at another, where the strip says where zero is.
fn change(on: &Calibration, from: PixelPoint, to: PixelPoint) -> Option<Figure> {
    let (before, after) = (velocity(on, from).ok()?, velocity(on, to).ok()?);
    Some(Figure {
        value: after.value.value.get() - before.value.value.get(),
        ..Figure::new(FigureName::Change, after.value, after.source)
    })
}

/// In M-mode of the depth, in Doppler of the velocity.
fn steepness(on: &Calibration, [from, to]: [PixelPoint; 2]) -> Result<Vec<Figure>, Refusal> {
    match m_mode_slope(on, from, to) {
        Ok(Measured {
            value: slope,
            source,
        }) => {
            let span = m_mode_span(on, from, to)?.value;
            return Ok(vec![
                Figure::new(FigureName::DepthSlope, slope, source),
                Figure::new(FigureName::Time, span.time, source),
                Figure::new(FigureName::Depth, span.distance, source),
            ]);
        }
        Err(Refusal::NoScale(_)) => {}
        Err(refusal) => return Err(refusal),
    }
    let mut figures = one(FigureName::Slope, slope(on, from, to))?;
    figures.extend(one(FigureName::Time, interval(on, from, to))?);
    figures.extend(change(on, from, to));
    Ok(figures)
}

fn cut(on: &Calibration, wall: &[PixelPoint]) -> Result<Measured<Discs>, Refusal> {
    let top = apex(on, wall)?;
    let (Some(first), Some(last)) = (wall.first(), wall.last()) else {
        return Err(Refusal::TooFewPoints);
    };
    let drawn = Ventricle {
        outline: wall,
        annulus: [*first, *last],
        apex: top,
    };
    discs(on, &drawn)
}
