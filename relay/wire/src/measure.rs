//! Measuring marks (計測): what is measured on a frozen frame, and what it is measured with.
//!
//! Owns the kinds of measurement, the depth scale that somebody marked in a picture which states none, and `Gauge`,
//! what the relay writes beside a measuring mark when it takes it. No value ever travels: whoever shows one computes it
//! from the points and the gauge. Invariant: a mark and its gauge say all that the value needs, so nothing that is
//! calibrated later changes a value that was measured before.

use crate::mark::Point;
use crate::original::PatientKey;
use crate::people::Author;
use crate::region::Region;
use crate::{FrameIndex, RelayTime, RtpTime, ScaleId, StreamId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Most points of a measured outline: a contour of the heart is drawn well with a tenth of them.
pub const MAX_MEASURE_POINTS: usize = 1_024;
/// Most heart cycles that a rate is counted over.
pub const MAX_BEATS: u8 = 30;

/// What is measured. The points stand in the mark's shape, in the order they were set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "measure.ts")]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
pub enum MeasureKind {
    /// Two points: a length in tissue, time and depth in M-mode, time and change of velocity in Doppler.
    Caliper {},
    /// A closed outline: area and perimeter.
    Area {},
    /// Three points, the vertex in the middle.
    Angle {},
    /// One point of a Doppler strip: its velocity from the baseline.
    Velocity {},
    /// The trace around a jet: velocity-time integral, peak and mean.
    Envelope {},
    /// Two points of a strip: how fast depth changes in M-mode, velocity in Doppler.
    Slope {},
    /// Two points of a strip that lie some heart cycles apart.
    HeartRate {
        /// Whole cycles between them, 1 to `MAX_BEATS`.
        beats: u8,
    },
    /// One point where a moment of the heart cycle is seen: a heart rate is counted from this frame on.
    BeatStart {},
    /// One point where the same moment is seen some heart cycles later or earlier, on another frame.
    BeatEnd {
        /// Whole cycles between the two frames, 1 to `MAX_BEATS`.
        beats: u8,
    },
    /// The inner wall of the left ventricle from one end of the mitral annulus over the apex to the other. The apex is
    /// the point farthest from the middle of the annulus.
    Ventricle {
        /// In which apical view.
        view: VentricleView,
        /// At which end of the beat.
        phase: HeartPhase,
    },
    /// A diameter of the inferior vena cava.
    VenaCava {
        /// At which end of the breath.
        extent: Extent,
    },
}

/// Apical views that the method of discs takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "measure.ts")]
#[serde(rename_all = "camelCase")]
pub enum VentricleView {
    /// Apical four-chamber view.
    A4c,
    /// Apical two-chamber view.
    A2c,
}

/// Ends of a heart beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "measure.ts")]
#[serde(rename_all = "camelCase")]
pub enum HeartPhase {
    /// End of diastole: the ventricle is full.
    EndDiastole,
    /// End of systole.
    EndSystole,
}

/// Ends of a breath, as the vena cava shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "measure.ts")]
#[serde(rename_all = "camelCase")]
pub enum Extent {
    /// The largest diameter.
    Largest,
    /// The smallest diameter.
    Smallest,
}

/// The scale that the author of a measuring mark had before their eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "measure.ts")]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
pub enum ScaleRef {
    /// None: pixels without a unit (px 未校正).
    Pixels {},
    /// The regions that came with the original of this frame.
    Regions {},
    /// A depth scale that somebody marked.
    Depth {
        /// Which.
        scale: ScaleId,
    },
}

/// A depth scale marked in the picture of a source that states none. It holds for pictures of the same stream, size and, as far as
/// the source can tell, patient.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "measure.ts")]
#[serde(rename_all = "camelCase")]
pub struct DepthScale {
    /// Made by the page that calibrated.
    pub id: ScaleId,
    /// Whose pictures.
    pub stream: StreamId,
    /// Width of the original it was marked in, in pixels.
    pub width: u32,
    /// Height of the original it was marked in, in pixels.
    pub height: u32,
    /// One end on the scale drawn in the picture.
    pub from: Point,
    /// The other end.
    pub to: Point,
    /// Between the ends, in centimetres.
    pub centimetres: f64,
    /// The frame that it was marked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub rtp_time: Option<RtpTime>,
    /// Frames before this one are not measured by it: it followed another scale, and somewhere among them the depth was
    /// changed. Decided by the relay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub since: Option<RtpTime>,
    /// Whom the frame shows that it was marked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub patient: Option<PatientKey>,
}

impl DepthScale {
    /// Whether it says anything of the frame with this RTP time.
    #[must_use]
    pub fn holds_at(&self, rtp_time: RtpTime) -> bool {
        self.since.is_none_or(|since| rtp_time.since(since) >= 0)
    }

    /// Whether it says anything of frames that show this one: another file or source has another scale, whatever its size.
    #[must_use]
    pub fn holds_for(&self, patient: Option<PatientKey>) -> bool {
        self.patient.is_none() || self.patient == patient
    }
}

/// A depth scale, who marked it and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "measure.ts")]
#[serde(rename_all = "camelCase")]
pub struct ScaleState {
    /// The scale.
    pub scale: DepthScale,
    /// Who calibrated.
    pub author: Author,
    /// When.
    pub at: RelayTime,
}

/// What a measuring mark is measured with. The relay writes it when it takes the mark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "measure.ts")]
#[serde(rename_all = "camelCase")]
pub struct Gauge {
    /// Number of the frame since its agent started, from 0; shown from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub frame: Option<FrameIndex>,
    /// Width of the frame's original in pixels: what the points are fractions of.
    pub width: u32,
    /// Height of the frame's original in pixels.
    pub height: u32,
    /// How large its pixels are.
    pub scale: GaugeScale,
    /// Whom the frame shows, as far as its source can tell; nothing is derived from two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub patient: Option<PatientKey>,
}

/// How large the pixels of a frame are, and who says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "measure.ts")]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum GaugeScale {
    /// Nobody says so.
    Pixels {},
    /// The file does.
    Regions {
        /// In the file's order.
        regions: Vec<Region>,
    },
    /// A person does.
    Depth {
        /// The scale, with who marked it and when.
        by: ScaleState,
    },
}

