//! The spool under faults: a crash or a power cut at any step, a full disk, a full spool.
//!
//! The file layer is injected: it dies after any number of operations, and then forgets what was never synced, as a
//! power cut does. Whatever was said to be safe is there afterwards, whole.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use capture_agent::spool::{
    AfterKept, Belongs, Disk, Files, Held, Outgoing, RecordReader, Spool, SpoolBounds, SpoolError,
    SpoolFile,
};
use std::collections::BTreeMap;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use wire::clip::{ClipCoding, ClipHead, ClipOrigin};
use wire::{CaptureTime, ClipId, ConsultId};

const BOUNDS: SpoolBounds = SpoolBounds {
    bytes: 10_000_000,
    after_kept: AfterKept::Delete,
};
const RECORDS: [&[u8]; 3] = [b"head", b"frame 1", b"frame 2"];

/// What the faulty layer knows.
#[derive(Default)]
struct Fate {
    /// Operations until everything fails; none never fails.
    left: Option<u32>,
    /// Bytes that the disk still takes; none without end.
    room: Option<u64>,
    /// Files that were not synced.
    unsynced: Vec<PathBuf>,
    /// Renames that were not synced, by folder.
    renamed: BTreeMap<PathBuf, Vec<(PathBuf, PathBuf)>>,
}

#[derive(Clone, Default)]
struct Faulty(Arc<Mutex<Fate>>);

impl Faulty {
    fn dying_after(operations: u32) -> Self {
        let faulty = Self::default();
        faulty.0.lock().unwrap().left = Some(operations);
        faulty
    }

    fn with_room(bytes: u64) -> Self {
        let faulty = Self::default();
        faulty.0.lock().unwrap().room = Some(bytes);
        faulty
    }

    fn step(&self) -> io::Result<()> {
        let mut fate = self.0.lock().unwrap();
        match &mut fate.left {
            Some(0) => Err(io::Error::other("crashed")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn is_dead(&self) -> bool {
        self.0.lock().unwrap().left == Some(0)
    }

    /// What was never synced is lost: names go back, bytes are cut.
    fn cut_power(&self) {
        let mut fate = self.0.lock().unwrap();
        let renamed = std::mem::take(&mut fate.renamed);
        for (from, to) in renamed.into_values().flatten().rev() {
            let _ = std::fs::rename(to, from);
        }
        for path in fate.unsynced.drain(..) {
            if let Ok(file) = std::fs::File::options().write(true).open(path) {
                let length = file.metadata().unwrap().len();
                file.set_len(length / 2).unwrap();
            }
        }
    }
}

struct FaultyFile {
    inner: Box<dyn SpoolFile>,
    path: PathBuf,
    faulty: Faulty,
}

impl Write for FaultyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.faulty.step()?;
        if let Some(room) = &mut self.faulty.0.lock().unwrap().room {
            *room = room
                .checked_sub(bytes.len() as u64)
                .ok_or(io::ErrorKind::StorageFull)?;
        }
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Seek for FaultyFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

impl SpoolFile for FaultyFile {
    fn sync(&mut self) -> io::Result<()> {
        self.faulty.step()?;
        let unsynced = &mut self.faulty.0.lock().unwrap().unsynced;
        unsynced.retain(|path| *path != self.path);
        Ok(())
    }
}

impl Files for Faulty {
    fn create(&self, path: &Path) -> io::Result<Box<dyn SpoolFile>> {
        self.step()?;
        self.0.lock().unwrap().unsynced.push(path.to_owned());
        Ok(Box::new(FaultyFile {
            inner: Disk.create(path)?,
            path: path.to_owned(),
            faulty: self.clone(),
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        let folder = to.parent().unwrap().to_owned();
        let renames = (from.to_owned(), to.to_owned());
        let mut fate = self.0.lock().unwrap();
        fate.renamed.entry(folder).or_default().push(renames);
        Disk.rename(from, to)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.step()?;
        self.0.lock().unwrap().renamed.remove(folder);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        Disk.remove(path)
    }

    fn room(&self, folder: &Path) -> io::Result<u64> {
        Disk.room(folder)
    }
}

/// How far a save came before the crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reached {
    Nothing,
    Safe,
    Finished,
    LetGo,
}

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

fn save(spool: &Arc<Spool>, clip: ClipId) -> Reached {
    if take(spool, clip).is_err() {
        return Reached::Nothing;
    }
    if finish(spool, clip).is_err() {
        return Reached::Safe;
    }
    match spool.let_go(clip) {
        Ok(()) => Reached::LetGo,
        Err(_) => Reached::Finished,
    }
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
fn a_crash_at_any_step_loses_nothing_that_was_safe_and_presents_nothing_half_written() {
    for power in [false, true] {
        for operations in 0.. {
            let folder = tempfile::tempdir().unwrap();
            let clip = ClipId::random();
            let faulty = Faulty::dying_after(operations);
            let (spool, _) = Spool::open(folder.path(), BOUNDS, Arc::new(faulty.clone())).unwrap();
            let reached = save(&spool, clip);
            drop(spool);
            if power {
                faulty.cut_power();
            }
            let (spool, found) = open(folder.path());
            let at = format!("crash after {operations} operations, power cut {power}: {reached:?}");
            assert_eq!(found.damaged, 0, "{at}");
            assert_eq!(files_with(folder.path(), "part"), 0, "{at}");
            match (reached, spool.holds(clip)) {
                (Reached::LetGo, held) => assert_eq!(held, None, "{at}"),
                // Said to have failed, or being let go: there or not, but whole.
                (Reached::Nothing | Reached::Finished, None) => {}
                (Reached::Safe, None) => panic!("{at}: lost"),
                (_, Some(_)) => assert_whole(&spool, clip),
            }
            if !faulty.is_dead() {
                assert_eq!(reached, Reached::LetGo);
                assert!(operations > 12, "the steps were counted");
                break;
            }
        }
    }
}

#[test]
fn a_full_disk_fails_the_save_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let clip = ClipId::random();
    for room in [0, 20, 100] {
        let faulty = Arc::new(Faulty::with_room(room));
        let (spool, _) = Spool::open(folder.path(), BOUNDS, faulty).unwrap();
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
    let faulty = Arc::new(Faulty::with_room(250));
    let (spool, _) = Spool::open(folder.path(), BOUNDS, faulty).unwrap();
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
