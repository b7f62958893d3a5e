//! The recording of voices, and of pointers beside them: finds the recorder of a consult or starts it, and lets through whoever may be recorded.
//!
//! ```text
//! consult ── RecordVoices (consent, whose) ──►  ways of these speakers open, all others shut
//! media thread ── VoiceTap, after those who hear it ──► way (bounded, never waits) ──► recorder ─► Writer
//! consult ── RecordPointers ──► recorder, while there is one
//! consult ── DiscardVoices ──► recorder ended, folder removed, `Discarded` told
//! ```
//!
//! Owns the table of lines and recorders. Invariant: when `record` returns, nobody whom it does not name is recorded; whoever gives
//! a packet waits for nothing, neither a disk nor a consult.

use super::voice_files::{discard, sweep};
use super::voice_frames::HeardPacket;
use super::voice_recorder::{ToKeep, VoiceRecorder};
use crate::clock::Clock;
use crate::consult::VoiceFilesInput;
use crate::metrics::Metrics;
use crate::sfu::{MediaSessionId, TappedVoice, VoiceTap};
use recording::PointerMove;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::mpsc;
use wire::{ConsentId, ConsultId, SessionId};

/// Packets and moves of pointers that may wait for one recorder: six voices for more than three seconds; a sync takes 5 to 40 ms.
const MAX_VOICE_PACKETS: usize = 1_024;
/// Pause before files that could not be removed are tried again.
const DISCARD_AGAIN: Duration = Duration::from_secs(5);

/// What the recording of voices works with.
pub struct VoicesParts {
    /// Whether any may be recorded. What was recorded when they might can be discarded all the same.
    pub records: bool,
    /// Where recorded voices lie.
    pub folder: PathBuf,
    /// Bytes that are left free on the disk.
    pub reserve: u64,
    /// For when a packet arrived: the clock that pages and the log have.
    pub clock: Arc<Clock>,
    /// For the counts.
    pub metrics: Arc<Metrics>,
    /// Where consults hear from.
    pub news: mpsc::Sender<(ConsultId, VoiceFilesInput)>,
}

/// What a thread needs of the outside.
pub(super) struct VoicesOutside {
    pub(super) consult: ConsultId,
    pub(super) folder: PathBuf,
    pub(super) reserve: u64,
    pub(super) metrics: Arc<Metrics>,
    news: mpsc::Sender<(ConsultId, VoiceFilesInput)>,
}

impl VoicesOutside {
    /// Tells the consult; false when it has no ear at present.
    pub(super) fn tell(&self, news: VoiceFilesInput) -> bool {
        self.news.try_send((self.consult, news)).is_ok()
    }
}

/// The recording of voices. Clones share it.
#[derive(Clone, Default)]
pub struct VoiceRecorders {
    inner: Option<Arc<Inner>>,
}

struct Inner {
    parts: VoicesParts,
    table: Mutex<HashMap<ConsultId, OfConsult>>,
}

/// What there is of one consult.
#[derive(Default)]
struct OfConsult {
    /// Connections that may bring a voice.
    lines: HashMap<MediaSessionId, Arc<Line>>,
    /// Whose voice is let through.
    allowed: Vec<SessionId>,
    running: Option<Running>,
    /// Recorders that were told to end, and may still write what came before.
    ending: Vec<JoinHandle<()>>,
    /// Removes what there is; it gives up when the other end of this is dropped.
    discarding: Option<(Sender<()>, JoinHandle<()>)>,
}

/// A recorder. Dropping the first ends it.
struct Running {
    _going: Sender<()>,
    consent: ConsentId,
    packets: SyncSender<ToKeep>,
    thread: JoinHandle<()>,
}

/// One connection that may bring a voice.
struct Line {
    page: SessionId,
    way: Mutex<Way>,
}

/// Where its packets go.
#[derive(Default)]
struct Way {
    to: Option<SyncSender<ToKeep>>,
    /// How often it was opened.
    opening: u32,
}

