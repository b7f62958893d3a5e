//! The spool under faults: a full disk, a full spool, what a disk spoilt, another agent. Crashes and power cuts have a file of
//! their own (`spool_keeps_its_word`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod broken_disks;

use broken_disks::{Bounded, FailsOnce, Later, Small};
use capture_agent::spool::{
    AfterKept, Belongs, Disk, Held, KEPT_FOR, Outgoing, RecordReader, Spool, SpoolBounds,
    SpoolError,
};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use wire::clip::{ClipCoding, ClipHead, ClipOrigin};
use wire::{CaptureTime, ClipId, ConsultId};

const BOUNDS: SpoolBounds = SpoolBounds {
    bytes: 10_000_000,
    after_kept: AfterKept::Delete,
};
const RECORDS: [&[u8]; 3] = [b"head", b"frame 1", b"frame 2"];

fn content() -> Vec<u8> {
    b"an object that is made of its take".repeat(20)
}

fn take(spool: &Arc<Spool>, clip: ClipId) -> Result<(), SpoolError> {
    let mut take = spool.begin_take(clip, 1_000)?;
    for record in RECORDS {
        take.records.add(record).map_err(SpoolError::of_writing)?;
    }
    spool.finish_take(take)
}

fn finish(spool: &Arc<Spool>, clip: ClipId) -> Result<(), SpoolError> {
    let mut object = spool.begin_object(clip, 1_000)?;
    object
        .out
        .write_all(&content())
        .map_err(SpoolError::of_writing)?;
    let sealed = spool.seal(object)?;
    let head = ClipHead {
        clip,
        instance: "2.25.1".into(),
        bytes: sealed.bytes,
        digest: sealed.digest,
        frames: 2,
        width: 8,
        height: 8,
        coding: ClipCoding::Jpeg,
        origin: ClipOrigin::Imported,
        taken_at: CaptureTime(1),
        span_us: 1,
        view: None,
        marker: None,
        captured: None,
    };
    spool.present(sealed, head, Vec::new(), Belongs::Unsaid)
}

fn open(folder: &Path) -> (Arc<Spool>, capture_agent::spool::Recovered) {
    Spool::open(folder, BOUNDS, Arc::new(Disk)).unwrap()
}

fn files_with(folder: &Path, ending: &str) -> usize {
    ["takes", "clips", "kept", "damaged"]
        .iter()
        .flat_map(|name| std::fs::read_dir(folder.join(name)).unwrap())
        .filter(|entry| {
            let path = entry.as_ref().unwrap().path();
            path.extension().is_some_and(|it| it == ending)
        })
        .count()
}

/// What is held is whole, and becomes a whole object.
fn assert_whole(spool: &Arc<Spool>, clip: ClipId) {
    if spool.holds(clip) == Some(Held::Take) {
        let reader = RecordReader::open(&spool.take_path(clip)).unwrap();
        let records: Vec<_> = (0..reader.count())
            .map(|n| reader.record(n).unwrap())
            .collect();
        assert_eq!(records, RECORDS);
        finish(spool, clip).unwrap();
    }
    let mut outgoing = Outgoing::open(spool, clip).unwrap();
    assert_eq!(outgoing.window(0, 1 << 20).unwrap(), content());
}

#[test]
fn a_full_disk_fails_the_save_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let clip = ClipId::random();
    for room in [0, 20, 100] {
        let small = Arc::new(Small(Arc::new(Mutex::new(room))));
        let (spool, _) = Spool::open(folder.path(), BOUNDS, small).unwrap();
        let error = take(&spool, clip).unwrap_err();
        assert!(matches!(error, SpoolError::NoRoom), "{error:?}");
        assert_eq!(spool.holds(clip), None);
        assert_eq!(files_with(folder.path(), "part"), 0);
    }
    let (spool, _) = open(folder.path());
    take(&spool, clip).unwrap();
}

