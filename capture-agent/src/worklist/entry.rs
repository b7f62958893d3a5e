//! What an entry of the worklist says of a visit. Rules without input or output.
//!
//! Texts are read in the character sets that the entry names, Japanese ones too. What cannot be written into a clip later is left out
//! here if it is no fact of its own (a date that is no day), and kept if somebody has to see it.

use crate::clip::PatientFacts;
use dimse::Scheduled;
use echo_dicom::text_in;
use echo_dicom::write::{Date, Uid};
use serde::Serialize;
use std::fmt;

/// What is scheduled.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// By what it is taken: its accession number, else its study, else the patient's number.
    pub key: String,
    /// When, as `09:30`.
    pub time: String,
    /// What is to be done.
    pub step: String,
    /// Whom and on whose order.
    pub patient: PatientFacts,
}

/// It names a patient.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entry")
    }
}

/// What was found, in the order of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// They.
    pub entries: Vec<Entry>,
    /// Entries whose text is none in the character sets that they name, or that name nobody.
    pub unreadable: usize,
    /// There are more than are listed.
    pub more: bool,
}

/// An entry cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TakeFault {
    /// None has it.
    #[error("no entry of that day is called so; list them without --take")]
    None,
    /// Somebody has to decide.
    #[error("more than one patient or order is called so on that day; write [patient] by hand")]
    Several,
}

impl Listed {
    /// Reads entries.
    #[must_use]
    pub fn of(scheduled: &[Scheduled], more: bool) -> Self {
        let mut entries: Vec<Entry> = scheduled.iter().filter_map(Entry::of).collect();
        let unreadable = scheduled.len() - entries.len();
        entries.sort_by(|a, b| (&a.time, &a.key).cmp(&(&b.time, &b.key)));
        Self {
            entries,
            unreadable,
            more,
        }
    }

    /// The one entry that is called so. Several steps of one order are one.
    ///
    /// # Errors
    /// `TakeFault`.
    pub fn take(&self, key: &str) -> Result<&Entry, TakeFault> {
        let mut called = self.entries.iter().filter(|one| one.key == key);
        let first = called.next().ok_or(TakeFault::None)?;
        if called.any(|other| other.patient != first.patient) {
            return Err(TakeFault::Several);
        }
        Ok(first)
    }
}

impl Entry {
    fn of(scheduled: &Scheduled) -> Option<Self> {
        let sets = scheduled.character_sets.as_str();
        let text = |value: &[u8]| -> Option<Option<String>> {
            // A terminal would follow what it takes for orders, a DICOM text may hold none (PS3.5 section 6.1.3).
            let text: String = text_in(sets, value)?
                .chars()
                .filter(|letter| !letter.is_control())
                .collect();
            let text = text.trim_matches(' ');
            Some((!text.is_empty()).then(|| text.to_owned()))
        };
        let name = text(&scheduled.patient_name)?.unwrap_or_default();
        let mut groups = name.split('=').map(|group| {
            let group = group.trim_matches([' ', '^']);
            (!group.is_empty()).then(|| group.to_owned())
        });
        let mut group = || groups.next().flatten();
        let birth_date = text(&scheduled.birth_date)?.and_then(|day| written_day(&day));
        let sex = text(&scheduled.sex)?.filter(|sex| matches!(sex.as_str(), "M" | "F" | "O"));
        let study = text(&scheduled.study)?.filter(|uid| Uid::parse(uid).is_some());
        let patient = PatientFacts {
            id: text(&scheduled.patient_id)?,
            name: group(),
            name_ideographic: group(),
            name_phonetic: group(),
            birth_date,
            sex,
            accession_number: text(&scheduled.accession_number)?,
            study_uid: study,
            referring_physician: text(&scheduled.referring_physician)?,
            study_description: text(&scheduled.procedure)?,
            ..PatientFacts::default()
        };
        let PatientFacts {
            id,
            accession_number,
            study_uid,
            ..
        } = &patient;
        // An order of nobody: a visit of it would put clips without a patient into a hospital's study.
        let names = [
            &patient.name,
            &patient.name_ideographic,
            &patient.name_phonetic,
        ];
        if id.is_none() && names.into_iter().all(Option::is_none) {
            return None;
        }
        let key = accession_number.as_ref().or(study_uid.as_ref());
        let key = key.or(id.as_ref())?.clone();
        let step = text(&scheduled.step)?.or_else(|| patient.study_description.clone());
        Some(Self {
            key,
            time: written_time(&text(&scheduled.time)?.unwrap_or_default()),
            step: step.unwrap_or_default(),
            patient,
        })
    }
}