impl Line {
    fn set(&self, to: Option<&SyncSender<ToKeep>>) {
        let mut way = lock(&self.way);
        if to.is_some() && way.to.is_none() {
            way.opening = way.opening.wrapping_add(1);
        }
        way.to = to.cloned();
    }

    /// From the media thread: shut ways and ways that are just being set take nothing.
    fn give(&self, packet: TappedVoice, clock: &Clock, metrics: &Metrics) {
        let Ok(way) = self.way.try_lock() else {
            return;
        };
        let Some(to) = &way.to else { return };
        let heard = HeardPacket {
            session: self.page,
            opening: way.opening,
            arrived_at: clock.now(),
            packet,
        };
        if to.try_send(ToKeep::Voice(heard)).is_err() {
            metrics.voice_unrecorded.up();
        }
    }
}

impl VoiceRecorders {
    /// None: no voice is recorded or removed, whatever a consult says.
    #[must_use]
    pub fn off() -> Self {
        Self::default()
    }

    /// With these parts.
    #[must_use]
    pub fn new(parts: VoicesParts) -> Self {
        sweep(&parts.folder);
        let table = Mutex::default();
        Self {
            inner: Some(Arc::new(Inner { parts, table })),
        }
    }

    /// A page may bring a voice over this connection: gives the tap through which its packets come. None where no voice is
    /// recorded.
    #[must_use]
    pub fn tap(
        &self,
        consult: ConsultId,
        page: SessionId,
        session: MediaSessionId,
    ) -> Option<VoiceTap> {
        let inner = self.inner.as_ref().filter(|inner| inner.parts.records)?;
        let line = Arc::new(Line {
            page,
            way: Mutex::default(),
        });
        let mut table = lock(&inner.table);
        let of_consult = table.entry(consult).or_default();
        of_consult.lines.insert(session, Arc::clone(&line));
        of_consult.set_ways();
        let (clock, metrics) = (
            Arc::clone(&inner.parts.clock),
            Arc::clone(&inner.parts.metrics),
        );
        Some(VoiceTap::new(move |packet| {
            line.give(packet, &clock, &metrics);
        }))
    }

    /// A connection is gone, or never came about: its track is over.
    pub fn gone(&self, session: MediaSessionId) {
        let Some(inner) = &self.inner else { return };
        let mut table = lock(&inner.table);
        for of_consult in table.values_mut() {
            if let Some(line) = of_consult.lines.remove(&session) {
                line.set(None);
            }
        }
        table.retain(|_, of_consult| !of_consult.is_over());
    }

    /// These people are recorded from now on under this consent, and nobody else; nobody at all without one.
    pub fn record(&self, consult: ConsultId, whom: Option<(ConsentId, &[SessionId])>) {
        let Some(inner) = &self.inner else { return };
        let whom = whom.filter(|_| inner.parts.records);
        let mut table = lock(&inner.table);
        match whom {
            Some((consent, sessions)) => {
                let of_consult = table.entry(consult).or_default();
                let is_fine =
                    |running: &Running| running.consent == consent && !running.thread.is_finished();
                if !of_consult.running.as_ref().is_some_and(is_fine) {
                    of_consult.end();
                    of_consult.running = inner.start(consult, consent);
                }
                of_consult.allowed = sessions.to_vec();
                of_consult.set_ways();
            }
            None => {
                if let Some(of_consult) = table.get_mut(&consult) {
                    of_consult.end();
                }
            }
        }
        table.retain(|_, of_consult| !of_consult.is_over());
    }

    /// Pointers moved. They are kept as long as voices are recorded, whoever speaks; what does not get in is made up for by the
    /// next move.
    pub fn point(&self, consult: ConsultId, moves: &[PointerMove]) {
        let Some(inner) = &self.inner else { return };
        let table = lock(&inner.table);
        let running = table
            .get(&consult)
            .and_then(|of_consult| of_consult.running.as_ref());
        let Some(running) = running else { return };
        for moved in moves {
            if running.packets.try_send(ToKeep::Pointer(*moved)).is_err() {
                return;
            }
        }
    }

