//! Time and depth in strips.
//!
//! Owns the span between two points of an M-mode strip and its slope, and the time between two points of any strip that
//! runs over time: M-mode, spectral, ECG. Spans have no sign: who measures may begin at either end.

use super::calibration::{Calibration, Measured};
use super::field::Field;
use super::point::PixelPoint;
use super::refusal::Refusal;
use super::units::{Centimetres, CentimetresPerSecond, Reading, Seconds};

/// What lies between two points of an M-mode strip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MModeSpan {
    /// Along the strip.
    pub time: Reading<Seconds>,
    /// In depth only.
    pub distance: Reading<Centimetres>,
}

/// Time and depth between two points of an M-mode strip.
///
/// # Errors
/// Why there is no scale.
pub fn m_mode_span(
    calibration: &Calibration,
    from: PixelPoint,
    to: PixelPoint,
) -> Result<Measured<MModeSpan>, Refusal> {
    let found = calibration.locate(&[from, to], Field::m_mode)?;
    let (time, y) = (found.scale.time, found.scale.y);
    Ok(found.measured(MModeSpan {
        time: Reading::new(time.offset(from.x, to.x).abs(), time.delta)?,
        distance: Reading::new(y.offset(from.y, to.y).abs(), y.delta)?,
    }))
}

/// How fast the depth changes between two points of an M-mode strip, as of a leaflet that closes.
///
/// # Errors
/// `NoExtent` when no time lies between them, else why there is no scale.
pub fn m_mode_slope(
    calibration: &Calibration,
    from: PixelPoint,
    to: PixelPoint,
) -> Result<Measured<Reading<CentimetresPerSecond>>, Refusal> {
    let found = calibration.locate(&[from, to], Field::m_mode)?;
    let (time, y) = (found.scale.time, found.scale.y);
    let seconds = time.offset(from.x, to.x).abs();
    if seconds == 0.0 {
        return Err(Refusal::NoExtent);
    }
    let slope = y.offset(from.y, to.y).abs() / seconds;
    Ok(found.measured(Reading::new(slope, y.delta / seconds)?))
}

/// The time between two points of a strip.
///
/// # Errors
/// Why there is no scale.
pub fn interval(
    calibration: &Calibration,
    from: PixelPoint,
    to: PixelPoint,
) -> Result<Measured<Reading<Seconds>>, Refusal> {
    let found = calibration.locate(&[from, to], Field::time)?;
    let time = found.scale.offset(from.x, to.x).abs();
    Ok(found.measured(Reading::new(time, found.scale.delta)?))
}
