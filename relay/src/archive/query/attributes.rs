//! Which attributes are searched and returned at which level (PS3.4 tables C.6-2, C.6-3 and C.6-4, PS3.18 section 10.6.3.3).
//!
//! Owns the list. What stands here is kept beside each entry of the index, so that no header is unpacked to answer; all of it can be
//! asked for and, but for sequences, matched.

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;

/// What an answer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// A study, with the patient it is of.
    Study,
    /// A series.
    Series,
    /// An instance.
    Instance,
}

impl Level {
    /// The identifiers of this level and of those above it, the highest first.
    #[must_use]
    pub const fn uids(self) -> &'static [Tag] {
        match self {
            Self::Study => &[tags::STUDY_INSTANCE_UID],
            Self::Series => &[tags::STUDY_INSTANCE_UID, tags::SERIES_INSTANCE_UID],
            Self::Instance => &[
                tags::STUDY_INSTANCE_UID,
                tags::SERIES_INSTANCE_UID,
                tags::SOP_INSTANCE_UID,
            ],
        }
    }
}

/// One attribute of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute {
    /// Its tag.
    pub tag: Tag,
    /// What its values are.
    pub vr: VR,
    /// Where it belongs.
    pub level: Level,
    /// Counted or known by the archive, not said by an object.
    pub counted: bool,
}

const fn said(level: Level, tag: Tag, vr: VR) -> Attribute {
    Attribute {
        tag,
        vr,
        level,
        counted: false,
    }
}

const fn counted(level: Level, tag: Tag, vr: VR) -> Attribute {
    Attribute {
        tag,
        vr,
        level,
        counted: true,
    }
}

/// All of them.
pub const ATTRIBUTES: &[Attribute] = &[
    said(Level::Study, tags::STUDY_DATE, VR::DA),
    said(Level::Study, tags::STUDY_TIME, VR::TM),
    said(Level::Study, tags::ACCESSION_NUMBER, VR::SH),
    counted(Level::Study, tags::MODALITIES_IN_STUDY, VR::CS),
    said(Level::Study, tags::REFERRING_PHYSICIAN_NAME, VR::PN),
    said(Level::Study, tags::TIMEZONE_OFFSET_FROM_UTC, VR::SH),
    said(Level::Study, tags::STUDY_DESCRIPTION, VR::LO),
    said(Level::Study, tags::PATIENT_NAME, VR::PN),
    said(Level::Study, tags::PATIENT_ID, VR::LO),
    said(Level::Study, tags::ISSUER_OF_PATIENT_ID, VR::LO),
    said(Level::Study, tags::PATIENT_BIRTH_DATE, VR::DA),
    said(Level::Study, tags::PATIENT_SEX, VR::CS),
    said(Level::Study, tags::STUDY_INSTANCE_UID, VR::UI),
    said(Level::Study, tags::STUDY_ID, VR::SH),
    counted(Level::Study, tags::NUMBER_OF_STUDY_RELATED_SERIES, VR::IS),
    counted(
        Level::Study,
        tags::NUMBER_OF_STUDY_RELATED_INSTANCES,
        VR::IS,
    ),
    said(Level::Series, tags::SERIES_DATE, VR::DA),
    said(Level::Series, tags::SERIES_TIME, VR::TM),
    said(Level::Series, tags::MODALITY, VR::CS),
    said(Level::Series, tags::MANUFACTURER, VR::LO),
    said(Level::Series, tags::INSTITUTION_NAME, VR::LO),
    said(Level::Series, tags::STATION_NAME, VR::SH),
    said(Level::Series, tags::SERIES_DESCRIPTION, VR::LO),
    said(Level::Series, tags::MANUFACTURER_MODEL_NAME, VR::LO),
    said(Level::Series, tags::BODY_PART_EXAMINED, VR::CS),
    said(Level::Series, tags::PROTOCOL_NAME, VR::LO),
    said(Level::Series, tags::SERIES_INSTANCE_UID, VR::UI),
    said(Level::Series, tags::SERIES_NUMBER, VR::IS),
    said(Level::Series, tags::LATERALITY, VR::CS),
    counted(
        Level::Series,
        tags::NUMBER_OF_SERIES_RELATED_INSTANCES,
        VR::IS,
    ),
    said(
        Level::Series,
        tags::PERFORMED_PROCEDURE_STEP_START_DATE,
        VR::DA,
    ),
    said(
        Level::Series,
        tags::PERFORMED_PROCEDURE_STEP_START_TIME,
        VR::TM,
    ),
    said(Level::Series, tags::REQUEST_ATTRIBUTES_SEQUENCE, VR::SQ),
    said(Level::Instance, tags::IMAGE_TYPE, VR::CS),
    said(Level::Instance, tags::SOP_CLASS_UID, VR::UI),
    said(Level::Instance, tags::SOP_INSTANCE_UID, VR::UI),
    said(Level::Instance, tags::ACQUISITION_DATE, VR::DA),
    said(Level::Instance, tags::CONTENT_DATE, VR::DA),
    said(Level::Instance, tags::ACQUISITION_TIME, VR::TM),
    said(Level::Instance, tags::CONTENT_TIME, VR::TM),
    // Said by the archive, once and for all.
    said(Level::Instance, tags::INSTANCE_AVAILABILITY, VR::CS),
    said(Level::Instance, tags::AVAILABLE_TRANSFER_SYNTAX_UID, VR::UI),
    said(Level::Instance, tags::INSTANCE_NUMBER, VR::IS),
    said(Level::Instance, tags::NUMBER_OF_FRAMES, VR::IS),
    said(Level::Instance, tags::ROWS, VR::US),
    said(Level::Instance, tags::COLUMNS, VR::US),
    said(Level::Instance, tags::BITS_ALLOCATED, VR::US),
    said(Level::Instance, tags::CONCEPT_NAME_CODE_SEQUENCE, VR::SQ),
    said(Level::Instance, tags::CONTENT_LABEL, VR::CS),
];

/// What the list says of a tag.
#[must_use]
pub fn attribute(tag: Tag) -> Option<&'static Attribute> {
    ATTRIBUTES.iter().find(|one| one.tag == tag)
}

/// What an object says about one level.
pub fn tags_of(level: Level) -> impl Iterator<Item = Tag> {
    ATTRIBUTES
        .iter()
        .filter(move |one| one.level == level && !one.counted)
        .map(|one| one.tag)
}

/// What an answer holds at a level even if no object says it (PS3.18 tables 10.6.3-3 to 10.6.3-5).
pub(in crate::archive) const fn always(level: Level) -> &'static [Tag] {
    match level {
        Level::Study => &[
            tags::STUDY_DATE,
            tags::STUDY_TIME,
            tags::ACCESSION_NUMBER,
            tags::REFERRING_PHYSICIAN_NAME,
            tags::PATIENT_NAME,
            tags::PATIENT_ID,
            tags::PATIENT_BIRTH_DATE,
            tags::PATIENT_SEX,
            tags::STUDY_ID,
        ],
        Level::Series => &[tags::MODALITY, tags::SERIES_NUMBER],
        Level::Instance => &[tags::INSTANCE_NUMBER],
    }
}
