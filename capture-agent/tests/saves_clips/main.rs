//! Saving in the process, with known frames: from the press to a DICOM object that other programs read.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod hand_scales;
#[path = "../support/mod.rs"]
mod support;
mod too_many;
mod video;
mod visits;

use capture_agent::clip::{
    Coding, CurrentVisit, DeviceFacts, PatientFacts, Progress, Saver, SaverParts, Visit, Wish, Work,
};
use capture_agent::encode::BitRate;
use capture_agent::frame::{Frame, StreamName};
use capture_agent::hand_scale::{HandScale, ScaleInForce};
use capture_agent::mask::Mask;
use capture_agent::mask_in_force::{Checked, MaskInForce};
use capture_agent::picture::{Form, Picture};
use capture_agent::provenance::{Provenance, SourceInstance};
use capture_agent::ring::{Ring, RingBounds};
use capture_agent::slot::Slot;
use capture_agent::spool::{AfterKept, Disk, Outgoing, Spool, SpoolBounds};
use capture_agent::status::StatusBoard;
use capture_agent::sync::Stop;
use echo_dicom::{Clip, PixelForm};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::readers::{assert_conforms, said};
use wire::agent::FrameStamp;
use wire::clip::{ClipCoding, ClipGap, MarkerSide, SaveWhat};
use wire::mark::{Anchor, Point};
use wire::measure::DepthScale;
use wire::region::Region;
use wire::{CaptureTime, ClipId, ConsultId, Fraction, FrameIndex, RtpTime, ScaleId, StreamId};

const LIMIT: Duration = Duration::from_secs(60);
const START_US: u64 = 1_795_000_000_000_000;

/// An agent's saving without the rest of it.
struct Bench {
    ring: Arc<Mutex<Ring>>,
    spool: Arc<Spool>,
    saver: Saver,
    board: StatusBoard,
    stop: Stop,
    /// Marked on the device page.
    scale: ScaleInForce,
    /// A banner is covered.
    mask: MaskInForce,
    /// What stands in the configuration file.
    facts: Arc<visits::InMemory>,
    /// Microseconds after `START_US` that the capture clock shows.
    clock: Arc<AtomicU64>,
    /// The consult that it saves for.
    consult: ConsultId,
    threads: Vec<std::thread::JoinHandle<()>>,
    folder: Arc<tempfile::TempDir>,
}

impl Bench {
    fn new(coding: Coding) -> Self {
        Self::over(Arc::new(tempfile::tempdir().unwrap()), coding)
    }

    /// Over a spool that may hold what an earlier start left.
    fn over(folder: Arc<tempfile::TempDir>, coding: Coding) -> Self {
        let (mut bench, work) = Self::idle_over(folder, coding);
        bench.work(work);
        bench
    }

    fn work(&mut self, work: Work) {
        self.threads = vec![
            std::thread::spawn(work.takes),
            std::thread::spawn(work.objects),
        ];
    }

    /// The same before its threads run: what is saved waits.
    fn idle_over(folder: Arc<tempfile::TempDir>, coding: Coding) -> (Self, Work) {
        let bounds = SpoolBounds {
            bytes: 1 << 30,
            after_kept: AfterKept::Delete,
        };
        let (spool, _) = Spool::open(folder.path(), bounds, Arc::new(Disk)).unwrap();
        let ring = Arc::new(Mutex::new(Ring::new(RingBounds::DEFAULT)));
        let (board, stop) = (
            StatusBoard::new(BitRate::from_kbps(2000).unwrap()),
            Stop::default(),
        );
        let patient = PatientFacts {
            id: Some("4711".into()),
            name: Some("Yamada^Tarou".into()),
            name_ideographic: Some("山田^太郎".into()),
            birth_date: Some("1941-02-28".into()),
            sex: Some("M".into()),
            ..PatientFacts::default()
        };
        let device = DeviceFacts {
            manufacturer: Some("Maker".into()),
            model: Some("Handheld".into()),
            marker: Some(MarkerSide::Right),
            ..DeviceFacts::default()
        };
        let consult = ConsultId::random();
        let facts = visits::InMemory::of(&patient, &device);
        let visit = Visit::new(
            Some(consult),
            None,
            CaptureTime(START_US),
            patient,
            device,
            540,
        );
        let visit = CurrentVisit::new(visit.unwrap(), Some(Arc::clone(&facts) as _));
        let scale = ScaleInForce::new(None);
        let banner = Mask::new(vec!["0,0,1,0.1".parse().unwrap()]);
        let mask = MaskInForce::new(banner, Arc::clone(&ring), Arc::new(Slot::default()));
        let clock = Arc::new(AtomicU64::new(0));
        let shown = Arc::clone(&clock);
        let (saver, work) = Saver::new(SaverParts {
            now: Arc::new(move || CaptureTime(START_US + shown.load(Ordering::Relaxed))),
            ring: Arc::clone(&ring),
            stream: StreamName::default(),
            spool: Arc::clone(&spool),
            visit,
            mask: mask.clone(),
            scale: scale.clone(),
            coding,
            object_threads: NonZeroUsize::MIN,
            board: board.clone(),
            stop: stop.clone(),
        });
        let bench = Self {
            ring,
            spool,
            saver,
            board,
            stop,
            scale,
            facts,
            mask,
            clock,
            consult,
            threads: Vec::new(),
            folder,
        };
        (bench, work)
    }

