//! Whom a clip shows, in which visit, and what took it.
//!
//! Owns the facts and their way into an object. They go into each take, so that a clip that is finished
//! after a restart belongs to the patient who was there when it was taken. Nothing of a patient is ever printed or
//! logged. A consult's id is its study's UID, so that every device of one consult writes into one study without
//! asking; without a consult, each start of the agent is a visit of its own, because two people must never share one.

use crate::spool::Belongs;
use echo_dicom::write::{
    ClipFacts, ClipWriter, Context, Date, Equipment, LocalTime, Patient, PersonName, Series, Sex,
    Study, Uid, UtcOffset, WriteError,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;
use wire::clip::MarkerSide;
use wire::original::Digest;
use wire::{CaptureTime, ConsultId, DeviceId};

/// What is written as the software's name.
const SOFTWARE: &str = concat!("hibiki capture-agent ", env!("CARGO_PKG_VERSION"));

/// What is wrong with the facts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VisitFault {
    /// No such day.
    #[error("the birth date is no day; write it as 1941-02-28")]
    BirthDate,
    /// No such sex.
    #[error("the sex is one of M, F, O")]
    Sex,
    /// No such UID.
    #[error("the study's UID is none")]
    StudyUid,
    /// It is another patient's.
    #[error(
        "the study is that of the patient before; take study_uid and accession_number out or set them anew"
    )]
    StudyOfAnother,
    /// No such offset.
    #[error("the offset from UTC goes from -720 to 840 minutes")]
    UtcOffset,
    /// A word does not fit its attribute.
    #[error(transparent)]
    Words(#[from] WriteError),
}

/// The patient, as far as the visit says. Everything is optional.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PatientFacts {
    /// The hospital's number.
    pub id: Option<String>,
    /// What the visit calls the patient where the name is not to travel.
    pub alias: Option<String>,
    /// In letters, as `Yamada^Tarou`.
    pub name: Option<String>,
    /// In ideographs, as `山田^太郎`.
    pub name_ideographic: Option<String>,
    /// As spoken, as `やまだ^たろう`.
    pub name_phonetic: Option<String>,
    /// As `1941-02-28`.
    pub birth_date: Option<String>,
    /// M, F or O.
    pub sex: Option<String>,
    /// The order's number, as the hospital's worklist gives it.
    pub accession_number: Option<String>,
    /// The study that the hospital has made for the order.
    pub study_uid: Option<String>,
    /// Who asked for it, as `Suzuki^Hanako=鈴木^花子`.
    pub referring_physician: Option<String>,
    /// What was asked for.
    pub study_description: Option<String>,
}

impl fmt::Debug for PatientFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PatientFacts")
    }
}

/// The ultrasound device. Everything is optional.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeviceFacts {
    /// The maker.
    pub manufacturer: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// The serial number.
    pub serial_number: Option<String>,
    /// The station's name.
    pub station: Option<String>,
    /// The hospital.
    pub institution: Option<String>,
    /// On which side its picture shows the orientation marker.
    pub marker: Option<MarkerSide>,
}

/// A visit as one agent knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The consult in whose study it is. Not kept with a take, which has what follows from it.
    #[serde(skip)]
    consult: Option<ConsultId>,
    /// Study Instance UID.
    study: String,
    /// Series Instance UID of this device's clips.
    series: String,
    /// When the agent started.
    began_at: CaptureTime,
    patient: PatientFacts,
    device: DeviceFacts,
    /// Local time against UTC.
    utc_offset_minutes: i16,
}

