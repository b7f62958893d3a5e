//! Makes index entries, behind the answers: whoever sends an object does not wait for it.
//!
//! Owns the order: what came first is indexed first, one object at a time, so that an import of thousands takes one of the confined readers and
//! a live consult keeps the others. While objects come in quick succession it waits a little, because their senders wait for the same
//! processor. An object that cannot be read gets an entry that says so; when no reader can be had nothing is
//! decided, and it is tried again. Invariant: an object without an entry gets one, now or after the next start; nothing is marked as done
//! before it is.

use super::entry::{of_header, without_header};
use super::place::Place;
use crate::store::{self, EntryRow, ObjectRow, Store, StoreError, Unindexed};
use echo_dicom::HeaderPlace;
use guarded::Guard;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// Objects looked up at once.
const AT_ONCE: usize = 64;
/// Nothing came for so long: whoever sends has ended, or thinks.
const QUIET: Duration = Duration::from_millis(200);
/// So long it waits for that before each `AT_ONCE` objects.
const PATIENCE: Duration = Duration::from_secs(2);
/// After a failure that is not the object's.
const AGAIN: Duration = Duration::from_secs(5);

/// What the index counts, since the start but for the last.
#[derive(Debug, Default)]
pub struct IndexCounts {
    /// Entries made.
    pub made: AtomicU64,
    /// Entries of objects whose header could not be read, all that there are.
    pub refused: AtomicU64,
}

/// The task's other end. Clones share it.
#[derive(Clone)]
pub(super) struct Indexer {
    more: Arc<Notify>,
    came: Arc<watch::Sender<Option<Instant>>>,
    counts: Arc<IndexCounts>,
}

impl Indexer {
    /// Starts it with what has no entry yet.
    pub(super) fn start(place: Place, store: Store) -> Self {
        let indexer = Self::new();
        let work = Work {
            place,
            store,
            guard: Guard::of_this_program(),
            came: indexer.came.subscribe(),
            counts: Arc::clone(&indexer.counts),
        };
        tokio::spawn(work.run(Arc::clone(&indexer.more)));
        indexer
    }

    fn new() -> Self {
        Self {
            more: Arc::default(),
            came: Arc::new(watch::Sender::new(None)),
            counts: Arc::default(),
        }
    }

    /// One that makes nothing.
    #[cfg(test)]
    pub(super) fn idle() -> Self {
        Self::new()
    }

    /// An object came.
    pub(super) fn wake(&self) {
        self.came.send_replace(Some(Instant::now()));
        self.more.notify_one();
    }

    pub(super) fn counts(&self) -> &IndexCounts {
        &self.counts
    }
}

/// An object has to be looked at again later.
enum Later {
    Store(StoreError),
    NoReader,
}

struct Work {
    place: Place,
    store: Store,
    guard: Guard,
    /// When an object came last.
    came: watch::Receiver<Option<Instant>>,
    counts: Arc<IndexCounts>,
}

impl Work {
    async fn run(self, more: Arc<Notify>) {
        match self
            .store
            .search("count headers", store::count_refused)
            .await
        {
            Ok(refused) => self.counts.refused.store(refused, Ordering::Relaxed),
            Err(error) => tracing::error!(%error, "entries of the index could not be counted"),
        }
        let mut at = 0;
        loop {
            match self.some(&mut at).await {
                Ok(true) => {}
                Ok(false) => more.notified().await,
                Err(Later::Store(StoreError::Closed { .. })) => return,
                Err(later) => {
                    if let Later::Store(error) = later {
                        tracing::error!(%error, "an index entry was not made; it is tried again");
                    }
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    /// Indexes some that came after `at`; false when there are none.
    async fn some(&self, at: &mut i64) -> Result<bool, Later> {
        let after = *at;
        let found = self
            .store
            .search("find objects without an entry", move |db| {
                store::unindexed(db, after, AT_ONCE)
            });
        let found = found.await.map_err(Later::Store)?;
        if found.is_empty() {
            return Ok(false);
        }
        let impatient_at = Instant::now() + PATIENCE;
        for Unindexed { at: place, object } in found {
            self.until_quiet(impatient_at).await;
            let entry = self.entry(object).await?;
            let refused = entry.refused.is_some();
            // What a power cut takes back has no entry then, and gets one again.
            let kept = self
                .store
                .write_again_if_lost("keep an index entry", move |db| {
                    store::keep_entry(db, &entry)
                });
            kept.await.map_err(Later::Store)?;
            self.counts.made.fetch_add(1, Ordering::Relaxed);
            if refused {
                self.counts.refused.fetch_add(1, Ordering::Relaxed);
            }
            *at = place;
        }
        Ok(true)
    }

    async fn until_quiet(&self, impatient_at: Instant) {
        loop {
            let quiet_at = self.came.borrow().map(|came| came + QUIET);
            let until = quiet_at.map_or(impatient_at, |at| at.min(impatient_at));
            if quiet_at.is_none() || until <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }

    async fn entry(&self, object: ObjectRow) -> Result<EntryRow, Later> {
        let (path, guard) = (self.place.object(object.digest), self.guard.clone());
        let made = tokio::task::spawn_blocking(move || {
            let read = (|| {
                let file = File::open(path)?;
                let whole = file.metadata()?.len();
                let place = HeaderPlace {
                    whole,
                    // The head is ours, the data set all that follows.
                    data_set_at: whole.saturating_sub(object.bytes),
                    syntax: &object.syntax,
                };
                guard.header(&file, place)
            })();
            match read {
                Ok(header) => Ok(of_header(&object, header)),
                Err(fault) if guarded::is_no_reader(&fault) => Err(Later::NoReader),
                Err(fault) => {
                    tracing::warn!(object = %object.digest, %fault, "the header of an object could not be read; it is kept and given as it is");
                    Ok(without_header(&object, Some(fault.step())))
                }
            }
        });
        made.await.unwrap_or(Err(Later::NoReader))
    }
}
