//! Finds the recorder of a stream, or starts it.
//!
//! Owns the table of recorders and what waits for each. Called by the WHIP action, which gets a tap for the publication, and
//! by `pictures`, which hands on what agents say. Invariant: nobody who calls waits for a disk; a stream has one recorder.

use super::lanes::Lanes;
use super::recorder::Recorder;
use crate::clock::Clock;
use crate::consult::RecordingInput;
use crate::metrics::Metrics;
use crate::sfu::{BackfillPart, MediaSessionId, Tap, TappedPacket};
use recording::Tick;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::sync::mpsc;
use wire::{CaptureTime, ConsultId, StreamId};

/// Packets that may wait for one recorder: nine seconds at 2 Mbit/s, one at 16 Mbit/s; a sync takes 5 to 40 ms.
const MAX_PACKETS: usize = 2_048;
/// Orders that may wait: twice what an agent may have on the way.
pub(super) const MAX_ORDERS: usize = 256;

/// What recorders work with.
pub struct RecordersParts {
    /// Where recordings lie.
    pub folder: PathBuf,
    /// Bytes that are left free on the disk.
    pub reserve: u64,
    /// For publishers that have none of their own.
    pub clock: Arc<Clock>,
    /// For the counts.
    pub metrics: Arc<Metrics>,
    /// Says something on an agent's channel `backfill`.
    pub say: Arc<Say>,
    /// Where consults hear from.
    pub news: mpsc::Sender<(ConsultId, StreamId, RecordingInput)>,
}

/// Says something to an agent; false when it was not said.
pub type Say = dyn Fn(MediaSessionId, String) -> bool + Send + Sync;

/// What a recorder is told.
pub(super) enum Order {
    /// Somebody publishes the stream.
    Published(MediaSessionId),
    /// The agent's clock shows this.
    Clock(MediaSessionId, CaptureTime),
    /// It sent something again, or speaks of it.
    Backfill(MediaSessionId, BackfillPart),
    /// The consult was told that the picture stopped.
    Stopped,
    /// Its connection is gone.
    Gone(MediaSessionId),
    /// Make durable what is here, and end.
    End,
}

/// What a recorder needs of the outside.
pub(super) struct Outside {
    pub(super) consult: ConsultId,
    pub(super) stream: StreamId,
    pub(super) clock: Arc<Clock>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) say: Arc<Say>,
    /// Up to where the recording is what the device has, in ticks; 0 when that is not known.
    whole_until: Arc<AtomicU64>,
    news: mpsc::Sender<(ConsultId, StreamId, RecordingInput)>,
    table: Arc<Mutex<HashMap<StreamId, Held>>>,
}

impl Outside {
    /// Tells the consult. One that hears nothing finds it in the recording.
    pub(super) fn tell(&self, news: RecordingInput) {
        let _ = self.news.try_send((self.consult, self.stream, news));
    }

    /// Up to here the recording is what the device has.
    pub(super) fn is_whole_until(&self, until: Option<Tick>) {
        let ticks = until.map_or(0, |until| until.0);
        self.whole_until.store(ticks, Ordering::Relaxed);
    }

    /// Nobody needs it any more: true when it is out of the table.
    pub(super) fn may_end(&self) -> bool {
        let mut table = lock(&self.table);
        let has_publication = |held: &Held| !held.sessions.is_empty();
        if table.get(&self.stream).is_some_and(has_publication) {
            return false;
        }
        table.remove(&self.stream);
        true
    }
}

struct Held {
    orders: SyncSender<Order>,
    packets: SyncSender<(u64, TappedPacket)>,
    /// Connections that were given a tap and are not gone.
    sessions: Vec<MediaSessionId>,
    /// Taps given so far.
    publications: u64,
    whole_until: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

/// All recorders. Clones share them.
#[derive(Clone, Default)]
pub struct Recorders {
    inner: Option<Arc<Inner>>,
}

struct Inner {
    parts: RecordersParts,
    table: Arc<Mutex<HashMap<StreamId, Held>>>,
}

impl Recorders {
    /// None: nothing is recorded.
    #[must_use]
    pub fn off() -> Self {
        Self::default()
    }

    /// With these parts.
    #[must_use]
    pub fn new(parts: RecordersParts) -> Self {
        let table = Arc::default();
        Self {
            inner: Some(Arc::new(Inner { parts, table })),
        }
    }

