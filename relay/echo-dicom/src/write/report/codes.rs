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
