//! Modality worklist (PS3.4 Annex K): what is asked of a hospital's list, and what an entry of it says. Rules without input or output.
//!
//! Values stay as they came, in the character sets that the entry names. Only the first scheduled step of an entry is read: the
//! question names one station and one day.

use crate::identifier::{
    Element, IdentifierFault, read_identifier, read_items, write_identifier, write_sequence,
};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::{tags, uids};

/// The class of questions to a worklist.
pub const WORKLIST: &str = uids::MODALITY_WORKLIST_INFORMATION_MODEL_FIND;

/// An entry: one step that is scheduled.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Scheduled {
    /// Specific Character Set.
    pub character_sets: String,
    /// Accession Number.
    pub accession_number: Vec<u8>,
    /// Referring Physician's Name.
    pub referring_physician: Vec<u8>,
    /// Patient's Name.
    pub patient_name: Vec<u8>,
    /// Patient ID.
    pub patient_id: Vec<u8>,
    /// Patient's Birth Date.
    pub birth_date: Vec<u8>,
    /// Patient's Sex.
    pub sex: Vec<u8>,
    /// Study Instance UID.
    pub study: Vec<u8>,
    /// Requested Procedure Description.
    pub procedure: Vec<u8>,
    /// Scheduled Procedure Step Start Date.
    pub date: Vec<u8>,
    /// Scheduled Procedure Step Start Time.
    pub time: Vec<u8>,
    /// Scheduled Procedure Step Description.
    pub step: Vec<u8>,
}

/// It names a patient.
impl std::fmt::Debug for Scheduled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scheduled")
    }
}

/// The identifier of a question: what is scheduled for a station (its AE title) on a day (`20261127`).
#[must_use]
pub fn worklist_question(station: &str, day: &str, syntax: &str) -> Vec<u8> {
    let asked = |wanted: &[(Tag, VR, &str)]| {
        let elements = wanted.iter();
        let owned = elements.map(|(tag, vr, text)| (*tag, *vr, (*text).to_owned()));
        write_identifier(&owned.collect::<Vec<_>>(), syntax)
    };
    let step = asked(&[
        (tags::MODALITY, VR::CS, ""),
        (tags::SCHEDULED_STATION_AE_TITLE, VR::AE, station),
        (tags::SCHEDULED_PROCEDURE_STEP_START_DATE, VR::DA, day),
        (tags::SCHEDULED_PROCEDURE_STEP_START_TIME, VR::TM, ""),
        (tags::SCHEDULED_PROCEDURE_STEP_DESCRIPTION, VR::LO, ""),
        (tags::SCHEDULED_PROCEDURE_STEP_ID, VR::SH, ""),
    ]);
    let mut question = asked(&[
        (tags::ACCESSION_NUMBER, VR::SH, ""),
        (tags::REFERRING_PHYSICIAN_NAME, VR::PN, ""),
        (tags::PATIENT_NAME, VR::PN, ""),
        (tags::PATIENT_ID, VR::LO, ""),
        (tags::PATIENT_BIRTH_DATE, VR::DA, ""),
        (tags::PATIENT_SEX, VR::CS, ""),
        (tags::STUDY_INSTANCE_UID, VR::UI, ""),
        (tags::REQUESTED_PROCEDURE_DESCRIPTION, VR::LO, ""),
    ]);
    let steps = tags::SCHEDULED_PROCEDURE_STEP_SEQUENCE;
    question.extend(write_sequence(steps, &[step], syntax));
    question.extend(asked(&[(tags::REQUESTED_PROCEDURE_ID, VR::SH, "")]));
    question
}

/// Reads an entry.
///
/// # Errors
/// `IdentifierFault`.
pub fn read_scheduled(bytes: &[u8], syntax: &str) -> Result<Scheduled, IdentifierFault> {
    let mut scheduled = Scheduled::default();
    for Element { tag, value } in read_identifier(bytes, syntax)? {
        match tag {
            tags::SPECIFIC_CHARACTER_SET => {
                let sets = String::from_utf8_lossy(&value);
                scheduled.character_sets = sets.trim_matches(['\0', ' ']).to_owned();
            }
            tags::ACCESSION_NUMBER => scheduled.accession_number = value,
            tags::REFERRING_PHYSICIAN_NAME => scheduled.referring_physician = value,
            tags::PATIENT_NAME => scheduled.patient_name = value,
            tags::PATIENT_ID => scheduled.patient_id = value,
            tags::PATIENT_BIRTH_DATE => scheduled.birth_date = value,
            tags::PATIENT_SEX => scheduled.sex = value,
            tags::STUDY_INSTANCE_UID => scheduled.study = value,
            tags::REQUESTED_PROCEDURE_DESCRIPTION => scheduled.procedure = value,
            tags::SCHEDULED_PROCEDURE_STEP_SEQUENCE => {
                let steps = read_items(&value, syntax)?;
                for Element { tag, value } in steps.into_iter().next().unwrap_or_default() {
                    match tag {
                        tags::SCHEDULED_PROCEDURE_STEP_START_DATE => scheduled.date = value,
                        tags::SCHEDULED_PROCEDURE_STEP_START_TIME => scheduled.time = value,
                        tags::SCHEDULED_PROCEDURE_STEP_DESCRIPTION => scheduled.step = value,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Ok(scheduled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_names_the_station_and_the_day_in_the_step() {
        for syntax in [
            uids::IMPLICIT_VR_LITTLE_ENDIAN,
            uids::EXPLICIT_VR_LITTLE_ENDIAN,
        ] {
            let question = worklist_question("HIBIKI1", "20261127", syntax);
            let elements = read_identifier(&question, syntax).unwrap();
            assert!(elements.iter().map(|one| one.tag).is_sorted());
            let steps = elements.iter();
            let mut steps = steps.filter(|one| one.tag == tags::SCHEDULED_PROCEDURE_STEP_SEQUENCE);
            let step = &read_items(&steps.next().unwrap().value, syntax).unwrap()[0];
            let station = step
                .iter()
                .find(|one| one.tag == tags::SCHEDULED_STATION_AE_TITLE);
            assert_eq!(station.unwrap().value, b"HIBIKI1 ");
            // An answer has the same form.
            let entry = read_scheduled(&question, syntax).unwrap();
            assert_eq!(entry.date, b"20261127");
        }
        assert!(read_scheduled(b"no identifier", uids::IMPLICIT_VR_LITTLE_ENDIAN).is_err());
    }
}
