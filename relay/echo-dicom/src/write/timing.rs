//! Frame times as DICOM keeps them (PS3.3 sections C.7.6.5 Cine and C.7.6.6 Multi-frame).
//!
//! Owns the choice between one Frame Time and a Frame Time Vector. One figure serves when it puts no frame further
//! from its true time than a small part of an interval; any other clip gets a vector, exact to the microsecond.
//! Rounding happens on the times and not on the intervals, so that it never adds up. Frames that were captured almost
//! at once, as after a stall of the source, are written the shortest interval apart that readers take.

use std::time::Duration;

use dicom_core::smallvec::smallvec;
use dicom_core::{PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;

use super::data_set::{Object, put, text, texts};
use super::error::WriteError;
use crate::times::{MAX_INTERVAL_MS, MIN_INTERVAL_MS};

/// A clip is even when no frame is further than this part of the mean interval from where a constant rate puts it.
/// That is 0.3 ms at 30 frames a second: far below what a time measurement between two frames can tell.
pub const EVEN_WITHIN_PER_CENT: u64 = 1;

/// A DS element with a 16-bit length holds this much (PS3.5 section 7.1.2).
const MAX_VECTOR_BYTES: usize = 65_534;

/// The times of a clip, ready to be written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Pace {
    /// One frame has no rate, but dciodvfy and PS3.3 want a time; a vector of one zero is true.
    Single,
    /// Milliseconds between any two frames.
    Even(f64),
    /// Microseconds from the frame before to each frame; the first is 0.
    Listed { steps: Vec<u64>, mean_ms: f64 },
}

impl Pace {
    /// Checks and measures the times of `frames` frames.
    pub(super) fn of(times: &[Duration], frames: u32) -> Result<Self, WriteError> {
        if times.len() != frames as usize {
            let fault = format!("there are {} times for {frames} frames", times.len());
            return Err(WriteError::Times(fault));
        }
        let micros: Vec<u64> = times.iter().map(|time| to_micros(*time)).collect();
        let (Some(first), Some(last)) = (micros.first(), micros.last()) else {
            return Err(WriteError::Times("there are none".into()));
        };
        if frames == 1 {
            return Ok(Self::Single);
        }
        check(&micros)?;
        let micros = kept_apart(&micros);
        let (first, last) = (*first, micros.last().copied().unwrap_or(*last));
        let steps = steps(&micros);
        let intervals = u64::from(frames) - 1;
        let total = last - first;
        let mean_ms = total as f64 / 1_000.0 / intervals as f64;
        // Compared in microseconds x intervals x 100, which is exact.
        let tolerated = u128::from(total) * u128::from(EVEN_WITHIN_PER_CENT);
        let even = (0_u128..).zip(&micros).all(|(index, time)| {
            let ideal = index * u128::from(total);
            let real = u128::from(time - first) * u128::from(intervals);
            ideal.abs_diff(real) * 100 <= tolerated
        });
        Ok(if even {
            Self::Even(mean_ms)
        } else {
            Self::Listed { steps, mean_ms }
        })
    }

    /// Writes the multi-frame and cine attributes.
    pub(super) fn write(&self, object: &mut Object, frames: u32) -> Result<(), WriteError> {
        text(object, tags::NUMBER_OF_FRAMES, VR::IS, frames.to_string());
        let mean_ms = match self {
            Self::Single => return vector(object, &[0]),
            Self::Even(interval_ms) => {
                point_at(object, tags::FRAME_TIME);
                text(
                    object,
                    tags::FRAME_TIME,
                    VR::DS,
                    format!("{interval_ms:.6}"),
                );
                *interval_ms
            }
            Self::Listed { steps, mean_ms } => {
                vector(object, steps)?;
                *mean_ms
            }
        };
        let rate = format!("{:.0}", (1_000.0 / mean_ms).round().max(1.0));
        text(object, tags::CINE_RATE, VR::IS, rate.as_str());
        text(object, tags::RECOMMENDED_DISPLAY_FRAME_RATE, VR::IS, rate);
        text(object, tags::START_TRIM, VR::IS, "1");
        text(object, tags::STOP_TRIM, VR::IS, frames.to_string());
        Ok(())
    }
}

fn vector(object: &mut Object, steps: &[u64]) -> Result<(), WriteError> {
    let values: Vec<String> = steps
        .iter()
        .map(|step| format!("{}.{:03}", step / 1_000, step % 1_000))
        .collect();
    let bytes = values.iter().map(|value| value.len() + 1).sum::<usize>();
    if bytes > MAX_VECTOR_BYTES + 1 {
        let fault = format!(
            "{} uneven times need more room than one attribute has",
            steps.len()
        );
        return Err(WriteError::Times(fault));
    }
    point_at(object, tags::FRAME_TIME_VECTOR);
    texts(object, tags::FRAME_TIME_VECTOR, VR::DS, values);
    Ok(())
}