/// What is wrong with a measuring mark, before any rule of the consult is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MeasureFault {
    /// Not as many points as this measurement has.
    #[error("this measurement has another number of points")]
    Points,
    /// Beats that nobody counts.
    #[error("a heart rate is counted over 1 to {MAX_BEATS} whole cycles")]
    Beats,
}

impl MeasureKind {
    /// Checks that these points can be this measurement.
    ///
    /// # Errors
    /// `MeasureFault`.
    pub fn check(self, points: &[Point]) -> Result<(), MeasureFault> {
        let counts = match self {
            Self::Velocity {} | Self::BeatStart {} | Self::BeatEnd { .. } => 1..=1,
            Self::Caliper {} | Self::Slope {} | Self::HeartRate { .. } | Self::VenaCava { .. } => {
                2..=2
            }
            Self::Angle {} => 3..=3,
            Self::Envelope {} => 2..=MAX_MEASURE_POINTS,
            Self::Area {} | Self::Ventricle { .. } => 3..=MAX_MEASURE_POINTS,
        };
        if !counts.contains(&points.len()) {
            return Err(MeasureFault::Points);
        }
        match self {
            Self::HeartRate { beats } | Self::BeatEnd { beats }
                if !(1..=MAX_BEATS).contains(&beats) =>
            {
                Err(MeasureFault::Beats)
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_measurement_has_its_number_of_points() {
        let points = |count| vec![Point::default(); count];
        let cases: [(MeasureKind, &[usize], &[usize]); 8] = [
            (MeasureKind::Caliper {}, &[2], &[0, 1, 3]),
            (MeasureKind::Angle {}, &[3], &[2, 4]),
            (MeasureKind::Velocity {}, &[1], &[0, 2]),
            (MeasureKind::Slope {}, &[2], &[1, 3]),
            (MeasureKind::BeatStart {}, &[1], &[0, 2]),
            (MeasureKind::BeatEnd { beats: 1 }, &[1], &[0, 2]),
            (MeasureKind::Envelope {}, &[2, MAX_MEASURE_POINTS], &[1]),
            (
                MeasureKind::Area {},
                &[3, MAX_MEASURE_POINTS],
                &[2, MAX_MEASURE_POINTS + 1],
            ),
        ];
        for (kind, right, wrong) in cases {
            for count in right {
                assert_eq!(kind.check(&points(*count)), Ok(()), "{kind:?} of {count}");
            }
            for count in wrong {
                let refused = Err(MeasureFault::Points);
                assert_eq!(kind.check(&points(*count)), refused, "{kind:?} of {count}");
            }
        }
    }

    #[test]
    fn a_rate_is_counted_over_whole_cycles() {
        let points = [Point::default(); 2];
        for (beats, checked) in [
            (0, Err(MeasureFault::Beats)),
            (1, Ok(())),
            (MAX_BEATS, Ok(())),
            (MAX_BEATS + 1, Err(MeasureFault::Beats)),
        ] {
            assert_eq!(MeasureKind::HeartRate { beats }.check(&points), checked);
            let end = MeasureKind::BeatEnd { beats };
            assert_eq!(end.check(&points[..1]), checked);
        }
    }

    #[test]
    fn a_value_cannot_be_sent_along() {
        for forged in [
            r#"{"type":"caliper","value":5.1}"#,
            r#"{"type":"heartRate","beats":1.5}"#,
            r#"{"type":"heartRate","beats":-1}"#,
            r#"{"type":"ventricle","view":"a3c","phase":"endDiastole"}"#,
        ] {
            let read = serde_json::from_str::<MeasureKind>(forged);
            assert!(read.is_err(), "{forged} passed");
        }
    }
}
