//! A hundred thousand crashes and power cuts, in whatever the spool does: what it said to be safe is there afterwards, whole.
//!
//! Stories drawn by dice run on a disk that knows what of it is durable (`photographed`). Before each step the disk is looked at as
//! a killed agent would find it, and as power cuts would leave it; each such disk is opened, also while its own opening is cut
//! short, and held against what had been promised until then. Disks that lie show that a broken promise is found.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod photographed;

use capture_agent::spool::{
    AfterKept, Belongs, Held, NewObject, NewTake, Outgoing, RecordReader, Spool, SpoolBounds,
    SpoolError,
};
use photographed::{Dice, Image, Lie, Photographed};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use wire::clip::{ClipCoding, ClipHead, ClipOrigin};
use wire::{CaptureTime, ClipId, ConsultId};

const CRASH_POINTS: usize = 100_000;
/// Each story has so many steps, and so many clips.
const STEPS: usize = 16;
const CLIPS: usize = 4;
/// Disks that are looked at before each step: one of a killed agent, the others of power cuts.
const LOOKS: usize = 3;
/// Of the steps of an opening one in so many is cut short as well.
const ALSO_CUT: usize = 4;
/// Enough for three clips, so that copies have to go and saves are refused.
const BYTES: u64 = 2_600;
const RECORDS: usize = 3;

/// What was promised of a clip.
#[derive(Debug, Clone, Default)]
struct Promise {
    /// "Safe here": it may not be lost.
    is_safe: bool,
    /// Its object is finished.
    is_finished: bool,
    /// Where it may belong: two while that is being said.
    belongs: Vec<Belongs>,
    /// The relay has it, so it may go.
    is_leaving: bool,
    /// It went: from now on it is known to be at the relay.
    has_left: bool,
}

type Promises = BTreeMap<ClipId, Promise>;

/// What one story found.
#[derive(Default)]
struct Found {
    looks: usize,
    broken: Vec<String>,
}

/// Everything that a look needs.
#[derive(Clone)]
struct Witness {
    promises: Arc<Mutex<Promises>>,
    found: Arc<Mutex<Found>>,
    dice: Arc<Mutex<Dice>>,
    after_kept: AfterKept,
    lie: Option<Lie>,
}

fn bounds(after_kept: AfterKept) -> SpoolBounds {
    SpoolBounds {
        bytes: BYTES,
        after_kept,
    }
}

fn records(clip: ClipId) -> Vec<Vec<u8>> {
    (0..RECORDS)
        .map(|n| format!("record {n} of {clip}").into_bytes())
        .collect()
}

fn content(clip: ClipId) -> Vec<u8> {
    format!("the object of {clip}").repeat(12).into_bytes()
}

