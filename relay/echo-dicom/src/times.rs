//! When each frame of a clip is shown, whatever the file says about it.
//!
//! Owns the choice between Frame Time Vector, Frame Time, Cine Rate and Recommended Display Frame Rate
//! (PS3.3 sections C.7.6.5 and C.7.6.6) and their repair: figures that no clip can have are left out and the
//! result says so. The invariant: every frame has a positive interval, and times rise with the index.

use std::time::Duration;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use serde::{Deserialize, Serialize};
use wire::FrameIndex;

use crate::error::ClipError;
use crate::values::Values;

/// 30 frames a second: what a clip without any usable time is played at. `is_assumed` then says so.
const ASSUMED_INTERVAL: Duration = Duration::from_nanos(33_333_333);
/// Ultrafast imaging reaches some thousand frames a second; a shorter interval is a damaged figure.
pub(crate) const MIN_INTERVAL_MS: f64 = 0.05;
/// Triggered acquisitions store a frame for each heart beat; a minute between frames is a damaged figure.
pub(crate) const MAX_INTERVAL_MS: f64 = 60_000.0;

/// Where the times of a clip come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TimeSource {
    /// Frame Time Vector (0018,1065).
    FrameTimeVector,
    /// Frame Time (0018,1063).
    FrameTime,
    /// Cine Rate (0018,0040).
    CineRate,
    /// Recommended Display Frame Rate (0008,2144).
    RecommendedDisplayFrameRate,
    /// Nothing usable: 30 frames a second.
    Assumed,
}

/// The times of all frames, counted from the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameTimes {
    source: TimeSource,
    repaired: bool,
    pace: Pace,
}

/// How the intervals are kept: most clips have one for all frames.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Pace {
    Even {
        interval: Duration,
        frames: u32,
    },
    /// Start of each frame and, last, the end of the clip: `frames + 1` rising values.
    Listed(Vec<Duration>),
}

impl FrameTimes {
    /// Times with one interval between all frames.
    #[must_use]
    pub fn even(source: TimeSource, interval: Duration, frames: u32) -> Self {
        Self {
            source,
            repaired: false,
            pace: Pace::Even { interval, frames },
        }
    }

    pub(crate) fn read(values: &Values<'_>, frames: u32) -> Result<Self, ClipError> {
        let constant = constant_interval(values)?;
        let vector = values.numbers(tags::FRAME_TIME_VECTOR)?;
        let (source, interval) = constant.unwrap_or((TimeSource::Assumed, ASSUMED_INTERVAL));
        // The pointer decides where both are present; a vector alone is used without one.
        let wants_vector =
            source != TimeSource::FrameTime || points_at(values, tags::FRAME_TIME_VECTOR)?;
        if frames > 1
            && wants_vector
            && let Some(times) = Self::from_vector(&vector, frames)
        {
            return Ok(times);
        }
        Ok(Self::even(source, interval, frames))
    }

    /// Entry `i` is the time from frame `i - 1` to frame `i`, so the first should be 0. Where it is not, it
    /// cannot be a time before the first frame; it then serves as the time from the last frame back to the
    /// first. Unusable entries, and those that are missing at the end, take the median of the good ones.
    fn from_vector(vector: &[Option<f64>], frames: u32) -> Option<Self> {
        let first = vector.first()?.and_then(usable_ms);
        let rest: Vec<Option<Duration>> = vector
            .iter()
            .skip(1)
            .take(frames as usize - 1)
            .map(|entry| entry.and_then(usable_ms))
            .collect();
        let usual = median(rest.iter().flatten().copied().collect())?;
        let good = rest.iter().flatten().count();
        let mut starts = vec![Duration::ZERO];
        let mut at = Duration::ZERO;
        for index in 0..frames as usize - 1 {
            at += rest.get(index).copied().flatten().unwrap_or(usual);
            starts.push(at);
        }
        starts.push(at + first.unwrap_or(usual));
        Some(Self {
            source: TimeSource::FrameTimeVector,
            repaired: first.is_some() || good + 1 != frames as usize,
            pace: Pace::Listed(starts),
        })
    }

