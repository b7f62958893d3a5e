//! A disk that knows what of it is durable, and shows what it would hold if the power went now.
//!
//! Owns the rules of what a power cut takes: bytes after the last sync of their file are cut off, zero or half there; names that a
//! folder got, changed or lost since it was synced are there up to any moment, each folder for itself. It writes through to a
//! real folder, because whoever is tested reads from there. Before each step a photographer may look.

use capture_agent::spool::{Disk, Files, SpoolFile};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// What is left out by a file system, or by whoever forgot to ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lie {
    /// The sync of a file says that it did, and did not.
    FilesAreNotSynced,
    /// The sync of a folder does.
    FoldersAreNotSynced,
    /// A file's bytes are durable only with the next sync of its folder, names are at once.
    NamesComeBeforeBytes,
}

/// Numbers that look random and are the same in each run: xorshift (Marsaglia 2003).
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }
}

/// A file's bytes.
#[derive(Debug, Clone, Default)]
struct Bytes {
    written: Vec<u8>,
    durable: Vec<u8>,
}

/// What happened to a name, and is not durable.
#[derive(Debug, Clone)]
enum Change {
    Made(PathBuf, usize),
    Named(PathBuf, PathBuf),
    Removed(PathBuf),
}

impl Change {
    /// In which folder it has to be synced.
    fn folder(&self) -> &Path {
        let (Self::Made(path, _) | Self::Named(_, path) | Self::Removed(path)) = self;
        path.parent().unwrap_or(path)
    }

    fn apply(&self, names: &mut Names) {
        match self {
            Self::Made(path, file) => {
                names.insert(path.clone(), *file);
            }
            Self::Named(from, to) => {
                if let Some(file) = names.remove(from) {
                    names.insert(to.clone(), file);
                }
            }
            Self::Removed(path) => {
                names.remove(path);
            }
        }
    }
}

type Names = BTreeMap<PathBuf, usize>;

/// What a disk holds, and what it would hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Image {
    files: Vec<Bytes>,
    durable: Names,
    changes: Vec<Change>,
}

impl Image {
    fn names(&self) -> Names {
        let mut names = self.durable.clone();
        for change in &self.changes {
            change.apply(&mut names);
        }
        names
    }

    fn sync_folder(&mut self, folder: &Path) {
        let changes = std::mem::take(&mut self.changes);
        for change in changes {
            if change.folder() == folder {
                change.apply(&mut self.durable);
            } else {
                self.changes.push(change);
            }
        }
    }

    /// What is there after a power cut. Which of what is not durable survives, the dice say.
    #[must_use]
    pub(crate) fn after_power_cut(&self, dice: &mut Dice) -> Self {
        let mut names = self.durable.clone();
        let folders: BTreeSet<&Path> = self.changes.iter().map(Change::folder).collect();
        for folder in folders {
            let there = self.changes.iter().filter(|it| it.folder() == folder);
            let survive = dice.below(there.clone().count() + 1);
            there.take(survive).for_each(|it| it.apply(&mut names));
        }
        let files = self.files.iter().map(|file| {
            let bytes = file.after_power_cut(dice);
            Bytes {
                written: bytes.clone(),
                durable: bytes,
            }
        });
        Self {
            files: files.collect(),
            durable: names,
            changes: Vec::new(),
        }
    }

    /// Puts it into a folder that is empty.
    pub(crate) fn lay_out(&self, root: &Path) -> io::Result<()> {
        for (path, file) in self.names() {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().expect("below the root"))?;
            std::fs::write(path, &self.files[file].written)?;
        }
        Ok(())
    }
}

impl Bytes {
    fn after_power_cut(&self, dice: &mut Dice) -> Vec<u8> {
        if self.written == self.durable {
            return self.durable.clone();
        }
        let mut bytes = self.written.clone();
        let keep = dice.below(bytes.len() + 1);
        match dice.below(3) {
            0 => self.durable.clone(),
            1 => {
                bytes.truncate(keep);
                bytes
            }
            _ => {
                bytes[keep..].fill(0);
                bytes
            }
        }
    }
}

