//! From studies to patients: the highest level of the patient root (PS3.4 section C.6.1.1.2).
//!
//! Rules without input or output. The index keeps what a study says of its patient; those who share an id and its issuer are one
//! patient, described as the first of the studies does.

use crate::archive::query::{DataSet, Tag, VR};
use dicom_dictionary_std::tags;
use serde_json::json;
use std::collections::HashMap;

/// What can be asked of a patient.
pub(super) const OF_PATIENTS: &[Tag] = &[
    tags::PATIENT_NAME,
    tags::PATIENT_ID,
    tags::ISSUER_OF_PATIENT_ID,
    tags::PATIENT_BIRTH_DATE,
    tags::PATIENT_SEX,
];
/// Counted here.
pub(super) const STUDIES_OF_PATIENT: Tag = tags::NUMBER_OF_PATIENT_RELATED_STUDIES;

/// One of each patient, in the order of their first studies.
pub(super) fn patients(studies: Vec<DataSet>) -> Vec<DataSet> {
    let mut patients: Vec<(DataSet, u32)> = Vec::new();
    let mut known = HashMap::new();
    for study in studies {
        let id = study.texts(tags::PATIENT_ID);
        let is_named = id.iter().any(|id| !id.trim().is_empty());
        let mut key = vec![id, study.texts(tags::ISSUER_OF_PATIENT_ID)];
        if !is_named {
            // Without an id nobody is anybody else.
            key.push(study.texts(tags::STUDY_INSTANCE_UID));
        }
        let at = *known.entry(key).or_insert(patients.len());
        match patients.get_mut(at) {
            Some((_, studies)) => *studies += 1,
            None => patients.push((study, 1)),
        }
    }
    let counted = patients.into_iter().map(|(mut patient, studies)| {
        patient.set(STUDIES_OF_PATIENT, VR::IS, &[json!(studies)]);
        patient
    });
    counted.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn studies_of_one_id_and_issuer_are_one_patient_and_those_without_an_id_are_nobody_elses() {
        let study = |uid: &str, id: &str, issuer: &str| {
            let mut study = DataSet::default();
            study.set(tags::STUDY_INSTANCE_UID, VR::UI, &[json!(uid)]);
            study.set(tags::PATIENT_ID, VR::LO, &[json!(id)]);
            study.set(tags::ISSUER_OF_PATIENT_ID, VR::LO, &[json!(issuer)]);
            study
        };
        let found = patients(vec![
            study("1.1", "P-1", "A"),
            study("1.2", "P-2", "A"),
            study("1.3", "P-1", "A"),
            study("1.4", "P-1", "B"),
            study("1.5", "", ""),
            study("1.6", "", ""),
        ]);
        let told: Vec<_> = found
            .iter()
            .map(|one| {
                let first = |tag| one.texts(tag).first().cloned().unwrap_or_default();
                (first(tags::STUDY_INSTANCE_UID), first(STUDIES_OF_PATIENT))
            })
            .collect();
        let told: Vec<_> = told.iter().map(|(uid, count)| (&**uid, &**count)).collect();
        assert_eq!(
            told,
            [
                ("1.1", "2"),
                ("1.2", "1"),
                ("1.4", "1"),
                ("1.5", "1"),
                ("1.6", "1")
            ]
        );
    }
}