fn point_at(object: &mut Object, tag: Tag) {
    let pointer = PrimitiveValue::Tags(smallvec![tag]);
    put(object, tags::FRAME_INCREMENT_POINTER, VR::AT, pointer);
}

fn to_micros(time: Duration) -> u64 {
    u64::try_from((time.as_nanos() + 500) / 1_000).unwrap_or(u64::MAX)
}

/// The times of a clip's frames as they are written, both in microseconds: a frame that follows the one before within
/// [`MIN_INTERVAL_MS`] comes that much after it, and no other frame moves. Readers take a shorter interval for a damaged
/// figure. Times must rise.
#[must_use]
pub fn kept_apart(micros: &[u64]) -> Vec<u64> {
    let shortest = (MIN_INTERVAL_MS * 1_000.0) as u64;
    let mut earliest = 0;
    let apart = micros.iter().map(|time| {
        let kept = earliest.max(*time);
        earliest = kept.saturating_add(shortest);
        kept
    });
    apart.collect()
}

/// From the frame before to each frame, the first 0.
fn steps(micros: &[u64]) -> Vec<u64> {
    let pairs = micros.iter().zip(micros.iter().skip(1));
    let steps = pairs.map(|(before, after)| after.saturating_sub(*before));
    std::iter::once(0).chain(steps).collect()
}

/// Times rise, and no interval is longer than our own reader takes.
fn check(micros: &[u64]) -> Result<(), WriteError> {
    for (index, (before, after)) in micros.iter().zip(micros.iter().skip(1)).enumerate() {
        let shown = index + 2;
        let fault = match after.checked_sub(*before) {
            None => format!("frame {shown} is earlier than the one before"),
            Some(0) => format!("frame {shown} has the time of the one before"),
            Some(step) if step as f64 > MAX_INTERVAL_MS * 1_000.0 => {
                format!("frame {shown} comes more than {MAX_INTERVAL_MS} ms after the one before")
            }
            Some(_) => continue,
        };
        return Err(WriteError::Times(fault));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(micros: &[u64]) -> Result<Pace, WriteError> {
        let times: Vec<Duration> = micros.iter().map(|us| Duration::from_micros(*us)).collect();
        Pace::of(&times, times.len() as u32)
    }

    #[test]
    fn a_constant_rate_is_one_figure_whatever_the_rounding() {
        let thirty: Vec<u64> = (0..300).map(|i| i * 1_000_000 / 30).collect();
        let Pace::Even(interval) = pace(&thirty).unwrap() else {
            panic!("30 frames a second are even");
        };
        assert!((interval - 33.333_33).abs() < 0.000_1, "{interval}");
    }

    #[test]
    fn one_frame_a_hundredth_of_an_interval_too_late_makes_a_vector() {
        assert_eq!(pace(&[0, 10_100, 20_000]).unwrap(), Pace::Even(10.0));
        assert_eq!(
            pace(&[5, 10_106, 20_005]).unwrap(),
            Pace::Listed {
                steps: vec![0, 10_101, 9_899],
                mean_ms: 10.0
            }
        );
    }

    #[test]
    fn a_slow_drift_is_not_even() {
        // Every interval is within 1 % of its neighbour; the middle of the clip is far from a constant rate.
        let drift: Vec<u64> = (0..200).map(|i: u64| i * 33_000 + i * i * 5).collect();
        assert!(matches!(pace(&drift), Ok(Pace::Listed { .. })));
    }

    #[test]
    fn frames_captured_almost_at_once_are_written_apart_and_the_others_stay() {
        let burst = [7, 33_007, 33_019, 33_031, 66_007, 100_007];
        let apart = [7, 33_007, 33_057, 33_107, 66_007, 100_007];
        assert_eq!(kept_apart(&burst), apart);
        let listed = pace(&burst).unwrap();
        assert_eq!(listed, pace(&apart).unwrap());
        let steps = vec![0, 33_000, 50, 50, 32_900, 34_000];
        assert!(matches!(listed, Pace::Listed { steps: found, .. } if found == steps));
        // At the very end too.
        assert_eq!(kept_apart(&[0, 40_000, 40_012]), [0, 40_000, 40_050]);
    }

    #[test]
    fn times_that_cannot_be_shown_are_refused() {
        for (micros, why) in [
            (vec![0, 40_000, 30_000], "earlier"),
            (vec![0, 40_000, 40_000], "the time of the one before"),
            (vec![0, 61_000_000], "more than"),
            (vec![], "none"),
        ] {
            let error = pace(&micros).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        let error = Pace::of(&[Duration::ZERO], 2).unwrap_err().to_string();
        assert!(error.contains("1 times for 2 frames"), "{error}");
    }
}