    /// Whether another process gave times that reading could have given, for so many frames.
    pub(crate) fn fits(&self, frames: u32) -> bool {
        // A frame that has no usable entry takes the median of the others, so each lies within the same bounds.
        let longest = Duration::from_nanos((MAX_INTERVAL_MS * 1e6) as u64);
        match &self.pace {
            Pace::Even {
                interval,
                frames: held,
            } => *held == frames && !interval.is_zero() && *interval <= longest,
            Pace::Listed(starts) => {
                starts.len() == frames as usize + 1
                    && starts.first() == Some(&Duration::ZERO)
                    && starts
                        .windows(2)
                        .all(|pair| matches!(pair, [a, b] if a < b && *b - *a <= longest))
            }
        }
    }

    /// Where the times come from.
    #[must_use]
    pub fn source(&self) -> TimeSource {
        self.source
    }

    /// The file has no usable time: say so wherever a rate or a duration is shown.
    #[must_use]
    pub fn is_assumed(&self) -> bool {
        self.source == TimeSource::Assumed
    }

    /// Some entries were unusable and were replaced.
    #[must_use]
    pub fn is_repaired(&self) -> bool {
        self.repaired
    }

    /// Time of a frame from the first; beyond the last frame, the end of the clip.
    #[must_use]
    pub fn at(&self, index: FrameIndex) -> Duration {
        match &self.pace {
            Pace::Even { interval, frames } => *interval * index.0.min(*frames),
            Pace::Listed(starts) => starts
                .get(index.0 as usize)
                .or(starts.last())
                .copied()
                .unwrap_or_default(),
        }
    }

    /// How long a frame is shown before the next one, or before the first when the clip loops.
    #[must_use]
    pub fn interval_after(&self, index: FrameIndex) -> Duration {
        let last = FrameIndex(index.0.min(self.frames().saturating_sub(1)));
        self.at(FrameIndex(last.0 + 1))
            .saturating_sub(self.at(last))
    }

    /// One pass through the clip, the last frame's interval included.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.at(FrameIndex(self.frames()))
    }

    fn frames(&self) -> u32 {
        match &self.pace {
            Pace::Even { frames, .. } => *frames,
            Pace::Listed(starts) => starts.len() as u32 - 1,
        }
    }
}

/// The first usable of Frame Time, Cine Rate and Recommended Display Frame Rate.
fn constant_interval(values: &Values<'_>) -> Result<Option<(TimeSource, Duration)>, ClipError> {
    if let Some(interval) = values.number(tags::FRAME_TIME)?.and_then(usable_ms) {
        return Ok(Some((TimeSource::FrameTime, interval)));
    }
    let rates = [
        (TimeSource::CineRate, tags::CINE_RATE),
        (
            TimeSource::RecommendedDisplayFrameRate,
            tags::RECOMMENDED_DISPLAY_FRAME_RATE,
        ),
    ];
    for (source, tag) in rates {
        if let Some(interval) = values
            .number(tag)?
            .and_then(|rate| usable_ms(1_000.0 / rate))
        {
            return Ok(Some((source, interval)));
        }
    }
    Ok(None)
}

fn usable_ms(milliseconds: f64) -> Option<Duration> {
    (MIN_INTERVAL_MS..=MAX_INTERVAL_MS)
        .contains(&milliseconds)
        .then(|| Duration::from_nanos((milliseconds * 1e6).round() as u64))
}

fn median(mut intervals: Vec<Duration>) -> Option<Duration> {
    intervals.sort_unstable();
    intervals.get(intervals.len() / 2).copied()
}

/// Whether Frame Increment Pointer (0028,0009) names `wanted`.
fn points_at(values: &Values<'_>, wanted: Tag) -> Result<bool, ClipError> {
    let words = values
        .words(tags::FRAME_INCREMENT_POINTER)?
        .unwrap_or_default();
    Ok(words.as_chunks::<2>().0.contains(&[wanted.0, wanted.1]))
}
