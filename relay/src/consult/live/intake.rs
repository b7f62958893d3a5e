//! Takes clips in: from what comes on a connection's channel `clips`, or by upload, to the archive and the log.
//!
//! One task for each connection that offers something; it writes in batches where blocking is allowed, so that nothing of
//! the picture waits for a disk. Called by `pictures`. The order of messages is `receipt`'s, half files are the store's, what an
//! object must be is `replay::check`'s, the end of a clip is `settling`'s, who hears what `telling`'s. Invariants: `durable` is said after a sync; a clip is noted as kept after its file
//! has its name, and the device hears `kept` after the log has it, or the row where the consult is closed.

use super::agents::Agents;
use super::hub::Hub;
use super::keeper::From;
use super::lines::{Job, LineEnd, Lines};
use super::log::ConsultLog;
use super::taking::Taking;
use super::uploads::Peer;
use crate::archive::Archive;
use crate::clock::Clock;
use crate::consult::receipt::{Receipt, Step};
use crate::consult::{ClipInput, Input, PictureInput};
use crate::metrics::Metrics;
use crate::sfu::{ClipPart, MediaSessionId};
use crate::store::{self, ClipBounds, ClipFiles, OfferRow, Store, StoreError};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;
use wire::clip::{ClipGap, ClipHead, ClipToAgent};
use wire::{ClipId, ConsultId, RelayTime, RtpTime};

/// Messages taken at once: 1 MiB of pieces.
const BATCH: usize = 64;
/// How often pages hear how much of a clip is here.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);
/// A clip that was not offered for this long does not come any more; what is here of it makes room.
const FORGOTTEN: Duration = Duration::from_secs(14 * 24 * 3_600);

/// What clips are taken in with. Clones share it.
#[derive(Clone)]
pub struct IntakeParts {
    /// Rows.
    pub store: Store,
    /// Files.
    pub files: ClipFiles,
    /// For what has the UID of another clip.
    pub archive: Archive,
    /// For rows.
    pub clock: Arc<Clock>,
    /// For the counts.
    pub metrics: Arc<Metrics>,
    /// To answer agents.
    pub agents: Agents,
    /// The connections.
    pub lines: Arc<Lines>,
    /// What a consult may hold.
    pub bounds: ClipBounds,
    /// Bytes that are left free on the disk, for the log above all.
    pub reserve: u64,
}

/// Takes clips in. Clones share it.
#[derive(Clone)]
pub struct Intake {
    parts: IntakeParts,
}

impl Intake {
    /// With these parts.
    #[must_use]
    pub const fn new(parts: IntakeParts) -> Self {
        Self { parts }
    }

    /// Something came on a connection's channel.
    pub(super) fn take<L: ConsultLog>(&self, hub: &Hub<L>, from: From, part: ClipPart) {
        let (fresh, taken) = self.parts.lines.give((from.consult, from.session), part);
        if !taken {
            self.parts.metrics.clip_pieces_dropped.up();
        }
        if let Some(end) = fresh {
            let whom = (from.consult, from.session);
            self.spawn(hub, whom, Peer::Agent(from.stream), end);
        }
    }

    pub(super) fn spawn<L: ConsultLog>(
        &self,
        hub: &Hub<L>,
        (consult, session): (ConsultId, MediaSessionId),
        peer: Peer,
        end: LineEnd,
    ) {
        let line = Line {
            hub: hub.clone(),
            consult,
            session,
            peer,
            parts: self.parts.clone(),
            closed: false,
            receipt: Receipt::default(),
            open: HashMap::new(),
            told_at: None,
        };
        tokio::spawn(line.run(end));
    }

    pub(super) const fn parts(&self) -> &IntakeParts {
        &self.parts
    }

    /// A connection is gone.
    pub(super) fn gone(&self, session: MediaSessionId) {
        self.parts.lines.gone(session);
    }

