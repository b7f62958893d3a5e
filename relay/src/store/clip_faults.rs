//! Clips that arrive on a disk that fails once, has no more room, or dies after any number of operations and then forgets what was
//! never synced, as a power cut does. What was called durable is there, what has its name is whole, and from what may be lost
//! nobody goes on.

use super::clip_disk::{ClipDisk, Disk};
use super::{ClipFiles, DataFolder, Half};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use wire::original::Digest;
use wire::{ClipId, ConsultId};

/// Bytes of the clip, and of what is sent before each sync.
const WHOLE: usize = 900;
const PART: usize = 300;

/// What a power cut takes beside bytes that were never synced.
#[derive(Debug, Clone, Copy)]
struct Cut {
    /// Names that were not synced are gone, or are the old ones again.
    names: bool,
    /// Bytes that were not synced read as zeros instead of being cut off.
    zeros: bool,
}

#[derive(Debug, Default)]
struct Fate {
    /// Operations until everything fails; none never fails.
    left: Option<u32>,
    /// Operations so far.
    done: u32,
    /// The next sync fails like this, once.
    sync: Option<ErrorKind>,
    /// The next name cannot be given, because of this.
    rename: Option<ErrorKind>,
    /// The next sync of a folder fails.
    folder: Option<ErrorKind>,
    /// Bytes that the disk still takes, and how it says that it takes no more.
    room: Option<(usize, ErrorKind)>,
    /// Each write takes so many bytes at most, and each second one is interrupted.
    short: Option<usize>,
    /// Where the clip lies.
    place: PathBuf,
    /// What lay there when the power went.
    at_the_end: Option<Vec<Lies>>,
    /// Durable bytes of files that were written, by inode.
    durable: BTreeMap<u64, u64>,
    /// Durable names.
    names: BTreeSet<PathBuf>,
    /// Names that were given and are not durable.
    renamed: Vec<(PathBuf, PathBuf)>,
}

/// A file.
#[derive(Debug)]
struct Lies {
    path: PathBuf,
    bytes: Vec<u8>,
    /// So many of them are durable.
    durable: usize,
}

impl Fate {
    fn lies(&self) -> Vec<Lies> {
        let found = fs::read_dir(&self.place).into_iter().flatten();
        let one = |path: PathBuf| {
            let inode = path.metadata().unwrap().ino();
            let durable = self.durable.get(&inode).copied().unwrap_or_default();
            let bytes = fs::read(&path).unwrap();
            Lies {
                durable: usize::try_from(durable).unwrap().min(bytes.len()),
                path,
                bytes,
            }
        };
        found.map(|found| one(found.unwrap().path())).collect()
    }
}

#[derive(Debug, Clone, Default)]
struct Faulty(Arc<Mutex<Fate>>);

