//! The spool itself: what it holds, and the steps by which a take becomes an object. How one leaves is `leaving`'s.
//!
//! Owns the order of the steps. Every change is durable before it is counted. Threads that write
//! and tasks that carry away share it; nothing is read or written while its lock is held but the removal of a file and the new
//! name of one.

use super::age::{Clock, MachineClock};
use super::belongs::Belongs;
use super::files::{Files, SpoolFile};
use super::layout::{Layout, part};
use super::records::RecordWriter;
use super::recover::{self, Recovered};
use super::state::{Counts, Held, Sidecar, SpoolBounds, SpoolError, State, Unsent, failed};
use crate::sync::held;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::watch;
use wire::clip::{ClipGap, ClipHead};
use wire::original::Digest;
use wire::{ClipId, ConsultId, RtpTime};

/// Buffer in front of a file, so that small writes cost no call each.
const BUFFER_BYTES: usize = 256 * 1024;

/// The spool.
pub struct Spool {
    pub(super) layout: Layout,
    pub(super) bounds: SpoolBounds,
    pub(super) files: Arc<dyn Files>,
    pub(super) state: Mutex<State>,
    counts: watch::Sender<Counts>,
    /// Held by who takes a file in: the same bytes by two ways at once would write one object.
    imports: Mutex<()>,
    pub(super) clock: Arc<dyn Clock>,
    /// Locked as long as it is open. Its time says when the clock was looked at.
    pub(super) lock: File,
}

/// Where the records of a take go.
pub type NewTakeRecords = RecordWriter<BufWriter<Box<dyn SpoolFile>>>;

/// A take that is being written. Dropping it removes what was written.
pub struct NewTake {
    /// Where its records go.
    pub records: NewTakeRecords,
    beside: Beside,
    reserved: Reserved,
}

/// An object that is being written. Dropping it removes what was written.
pub struct NewObject {
    /// Where its bytes go.
    pub out: BufWriter<Box<dyn SpoolFile>>,
    beside: Beside,
    clip: ClipId,
}

/// An object whose bytes are durable and known, not presented yet. Dropping it removes it.
pub struct Sealed {
    beside: Beside,
    clip: ClipId,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, over what was read back.
    pub digest: Digest,
}

/// A half-written file, removed unless it got its name.
struct Beside {
    files: Arc<dyn Files>,
    path: Option<PathBuf>,
}

impl Drop for Beside {
    fn drop(&mut self) {
        if let Some(path) = self.path.take() {
            // What stays is cleared at the next start.
            let _ = self.files.remove(&path);
        }
    }
}

/// Bytes promised to a take, given back when it is there or given up.
struct Reserved {
    clip: ClipId,
    bytes: u64,
    spool: Arc<Spool>,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        let mut state = held(&self.spool.state);
        state.reserved = state.reserved.saturating_sub(self.bytes);
    }
}

impl Spool {
    /// Opens a spool, making the folder if needed, and brings it into order.
    ///
    /// # Errors
    /// `SpoolError::InUse`, or `Folder` when it cannot be read or written.
    pub fn open(
        root: &Path,
        bounds: SpoolBounds,
        files: Arc<dyn Files>,
    ) -> Result<(Arc<Self>, Recovered), SpoolError> {
        Self::open_by(Arc::new(MachineClock), root, bounds, files)
    }

    /// The same, with a clock of the caller's.
    ///
    /// # Errors
    /// As `open`.
    pub fn open_by(
        clock: Arc<dyn Clock>,
        root: &Path,
        bounds: SpoolBounds,
        files: Arc<dyn Files>,
    ) -> Result<(Arc<Self>, Recovered), SpoolError> {
        let layout = Layout::make(root).map_err(SpoolError::Folder)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(layout.lock())
            .map_err(SpoolError::Folder)?;
        lock.try_lock().map_err(|error| match error {
            std::fs::TryLockError::WouldBlock => SpoolError::InUse,
            std::fs::TryLockError::Error(source) => SpoolError::Folder(source),
        })?;
        let (state, recovered) =
            recover::recover(&layout, files.as_ref()).map_err(SpoolError::Folder)?;
        let counts = watch::Sender::new(state.counts());
        let spool = Self {
            layout,
            bounds,
            files,
            state: Mutex::new(state),
            counts,
            imports: Mutex::default(),
            clock,
            lock,
        };
        spool.sweep_kept();
        Ok((Arc::new(spool), recovered))
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.layout.root()
    }

