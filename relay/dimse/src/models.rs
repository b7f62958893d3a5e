//! The classes of questions (PS3.4 sections C.6.1.3 and C.6.2.3): what they ask for, and where their hierarchy begins.

use crate::command::{C_FIND, C_GET, C_MOVE};
use dicom_dictionary_std::uids;

/// Where the hierarchy of a question begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// Patients, their studies and so on.
    Patient,
    /// Studies, with what they say of the patient.
    Study,
}

/// Of a class of questions, its root and the command that asks them.
pub(crate) fn model(class: &str) -> Option<(Root, u16)> {
    match class {
        uids::PATIENT_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_FIND => Some((Root::Patient, C_FIND)),
        uids::PATIENT_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_MOVE => Some((Root::Patient, C_MOVE)),
        uids::PATIENT_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_GET => Some((Root::Patient, C_GET)),
        uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_FIND => Some((Root::Study, C_FIND)),
        uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_MOVE => Some((Root::Study, C_MOVE)),
        uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_GET => Some((Root::Study, C_GET)),
        _ => None,
    }
}
