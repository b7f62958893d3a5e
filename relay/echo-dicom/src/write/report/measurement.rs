//! What a report says: numbers, where they were measured, and where their scale comes from.
//!
//! Owns the form in which measurements come in; it writes nothing.

use wire::FrameIndex;

use crate::write::code::Code;
use crate::write::name::PersonName;
use crate::write::target::PixelPoint;
use crate::write::uid::Uid;

/// One number and the points that it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// What was measured, such as `codes::LVID_DIASTOLE`.
    pub name: Code,
    /// The value.
    pub value: f64,
    /// Its unit (UCUM), such as `codes::CENTIMETRE`.
    pub unit: Code,
    /// Where in the body, if the name does not say.
    pub site: Option<Code>,
    /// Where it was measured, at least one place; several for a value that follows from several outlines.
    pub places: Vec<Place>,
    /// Where its scale comes from, in words.
    pub calibration: Option<String>,
    /// What is in doubt about it, in words.
    pub remark: Option<String>,
    /// Who measured it, if not the report's observer.
    pub observer: Option<PersonName>,
    /// How people call it, such as "LVIDd caliper"; cut at 64 characters.
    pub label: String,
    /// Its own UID.
    pub uid: Uid,
}

/// Points on one frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Which of the report's images, from 0.
    pub image: usize,
    /// The frame that was measured on.
    pub frame: FrameIndex,
    /// The points.
    pub geometry: Geometry,
}

/// Points of a measurement, in image pixels.
#[derive(Debug, Clone, PartialEq)]
pub enum Geometry {
    /// One place.
    Point(PixelPoint),
    /// A line through at least two points: a caliper or a trace.
    Polyline(Vec<PixelPoint>),
    /// Places that belong together.
    Points(Vec<PixelPoint>),
}

impl Geometry {
    pub(super) fn points(&self) -> &[PixelPoint] {
        match self {
            Self::Point(point) => std::slice::from_ref(point),
            Self::Polyline(points) | Self::Points(points) => points,
        }
    }

    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Point(_) => "POINT",
            Self::Polyline(_) => "POLYLINE",
            Self::Points(_) => "MULTIPOINT",
        }
    }

    pub(super) fn check(&self) -> Result<(), &'static str> {
        match self {
            Self::Polyline(points) if points.len() < 2 => Err("a line needs two points"),
            _ => Ok(()),
        }
    }
}