    /// Forgets what began to arrive long ago, and tells its consult.
    ///
    /// # Errors
    /// `StoreError`.
    pub async fn sweep<L: ConsultLog>(&self, hub: &Hub<L>) -> Result<(), StoreError> {
        let IntakeParts {
            store,
            files,
            clock,
            lines,
            ..
        } = &self.parts;
        let forgotten_us = u64::try_from(FORGOTTEN.as_micros()).unwrap_or(u64::MAX);
        let before = RelayTime(clock.now().0.saturating_sub(forgotten_us));
        let old = store
            .read("find clips that never came", move |db| {
                store::arriving_clips(db, before)
            })
            .await?;
        for (consult, clip) in old {
            if lines.is_written(consult, clip) {
                continue;
            }
            if let Err(error) = files.discard(consult, clip) {
                tracing::warn!(%consult, %clip, %error, "what was here of a clip was not removed");
                continue;
            }
            store
                .write("forget a clip that never came", move |db| {
                    store::drop_clip(db, consult, clip)
                })
                .await?;
            let missing = ClipInput::Missing {
                clip,
                reason: ClipGap::AgentAway,
                by_agent: false,
            };
            let stream = wire::StreamId::random();
            let input = Input::Picture(stream, PictureInput::Clip(missing));
            // A consult that is closed does not hear; its log is complete without it.
            let _ = hub.tell(consult, input).await;
        }
        let beside = files.beside_others();
        let gone = tokio::task::spawn_blocking(move || beside.forget_idle(FORGOTTEN)).await;
        if let Ok(Err(error)) = gone {
            tracing::warn!(%error, "old files beside the clips were not removed");
        }
        store
            .write("forget clips that never came", move |db| {
                store::forget_beside(db, before)
            })
            .await
    }
}

/// One connection.
pub(super) struct Line<L: ConsultLog> {
    pub(super) hub: Hub<L>,
    pub(super) consult: ConsultId,
    pub(super) session: MediaSessionId,
    pub(super) peer: Peer,
    pub(super) parts: IntakeParts,
    /// The consult is over: its log takes nothing more.
    pub(super) closed: bool,
    pub(super) receipt: Receipt,
    pub(super) open: HashMap<ClipId, Taking>,
    /// When pages last heard how much is here.
    told_at: Option<Instant>,
}

impl<L: ConsultLog> Drop for Line<L> {
    fn drop(&mut self) {
        for clip in self.open.keys() {
            let (consult, session) = (self.consult, self.session);
            self.parts.lines.release(consult, *clip, session);
        }
    }
}

