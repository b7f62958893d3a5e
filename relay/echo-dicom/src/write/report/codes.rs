//! Codes of reports (PS3.16 TID 1500, 1501, 1002, 1204; CID 12200, 12215; CID 82 for units).
//!
//! Owns the constants that a report is made of and those that echocardiographic measurements usually take. Others come
//! in as a `Code` of the caller.

use crate::write::code::Code;

pub(super) const REPORT: Code = Code::new("126000", "DCM", "Imaging Measurement Report");
pub(super) const LANGUAGE: Code =
    Code::new("121049", "DCM", "Language of Content Item and Descendants");
/// Meanings of codes are English, whatever language a label is in.
pub(super) const ENGLISH: Code = Code::new("en", "RFC5646", "English");
pub(super) const OBSERVER_TYPE: Code = Code::new("121005", "DCM", "Observer Type");
pub(super) const PERSON: Code = Code::new("121006", "DCM", "Person");
pub(super) const DEVICE: Code = Code::new("121007", "DCM", "Device");
pub(super) const PERSON_OBSERVER_NAME: Code = Code::new("121008", "DCM", "Person Observer Name");
pub(super) const DEVICE_OBSERVER_UID: Code = Code::new("121012", "DCM", "Device Observer UID");
pub(super) const DEVICE_OBSERVER_NAME: Code = Code::new("121013", "DCM", "Device Observer Name");
pub(super) const PROCEDURE_REPORTED: Code = Code::new("121058", "DCM", "Procedure reported");
pub(super) const IMAGING_MEASUREMENTS: Code = Code::new("126010", "DCM", "Imaging Measurements");
pub(super) const MEASUREMENT_GROUP: Code = Code::new("125007", "DCM", "Measurement Group");
pub(super) const TRACKING_IDENTIFIER: Code = Code::new("112039", "DCM", "Tracking Identifier");
pub(super) const TRACKING_UNIQUE_IDENTIFIER: Code =
    Code::new("112040", "DCM", "Tracking Unique Identifier");
pub(super) const SOURCE_OF_MEASUREMENT: Code = Code::new("121112", "DCM", "Source of Measurement");
/// The standard has this name for measurements that people calibrate by hand; here it says who did, or that the file does.
pub(super) const CALIBRATION_METHOD: Code = Code::new("122422", "DCM", "Calibration Method");
pub(super) const COMMENT: Code = Code::new("121106", "DCM", "Comment");
pub(super) const FINDING_SITE: Code = Code::new("363698007", "SCT", "Finding Site");

/// The procedure that we report.
pub const ECHOCARDIOGRAPHY: Code = Code::new("40701008", "SCT", "Echocardiography");

/// Left ventricle, inner width at the end of diastole.
pub const LVID_DIASTOLE: Code = Code::new(
    "29436-3",
    "LN",
    "Left Ventricle Internal End Diastolic Dimension",
);
/// Left ventricle, inner width in systole.
pub const LVID_SYSTOLE: Code = Code::new(
    "29438-9",
    "LN",
    "Left Ventricle Internal Systolic Dimension",
);
/// Septum, thickness in diastole.
pub const IVS_DIASTOLE: Code = Code::new(
    "18154-5",
    "LN",
    "Interventricular Septum Diastolic Thickness",
);
/// Posterior wall, thickness in diastole.
pub const LVPW_DIASTOLE: Code = Code::new(
    "18152-9",
    "LN",
    "Left Ventricle Posterior Wall Diastolic Thickness",
);
/// Ejection fraction of the left ventricle.
pub const EJECTION_FRACTION: Code =
    Code::new("18043-0", "LN", "Left Ventricular Ejection Fraction by US");
/// Diameter of the inferior vena cava.
pub const IVC_DIAMETER: Code = Code::new("18006-7", "LN", "Inferior Vena Cava Diameter");

