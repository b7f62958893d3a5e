//! Whose picture it is, in which study and series, and what took it.
//!
//! Owns the plain facts that clips, stills and marks share. Nothing here is checked or written; the writers do
//! both. Facts about a patient are never printed for debugging.

use serde::{Deserialize, Serialize};

use super::moment::{Date, LocalTime, UtcOffset};
use super::name::PersonName;
use super::uid::Uid;

/// Everything that an object shares with the others of its series.
#[derive(Debug, Clone)]
pub struct Context {
    /// Whom the picture shows.
    pub patient: Patient,
    /// The visit, in DICOM's words.
    pub study: Study,
    /// Objects of one kind from one device belong to one series: clips in one, marks in another.
    pub series: Series,
    /// What made the object.
    pub equipment: Equipment,
    /// The offset that all local times of the object have.
    pub utc_offset: UtcOffset,
}

/// A patient's sex as administration knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Sex {
    /// M.
    Male,
    /// F.
    Female,
    /// O.
    Other,
}

/// The patient. Empty and absent mean unknown.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Patient {
    /// The name.
    pub name: PersonName,
    /// The hospital's number for the patient, at most 64 characters.
    pub id: String,
    /// The birth date.
    pub birth_date: Option<Date>,
    /// The sex.
    pub sex: Option<Sex>,
}

impl std::fmt::Debug for Patient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Patient")
    }
}

/// The study: all that one visit brought.
#[derive(Clone, Serialize, Deserialize)]
pub struct Study {
    /// Study Instance UID, as the worklist gave it, or a new one.
    pub uid: Uid,
    /// When it began.
    pub began_at: Option<LocalTime>,
    /// Study ID, at most 16 characters.
    pub id: String,
    /// Accession Number, at most 16 characters.
    pub accession_number: String,
    /// Who asked for it.
    pub referring_physician: PersonName,
    /// A few words; cut at 64 characters, left out when empty.
    pub description: String,
}

impl std::fmt::Debug for Study {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Study")
    }
}

impl Study {
    /// A study of which only the UID is known.
    #[must_use]
    pub fn new(uid: Uid) -> Self {
        Self {
            uid,
            began_at: None,
            id: String::new(),
            accession_number: String::new(),
            referring_physician: PersonName::default(),
            description: String::new(),
        }
    }
}

/// A series.
#[derive(Debug, Clone)]
pub struct Series {
    /// Series Instance UID.
    pub uid: Uid,
    /// Series Number.
    pub number: u32,
    /// When it began.
    pub began_at: Option<LocalTime>,
    /// A few words; cut at 64 characters, left out when empty.
    pub description: String,
}

/// What made the object. Words beyond their attribute's length are cut, but for the serial number.
#[derive(Debug, Clone, Default)]
pub struct Equipment {
    /// The maker.
    pub manufacturer: String,
    /// The model.
    pub model: String,
    /// The serial number, at most 64 characters.
    pub serial_number: String,
    /// Name and version of the programs.
    pub software_versions: String,
    /// The station's name; left out when empty.
    pub station_name: String,
    /// The hospital; left out when empty.
    pub institution_name: String,
}
