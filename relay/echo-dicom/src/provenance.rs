//! Whose clip it is: the patient, study and series that other objects about it must repeat as it states them.
//!
//! Owns reading those attributes (PS3.3 sections C.7.1 to C.7.3) in the character set that the file names. It is apart
//! from the header because the header may be logged and this may not. Invariant: an identity is read whole or refused
//! by its name; one that is only missing reads as unknown, but a study and a series must have their UIDs.

use std::path::Path;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_encoding::text::{SpecificCharacterSet, TextCodec};
use serde::{Deserialize, Serialize};

use crate::error::ClipError;
use crate::inflate;
use crate::japanese::Japanese;
use crate::meta;
use crate::scan::Index;
use crate::source::Source;
use crate::syntax::{Encoding, TransferSyntax};
use crate::values::Values;
use crate::write::{Date, LocalTime, Patient, PersonName, Sex, Study, Uid, UtcOffset};

/// Where a stored object belongs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Provenance {
    /// Whom it shows.
    pub patient: Patient,
    /// The study it lies in.
    pub study: Study,
    /// Series Instance UID.
    pub series_uid: Uid,
    /// SOP Class UID.
    pub class_uid: Uid,
    /// SOP Instance UID.
    pub instance_uid: Uid,
    /// The offset of its local times, where it is stated.
    pub utc_offset: Option<UtcOffset>,
}

impl Provenance {
    /// Reads it from a whole file.
    ///
    /// # Errors
    /// `Attribute` for a UID that is missing and for an identity that cannot be read; otherwise the step that failed.
    pub fn read(path: &Path) -> Result<Self, ClipError> {
        let source = Source::open(path)?;
        let meta = meta::read(&source)?;
        let (source, data_set_at) = match meta.syntax {
            TransferSyntax::Deflated => (inflate::data_set(&source, meta.data_set_at)?, 0),
            _ => (source, meta.data_set_at),
        };
        Self::of(&source, data_set_at, meta.syntax.encoding())
    }

    pub(crate) fn of(
        source: &Source,
        data_set_at: u64,
        encoding: Encoding,
    ) -> Result<Self, ClipError> {
        let index = Index::build(source, data_set_at, encoding)?;
        let words = Words::new(Values::new(source, &index.top))?;
        Ok(Self {
            patient: patient(&words)?,
            study: study(&words)?,
            series_uid: words.uid(tags::SERIES_INSTANCE_UID, "SeriesInstanceUID")?,
            class_uid: words.uid(tags::SOP_CLASS_UID, "SOPClassUID")?,
            instance_uid: words.uid(tags::SOP_INSTANCE_UID, "SOPInstanceUID")?,
            utc_offset: utc_offset(&words.plain(tags::TIMEZONE_OFFSET_FROM_UTC)?),
        })
    }
}

fn patient(words: &Words<'_>) -> Result<Patient, ClipError> {
    Ok(Patient {
        name: words.person(tags::PATIENT_NAME, "PatientName")?,
        id: words.text(tags::PATIENT_ID, "PatientID")?,
        birth_date: Date::parse(&words.plain(tags::PATIENT_BIRTH_DATE)?),
        sex: match words.plain(tags::PATIENT_SEX)?.as_str() {
            "M" => Some(Sex::Male),
            "F" => Some(Sex::Female),
            "O" => Some(Sex::Other),
            _ => None,
        },
    })
}

fn study(words: &Words<'_>) -> Result<Study, ClipError> {
    let date = Date::parse(&words.plain(tags::STUDY_DATE)?);
    let time = words.plain(tags::STUDY_TIME)?;
    let study_id = words.text(tags::STUDY_ID, "StudyID")?;
    Ok(Study {
        uid: words.uid(tags::STUDY_INSTANCE_UID, "StudyInstanceUID")?,
        began_at: date.and_then(|date| local_time(date, &time)),
        id: study_id,
        accession_number: words.text(tags::ACCESSION_NUMBER, "AccessionNumber")?,
        referring_physician: words
            .person(tags::REFERRING_PHYSICIAN_NAME, "ReferringPhysicianName")?,
        description: words.text(tags::STUDY_DESCRIPTION, "StudyDescription")?,
    })
}

/// Text values in the file's own character set.
struct Words<'a> {
    values: Values<'a>,
    sets: Sets,
}

impl<'a> Words<'a> {
    fn new(values: Values<'a>) -> Result<Self, ClipError> {
        let named = values
            .text(tags::SPECIFIC_CHARACTER_SET)?
            .unwrap_or_default();
        Ok(Self {
            sets: Sets::named(&named),
            values,
        })
    }

