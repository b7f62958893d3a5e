//! Disks with faults, and a clock that is later: what the spool is held against.
//!
//! Owns no expectation; each says in its name what is wrong with it.

use capture_agent::spool::{Clock, Disk, Files, MachineClock, Moment, SpoolFile};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A disk that takes so many bytes more.
#[derive(Clone)]
pub(crate) struct Small(pub(crate) Arc<Mutex<u64>>);

struct SmallFile {
    inner: Box<dyn SpoolFile>,
    disk: Small,
}

impl Write for SmallFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut room = self.disk.0.lock().unwrap();
        *room = room
            .checked_sub(bytes.len() as u64)
            .ok_or(io::ErrorKind::StorageFull)?;
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Seek for SmallFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

impl SpoolFile for SmallFile {
    fn sync(&mut self) -> io::Result<()> {
        self.inner.sync()
    }
}

impl Files for Small {
    fn create(&self, path: &Path) -> io::Result<Box<dyn SpoolFile>> {
        Ok(Box::new(SmallFile {
            inner: Disk.create(path)?,
            disk: self.clone(),
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Disk.rename(from, to)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        Disk.sync_folder(folder)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Disk.remove(path)
    }

    fn room(&self, folder: &Path) -> io::Result<u64> {
        Disk.room(folder)
    }
}

/// A disk of so many bytes, of which a spool's clips take some.
pub(crate) struct Bounded {
    pub(crate) folder: PathBuf,
    pub(crate) bytes: u64,
}

impl Files for Bounded {
    fn create(&self, path: &Path) -> io::Result<Box<dyn SpoolFile>> {
        Disk.create(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Disk.rename(from, to)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        Disk.sync_folder(folder)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Disk.remove(path)
    }

    fn room(&self, _: &Path) -> io::Result<u64> {
        let folders = ["takes", "clips", "kept"].map(|name| self.folder.join(name));
        let files = folders.iter().flat_map(|it| std::fs::read_dir(it).unwrap());
        let taken: u64 = files.map(|it| it.unwrap().metadata().unwrap().len()).sum();
        Ok(self.bytes.saturating_sub(taken))
    }
}

/// A disk on which one step of letting go fails, once.
pub(crate) struct FailsOnce {
    pub(crate) at: &'static str,
    pub(crate) done: Mutex<bool>,
}

impl FailsOnce {
    /// Whether the step is the one that fails: one at a file or folder whose name ends so.
    fn step(
        &self,
        step: &str,
        path: &Path,
        after: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<()> {
        let mut done = self.done.lock().unwrap();
        let is_it = self.at.split_once(' ').is_some_and(|(what, ending)| {
            what.trim_end_matches('!') == step && path.to_string_lossy().ends_with(ending)
        });
        let fails = is_it && !*done;
        *done |= is_it;
        // With `!` it is done, and told to have failed.
        if !fails || self.at.contains('!') {
            after()?;
        }
        match fails {
            true => Err(io::Error::other("EIO")),
            false => Ok(()),
        }
    }
}

impl Files for FailsOnce {
    fn create(&self, path: &Path) -> io::Result<Box<dyn SpoolFile>> {
        self.step("create", path, || Ok(()))?;
        Disk.create(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step("rename", from, || Disk.rename(from, to))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        // Not while it is opened.
        let holds_some = std::fs::read_dir(folder)?.next().is_some();
        match holds_some {
            true => self.step("sync", folder, || Disk.sync_folder(folder)),
            false => Disk.sync_folder(folder),
        }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step("remove", path, || Disk.remove(path))
    }

    fn room(&self, folder: &Path) -> io::Result<u64> {
        Disk.room(folder)
    }
}

/// A clock that shows a later time.
pub(crate) struct Later(pub(crate) Mutex<Duration>);

impl Clock for Later {
    fn now(&self) -> Moment {
        let (now, later) = (MachineClock.now(), *self.0.lock().unwrap());
        Moment {
            wall: now.wall + later,
            steady: now.steady + later,
        }
    }
}
