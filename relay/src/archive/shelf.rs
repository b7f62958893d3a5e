//! The archive as those see it who bring objects: the network's `Shelf`.
//!
//! Owns the buffer of each object and the words for what went wrong. Files are touched where blocking is allowed.

use super::catalogue::{Catalogue, Located};
use super::collector::{Asks, CollectCounts, Collector, Which};
use super::committer::{CommitFault, Committer};
use super::incoming::{Incoming, IncomingFault, disk};
use super::indexer::{IndexCounts, Indexer};
use super::pictures::Pictures;
use super::place::Place;
use super::recovery::{Recovered, recover};
use super::said::SaidCollector;
use super::slots::Slots;
use crate::clock::Clock;
use crate::store::{ClipFiles, DataFolder, KeptAs, Store};
use dimse::{Facts, Shelf, Status};
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::oneshot;
use wire::original::Digest;

/// Written at once: a fragment may be one byte.
const WRITE_BYTES: usize = 256 * 1024;

/// The archive cannot be opened.
#[derive(Debug, Error)]
#[error("the archive in the data folder cannot be used: {0}")]
pub struct ArchiveFault(String);

/// What the archive works with.
pub struct ArchiveParts {
    /// Rows.
    pub store: Store,
    /// Clips of consults, which come in too.
    pub clips: ClipFiles,
    /// For rows.
    pub clock: Arc<Clock>,
    /// Bytes of the disk that are left free.
    pub reserve: u64,
}

/// The archive. Clones share it.
#[derive(Clone)]
pub struct Archive {
    slots: Slots,
    committer: Committer,
    catalogue: Catalogue,
    indexer: Indexer,
    pictures: Pictures,
    collected: Arc<CollectCounts>,
    asks: Asks,
    reserve: u64,
}

impl Archive {
    /// Opens it below the data folder and puts in order what a crash left.
    ///
    /// # Errors
    /// `ArchiveFault`.
    pub async fn open(
        data: &DataFolder,
        parts: ArchiveParts,
    ) -> Result<(Self, Recovered), ArchiveFault> {
        let place = Place::below(data).map_err(|fault| ArchiveFault(fault.to_string()))?;
        let indexer = Indexer::start(place.clone(), parts.store.clone());
        Self::over(place, parts, indexer).await
    }

    pub(super) async fn over(
        place: Place,
        parts: ArchiveParts,
        indexer: Indexer,
    ) -> Result<(Self, Recovered), ArchiveFault> {
        let recovered = recover(&place, &parts.store, parts.clock.now())
            .await
            .map_err(|fault| ArchiveFault(fault.to_string()))?;
        indexer.wake();
        let committer = Committer::start(
            place.clone(),
            parts.store.clone(),
            (parts.clock, indexer.clone()),
        );
        let slots = Slots::new(place.clone());
        let collected = Arc::<CollectCounts>::default();
        let asks = Collector {
            clips: parts.clips.clone(),
            store: parts.store.clone(),
            slots: slots.clone(),
            place: place.clone(),
            committer: committer.clone(),
            reserve: parts.reserve,
            counts: Arc::clone(&collected),
        }
        .start();
        let archive = Self {
            catalogue: Catalogue::over(parts.store.clone(), place),
            slots,
            committer,
            indexer,
            pictures: Pictures::new(),
            collected,
            asks,
            reserve: parts.reserve,
        };
        archive.make_slots();
        SaidCollector {
            clips: parts.clips,
            store: parts.store,
            archive: archive.clone(),
        }
        .start();
        Ok((archive, recovered))
    }

    /// To ask what is here.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Frames of what is here.
    #[must_use]
    pub fn pictures(&self) -> &Pictures {
        &self.pictures
    }

    /// Bytes of an object's file in front of its data set.
    ///
    /// # Errors
    /// The disk's.
    pub async fn head_bytes(&self, of: &Located) -> std::io::Result<u64> {
        let whole = tokio::fs::metadata(&of.path).await?.len();
        whole
            .checked_sub(of.bytes)
            .ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
    }

    /// What the index counts.
    #[must_use]
    pub fn index_counts(&self) -> &IndexCounts {
        self.indexer.counts()
    }

    /// What became of the clips of consults.
    #[must_use]
    pub fn collect_counts(&self) -> &CollectCounts {
        &self.collected
    }

    /// Brings a clip in now; gives false for one that stays out.
    pub(super) async fn collect(&self, clip: Which) -> Result<bool, String> {
        let (tell, told) = oneshot::channel();
        let ended = |_| "the relay goes down".to_owned();
        self.asks.send((clip, tell)).await.map_err(|_| ended(()))?;
        told.await.map_err(|_| ended(()))?
    }

    /// Makes slots ahead, beside what goes on.
    fn make_slots(&self) {
        let slots = self.slots.clone();
        tokio::task::spawn_blocking(move || {
            if let Err(error) = slots.fill() {
                // The next object makes its own, and is told when that cannot be.
                tracing::warn!(%error, "no files were made ahead for objects");
            }
        });
    }
}