#[test]
fn a_disk_that_fills_up_between_take_and_object_keeps_the_take() {
    let folder = tempfile::tempdir().unwrap();
    let clip = ClipId::random();
    let small = Arc::new(Small(Arc::new(Mutex::new(250))));
    let (spool, _) = Spool::open(folder.path(), BOUNDS, small).unwrap();
    take(&spool, clip).unwrap();
    assert!(matches!(finish(&spool, clip), Err(SpoolError::NoRoom)));
    assert_eq!(spool.takes(), [clip]);
    drop(spool);
    let (spool, found) = open(folder.path());
    assert_eq!(found.takes, 1);
    assert_whole(&spool, clip);
}

#[test]
fn a_spool_full_of_unsent_clips_refuses_and_deletes_none() {
    let folder = tempfile::tempdir().unwrap();
    let bounds = SpoolBounds {
        bytes: 2_300,
        ..BOUNDS
    };
    let (spool, _) = Spool::open(folder.path(), bounds, Arc::new(Disk)).unwrap();
    let clips: Vec<ClipId> = (0..3).map(|_| ClipId::random()).collect();
    for clip in &clips {
        if take(&spool, *clip).is_ok() {
            finish(&spool, *clip).unwrap();
        }
    }
    let held = clips
        .iter()
        .filter(|it| spool.holds(**it).is_some())
        .count();
    assert_eq!(held, 2, "the third does not fit");
    assert!(matches!(take(&spool, clips[2]), Err(SpoolError::Full)));
    spool.let_go(clips[0]).unwrap();
    take(&spool, clips[2]).unwrap();
}

#[test]
fn copies_of_sent_clips_stay_until_room_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let bounds = SpoolBounds {
        bytes: 2_500,
        after_kept: AfterKept::Keep,
    };
    let (spool, _) = Spool::open(folder.path(), bounds, Arc::new(Disk)).unwrap();
    for n in 0..6 {
        let clip = ClipId::random();
        take(&spool, clip).unwrap();
        finish(&spool, clip).unwrap();
        spool.let_go(clip).unwrap();
        assert_eq!(spool.holds(clip), Some(Held::Gone));
        let counts = *spool.counts().borrow();
        assert_eq!((counts.unsent, counts.sent), (0, n + 1));
        assert!(counts.bytes <= 2_500 && counts.safe_here >= 1);
    }
}

#[test]
fn a_copy_that_the_hospital_has_had_for_a_week_goes() {
    let folder = tempfile::tempdir().unwrap();
    let bounds = SpoolBounds {
        after_kept: AfterKept::Keep,
        ..BOUNDS
    };
    let (spool, _) = Spool::open(folder.path(), bounds, Arc::new(Disk)).unwrap();
    let clips = [ClipId::random(), ClipId::random()];
    for clip in clips {
        take(&spool, clip).unwrap();
        finish(&spool, clip).unwrap();
        spool.let_go(clip).unwrap();
    }
    drop(spool);
    let [old, new] = clips.map(|clip| folder.path().join("kept").join(format!("{clip}.dcm")));
    let long_ago = std::time::SystemTime::now() - KEPT_FOR;
    let file = std::fs::File::options().write(true).open(&old).unwrap();
    file.set_modified(long_ago).unwrap();
    let (spool, _) = Spool::open(folder.path(), bounds, Arc::new(Disk)).unwrap();
    assert!(!old.exists() && new.exists());
    assert_eq!(spool.counts().borrow().safe_here, 1);
}