impl<L: ConsultLog> Line<L> {
    async fn run(mut self, end: LineEnd) {
        let LineEnd { mut jobs, gap } = end;
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let due = self.open.values().filter_map(Taking::sync_due).min();
            let due = due.unwrap_or_else(|| Instant::now() + Duration::from_secs(3_600));
            tokio::select! {
                came = jobs.recv_many(&mut batch, BATCH) => if came == 0 { break },
                () = tokio::time::sleep_until(due) => {}
            }
            for job in batch.drain(..) {
                self.perform(job).await;
            }
            if gap.swap(false, Ordering::Relaxed) {
                let steps = self.receipt.gap(self.parts.clock.steady());
                self.follow(steps).await;
            }
            self.write().await;
        }
        // The connection is gone: what came is made durable, so that the next one goes on from there.
        for taking in self.open.values_mut() {
            taking.hurry();
        }
        self.write().await;
    }

    async fn perform(&mut self, job: Job) {
        let steps = match job {
            Job::Part(ClipPart::Text(text)) => self.receipt.text(&text),
            Job::Part(ClipPart::Piece(message)) => {
                self.receipt.piece(&message, self.parts.clock.steady())
            }
            Job::LetGo(clip) => vec![Step::Say(ClipToAgent::Kept { clip })],
            Job::Yield(clip) => {
                self.write().await;
                self.close(clip);
                self.receipt.end(clip)
            }
        };
        self.follow(steps).await;
    }

    /// Follows what the channel's rules want, and what comes of it.
    async fn follow(&mut self, steps: Vec<Step>) {
        let mut steps = VecDeque::from(steps);
        while let Some(step) = steps.pop_front() {
            let more = match step {
                Step::Look(head, times) => self.look(head, times).await,
                Step::Write(clip, bytes) => {
                    if let Some(taking) = self.open.get_mut(&clip) {
                        taking.came(bytes);
                    }
                    Vec::new()
                }
                Step::Say(word) => {
                    self.say(word).await;
                    Vec::new()
                }
                Step::GiveUp(clip, reason) => self.refuse(clip, reason).await,
                Step::Nonsense => {
                    self.parts.metrics.clip_messages_refused.up();
                    Vec::new()
                }
            };
            steps.extend(more);
        }
    }

    async fn look(&mut self, head: Box<ClipHead>, times: Vec<RtpTime>) -> Vec<Step> {
        let (consult, clip) = (self.consult, head.clip);
        let (bounds, at) = (self.parts.bounds, self.parts.clock.now());
        let offer = (head.clone(), times.clone());
        let noted = self.parts.store.write("note an offered clip", move |db| {
            let row = store::offer_clip(db, consult, (&offer.0, &offer.1), bounds, at)?;
            Ok((row, store::is_closed(db, consult)?))
        });
        let noted = noted.await.map(|(row, closed)| {
            self.closed = closed;
            row
        });
        match noted {
            Ok(OfferRow::Arriving) => self.begin(head, times, false).await,
            Ok(OfferRow::ArrivingBeside) => self.begin(head, times, true).await,
            Ok(OfferRow::Kept) => self.is_kept(head).await,
            Ok(OfferRow::KeptBeside) => {
                self.say(ClipToAgent::KeptBeside { clip }).await;
                self.receipt.end(clip)
            }
            Ok(OfferRow::KeptAs(_)) => {
                self.say(ClipToAgent::Kept { clip }).await;
                self.receipt.end(clip)
            }
            Ok(OfferRow::Conflict) => {
                tracing::warn!(%consult, %clip, "another object was offered under the id of a clip");
                self.say_refused(clip, ClipGap::Refused).await;
                self.receipt.end(clip)
            }
            Ok(OfferRow::Full) => {
                tracing::warn!(%consult, %clip, "a consult has as many clips as it may");
                self.say_refused(clip, ClipGap::RelayStorage).await;
                self.receipt.end(clip)
            }
            Err(error) => {
                tracing::error!(%consult, %clip, %error, "an offered clip was not noted");
                self.say_refused(clip, ClipGap::RelayStorage).await;
                self.receipt.end(clip)
            }
        }
    }

    /// Its bytes are wanted, `beside` if another one has its UID.
    async fn begin(&mut self, head: Box<ClipHead>, times: Vec<RtpTime>, beside: bool) -> Vec<Step> {
        let (consult, session) = (self.consult, self.session);
        let clip = head.clip;
        if !self.parts.lines.claim(consult, clip, session).await {
            self.say_refused(clip, ClipGap::RelayStorage).await;
            return self.receipt.end(clip);
        }
        // Another connection may have brought the rest while this one waited for it.
        let kept = self.parts.store.read("look up a clip", move |db| {
            let row = match beside {
                true => store::clip_beside(db, consult, clip)?,
                false => store::clip(db, consult, clip)?,
            };
            Ok(row.is_some_and(|row| row.kept))
        });
        if kept.await.unwrap_or(false) {
            self.release(clip);
            if beside {
                self.say(ClipToAgent::KeptBeside { clip }).await;
                return self.receipt.end(clip);
            }
            return self.is_kept(head).await;
        }
        let files = match beside {
            true => self.parts.files.beside_others(),
            false => self.parts.files.clone(),
        };
        let (reserve, bytes) = (self.parts.reserve, head.bytes);
        let opened = tokio::task::spawn_blocking(move || {
            let half = files.resume(consult, clip, bytes)?;
            let needed = reserve.saturating_add(bytes - half.at());
            Ok::<_, store::ClipFault>((files.room()? >= needed).then_some(half))
        });
        match opened.await {
            Ok(Ok(Some(half))) => {
                let at = half.at();
                let taking = if beside {
                    // Nobody hears of it before it is known which of the two it is.
                    Taking::new(head, times, half).beside()
                } else {
                    self.tell(ClipInput::Offered(head.clone())).await;
                    Taking::new(head, times, half)
                };
                self.open.insert(clip, taking);
                self.receipt.begin(clip, at)
            }
            Ok(Ok(None)) => {
                tracing::error!(%consult, %clip, "the disk has no room for a clip");
                self.refuse(clip, ClipGap::RelayStorage).await
            }
            Ok(Err(error)) => {
                tracing::error!(%consult, %clip, %error, "a clip could not be begun");
                self.refuse(clip, ClipGap::RelayStorage).await
            }
            Err(_) => self.refuse(clip, ClipGap::RelayStorage).await,
        }
    }

    /// Writes what came, makes durable what is due, and finishes what is whole.
    async fn write(&mut self) {
        let clips: Vec<ClipId> = self.open.keys().copied().collect();
        for clip in clips {
            let Some(taking) = self.open.remove(&clip) else {
                continue;
            };
            if !taking.has_work() {
                self.open.insert(clip, taking);
                continue;
            }
            let (files, reserve) = (self.parts.files.clone(), self.parts.reserve);
            let worked = tokio::task::spawn_blocking(move || taking.work(&files, reserve)).await;
            let steps = match worked {
                Ok((taking, Ok(durable))) => {
                    let (at, whole) = (taking.at(), taking.is_whole());
                    let told = !taking.is_beside();
                    self.open.insert(clip, taking);
                    if told {
                        self.progress(clip, at, whole).await;
                    }
                    if let Some(offset) = durable {
                        self.say(ClipToAgent::Durable { clip, offset }).await;
                    }
                    if whole {
                        self.finish(clip).await
                    } else {
                        Vec::new()
                    }
                }
                Ok((taking, Err(error))) => {
                    self.open.insert(clip, taking);
                    tracing::error!(consult = %self.consult, %clip, %error, "a clip was not stored");
                    self.refuse(clip, ClipGap::RelayStorage).await
                }
                Err(_) => self.refuse(clip, ClipGap::RelayStorage).await,
            };
            self.follow(steps).await;
        }
    }

    async fn progress(&mut self, clip: ClipId, have: u64, whole: bool) {
        let just_told = self
            .told_at
            .is_some_and(|told| told.elapsed() < PROGRESS_EVERY);
        if !just_told && !whole {
            self.told_at = Some(Instant::now());
            self.tell(ClipInput::Progress { clip, have }).await;
        }
    }

    /// It is not taken: nothing of it stays here.
    pub(super) async fn refuse(&mut self, clip: ClipId, reason: ClipGap) -> Vec<Step> {
        let consult = self.consult;
        self.open.remove(&clip);
        let files = self.parts.files.clone();
        let removed = tokio::task::spawn_blocking(move || files.discard(consult, clip)).await;
        if let Ok(Err(error)) = removed {
            tracing::error!(%consult, %clip, %error, "what was here of a clip was not removed");
        }
        let dropped = self.parts.store.write("forget a refused clip", move |db| {
            store::drop_clip(db, consult, clip)
        });
        if let Err(error) = dropped.await {
            tracing::error!(%consult, %clip, %error, "a refused clip was not forgotten");
        }
        self.forget_beside(clip).await;
        self.release(clip);
        self.say_refused(clip, reason).await;
        self.receipt.end(clip)
    }

    fn close(&mut self, clip: ClipId) {
        self.open.remove(&clip);
        self.release(clip);
    }

    pub(super) fn release(&self, clip: ClipId) {
        let (consult, session) = (self.consult, self.session);
        self.parts.lines.release(consult, clip, session);
    }
}