    /// Puts `count` frames with uneven times into the ring; gives them.
    fn film(&self, count: u32, form: Form, provenance: &Arc<Provenance>) -> Vec<Frame> {
        let frames: Vec<Frame> = (0..count).map(|n| frame(n, form, provenance)).collect();
        for frame in &frames {
            self.ring.lock().unwrap().push(frame.clone());
        }
        frames
    }

    fn save(&self, what: SaveWhat, view: Option<&str>) -> (ClipId, Progress) {
        let clip = ClipId::random();
        let view = view.map(str::to_owned);
        (
            clip,
            self.ends(self.saver.save(Wish {
                clip,
                what,
                view,
                asked_in: None,
            })),
        )
    }

    fn ends(&self, mut progress: tokio::sync::watch::Receiver<Progress>) -> Progress {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let settled = |it: &Progress| matches!(it, Progress::Finished | Progress::Missing(_));
        runtime.block_on(async {
            let end = tokio::time::timeout(LIMIT, progress.wait_for(settled)).await;
            *end.unwrap().unwrap()
        })
    }

    fn object(&self, clip: ClipId) -> std::path::PathBuf {
        self.spool.folder().join(format!("clips/{clip}.dcm"))
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop.set();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Uneven: 33 ms, and a late one now and then.
fn frame(n: u32, form: Form, provenance: &Arc<Provenance>) -> Frame {
    frame_at(
        n,
        u64::from(n) * 33_000 + u64::from(n % 7 == 3) * 9_000,
        form,
        provenance,
    )
}

fn frame_at(n: u32, after_us: u64, form: Form, provenance: &Arc<Provenance>) -> Frame {
    let captured_at = CaptureTime(START_US + after_us);
    let rows = (0..96 * 64 * form.bytes())
        .map(|at| (at as u32 * 7 / 3 + n * 13) as u8)
        .collect();
    Frame {
        stamp: FrameStamp {
            stream: StreamId::random(),
            index: FrameIndex(n),
            captured_at,
            rtp_time: RtpTime::of(captured_at),
        },
        picture: Arc::new(Picture::from_rows(96, 64, form, rows).unwrap()),
        provenance: Arc::clone(provenance),
    }
}

fn played() -> Arc<Provenance> {
    let mut region = echo_dicom::UltrasoundRegion::new(
        echo_dicom::SpatialFormat::TwoD,
        Some(1),
        echo_dicom::RegionBounds {
            min_x: 8,
            min_y: 4,
            max_x: 90,
            max_y: 60,
        },
    );
    region.units_x = echo_dicom::PhysicalUnit::Centimetre;
    region.units_y = echo_dicom::PhysicalUnit::Centimetre;
    (region.delta_x, region.delta_y) = (Some(0.05), Some(0.05));
    Arc::new(Provenance {
        regions: vec![Region::from(&region)],
        instance: Some(SourceInstance {
            class_uid: "1.2.840.10008.5.1.4.1.1.3.1".into(),
            instance_uid: "1.2.3.4.5".into(),
        }),
        lossy: true,
        ..Provenance::default()
    })
}

fn rows(picture: &Picture) -> (u32, u32, PixelForm, Vec<u8>) {
    let form = match picture.form() {
        Form::Gray8 => PixelForm::Gray8,
        Form::Rgb8 => PixelForm::Rgb8,
    };
    (
        picture.width(),
        picture.height(),
        form,
        picture.rows().to_vec(),
    )
}

#[test]
fn without_loss_every_frame_is_bit_for_bit_what_the_ring_held_at_its_true_time() {
    for coding in [Coding::Plain, Coding::Rle] {
        for form in [Form::Gray8, Form::Rgb8] {
            let bench = Bench::new(coding);
            let frames = bench.film(40, form, &played());
            let (clip, end) = bench.save(SaveWhat::Last { seconds: 1 }, Some("A4C"));
            assert_eq!(end, Progress::Finished);
            let file = bench.object(clip);
            let saved = Clip::open(&file).unwrap();
            let newest = frames.last().unwrap().stamp.captured_at.0;
            let wanted: Vec<&Frame> = frames
                .iter()
                .filter(|it| it.stamp.captured_at.0 > newest - 1_000_000)
                .collect();
            assert_eq!(saved.header().frames as usize, wanted.len());
            let first = wanted[0].stamp.captured_at.0;
            for (n, frame) in wanted.iter().enumerate() {
                let index = FrameIndex(n as u32);
                let picture = saved.frame(index).unwrap();
                let found = (picture.width, picture.height, picture.form, picture.rows);
                assert!(found == rows(&frame.picture), "frame {n}");
                let at = saved.header().frame_times.at(index).as_micros() as i64;
                let true_at = (frame.stamp.captured_at.0 - first) as i64;
                assert!(
                    (at - true_at).abs() <= 1,
                    "frame {n} at {at}, not {true_at}"
                );
            }
            let outgoing = Outgoing::open(&bench.spool, clip).unwrap();
            assert_eq!(outgoing.head.coding, ClipCoding::Lossless);
            let times: Vec<RtpTime> = wanted.iter().map(|it| it.stamp.rtp_time).collect();
            assert_eq!(outgoing.times, times);
            assert_eq!(outgoing.head.check(&outgoing.times), Ok(()));
            assert_conforms(&file);
        }
    }
}

/// A source that stalled delivers what it held back at once: frames are then as close as their stamps may be.
#[test]
fn a_burst_of_frames_is_saved_and_their_exact_times_stay_beside_the_object() {
    let bench = Bench::new(Coding::Jpeg);
    let provenance = played();
    let after_us = |n: u32| match n {
        10..=29 => 400_000 + u64::from(n - 10) * 12,
        _ => u64::from(n) * 33_000,
    };
    for n in 0..40 {
        let frame = frame_at(n, after_us(n), Form::Gray8, &provenance);
        bench.ring.lock().unwrap().push(frame);
    }
    let (clip, end) = bench.save(SaveWhat::Last { seconds: 6 }, None);
    assert_eq!(end, Progress::Finished, "{:?}", bench.board.now());
    let file = bench.object(clip);
    let saved = Clip::open(&file).unwrap();
    let times = &saved.header().frame_times;
    assert!(!times.is_repaired(), "{times:?}");
    for n in 0..40 {
        let at = times.at(FrameIndex(n)).as_micros() as u64;
        // Nineteen frames follow the first of the burst, each written 50 µs after the one before.
        let wanted =
            after_us(n) + u64::from((10..=29).contains(&n)) * u64::from(n.max(10) - 10) * 38;
        assert!(at.abs_diff(wanted) <= 1, "frame {n} at {at}, not {wanted}");
    }
    let outgoing = Outgoing::open(&bench.spool, clip).unwrap();
    let exact = (0..40).map(|n| RtpTime::of(CaptureTime(START_US + after_us(n))));
    assert_eq!(outgoing.times, exact.collect::<Vec<_>>());
    assert_conforms(&file);
}

#[test]
fn an_object_says_that_nothing_names_the_patient_when_a_person_saw_so() {
    let bench = Bench::new(Coding::Plain);
    bench.film(
        4,
        Form::Gray8,
        &Arc::new(Provenance::of_device("bench", false)),
    );
    bench.mask.check(Some(Checked {
        size: (96, 64),
        since: CaptureTime(START_US),
    }));
    let (clip, _) = bench.save(SaveWhat::Last { seconds: 6 }, None);
    let saved = Clip::open(&bench.object(clip)).unwrap();
    assert_eq!(saved.header().burned_in_annotation, Some(false));
}

#[test]
fn an_object_says_whom_it_shows_where_it_comes_from_and_what_was_lost() {
    let bench = Bench::new(Coding::Jpeg);
    bench.film(20, Form::Rgb8, &played());
    let (clip, end) = bench.save(SaveWhat::Last { seconds: 6 }, Some("A4C"));
    assert_eq!(end, Progress::Finished);
    let file = bench.object(clip);
    let saved = Clip::open(&file).unwrap();
    let header = saved.header();
    assert_eq!(header.frames, 20, "a short ring gives what it has");
    assert_eq!(
        header.sop_instance_uid,
        format!("2.25.{}", clip.uuid().as_u128())
    );
    assert_eq!(
        header.burned_in_annotation, None,
        "a mask alone says nothing of what is left to see"
    );
    let outgoing = Outgoing::open(&bench.spool, clip).unwrap();
    assert_eq!(outgoing.head.marker, Some(MarkerSide::Right));
    assert!(header.lossy_before);
    assert_eq!(header.image_type[0], "DERIVED");
    assert_eq!(header.regions.len(), 1);
    assert_eq!(header.regions[0].delta_x, Some(0.05));
    assert_conforms(&file);
    if let Some(dump) = said("dcmdump", &["+U8"], &file) {
        for expected in [
            "Yamada^Tarou=山田^太郎",
            "[4711]",
            "[19410228]",
            "[Maker]",
            "[Handheld]",
            "[A4C; orientation marker right]",
            "399214001",
            "1.2.3.4.5",
            "+0900",
        ] {
            assert!(dump.contains(expected), "{expected} is missing in {dump}");
        }
    }
}

#[test]
fn a_still_is_exactly_the_frame_that_was_meant() {
    let bench = Bench::new(Coding::Plain);
    let frames = bench.film(10, Form::Gray8, &Arc::default());
    let meant = &frames[4];
    let anchor = |rtp_time| Anchor::Live {
        stream: StreamId::random(),
        rtp_time,
    };
    let what = SaveWhat::Frame {
        anchor: anchor(meant.stamp.rtp_time),
    };
    let (clip, end) = bench.save(what, None);
    assert_eq!(end, Progress::Finished);
    let saved = Clip::open(&bench.object(clip)).unwrap();
    assert_eq!(
        saved.frame(FrameIndex(0)).unwrap().rows,
        meant.picture.rows()
    );
    assert_conforms(&bench.object(clip));
    let gone = SaveWhat::Frame {
        anchor: anchor(RtpTime(meant.stamp.rtp_time.0 + 1)),
    };
    assert_eq!(bench.save(gone, None).1, Progress::Missing(ClipGap::Gone));
}

#[test]
fn asked_twice_it_is_saved_once_and_a_failure_is_final() {
    let bench = Bench::new(Coding::Jpeg);
    let clip = ClipId::random();
    let wish = |view: Option<&str>| Wish {
        clip,
        what: SaveWhat::Last { seconds: 6 },
        view: view.map(str::to_owned),
        asked_in: None,
    };
    assert_eq!(
        bench.ends(bench.saver.save(wish(None))),
        Progress::Missing(ClipGap::Gone),
        "there is no picture yet"
    );
    bench.film(5, Form::Gray8, &Arc::default());
    assert_eq!(
        bench.ends(bench.saver.save(wish(None))),
        Progress::Missing(ClipGap::Gone),
        "later frames do not take the place of those that were meant"
    );
    let clip = ClipId::random();
    let wish = Wish { clip, ..wish(None) };
    let (first, second) = (
        bench.saver.save(wish.clone()),
        bench.saver.save(wish.clone()),
    );
    assert_eq!(bench.ends(first), Progress::Finished);
    assert_eq!(bench.ends(second), Progress::Finished);
    assert_eq!(bench.ends(bench.saver.save(wish)), Progress::Finished);
    assert_eq!(bench.saver.counts().borrow().unsent, 1);
}

#[test]
fn what_cannot_be_written_keeps_its_frames_and_is_tried_again_after_each_start() {
    let mut bench = Bench::new(Coding::Jpeg);
    // A clock that is ten thousand years off: DICOM has four digits for the year.
    const MILLENNIA_US: u64 = 320_000_000_000_000_000;
    for n in 0..5 {
        let frame = frame_at(
            n,
            MILLENNIA_US + u64::from(n) * 33_000,
            Form::Gray8,
            &Arc::default(),
        );
        bench.ring.lock().unwrap().push(frame);
    }
    let (clip, end) = bench.save(SaveWhat::Last { seconds: 6 }, None);
    assert_eq!(end, Progress::Missing(ClipGap::NotWritten));
    for _ in 0..2 {
        let folder = Arc::clone(&bench.folder);
        let take = bench.spool.folder().join(format!("takes/{clip}.take"));
        assert!(take.exists(), "its frames are gone");
        assert!(!bench.object(clip).exists());
        drop(bench);
        bench = Bench::over(folder, Coding::Jpeg);
        let until = std::time::Instant::now() + LIMIT;
        while bench
            .board
            .now()
            .clips
            .and_then(|clips| clips.trouble)
            .is_none()
        {
            assert!(std::time::Instant::now() < until, "it is not tried again");
            Stop::default().wait(Duration::from_millis(20));
        }
    }
    // Others are saved meanwhile.
    bench.film(10, Form::Rgb8, &played());
    let (_, end) = bench.save(SaveWhat::Last { seconds: 6 }, None);
    assert_eq!(end, Progress::Finished);
}

#[test]
fn nonsense_is_refused_before_anything_is_written() {
    let bench = Bench::new(Coding::Jpeg);
    bench.film(5, Form::Gray8, &Arc::default());
    for (seconds, view) in [
        (0, None),
        (61, None),
        (6, Some("")),
        (6, Some("a\u{202E}b")),
    ] {
        let (_, end) = bench.save(SaveWhat::Last { seconds }, view);
        assert_eq!(end, Progress::Missing(ClipGap::Refused));
    }
    assert_eq!(bench.saver.counts().borrow().safe_here, 0);
    assert_eq!(bench.board.now().clips.unwrap().trouble, None);
}
