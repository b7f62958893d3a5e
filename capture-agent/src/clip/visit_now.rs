//! Whom the next clip shows: the facts as they stand at the moment of the press.
//!
//! Owns reading them anew and which study they belong to. The visiting physician goes from patient to patient, and nobody
//! restarts an agent for it. Invariants: facts that cannot be read now are never replaced by those of before, because they may
//! be another patient's; two patients never share a study. The first one who is known has the study of the consult, also
//! when nothing was known at the start; each further one has a study of their own (PS3.3 section A.1.2: a study is of one patient).

use super::visit::{DeviceFacts, PatientFacts, Visit, VisitFault};
use crate::sync::held;
use std::fmt;
use std::sync::{Arc, Mutex};
use wire::original::Digest;
use wire::{CaptureTime, ConsultId};

/// Patients of one start whose studies are remembered; beyond them the second one's is forgotten first.
const MAX_PATIENTS: usize = 32;

/// Where the facts are written.
pub trait VisitFacts: fmt::Debug + Send + Sync {
    /// As they are now.
    ///
    /// # Errors
    /// `VisitUnread` when they cannot be read.
    fn read(&self) -> Result<(PatientFacts, DeviceFacts), VisitUnread>;
}

/// Why nobody knows whom a clip would show. Its words go to this device's terminal and page, and repeat no fact.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VisitUnread {
    /// The file is away, being written, or wrong.
    #[error(
        "the configuration file with the patient's facts cannot be read; mend it (\"capture-agent check\" says where) and save again"
    )]
    File,
    /// No object could carry them.
    #[error(
        "the patient's facts in the configuration file make no sense: {0}; correct them and save again"
    )]
    Facts(#[from] VisitFault),
}

/// The visit, read anew for each clip. Clones share what they know.
#[derive(Clone)]
pub struct CurrentVisit {
    /// As at the start.
    start: Visit,
    /// Where it may have changed since.
    facts: Option<Arc<dyn VisitFacts>>,
    known: Arc<Mutex<Known>>,
}

/// What was learned since the start.
struct Known {
    /// The visit of each patient who was known, the first of them first.
    patients: Vec<(String, Visit)>,
    /// Whom the facts named when they were read last.
    whom: Option<String>,
    /// When that began, as far as it was noticed.
    since: CaptureTime,
    /// The visit as it was read last; nothing when it could not be.
    last: Option<Visit>,
}

/// The visit at a moment.
#[derive(Debug)]
pub struct VisitNow {
    /// What it is.
    pub visit: Visit,
    /// Since when it is about this patient: what was captured before shows another one, or nobody knows whom.
    pub since: CaptureTime,
}

impl CurrentVisit {
    /// Begins with what stood there at the start; without a place to read from it stays so.
    #[must_use]
    pub fn new(start: Visit, facts: Option<Arc<dyn VisitFacts>>) -> Self {
        let whom = start.whom();
        let known = Known {
            patients: whom
                .clone()
                .map(|whom| (whom, start.clone()))
                .into_iter()
                .collect(),
            whom,
            since: start.began_at(),
            last: Some(start.clone()),
        };
        Self {
            known: Arc::new(Mutex::new(known)),
            start,
            facts,
        }
    }

    /// As it is at `now`. A change counts from the first look that sees it, so somebody has to look often.
    ///
    /// # Errors
    /// `VisitUnread`: nothing may be saved.
    pub fn at(&self, now: CaptureTime) -> Result<VisitNow, VisitUnread> {
        let read = self.read();
        let mut known = held(&self.known);
        known.last = None;
        let read = read?;
        if known.has_study_of_another(&read) {
            return Err(VisitFault::StudyOfAnother.into());
        }
        let visit = known.placed(read);
        let whom = visit.whom();
        if whom != known.whom {
            tracing::info!("the visit is about another patient: frames from before are let go");
            (known.whom, known.since) = (whom, now);
        }
        known.last = Some(visit.clone());
        Ok(VisitNow {
            visit,
            since: known.since,
        })
    }

