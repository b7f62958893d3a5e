//! Spectral Doppler: velocities, their change, and the trace around a jet.
//!
//! Owns what is read off a PW or CW strip. Velocities are those that the region states, and keep the sign that it
//! gives them. Doppler Correction Angle (0018,6034) is carried with the region and is **not** applied: values are taken
//! as stored, because the velocity axis is the one the device drew, and a second correction would overstate every
//! value. A strip in hertz gives times but no velocities.

use super::calibration::{Calibration, Measured};
use super::field::{Field, Strip};
use super::point::PixelPoint;
use super::refusal::Refusal;
use super::trace::check;
use super::units::{
    Centimetres, CentimetresPerSecond, CentimetresPerSecondSquared, MillimetresOfMercury, Reading,
    Seconds,
};

/// Simplified Bernoulli equation: 4 v^2 with v in m/s gives mmHg (ASE 2009, assessment of valve stenosis).
const BERNOULLI_MMHG_PER_M2_S2: f64 = 4.0;
const CM_PER_M: f64 = 100.0;
/// How much of its duration a trace may run back: a trembling hand does, a closed loop runs back all of it.
const MOST_BACKWARDS: f64 = 0.1;

/// A jet, from the trace around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Envelope {
    /// Velocity-time integral; negative below the baseline.
    pub vti: Reading<Centimetres>,
    /// From the first to the last point.
    pub duration: Reading<Seconds>,
    /// The velocity farthest from zero.
    pub peak: Reading<CentimetresPerSecond>,
    /// The mean over time.
    pub mean: Reading<CentimetresPerSecond>,
    /// By the peak velocity.
    pub peak_gradient: Reading<MillimetresOfMercury>,
    /// The mean over time of the gradient, which is not the gradient of the mean velocity.
    pub mean_gradient: Reading<MillimetresOfMercury>,
}

/// The velocity at a point, from the baseline that the region states.
///
/// # Errors
/// `NoReference` when it states none, else why there is no scale.
pub fn velocity(
    calibration: &Calibration,
    at: PixelPoint,
) -> Result<Measured<Reading<CentimetresPerSecond>>, Refusal> {
    let found = calibration.locate(&[at], Field::spectral)?;
    let y = found.scale.y;
    Ok(found.measured(Reading::new(y.value(at.y)?, y.delta)?))
}

/// How fast the velocity changes between two points; the same whichever is named first.
///
/// # Errors
/// `NoExtent` when no time lies between them, else why there is no scale.
pub fn slope(
    calibration: &Calibration,
    from: PixelPoint,
    to: PixelPoint,
) -> Result<Measured<Reading<CentimetresPerSecondSquared>>, Refusal> {
    let found = calibration.locate(&[from, to], Field::spectral)?;
    let (time, y) = (found.scale.time, found.scale.y);
    let seconds = time.offset(from.x, to.x);
    if seconds == 0.0 {
        return Err(Refusal::NoExtent);
    }
    let slope = y.offset(from.y, to.y) / seconds;
    Ok(found.measured(Reading::new(slope, y.delta / seconds)?))
}

/// What the trace around a jet gives. It may run either way in time.
///
/// # Errors
/// `TooFewPoints`, `TooManyPoints`, `NoExtent` when no time passes, `TurnsBack` when it runs back, else why there is
/// no scale.
pub fn envelope(
    calibration: &Calibration,
    trace: &[PixelPoint],
) -> Result<Measured<Envelope>, Refusal> {
    check(trace, 2)?;
    let found = calibration.locate(trace, Field::spectral)?;
    let sums = Sums::over(&found.scale, trace)?;
    let (time, y) = (found.scale.time.delta, found.scale.y.delta);
    let pressure = |value: f64, of: f64| Reading::new(value, gradient(of + y.abs()) - gradient(of));
    Ok(found.measured(Envelope {
        // All of it half a pixel further out.
        vti: Reading::new(sums.vti, sums.duration * y / 2.0)?,
        duration: Reading::new(sums.duration, time)?,
        peak: Reading::new(sums.peak, y)?,
        mean: Reading::new(sums.vti / sums.duration, y)?,
        peak_gradient: pressure(gradient(sums.peak), sums.peak.abs())?,
        mean_gradient: pressure(
            gradient(1.0) * sums.squares / sums.duration,
            (sums.squares / sums.duration).sqrt(),
        )?,
    }))
}

/// The difference of pressure that drives a jet, by the simplified Bernoulli equation.
///
/// # Errors
/// `NotFinite` when the square is too large for a number.
pub fn pressure_gradient(velocity: CentimetresPerSecond) -> Result<MillimetresOfMercury, Refusal> {
    MillimetresOfMercury::new(gradient(velocity.get()))
}

fn gradient(cm_per_s: f64) -> f64 {
    let m_per_s = cm_per_s / CM_PER_M;
    BERNOULLI_MMHG_PER_M2_S2 * m_per_s * m_per_s
}

/// Integrals over a trace, forwards in time.
struct Sums {
    duration: f64,
    vti: f64,
    /// Integral of the squared velocity.
    squares: f64,
    peak: f64,
}

impl Sums {
    fn over(scale: &Strip, trace: &[PixelPoint]) -> Result<Self, Refusal> {
        let velocity = |at: &PixelPoint| scale.y.value(at.y);
        let (mut forwards, mut backwards, mut vti, mut squares) = (0.0, 0.0, 0.0, 0.0);
        for (from, to) in trace.iter().zip(trace.iter().skip(1)) {
            let (u, v) = (velocity(from)?, velocity(to)?);
            let seconds = scale.time.offset(from.x, to.x);
            if seconds > 0.0 {
                forwards += seconds;
            } else {
                backwards -= seconds;
            }
            vti += seconds * (u + v) / 2.0;
            // Exact where the velocity changes evenly, as the integral above takes it.
            squares += seconds * (u * u + u * v + v * v) / 3.0;
        }
        let mut peak = 0.0_f64;
        for at in trace {
            let here = velocity(at)?;
            if here.abs() > peak.abs() {
                peak = here;
            }
        }
        let way = if forwards >= backwards { 1.0 } else { -1.0 };
        let duration = (forwards - backwards) * way;
        if duration <= 0.0 {
            return Err(Refusal::NoExtent);
        }
        if forwards.min(backwards) > duration * MOST_BACKWARDS {
            return Err(Refusal::TurnsBack);
        }
        Ok(Self {
            duration,
            vti: vti * way,
            squares: (squares * way).max(0.0),
            peak,
        })
    }
}