#[test]
fn a_clip_that_the_hospital_has_is_not_unsent_for_ever_because_one_step_failed() {
    let kept = [
        "create .sent",
        "sync sent",
        "rename .dcm",
        "rename! .dcm",
        "sync kept",
        "remove .json",
        "remove! .json",
    ];
    let deleted = [
        "create .sent",
        "remove .dcm",
        "remove! .dcm",
        "remove .json",
    ];
    let keep = kept.map(|at| (AfterKept::Keep, at));
    let delete = deleted.map(|at| (AfterKept::Delete, at));
    for (after_kept, at) in keep.into_iter().chain(delete) {
        let folder = tempfile::tempdir().unwrap();
        let bounds = SpoolBounds {
            after_kept,
            ..BOUNDS
        };
        let done = Mutex::new(false);
        let disk = Arc::new(FailsOnce { at, done });
        let (spool, _) = Spool::open(folder.path(), bounds, Arc::clone(&disk) as _).unwrap();
        let clip = ClipId::random();
        finish(&spool, clip).unwrap();
        // The relay answers again when it is asked again.
        spool.let_go(clip).or_else(|_| spool.let_go(clip)).unwrap();
        assert!(*disk.done.lock().unwrap(), "{at} was not reached");
        assert_eq!(spool.holds(clip), Some(Held::Gone), "{at}");
        assert_eq!(spool.unsent(), [], "{at}");
        let copies = u32::from(after_kept == AfterKept::Keep);
        assert_eq!(spool.counts().borrow().safe_here, copies, "{at}");
        drop(spool);
        let (spool, found) = Spool::open(folder.path(), bounds, Arc::new(Disk)).unwrap();
        assert_eq!((found.unsent, found.damaged), (0, 0), "{at}");
        assert_eq!(spool.counts().borrow().safe_here, copies, "{at}");
    }
}

/// What is left free of a disk beside the clips.
const SPARE: u64 = 256 << 20;

/// A spool on a disk with room for so many bytes of clips, with three copies of `content`, the oldest first.
fn spool_with_copies(folder: &Path, disk: u64) -> (Arc<Spool>, [PathBuf; 3]) {
    let bounds = SpoolBounds {
        after_kept: AfterKept::Keep,
        ..BOUNDS
    };
    let disk = Bounded {
        folder: folder.to_owned(),
        bytes: SPARE + disk,
    };
    let (spool, _) = Spool::open(folder, bounds, Arc::new(disk)).unwrap();
    let copies = [0; 3].map(|_| {
        let clip = ClipId::random();
        finish(&spool, clip).unwrap();
        spool.let_go(clip).unwrap();
        folder.join("kept").join(format!("{clip}.dcm"))
    });
    (spool, copies)
}

#[test]
fn a_disk_full_of_copies_that_the_hospital_has_takes_the_next_clip() {
    let folder = tempfile::tempdir().unwrap();
    let object = content().len() as u64;
    // The fourth needs 1,000 bytes as a take and as much as an object: a copy goes for each.
    let (spool, copies) = spool_with_copies(folder.path(), 3 * object + 500);
    let fourth = ClipId::random();
    take(&spool, fourth).unwrap();
    let there = || copies.each_ref().map(|copy| copy.exists());
    assert_eq!(there(), [false, true, true], "the oldest went, no more");
    assert_eq!(spool.counts().borrow().safe_here, 3);
    finish(&spool, fourth).unwrap();
    assert_eq!(spool.unsent().len(), 1);
    // What a person or a handheld brings has its own reserve.
    spool.leave_free(SPARE + 2 * object).unwrap();
    assert_eq!(there(), [false; 3]);
    assert_whole(&spool, fourth);
}

#[test]
fn copies_stay_where_all_of_them_would_not_make_the_room() {
    let folder = tempfile::tempdir().unwrap();
    let object = content().len() as u64;
    let (spool, copies) = spool_with_copies(folder.path(), 3 * object + 500);
    let huge = spool.begin_take(ClipId::random(), 3 * object + 501);
    assert!(matches!(huge.err(), Some(SpoolError::NoRoom)));
    let huge = spool.begin_take(ClipId::random(), BOUNDS.bytes + 1);
    assert!(matches!(huge.err(), Some(SpoolError::NoRoom)));
    assert!(copies.iter().all(|copy| copy.exists()));
    drop(spool);
    let bounds = SpoolBounds {
        bytes: 3 * object,
        after_kept: AfterKept::Keep,
    };
    let (spool, _) = Spool::open(folder.path(), bounds, Arc::new(Disk)).unwrap();
    let huge = spool.begin_take(ClipId::random(), bounds.bytes + 1);
    assert!(matches!(huge.err(), Some(SpoolError::Full)));
    assert!(copies.iter().all(|copy| copy.exists()));
}