/// A folder in memory where there is one: the rules of the disk are the simulation's.
fn folder() -> tempfile::TempDir {
    let shm = Path::new("/dev/shm");
    if shm.is_dir() {
        tempfile::tempdir_in(shm).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

impl Witness {
    fn promised<T>(&self, change: impl FnOnce(&mut Promises) -> T) -> T {
        change(&mut self.promises.lock().unwrap())
    }

    fn throws(&self, end: usize) -> usize {
        self.dice.lock().unwrap().below(end)
    }

    /// Opens what a crash now would leave.
    fn looks_at(&self, image: &Image, deeper: bool) {
        for look in 0..LOOKS {
            let left = if look == 0 {
                image.clone()
            } else {
                image.after_power_cut(&mut self.dice.lock().unwrap())
            };
            self.found.lock().unwrap().looks += 1;
            if let Err(broken) = self.opens(left, deeper) {
                let mut found = self.found.lock().unwrap();
                found.broken.push(format!("look {look}: {broken}"));
            }
        }
    }

    /// Opens a disk after a crash, and holds it against the promises.
    fn opens(&self, left: Image, deeper: bool) -> Result<(), String> {
        let folder = folder();
        left.lay_out(folder.path()).unwrap();
        let disk = Photographed::new(folder.path(), left, self.lie);
        // What is promised meanwhile is promised on this disk only.
        let here = Self {
            promises: Arc::new(Mutex::new(self.promised(|promises| promises.clone()))),
            ..self.clone()
        };
        if deeper {
            let within = here.clone();
            disk.watched_by(Box::new(move |image| {
                if within.throws(ALSO_CUT) == 0 {
                    within.looks_at(image, false);
                }
            }));
        }
        let (spool, recovered) = Spool::open(
            folder.path(),
            bounds(self.after_kept),
            Arc::new(disk.clone()),
        )
        .map_err(|error| format!("it does not open: {error}"))?;
        if recovered.damaged > 0 {
            return Err(format!("{} damaged", recovered.damaged));
        }
        here.is_as_promised(&spool)?;
        here.goes_on(&spool)?;
        if deeper {
            here.looks_at(&disk.image(), false);
        }
        Ok(())
    }

    fn is_as_promised(&self, spool: &Spool) -> Result<(), String> {
        for (clip, promise) in self.promised(|promises| promises.clone()) {
            let held = spool.holds(clip);
            let whole = match held {
                Some(Held::Take) => take_is_whole(spool, clip),
                Some(Held::Finished(_)) => object_is_whole(spool, clip),
                Some(Held::Gone) | None => true,
            };
            if !whole {
                return Err(format!("{clip} is not what was written: {promise:?}"));
            }
            match held {
                Some(Held::Finished(known))
                    if promise.is_finished && !promise.belongs.contains(&known.belongs) =>
                {
                    return Err(format!("{clip} belongs elsewhere: {promise:?}"));
                }
                Some(Held::Take) if promise.is_finished && !promise.is_leaving => {
                    return Err(format!("{clip} is a take again: {promise:?}"));
                }
                None if promise.has_left => {
                    return Err(format!("{clip} would be taken in again: {promise:?}"));
                }
                Some(Held::Gone) | None if promise.is_safe && !promise.is_leaving => {
                    return Err(format!("{clip} is lost: {promise:?}"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What the spool says that it holds is a promise from now on; then takes become objects, as after each start.
    fn goes_on(&self, spool: &Arc<Spool>) -> Result<(), String> {
        let clips: Vec<ClipId> = self.promised(|promises| promises.keys().copied().collect());
        for clip in clips {
            let promise = match spool.holds(clip) {
                Some(Held::Take) => Promise {
                    is_safe: true,
                    ..Promise::default()
                },
                Some(Held::Finished(known)) => Promise {
                    is_safe: true,
                    is_finished: true,
                    belongs: vec![known.belongs],
                    ..Promise::default()
                },
                Some(Held::Gone) => Promise {
                    has_left: true,
                    ..Promise::default()
                },
                None => Promise::default(),
            };
            self.promised(|promises| promises.insert(clip, promise));
        }
        for clip in spool.takes() {
            let object = begin_object(spool, clip).map_err(|error| error.to_string())?;
            self.present(spool, clip, object)
                .map_err(|error| format!("{clip} does not become an object: {error}"))?;
        }
        Ok(())
    }

    fn present(
        &self,
        spool: &Arc<Spool>,
        clip: ClipId,
        object: NewObject,
    ) -> Result<(), SpoolError> {
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
        spool.present(sealed, head, Vec::new(), Belongs::Unsaid)?;
        self.promised(|promises| {
            let promise = promises.entry(clip).or_default();
            promise.is_safe = true;
            promise.is_finished = true;
            promise.belongs = vec![Belongs::Unsaid];
        });
        Ok(())
    }
}

fn take_is_whole(spool: &Spool, clip: ClipId) -> bool {
    let Ok(reader) = RecordReader::open(&spool.take_path(clip)) else {
        return false;
    };
    let read: Vec<_> = (0..reader.count())
        .filter_map(|n| reader.record(n).ok())
        .collect();
    read == records(clip)
}

fn object_is_whole(spool: &Spool, clip: ClipId) -> bool {
    let read = Outgoing::open(spool, clip).and_then(|mut it| it.window(0, 1 << 20));
    read.is_ok_and(|bytes| bytes == content(clip))
}

fn begin_object(spool: &Arc<Spool>, clip: ClipId) -> Result<NewObject, SpoolError> {
    let content = content(clip);
    let mut object = spool.begin_object(clip, content.len() as u64)?;
    object
        .out
        .write_all(&content)
        .map_err(SpoolError::of_writing)?;
    Ok(object)
}

/// A clip on its way through the spool.
enum Stage {
    Nothing,
    Taking(NewTake),
    Taken,
    Writing(NewObject),
    Finished,
    Left,
}

/// One step of a clip's way. What the spool refuses is left out.
fn step(witness: &Witness, spool: &Arc<Spool>, clip: ClipId, stage: Stage) -> Stage {
    match stage {
        Stage::Nothing if witness.throws(3) > 0 => {
            let Ok(mut take) = spool.begin_take(clip, 400) else {
                return Stage::Nothing;
            };
            for record in records(clip) {
                take.records.add(&record).unwrap();
            }
            Stage::Taking(take)
        }
        Stage::Taking(take) => {
            spool.finish_take(take).unwrap();
            witness.promised(|promises| promises.entry(clip).or_default().is_safe = true);
            Stage::Taken
        }
        // A clip that a handheld exported has no take.
        Stage::Nothing => begin_object(spool, clip).map_or(Stage::Nothing, Stage::Writing),
        Stage::Taken => begin_object(spool, clip).map_or(Stage::Taken, Stage::Writing),
        Stage::Writing(object) => {
            witness.present(spool, clip, object).unwrap();
            Stage::Finished
        }
        Stage::Finished if witness.throws(2) == 0 => {
            let consult = ConsultId::random();
            let says = Belongs::Consult(consult);
            let promise = |change: &dyn Fn(&mut Promise)| {
                witness.promised(|promises| change(promises.entry(clip).or_default()));
            };
            promise(&|it| it.belongs.push(says));
            assert!(spool.assign(clip, consult).unwrap());
            promise(&|it| it.belongs = vec![says]);
            Stage::Finished
        }
        Stage::Finished => {
            witness.promised(|promises| promises.entry(clip).or_default().is_leaving = true);
            spool.let_go(clip).unwrap();
            witness.promised(|promises| promises.entry(clip).or_default().has_left = true);
            Stage::Left
        }
        Stage::Left => Stage::Left,
    }
}

/// One story on one disk.
fn story(seed: u64, lie: Option<Lie>) -> Found {
    let witness = Witness {
        promises: Arc::default(),
        found: Arc::default(),
        dice: Arc::new(Mutex::new(Dice::new(seed))),
        after_kept: if seed.is_multiple_of(2) {
            AfterKept::Keep
        } else {
            AfterKept::Delete
        },
        lie,
    };
    let folder = folder();
    let disk = Photographed::new(folder.path(), Image::default(), lie);
    let looks = witness.clone();
    disk.watched_by(Box::new(move |image| looks.looks_at(image, true)));
    let (spool, _) = Spool::open(
        folder.path(),
        bounds(witness.after_kept),
        Arc::new(disk.clone()),
    )
    .unwrap();
    let clips: Vec<ClipId> = (0..CLIPS).map(|_| ClipId::random()).collect();
    witness.promised(|promises| promises.extend(clips.iter().map(|it| (*it, Promise::default()))));
    let mut stages: Vec<Stage> = clips.iter().map(|_| Stage::Nothing).collect();
    for _ in 0..STEPS {
        let which = witness.throws(CLIPS);
        let stage = std::mem::replace(&mut stages[which], Stage::Nothing);
        stages[which] = step(&witness, &spool, clips[which], stage);
    }
    witness.looks_at(&disk.image(), true);
    std::mem::take(&mut *witness.found.lock().unwrap())
}

#[test]
fn a_hundred_thousand_crashes_lose_nothing_that_was_said_to_be_safe() {
    const THREADS: u64 = 2;
    let run = |thread: u64| {
        move || {
            let mut looks = 0;
            for seed in (0..).map(|n| n * THREADS + thread) {
                let found = story(seed, None);
                assert!(found.broken.is_empty(), "story {seed}: {:?}", found.broken);
                looks += found.looks;
                if looks * THREADS as usize >= CRASH_POINTS {
                    return looks;
                }
            }
            looks
        }
    };
    let threads: Vec<_> = (0..THREADS).map(|n| std::thread::spawn(run(n))).collect();
    let looks: usize = threads.into_iter().map(|it| it.join().unwrap()).sum();
    assert!(looks >= CRASH_POINTS, "{looks}");
}

#[test]
fn a_disk_that_lies_is_found_out() {
    for lie in [
        Lie::FilesAreNotSynced,
        Lie::FoldersAreNotSynced,
        Lie::NamesComeBeforeBytes,
    ] {
        let found = (0..20).find(|seed| !story(*seed, Some(lie)).broken.is_empty());
        assert!(found.is_some(), "{lie:?} went unnoticed");
    }
}