    /// The consult that this agent is for, and its patient as read last: nothing when none is known, or the visit is about
    /// another patient by now.
    #[must_use]
    pub fn consult(&self) -> Option<(ConsultId, Option<Digest>)> {
        let consult = self.start.consult()?;
        let known = held(&self.known);
        let of_consult = known
            .last
            .as_ref()
            .filter(|it| it.consult() == Some(consult));
        Some((consult, of_consult.and_then(Visit::whom_digest)))
    }

    /// The patient as read last; nothing while nobody is named or the facts cannot be read.
    #[must_use]
    pub fn patient(&self) -> Option<PatientFacts> {
        let known = held(&self.known);
        let named = known.last.as_ref().filter(|it| it.whom().is_some());
        named.map(|it| it.patient().clone())
    }

    fn read(&self) -> Result<Visit, VisitUnread> {
        let Some(facts) = &self.facts else {
            return Ok(self.start.clone());
        };
        let (patient, device) = facts.read()?;
        Ok(self.start.with(patient, device)?)
    }
}

impl Known {
    /// Whether somebody changed the patient and left the order of the one before.
    fn has_study_of_another(&self, now: &Visit) -> bool {
        let (whom, ordered) = (now.whom().unwrap_or_default(), now.ordered_study());
        let mut others = self.patients.iter().filter(|(of, _)| *of != whom);
        ordered.is_some() && others.any(|(_, of)| of.ordered_study() == ordered)
    }

    /// In the study of its patient.
    fn placed(&mut self, now: Visit) -> Visit {
        let Some(whom) = now.whom() else {
            // Nobody in particular, as at the start of a visit. After somebody was known it may be anybody.
            return match self.patients.is_empty() {
                true => now,
                false => self.in_study_of(String::new(), now),
            };
        };
        self.in_study_of(whom, now)
    }

