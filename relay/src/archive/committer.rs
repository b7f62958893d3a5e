//! Gives objects that are durable their names and rows, in groups: all that wait in one transaction.
//!
//! Owns the order: content synced (by who brought it), name, row, answer. One task, so that two uploads of one object meet here one
//! after the other. Neither name nor row is synced: a file proves itself, and the next start gives both again from what it finds.
//! Invariant: whoever hears `Ok` finds file and row at once, and after a power cut and a start.

use super::incoming::Arrived;
use super::indexer::Indexer;
use super::place::Place;
use crate::clock::Clock;
use crate::store::{KeptAs, ObjectRow, Store, StoreError, keep_flagged, keep_object};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

/// Objects of one group: more than there are associations by default.
const MAX_GROUP: usize = 64;
/// Objects that may wait; who brings one more waits itself.
const MAX_WAITING: usize = 64;

/// An object was not kept.
#[derive(Debug, Clone, Error)]
pub(super) enum CommitFault {
    #[error("name an object: {0}")]
    Name(Arc<io::Error>),
    #[error(transparent)]
    Row(Arc<StoreError>),
    #[error("the relay goes down")]
    Ended,
}

type Told = oneshot::Sender<Result<KeptAs, CommitFault>>;

/// Where objects are brought to. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Committer {
    waiting: mpsc::Sender<(Arrived, Told)>,
}

impl Committer {
    /// Starts it.
    pub(super) fn start(
        place: Place,
        store: Store,
        (clock, indexer): (Arc<Clock>, Indexer),
    ) -> Self {
        let (waiting, queue) = mpsc::channel(MAX_WAITING);
        tokio::spawn(run(queue, place, store, (clock, indexer)));
        Self { waiting }
    }

    /// Keeps an object; answers when it is durable.
    pub(super) async fn keep(&self, arrived: Arrived) -> Result<KeptAs, CommitFault> {
        let (tell, told) = oneshot::channel();
        self.waiting
            .send((arrived, tell))
            .await
            .map_err(|_| CommitFault::Ended)?;
        told.await.map_err(|_| CommitFault::Ended)?
    }
}

async fn run(
    mut queue: mpsc::Receiver<(Arrived, Told)>,
    place: Place,
    store: Store,
    (clock, indexer): (Arc<Clock>, Indexer),
) {
    let mut group = Vec::new();
    while queue.recv_many(&mut group, MAX_GROUP).await > 0 {
        let (arrived, told): (Vec<_>, Vec<_>) = group.drain(..).unzip();
        let kept = commit(arrived, &place, &store, &clock).await;
        indexer.wake();
        for (index, tell) in told.into_iter().enumerate() {
            let answer = match &kept {
                Ok(kept) => kept.get(index).copied().ok_or(CommitFault::Ended),
                Err(fault) => Err(fault.clone()),
            };
            // Who brought it may be gone; it is kept.
            let _ = tell.send(answer);
        }
    }
}

async fn commit(
    group: Vec<Arrived>,
    place: &Place,
    store: &Store,
    clock: &Clock,
) -> Result<Vec<KeptAs>, CommitFault> {
    let rows: Vec<(ObjectRow, bool)> = group
        .iter()
        .map(|one| (row(one, clock), one.flagged))
        .collect();
    let naming = place.clone();
    let named = tokio::task::spawn_blocking(move || name_all(&group, &naming))
        .await
        .map_err(|_| CommitFault::Ended)?
        .map_err(|fault| CommitFault::Name(Arc::new(fault)))?;
    let kept = store
        .write_again_if_lost("keep objects", move |db| {
            let keep = |(row, flagged): &(ObjectRow, bool)| match flagged {
                true => keep_flagged(db, row),
                false => keep_object(db, row),
            };
            rows.iter().map(keep).collect()
        })
        .await;
    match kept {
        Ok(kept) => Ok(kept),
        Err(fault) => {
            let place = place.clone();
            let taken_back = tokio::task::spawn_blocking(move || take_back(&named, &place)).await;
            if taken_back.is_err() {
                tracing::error!(
                    "objects without a row were not removed; the next start notes them"
                );
            }
            Err(CommitFault::Row(Arc::new(fault)))
        }
    }
}

fn row(arrived: &Arrived, clock: &Clock) -> ObjectRow {
    ObjectRow {
        digest: arrived.digest,
        instance: arrived.facts.instance.clone(),
        study: arrived.study.clone(),
        series: arrived.series.clone(),
        class: arrived.facts.class.clone(),
        syntax: arrived.facts.syntax.clone(),
        bytes: arrived.bytes,
        sender: arrived.facts.sender.clone(),
        arrived_at: clock.now(),
    }
}

/// Gives each its name, and gives those that had none before. An object that is here already stays as it is.
fn name_all(group: &[Arrived], place: &Place) -> io::Result<Vec<PathBuf>> {
    let mut named = Vec::new();
    let done = (|| {
        for arrived in group {
            let path = place.object(arrived.digest);
            if !path.exists() {
                place.files().rename(arrived.half.path(), &path)?;
                named.push(path);
            }
        }
        Ok(())
    })();
    match done {
        Ok(()) => Ok(named),
        Err(fault) => {
            take_back(&named, place);
            Err(fault)
        }
    }
}

fn take_back(named: &[PathBuf], place: &Place) {
    for path in named {
        if let Err(error) = place.files().remove(path) {
            tracing::error!(%error, "an object without a row was not removed; the next start notes it");
        }
    }
}