impl Visit {
    /// The visit of `consult`, or one of its own; `device` tells series of several devices apart.
    ///
    /// # Errors
    /// `VisitFault` when something could not be written as DICOM.
    pub fn new(
        consult: Option<ConsultId>,
        device: Option<DeviceId>,
        began_at: CaptureTime,
        patient: PatientFacts,
        facts: DeviceFacts,
        utc_offset_minutes: i16,
    ) -> Result<Self, VisitFault> {
        let of_study = consult.unwrap_or_else(ConsultId::random);
        let study = Uid::from_uuid(of_study.uuid().as_u128());
        let device = device.map_or_else(String::new, |id| id.to_string());
        let series = derived(&["series", study.as_str(), &device]);
        let visit = Self {
            consult,
            study: study.as_str().to_owned(),
            series: series.as_str().to_owned(),
            began_at,
            patient,
            device: facts,
            utc_offset_minutes,
        };
        visit.check()?;
        Ok(visit)
    }

    /// The same visit with other facts.
    pub(super) fn with(
        &self,
        patient: PatientFacts,
        device: DeviceFacts,
    ) -> Result<Self, VisitFault> {
        let visit = Self {
            patient,
            device,
            ..self.clone()
        };
        visit.check()?;
        Ok(visit)
    }

    /// In the study and series of another visit.
    pub(super) fn in_study_of(self, other: &Self) -> Self {
        Self {
            consult: other.consult,
            study: other.study.clone(),
            series: other.series.clone(),
            ..self
        }
    }

    /// In a study that nobody shares.
    pub(super) fn in_another_study(self) -> Self {
        let study = Uid::from_uuid(ConsultId::random().uuid().as_u128());
        let series = derived(&["series", study.as_str(), &self.series]);
        Self {
            consult: None,
            study: study.as_str().to_owned(),
            series: series.as_str().to_owned(),
            ..self
        }
    }

    /// The patient.
    pub(super) const fn patient(&self) -> &PatientFacts {
        &self.patient
    }

    /// What tells this patient from others, the surest fact that there is; nothing when none is known.
    pub(super) fn whom(&self) -> Option<String> {
        let PatientFacts {
            id,
            alias,
            name,
            name_ideographic,
            name_phonetic,
            birth_date,
            ..
        } = &self.patient;
        let names = [name, name_ideographic, name_phonetic, birth_date];
        let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
        let names = (!names.is_empty()).then(|| names.join("="));
        id.clone().or_else(|| alias.clone()).or(names)
    }

    /// The study that the hospital has made for it.
    pub(super) fn ordered_study(&self) -> Option<&str> {
        self.patient.study_uid.as_deref()
    }

    /// When the agent started.
    pub(super) const fn began_at(&self) -> CaptureTime {
        self.began_at
    }

    /// The consult in whose study it is; another patient's is in none.
    pub(super) const fn consult(&self) -> Option<ConsultId> {
        self.consult
    }

    /// The same as `whom`, as it may stand beside a clip.
    pub(super) fn whom_digest(&self) -> Option<Digest> {
        let whom = self.whom()?;
        Some(Digest::from_bytes(Sha256::digest(whom).into()))
    }

    /// Where a clip of this visit may go by itself.
    pub(super) fn belongs(&self) -> Belongs {
        match (self.consult, self.whom_digest()) {
            (Some(consult), _) => Belongs::Consult(consult),
            (None, Some(whom)) => Belongs::Next(whom),
            (None, None) => Belongs::Unsaid,
        }
    }

    /// Whether an object of this patient cannot be taken for one of this visit: both name somebody, and the surest fact
    /// that both have differs, or there is none.
    pub(super) fn is_another(&self, shown: &Patient) -> bool {
        let Ok(ours) = self.patient.to_dicom() else {
            return true;
        };
        if !names_somebody(&ours) || !names_somebody(shown) {
            return false;
        }
        if !ours.id.is_empty() && !shown.id.is_empty() {
            return ours.id != shown.id;
        }
        let days = ours.birth_date.zip(shown.birth_date);
        ours.name != shown.name || days.is_some_and(|(ours, shown)| ours != shown)
    }

    /// Writes nothing, but asks the writer whether it would.
    fn check(&self) -> Result<(), VisitFault> {
        let context = self.context()?;
        let taken_at = self.local(self.began_at).ok_or(VisitFault::UtcOffset)?;
        let facts = ClipFacts::new(Uid::from_uuid(1), 1, taken_at);
        let picture = echo_dicom::Picture {
            width: 1,
            height: 1,
            form: echo_dicom::PixelForm::Gray8,
            rows: vec![0],
        };
        ClipWriter::still(&context, &facts, &[picture][..])?;
        Ok(())
    }