/// `19410228` as `1941-02-28`.
fn written_day(day: &str) -> Option<String> {
    Date::parse(day)?;
    let (year, rest) = day.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    Some(format!("{year}-{month}-{day}"))
}

/// `093000.000` as `09:30`.
fn written_time(time: &str) -> String {
    match (time.get(..2), time.get(2..4)) {
        (Some(hour), Some(minute)) => format!("{hour}:{minute}"),
        _ => time.to_owned(),
    }
}

/// One line for a terminal.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts = &self.patient;
        let names = [&facts.name_ideographic, &facts.name, &facts.name_phonetic];
        let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
        let said = |fact: &Option<String>| fact.clone().unwrap_or_default();
        write!(
            f,
            "{:<16}  {:<5}  {}  {}  {} {}  {}",
            self.key,
            self.time,
            said(&facts.id),
            names.join(" / "),
            said(&facts.birth_date),
            said(&facts.sex),
            self.step
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scheduled(accession: &str, id: &str) -> Scheduled {
        Scheduled {
            character_sets: "\\ISO 2022 IR 87".to_owned(),
            accession_number: accession.into(),
            patient_id: id.into(),
            // PS3.5 Annex H.3.1.
            patient_name: b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B ".to_vec(),
            birth_date: b"19410228".to_vec(),
            sex: b"F ".to_vec(),
            study: b"1.2.3\0".to_vec(),
            referring_physician: b"Suzuki^Hanako".to_vec(),
            time: b"093000".to_vec(),
            ..Scheduled::default()
        }
    }

    #[test]
    fn an_entry_in_kanji_becomes_the_facts_of_a_visit() {
        let listed = Listed::of(&[scheduled("A-17", "P-1 ")], false);
        let entry = listed.take("A-17").unwrap();
        let said = |fact: &Option<String>| fact.clone().unwrap();
        let facts = &entry.patient;
        assert_eq!(said(&facts.name_ideographic), "山田^太郎");
        assert_eq!(said(&facts.name_phonetic), "やまだ^たろう");
        assert_eq!(said(&facts.birth_date), "1941-02-28");
        assert_eq!(
            (said(&facts.id), said(&facts.sex)),
            ("P-1".into(), "F".into())
        );
        assert_eq!(said(&facts.study_uid), "1.2.3");
        assert_eq!(entry.time, "09:30");
        assert!(entry.to_string().contains("山田^太郎 / Yamada^Tarou"));
    }

    #[test]
    fn no_entry_gives_orders_to_a_terminal() {
        let mut odd = scheduled("A-17", "P\u{1b}[2J-1\u{9b}");
        odd.character_sets = "ISO_IR 192".to_owned();
        odd.patient_name = "Yamada^\u{1b}]0;x\u{7}Tarou\r".into();
        let listed = Listed::of(&[odd], false);
        let line = listed.entries[0].to_string();
        assert!(line.contains("Yamada^]0;xTarou"), "{line}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }

    #[test]
    fn only_an_entry_that_is_one_patients_is_taken() {
        let (mut later, mut nobody) = (scheduled("A-17", "P-1"), scheduled("A-19", ""));
        later.time = b"1030".to_vec();
        // The components of a name, and nothing in them.
        nobody.patient_name = b"^^=^".to_vec();
        let mut unnumbered = scheduled("", "");
        unnumbered.study = Vec::new();
        let mut broken = scheduled("A-18", "P-2");
        broken.patient_name = b"\x1b$B\xFF\xFF".to_vec();
        let entries = [later, scheduled("A-17", "P-1"), nobody, unnumbered, broken];
        let listed = Listed::of(&entries, false);
        assert_eq!(listed.unreadable, 3);
        assert_eq!(listed.take("A-19"), Err(TakeFault::None), "it names nobody");
        let named = Listed::of(&[scheduled("A-20", "")], false);
        assert!(named.take("A-20").is_ok(), "a name alone will do");
        assert_eq!(listed.take("A-17").unwrap().time, "09:30", "one order");
        assert_eq!(listed.take("A-1"), Err(TakeFault::None));
        let other = Listed::of(&[scheduled("A-17", "P-1"), scheduled("A-17", "P-2")], false);
        assert_eq!(other.take("A-17"), Err(TakeFault::Several));
    }

    #[test]
    fn what_is_no_day_or_no_study_is_left_out() {
        let mut odd = scheduled("A-17", "P-1");
        odd.birth_date = b"19410230".to_vec();
        odd.study = b"none".to_vec();
        odd.sex = b"U ".to_vec();
        let facts = Listed::of(&[odd], false).entries[0].patient.clone();
        assert_eq!(
            (facts.birth_date, facts.study_uid, facts.sex),
            (None, None, None)
        );
    }
}