    /// A value of the default repertoire.
    fn plain(&self, tag: Tag) -> Result<String, ClipError> {
        Ok(self.values.text(tag)?.unwrap_or_default())
    }

    fn text(&self, tag: Tag, name: &'static str) -> Result<String, ClipError> {
        let bytes = self.values.bytes(tag)?.unwrap_or_default();
        if bytes.is_ascii() && !bytes.contains(&ESCAPE) {
            return self.plain(tag);
        }
        let read = self.sets.read(&bytes);
        // A decoder that meets what it does not know may leave escape sequences or put a mark in their place.
        read.filter(|text| !text.contains([ESCAPE_CHAR, char::REPLACEMENT_CHARACTER]))
            .map(|text| text.trim_matches([' ', '\0']).to_owned())
            .ok_or_else(|| ClipError::Attribute {
                name,
                tag,
                fault: "is not written in the character set that the file names".to_owned(),
            })
    }

    /// A name in up to three groups (PS3.5 section 6.2.1).
    fn person(&self, tag: Tag, name: &'static str) -> Result<PersonName, ClipError> {
        let text = self.text(tag, name)?;
        let mut groups = text.split('=');
        let mut next = || groups.next().unwrap_or_default().trim_end();
        let read = PersonName::new(next())
            .with_ideographic(next())
            .with_phonetic(next());
        // Three groups and no more (PS3.5 section 6.2.1.1): what else is there would be lost.
        if groups.any(|more| !more.trim_end().is_empty()) {
            return Err(ClipError::Attribute {
                name,
                tag,
                fault: "has more groups than a name may have".to_owned(),
            });
        }
        Ok(read)
    }

    fn uid(&self, tag: Tag, name: &'static str) -> Result<Uid, ClipError> {
        Uid::parse(&self.plain(tag)?).ok_or_else(|| ClipError::Attribute {
            name,
            tag,
            fault: "is missing or no UID".to_owned(),
        })
    }
}

const ESCAPE: u8 = 0x1b;
const ESCAPE_CHAR: char = '\u{1b}';

/// Text in the sets that Specific Character Set names, several between backslashes; `None` when it is none in them.
#[must_use]
pub fn text_in(sets: &str, bytes: &[u8]) -> Option<String> {
    Sets::named(sets).read(bytes)
}

/// The sets that a file names (PS3.3 section C.12.1.1.2).
pub(crate) enum Sets {
    Japanese(Japanese),
    One(SpecificCharacterSet),
    /// Plain letters can be read all the same.
    Unknown,
}

impl Sets {
    pub(crate) fn named(named: &str) -> Self {
        let codes: Vec<String> = named
            .split('\\')
            // Some devices write a hyphen.
            .map(|code| code.trim().replace("ISO-IR", "ISO_IR"))
            .collect();
        if let Some(japanese) = Japanese::named(codes.iter().map(String::as_str)) {
            return Self::Japanese(japanese);
        }
        match codes.first().map(String::as_str).unwrap_or_default() {
            "" => Self::One(SpecificCharacterSet::ISO_IR_6),
            code => SpecificCharacterSet::from_code(code).map_or(Self::Unknown, Self::One),
        }
    }

    pub(crate) fn read(&self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Japanese(japanese) => japanese.read(bytes),
            Self::One(set) => set.decode(bytes).ok(),
            Self::Unknown => None,
        }
    }
}

/// `HHMMSS.FFFFFF`, of which the end may be missing but not the hour (PS3.5 section 6.2, TM).
fn local_time(date: Date, time: &str) -> Option<LocalTime> {
    let hour = time.get(..2)?.parse().ok()?;
    let part = |from: usize| {
        time.get(from..from + 2)
            .map_or(Some(0), |two| two.parse().ok())
    };
    let micros = match time.get(6..).and_then(|rest| rest.strip_prefix('.')) {
        Some(digits) => format!("{digits:0<6.6}").parse().ok()?,
        None => 0,
    };
    LocalTime::new(date, hour, part(2)?, part(4)?, micros)
}

/// `+HHMM` or `-HHMM`.
fn utc_offset(text: &str) -> Option<UtcOffset> {
    let ahead = match text.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let part = |from: usize| text.get(from..from + 2)?.parse::<u8>().ok().map(i16::from);
    UtcOffset::from_minutes(ahead * (part(1)? * 60 + part(3)?))
}