/// Looks at the disk before each step.
pub(crate) type Photographer = Box<dyn FnMut(&Image) + Send>;

struct Inner {
    image: Image,
    root: PathBuf,
    photographer: Option<Photographer>,
    lie: Option<Lie>,
}

/// The disk.
#[derive(Clone)]
pub(crate) struct Photographed(Arc<Mutex<Inner>>);

impl Photographed {
    /// Holds `image`, which lies in `root` already.
    pub(crate) fn new(root: &Path, image: Image, lie: Option<Lie>) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            image,
            root: root.to_owned(),
            photographer: None,
            lie,
        })))
    }

    pub(crate) fn watched_by(&self, photographer: Photographer) {
        self.0.lock().unwrap().photographer = Some(photographer);
    }

    /// What it holds now.
    pub(crate) fn image(&self) -> Image {
        self.0.lock().unwrap().image.clone()
    }

    /// Before something changes: a look at it, then the change. The photographer is away meanwhile, so it may use the disk.
    fn change<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        let (taken, image) = {
            let mut inner = self.0.lock().unwrap();
            (inner.photographer.take(), inner.image.clone())
        };
        if let Some(mut photographer) = taken {
            photographer(&image);
            self.0.lock().unwrap().photographer = Some(photographer);
        }
        change(&mut self.0.lock().unwrap())
    }
}

impl Inner {
    fn relative(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).unwrap().to_owned()
    }
}

struct PhotographedFile {
    inner: Box<dyn SpoolFile>,
    disk: Photographed,
    file: usize,
    at: usize,
}

impl Write for PhotographedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        let (file, at) = (self.file, self.at);
        self.disk.change(|inner| {
            let written = &mut inner.image.files[file].written;
            written.resize(written.len().max(at + count), 0);
            written[at..at + count].copy_from_slice(&bytes[..count]);
        });
        self.at += count;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Seek for PhotographedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = self.inner.seek(to)?;
        self.at = usize::try_from(at).unwrap();
        Ok(at)
    }
}

impl SpoolFile for PhotographedFile {
    fn sync(&mut self) -> io::Result<()> {
        let file = self.file;
        self.disk.change(|inner| {
            if !matches!(
                inner.lie,
                Some(Lie::FilesAreNotSynced | Lie::NamesComeBeforeBytes)
            ) {
                let bytes = &mut inner.image.files[file];
                bytes.durable.clone_from(&bytes.written);
            }
        });
        Ok(())
    }
}

impl Files for Photographed {
    fn create(&self, path: &Path) -> io::Result<Box<dyn SpoolFile>> {
        let file = self.change(|inner| {
            inner.image.files.push(Bytes::default());
            let file = inner.image.files.len() - 1;
            let made = Change::Made(inner.relative(path), file);
            inner.image.changes.push(made);
            file
        });
        Ok(Box::new(PhotographedFile {
            inner: Disk.create(path)?,
            disk: self.clone(),
            file,
            at: 0,
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(|inner| {
            Disk.rename(from, to)?;
            let named = Change::Named(inner.relative(from), inner.relative(to));
            inner.image.changes.push(named);
            if inner.lie == Some(Lie::NamesComeBeforeBytes) {
                let folder = inner.relative(to.parent().unwrap());
                inner.image.sync_folder(&folder);
            }
            Ok(())
        })
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.change(|inner| {
            let folder = inner.relative(folder);
            if inner.lie == Some(Lie::NamesComeBeforeBytes) {
                for file in &mut inner.image.files {
                    file.durable.clone_from(&file.written);
                }
            }
            if inner.lie != Some(Lie::FoldersAreNotSynced) {
                inner.image.sync_folder(&folder);
            }
        });
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change(|inner| {
            Disk.remove(path)?;
            let removed = Change::Removed(inner.relative(path));
            inner.image.changes.push(removed);
            Ok(())
        })
    }

    fn room(&self, folder: &Path) -> io::Result<u64> {
        Disk.room(folder)
    }
}
