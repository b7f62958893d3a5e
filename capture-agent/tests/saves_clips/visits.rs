//! Whom clips show when the facts of the visit change while the agent runs.

use super::*;
use capture_agent::clip::{OLDEST_SAVE, VisitFacts, VisitUnread};
use capture_agent::spool::Belongs;

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
fn a_changed_visit_counts_for_the_next_clip_with_its_own_frames_only() {
    let bench = Bench::new(Coding::Plain);
    let device = Arc::new(Provenance::of_device("bench", false));
    let before = bench.film(4, Form::Gray8, &device);
    let save = || bench.save(SaveWhat::Last { seconds: 6 }, None);
    let (of_first, _) = save();
    bench.facts.change(None);
    let (_, refused) = save();
    assert_eq!(refused, Progress::Missing(ClipGap::VisitUnread));
    let trouble = bench.board.now().clips.unwrap().trouble.unwrap();
    assert!(trouble.contains("NOT saved"), "{trouble}");
    bench.clock.store(1_000_000, Ordering::Relaxed);
    bench.facts.change(Some("5822"));
    let still = SaveWhat::Frame {
        anchor: anchor(before[3].stamp.rtp_time),
    };
    assert_eq!(
        save().1,
        Progress::Missing(ClipGap::Gone),
        "the last seconds"
    );
    let (_, gone) = bench.save(still, None);
    assert_eq!(
        gone,
        Progress::Missing(ClipGap::Gone),
        "a frame from before"
    );
    let late = frame_at(4, 999_999, Form::Gray8, &device);
    bench.ring.lock().unwrap().push(late);
    let next = frame_at(5, 1_000_000, Form::Gray8, &device);
    bench.ring.lock().unwrap().push(next);
    let (of_second, end) = save();
    assert_eq!(end, Progress::Finished);
    assert_eq!(
        Clip::open(&bench.object(of_second))
            .unwrap()
            .header()
            .frames,
        1
    );
    let [first, second] = [of_first, of_second]
        .map(|clip| echo_dicom::Provenance::read(&bench.object(clip)).unwrap());
    let ids = [&first, &second].map(|of| of.patient.id.as_str());
    assert_eq!(ids, ["4711", "5822"]);
    assert_ne!(
        first.study.uid, second.study.uid,
        "no study is of two patients"
    );
}

#[test]
fn whoever_only_looks_at_the_visit_cuts_the_ring_too() {
    let bench = Bench::new(Coding::Plain);
    bench.film(4, Form::Gray8, &Arc::default());
    let _ = bench.saver.look_at_visit();
    assert_eq!(bench.ring.lock().unwrap().len(), 4);
    bench.clock.store(1_000_000, Ordering::Relaxed);
    bench.facts.change(Some("5822"));
    let _ = bench.saver.look_at_visit();
    assert!(bench.ring.lock().unwrap().is_empty());
}

#[test]
fn the_last_seconds_of_a_source_that_stopped_are_soon_no_longer_saved() {
    let bench = Bench::new(Coding::Plain);
    let frames = bench.film(4, Form::Gray8, &Arc::default());
    let last = SaveWhat::Last { seconds: 6 };
    let newest = frames[3].stamp;
    let after = |age: Duration| {
        let at = newest.captured_at.0 - START_US + age.as_micros() as u64;
        bench.clock.store(at, Ordering::Relaxed);
    };
    after(OLDEST_SAVE);
    assert_eq!(bench.save(last, None).1, Progress::Finished);
    after(OLDEST_SAVE + Duration::from_millis(1));
    assert_eq!(bench.save(last, None).1, Progress::Missing(ClipGap::Stale));
    let still = SaveWhat::Frame {
        anchor: anchor(newest.rtp_time),
    };
    assert_eq!(
        bench.save(still, None).1,
        Progress::Finished,
        "it is that very frame"
    );
}

fn anchor(rtp_time: RtpTime) -> Anchor {
    Anchor::Live {
        stream: StreamId::random(),
        rtp_time,
    }
}

/// Where a saved clip may go by itself.
fn belongs(bench: &Bench, clip: ClipId) -> Belongs {
    let unsent = bench.spool.unsent();
    unsent
        .iter()
        .find(|it| it.clip == clip)
        .unwrap()
        .known
        .belongs
}

#[test]
fn a_clip_belongs_to_the_consult_of_its_patient_or_to_the_one_that_asked() {
    let bench = Bench::new(Coding::Plain);
    let save = |at: u64, asked_in| {
        bench.clock.store(at, Ordering::Relaxed);
        let _ = bench.saver.look_at_visit();
        bench
            .ring
            .lock()
            .unwrap()
            .push(frame_at(0, at, Form::Gray8, &Arc::default()));
        let clip = ClipId::random();
        let wish = Wish {
            clip,
            what: SaveWhat::Last { seconds: 6 },
            view: None,
            asked_in,
        };
        assert_eq!(bench.ends(bench.saver.save(wish)), Progress::Finished);
        belongs(&bench, clip)
    };
    assert_eq!(save(0, None), Belongs::Consult(bench.consult));
    bench.facts.change(Some("5822"));
    assert!(
        matches!(save(1_000_000, None), Belongs::Next(_)),
        "the next patient's"
    );
    let asked_in = ConsultId::random();
    assert_eq!(save(2_000_000, Some(asked_in)), Belongs::Consult(asked_in));
    bench.facts.change(Some("4711"));
    assert_eq!(save(3_000_000, None), Belongs::Consult(bench.consult));
}
