//! Brings the clips that consults keep into the archive, so that hospital systems find them beside what handhelds sent.
//!
//! Owns when: soon after a clip is kept, one after the other, and once more after a start for those that a crash left out. A clip's bytes are
//! not copied; the archive has a second name for its file. Where the file's head is not what may be given out, or the disk gives no second name, the
//! data set is copied behind a head of ours. A clip whose object the archive does not take stays with its consult and is noted with the
//! reason, for good; what is the disk's fault or ours is tried again, and holds up no other clip. Invariant: what is noted as taken is
//! durable in the archive.

use super::committer::{CommitFault, Committer};
use super::file_head::{FileHead, HeadFault};
use super::incoming::{Arrived, Incoming, IncomingFault, disk};
use super::place::Place;
use super::put_off::PutOff;
use super::slots::Slots;
use crate::store::{self, ClipFiles, KeptAs, Store, StoreError};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use wire::original::Digest;
use wire::{ClipId, ConsultId};

/// How soon a clip that was kept is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// Clips looked up at once.
const AT_ONCE: usize = 16;
/// Clips that may be asked for at the same time: more than there are connections that bring some.
const MAX_ASKS: usize = 64;
/// Copied at once.
const PIECE_BYTES: usize = 256 << 10;
/// Who sent a clip, for its object's row and head.
pub const SENDER: &str = "HIBIKI-CLIP";

/// What became of clips.
#[derive(Debug, Default)]
pub struct CollectCounts {
    /// Not in the archive for a fault of the disk or of ours; they are tried again. A present value.
    pub waiting: AtomicU64,
    /// The archive does not take their objects. Since the start.
    pub refused: AtomicU64,
}

/// What it works with.
pub(super) struct Collector {
    pub(super) clips: ClipFiles,
    pub(super) store: Store,
    pub(super) place: Place,
    pub(super) slots: Slots,
    pub(super) committer: Committer,
    pub(super) reserve: u64,
    pub(super) counts: Arc<CollectCounts>,
}

/// A clip of a consult.
pub(super) type Which = (ConsultId, ClipId);
/// A clip that is wanted now, and who waits for it.
type Ask = (Which, oneshot::Sender<Result<bool, String>>);
/// Where to ask.
pub(super) type Asks = mpsc::Sender<Ask>;

/// A clip has to be looked at again.
#[derive(Debug, Error)]
enum Later {
    /// This one, for a reason that may pass.
    #[error("{0}")]
    PutOff(String),
    /// All of them: rows cannot be written.
    #[error(transparent)]
    Commit(CommitFault),
    /// See `Commit`.
    #[error(transparent)]
    Store(StoreError),
}

impl Collector {
    /// Works until the store closes. Gives the place to ask for a clip at once.
    pub(super) fn start(self) -> Asks {
        let (asks, mut asked) = mpsc::channel::<Ask>(MAX_ASKS);
        tokio::spawn(async move {
            let mut put_off = PutOff::default();
            loop {
                while let Ok(ask) = asked.try_recv() {
                    self.answer(ask, &mut put_off).await;
                }
                match self.some(&mut put_off, Instant::now()).await {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(Later::Store(StoreError::Closed { .. })) => return,
                    Err(later) => {
                        tracing::error!(%later, "clips were not taken into the archive; it is tried again");
                    }
                }
                tokio::select! {
                    () = tokio::time::sleep(LOOK) => {}
                    Some(ask) = asked.recv() => self.answer(ask, &mut put_off).await,
                }
            }
        });
        asks
    }

    /// Somebody cannot wait until it is the turn of this clip.
    async fn answer(&self, (of, tell): Ask, put_off: &mut PutOff<Which>) {
        let looked = self.store.read("look up a clip of the archive", move |db| {
            store::is_collected(db, of)
        });
        let came = match looked.await {
            Ok(Some(taken)) => Ok(taken),
            Ok(None) => self.decide(of, put_off, Instant::now()).await,
            Err(error) => Err(Later::Store(error)),
        };
        let _ = tell.send(came.map_err(|later| later.to_string()));
    }

    /// Looks at some; false when there are none that can be decided now.
    async fn some(&self, put_off: &mut PutOff<Which>, now: Instant) -> Result<bool, Later> {
        let most = u32::try_from(AT_ONCE + put_off.len()).unwrap_or(u32::MAX);
        let found = self
            .store
            .search("find clips for the archive", move |db| {
                store::uncollected(db, most)
            })
            .await
            .map_err(Later::Store)?;
        let (mut decided, mut failed) = (false, None);
        let due = found.into_iter().filter(|of| !put_off.waits(*of, now));
        for of in due.take(AT_ONCE).collect::<Vec<_>>() {
            match self.decide(of, put_off, now).await {
                Ok(_) => decided = true,
                Err(Later::PutOff(why)) => failed = Some(why),
                Err(later) => return Err(later),
            }
        }
        if let Some(why) = failed {
            let waiting = put_off.len();
            tracing::error!(
                waiting,
                why,
                "clips could not be taken into the archive; they are tried again"
            );
        }
        Ok(decided)
    }

