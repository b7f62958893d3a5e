//! What to generate, and whether it can be.
//!
//! Owns: the request (`ClipSpec`), its limits and the timing that follows from it: how many beats
//! fit, the heart rate that lets the clip run round, the time of each frame. Callers: the command
//! line and tests build a spec, `clip` asks for the `Timing`. Invariant: a looping clip holds a
//! whole number of beats exactly.

use crate::math::Rng;
use std::fmt;
use thiserror::Error;

/// Echo view of a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// Parasternal long axis.
    Plax,
    /// Apical four chambers.
    A4c,
    /// Subcostal, inferior vena cava.
    ScIvc,
    /// Four chambers with M-mode (TAPSE), pulsed Doppler (mitral inflow) and ECG.
    Combined,
}

impl View {
    /// Every view.
    pub const ALL: [View; 4] = [View::Plax, View::A4c, View::ScIvc, View::Combined];

    /// View label.
    pub fn label(self) -> &'static str {
        match self {
            View::Plax => "PLAX",
            View::A4c => "A4C",
            View::ScIvc => "SC-IVC",
            View::Combined => "COMBINED",
        }
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// How the pixels are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pixels {
    /// JPEG baseline, 4:2:2, of this quality (1–100).
    Jpeg(u8),
    /// Uncompressed RGB.
    Rgb,
    /// Uncompressed MONOCHROME2: the overlays lose their colour.
    Grey,
}

/// One clip to make. Start from `ClipSpec::new` and change what matters.
#[derive(Debug, Clone, PartialEq)]
pub struct ClipSpec {
    /// Echo view.
    pub view: View,
    /// Same seed, same bytes.
    pub seed: u64,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Frames; `None` takes as many whole beats as fit into `DEFAULT_FRAMES`.
    pub frames: Option<u32>,
    /// Frames a second.
    pub fps: f64,
    /// Beats a minute; a looping clip adjusts it a little.
    pub heart_rate: f64,
    /// Per cent.
    pub ejection_fraction: f64,
    /// Left ventricle, inner diameter at end-diastole.
    pub diameter_ed_cm: f64,
    /// Left ventricle, inner length at end-diastole.
    pub length_ed_cm: f64,
    /// Vena cava at rest.
    pub ivc_diameter_cm: f64,
    /// Part of it the sniff takes away, per cent.
    pub ivc_collapse: f64,
    /// Storage of the pixels.
    pub pixels: Pixels,
    /// Uneven frame times, stored as Frame Time Vector.
    pub uneven: bool,
}

/// Frames of a clip whose length was not given: at most four seconds at 30 a second.
pub const DEFAULT_FRAMES: u32 = 120;

impl ClipSpec {
    /// A full-size clip: 800 × 600, 30 frames a second, a healthy heart.
    pub fn new(view: View, seed: u64) -> Self {
        ClipSpec {
            view,
            seed,
            width: 800,
            height: 600,
            frames: None,
            fps: 30.0,
            heart_rate: 62.0,
            ejection_fraction: 55.0,
            diameter_ed_cm: 4.7,
            length_ed_cm: 8.6,
            ivc_diameter_cm: 1.9,
            ivc_collapse: 62.0,
            pixels: Pixels::Jpeg(90),
            uneven: false,
        }
    }

    /// Checks every value against what the phantom can show.
    pub fn check(&self) -> Result<(), SpecError> {
        let limits = [
            ("width", f64::from(self.width), 256.0, 1920.0),
            ("height", f64::from(self.height), 192.0, 1440.0),
            ("frames", f64::from(self.frames.unwrap_or(1)), 1.0, 600.0),
            ("fps", self.fps, 5.0, 120.0),
            ("heart-rate", self.heart_rate, 30.0, 180.0),
            ("ef", self.ejection_fraction, 10.0, 75.0),
            ("lv-diameter", self.diameter_ed_cm, 3.5, 6.5),
            ("lv-length", self.length_ed_cm, 7.0, 10.0),
            ("ivc-diameter", self.ivc_diameter_cm, 0.8, 3.0),
            ("ivc-collapse", self.ivc_collapse, 0.0, 95.0),
        ];
        for (name, value, low, high) in limits {
            if !(low..=high).contains(&value) {
                return Err(SpecError::OutOfRange {
                    name,
                    value,
                    low,
                    high,
                });
            }
        }
        match self.pixels {
            Pixels::Jpeg(quality) if !(1..=100).contains(&quality) => Err(SpecError::OutOfRange {
                name: "quality",
                value: f64::from(quality),
                low: 1.0,
                high: 100.0,
            }),
            _ => Ok(()),
        }
    }

    /// A number that differs for clips with different content, for UIDs.
    pub(crate) fn fingerprint(&self) -> u128 {
        let text = format!("{self:?}");
        let half = |salt: u64| {
            text.bytes().fold(salt, |hash, byte| {
                Rng::new(hash ^ u64::from(byte), salt).next_u64()
            })
        };
        (u128::from(half(0x1)) << 64) | u128::from(half(0x2))
    }
}