/// An object that was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// What it is to the others.
    pub kept: KeptAs,
    /// Study Instance UID.
    pub study: String,
    /// Series Instance UID.
    pub series: String,
    /// Its name in the archive.
    pub digest: Digest,
}

/// An object that arrives.
pub struct Slot {
    /// None after a failure; then the file is gone.
    incoming: Option<Incoming>,
    /// Bytes that are not in the file yet.
    held: Vec<u8>,
}

impl Slot {
    /// Writes what is held.
    async fn flush(&mut self) -> Result<(), Status> {
        let Some(mut incoming) = self.incoming.take() else {
            return Err(Status::processing_failure("the object is gone"));
        };
        let mut held = std::mem::take(&mut self.held);
        let written = blocking(move || {
            incoming.append(&held)?;
            held.clear();
            Ok((incoming, held))
        });
        let (incoming, held) = written.await?;
        (self.incoming, self.held) = (Some(incoming), held);
        Ok(())
    }
}

impl Shelf for Archive {
    type Slot = Slot;

    async fn begin(&self, facts: Facts) -> Result<Slot, Status> {
        if self.slots.runs_low() {
            self.make_slots();
        }
        let ready = match self.slots.take_ready() {
            Some(ready) => ready,
            None => {
                let slots = self.slots.clone();
                blocking(move || slots.make().map_err(disk("make a file for an object"))).await?
            }
        };
        Ok(Slot {
            incoming: Some(Incoming::begin(ready, facts, self.reserve)),
            held: Vec::new(),
        })
    }

    async fn write(&self, slot: &mut Slot, bytes: &[u8]) -> Result<(), Status> {
        slot.held.extend_from_slice(bytes);
        if slot.held.len() >= WRITE_BYTES {
            slot.flush().await?;
        }
        Ok(())
    }

    async fn finish(&self, slot: Slot) -> Status {
        match self.take_in(slot, None).await.map(|taken| taken.kept) {
            Ok(KeptAs::New | KeptAs::Again) => Status::SUCCESS,
            Ok(KeptAs::Conflict) => {
                Status::stored_with_warning("kept beside another object of this SOP Instance UID")
            }
            Err(status) => status,
        }
    }
}

impl Archive {
    /// Makes an object durable; where a study is named it must be of that.
    ///
    /// # Errors
    /// The status to answer when it is not kept.
    pub async fn take_in(&self, slot: Slot, within: Option<&str>) -> Result<Taken, Status> {
        self.take(slot, within, false).await
    }

    /// The same; `flagged` where what has its UID is no object.
    pub(super) async fn take(
        &self,
        slot: Slot,
        within: Option<&str>,
        flagged: bool,
    ) -> Result<Taken, Status> {
        let Slot { incoming, held } = slot;
        let Some(incoming) = incoming else {
            return Err(Status::processing_failure("the object is gone"));
        };
        let mut arrived = blocking(move || incoming.arrived(&held)).await?;
        arrived.flagged = flagged;
        if within.is_some_and(|study| study != arrived.study) {
            return Err(Status::does_not_match("the object is of another study"));
        }
        let (study, series) = (arrived.study.clone(), arrived.series.clone());
        let digest = arrived.digest;
        let kept = self.committer.keep(arrived).await;
        if matches!(kept, Ok(KeptAs::Conflict)) {
            tracing::warn!("an object came with the SOP Instance UID of another; both are kept");
        }
        let taken = |kept| Taken {
            kept,
            study,
            series,
            digest,
        };
        kept.map(taken).map_err(|fault| {
            tracing::error!(%fault, "an object was not kept");
            match fault {
                CommitFault::Ended => Status::processing_failure("the server goes down"),
                CommitFault::Name(_) | CommitFault::Row(_) => {
                    Status::out_of_resources("the disk or the database takes nothing")
                }
            }
        })
    }
}

/// Runs a step that blocks, and gives the status for what goes wrong.
async fn blocking<T: Send + 'static>(
    step: impl FnOnce() -> Result<T, IncomingFault> + Send + 'static,
) -> Result<T, Status> {
    match tokio::task::spawn_blocking(step).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(fault)) => {
            tracing::warn!(%fault, "an object was refused");
            Err(status(&fault))
        }
        Err(_) => Err(Status::processing_failure("fault in the server")),
    }
}

const fn status(fault: &IncomingFault) -> Status {
    match fault {
        IncomingFault::NoRoom => Status::out_of_resources("the disk has no room"),
        IncomingFault::Disk { .. } => Status::processing_failure("the disk failed"),
        IncomingFault::Structure(_) => {
            Status::cannot_understand("lengths or structure of the data set lie")
        }
        IncomingFault::NoFile(_) => Status::cannot_understand("it is no DICOM file"),
        IncomingFault::Another => {
            Status::does_not_match("the data set has other UIDs than the command")
        }
        IncomingFault::Homeless => {
            Status::does_not_match("the data set names no study or no series")
        }
    }
}