    /// Takes one and notes what came of it, or puts it off; gives whether it was taken.
    async fn decide(
        &self,
        of: Which,
        put_off: &mut PutOff<Which>,
        now: Instant,
    ) -> Result<bool, Later> {
        let came = self.one(of).await;
        if matches!(came, Err(Later::PutOff(_))) {
            put_off.failed(of, now);
        }
        let waiting = |put_off: &PutOff<Which>| {
            let waiting = put_off.len() as u64;
            self.counts.waiting.store(waiting, Ordering::Relaxed);
        };
        waiting(put_off);
        let came = came?;
        let taken = came.is_ok();
        if let Err(reason) = &came {
            self.counts.refused.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(consult = %of.0, clip = %of.1, reason, "a clip stays out of the archive");
        }
        self.store
            .write("note a clip of the archive", move |db| {
                store::note_collected(db, of, &came)
            })
            .await
            .map_err(Later::Store)?;
        put_off.done(of);
        waiting(put_off);
        Ok(taken)
    }

    /// Takes one, or says why its object is never taken.
    async fn one(&self, (consult, clip): Which) -> Result<Result<Digest, String>, Later> {
        let path = self.clips.whole(consult, clip);
        let (place, slots, reserve) = (self.place.clone(), self.slots.clone(), self.reserve);
        let arriving =
            tokio::task::spawn_blocking(move || arrived((&place, &slots), &path, reserve));
        let inside = |_| Later::PutOff("reading it failed inside".to_owned());
        let arrived = match arriving.await.map_err(inside)? {
            Ok(arrived) => arrived,
            Err(fault) if fault.is_of_the_object() => return Ok(Err(fault.to_string())),
            Err(fault) => return Err(Later::PutOff(fault.to_string())),
        };
        let digest = arrived.digest;
        match self.committer.keep(arrived).await {
            Ok(KeptAs::Conflict) => {
                tracing::warn!(%consult, %clip, "the archive has another object with the UID of a clip, which is not sent on; see: relay archive conflicts");
            }
            Ok(KeptAs::New | KeptAs::Again) => {}
            Err(fault @ CommitFault::Name(_)) => return Err(Later::PutOff(fault.to_string())),
            Err(fault) => return Err(Later::Commit(fault)),
        }
        // A second name proves nothing by itself: it is durable before anybody takes it for that.
        let place = self.place.clone();
        let synced =
            tokio::task::spawn_blocking(move || place.files().sync_folder(place.objects()));
        let synced = synced.await.map_err(inside)?;
        synced.map_err(|error| Later::PutOff(error.to_string()))?;
        Ok(Ok(digest))
    }
}

fn arrived(
    (place, slots): (&Place, &Slots),
    path: &Path,
    reserve: u64,
) -> Result<Arrived, IncomingFault> {
    let head = FileHead::read(path, SENDER).map_err(|fault| match fault {
        HeadFault::Disk(source) => disk("read a clip")(source),
        HeadFault::Not(why) => IncomingFault::NoFile(why),
    })?;
    let (facts, at) = (&head.facts, head.data_set_at);
    if !dimse::takes_class(&facts.class) || !dimse::takes_syntax(&facts.syntax) {
        return Err(IncomingFault::Another);
    }
    if head.is_regular() {
        match Arrived::by_link(place, path, facts.clone(), at) {
            // Folders on two disks, or a disk without second names.
            Err(IncomingFault::Disk { .. }) => {}
            done => return done,
        }
    }
    let ready = slots.make().map_err(disk("make a file for a clip"))?;
    let mut incoming = Incoming::begin(ready, head.facts, reserve);
    copy(path, at, &mut incoming).map_err(disk("read a clip"))??;
    incoming.arrived(&[])
}

/// The outer result is reading's.
fn copy(path: &Path, at: u64, into: &mut Incoming) -> io::Result<Result<(), IncomingFault>> {
    let mut file = File::open(path)?;
    file.seek(io::SeekFrom::Start(at))?;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let length = file.read(&mut piece)?;
        let some = piece.get(..length).unwrap_or_default();
        if some.is_empty() {
            return Ok(Ok(()));
        }
        if let Err(fault) = into.append(some) {
            return Ok(Err(fault));
        }
    }
}

#[cfg(test)]
mod tests;
