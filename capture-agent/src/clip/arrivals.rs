//! Files that come in pieces, from the device page or from a handheld: on the disk from the first piece on, in memory never whole.
//!
//! Owns the half files, in a folder of their own in the spool, and the room that is left free beside them. What is whole is taken
//! in by the same way as an exported file: header read in a confined process, copied byte for byte, durable, and only then
//! told as taken. What a crash left is removed at the start: its sender has not heard that it is safe. Called by the device
//! page and the DICOM door.

use super::exports::{self, Exported};
use super::import::{ImportFault, begins_as_dicom, import_as};
use super::saver::Saver;
use crate::spool::{Disk, Files, Held, SpoolError, SpoolFile};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use wire::ClipId;
use wire::clip::MAX_CLIP_BYTES;

/// Written at once: a piece may be one byte.
const WRITE_BYTES: usize = 256 * 1024;
/// Bytes of the disk that are left free for what is captured here; a file that is taken in lies there twice for a moment.
const RESERVE_BYTES: u64 = 512 << 20;
/// Name of the folder in the spool.
const FOLDER: &str = "arriving";

/// Where files arrive. Clones share it.
#[derive(Clone)]
pub struct Arrivals(Arc<Place>);

struct Place {
    saver: Saver,
    folder: PathBuf,
    /// Bytes that are left free.
    reserve: u64,
}

/// Who brings a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sender {
    /// A person put it on the device page; it was last written then.
    Person {
        /// As the file's own system says.
        written: SystemTime,
    },
    /// A handheld, which announced this SOP Instance UID.
    Handheld {
        /// As announced.
        instance: String,
    },
}

/// Where a file is that was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArrivedStage {
    /// Safe here; it goes to the consult by itself.
    Here,
    /// Safe here; it may be another patient's and waits for a person.
    Waits,
    /// The relay had it before.
    AtHospital,
}

/// A file that was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    /// Its clip.
    pub clip: ClipId,
    /// Whether these bytes were not here before.
    pub new: bool,
    /// Where it is.
    pub stage: ArrivedStage,
}

/// A file that arrives. Dropping it removes what came of it.
pub struct Arrival {
    place: Arc<Place>,
    /// None after a failure; then the file is gone.
    open: Option<(Box<dyn SpoolFile>, Half)>,
    /// Bytes that are not in the file yet.
    pending: Vec<u8>,
    /// Bytes that are.
    written: u64,
}

/// A file that goes when nobody needs it.
struct Half(PathBuf);

impl Drop for Half {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            tracing::warn!(%error, "a file that was arriving stays until the next start");
        }
    }
}

impl Arrivals {
    /// Makes the folder anew.
    ///
    /// # Errors
    /// The system's.
    pub fn open(saver: Saver) -> io::Result<Self> {
        Self::leaving(saver, RESERVE_BYTES)
    }

    fn leaving(saver: Saver, reserve: u64) -> io::Result<Self> {
        let folder = saver.folder().join(FOLDER);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::create_dir(&folder)?;
        Ok(Self(Arc::new(Place {
            saver,
            folder,
            reserve,
        })))
    }

    /// A file begins to come, with these bytes.
    ///
    /// # Errors
    /// `ImportFault` when there is no place for it.
    pub async fn begin(&self, first: Vec<u8>) -> Result<Arrival, ImportFault> {
        let place = Arc::clone(&self.0);
        blocking(move || {
            let path = place.folder.join(uuid::Uuid::new_v4().to_string());
            let file = Disk.create(&path).map_err(SpoolError::of_writing)?;
            Ok(Arrival {
                place,
                open: Some((file, Half(path))),
                pending: first,
                written: 0,
            })
        })
        .await
    }
}

impl Arrival {
    /// The next bytes of it.
    ///
    /// # Errors
    /// `Size`, `NotDicom`, or `Spool` when the disk takes no more; nothing of it stays then.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), ImportFault> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() < WRITE_BYTES {
            return Ok(());
        }
        let mut whole = Self {
            place: Arc::clone(&self.place),
            open: self.open.take(),
            pending: std::mem::take(&mut self.pending),
            written: self.written,
        };
        *self = blocking(move || whole.flush().map(|()| whole)).await?;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ImportFault> {
        let bytes = self.written + self.pending.len() as u64;
        if self.written == 0 && !self.pending.is_empty() && !begins_as_dicom(&self.pending) {
            return Err(ImportFault::NotDicom);
        }
        if bytes > MAX_CLIP_BYTES {
            return Err(ImportFault::Size(bytes));
        }
        let (file, _) = self.open.as_mut().ok_or_else(gone)?;
        self.place.saver.spool().leave_free(self.place.reserve)?;
        file.write_all(&self.pending)
            .map_err(SpoolError::of_writing)?;
        self.pending.clear();
        self.written = bytes;
        Ok(())
    }

    /// That was all. When this returns, its bytes are durable here or at the hospital.
    ///
    /// # Errors
    /// `ImportFault`; nothing of it stays.
    pub async fn finish(mut self, sender: Sender) -> Result<Arrived, ImportFault> {
        blocking(move || {
            self.flush()?;
            let (mut file, half) = self.open.take().ok_or_else(gone)?;
            file.flush().map_err(SpoolError::of_writing)?;
            drop(file);
            take_in(&self.place.saver, &half.0, sender)
        })
        .await
    }
}

fn gone() -> ImportFault {
    SpoolError::of_writing(io::Error::other("the file is gone")).into()
}

fn take_in(saver: &Saver, path: &Path, sender: Sender) -> Result<Arrived, ImportFault> {
    let (visit, spool) = (saver.visit(), saver.spool());
    let (clip, new) = match sender {
        Sender::Person { written } => {
            let file = File::options().append(true).open(path)?;
            file.set_modified(written)?;
            let judge = |file: &Exported| exports::belongs(&visit, file, saver.now());
            import_as(&spool, path, &judge, None)
        }
        Sender::Handheld { instance } => {
            let judge = |sent: &Exported| exports::belongs_sent(&visit, sent, saver.now());
            import_as(&spool, path, &judge, Some(&instance))
        }
    }?;
    let stage = match (spool.holds(clip), visit.consult()) {
        (Some(Held::Gone), _) => ArrivedStage::AtHospital,
        (Some(Held::Finished(known)), Some((consult, whom)))
            if !known.belongs.goes_to(consult, whom) =>
        {
            ArrivedStage::Waits
        }
        _ => ArrivedStage::Here,
    };
    Ok(Arrived { clip, new, stage })
}

/// Runs a step where it may block.
async fn blocking<T: Send + 'static>(
    step: impl FnOnce() -> Result<T, ImportFault> + Send + 'static,
) -> Result<T, ImportFault> {
    tokio::task::spawn_blocking(step)
        .await
        .unwrap_or_else(|_| Err(gone()))
}

#[cfg(test)]
mod tests;
