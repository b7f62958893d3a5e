//! Heart rate.
//!
//! Owns the rate from a number of whole cycles and the time they took, read off a strip or off the times of two
//! frames. Which points are the same moment of a cycle is for the person who measures.

use wire::RtpTime;
use wire::units::RTP_CLOCK_HZ;

use super::calibration::{Calibration, Measured};
use super::mmode::interval;
use super::point::PixelPoint;
use super::refusal::Refusal;
use super::units::{BeatsPerMinute, Reading, Seconds};

const SECONDS_PER_MINUTE: f64 = 60.0;

/// The rate of `cycles` heart cycles between two points of a strip.
///
/// # Errors
/// `NoCycles`, `NoExtent` when no time lies between the points, else why there is no scale.
pub fn heart_rate(
    calibration: &Calibration,
    from: PixelPoint,
    to: PixelPoint,
    cycles: u32,
) -> Result<Measured<Reading<BeatsPerMinute>>, Refusal> {
    let Measured {
        value: time,
        source,
    } = interval(calibration, from, to)?;
    let rate = rate(time.value.get(), cycles)?;
    let step = rate * time.step.get() / time.value.get();
    let value = Reading::new(rate, step)?;
    Ok(Measured { value, source })
}

/// The rate of `cycles` heart cycles between two frames, by the times they were taken at.
///
/// # Errors
/// `NoCycles`, `NoExtent` when no time lies between them.
pub fn heart_rate_between(
    first: Seconds,
    last: Seconds,
    cycles: u32,
) -> Result<BeatsPerMinute, Refusal> {
    BeatsPerMinute::new(rate((last.get() - first.get()).abs(), cycles)?)
}

/// The rate of `cycles` heart cycles between two frames of one stream, by their capture clock.
///
/// # Errors
/// `NoCycles`, `NoExtent` for one and the same frame.
pub fn heart_rate_of_frames(
    first: RtpTime,
    last: RtpTime,
    cycles: u32,
) -> Result<BeatsPerMinute, Refusal> {
    let seconds = f64::from(last.since(first)) / RTP_CLOCK_HZ as f64;
    heart_rate_between(Seconds::new(0.0)?, Seconds::new(seconds)?, cycles)
}

fn rate(seconds: f64, cycles: u32) -> Result<f64, Refusal> {
    if cycles == 0 {
        Err(Refusal::NoCycles)
    } else if seconds > 0.0 {
        Ok(f64::from(cycles) * SECONDS_PER_MINUTE / seconds)
    } else {
        Err(Refusal::NoExtent)
    }
}
