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
    /// The visit of each patient who was known, the first of them first.
    known: Arc<Mutex<Vec<(String, Visit)>>>,
}

impl CurrentVisit {
    /// Begins with what stood there at the start; without a place to read from it stays so.
    #[must_use]
    pub fn new(start: Visit, facts: Option<Arc<dyn VisitFacts>>) -> Self {
        let first = start.whom().map(|whom| (whom, start.clone()));
        Self {
            known: Arc::new(Mutex::new(first.into_iter().collect())),
            start,
            facts,
        }
    }

    /// As it is now.
    ///
    /// # Errors
    /// `VisitUnread`: nothing may be saved.
    pub fn now(&self) -> Result<Visit, VisitUnread> {
        let Some(facts) = &self.facts else {
            return Ok(self.start.clone());
        };
        let (patient, device) = facts.read()?;
        let now = self.start.with(patient, device)?;
        let Some(whom) = now.whom() else {
            // Nobody in particular, as at the start of a visit. After somebody was known it may be anybody.
            let nobody_was = held(&self.known).is_empty();
            return Ok(match nobody_was {
                true => now,
                false => self.in_study_of(String::new(), now),
            });
        };
        Ok(self.in_study_of(whom, now))
    }

    fn in_study_of(&self, whom: String, now: Visit) -> Visit {
        let mut known = held(&self.known);
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
    use wire::{CaptureTime, ConsultId};

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
        let context = current.now().unwrap().context().unwrap();
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
        assert!(matches!(current.now(), Err(VisitUnread::File)));
        *held(&file.0) = Some(patient(&"9".repeat(65), ""));
        let refused = current.now().unwrap_err().to_string();
        assert!(!refused.contains("99"), "{refused}");
        *held(&file.0) = Some(patient("1", ""));
        assert!(current.now().is_ok());
    }

    #[test]
    fn studies_that_are_remembered_have_a_bound_and_the_first_stays() {
        let (current, file) = begun("0");
        let first = study(&current, &file, patient("0", ""));
        for number in 1..2 * MAX_PATIENTS {
            study(&current, &file, patient(&number.to_string(), ""));
        }
        assert_eq!(held(&current.known).len(), MAX_PATIENTS);
        assert_eq!(study(&current, &file, patient("0", "")), first);
    }
}
