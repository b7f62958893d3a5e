//! Clips that are open.
//!
//! Owns a bounded list of clips with their headers and frame tables, so that a player that jumps about costs one read or
//! one decode per frame, and the number of frames that are decoded at the same time. A clip that still arrives is opened
//! again when more of it is here. Nothing is decoded beyond the frame that is asked for.

use super::check::compare;
use super::still::Still;
use super::table::table;
use crate::coded_rows::CodingFault;
use crate::store::{ClipFiles, ClipRow};
use echo_dicom::ClipError;
use guarded::{Guard, GuardedClip};
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use thiserror::Error;
use tokio::sync::Semaphore;
use wire::clip::ClipTable;
use wire::{ClipId, ConsultId, FrameIndex};

/// Clips that stay open: the few that the people of some consults look at. Each holds a file and a table, at most 5 MiB
/// for a file with as many fragments as are allowed.
const MAX_OPEN_CLIPS: usize = 16;
/// Frames that are read or decoded at the same time; a decoded one has 48 MiB at worst.
const MAX_DECODING: usize = 2;

/// A clip could not be shown.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReplayFault {
    /// Too little of it is here.
    #[error("it has not arrived yet")]
    NotHere,
    /// It has no such frame.
    #[error("it has no such frame")]
    NoSuchFrame,
    /// It cannot be read or decoded.
    #[error("it cannot be read: {0}")]
    Unreadable(ClipError),
    /// It is not what was said of it.
    #[error("it is not what was offered: {0}")]
    Disagrees(super::Disagreement),
    /// A frame could not be coded for the page.
    #[error("a frame could not be coded: {0}")]
    Code(String),
    /// No confined process can be had that reads it; it may be in order.
    #[error("{0}")]
    NoReader(ClipError),
    /// Code of ours failed.
    #[error("reading it failed inside")]
    Inside,
}

impl From<ClipError> for ReplayFault {
    fn from(error: ClipError) -> Self {
        match error {
            ClipError::ReadFile(error)
                if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::NotFound) =>
            {
                Self::NotHere
            }
            ClipError::NoSuchFrame { .. } => Self::NoSuchFrame,
            none if guarded::is_no_reader(&none) => Self::NoReader(none),
            other => Self::Unreadable(other),
        }
    }
}

impl From<CodingFault> for ReplayFault {
    fn from(fault: CodingFault) -> Self {
        match fault {
            CodingFault::Read(error) => error.into(),
            CodingFault::Code(words) => Self::Code(words),
        }
    }
}

/// A clip that somebody may read.
#[derive(Debug, Clone)]
pub struct Found {
    /// Of this consult.
    pub consult: ConsultId,
    /// Its row.
    pub row: Arc<ClipRow>,
}

impl Found {
    fn id(&self) -> ClipId {
        self.row.head.clip
    }
}

struct Open {
    clip: ClipId,
    consult: ConsultId,
    kept: bool,
    /// Bytes that were here when it was opened.
    here: u64,
    opened: Arc<GuardedClip>,
}

/// Open clips. Clones share them.
#[derive(Clone)]
pub struct Shelf {
    files: ClipFiles,
    open: Arc<Mutex<VecDeque<Open>>>,
    decoding: Arc<Semaphore>,
    guard: Guard,
}

impl Shelf {
    /// Over the files.
    #[must_use]
    pub fn new(files: ClipFiles) -> Self {
        Self {
            files,
            open: Arc::default(),
            decoding: Arc::new(Semaphore::new(MAX_DECODING)),
            guard: Guard::of_this_program(),
        }
    }

    /// The files themselves.
    #[must_use]
    pub fn files(&self) -> &ClipFiles {
        &self.files
    }

    /// Where the whole file is, of a clip that is kept.
    #[must_use]
    pub fn file(&self, found: &Found) -> PathBuf {
        self.files.whole(found.consult, found.id())
    }

    /// Lets go of the clips of a consult: nothing of what is removed stays on the disk for them.
    pub fn close(&self, consult: ConsultId) {
        self.lock().retain(|held| held.consult != consult);
    }

    /// The frame table.
    ///
    /// # Errors
    /// `ReplayFault`.
    pub async fn table(&self, found: Found) -> Result<ClipTable, ReplayFault> {
        self.blocking(found, |clip, found| Ok(table(clip, &found.row)))
            .await
    }

    /// One frame as a browser shows it.
    ///
    /// # Errors
    /// `ReplayFault`.
    pub async fn still(&self, found: Found, index: FrameIndex) -> Result<Still, ReplayFault> {
        let Ok(_permit) = self.decoding.acquire().await else {
            return Err(ReplayFault::Inside);
        };
        self.blocking(found, move |clip, _| Still::of(clip, index))
            .await
    }

    /// A picture by which a clip is told from others, also of a video.
    ///
    /// # Errors
    /// `ReplayFault`.
    pub async fn middle(&self, found: Found) -> Result<Still, ReplayFault> {
        let Ok(_permit) = self.decoding.acquire().await else {
            return Err(ReplayFault::Inside);
        };
        self.blocking(found, |clip, _| Still::middle(clip)).await
    }

    /// Runs where blocking is allowed. A panic ends that call only.
    async fn blocking<T: Send + 'static>(
        &self,
        found: Found,
        work: impl FnOnce(&GuardedClip, &Found) -> Result<T, ReplayFault> + Send + 'static,
    ) -> Result<T, ReplayFault> {
        let shelf = self.clone();
        tokio::task::spawn_blocking(move || work(&*shelf.opened(&found)?, &found))
            .await
            .unwrap_or(Err(ReplayFault::Inside))
    }

    fn opened(&self, found: &Found) -> Result<Arc<GuardedClip>, ReplayFault> {
        let (consult, clip, kept) = (found.consult, found.id(), found.row.kept);
        let (whole, half) = (self.file(found), self.files.half(consult, clip));
        let here = if kept {
            found.row.head.bytes
        } else {
            std::fs::metadata(&half)
                .map_err(ClipError::from)?
                .len()
                .min(found.row.head.bytes)
        };
        if let Some(opened) = self.take(found, here) {
            return Ok(opened);
        }
        let opened = if kept {
            self.guard.open(&whole)?
        } else {
            self.guard.open_arriving(&half, found.row.head.bytes)?
        };
        let row = &found.row;
        compare(opened.header(), &row.head, &row.times).map_err(ReplayFault::Disagrees)?;
        let opened = Arc::new(opened);
        let mut open = self.lock();
        open.retain(|held| held.clip != clip || held.consult != consult);
        open.truncate(MAX_OPEN_CLIPS - 1);
        open.push_front(Open {
            clip,
            consult,
            kept,
            here,
            opened: Arc::clone(&opened),
        });
        Ok(opened)
    }

    /// One that is open and as whole as it can be; it is the last now to be closed.
    fn take(&self, found: &Found, here: u64) -> Option<Arc<GuardedClip>> {
        let mut open = self.lock();
        let at = open.iter().position(|held| {
            (held.consult, held.clip) == (found.consult, found.id())
                && held.here == here
                && held.kept == found.row.kept
        })?;
        let held = open.remove(at)?;
        let opened = Arc::clone(&held.opened);
        open.push_front(held);
        Some(opened)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
