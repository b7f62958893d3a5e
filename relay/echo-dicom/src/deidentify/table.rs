//! The table: what may stay of an object, and in which form.
//!
//! Owns one row for each attribute of clips, presentation states and measurement reports that replay and teaching need. It is the other way round than
//! PS3.15 Table E.1-1, which names what must go: what has no row here is gone. A test holds each row against that
//! table: what it removes has no row, what it empties or replaces is emptied or replaced here, its UIDs are mapped.

use super::identity::CaseIdentity;
use super::tree::{bytes, text};
use crate::error::ClipError;
use crate::scan::Element;
use crate::source::Source;
use crate::write::{HAND_SCALE, Uid, srgb_profile};
use dicom_core::{PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags as t, uids};

/// What becomes of a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Action {
    /// Stays where it is numbers in binary form.
    Numbers,
    /// Stays where it is decimal numbers in text.
    Decimals,
    /// Stays where each of its values is one of these.
    Words(&'static [&'static str]),
    /// What an ultrasound picture is of: words of a list and the mask of its modes (PS3.3 section C.8.5.6.1.1).
    ImageType,
    /// One of the kinds of objects that a case holds or refers to.
    Class,
    /// A layer by its number: each author has one.
    Layer,
    /// The case's UID for it.
    Uid,
    /// The case's alias.
    Alias,
    /// There, and empty.
    Empty,
    /// These words in its place.
    Is(&'static str),
    /// Only that a scale was marked by hand.
    HandScale,
    /// Our own colour profile, whatever it was.
    Profile,
    /// A sequence of items to which this table applies.
    Items,
    /// A sequence of codes.
    Codes,
}

impl Action {
    pub(super) fn is_sequence(self) -> bool {
        matches!(self, Self::Items | Self::Codes)
    }
}

/// One row.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) tag: Tag,
    pub(super) vr: VR,
    pub(super) action: Action,
}

const fn row(tag: Tag, vr: VR, action: Action) -> Rule {
    Rule { tag, vr, action }
}

/// Stands for a date that must be there.
const NO_DATE: &str = "19000101";
const NO_TIME: &str = "000000";
/// Stands for words that must be there.
const REMOVED: &str = "removed";
const YES_NO: &[&str] = &["YES", "NO"];
const CLASSES: &[&str] = &[
    uids::ULTRASOUND_IMAGE_STORAGE,
    uids::ULTRASOUND_MULTI_FRAME_IMAGE_STORAGE,
    uids::GRAYSCALE_SOFTCOPY_PRESENTATION_STATE_STORAGE,
    uids::COLOR_SOFTCOPY_PRESENTATION_STATE_STORAGE,
    uids::COMPREHENSIVE_SR_STORAGE,
];

use Action::{
    Alias, Class, Codes, Decimals, Empty, HandScale, ImageType, Is, Items, Layer, Numbers, Profile,
    Uid as MappedUid, Words,
};

