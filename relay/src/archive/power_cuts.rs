//! The archive on a disk that dies after any number of operations and then forgets what was never synced, as a power cut does; or
//! that has no more room. Whatever was answered with Success is there after the next start, whole, and nothing half is.

use super::files::{Disk, Files, HalfFile};
use super::indexer::Indexer;
use super::place::Place;
use super::{Archive, ArchiveParts};
use crate::clock::Clock;
use crate::store::{ClipFiles, DataFolder, Store, objects_of};
use dimse::{Facts, Shelf as _};
use std::collections::{BTreeSet, HashSet};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

const SUCCESS: u16 = 0;
const CONFLICT: u16 = 0xB007;

/// What a power cut takes beside bytes that were never synced.
#[derive(Debug, Clone, Copy)]
struct Cut {
    /// Names that a file got and that were not synced go back to the old ones.
    renames: bool,
    /// Rows that were not synced are gone.
    rows: bool,
    /// Bytes that were not synced read as zeros instead of being cut off.
    zeros: bool,
}

#[derive(Debug, Default)]
struct Fate {
    /// Operations until everything fails; none never fails.
    left: Option<u32>,
    /// Operations so far.
    done: u32,
    /// Bytes that the disk still takes; none without end.
    room: Option<usize>,
    /// Files whose first name is not durable.
    nameless: BTreeSet<PathBuf>,
    /// Files by their first name with bytes that are not durable.
    unsynced: BTreeSet<PathBuf>,
    /// First name and name.
    renamed: Vec<(PathBuf, PathBuf)>,
    /// Bytes that the disk was to begin with before anybody asked for a sync.
    begun: Vec<Range<u64>>,
}

#[derive(Debug, Clone, Default)]
struct Faulty(Arc<Mutex<Fate>>);

