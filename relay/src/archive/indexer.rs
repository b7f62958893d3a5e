//! Makes index entries, behind the answers: whoever sends an object does not wait for it.
//!
//! Owns the order: what came first is indexed first, one object at a time, so that an import of thousands takes one of the confined readers and
//! a live consult keeps the others. While objects come in quick succession it waits a little, because their senders wait for the same
//! processor. An object that cannot be read gets an entry that says so; when no reader can be had nothing is
//! decided, and it is tried again. What may pass (the disk, a busy machine, too little memory) puts one object off, and others go on; after
//! `MAX_TRIES` it gets its entry too, and the next start looks again. Invariant: an object without an entry gets one, now or after the
//! next start; nothing is marked as done before it is.

use super::catalogue::unpacked;
use super::entry::{of_header, without_header};
use super::place::Place;
use super::put_off::PutOff;
use crate::store::{self, EntryRow, ObjectRow, Store, StoreError, Unindexed};
use echo_dicom::{ClipError, HeaderPlace};
use guarded::Guard;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use wire::original::Digest;

/// Objects looked up at once.
const AT_ONCE: usize = 64;
/// Nothing came for so long: whoever sends has ended, or thinks.
const QUIET: Duration = Duration::from_millis(200);
/// So long it waits for that before each `AT_ONCE` objects.
const PATIENCE: Duration = Duration::from_secs(2);
/// Times that an object is tried, some hour and a half, before it is taken for unreadable.
const MAX_TRIES: u32 = 16;
/// Steps at which reading fails for reasons that may pass.
const PASSING: [&str; 3] = ["read-file", "reader-late", ENDED];
/// The kernel ends a reader for the memory of others too.
const ENDED: &str = "reader-ended";
/// An object that ends before its header does stays so, though reading it is what failed.
const CUT_SHORT: &str = "cut-short";
/// After a failure that is not the object's.
const AGAIN: Duration = Duration::from_secs(5);

/// What the index counts.
#[derive(Debug, Default)]
pub struct IndexCounts {
    /// Entries made since the start.
    pub made: AtomicU64,
    /// Entries of objects whose header could not be read, all that there are.
    pub refused: AtomicU64,
    /// Objects whose header is tried again. A present value.
    pub waiting: AtomicU64,
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

/// Objects have to be looked at again later.
enum Later {
    Store(StoreError),
    /// No reader can be had, or more failed than may wait.
    NoReader,
}

/// What came of looking at an object.
enum Looked {
    /// This is its entry.
    Is(Box<EntryRow>),
    /// It may be read another time, or else this is its entry.
    Unread(Box<EntryRow>),
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
        self.look_again().await;
        if let Err(error) = self.look_for_strangers().await {
            tracing::error!(%error, "objects of before were not compared with their studies; the next start does it");
        }
        let (mut at, mut put_off) = (0, PutOff::default());
        loop {
            let some = self.some(&mut at, &mut put_off, Instant::now()).await;
            let waiting = put_off.len() as u64;
            self.counts.waiting.store(waiting, Ordering::Relaxed);
            match some {
                Ok(true) => {}
                Ok(false) => {
                    let next = put_off.next();
                    tokio::select! {
                        () = more.notified() => {}
                        () = sleep_until(next), if next.is_some() => {}
                    }
                }
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

    /// At the start: what could not be read for a reason that may have passed has no entry any more, and gets one again.
    async fn look_again(&self) {
        let took = self
            .store
            .write("look again at what could not be read", move |db| {
                store::take_back(db, &PASSING)
            });
        match took.await {
            Ok(0) => {}
            Ok(objects) => {
                tracing::info!(objects, "headers that could not be read are tried again")
            }
            Err(error) => tracing::error!(%error, "what could not be read is not tried again"),
        }
        match self
            .store
            .search("count headers", store::count_refused)
            .await
        {
            Ok(refused) => self.counts.refused.store(refused, Ordering::Relaxed),
            Err(error) => tracing::error!(%error, "entries of the index could not be counted"),
        }
    }

    /// Once for a database of before: who of a study names another patient.
    async fn look_for_strangers(&self) -> Result<(), StoreError> {
        loop {
            let some = self
                .store
                .search("find objects of before", |db| store::unlooked(db, AT_ONCE));
            let some = some.await?;
            if some.is_empty() {
                return Ok(());
            }
            let compared = self
                .store
                .write("compare objects with their studies", move |db| {
                    for (object, packed) in &some {
                        let entry = match unpacked(packed) {
                            Some(header) => of_header(object, header),
                            None => without_header(object, None),
                        };
                        store::look_at(db, &entry)?;
                    }
                    Ok(())
                });
            compared.await?;
        }
    }

    /// Indexes some that came after `at`, and those that were put off and whose time it is; false when there are none.
    async fn some(
        &self,
        at: &mut i64,
        put_off: &mut PutOff<Digest>,
        now: Instant,
    ) -> Result<bool, Later> {
        let (after, due) = (*at, put_off.due(now));
        let (waited, again) = (due.clone(), due.into_iter().take(AT_ONCE));
        let again: Vec<Digest> = again.collect();
        let found = self
            .store
            .search("find objects without an entry", move |db| {
                let mut found = store::unindexed(db, after, AT_ONCE)?;
                for digest in again {
                    found.extend(store::still_unindexed(db, digest)?);
                }
                Ok(found)
            });
        let found = found.await.map_err(Later::Store)?;
        if found.is_empty() {
            // They got their entries by another way.
            waited.into_iter().for_each(|digest| put_off.done(digest));
            return Ok(false);
        }
        let impatient_at = Instant::now() + PATIENCE;
        for Unindexed { at: place, object } in found {
            self.until_quiet(impatient_at).await;
            let digest = object.digest;
            let entry = match self.entry(object).await? {
                Looked::Is(entry) => entry,
                Looked::Unread(entry) if put_off.failures(digest) + 1 >= MAX_TRIES => entry,
                Looked::Unread(_) if put_off.failed(digest, now) => {
                    *at = place.max(*at);
                    continue;
                }
                Looked::Unread(_) => return Err(Later::NoReader),
            };
            put_off.done(digest);
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
            *at = place.max(*at);
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

    async fn entry(&self, object: ObjectRow) -> Result<Looked, Later> {
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
                Ok(header) => Ok(Looked::Is(Box::new(of_header(&object, header)))),
                Err(fault) if guarded::is_no_reader(&fault) => Err(Later::NoReader),
                Err(fault) => {
                    tracing::warn!(object = %object.digest, %fault, "the header of an object could not be read; it is kept and given as it is");
                    let entry = Box::new(without_header(&object, Some(step_of(&fault))));
                    Ok(match guarded::may_pass(&fault) || fault.step() == ENDED {
                        true => Looked::Unread(entry),
                        false => Looked::Is(entry),
                    })
                }
            }
        });
        made.await.unwrap_or(Err(Later::NoReader))
    }
}

/// The step at which reading failed, as the index notes it.
fn step_of(fault: &ClipError) -> &'static str {
    match fault {
        ClipError::ReadFile(_) if !guarded::may_pass(fault) => CUT_SHORT,
        fault => fault.step(),
    }
}

async fn sleep_until(at: Option<Instant>) {
    if let Some(at) = at {
        tokio::time::sleep_until(at).await;
    }
}

#[cfg(test)]
mod tests;