    /// One file is taken in at a time.
    pub(crate) fn import_turn(&self) -> MutexGuard<'_, ()> {
        held(&self.imports)
    }

    /// How far a clip is; nothing when it is not known here.
    #[must_use]
    pub fn holds(&self, clip: ClipId) -> Option<Held> {
        let state = held(&self.state);
        if let Some(finished) = state.finished.get(&clip) {
            return Some(Held::Finished(*finished));
        }
        if state.takes.contains_key(&clip) {
            return Some(Held::Take);
        }
        let left = state.gone.contains(clip) || state.kept.iter().any(|it| it.clip == clip);
        left.then_some(Held::Gone)
    }

    /// Takes without an object, in no order.
    #[must_use]
    pub fn takes(&self) -> Vec<ClipId> {
        let state = held(&self.state);
        let open = |it: &&ClipId| !state.finished.contains_key(*it);
        state.takes.keys().filter(open).copied().collect()
    }

    /// Finished clips that the relay does not have, in order of finishing.
    #[must_use]
    pub fn unsent(&self) -> Vec<Unsent> {
        let state = held(&self.state);
        let known = |clip: &ClipId| {
            let known = *state.finished.get(clip)?;
            Some(Unsent { clip: *clip, known })
        };
        state.order.iter().filter_map(known).collect()
    }

    /// How many clips are how far; wakes at every change.
    #[must_use]
    pub fn counts(&self) -> watch::Receiver<Counts> {
        self.counts.subscribe()
    }

    /// Where a take's records are read.
    #[must_use]
    pub fn take_path(&self, clip: ClipId) -> PathBuf {
        self.layout.take(clip)
    }

    /// Begins a take of at most about so many bytes.
    ///
    /// # Errors
    /// `Full`, `NoRoom`, or the step that failed.
    pub fn begin_take(self: &Arc<Self>, clip: ClipId, bytes: u64) -> Result<NewTake, SpoolError> {
        self.make_disk_room(bytes)?;
        {
            let mut state = held(&self.state);
            self.make_room(&mut state, bytes)?;
            state.reserved += bytes;
        }
        let reserved = Reserved {
            clip,
            bytes,
            spool: Arc::clone(self),
        };
        let (out, beside) = self.begin(&self.layout.take(clip))?;
        let records = RecordWriter::begin(out).map_err(failed("begun"))?;
        Ok(NewTake {
            records,
            beside,
            reserved,
        })
    }

    /// Ends a take. When this returns, a crash loses nothing of it.
    ///
    /// # Errors
    /// The step that failed; nothing of it stays.
    pub fn finish_take(&self, take: NewTake) -> Result<(), SpoolError> {
        let NewTake {
            records,
            beside,
            reserved,
        } = take;
        let (out, bytes) = records.end().map_err(failed("written"))?;
        sync(out)?;
        let clip = reserved.clip;
        self.name(beside, &self.layout.take(clip), &self.layout.takes())?;
        held(&self.state).takes.insert(clip, bytes);
        self.tell();
        Ok(())
    }

    /// Begins an object of at most about so many bytes, of a take or of an imported clip.
    ///
    /// # Errors
    /// `NoRoom`, or the step that failed.
    pub fn begin_object(&self, clip: ClipId, bytes: u64) -> Result<NewObject, SpoolError> {
        self.make_disk_room(bytes)?;
        if !held(&self.state).takes.contains_key(&clip) {
            self.make_room(&mut held(&self.state), bytes)?;
        }
        let (out, beside) = self.begin(&self.layout.object(clip))?;
        Ok(NewObject { out, beside, clip })
    }

    /// Makes an object durable and reads it back for its digest.
    ///
    /// # Errors
    /// The step that failed; nothing of it stays.
    pub fn seal(&self, object: NewObject) -> Result<Sealed, SpoolError> {
        let NewObject { out, beside, clip } = object;
        sync(out)?;
        let path = beside.path.as_deref().unwrap_or(Path::new(""));
        let (bytes, digest) = digest(path).map_err(failed("read back"))?;
        Ok(Sealed {
            beside,
            clip,
            bytes,
            digest,
        })
    }

    /// Says what an object is, gives it its name, then lets its take go.
    ///
    /// # Errors
    /// The step that failed; the take stays as long as the object is not presented.
    pub fn present(
        &self,
        sealed: Sealed,
        head: ClipHead,
        times: Vec<RtpTime>,
        belongs: Belongs,
    ) -> Result<(), SpoolError> {
        let clip = sealed.clip;
        let clips = self.layout.clips();
        let place = {
            let mut state = held(&self.state);
            state.next_place += 1;
            state.next_place
        };
        let sidecar = Sidecar {
            head,
            times,
            belongs,
            place,
        };
        // The description goes first: alone it presents nothing, and an object alone would be nobody's.
        let described = self.layout.sidecar(clip);
        self.name(self.describe(clip, &sidecar)?, &described, &clips)?;
        let named = self.name(sealed.beside, &self.layout.object(clip), &clips);
        if let Err(error) = named {
            let _ = self.files.remove(&described);
            return Err(error);
        }
        {
            let mut state = held(&self.state);
            state.finished.insert(clip, sidecar.finished());
            state.order.retain(|other| *other != clip);
            state.order.push(clip);
            if state.takes.contains_key(&clip) && self.files.remove(&self.layout.take(clip)).is_ok()
            {
                state.takes.remove(&clip);
            }
        }
        self.tell();
        Ok(())
    }

    /// A person says to which consult an unsent clip belongs. False when it is not (or no longer) unsent.
    ///
    /// # Errors
    /// The step that failed; it belongs where it did.
    pub fn assign(&self, clip: ClipId, consult: ConsultId) -> Result<bool, SpoolError> {
        let path = self.layout.sidecar(clip);
        let Some(mut sidecar) = recover::read_sidecar(&path, clip) else {
            return Ok(false);
        };
        sidecar.belongs = Belongs::Consult(consult);
        let beside = self.describe(clip, &sidecar)?;
        {
            // Under the lock: a clip that is let go meanwhile must not get its description back.
            let mut state = held(&self.state);
            let Some(known) = state.finished.get_mut(&clip) else {
                return Ok(false);
            };
            self.replace(beside, &path)?;
            known.belongs = sidecar.belongs;
        }
        self.tell();
        Ok(true)
    }

    /// The relay did not take it, or, with nothing, may be asked again. It stays.
    pub fn set_refused(&self, clip: ClipId, reason: Option<ClipGap>) {
        if let Some(finished) = held(&self.state).finished.get_mut(&clip) {
            finished.refused = reason;
        }
        self.tell();
    }

    /// Puts a clip's files where nothing is presented or deleted, because they are not what was written.
    pub fn set_aside(&self, clip: ClipId) {
        recover::set_aside(&self.layout, self.files.as_ref(), clip);
        {
            let mut state = held(&self.state);
            state.takes.remove(&clip);
            state.finished.remove(&clip);
            state.order.retain(|other| *other != clip);
        }
        self.tell();
    }

    /// Writes what is said of an object, durably, without its name yet.
    fn describe(&self, clip: ClipId, sidecar: &Sidecar) -> Result<Beside, SpoolError> {
        let text =
            serde_json::to_vec(sidecar).map_err(|error| failed("described")(error.into()))?;
        let (mut out, beside) = self.begin(&self.layout.sidecar(clip))?;
        out.write_all(&text).map_err(failed("described"))?;
        sync(out)?;
        Ok(beside)
    }

    /// Puts a synced file in the place of one that is there. Unlike `name` it removes nothing: either of the two is whole.
    fn replace(&self, mut beside: Beside, path: &Path) -> Result<(), SpoolError> {
        if let Some(from) = &beside.path {
            self.files.rename(from, path).map_err(failed("named"))?;
            beside.path = None;
        }
        let folder = path.parent().unwrap_or(path);
        self.files.sync_folder(folder).map_err(failed("named"))
    }

    fn begin(&self, path: &Path) -> Result<(BufWriter<Box<dyn SpoolFile>>, Beside), SpoolError> {
        let path = part(path);
        let file = self.files.create(&path).map_err(failed("begun"))?;
        let beside = Beside {
            files: Arc::clone(&self.files),
            path: Some(path),
        };
        Ok((BufWriter::with_capacity(BUFFER_BYTES, file), beside))
    }

    /// Gives a synced file its name, durably.
    fn name(&self, mut beside: Beside, path: &Path, folder: &Path) -> Result<(), SpoolError> {
        if let Some(from) = &beside.path {
            self.files.rename(from, path).map_err(failed("named"))?;
            beside.path = None;
        }
        self.files.sync_folder(folder).map_err(|error| {
            // What is told to have failed must not come back at the next start.
            let _ = self.files.remove(path);
            failed("named")(error)
        })
    }

    pub(super) fn tell(&self) {
        let counts = held(&self.state).counts();
        self.counts.send_replace(counts);
    }
}

fn sync(out: BufWriter<Box<dyn SpoolFile>>) -> Result<(), SpoolError> {
    let mut file = out
        .into_inner()
        .map_err(|error| failed("written")(error.into_error()))?;
    file.sync().map_err(failed("made durable"))
}

fn digest(path: &Path) -> io::Result<(u64, Digest)> {
    let (mut file, mut hash) = (File::open(path)?, Sha256::new());
    let (mut buffer, mut bytes) = (vec![0; BUFFER_BYTES], 0);
    loop {
        let count = file.read(&mut buffer)?;
        let Some(read) = buffer.get(..count).filter(|read| !read.is_empty()) else {
            break;
        };
        hash.update(read);
        bytes += count as u64;
    }
    Ok((bytes, Digest::from_bytes(hash.finalize().into())))
}