/// A request that cannot be met.
#[derive(Debug, Error, Clone, PartialEq)]
#[non_exhaustive]
pub enum SpecError {
    /// A value outside what the phantom can show.
    #[error("{name} is {value}, but must lie between {low} and {high}")]
    OutOfRange {
        /// Option of the command line.
        name: &'static str,
        /// What was asked for.
        value: f64,
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
    },
}

/// When each frame is, and how long a beat.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Timing {
    pub(crate) beat_s: f64,
    pub(crate) loops: bool,
    pub(crate) duration_s: f64,
    /// Time of each frame, the first 0; a multiple of a microsecond when uneven.
    pub(crate) times_s: Vec<f64>,
}

impl Timing {
    pub(crate) fn of(spec: &ClipSpec) -> Self {
        let frames_per_beat = 60.0 / spec.heart_rate * spec.fps;
        let frames = spec.frames.unwrap_or_else(|| {
            let beats = libm::floor(f64::from(DEFAULT_FRAMES) / frames_per_beat).max(1.0);
            libm::round(beats * frames_per_beat) as u32
        });
        let duration_s = f64::from(frames) / spec.fps;
        let beats = libm::round(f64::from(frames) / frames_per_beat);
        // Bending the rate by more than a tenth would be another heart: then the clip is a cut-out.
        let bent = if beats > 0.0 {
            duration_s / beats * spec.heart_rate / 60.0
        } else {
            0.0
        };
        let loops = (0.9..1.1).contains(&bent);
        let beat_s = if loops {
            duration_s / beats
        } else {
            60.0 / spec.heart_rate
        };
        Timing {
            beat_s,
            loops,
            duration_s,
            times_s: frame_times(spec, frames),
        }
    }
}

fn frame_times(spec: &ClipSpec, frames: u32) -> Vec<f64> {
    if !spec.uneven {
        return (0..frames).map(|i| f64::from(i) / spec.fps).collect();
    }
    // Intervals between 0.65 and 1.35 of the even one; their sum is the clip's duration.
    let mut rng = Rng::new(spec.seed, 0x71E5);
    let weights: Vec<f64> = (0..frames)
        .map(|_| 0.65 + 0.7 * f64::from(rng.unit()))
        .collect();
    let total: f64 = weights.iter().sum();
    let unit = f64::from(frames) / spec.fps / total;
    let mut elapsed_us = 0.0;
    weights
        .iter()
        .map(|w| {
            let now = elapsed_us / 1e6;
            elapsed_us += libm::round(w * unit * 1e6);
            now
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_clip_holds_whole_beats_near_the_rate_asked_for() {
        for rate in [45.0, 62.0, 88.0, 140.0] {
            for fps in [30.0, 60.0] {
                let spec = ClipSpec {
                    heart_rate: rate,
                    fps,
                    ..ClipSpec::new(View::Plax, 1)
                };
                let timing = Timing::of(&spec);
                let beats = timing.duration_s / timing.beat_s;
                assert!(timing.loops && (beats - beats.round()).abs() < 1e-9);
                assert!((60.0 / timing.beat_s - rate).abs() < 0.04 * rate, "{rate}");
                assert!(
                    (60..=122).contains(&timing.times_s.len()),
                    "{}",
                    timing.times_s.len()
                );
            }
        }
    }

    #[test]
    fn a_cut_out_shorter_than_a_beat_keeps_the_rate_and_does_not_loop() {
        let spec = ClipSpec {
            frames: Some(8),
            ..ClipSpec::new(View::Plax, 1)
        };
        let timing = Timing::of(&spec);
        assert!(!timing.loops);
        assert!((60.0 / timing.beat_s - 62.0).abs() < 1e-9);
    }

    #[test]
    fn uneven_times_rise_and_end_with_the_clip() {
        let spec = ClipSpec {
            uneven: true,
            ..ClipSpec::new(View::Plax, 1)
        };
        let times = Timing::of(&spec).times_s;
        assert_eq!(times[0], 0.0);
        assert!(times.windows(2).all(|w| w[1] > w[0]));
        let steps: Vec<f64> = times.windows(2).map(|w| w[1] - w[0]).collect();
        assert!(steps.iter().any(|s| *s > 0.040) && steps.iter().any(|s| *s < 0.026));
    }

    #[test]
    fn impossible_requests_are_refused_by_name() {
        let spec = ClipSpec {
            ejection_fraction: 99.0,
            ..ClipSpec::new(View::Plax, 1)
        };
        assert!(
            spec.check()
                .unwrap_err()
                .to_string()
                .starts_with("ef is 99")
        );
        let spec = ClipSpec {
            fps: f64::NAN,
            ..ClipSpec::new(View::Plax, 1)
        };
        assert!(spec.check().is_err());
    }
}