    /// Where pictures of the visit have their orientation marker.
    pub(super) const fn marker(&self) -> Option<MarkerSide> {
        self.device.marker
    }

    /// What objects of the visit share.
    pub(super) fn context(&self) -> Result<Context, VisitFault> {
        let uid = |text: &str| Uid::parse(text).unwrap_or_else(|| derived(&[text]));
        let began_at = self.local(self.began_at);
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        // A series lies in one study, so that of another study is another one.
        let (study, series) = match &self.patient.study_uid {
            None => (uid(&self.study), uid(&self.series)),
            Some(given) => (
                Uid::parse(given).ok_or(VisitFault::StudyUid)?,
                derived(&["series", given, &self.series]),
            ),
        };
        Ok(Context {
            patient: self.patient.to_dicom()?,
            study: Study {
                began_at,
                accession_number: text(&self.patient.accession_number),
                referring_physician: person_name(&text(&self.patient.referring_physician)),
                description: text(&self.patient.study_description),
                ..Study::new(study)
            },
            series: Series {
                uid: series,
                number: 1,
                began_at,
                description: String::new(),
            },
            equipment: self.device.to_dicom(),
            utc_offset: self.offset()?,
        })
    }

    /// What the clock on the wall said.
    pub(super) fn local(&self, at: CaptureTime) -> Option<LocalTime> {
        LocalTime::at(at, self.offset().ok()?)
    }

    fn offset(&self) -> Result<UtcOffset, VisitFault> {
        UtcOffset::from_minutes(self.utc_offset_minutes).ok_or(VisitFault::UtcOffset)
    }
}

/// Whether an object says whom it shows.
pub(super) fn names_somebody(patient: &Patient) -> bool {
    !patient.id.is_empty() || patient.name != PersonName::default()
}

/// A UID that follows from words, the same every time.
fn derived(words: &[&str]) -> Uid {
    let mut hash = Sha256::new();
    for word in words {
        hash.update(word.as_bytes());
        hash.update([0]);
    }
    let mut uuid = [0; 16];
    for (byte, from) in uuid.iter_mut().zip(hash.finalize()) {
        *byte = from;
    }
    // Version 8: made by rules of our own (RFC 9562 section 5.8).
    Uid::from_uuid(uuid::Builder::from_custom_bytes(uuid).into_uuid().as_u128())
}

/// A name in up to three groups (PS3.5 section 6.2.1.1).
fn person_name(text: &str) -> PersonName {
    let mut groups = text.split('=');
    let mut name = PersonName::new(groups.next().unwrap_or_default());
    if let Some(ideographic) = groups.next() {
        name = name.with_ideographic(ideographic);
    }
    if let Some(phonetic) = groups.next() {
        name = name.with_phonetic(phonetic);
    }
    name
}

