//! Marks (書き込み): anything put over a picture, and where it belongs.
//!
//! Owns the shape of an `Annotation` and the limits that a receiver checks. Points are fractions of the picture,
//! never pixels, because the sender may scale. An annotation never changes: an edit is a new one that names what it
//! `replaces`, and withdrawing is an event of its own.

use crate::measure::{MeasureFault, MeasureKind, ScaleRef};
use crate::{AnnotationId, Fraction, RtpTime, StreamId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Most points of one stroke, after simplification: two per pixel column of a 1,024 px picture.
pub const MAX_STROKE_POINTS: usize = 2048;
/// Most characters (Unicode scalar values) of a label: a sentence, not a report.
pub const MAX_LABEL_CHARS: usize = 120;

/// A place in the picture as fractions of its width and height.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "mark.ts")]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// 0 at the left edge, 1 at the right edge.
    pub x: Fraction,
    /// 0 at the top edge, 1 at the bottom edge.
    pub y: Fraction,
}

/// The frame that a mark belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "mark.ts")]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Anchor {
    /// A frame of a live stream, by the RTP timestamp it was painted with.
    Live {
        /// The stream that showed it.
        stream: StreamId,
        /// Its timestamp, unchanged from capture.
        rtp_time: RtpTime,
    },
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "mark.ts")]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
pub enum Shape {
    /// A freehand line; 1 to `MAX_STROKE_POINTS` points, one point is a dot.
    Stroke {
        /// In drawing order.
        points: Vec<Point>,
    },
    /// An arrow whose head is at `to`.
    Arrow {
        /// The tail.
        from: Point,
        /// What it points at.
        to: Point,
    },
    /// A few words; 1 to `MAX_LABEL_CHARS` characters, shown as plain text only.
    Label {
        /// Left end of the base line.
        at: Point,
        /// The words.
        text: String,
    },
    /// A measurement (計測): where, and with which scale; never a value.
    Measure {
        /// What is measured.
        what: MeasureKind,
        /// Where, in the order they were set; how many is told by `what`.
        points: Vec<Point>,
        /// The scale that its author had before their eyes.
        by: ScaleRef,
    },
}

/// A pen: colour and line pattern together, so that colour is never the only difference.
/// Red, yellow and cyan stay free for alarms (IEC 60601-1-8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "mark.ts")]
#[serde(rename_all = "camelCase")]
pub enum Pen {
    /// White, solid.
    White,
    /// Green, dashed.
    Green,
    /// Orange, dotted.
    Orange,
    /// Violet, dash-dot.
    Violet,
}

/// What the author saw while drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "mark.ts")]
#[serde(rename_all = "camelCase")]
pub enum DrawnOn {
    /// The running picture: a quick mark, shown for some seconds and then kept on its frame.
    Running,
    /// The shared freeze.
    Freeze,
    /// A picture that had stopped by itself (停止画上).
    Stale,
}

/// One mark as its author made it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "mark.ts")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Annotation {
    /// Made by the author's client; sending it twice is harmless.
    pub id: AnnotationId,
    /// The frame under the pen at first touch.
    pub anchor: Anchor,
    /// What is drawn.
    pub shape: Shape,
    /// With which pen.
    pub pen: Pen,
    /// What the author saw.
    pub drawn_on: DrawnOn,
    /// The author's own earlier mark that this one takes the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub replaces: Option<AnnotationId>,
}

/// Why a mark is refused before any rule of the consult is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MarkFault {
    /// A stroke without points.
    #[error("a stroke needs at least one point")]
    NoPoints,
    /// A stroke that was not simplified.
    #[error("a stroke has at most {MAX_STROKE_POINTS} points")]
    TooManyPoints,
    /// A label without words.
    #[error("a label needs at least one visible character")]
    NoText,
    /// A label that is a text.
    #[error("a label has at most {MAX_LABEL_CHARS} characters")]
    TextTooLong,
    /// Characters that change how neighbouring text reads.
    #[error("a label has no control or direction characters")]
    ControlCharacters,
    /// A measurement that cannot be one.
    #[error(transparent)]
    Measure(#[from] MeasureFault),
}

impl Shape {
    /// Checks the limits that JSON types cannot express.
    ///
    /// # Errors
    /// The first limit that is broken.
    pub fn check(&self) -> Result<(), MarkFault> {
        match self {
            Self::Stroke { points } if points.is_empty() => Err(MarkFault::NoPoints),
            Self::Stroke { points } if points.len() > MAX_STROKE_POINTS => {
                Err(MarkFault::TooManyPoints)
            }
            Self::Label { text, .. } => check_label(text),
            Self::Measure { what, points, .. } => Ok(what.check(points)?),
            Self::Stroke { .. } | Self::Arrow { .. } => Ok(()),
        }
    }

    /// The points of a shape that may have many; nothing for one with a place or two.
    pub const fn points_mut(&mut self) -> Option<&mut Vec<Point>> {
        match self {
            Self::Stroke { points } | Self::Measure { points, .. } => Some(points),
            Self::Arrow { .. } | Self::Label { .. } => None,
        }
    }
}

/// Bidirectional controls can make a label read as something else (Unicode TR36 §3.6).
fn check_label(text: &str) -> Result<(), MarkFault> {
    if text.chars().count() > MAX_LABEL_CHARS {
        return Err(MarkFault::TextTooLong);
    }
    let direction = |c: char| matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    if text.chars().any(|c| c.is_control() || direction(c)) {
        return Err(MarkFault::ControlCharacters);
    }
    if text.trim().is_empty() {
        return Err(MarkFault::NoText);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(x: f64, y: f64) -> Point {
        Point {
            x: Fraction::new(x).unwrap(),
            y: Fraction::new(y).unwrap(),
        }
    }

    #[test]
    fn a_stroke_with_a_million_points_is_refused() {
        let shape = Shape::Stroke {
            points: vec![point(0.5, 0.5); 1_000_000],
        };
        assert_eq!(shape.check(), Err(MarkFault::TooManyPoints));
        assert_eq!(
            Shape::Stroke { points: vec![] }.check(),
            Err(MarkFault::NoPoints)
        );
        assert_eq!(
            Shape::Stroke {
                points: vec![point(0.5, 0.5)]
            }
            .check(),
            Ok(())
        );
    }

    #[test]
    fn a_label_is_plain_words() {
        let label = |text: &str| {
            Shape::Label {
                at: point(0.1, 0.1),
                text: text.into(),
            }
            .check()
        };
        assert_eq!(label("中隔の動き"), Ok(()));
        assert_eq!(label("  "), Err(MarkFault::NoText));
        assert_eq!(label("a\u{202E}b"), Err(MarkFault::ControlCharacters));
        assert_eq!(label("a\nb"), Err(MarkFault::ControlCharacters));
        assert_eq!(
            label(&"あ".repeat(MAX_LABEL_CHARS + 1)),
            Err(MarkFault::TextTooLong)
        );
    }

    #[test]
    fn a_point_that_is_no_number_is_refused_while_parsing() {
        for wrong in [
            r#"{"x":null,"y":0}"#,
            r#"{"x":"0.1","y":0}"#,
            r#"{"x":1e308,"y":0}"#,
            r#"{"x":0.1}"#,
        ] {
            assert!(
                serde_json::from_str::<Point>(wrong).is_err(),
                "{wrong} passed"
            );
        }
    }
}