    fn in_study_of(&mut self, whom: String, now: Visit) -> Visit {
        let known = &mut self.patients;
        if let Some((_, of)) = known.iter().find(|(of, _)| *of == whom) {
            return now.in_study_of(of);
        }
        let now = match known.is_empty() {
            true => now,
            false => now.in_another_study(),
        };
        if known.len() >= MAX_PATIENTS {
            known.remove(1);
        }
        known.push((whom, now.clone()));
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::Belongs;

    /// What somebody writes into the file.
    #[derive(Debug, Default)]
    struct InMemory(Mutex<Option<PatientFacts>>);

    impl VisitFacts for InMemory {
        fn read(&self) -> Result<(PatientFacts, DeviceFacts), VisitUnread> {
            let patient = held(&self.0).clone().ok_or(VisitUnread::File)?;
            Ok((patient, DeviceFacts::default()))
        }
    }

    fn patient(id: &str, name: &str) -> PatientFacts {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        PatientFacts {
            id: text(id),
            name: text(name),
            ..PatientFacts::default()
        }
    }

    /// Begins with this patient; gives the visit and the file.
    fn begun(id: &str) -> (CurrentVisit, Arc<InMemory>) {
        let facts = patient(id, "");
        let file = Arc::new(InMemory(Mutex::new(Some(facts.clone()))));
        let (consult, began_at) = (
            Some(ConsultId::random()),
            CaptureTime(1_795_000_000_000_000),
        );
        let start = Visit::new(consult, None, began_at, facts, DeviceFacts::default(), 540);
        let current = CurrentVisit::new(start.unwrap(), Some(Arc::clone(&file) as _));
        (current, file)
    }

    fn study(current: &CurrentVisit, file: &InMemory, facts: PatientFacts) -> String {
        *held(&file.0) = Some(facts);
        let context = current.at(CaptureTime(0)).unwrap().visit.context().unwrap();
        context.study.uid.as_str().to_owned()
    }

    #[test]
    fn another_patient_has_another_study_and_a_corrected_name_has_not() {
        let (current, file) = begun("1");
        let of = |id: &str, name: &str| study(&current, &file, patient(id, name));
        let (first, second) = (of("1", ""), of("2", "Yamada"));
        assert_ne!(first, second);
        assert_eq!(of("2", "Yamada^Tarou"), second, "a corrected name");
        assert_eq!(of("1", "Sato"), first, "back to the first");
        let nobody = of("", "");
        assert!(nobody != first && nobody != second, "it may be anybody");
        assert_eq!(of("", ""), nobody);
    }

    #[test]
    fn the_order_of_the_patient_before_is_refused_until_it_is_set_anew() {
        let (current, file) = begun("");
        let ordered = |id: &str, study: &str| PatientFacts {
            study_uid: Some(study.to_owned()),
            ..patient(id, "")
        };
        assert_eq!(study(&current, &file, ordered("1", "1.2.3")), "1.2.3");
        *held(&file.0) = Some(ordered("2", "1.2.3"));
        let told = current.at(CaptureTime(0)).unwrap_err();
        let fault = VisitUnread::Facts(VisitFault::StudyOfAnother);
        assert_eq!(told.to_string(), fault.to_string());
        assert_eq!(study(&current, &file, ordered("2", "1.2.4")), "1.2.4");
        assert_eq!(study(&current, &file, ordered("1", "1.2.3")), "1.2.3");
    }

    #[test]
    fn whoever_is_known_first_has_the_study_of_the_consult() {
        let (current, file) = begun("");
        let start = current.start.context().unwrap().study.uid;
        for (id, is_first) in [("", true), ("1", true), ("2", false)] {
            let study = study(&current, &file, patient(id, ""));
            assert_eq!(study == start.as_str(), is_first, "{id}");
        }
    }

    #[test]
    fn facts_that_cannot_be_read_are_not_those_of_before() {
        let (current, file) = begun("1");
        *held(&file.0) = None;
        assert!(matches!(current.at(CaptureTime(0)), Err(VisitUnread::File)));
        *held(&file.0) = Some(patient(&"9".repeat(65), ""));
        let refused = current.at(CaptureTime(0)).unwrap_err().to_string();
        assert!(!refused.contains("99"), "{refused}");
        *held(&file.0) = Some(patient("1", ""));
        assert!(current.at(CaptureTime(0)).is_ok());
    }

    #[test]
    fn studies_that_are_remembered_have_a_bound_and_the_first_stays() {
        let (current, file) = begun("0");
        let first = study(&current, &file, patient("0", ""));
        for number in 1..2 * MAX_PATIENTS {
            study(&current, &file, patient(&number.to_string(), ""));
        }
        assert_eq!(held(&current.known).patients.len(), MAX_PATIENTS);
        assert_eq!(study(&current, &file, patient("0", "")), first);
    }

    #[test]
    fn a_change_of_patient_counts_from_the_look_that_saw_it() {
        let (current, file) = begun("1");
        let since = |now: u64| current.at(CaptureTime(now)).unwrap().since;
        let start = current.start.began_at();
        *held(&file.0) = Some(patient("1", "Yamada"));
        assert_eq!(
            since(start.0 + 5),
            start,
            "a name that was added changes nobody"
        );
        *held(&file.0) = None;
        assert!(current.at(CaptureTime(start.0 + 6)).is_err());
        *held(&file.0) = Some(patient("2", ""));
        assert_eq!(since(start.0 + 7), CaptureTime(start.0 + 7));
        assert_eq!(since(start.0 + 9), CaptureTime(start.0 + 7));
    }

    #[test]
    fn the_consult_is_of_its_first_patient_only() {
        let (current, file) = begun("");
        let belongs = |id: &str| {
            *held(&file.0) = Some(patient(id, ""));
            current.at(CaptureTime(0)).unwrap().visit.belongs()
        };
        let (consult, whom) = current.consult().unwrap();
        assert_eq!(whom, None, "nobody is known yet");
        assert_eq!(belongs("1"), Belongs::Consult(consult));
        assert!(current.consult().unwrap().1.is_some());
        assert!(
            matches!(belongs("2"), Belongs::Next(_)),
            "the next patient's waits"
        );
        assert_eq!(current.consult(), Some((consult, None)));
        assert_eq!(belongs(""), Belongs::Unsaid, "it may be anybody");
        assert_eq!(belongs("1"), Belongs::Consult(consult));
    }
}