/// All rows, in groups as objects have them.
pub(super) const TABLE: &[&[Rule]] = &[
    // Patient, study, series, equipment: names are the alias, the rest is empty.
    &[
        row(t::SPECIFIC_CHARACTER_SET, VR::CS, Is("ISO_IR 192")),
        row(t::SOP_CLASS_UID, VR::UI, Class),
        row(t::SOP_INSTANCE_UID, VR::UI, MappedUid),
        row(t::INSTANCE_NUMBER, VR::IS, Decimals),
        row(t::PATIENT_NAME, VR::PN, Alias),
        row(t::PATIENT_ID, VR::LO, Alias),
        row(t::PATIENT_BIRTH_DATE, VR::DA, Empty),
        row(t::PATIENT_SEX, VR::CS, Empty),
        row(t::STUDY_INSTANCE_UID, VR::UI, MappedUid),
        row(t::STUDY_DATE, VR::DA, Empty),
        row(t::STUDY_TIME, VR::TM, Empty),
        row(t::STUDY_ID, VR::SH, Empty),
        row(t::ACCESSION_NUMBER, VR::SH, Empty),
        row(t::REFERRING_PHYSICIAN_NAME, VR::PN, Empty),
        row(t::MODALITY, VR::CS, Words(&["US", "PR", "SR"])),
        row(t::SERIES_INSTANCE_UID, VR::UI, MappedUid),
        row(t::SERIES_NUMBER, VR::IS, Decimals),
        row(t::MANUFACTURER, VR::LO, Empty),
        row(t::BODY_PART_EXAMINED, VR::CS, Words(&["HEART"])),
    ],
    // Images.
    &[
        row(t::CONTENT_DATE, VR::DA, Is(NO_DATE)),
        row(t::CONTENT_TIME, VR::TM, Is(NO_TIME)),
        row(t::PATIENT_ORIENTATION, VR::CS, Empty),
        row(t::IMAGE_TYPE, VR::CS, ImageType),
        row(t::BURNED_IN_ANNOTATION, VR::CS, Is("NO")),
        row(t::IMAGE_COMMENTS, VR::LT, HandScale),
        row(t::ANATOMIC_REGION_SEQUENCE, VR::SQ, Codes),
        row(t::VIEW_CODE_SEQUENCE, VR::SQ, Codes),
        row(t::SAMPLES_PER_PIXEL, VR::US, Numbers),
        row(
            t::PHOTOMETRIC_INTERPRETATION,
            VR::CS,
            Words(&["MONOCHROME2", "RGB", "YBR_FULL", "YBR_FULL_422"]),
        ),
        row(t::PLANAR_CONFIGURATION, VR::US, Numbers),
        row(t::ROWS, VR::US, Numbers),
        row(t::COLUMNS, VR::US, Numbers),
        row(t::BITS_ALLOCATED, VR::US, Numbers),
        row(t::BITS_STORED, VR::US, Numbers),
        row(t::HIGH_BIT, VR::US, Numbers),
        row(t::PIXEL_REPRESENTATION, VR::US, Numbers),
        row(t::LOSSY_IMAGE_COMPRESSION, VR::CS, Words(&["00", "01"])),
        row(t::LOSSY_IMAGE_COMPRESSION_RATIO, VR::DS, Decimals),
        row(
            t::LOSSY_IMAGE_COMPRESSION_METHOD,
            VR::CS,
            Words(&["ISO_10918_1"]),
        ),
    ],
    // Multi-frame: distances between frames stay.
    &[
        row(t::NUMBER_OF_FRAMES, VR::IS, Decimals),
        row(t::FRAME_INCREMENT_POINTER, VR::AT, Numbers),
        row(t::FRAME_TIME, VR::DS, Decimals),
        row(t::FRAME_TIME_VECTOR, VR::DS, Decimals),
        row(t::CINE_RATE, VR::IS, Decimals),
        row(t::RECOMMENDED_DISPLAY_FRAME_RATE, VR::IS, Decimals),
        row(t::START_TRIM, VR::IS, Decimals),
        row(t::STOP_TRIM, VR::IS, Decimals),
    ],
    // Ultrasound regions (PS3.3 section C.8.5.5): without them nothing can be measured.
    &[
        row(t::SEQUENCE_OF_ULTRASOUND_REGIONS, VR::SQ, Items),
        row(t::REGION_SPATIAL_FORMAT, VR::US, Numbers),
        row(t::REGION_DATA_TYPE, VR::US, Numbers),
        row(t::REGION_FLAGS, VR::UL, Numbers),
        row(t::REGION_LOCATION_MIN_X0, VR::UL, Numbers),
        row(t::REGION_LOCATION_MIN_Y0, VR::UL, Numbers),
        row(t::REGION_LOCATION_MAX_X1, VR::UL, Numbers),
        row(t::REGION_LOCATION_MAX_Y1, VR::UL, Numbers),
        row(t::PHYSICAL_UNITS_X_DIRECTION, VR::US, Numbers),
        row(t::PHYSICAL_UNITS_Y_DIRECTION, VR::US, Numbers),
        row(t::PHYSICAL_DELTA_X, VR::FD, Numbers),
        row(t::PHYSICAL_DELTA_Y, VR::FD, Numbers),
        row(t::REFERENCE_PIXEL_X0, VR::SL, Numbers),
        row(t::REFERENCE_PIXEL_Y0, VR::SL, Numbers),
        row(t::REFERENCE_PIXEL_PHYSICAL_VALUE_X, VR::FD, Numbers),
        row(t::REFERENCE_PIXEL_PHYSICAL_VALUE_Y, VR::FD, Numbers),
        row(t::DOPPLER_CORRECTION_ANGLE, VR::FD, Numbers),
        row(t::TRANSDUCER_FREQUENCY, VR::UL, Numbers),
        row(t::PULSE_REPETITION_FREQUENCY, VR::UL, Numbers),
    ],
    // References to other objects of the case.
    &[
        row(t::REFERENCED_SERIES_SEQUENCE, VR::SQ, Items),
        row(t::REFERENCED_IMAGE_SEQUENCE, VR::SQ, Items),
        row(t::REFERENCED_SOP_SEQUENCE, VR::SQ, Items),
        row(t::REFERENCED_SOP_CLASS_UID, VR::UI, Class),
        row(t::REFERENCED_SOP_INSTANCE_UID, VR::UI, MappedUid),
        row(t::REFERENCED_FRAME_NUMBER, VR::IS, Decimals),
    ],
    // Presentation states: lines and arrows stay, words do not, and who drew is not said.
    &[
        row(t::CONTENT_LABEL, VR::CS, Is("MARKS")),
        row(t::CONTENT_DESCRIPTION, VR::LO, Empty),
        row(t::CONTENT_CREATOR_NAME, VR::PN, Empty),
        row(t::PRESENTATION_CREATION_DATE, VR::DA, Is(NO_DATE)),
        row(t::PRESENTATION_CREATION_TIME, VR::TM, Is(NO_TIME)),
        row(t::DISPLAYED_AREA_SELECTION_SEQUENCE, VR::SQ, Items),
        row(t::DISPLAYED_AREA_TOP_LEFT_HAND_CORNER, VR::SL, Numbers),
        row(t::DISPLAYED_AREA_BOTTOM_RIGHT_HAND_CORNER, VR::SL, Numbers),
        row(
            t::PRESENTATION_SIZE_MODE,
            VR::CS,
            Words(&["SCALE TO FIT", "TRUE SIZE", "MAGNIFY"]),
        ),
        row(t::PRESENTATION_PIXEL_ASPECT_RATIO, VR::IS, Decimals),
        row(t::PRESENTATION_LUT_SHAPE, VR::CS, Words(&["IDENTITY"])),
        row(t::ICC_PROFILE, VR::OB, Profile),
        row(t::COLOR_SPACE, VR::CS, Words(&["SRGB"])),
        row(t::GRAPHIC_ANNOTATION_SEQUENCE, VR::SQ, Items),
        row(t::GRAPHIC_OBJECT_SEQUENCE, VR::SQ, Items),
        row(t::GRAPHIC_LAYER_SEQUENCE, VR::SQ, Items),
        row(t::GRAPHIC_LAYER, VR::CS, Layer),
        row(t::GRAPHIC_LAYER_ORDER, VR::IS, Decimals),
        row(
            t::GRAPHIC_ANNOTATION_UNITS,
            VR::CS,
            Words(&["PIXEL", "DISPLAY"]),
        ),
        row(t::GRAPHIC_DIMENSIONS, VR::US, Numbers),
        row(t::NUMBER_OF_GRAPHIC_POINTS, VR::US, Numbers),
        row(t::GRAPHIC_DATA, VR::FL, Numbers),
        row(
            t::GRAPHIC_TYPE,
            VR::CS,
            Words(&[
                "POINT",
                "POLYLINE",
                "INTERPOLATED",
                "CIRCLE",
                "ELLIPSE",
                "MULTIPOINT",
            ]),
        ),
        row(t::GRAPHIC_FILLED, VR::CS, Words(&["Y", "N"])),
        row(t::TRACKING_ID, VR::UT, MappedUid),
        row(t::TRACKING_UID, VR::UI, MappedUid),
    ],
    // Measurement reports: numbers, codes and places stay.
    &[
        row(t::COMPLETION_FLAG, VR::CS, Words(&["COMPLETE", "PARTIAL"])),
        row(t::VERIFICATION_FLAG, VR::CS, Is("UNVERIFIED")),
        row(
            t::REFERENCED_PERFORMED_PROCEDURE_STEP_SEQUENCE,
            VR::SQ,
            Codes,
        ),
        row(t::PERFORMED_PROCEDURE_CODE_SEQUENCE, VR::SQ, Codes),
        row(
            t::CURRENT_REQUESTED_PROCEDURE_EVIDENCE_SEQUENCE,
            VR::SQ,
            Items,
        ),
        row(t::CONTENT_SEQUENCE, VR::SQ, Items),
        row(t::RELATIONSHIP_TYPE, VR::CS, Words(RELATIONS)),
        row(t::VALUE_TYPE, VR::CS, Words(VALUE_TYPES)),
        row(
            t::CONTINUITY_OF_CONTENT,
            VR::CS,
            Words(&["SEPARATE", "CONTINUOUS"]),
        ),
        row(t::CONTENT_TEMPLATE_SEQUENCE, VR::SQ, Items),
        row(t::MAPPING_RESOURCE, VR::CS, Words(&["DCMR"])),
        row(t::TEMPLATE_IDENTIFIER, VR::CS, Decimals),
        row(t::CONCEPT_NAME_CODE_SEQUENCE, VR::SQ, Codes),
        row(t::CONCEPT_CODE_SEQUENCE, VR::SQ, Codes),
        row(t::MEASURED_VALUE_SEQUENCE, VR::SQ, Items),
        row(t::MEASUREMENT_UNITS_CODE_SEQUENCE, VR::SQ, Codes),
        row(t::NUMERIC_VALUE, VR::DS, Decimals),
        row(t::FLOATING_POINT_VALUE, VR::FD, Numbers),
        row(t::TEXT_VALUE, VR::UT, Is(REMOVED)),
        row(t::PERSON_NAME, VR::PN, Is(REMOVED)),
        row(t::UID, VR::UI, MappedUid),
    ],
    // What was done. A file that says it of itself is not believed: these are written at the end.
    &[
        row(t::PATIENT_IDENTITY_REMOVED, VR::CS, Words(YES_NO)),
        row(
            t::LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED,
            VR::CS,
            Is("REMOVED"),
        ),
        row(t::DEIDENTIFICATION_METHOD, VR::LO, Is(REMOVED)),
        row(t::DEIDENTIFICATION_METHOD_CODE_SEQUENCE, VR::SQ, Codes),
    ],
];