/// cm.
pub const CENTIMETRE: Code = Code::new("cm", "UCUM", "centimeter");
/// cm/s.
pub const CENTIMETRE_PER_SECOND: Code = Code::new("cm/s", "UCUM", "centimeter per second");
/// s.
pub const SECOND: Code = Code::new("s", "UCUM", "second");
/// ml.
pub const MILLILITRE: Code = Code::new("ml", "UCUM", "milliliter");
/// %.
pub const PERCENT: Code = Code::new("%", "UCUM", "percent");
/// Share by which the inferior vena cava narrows.
pub const IVC_COLLAPSE: Code = Code::new("18050-5", "LN", "Inferior Vena Cava % Collapse");
/// Volume at the end of diastole, by discs in the four-chamber view.
pub const EDV_A4C: Code = Code::new(
    "79999-9",
    "LN",
    "Left ventricular end diastolic volume single plane 4C (MOD)",
);
/// Volume at the end of systole, by discs in the four-chamber view.
pub const ESV_A4C: Code = Code::new(
    "80004-5",
    "LN",
    "Left ventricular end systolic volume single plane 4C (MOD)",
);
/// Volume at the end of diastole, by discs in the two-chamber view.
pub const EDV_A2C: Code = Code::new(
    "79998-1",
    "LN",
    "Left ventricular end diastolic volume single plane 2C (MOD)",
);
/// Volume at the end of systole, by discs in the two-chamber view.
pub const ESV_A2C: Code = Code::new(
    "80003-7",
    "LN",
    "Left ventricular end systolic volume single plane 2C (MOD)",
);
/// Ejection fraction by discs in the four-chamber view.
pub const EF_A4C: Code = Code::new(
    "79993-2",
    "LN",
    "Left ventricular ejection fraction single plane 4C (MOD)",
);
/// Ejection fraction by discs in the two-chamber view.
pub const EF_A2C: Code = Code::new(
    "79992-4",
    "LN",
    "Left ventricular ejection fraction single plane 2C (MOD)",
);
/// Ejection fraction by discs in both views.
pub const EF_BIPLANE: Code = Code::new(
    "79991-6",
    "LN",
    "Left ventricular ejection fraction biplane (MOD)",
);
/// A length.
pub const LENGTH: Code = Code::new("410668003", "SCT", "Length");
/// A distance in depth.
pub const DISTANCE: Code = Code::new("121206", "DCM", "Distance");
/// A time between two moments.
pub const TIME: Code = Code::new("110858", "DCM", "Time");
/// What an outline encloses.
pub const AREA: Code = Code::new("42798000", "SCT", "Area");
/// The length of an outline.
pub const PERIMETER: Code = Code::new("131191004", "SCT", "Perimeter");
/// Between two lines.
pub const ANGLE: Code = Code::new("1483009", "SCT", "Angle");
/// The long axis of a cavity.
pub const LONG_AXIS: Code = Code::new("103339001", "SCT", "Long axis");
/// Heart rate.
pub const HEART_RATE: Code = Code::new("8867-4", "LN", "Heart rate");
/// Velocity-time integral.
pub const VELOCITY_TIME_INTEGRAL: Code = Code::new("20354-7", "LN", "Velocity Time Integral");
/// The largest velocity of a jet.
pub const PEAK_VELOCITY: Code = Code::new("20355-4", "LN", "Peak Blood Velocity");
/// The mean velocity of a jet.
pub const MEAN_VELOCITY: Code = Code::new("20352-1", "LN", "Time averaged mean velocity");
/// By the largest velocity.
pub const PEAK_GRADIENT: Code = Code::new("20247-3", "LN", "Peak Gradient");
/// Over time.
pub const MEAN_GRADIENT: Code = Code::new("20256-4", "LN", "Mean Gradient");

// The standard names these only for certain valves and vessels. A scheme of our own begins with 99 (PS3.3 section 8.2).
/// The velocity at one point.
pub const VELOCITY: Code = Code::new("VELOCITY", "99HIBIKI", "Velocity at a point");
/// From the velocity at one point to that at another.
pub const VELOCITY_CHANGE: Code = Code::new("VELOCITY_CHANGE", "99HIBIKI", "Change of velocity");
/// How fast the velocity changes.
pub const VELOCITY_SLOPE: Code = Code::new("VELOCITY_SLOPE", "99HIBIKI", "Slope of velocity");
/// How fast a depth changes.
pub const DEPTH_SLOPE: Code = Code::new("DEPTH_SLOPE", "99HIBIKI", "Slope of depth");

/// cm2.
pub const SQUARE_CENTIMETRE: Code = Code::new("cm2", "UCUM", "square centimeter");
/// cm/s2.
pub const CENTIMETRE_PER_SQUARE_SECOND: Code =
    Code::new("cm/s2", "UCUM", "centimeter per square second");
/// mm[Hg].
pub const MILLIMETRE_OF_MERCURY: Code = Code::new("mm[Hg]", "UCUM", "millimeter of mercury");
/// {H.B.}/min.
pub const BEATS_PER_MINUTE: Code = Code::new("{H.B.}/min", "UCUM", "heart beats per minute");
/// deg.
pub const DEGREE: Code = Code::new("deg", "UCUM", "degree");

/// All of them.
pub(crate) const ALL: [Code; 60] = [
    REPORT,
    LANGUAGE,
    ENGLISH,
    OBSERVER_TYPE,
    PERSON,
    DEVICE,
    PERSON_OBSERVER_NAME,
    DEVICE_OBSERVER_UID,
    DEVICE_OBSERVER_NAME,
    PROCEDURE_REPORTED,
    IMAGING_MEASUREMENTS,
    MEASUREMENT_GROUP,
    TRACKING_IDENTIFIER,
    TRACKING_UNIQUE_IDENTIFIER,
    SOURCE_OF_MEASUREMENT,
    CALIBRATION_METHOD,
    COMMENT,
    FINDING_SITE,
    ECHOCARDIOGRAPHY,
    LVID_DIASTOLE,
    LVID_SYSTOLE,
    IVS_DIASTOLE,
    LVPW_DIASTOLE,
    EJECTION_FRACTION,
    IVC_DIAMETER,
    CENTIMETRE,
    CENTIMETRE_PER_SECOND,
    SECOND,
    MILLILITRE,
    PERCENT,
    IVC_COLLAPSE,
    EDV_A4C,
    ESV_A4C,
    EDV_A2C,
    ESV_A2C,
    EF_A4C,
    EF_A2C,
    EF_BIPLANE,
    LENGTH,
    DISTANCE,
    TIME,
    AREA,
    PERIMETER,
    ANGLE,
    LONG_AXIS,
    HEART_RATE,
    VELOCITY_TIME_INTEGRAL,
    PEAK_VELOCITY,
    MEAN_VELOCITY,
    PEAK_GRADIENT,
    MEAN_GRADIENT,
    VELOCITY,
    VELOCITY_CHANGE,
    VELOCITY_SLOPE,
    DEPTH_SLOPE,
    SQUARE_CENTIMETRE,
    CENTIMETRE_PER_SQUARE_SECOND,
    MILLIMETRE_OF_MERCURY,
    BEATS_PER_MINUTE,
    DEGREE,
];