    /// Everything that was recorded of a consult's voices and pointers goes. Its end is told as news.
    pub fn discard(&self, consult: ConsultId) {
        let Some(inner) = &self.inner else { return };
        let mut table = lock(&inner.table);
        let of_consult = table.entry(consult).or_default();
        of_consult.end();
        if of_consult
            .discarding
            .as_ref()
            .is_some_and(|(_, thread)| !thread.is_finished())
        {
            return;
        }
        let ending = std::mem::take(&mut of_consult.ending);
        of_consult.discarding = inner.start_discarding(consult, ending);
    }

    /// Makes everything durable and ends all recorders. Blocks as long as the disk does.
    pub fn close(&self) {
        let Some(inner) = &self.inner else { return };
        let all: Vec<OfConsult> = lock(&inner.table).drain().map(|(_, held)| held).collect();
        let mut threads = Vec::new();
        for mut of_consult in all {
            of_consult.end();
            threads.append(&mut of_consult.ending);
            if let Some((going, thread)) = of_consult.discarding.take() {
                drop(going);
                threads.push(thread);
            }
        }
        for thread in threads {
            let _ = thread.join();
        }
    }
}

impl OfConsult {
    fn set_ways(&self) {
        for line in self.lines.values() {
            let running = self
                .running
                .as_ref()
                .filter(|_| self.allowed.contains(&line.page));
            line.set(running.map(|running| &running.packets));
        }
    }

    /// Nobody is recorded any more; what came is made durable beside.
    fn end(&mut self) {
        self.allowed.clear();
        self.ending.retain(|thread| !thread.is_finished());
        if let Some(running) = self.running.take() {
            self.ending.push(running.thread);
        }
        self.set_ways();
    }

    /// Whether nothing would be missed of it.
    fn is_over(&self) -> bool {
        let is_done = |thread: &JoinHandle<()>| thread.is_finished();
        self.lines.is_empty()
            && self.running.is_none()
            && self.ending.iter().all(is_done)
            && self
                .discarding
                .as_ref()
                .is_none_or(|(_, thread)| is_done(thread))
    }
}

impl Inner {
    fn outside(&self, consult: ConsultId) -> VoicesOutside {
        VoicesOutside {
            consult,
            folder: self.parts.folder.clone(),
            reserve: self.parts.reserve,
            metrics: Arc::clone(&self.parts.metrics),
            news: self.parts.news.clone(),
        }
    }

    fn start(&self, consult: ConsultId, consent: ConsentId) -> Option<Running> {
        let (packets, came) = sync_channel(MAX_VOICE_PACKETS);
        let (going, held) = channel();
        let recorder = VoiceRecorder::new(self.outside(consult), consent, came);
        let thread = named("record voice", move || recorder.run(&held))?;
        Some(Running {
            _going: going,
            consent,
            packets,
            thread,
        })
    }

    fn start_discarding(
        &self,
        consult: ConsultId,
        ending: Vec<JoinHandle<()>>,
    ) -> Option<(Sender<()>, JoinHandle<()>)> {
        let (going, held) = channel::<()>();
        let outside = self.outside(consult);
        let thread = named("discard voice", move || {
            for thread in ending {
                let _ = thread.join();
            }
            loop {
                let is_gone = match discard(&outside.folder, consult) {
                    Ok(()) => outside.tell(VoiceFilesInput::Discarded),
                    Err(error) => {
                        tracing::error!(%consult, %error, "recorded voices could not be removed; it is tried again");
                        false
                    }
                };
                if is_gone {
                    return;
                }
                if held.recv_timeout(DISCARD_AGAIN) == Err(RecvTimeoutError::Disconnected) {
                    return;
                }
            }
        })?;
        Some((going, thread))
    }
}

fn named(name: &str, run: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    match std::thread::Builder::new().name(name.to_owned()).spawn(run) {
        Ok(thread) => Some(thread),
        Err(error) => {
            tracing::error!(%error, name, "no thread; voices are not recorded");
            None
        }
    }
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