const RELATIONS: &[&str] = &[
    "CONTAINS",
    "HAS CONCEPT MOD",
    "HAS OBS CONTEXT",
    "HAS ACQ CONTEXT",
    "HAS PROPERTIES",
    "INFERRED FROM",
    "SELECTED FROM",
];
const VALUE_TYPES: &[&str] = &[
    "CONTAINER",
    "CODE",
    "NUM",
    "TEXT",
    "PNAME",
    "UIDREF",
    "SCOORD",
    "IMAGE",
];
const IMAGE_WORDS: &[&str] = &[
    "",
    "ORIGINAL",
    "DERIVED",
    "PRIMARY",
    "SECONDARY",
    "TTE",
    "TEE",
];

/// The row of an attribute.
pub(super) fn rule(tag: Tag) -> Option<&'static Rule> {
    TABLE.iter().copied().flatten().find(|rule| rule.tag == tag)
}

/// Whether an attribute may stand in an object of a case: it has a row, or it is a part of what has one.
#[must_use]
pub fn allowed(tag: Tag) -> bool {
    const PARTS: [Tag; 4] = [
        t::PIXEL_DATA,
        t::CODE_VALUE,
        t::CODING_SCHEME_DESIGNATOR,
        t::CODE_MEANING,
    ];
    rule(tag).is_some() || PARTS.contains(&tag)
}