impl PatientFacts {
    /// Each fact by its name in a file.
    pub(crate) const fn named(&self) -> [(&'static str, &Option<String>); 11] {
        [
            ("id", &self.id),
            ("alias", &self.alias),
            ("name", &self.name),
            ("name_ideographic", &self.name_ideographic),
            ("name_phonetic", &self.name_phonetic),
            ("birth_date", &self.birth_date),
            ("sex", &self.sex),
            ("accession_number", &self.accession_number),
            ("study_uid", &self.study_uid),
            ("referring_physician", &self.referring_physician),
            ("study_description", &self.study_description),
        ]
    }

    fn to_dicom(&self) -> Result<Patient, VisitFault> {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        let letters = self.name.as_ref().or(self.alias.as_ref());
        let mut name = PersonName::new(letters.cloned().unwrap_or_default());
        if let Some(ideographic) = &self.name_ideographic {
            name = name.with_ideographic(ideographic.clone());
        }
        if let Some(phonetic) = &self.name_phonetic {
            name = name.with_phonetic(phonetic.clone());
        }
        let birth_date = match &self.birth_date {
            None => None,
            Some(day) => Some(Date::parse(&day.replace('-', "")).ok_or(VisitFault::BirthDate)?),
        };
        let sex = match self.sex.as_deref() {
            None => None,
            Some("M") => Some(Sex::Male),
            Some("F") => Some(Sex::Female),
            Some("O") => Some(Sex::Other),
            Some(_) => return Err(VisitFault::Sex),
        };
        let id = if self.id.is_some() {
            text(&self.id)
        } else {
            text(&self.alias)
        };
        Ok(Patient {
            name,
            id,
            birth_date,
            sex,
        })
    }
}

impl DeviceFacts {
    fn to_dicom(&self) -> Equipment {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        Equipment {
            manufacturer: text(&self.manufacturer),
            model: text(&self.model),
            serial_number: text(&self.serial_number),
            software_versions: SOFTWARE.to_owned(),
            station_name: text(&self.station),
            institution_name: text(&self.institution),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit(consult: Option<ConsultId>, patient: PatientFacts) -> Result<Visit, VisitFault> {
        let began_at = CaptureTime(1_795_000_000_000_000);
        Visit::new(
            consult,
            None,
            began_at,
            patient,
            DeviceFacts::default(),
            540,
        )
    }

    #[test]
    fn a_consult_is_one_study_and_no_consult_is_another_each_time() {
        let consult = Some(ConsultId::random());
        let study = |consult| visit(consult, PatientFacts::default()).unwrap().study;
        assert_eq!(study(consult), study(consult));
        assert_ne!(study(None), study(None));
    }

    #[test]
    fn what_could_not_be_written_is_refused_at_the_start() {
        let long = PatientFacts {
            id: Some("9".repeat(65)),
            ..PatientFacts::default()
        };
        let fault = visit(None, long).unwrap_err().to_string();
        assert!(
            fault.contains("PatientID") && !fault.contains("99"),
            "{fault}"
        );
        for (birth_date, sex) in [(Some("1941-02-30"), None), (None, Some("w"))] {
            let facts = PatientFacts {
                birth_date: birth_date.map(str::to_owned),
                sex: sex.map(str::to_owned),
                ..PatientFacts::default()
            };
            assert!(visit(None, facts).is_err());
        }
    }

    #[test]
    fn what_the_hospital_ordered_stands_in_the_clip_and_its_study_has_a_series_of_its_own() {
        let said = |text: &str| Some(text.to_owned());
        let ordered = PatientFacts {
            accession_number: said("A-17"),
            study_uid: said("1.2.3"),
            referring_physician: said("Suzuki^Hanako=鈴木^花子"),
            ..PatientFacts::default()
        };
        let consult = Some(ConsultId::random());
        let plain = visit(consult, PatientFacts::default()).unwrap();
        let plain = plain.context().unwrap();
        let context = visit(consult, ordered).unwrap().context().unwrap();
        assert_eq!(context.study.uid.as_str(), "1.2.3");
        assert_eq!(context.study.accession_number, "A-17");
        let asked = PersonName::new("Suzuki^Hanako").with_ideographic("鈴木^花子");
        assert_eq!(context.study.referring_physician, asked);
        assert_ne!(context.series.uid, plain.series.uid);
        let wrong = PatientFacts {
            study_uid: said("none"),
            ..PatientFacts::default()
        };
        assert!(matches!(visit(consult, wrong), Err(VisitFault::StudyUid)));
    }

    #[test]
    fn nothing_of_a_patient_is_printed() {
        let facts = PatientFacts {
            // No digits: a random UID may hold any.
            id: Some("KX-Q".into()),
            name: Some("Yamada^Tarou".into()),
            ..PatientFacts::default()
        };
        let text = format!("{:?}", visit(None, facts).unwrap());
        assert!(!text.contains("KX-Q") && !text.contains("Yamada"), "{text}");
    }
}