#[test]
fn a_refused_save_lets_go_what_is_older_than_a_week() {
    let folder = tempfile::tempdir().unwrap();
    let bounds = SpoolBounds {
        after_kept: AfterKept::Keep,
        ..BOUNDS
    };
    let disk = Arc::new(Bounded {
        folder: folder.path().to_owned(),
        bytes: SPARE + 3_000,
    });
    let clock = Arc::new(Later(Mutex::default()));
    let (spool, _) = Spool::open_by(Arc::clone(&clock) as _, folder.path(), bounds, disk).unwrap();
    for _ in 0..2 {
        let clip = ClipId::random();
        finish(&spool, clip).unwrap();
        spool.let_go(clip).unwrap();
        *clock.0.lock().unwrap() += KEPT_FOR / 2;
    }
    assert_eq!(spool.counts().borrow().safe_here, 2);
    let huge = spool.begin_take(ClipId::random(), 1 << 30);
    assert!(matches!(huge.err(), Some(SpoolError::NoRoom)));
    assert_eq!(spool.counts().borrow().safe_here, 1, "one is a week old");
}

/// Where the only unsent clip may go.
fn belongs(spool: &Spool) -> Belongs {
    let [unsent] = spool.unsent().try_into().unwrap();
    unsent.known.belongs
}

#[test]
fn a_clip_that_a_person_sent_belongs_there_after_a_restart_too() {
    let folder = tempfile::tempdir().unwrap();
    let (spool, _) = open(folder.path());
    let (clip, consult) = (ClipId::random(), ConsultId::random());
    assert!(!spool.assign(clip, consult).unwrap(), "it is not there");
    finish(&spool, clip).unwrap();
    assert_eq!(belongs(&spool), Belongs::Unsaid);
    assert!(spool.assign(clip, consult).unwrap());
    drop(spool);
    let (spool, found) = open(folder.path());
    assert_eq!(found.unsent, 1);
    assert_eq!(belongs(&spool), Belongs::Consult(consult));
    let mut outgoing = Outgoing::open(&spool, clip).unwrap();
    assert_eq!(outgoing.window(0, 10_000).unwrap(), content(), "unaltered");
}

#[test]
fn a_clip_that_was_described_before_consults_were_noted_waits_for_a_person() {
    let folder = tempfile::tempdir().unwrap();
    let (spool, _) = open(folder.path());
    let clip = ClipId::random();
    finish(&spool, clip).unwrap();
    spool.assign(clip, ConsultId::random()).unwrap();
    drop(spool);
    let sidecar = folder.path().join(format!("clips/{clip}.json"));
    let text = std::fs::read_to_string(&sidecar).unwrap();
    let at = text.find(",\"belongs\"").unwrap();
    std::fs::write(&sidecar, format!("{}}}", &text[..at])).unwrap();
    let (spool, found) = open(folder.path());
    assert_eq!((found.unsent, found.damaged), (1, 0));
    assert_eq!(belongs(&spool), Belongs::Unsaid);
}

#[test]
fn one_agent_at_a_time_uses_a_spool() {
    let folder = tempfile::tempdir().unwrap();
    let (_spool, _) = open(folder.path());
    let second = Spool::open(folder.path(), BOUNDS, Arc::new(Disk));
    assert!(matches!(second, Err(SpoolError::InUse)));
}

#[test]
fn what_the_disk_spoilt_is_put_aside_and_what_is_not_ours_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (spool, _) = open(folder.path());
    let clip = ClipId::random();
    take(&spool, clip).unwrap();
    finish(&spool, clip).unwrap();
    drop(spool);
    let object = folder.path().join(format!("clips/{clip}.dcm"));
    std::fs::write(&object, b"short").unwrap();
    std::fs::write(folder.path().join("clips/holiday.dcm"), b"x").unwrap();
    let stranger = ClipId::random();
    #[cfg(unix)]
    std::os::unix::fs::symlink(
        "/etc/hostname",
        folder.path().join(format!("clips/{stranger}.dcm")),
    )
    .unwrap();
    let (spool, found) = open(folder.path());
    assert_eq!(found.damaged, 1);
    assert_eq!(spool.holds(clip), None);
    assert_eq!(spool.holds(stranger), None);
    assert_eq!(files_with(folder.path(), "dcm"), 3, "nothing was deleted");
}
