//! What a measured figure is called in a report, and in which unit it stands there.
//!
//! Owns the choice of codes; the codes themselves are `echo_dicom`'s.

use echo_dicom::measure::FigureName;
use echo_dicom::write::Code;
use echo_dicom::write::report::codes;
use wire::measure::{HeartPhase, MeasureKind, VentricleView};

/// What a figure of such a measurement is called.
pub(super) fn concept(name: FigureName, what: MeasureKind) -> Code {
    match (name, what) {
        (FigureName::Length, MeasureKind::VenaCava { .. }) => codes::IVC_DIAMETER,
        (FigureName::Length, _) => codes::LENGTH,
        (FigureName::Volume, MeasureKind::Ventricle { view, phase }) => match (view, phase) {
            (VentricleView::A4c, HeartPhase::EndDiastole) => codes::EDV_A4C,
            (VentricleView::A4c, HeartPhase::EndSystole) => codes::ESV_A4C,
            (VentricleView::A2c, HeartPhase::EndDiastole) => codes::EDV_A2C,
            (VentricleView::A2c, HeartPhase::EndSystole) => codes::ESV_A2C,
        },
        (FigureName::Volume, _) => Code::new("118565006", "SCT", "Volume"),
        (FigureName::Depth, _) => codes::DISTANCE,
        (FigureName::Time, _) => codes::TIME,
        (FigureName::Velocity, _) => codes::VELOCITY,
        (FigureName::Change, _) => codes::VELOCITY_CHANGE,
        (FigureName::Slope, _) => codes::VELOCITY_SLOPE,
        (FigureName::DepthSlope, _) => codes::DEPTH_SLOPE,
        (FigureName::Area, _) => codes::AREA,
        (FigureName::Perimeter, _) => codes::PERIMETER,
        (FigureName::Angle, _) => codes::ANGLE,
        (FigureName::Vti, _) => codes::VELOCITY_TIME_INTEGRAL,
        (FigureName::Peak, _) => codes::PEAK_VELOCITY,
        (FigureName::Mean, _) => codes::MEAN_VELOCITY,
        (FigureName::PeakGradient, _) => codes::PEAK_GRADIENT,
        (FigureName::MeanGradient, _) => codes::MEAN_GRADIENT,
        (FigureName::Rate, _) => codes::HEART_RATE,
        (FigureName::LongAxis, _) => codes::LONG_AXIS,
    }
}

/// The UCUM code of a unit's symbol (PS3.16 CID 82).
pub(super) fn unit(symbol: &str) -> Option<Code> {
    Some(match symbol {
        "cm" => codes::CENTIMETRE,
        "cm2" => codes::SQUARE_CENTIMETRE,
        "ml" => codes::MILLILITRE,
        "s" => codes::SECOND,
        "cm/s" => codes::CENTIMETRE_PER_SECOND,
        "cm/s2" => codes::CENTIMETRE_PER_SQUARE_SECOND,
        "mmHg" => codes::MILLIMETRE_OF_MERCURY,
        "deg" => codes::DEGREE,
        "/min" => codes::BEATS_PER_MINUTE,
        "%" => codes::PERCENT,
        _ => return None,
    })
}