impl Faulty {
    fn step(&self) -> io::Result<()> {
        let mut fate = self.0.lock().unwrap();
        fate.done += 1;
        match &mut fate.left {
            Some(0) => Err(io::Error::other("the power is gone")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn cut_power(&self, cut: Cut) {
        let mut fate = self.0.lock().unwrap();
        if cut.renames {
            for (from, to) in std::mem::take(&mut fate.renamed).into_iter().rev() {
                std::fs::rename(to, from).unwrap();
            }
        }
        let now_at = |first: &PathBuf| {
            let renamed = fate.renamed.iter().find(|(from, _)| from == first);
            renamed.map_or_else(|| first.clone(), |(_, to)| to.clone())
        };
        for first in &fate.unsynced {
            let Ok(file) = std::fs::File::options().write(true).open(now_at(first)) else {
                continue;
            };
            let length = file.metadata().unwrap().len();
            file.set_len(length / 2).unwrap();
            if cut.zeros {
                file.set_len(length).unwrap();
            }
        }
        for first in &fate.nameless {
            let _ = std::fs::remove_file(now_at(first));
        }
    }
}

#[derive(Debug)]
struct FaultyFile {
    inner: Box<dyn HalfFile>,
    path: PathBuf,
    faulty: Faulty,
}

impl FaultyFile {
    fn dirties(&self, bytes: usize) -> io::Result<()> {
        self.faulty.step()?;
        let mut fate = self.faulty.0.lock().unwrap();
        if let Some(room) = &mut fate.room {
            *room = room.checked_sub(bytes).ok_or(io::ErrorKind::StorageFull)?;
        }
        fate.unsynced.insert(self.path.clone());
        Ok(())
    }
}

impl Write for FaultyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.dirties(bytes.len())?;
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl HalfFile for FaultyFile {
    fn write_start(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.dirties(0)?;
        self.inner.write_start(bytes)
    }

    fn write_back(&mut self, written: Range<u64>) {
        self.inner.write_back(written.clone());
        self.faulty.0.lock().unwrap().begun.push(written);
    }

    fn sync(&mut self) -> io::Result<()> {
        self.faulty.step()?;
        self.faulty.0.lock().unwrap().unsynced.remove(&self.path);
        Ok(())
    }
}

impl Files for Faulty {
    fn create(&self, path: &Path) -> io::Result<Box<dyn HalfFile>> {
        self.step()?;
        self.0.lock().unwrap().nameless.insert(path.to_owned());
        Ok(Box::new(FaultyFile {
            inner: Disk.create(path)?,
            path: path.to_owned(),
            faulty: self.clone(),
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        Disk.rename(from, to)?;
        let both = (from.to_owned(), to.to_owned());
        self.0.lock().unwrap().renamed.push(both);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        Disk.remove(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.step()?;
        let mut fate = self.0.lock().unwrap();
        fate.nameless.retain(|path| path.parent() != Some(folder));
        Ok(())
    }
}

fn element(group: u16, element: u16, vr: &[u8; 2], text: &str) -> Vec<u8> {
    let mut bytes = [group.to_le_bytes(), element.to_le_bytes()].concat();
    bytes.extend_from_slice(vr);
    let mut value = text.as_bytes().to_vec();
    if value.len() % 2 == 1 {
        value.push(0);
    }
    bytes.extend_from_slice(&u16::try_from(value.len()).unwrap().to_le_bytes());
    bytes.append(&mut value);
    bytes
}

/// An object of an instance; its name makes its bytes, and `long` more of them than are held back.
fn object(instance: &str, name: &str, long: bool) -> (Facts, Vec<u8>) {
    object_of(instance, name, if long { 600_000 } else { 0 })
}

fn object_of(instance: &str, name: &str, pixels: u32) -> (Facts, Vec<u8>) {
    let class = "1.2.840.10008.5.1.4.1.1.3.1";
    let mut data_set = [
        element(8, 0x16, b"UI", class),
        element(8, 0x18, b"UI", instance),
        element(0x10, 0x10, b"PN", name),
        element(0x20, 0x0D, b"UI", "1.2.1"),
        element(0x20, 0x0E, b"UI", "1.2.2"),
    ]
    .concat();
    if pixels > 0 {
        data_set.extend_from_slice(&[0xE0, 0x7F, 0x10, 0, b'O', b'B', 0, 0]);
        data_set.extend_from_slice(&pixels.to_le_bytes());
        data_set.resize(data_set.len() + pixels as usize, 7);
    }
    let facts = Facts {
        class: class.to_owned(),
        instance: instance.to_owned(),
        syntax: "1.2.840.10008.1.2.1".to_owned(),
        sender: "VSCAN".to_owned(),
    };
    (facts, data_set)
}

struct World {
    folder: tempfile::TempDir,
    store: Store,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("relay.db")).unwrap();
        Self { folder, store }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    async fn archive(&self, files: Arc<dyn Files>) -> Archive {
        let data = DataFolder::at(&self.data()).unwrap();
        let place = Place::below(&data).unwrap();
        let parts = ArchiveParts {
            store: self.store.clone(),
            clips: ClipFiles::open(&data, &HashSet::new()).unwrap(),
            clock: Arc::new(Clock::after(None)),
            reserve: 0,
        };
        Archive::over(place.on(files), parts, Indexer::idle())
            .await
            .unwrap()
            .0
    }

    fn names(&self, folder: &str) -> Vec<PathBuf> {
        let found = std::fs::read_dir(self.data().join("archive").join(folder)).unwrap();
        found.map(|one| one.unwrap().path()).collect()
    }

    /// Whether an object is there whole, under its name and with its row.
    async fn has(&self, (facts, data_set): &(Facts, Vec<u8>)) -> bool {
        let instance = facts.instance.clone();
        let rows = self.store.read("look", move |db| objects_of(db, &instance));
        let rows = rows.await.unwrap();
        rows.iter().any(|(row, _)| {
            let path = format!("archive/objects/{}.dcm", row.digest);
            let bytes = std::fs::read(self.data().join(path)).unwrap();
            bytes.ends_with(data_set) && row.bytes == data_set.len() as u64
        })
    }
}

async fn send(archive: &Archive, (facts, data_set): &(Facts, Vec<u8>)) -> u16 {
    let mut slot = match archive.begin(facts.clone()).await {
        Ok(slot) => slot,
        Err(status) => return status.code(),
    };
    for piece in data_set.chunks(100_000) {
        if let Err(status) = archive.write(&mut slot, piece).await {
            return status.code();
        }
    }
    archive.finish(slot).await.code()
}

fn sent() -> Vec<(Facts, Vec<u8>)> {
    vec![
        object("1.1", "first", false),
        object("1.2", "long", true),
        object("1.1", "first", false),
        object("1.1", "other", false),
        object("1.3", "last", false),
    ]
}

/// One life: objects until the disk dies after `operations`, the cut, a start. Gives the operations that there were.
async fn life(operations: Option<u32>, cut: Cut) -> u32 {
    let world = World::new();
    let faulty = Faulty::default();
    faulty.0.lock().unwrap().left = operations;
    let archive = world.archive(Arc::new(faulty.clone())).await;
    let mut answered = Vec::new();
    for object in sent() {
        let status = send(&archive, &object).await;
        if matches!(status, SUCCESS | CONFLICT) {
            assert!(world.has(&object).await, "answered and not seen");
            answered.push(object);
        }
    }
    // From here on the disk forgets; what still runs must not tidy up what a cut would have left.
    faulty.0.lock().unwrap().left = Some(0);
    drop(archive);
    let done = faulty.0.lock().unwrap().done;
    faulty.cut_power(cut);
    if cut.rows {
        let lost = world.store.write("lose rows", |db| {
            // What was written after a row goes with it: the journal is one sequence.
            let all = "DELETE FROM index_headers; DELETE FROM index_instances; DELETE FROM index_series; DELETE FROM index_studies; DELETE FROM objects";
            db.execute_batch(all)
        });
        lost.await.unwrap();
    }
    let archive = world.archive(Arc::new(Disk)).await;
    let when = format!("after {operations:?} operations, {cut:?}");
    for object in &answered {
        assert!(
            world.has(object).await,
            "{} is lost {when}",
            object.0.instance
        );
    }
    let known: Vec<Vec<u8>> = sent().into_iter().map(|(_, data_set)| data_set).collect();
    for path in world.names("objects") {
        let bytes = std::fs::read(&path).unwrap();
        assert!(
            known.iter().any(|one| bytes.ends_with(one)),
            "half an object {when}"
        );
    }
    let left: u64 = world
        .names("incoming")
        .iter()
        .map(|path| path.metadata().map_or(0, |about| about.len()))
        .sum();
    assert_eq!(left, 0, "something half is left {when}");
    assert_eq!(
        send(&archive, &object("1.9", "after", false)).await,
        SUCCESS
    );
    done
}

#[tokio::test]
async fn a_power_cut_after_any_operation_loses_no_answered_object_and_shows_no_half_one() {
    let [no, yes] = [false, true];
    let all = Cut {
        renames: yes,
        rows: yes,
        zeros: no,
    };
    let none = Cut {
        renames: no,
        rows: no,
        zeros: no,
    };
    let whole = life(None, all).await;
    for operations in 0..=whole {
        // What else is lost changes with the operation, so that each kind meets each step of some object.
        let of = |bit: u32| (operations / bit).is_multiple_of(2);
        let mixed = Cut {
            renames: of(1),
            rows: of(2),
            zeros: of(4),
        };
        for cut in [all, none, mixed] {
            life(Some(operations), cut).await;
        }
    }
}

#[tokio::test]
async fn a_disk_that_fills_up_within_an_object_is_told_and_leaves_nothing_of_it() {
    let world = World::new();
    let faulty = Faulty::default();
    let archive = world.archive(Arc::new(faulty.clone())).await;
    let (long, small) = (object("1.2", "long", true), object("1.1", "small", false));
    assert_eq!(send(&archive, &small).await, SUCCESS);
    for room in [0, 100, 300_000, 599_000] {
        faulty.0.lock().unwrap().room = Some(room);
        assert_eq!(send(&archive, &long).await, 0xA700, "{room} bytes of room");
        assert_eq!(world.names("objects").len(), 1);
        let half = world.names("incoming").into_iter();
        let half: u64 = half.map(|path| path.metadata().unwrap().len()).sum();
        assert_eq!(half, 0, "{room} bytes of room");
    }
    faulty.0.lock().unwrap().room = None;
    assert_eq!(send(&archive, &long).await, SUCCESS);
    assert!(world.has(&long).await && world.has(&small).await);
}

#[tokio::test]
async fn the_disk_begins_with_a_long_object_while_it_comes_and_with_no_byte_twice() {
    let world = World::new();
    let faulty = Faulty::default();
    let archive = world.archive(Arc::new(faulty.clone())).await;
    assert_eq!(send(&archive, &object("1.1", "short", true)).await, SUCCESS);
    assert_eq!(faulty.0.lock().unwrap().begun, []);
    let long = object_of("1.2", "long", 6_000_000);
    assert_eq!(send(&archive, &long).await, SUCCESS);
    assert!(world.has(&long).await);
    let begun = std::mem::take(&mut faulty.0.lock().unwrap().begun);
    let mut at = 0;
    for piece in &begun {
        assert_eq!(piece.start, at, "{begun:?}");
        at = piece.end;
    }
    // What the sync at the end waits for is little, however long the object is.
    let length = world.names("objects").into_iter();
    let length = length.map(|path| path.metadata().unwrap().len()).max();
    let left = length.unwrap() - at;
    assert!((0..1_600_000).contains(&left), "{left} bytes are left");
}