    /// Somebody publishes: gives the tap through which the packets come. None when nothing is recorded.
    #[must_use]
    pub fn tap(
        &self,
        consult: ConsultId,
        stream: StreamId,
        session: MediaSessionId,
    ) -> Option<Tap> {
        let inner = self.inner.as_ref()?;
        let mut table = lock(&inner.table);
        // One that panicked is started again.
        if table
            .get(&stream)
            .is_none_or(|held| held.thread.is_finished())
        {
            let held = inner.start(consult, stream)?;
            table.insert(stream, held);
        }
        let held = table.get_mut(&stream)?;
        held.publications += 1;
        held.sessions.push(session);
        let _ = held.orders.try_send(Order::Published(session));
        let (publication, packets) = (held.publications, held.packets.clone());
        let metrics = Arc::clone(&inner.parts.metrics);
        Some(Tap::new(move |packet| {
            if packets.try_send((publication, packet)).is_err() {
                metrics.packets_unrecorded.up();
            }
        }))
    }

    /// An agent said what its clock shows.
    pub fn clock(&self, stream: StreamId, session: MediaSessionId, at: CaptureTime) {
        self.order(stream, Order::Clock(session, at));
    }

    /// Something came on an agent's channel `backfill`.
    pub fn backfill(&self, stream: StreamId, session: MediaSessionId, part: BackfillPart) {
        self.order(stream, Order::Backfill(session, part));
    }

    /// Something while a publisher of this stream is connected: then more of it comes, and what is missing is fetched. Says up to
    /// where nothing is missing that the device has, as far as that is known.
    #[must_use]
    pub fn fed(&self, stream: StreamId) -> Option<Option<Tick>> {
        let table = lock(&self.inner.as_ref()?.table);
        let held = table
            .get(&stream)
            .filter(|held| !held.sessions.is_empty() && !held.thread.is_finished())?;
        let whole_until = held.whole_until.load(Ordering::Relaxed);
        Some((whole_until > 0).then_some(Tick(whole_until)))
    }

    /// The picture stopped, although its connection may come back: that it is recorded is told anew then.
    pub fn stopped(&self, stream: StreamId) {
        self.order(stream, Order::Stopped);
    }

    /// A connection is gone, or never came about.
    pub fn gone(&self, session: MediaSessionId) {
        let Some(inner) = &self.inner else { return };
        for held in lock(&inner.table).values_mut() {
            let before = held.sessions.len();
            held.sessions.retain(|known| *known != session);
            if held.sessions.len() < before {
                let _ = held.orders.try_send(Order::Gone(session));
            }
        }
    }

    fn order(&self, stream: StreamId, order: Order) {
        if let Some(inner) = &self.inner
            && let Some(held) = lock(&inner.table).get(&stream)
            && held.orders.try_send(order).is_err()
        {
            inner.parts.metrics.backfill_refused.up();
        }
    }

    /// Makes everything durable and ends all recorders. Blocks as long as the disk does.
    pub fn close(&self) {
        let Some(inner) = &self.inner else { return };
        let all: Vec<Held> = lock(&inner.table).drain().map(|(_, held)| held).collect();
        for held in &all {
            // Waits at most until it has looked at what came before.
            let _ = held.orders.send(Order::End);
        }
        for held in all {
            let _ = held.thread.join();
        }
    }
}

impl Inner {
    fn start(&self, consult: ConsultId, stream: StreamId) -> Option<Held> {
        let (orders, taken) = sync_channel(MAX_ORDERS);
        let (packets, came) = sync_channel(MAX_PACKETS);
        let whole_until: Arc<AtomicU64> = Arc::default();
        let outside = Outside {
            consult,
            stream,
            clock: Arc::clone(&self.parts.clock),
            metrics: Arc::clone(&self.parts.metrics),
            say: Arc::clone(&self.parts.say),
            whole_until: Arc::clone(&whole_until),
            news: self.parts.news.clone(),
            table: Arc::clone(&self.table),
        };
        let folder = self
            .parts
            .folder
            .join(consult.to_string())
            .join(stream.to_string());
        let reserve = self.parts.reserve;
        let thread = std::thread::Builder::new()
            .name("record".to_owned())
            .spawn(move || record((outside, folder, reserve), taken, came));
        match thread {
            Ok(thread) => Some(Held {
                orders,
                packets,
                sessions: Vec::new(),
                publications: 0,
                whole_until,
                thread,
            }),
            Err(error) => {
                tracing::error!(%consult, %stream, %error, "no thread; a picture is not recorded");
                None
            }
        }
    }
}

fn record(
    (outside, folder, reserve): (Outside, PathBuf, u64),
    orders: Receiver<Order>,
    packets: Receiver<(u64, TappedPacket)>,
) {
    let (consult, stream) = (outside.consult, outside.stream);
    match Lanes::open(folder, stream, reserve) {
        Ok(lanes) => Recorder::new(outside, orders, packets, lanes, Instant::now()).run(),
        Err(error) => {
            outside.metrics.recordings_stopped.up();
            tracing::error!(%consult, %stream, %error, "a recording cannot be opened; the picture goes on");
        }
    }
}

fn lock(table: &Mutex<HashMap<StreamId, Held>>) -> MutexGuard<'_, HashMap<StreamId, Held>> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}