impl Faulty {
    fn fails(&self, which: impl FnOnce(&mut Fate) -> Option<ErrorKind>) -> io::Result<()> {
        let mut fate = self.0.lock().unwrap();
        fate.done += 1;
        if let Some(kind) = which(&mut fate) {
            return Err(kind.into());
        }
        match &mut fate.left {
            Some(0) => {
                // What a program that still runs tidies up after this, a power cut leaves.
                if fate.at_the_end.is_none() {
                    fate.at_the_end = Some(fate.lies());
                }
                Err(io::Error::other("the power is gone"))
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn cut_power(&self, cut: Cut) {
        let mut fate = self.0.lock().unwrap();
        let mut lies = fate.at_the_end.take().unwrap_or_else(|| fate.lies());
        if cut.names {
            for (from, to) in std::mem::take(&mut fate.renamed).into_iter().rev() {
                for one in lies.iter_mut().filter(|one| one.path == to) {
                    one.path.clone_from(&from);
                }
            }
            lies.retain(|one| fate.names.contains(&one.path));
        }
        for old in fs::read_dir(&fate.place).into_iter().flatten() {
            fs::remove_file(old.unwrap().path()).unwrap();
        }
        for Lies {
            path,
            mut bytes,
            durable,
        } in lies
        {
            let whole = bytes.len();
            // Some of what was not synced got there.
            bytes.truncate(durable + (whole - durable) / 2);
            if cut.zeros {
                bytes.resize(whole, 0);
            }
            fs::write(path, bytes).unwrap();
        }
    }
}

impl ClipDisk for Faulty {
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<usize> {
        self.fails(|_| None)?;
        let mut fate = self.0.lock().unwrap();
        let mut bytes = bytes;
        if let Some(most) = fate.short {
            if fate.done.is_multiple_of(2) {
                return Err(ErrorKind::Interrupted.into());
            }
            bytes = &bytes[..most.min(bytes.len())];
        }
        if let Some((room, kind)) = &mut fate.room {
            if *room == 0 {
                return Err((*kind).into());
            }
            // A disk takes what it has room for, and says so with the next bytes.
            bytes = &bytes[..bytes.len().min(*room)];
            *room -= bytes.len();
        }
        Disk.write(file, bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.fails(|fate| fate.sync.take())?;
        let about = file.metadata()?;
        let mut fate = self.0.lock().unwrap();
        fate.durable.insert(about.ino(), about.len());
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.fails(|fate| fate.rename.take())?;
        Disk.rename(from, to)?;
        let both = (from.to_owned(), to.to_owned());
        self.0.lock().unwrap().renamed.push(both);
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.fails(|fate| fate.folder.take())?;
        let mut fate = self.0.lock().unwrap();
        let found = fs::read_dir(folder)?.map(|one| one.map(|one| one.path()));
        fate.names.extend(found.collect::<io::Result<Vec<_>>>()?);
        fate.renamed
            .retain(|(from, _)| from.parent() != Some(folder));
        Ok(())
    }
}

struct World {
    data: DataFolder,
    faulty: Faulty,
    whose: (ConsultId, ClipId),
    bytes: Vec<u8>,
    _folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            data: DataFolder::at(folder.path()).unwrap(),
            faulty: Faulty::default(),
            whose: (ConsultId::random(), ClipId::random()),
            // None is zero, so that zeros are never right.
            bytes: (0..WHOLE).map(|n| (n % 251) as u8 | 1).collect(),
            _folder: folder,
        }
    }

    fn fate(&self) -> std::sync::MutexGuard<'_, Fate> {
        self.faulty.0.lock().unwrap()
    }

    /// As after a start of the relay: the row of the clip is there.
    fn files(&self, disk: Arc<dyn ClipDisk>) -> ClipFiles {
        let known = HashSet::from([self.whose]);
        ClipFiles::open(&self.data, &known).unwrap().on(disk)
    }

    fn faulty_files(&self) -> ClipFiles {
        self.files(Arc::new(self.faulty.clone()))
    }

    fn resume(&self, files: &ClipFiles) -> Result<Half, super::ClipFault> {
        files.resume(self.whose.0, self.whose.1, WHOLE as u64)
    }

    fn digest(&self) -> Digest {
        Digest::from_bytes(Sha256::digest(&self.bytes).into())
    }

    /// Sends the rest, and gives it its name if it is right; what was resumed and is not is sent again.
    fn carries(&self, files: &ClipFiles) -> Result<(), super::ClipFault> {
        let mut half = self.resume(files)?;
        loop {
            let at = usize::try_from(half.at()).unwrap();
            half.write(&self.bytes[at..])?;
            half.sync()?;
            if half.digest()? == self.digest() {
                return half.finish();
            }
            assert!(half.is_resumed(), "what was sent now is wrong");
            half.begin_again()?;
        }
    }

    fn is_whole(&self, files: &ClipFiles) -> bool {
        match fs::read(files.whole(self.whose.0, self.whose.1)) {
            Ok(found) => {
                assert!(found == self.bytes, "half a clip has its name");
                true
            }
            Err(_) => false,
        }
    }

    fn half(&self, files: &ClipFiles) -> Vec<u8> {
        fs::read(files.half(self.whose.0, self.whose.1)).unwrap_or_default()
    }
}

/// What was promised before the disk died.
#[derive(Default)]
struct Promised {
    /// So many bytes are durable.
    durable: u64,
    /// It is kept.
    kept: bool,
}

fn sends(
    world: &World,
    files: &ClipFiles,
    promised: &mut Promised,
) -> Result<(), super::ClipFault> {
    let mut half = world.resume(files)?;
    for part in world.bytes.chunks(PART) {
        for piece in part.chunks(100) {
            half.write(piece)?;
        }
        promised.durable = half.sync()?;
    }
    half.finish()?;
    promised.kept = true;
    Ok(())
}

/// One life: a clip until the disk dies after `operations`, the cut, a start, and the rest of it. Gives the operations that there were.
fn life(operations: Option<u32>, cut: Cut) -> u32 {
    let (world, mut promised) = (World::new(), Promised::default());
    let files = world.faulty_files();
    let half = files.half(world.whose.0, world.whose.1);
    world.fate().place = half.parent().unwrap().to_owned();
    world.fate().left = operations;
    let _ = sends(&world, &files, &mut promised);
    let done = world.fate().done;
    world.faulty.cut_power(cut);
    let when = format!("after {operations:?} operations, {cut:?}");
    let files = world.files(Arc::new(Disk));
    if promised.kept {
        assert!(world.is_whole(&files), "it is lost {when}");
        return done;
    }
    if !world.is_whole(&files) {
        let here = world.half(&files);
        let durable = usize::try_from(promised.durable).unwrap();
        assert!(
            here.len() >= durable && here[..durable] == world.bytes[..durable],
            "durable bytes are lost {when}"
        );
    }
    world.carries(&files).unwrap();
    assert!(world.is_whole(&files), "it does not come {when}");
    done
}

#[test]
fn a_power_cut_after_any_operation_keeps_what_was_promised_and_names_no_half_clip() {
    let cuts = [(false, false), (false, true), (true, false), (true, true)];
    let cuts = cuts.map(|(names, zeros)| Cut { names, zeros });
    let whole = life(None, cuts[2]);
    assert!(whole > 15, "{whole} operations");
    for operations in 0..=whole {
        for cut in cuts {
            life(Some(operations), cut);
        }
    }
}

/// The kernel tells once that a page did not get to the disk, and drops it: the next sync succeeds over the hole.
#[test]
fn nobody_goes_on_from_a_half_clip_whose_sync_failed() {
    for of_pages in [false, true] {
        let world = World::new();
        let mut files = world.faulty_files();
        if of_pages {
            files = files.of_pages();
        }
        let mut half = world.resume(&files).unwrap();
        half.write(&world.bytes[..PART]).unwrap();
        half.sync().unwrap();
        half.write(&world.bytes[PART..2 * PART]).unwrap();
        world.fate().sync = Some(ErrorKind::Other);
        assert!(half.sync().is_err());
        assert_eq!((half.at(), half.unsynced()), (0, 0));
        drop(half);
        assert_eq!(world.resume(&files).unwrap().at(), 0, "it begins again");
        // What another life of the relay wrote and never synced.
        let mut half = world.resume(&files).unwrap();
        half.write(&world.bytes[..PART]).unwrap();
        drop(half);
        world.fate().sync = Some(ErrorKind::Other);
        assert!(world.resume(&files).is_err());
        assert_eq!(world.resume(&files).unwrap().at(), 0, "nor from this");
        // Nor is it named.
        let mut half = world.resume(&files).unwrap();
        half.write(&world.bytes).unwrap();
        world.fate().sync = Some(ErrorKind::Other);
        assert!(half.finish().is_err());
        assert!(!world.is_whole(&files));
        world.carries(&files).unwrap();
        assert!(world.is_whole(&files));
    }
}

#[test]
fn whoever_asks_how_much_is_here_hears_what_is_durable() {
    let world = World::new();
    let files = world.faulty_files();
    let (consult, clip) = world.whose;
    assert_eq!(files.durable(consult, clip).unwrap(), 0);
    let mut half = world.resume(&files).unwrap();
    half.write(&world.bytes[..PART]).unwrap();
    // Another request asks while this one has not synced yet.
    assert_eq!(files.durable(consult, clip).unwrap(), PART as u64);
    let durable = world.fate().durable.values().copied().max();
    assert_eq!(durable, Some(PART as u64));
    half.write(&world.bytes[PART..2 * PART]).unwrap();
    world.fate().sync = Some(ErrorKind::Other);
    assert!(files.durable(consult, clip).is_err());
    drop(half);
    assert_eq!(world.resume(&files).unwrap().at(), 0, "it begins again");
}

#[test]
fn a_name_that_is_not_durable_is_not_called_so() {
    let world = World::new();
    let files = world.faulty_files();
    let mut half = world.resume(&files).unwrap();
    half.write(&world.bytes[..PART]).unwrap();
    world.fate().folder = Some(ErrorKind::Other);
    assert!(half.sync().is_err(), "nobody may find it again");
    drop(half);
    for (renames, folders) in [
        (Some(ErrorKind::CrossesDevices), None),
        (Some(ErrorKind::ReadOnlyFilesystem), None),
        (None, Some(ErrorKind::Other)),
    ] {
        let mut half = world.resume(&files).unwrap();
        let at = usize::try_from(half.at()).unwrap();
        half.write(&world.bytes[at..]).unwrap();
        half.sync().unwrap();
        (world.fate().rename, world.fate().folder) = (None, None);
        world.fate().rename = renames;
        world.fate().folder = folders;
        assert!(half.finish().is_err(), "{renames:?} {folders:?}");
        // Under its name is nothing, or all of it.
        let _ = world.is_whole(&files);
    }
    world.carries(&files).unwrap();
    assert!(world.is_whole(&files));
}

#[test]
fn a_disk_that_takes_no_more_is_told_and_the_rest_comes_when_there_is_room() {
    for kind in [
        ErrorKind::StorageFull,
        ErrorKind::QuotaExceeded,
        ErrorKind::ReadOnlyFilesystem,
    ] {
        for room in [0, 1, 50, PART - 1] {
            let world = World::new();
            let files = world.faulty_files();
            let mut half = world.resume(&files).unwrap();
            half.write(&world.bytes[..PART]).unwrap();
            half.sync().unwrap();
            world.fate().room = Some((room, kind));
            assert!(half.write(&world.bytes[PART..2 * PART]).is_err());
            assert_eq!(
                half.at(),
                PART as u64,
                "what was written of it is taken back"
            );
            assert_eq!(world.half(&files), world.bytes[..PART]);
            world.fate().room = None;
            half.write(&world.bytes[PART..]).unwrap();
            assert_eq!(half.digest().unwrap(), world.digest());
            half.finish().unwrap();
            assert!(world.is_whole(&files), "{kind:?} {room}");
        }
    }
}

#[test]
fn writes_that_are_short_or_interrupted_lose_nothing() {
    let world = World::new();
    let files = world.faulty_files();
    world.fate().short = Some(7);
    world.carries(&files).unwrap();
    assert!(world.is_whole(&files));
}