impl Rule {
    /// An empty sequence stays where the object must have one (PS3.3 section C.17.2, type 2).
    pub(super) fn may_be_empty(&self) -> bool {
        matches!(
            self.tag,
            t::REFERENCED_PERFORMED_PROCEDURE_STEP_SEQUENCE | t::PERFORMED_PROCEDURE_CODE_SEQUENCE
        )
    }

    /// What stands in the new object; nothing where the value has not the form that the row demands.
    pub(super) fn clean(
        &self,
        source: &Source,
        element: Element,
        identity: &CaseIdentity,
    ) -> Result<Option<PrimitiveValue>, ClipError> {
        Ok(match self.action {
            Numbers => numbers(self.vr, &bytes(source, element)?, element.big_endian),
            Decimals => decimals(&bytes(source, element)?),
            Words(words) => every(&text(source, element)?, |value| words.contains(&value)),
            ImageType => every(&text(source, element)?, |value| {
                IMAGE_WORDS.contains(&value) || is_mask(value)
            }),
            Class => every(&text(source, element)?, |value| CLASSES.contains(&value)),
            Layer => every(&text(source, element)?, is_layer),
            MappedUid => Uid::parse(&text(source, element)?)
                .map(|uid| PrimitiveValue::from(identity.key.uid(&uid).as_str())),
            Alias => Some(PrimitiveValue::from(identity.alias.as_str())),
            Empty => Some(PrimitiveValue::Empty),
            Is(words) => Some(PrimitiveValue::from(words)),
            HandScale => text(source, element)?
                .contains(HAND_SCALE)
                .then(|| PrimitiveValue::from(HAND_SCALE)),
            Profile => Some(PrimitiveValue::from(srgb_profile())),
            Items | Codes => None,
        })
    }
}

