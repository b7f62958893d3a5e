//! Where an exported clip may go by itself.
//!
//! Owns the rule: a card holds whatever was exported on it, also other patients and other days, so what is not plainly of this
//! visit waits for a person (decision 0031). The file is of this visit when it was written since the visit is about its
//! patient, its study is of no earlier day, and it names nobody else. Called for each file that is taken in.

use super::visit::names_somebody;
use super::visit_now::{CurrentVisit, VisitNow};
use crate::spool::Belongs;
use echo_dicom::Provenance;
use wire::CaptureTime;

/// What a file says that matters here.
#[derive(Debug)]
pub struct Exported {
    /// Whom it names, in which study; nothing when that cannot be read.
    pub says: Option<Provenance>,
    /// When the file was written.
    pub written: CaptureTime,
}

/// Where this file may go, at `now`.
#[must_use]
pub fn belongs(current: &CurrentVisit, exported: &Exported, now: CaptureTime) -> Belongs {
    let (Ok(VisitNow { visit, since }), Some(says)) = (current.at(now), &exported.says) else {
        return Belongs::Unsaid;
    };
    let began_on = visit.local(since).map(|began| began.date());
    let of_earlier_day = says
        .study
        .began_at
        .zip(began_on)
        .is_some_and(|(study, began_on)| study.date() < began_on);
    if exported.written < since || of_earlier_day || visit.is_another(&says.patient) {
        return Belongs::Unsaid;
    }
    visit.belongs()
}

/// The same for an object that a handheld sends by itself. Its time is that of its sending, also when it was scanned long ago,
/// so one that names nobody says nothing of whom it shows, and waits.
#[must_use]
pub fn belongs_sent(current: &CurrentVisit, sent: &Exported, now: CaptureTime) -> Belongs {
    match &sent.says {
        Some(says) if names_somebody(&says.patient) => belongs(current, sent, now),
        _ => Belongs::Unsaid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::{DeviceFacts, PatientFacts, Visit};
    use echo_dicom::write::{Date, LocalTime, Patient, PersonName};
    use std::path::Path;
    use wire::ConsultId;

    /// 2026-11-18, in the evening in Japan.
    const BEGAN: CaptureTime = CaptureTime(1_795_000_000_000_000);

    fn visit(consult: ConsultId, id: Option<&str>, name: Option<&str>) -> CurrentVisit {
        let facts = PatientFacts {
            id: id.map(str::to_owned),
            name: name.map(str::to_owned),
            birth_date: Some("1941-02-28".to_owned()),
            ..PatientFacts::default()
        };
        let visit = Visit::new(
            Some(consult),
            None,
            BEGAN,
            facts,
            DeviceFacts::default(),
            540,
        );
        CurrentVisit::new(visit.unwrap(), None)
    }

    /// A file of the visit's day that names this patient.
    fn exported(id: &str, name: &str) -> Exported {
        let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-dicom/plax_small.dcm");
        let mut says = Provenance::read(&clip).unwrap();
        says.patient = Patient {
            name: PersonName::new(name.to_owned()),
            id: id.to_owned(),
            birth_date: None,
            sex: None,
        };
        says.study.began_at = None;
        Exported {
            says: Some(says),
            written: CaptureTime(BEGAN.0 + 1),
        }
    }

    #[test]
    fn a_file_of_another_patient_waits() {
        let consult = ConsultId::random();
        let goes = |visit: &CurrentVisit, file: &Exported| match belongs(visit, file, BEGAN) {
            Belongs::Consult(to) => to == consult,
            Belongs::Unsaid => false,
            Belongs::Next(_) => panic!("it is in the consult"),
        };
        let whole = visit(consult, Some("4711"), Some("Yamada^Tarou"));
        assert!(
            goes(&whole, &exported("4711", "YAMADA^T")),
            "the id is surer"
        );
        assert!(!goes(&whole, &exported("5822", "Yamada^Tarou")));
        assert!(goes(&whole, &exported("", "Yamada^Tarou")));
        assert!(!goes(&whole, &exported("", "Sato^Hana")));
        assert!(goes(&whole, &exported("", "")), "it names nobody");
        let named = visit(consult, None, Some("Yamada^Tarou"));
        assert!(goes(&named, &exported("4711", "Yamada^Tarou")));
        let mut born = exported("4711", "Yamada^Tarou");
        let patient = &mut born.says.as_mut().unwrap().patient;
        patient.birth_date = Date::new(1950, 1, 1);
        assert!(!goes(&named, &born), "another one of that name");
        let numbered = visit(consult, Some("4711"), None);
        assert!(
            !goes(&numbered, &exported("", "Sato^Hana")),
            "nobody can tell"
        );
        let nobody = visit(consult, None, None);
        assert!(goes(&nobody, &exported("", "")));
    }

    #[test]
    fn what_a_handheld_sends_without_a_name_waits_for_a_person() {
        let consult = ConsultId::random();
        let current = visit(consult, Some("4711"), None);
        let sent = |id: &str| belongs_sent(&current, &exported(id, ""), BEGAN);
        assert_eq!(sent("4711"), Belongs::Consult(consult));
        assert_eq!(sent("5822"), Belongs::Unsaid);
        assert_eq!(sent(""), Belongs::Unsaid);
    }

    #[test]
    fn a_file_from_before_the_visit_waits_by_its_own_time_and_by_its_study() {
        let consult = ConsultId::random();
        let current = visit(consult, Some("4711"), None);
        let here = Belongs::Consult(consult);
        let file = || exported("4711", "");
        assert_eq!(belongs(&current, &file(), BEGAN), here);
        let old = Exported {
            written: CaptureTime(BEGAN.0 - 1),
            ..file()
        };
        assert_eq!(belongs(&current, &old, BEGAN), Belongs::Unsaid);
        for (day, goes) in [(17, false), (18, true)] {
            let mut copied = file();
            let says = copied.says.as_mut().unwrap();
            let date = Date::new(2026, 11, day).unwrap();
            says.study.began_at = LocalTime::new(date, 8, 0, 0, 0);
            assert_eq!(belongs(&current, &copied, BEGAN) == here, goes, "{day}");
        }
        let unread = Exported {
            says: None,
            ..file()
        };
        assert_eq!(belongs(&current, &unread, BEGAN), Belongs::Unsaid);
    }
}
