//! Patient, study, series and equipment modules (PS3.3 sections C.7.1 to C.7.5), and what every object begins with.
//!
//! Owns the attributes that clips, presentation states and reports have in common. Attributes of type 2 are written
//! empty when unknown, those of type 3 are left out. Laterality is never written: an empty one is an error where
//! the body part has no sides, and images name the heart instead.

use dicom_core::VR;
use dicom_dictionary_std::tags;

use super::context::{Context, Equipment, Patient, Series, Sex, Study};
use super::data_set::{Object, text};
use super::error::WriteError;
use super::text::{LO_CHARS, SH_CHARS, description, identity};
use super::uid::Uid;

/// UTF-8 (PS3.3 section C.12.1.1.2).
const UTF_8: &str = "ISO_IR 192";

/// What makes an object itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity<'a> {
    pub(super) class_uid: &'static str,
    pub(super) instance_uid: &'a Uid,
    pub(super) instance_number: u32,
    pub(super) modality: &'static str,
}

/// A data set with all that objects have in common.
pub(super) fn begin(context: &Context, identity: &Identity<'_>) -> Result<Object, WriteError> {
    let mut object = Object::new_empty();
    text(&mut object, tags::SPECIFIC_CHARACTER_SET, VR::CS, UTF_8);
    text(&mut object, tags::SOP_CLASS_UID, VR::UI, identity.class_uid);
    text(
        &mut object,
        tags::SOP_INSTANCE_UID,
        VR::UI,
        identity.instance_uid.as_str(),
    );
    text(
        &mut object,
        tags::TIMEZONE_OFFSET_FROM_UTC,
        VR::SH,
        context.utc_offset.value(),
    );
    text(
        &mut object,
        tags::INSTANCE_NUMBER,
        VR::IS,
        identity.instance_number.to_string(),
    );
    patient(&mut object, &context.patient)?;
    study(&mut object, &context.study)?;
    series(&mut object, &context.series, identity.modality);
    equipment(&mut object, &context.equipment)?;
    Ok(object)
}

fn patient(object: &mut Object, patient: &Patient) -> Result<(), WriteError> {
    let sex = match patient.sex {
        Some(Sex::Male) => "M",
        Some(Sex::Female) => "F",
        Some(Sex::Other) => "O",
        None => "",
    };
    let birth_date = patient.birth_date.map(|date| date.value());
    let id = identity("PatientID", &patient.id, LO_CHARS)?;
    text(
        object,
        tags::PATIENT_NAME,
        VR::PN,
        patient.name.value("PatientName")?,
    );
    text(object, tags::PATIENT_ID, VR::LO, id);
    text(
        object,
        tags::PATIENT_BIRTH_DATE,
        VR::DA,
        birth_date.unwrap_or_default(),
    );
    text(object, tags::PATIENT_SEX, VR::CS, sex);
    Ok(())
}

fn study(object: &mut Object, study: &Study) -> Result<(), WriteError> {
    let id = identity("StudyID", &study.id, SH_CHARS)?;
    let accession = identity("AccessionNumber", &study.accession_number, SH_CHARS)?;
    let physician = study.referring_physician.value("ReferringPhysicianName")?;
    let date = study.began_at.map(|at| at.date().value());
    let time = study.began_at.map(|at| at.time_value());
    text(object, tags::STUDY_INSTANCE_UID, VR::UI, study.uid.as_str());
    text(object, tags::STUDY_DATE, VR::DA, date.unwrap_or_default());
    text(object, tags::STUDY_TIME, VR::TM, time.unwrap_or_default());
    text(object, tags::STUDY_ID, VR::SH, id);
    text(object, tags::ACCESSION_NUMBER, VR::SH, accession);
    text(object, tags::REFERRING_PHYSICIAN_NAME, VR::PN, physician);
    optional(object, tags::STUDY_DESCRIPTION, VR::LO, &study.description);
    Ok(())
}

fn series(object: &mut Object, series: &Series, modality: &str) {
    text(object, tags::MODALITY, VR::CS, modality);
    text(
        object,
        tags::SERIES_INSTANCE_UID,
        VR::UI,
        series.uid.as_str(),
    );
    text(
        object,
        tags::SERIES_NUMBER,
        VR::IS,
        series.number.to_string(),
    );
    if let Some(at) = series.began_at {
        text(object, tags::SERIES_DATE, VR::DA, at.date().value());
        text(object, tags::SERIES_TIME, VR::TM, at.time_value());
    }
    optional(
        object,
        tags::SERIES_DESCRIPTION,
        VR::LO,
        &series.description,
    );
}

fn equipment(object: &mut Object, equipment: &Equipment) -> Result<(), WriteError> {
    let serial = identity("DeviceSerialNumber", &equipment.serial_number, LO_CHARS)?;
    text(
        object,
        tags::MANUFACTURER,
        VR::LO,
        description(&equipment.manufacturer, LO_CHARS),
    );
    for (tag, vr, words) in [
        (tags::MANUFACTURER_MODEL_NAME, VR::LO, &equipment.model),
        (tags::DEVICE_SERIAL_NUMBER, VR::LO, &serial),
        (
            tags::SOFTWARE_VERSIONS,
            VR::LO,
            &equipment.software_versions,
        ),
        (tags::STATION_NAME, VR::SH, &equipment.station_name),
        (tags::INSTITUTION_NAME, VR::LO, &equipment.institution_name),
    ] {
        optional(object, tag, vr, words);
    }
    Ok(())
}

/// An attribute of type 3: left out when there is nothing to say.
pub(super) fn optional(object: &mut Object, tag: dicom_core::Tag, vr: VR, words: &str) {
    let limit = if vr == VR::SH { SH_CHARS } else { LO_CHARS };
    let words = description(words, limit);
    if !words.is_empty() {
        text(object, tag, vr, words);
    }
}
