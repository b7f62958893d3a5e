//! Keeps originals: from the last piece that came to what the log says.
//!
//! Called by `pictures`; each original is kept in a task of its own, so that nothing of the picture waits for the disk.
//! Invariant: the log and the agent are told after the blob and its row are durable, never before.

use super::agents::Agents;
use super::hub::Hub;
use super::log::ConsultLog;
use crate::clock::Clock;
use crate::consult::{Input, OriginalInput, PictureInput};
use crate::metrics::Metrics;
use crate::sfu::MediaSessionId;
use crate::store::{self, Blobs, Store};
use std::sync::Arc;
use tokio::sync::Semaphore;
use wire::agent::RelayToAgent;
use wire::original::{OriginalGap, OriginalHead};
use wire::{ConsultId, StreamId};

/// Originals on their way to the disk at the same time, over all consults: about 70 MiB at worst.
const MAX_KEEPING: usize = 4;

/// What came from where.
#[derive(Debug, Clone, Copy)]
pub(super) struct From {
    pub(super) consult: ConsultId,
    pub(super) stream: StreamId,
    pub(super) session: MediaSessionId,
}

/// The way of an original to the store.
#[derive(Clone)]
pub struct Keeper {
    store: Store,
    blobs: Blobs,
    clock: Arc<Clock>,
    metrics: Arc<Metrics>,
    agents: Agents,
    room: Arc<Semaphore>,
}

impl Keeper {
    /// Over a store.
    pub fn new(
        (store, blobs): (Store, Blobs),
        clock: Arc<Clock>,
        metrics: Arc<Metrics>,
        agents: Agents,
    ) -> Self {
        Self {
            store,
            blobs,
            clock,
            metrics,
            agents,
            room: Arc::new(Semaphore::new(MAX_KEEPING)),
        }
    }

    /// Keeps one. When too many are on their way it is dropped: the agent is not told that it is kept, and pages are told
    /// that there is none.
    pub(super) fn keep<L: ConsultLog>(
        &self,
        hub: &Hub<L>,
        from: From,
        head: OriginalHead,
        blob: Vec<u8>,
    ) {
        let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else {
            self.metrics.originals_refused.up();
            tracing::warn!(consult = %from.consult, "more originals come than the disk takes; one was dropped");
            let hub = hub.clone();
            tokio::spawn(async move { not_kept(&hub, from, head).await });
            return;
        };
        let (keeper, hub) = (self.clone(), hub.clone());
        tokio::spawn(async move {
            keeper.store(&hub, from, head, blob).await;
            drop(room);
        });
    }

    async fn store<L: ConsultLog>(
        &self,
        hub: &Hub<L>,
        from: From,
        head: OriginalHead,
        blob: Vec<u8>,
    ) {
        let From {
            consult,
            stream,
            session,
        } = from;
        let OriginalHead {
            rtp_time,
            asked,
            original,
            ..
        } = head;
        if let Err(error) = self.blobs.put(original.blob, blob).await {
            self.metrics.originals_refused.up();
            tracing::error!(%consult, %error, "an original was not kept");
            not_kept(hub, from, head).await;
            return;
        }
        let at = self.clock.now();
        let noted = self
            .store
            .write("note an original", move |db| {
                store::add_blob(db, consult, (stream, rtp_time), original.blob, at)
            })
            .await;
        if let Err(error) = noted {
            self.metrics.originals_refused.up();
            tracing::error!(%consult, %error, "an original was not noted");
            not_kept(hub, from, head).await;
            return;
        }
        self.metrics.originals.up();
        self.agents
            .say(session, &RelayToAgent::OriginalKept { rtp_time });
        let kept = PictureInput::Original(OriginalInput::Kept {
            rtp_time,
            asked,
            original,
            facts: head.facts,
        });
        hub.tell_if_running(consult, Input::Picture(stream, kept))
            .await;
    }
}

/// The disk did not take it: pages are told, and the rest goes on.
async fn not_kept<L: ConsultLog>(hub: &Hub<L>, from: From, head: OriginalHead) {
    let missing = PictureInput::Original(OriginalInput::Missing {
        rtp_time: head.asked,
        reason: OriginalGap::NotKept,
    });
    hub.tell_if_running(from.consult, Input::Picture(from.stream, missing))
        .await;
}
