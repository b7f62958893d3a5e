//! Files that wait for objects: made ahead and their names durable, so that an object costs one sync, its own.
//!
//! Owns how many wait. Everything here blocks but `take_ready` and `runs_low`. Invariant: a slot that is given away has a durable name
//! and no bytes; one that is dropped takes its file along.

use super::files::{Files, HalfFile};
use super::place::Place;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Slots that wait at most. Each is an open file without bytes. Tests that cut the power at each step have few steps of this kind.
const MAX_READY: usize = if cfg!(test) { 4 } else { 64 };
/// With fewer it is time to make more: half of them last as long as one sync of the folder takes, with room to spare.
const LOW: usize = MAX_READY / 2;

/// The name of a file that arrives; removed unless the file got another.
#[derive(Debug)]
pub(super) struct Half {
    path: PathBuf,
    files: Arc<dyn Files>,
}

impl Half {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A second name for a file that is here.
    pub(super) fn link(place: &Place, file: &Path) -> io::Result<Self> {
        let path = place.fresh();
        std::fs::hard_link(file, &path)?;
        let files = Arc::clone(place.files());
        Ok(Self { path, files })
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        // Not found means that it has its name.
        let _ = self.files.remove(&self.path);
    }
}

/// A file for one object.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) file: Box<dyn HalfFile>,
    pub(super) half: Half,
}

/// The slots. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Slots {
    place: Place,
    ready: Arc<Mutex<Vec<Ready>>>,
    /// Held while some are made: two at once would make twice as many.
    filling: Arc<Mutex<()>>,
}

impl Slots {
    pub(super) fn new(place: Place) -> Self {
        Self {
            place,
            ready: Arc::default(),
            filling: Arc::default(),
        }
    }

    /// One that waits.
    pub(super) fn take_ready(&self) -> Option<Ready> {
        self.lock().pop()
    }

    /// Whether some should be made.
    pub(super) fn runs_low(&self) -> bool {
        self.lock().len() < LOW && self.filling.try_lock().is_ok()
    }

    /// One more, at once.
    pub(super) fn make(&self) -> io::Result<Ready> {
        let ready = self.create()?;
        self.place.files().sync_folder(self.place.incoming())?;
        Ok(ready)
    }

    /// Makes as many as may wait.
    pub(super) fn fill(&self) -> io::Result<()> {
        let Ok(_filling) = self.filling.try_lock() else {
            return Ok(());
        };
        let missing = MAX_READY.saturating_sub(self.lock().len());
        let made = (0..missing)
            .map(|_| self.create())
            .collect::<io::Result<Vec<_>>>()?;
        self.place.files().sync_folder(self.place.incoming())?;
        self.lock().extend(made);
        Ok(())
    }

    fn create(&self) -> io::Result<Ready> {
        let path = self.place.fresh();
        let files = Arc::clone(self.place.files());
        let file = files.create(&path)?;
        let half = Half { path, files };
        Ok(Ready { file, half })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Ready>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
