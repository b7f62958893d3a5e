//! Whom clips show when the facts of the visit change while the agent runs.

use super::*;
use capture_agent::clip::{VisitFacts, VisitUnread};

type Facts = (PatientFacts, DeviceFacts);

/// Facts that a test changes; nothing cannot be read.
#[derive(Debug)]
pub(crate) struct InMemory(Mutex<Option<Facts>>);

impl InMemory {
    pub(crate) fn of(patient: &PatientFacts, device: &DeviceFacts) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some((patient.clone(), device.clone())))))
    }

    fn change(&self, patient: Option<&str>) {
        *self.0.lock().unwrap() = patient.map(|id| {
            let patient = PatientFacts {
                id: Some(id.to_owned()),
                ..PatientFacts::default()
            };
            (patient, DeviceFacts::default())
        });
    }
}

impl VisitFacts for InMemory {
    fn read(&self) -> Result<Facts, VisitUnread> {
        self.0.lock().unwrap().clone().ok_or(VisitUnread::File)
    }
}

#[test]
fn a_changed_visit_counts_for_the_next_clip_and_one_that_cannot_be_read_for_none() {
    let bench = Bench::new(Coding::Plain);
    bench.film(
        4,
        Form::Gray8,
        &Arc::new(Provenance::of_device("bench", false)),
    );
    let save = || bench.save(SaveWhat::Last { seconds: 6 }, None);
    let (of_first, _) = save();
    bench.facts.change(None);
    let (_, refused) = save();
    assert_eq!(refused, Progress::Missing(ClipGap::VisitUnread));
    let trouble = bench.board.now().clips.unwrap().trouble.unwrap();
    assert!(trouble.contains("NOT saved"), "{trouble}");
    bench.facts.change(Some("5822"));
    let (of_second, end) = save();
    assert_eq!(end, Progress::Finished);
    let [first, second] = [of_first, of_second]
        .map(|clip| echo_dicom::Provenance::read(&bench.object(clip)).unwrap());
    let ids = [&first, &second].map(|of| of.patient.id.as_str());
    assert_eq!(ids, ["4711", "5822"]);
    assert_ne!(
        first.study.uid, second.study.uid,
        "no study is of two patients"
    );
}