fn every(text: &str, fine: impl Fn(&str) -> bool) -> Option<PrimitiveValue> {
    let values: Vec<&str> = text
        .split('\\')
        .map(|value| value.trim_matches(' '))
        .collect();
    values
        .iter()
        .all(|value| fine(value))
        .then(|| PrimitiveValue::Strs(values.iter().map(|value| (*value).to_owned()).collect()))
}

/// Spaces around a number stay: the writer counts on a header that keeps its length.
fn decimals(bytes: &[u8]) -> Option<PrimitiveValue> {
    let text = std::str::from_utf8(bytes).ok()?.trim_end_matches('\0');
    let fine = text
        .split('\\')
        .all(|value| is_decimal(value.trim_matches(' ')));
    fine.then(|| PrimitiveValue::from(text))
}

/// An IS or a DS (PS3.5 section 6.2): digits, a sign, a point, an exponent.
fn is_decimal(value: &str) -> bool {
    value.len() <= 16
        && value
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
        && value.parse::<f64>().is_ok_and(f64::is_finite)
}

fn is_layer(value: &str) -> bool {
    value.strip_prefix("LAYER").is_some_and(|number| {
        (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn is_mask(value: &str) -> bool {
    value.len() == 4 && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Numbers of the VR that the table states, in whatever order their bytes come.
fn numbers(vr: VR, bytes: &[u8], big_endian: bool) -> Option<PrimitiveValue> {
    fn all<const N: usize, T>(bytes: &[u8], big: bool, from: fn([u8; N]) -> T) -> Option<Vec<T>> {
        let (whole, rest) = bytes.as_chunks::<N>();
        let turned = |chunk: &[u8; N]| {
            let mut chunk = *chunk;
            if big {
                chunk.reverse();
            }
            from(chunk)
        };
        (rest.is_empty() && !whole.is_empty()).then(|| whole.iter().map(turned).collect())
    }
    Some(match vr {
        VR::US => PrimitiveValue::U16(all(bytes, big_endian, u16::from_le_bytes)?.into()),
        VR::UL => PrimitiveValue::U32(all(bytes, big_endian, u32::from_le_bytes)?.into()),
        VR::SL => PrimitiveValue::I32(all(bytes, big_endian, i32::from_le_bytes)?.into()),
        VR::FL => PrimitiveValue::F32(all(bytes, big_endian, f32::from_le_bytes)?.into()),
        VR::FD => PrimitiveValue::F64(all(bytes, big_endian, f64::from_le_bytes)?.into()),
        VR::AT => {
            let halves = all(bytes, big_endian, u16::from_le_bytes)?;
            let (pairs, _) = halves.as_chunks::<2>();
            PrimitiveValue::Tags(
                pairs
                    .iter()
                    .map(|[group, element]| Tag(*group, *element))
                    .collect(),
            )
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
