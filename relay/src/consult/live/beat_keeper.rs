//! Keeps the frames of beats: in groups, so that the disk is not asked ninety times.
//!
//! ```text
//! frame ─► waiting ─┬─► group: all files synced side by side, then their folder, then all rows in one commit ─► told
//!                   └── what comes meanwhile is the next group
//! ```
//!
//! The first frame makes a group of its own and is told some milliseconds after it came; the slower the disk, the larger
//! the groups. Invariant: a frame is told to pages after its file, its name and its row are durable, never before; when a
//! group cannot be kept, the beat ends with what was told before it.

use super::hub::Hub;
use super::keeper::From;
use super::log::ConsultLog;
use crate::clock::Clock;
use crate::consult::{BeatInput, Input, PictureInput};
use crate::metrics::Metrics;
use crate::sfu::MediaSessionId;
use crate::store::{self, Blobs, Store};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wire::original::{BeatFrame, BeatPlace, OriginalGap, OriginalHead};

/// Bytes of frames that wait for the disk, over all consults. A beat of 800 x 600 in gray is 14 MiB.
const MAX_WAITING_BYTES: usize = 64 * 1024 * 1024;

/// A frame and where it belongs.
type Waiting = (OriginalHead, BeatPlace, Vec<u8>);

/// The way of beats to the store. Clones share it.
#[derive(Clone)]
pub struct BeatKeeper {
    store: Store,
    blobs: Blobs,
    clock: Arc<Clock>,
    metrics: Arc<Metrics>,
    /// Publishers whose frames are being kept, with those that wait. An entry goes when nothing waits.
    waiting: Arc<Mutex<Table>>,
}

#[derive(Default)]
struct Table {
    frames: HashMap<MediaSessionId, Vec<Waiting>>,
    bytes: usize,
}

impl BeatKeeper {
    /// Over a store.
    pub fn new((store, blobs): (Store, Blobs), clock: Arc<Clock>, metrics: Arc<Metrics>) -> Self {
        Self {
            store,
            blobs,
            clock,
            metrics,
            waiting: Arc::default(),
        }
    }

    /// Keeps one. When more come than the disk takes, the beat is over: it must not become a beat with holes.
    pub(super) fn keep<L: ConsultLog>(
        &self,
        hub: &Hub<L>,
        from: From,
        head: OriginalHead,
        blob: Vec<u8>,
    ) {
        let Some(place) = head.beat else { return };
        let mut table = self.table();
        if table.bytes + blob.len() > MAX_WAITING_BYTES {
            drop(table);
            self.metrics.originals_refused.up();
            tracing::warn!(consult = %from.consult, "more of a beat comes than the disk takes; it is cut short");
            let hub = hub.clone();
            tokio::spawn(async move { not_kept(&hub, from, &head).await });
            return;
        }
        table.bytes += blob.len();
        let runs = table.frames.contains_key(&from.session);
        let waiting = table.frames.entry(from.session).or_default();
        waiting.push((head, place, blob));
        drop(table);
        if !runs {
            let (keeper, hub) = (self.clone(), hub.clone());
            tokio::spawn(async move { keeper.run(&hub, from).await });
        }
    }

    /// Keeps group after group until nothing waits.
    async fn run<L: ConsultLog>(&self, hub: &Hub<L>, from: From) {
        while let Some(group) = self.next(from.session) {
            let bytes: usize = group.iter().map(|(_, _, blob)| blob.len()).sum();
            self.store(hub, from, group).await;
            self.table().bytes -= bytes;
        }
    }

    /// What waits; the entry goes when that is nothing.
    fn next(&self, session: MediaSessionId) -> Option<Vec<Waiting>> {
        let mut table = self.table();
        let group = table.frames.get_mut(&session).map(std::mem::take);
        let group = group.filter(|group| !group.is_empty());
        if group.is_none() {
            table.frames.remove(&session);
        }
        group
    }

    async fn store<L: ConsultLog>(&self, hub: &Hub<L>, from: From, group: Vec<Waiting>) {
        let (mut heads, mut files) = (Vec::new(), Vec::new());
        for (head, place, blob) in group {
            files.push((head.original.blob, blob));
            heads.push((head, place));
        }
        let Some((newest, place)) = heads.last() else {
            return;
        };
        if let Err(step) = self.durable(from, &heads, files).await {
            self.metrics.originals_refused.add(heads.len() as u64);
            tracing::error!(consult = %from.consult, error = %step, "frames of a beat were not kept");
            not_kept(hub, from, newest).await;
            return;
        }
        self.metrics.originals.add(heads.len() as u64);
        let frames = heads.iter().map(|(head, _)| BeatFrame {
            rtp_time: head.rtp_time,
            original: head.original,
        });
        let kept = BeatInput::Kept {
            asked: newest.asked,
            frames: frames.collect(),
            of: place.of,
            last: place.last,
        };
        let input = Input::Picture(from.stream, PictureInput::Beat(kept));
        hub.tell_if_running(from.consult, input).await;
    }

    async fn durable(
        &self,
        from: From,
        heads: &[(OriginalHead, BeatPlace)],
        files: Vec<(wire::original::Digest, Vec<u8>)>,
    ) -> Result<(), String> {
        let put = self.blobs.put_all(files).await;
        put.map_err(|error| error.to_string())?;
        let rows: Vec<_> = heads
            .iter()
            .map(|(head, _)| ((from.stream, head.rtp_time), head.original))
            .collect();
        let (consult, at) = (from.consult, self.clock.now());
        let noted = self.store.write("note a beat", move |db| {
            rows.iter().try_for_each(|(frame, original)| {
                store::add_blob(db, consult, *frame, original.blob, at)
            })
        });
        noted.await.map_err(|error| error.to_string())
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The disk did not take it: pages are told, and the rest goes on.
async fn not_kept<L: ConsultLog>(hub: &Hub<L>, from: From, head: &OriginalHead) {
    let missing = PictureInput::Beat(BeatInput::Missing {
        asked: head.asked,
        reason: OriginalGap::NotKept,
    });
    hub.tell_if_running(from.consult, Input::Picture(from.stream, missing))
        .await;
}
