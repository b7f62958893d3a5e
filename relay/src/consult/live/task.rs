//! The task of one consult.
//!
//! It owns the consult's core and its pages; nobody else touches them. Its life is one loop: wait for a
//! command, the disk or the clock; apply it to the core; perform the effects. Storing runs beside the loop, so presence
//! and joining never wait for the disk. A fault in the core unwinds this task only: the supervisor in `hub` starts it
//! again from its log, and pages come back by themselves. Cost: a page's message takes two hops between tasks.

use super::agents::Agents;
use super::lines::Lines;
use super::log::ConsultLog;
use super::pages::{Door, Pages};
use super::publishers::Publishers;
use crate::clock::Clock;
use crate::consult::core::{About, Consult, Restored};
use crate::consult::{Audience, Effect, Input, Newcomer, SocketKey, WantedFrame};
use crate::metrics::Metrics;
use crate::recording::VoiceRecorders;
use crate::store::StoreError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use wire::agent::RelayToAgent;
use wire::log::{LogEntry, LogEvent};
use wire::problem::ProblemCode;
use wire::socket::Settings;
use wire::{ConsultId, FreezeId, PersonId, RelayTime, Seq, StreamId};

/// A consult that nobody is in keeps its state for this long, for those who look in again.
const IDLE: Duration = Duration::from_secs(60);
/// Between two tries to read the log again after the disk failed.
const READ_AGAIN: Duration = Duration::from_secs(1);
/// Pages of a relay that goes down come back spread over this time, so that they do not storm the next one.
const SHUTDOWN_RETRY_MS: u32 = 500;
/// One page each this much later.
const SHUTDOWN_SPREAD_MS: u32 = 40;

/// What a task is asked to do.
#[derive(Debug)]
pub(super) enum Command {
    /// Let somebody in.
    Join {
        /// Which socket.
        socket: SocketKey,
        /// Who.
        who: Newcomer,
        /// Where to let them in.
        door: Door,
    },
    /// Somebody wants to supply a frozen frame as their page painted it.
    MaySupply {
        /// Who.
        person: PersonId,
        /// Of which freeze.
        freeze: FreezeId,
        /// Which frame that is; nothing when it is here.
        answer: oneshot::Sender<Result<Option<WantedFrame>, ProblemCode>>,
    },
    /// Something happened.
    Tell(Input),
    /// The relay goes down.
    ShutDown,
}

/// What lists show of a consult, without asking its task.
#[derive(Debug, Default)]
pub(super) struct Status {
    pub(super) picture: AtomicBool,
    pub(super) people: AtomicU32,
}

/// What a task works with.
pub(super) struct Surroundings<L> {
    pub(super) consult: ConsultId,
    pub(super) log: L,
    pub(super) clock: Arc<Clock>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) settings: Settings,
    pub(super) publishers: Arc<Publishers>,
    pub(super) status: Arc<Status>,
    /// The way to agents.
    pub(super) agents: Agents,
    /// The connections over which clips come.
    pub(super) lines: Arc<Lines>,
    /// Records voices.
    pub(super) voices: VoiceRecorders,
}

/// Why a task ended in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Nobody was there for a while.
    Idle,
    /// The relay goes down.
    ShutDown,
    /// There is no such open consult.
    NoSuchConsult,
}

type Storing = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>;

struct Task<'a, L> {
    around: &'a Surroundings<L>,
    core: Consult,
    pages: Pages,
    storing: Option<Storing>,
    /// The batch that is being stored, and since when.
    batch: Option<(Instant, usize, usize)>,
    /// When the log is to be read again.
    read_again: Option<Instant>,
    /// When storing last failed.
    failed_at: Option<Instant>,
    idle_since: Option<Instant>,
}

/// Runs a consult until nobody is there or the relay goes down. A fault in the rules panics out of here.
pub(super) async fn run<L: ConsultLog>(
    around: &Surroundings<L>,
    commands: &mut mpsc::Receiver<Command>,
) -> Result<Ended, StoreError> {
    let Some(opened) = around.log.opened(around.consult).await? else {
        return Ok(Ended::NoSuchConsult);
    };
    let restored = read_log(&around.log, around.consult).await?;
    around.log.set_running(around.consult, true).await?;
    let about = About {
        consult: around.consult,
        alias: opened.alias,
        opened_at: opened.opened_at,
        settings: around.settings.clone(),
    };
    let (core, effects) = Consult::new(
        about,
        restored,
        around.publishers.running(around.consult),
        around.clock.steady(),
        around.clock.ahead_us(),
    );
    let mut task = Task {
        around,
        core,
        pages: Pages::new(Arc::clone(&around.metrics)),
        storing: None,
        batch: None,
        read_again: None,
        failed_at: None,
        idle_since: None,
    };
    task.perform(effects);
    let ended = task.live(commands).await;
    if ended == Ended::Idle {
        around.log.set_running(around.consult, false).await?;
    }
    Ok(ended)
}

/// Reads a whole log, in pages.
async fn read_log<L: ConsultLog>(log: &L, consult: ConsultId) -> Result<Restored, StoreError> {
    let mut restored = Restored::default();
    loop {
        let entries = log.after(consult, restored.shown.head).await?;
        if entries.is_empty() {
            return Ok(restored);
        }
        for entry in &entries {
            restored.fold(entry);
        }
    }
}

/// What a turn of the loop is about.
enum Turn {
    Command(Option<Command>),
    Stored(Result<(), StoreError>),
    Time,
}

impl<L: ConsultLog> Task<'_, L> {
    async fn live(&mut self, commands: &mut mpsc::Receiver<Command>) -> Ended {
        loop {
            let wake = self.next_wake();
            let turn = tokio::select! {
                stored = stored(&mut self.storing) => Turn::Stored(stored),
                command = commands.recv() => Turn::Command(command),
                () = tokio::time::sleep_until(wake.into()) => Turn::Time,
            };
            match turn {
                Turn::Command(Some(Command::ShutDown) | None) => return self.shut_down().await,
                Turn::Command(Some(command)) => self.command(command),
                Turn::Stored(result) => self.stored(result),
                Turn::Time => self.time().await,
            }
            self.note_status();
            if self.is_over() && commands.is_empty() {
                return Ended::Idle;
            }
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Join { socket, who, door } => {
                self.pages.knocks(socket, door);
                self.apply(Input::Joined(socket, who));
            }
            Command::Tell(input) => {
                if let Input::Gone(socket) = input {
                    self.pages.gone(socket);
                }
                self.apply(input);
            }
            Command::MaySupply {
                person,
                freeze,
                answer,
            } => {
                // Whoever asked may be gone.
                let _ = answer.send(self.core.wants_video_picture(person, freeze));
            }
            Command::ShutDown => {}
        }
    }

    fn apply(&mut self, input: Input) {
        self.core.wall_is_ahead(self.around.clock.ahead_us());
        let effects = self.core.apply(input, self.around.clock.steady());
        self.perform(effects);
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Append(entries) => self.append(entries),
                Effect::ReadAgain => self.read_again_soon(),
                Effect::Admit {
                    socket,
                    welcome,
                    catch_up,
                } => self.pages.admit(socket, &welcome, catch_up),
                Effect::Say(Audience::One(socket), message) => self.pages.say(socket, &message),
                Effect::Say(Audience::All, message) => self.pages.say_to_all(&message),
                Effect::Ask(stream, word) => self.ask(stream, &word),
                Effect::RecordVoices(whom) => {
                    let whom = whom
                        .as_ref()
                        .map(|whom| (whom.consent, whom.sessions.as_slice()));
                    self.around.voices.record(self.around.consult, whom);
                }
                Effect::RecordPointers(moves) => {
                    self.around.voices.point(self.around.consult, &moves);
                }
                Effect::DiscardVoices => self.around.voices.discard(self.around.consult),
                Effect::LetGo(clip) => self.around.lines.let_go(self.around.consult, clip),
                Effect::AskWhetherThere(socket) => self.pages.ask_whether_there(socket),
                Effect::Close {
                    socket,
                    code,
                    retry_ms,
                } => self.pages.close(socket, code, retry_ms),
            }
        }
    }

    fn ask(&self, stream: StreamId, word: &RelayToAgent) {
        let around = self.around;
        if let Some(session) = around.publishers.ask(around.consult, stream, word) {
            around.agents.say(session, word);
        }
    }

    /// At once after a first failure, so that one hiccup costs nothing; a disk that stays full is not tried without pause.
    fn read_again_soon(&mut self) {
        let now = Instant::now();
        let earliest = self.failed_at.map_or(now, |before| before + READ_AGAIN);
        self.failed_at = Some(now);
        self.read_again = Some(earliest.max(now));
    }

    fn append(&mut self, entries: Vec<LogEntry>) {
        let marks = entries
            .iter()
            .filter(|entry| matches!(entry.event, LogEvent::Marked { .. }))
            .count();
        self.batch = Some((Instant::now(), entries.len(), marks));
        let (log, consult) = (self.around.log.clone(), self.around.consult);
        self.storing = Some(Box::pin(async move { log.append(consult, entries).await }));
    }

    fn stored(&mut self, result: Result<(), StoreError>) {
        self.storing = None;
        let metrics = &self.around.metrics;
        match result {
            Ok(()) => {
                if let Some((since, entries, marks)) = self.batch.take() {
                    metrics.entries.add(entries as u64);
                    metrics.marks.add(marks as u64);
                    if marks > 0 {
                        metrics.mark_stored.took(since.elapsed());
                    }
                }
                self.apply(Input::Stored);
            }
            Err(error) => {
                metrics.store_failures.up();
                tracing::error!(consult = %self.around.consult, %error, "entries were not stored and are refused");
                self.apply(Input::StoreFailed);
            }
        }
    }

    async fn time(&mut self) {
        if self.read_again.is_some_and(|at| at <= Instant::now()) && self.storing.is_none() {
            match read_log(&self.around.log, self.around.consult).await {
                Ok(restored) => {
                    self.read_again = None;
                    tracing::info!(consult = %self.around.consult, "the log can be written again");
                    let effects = self.core.recovered(restored, self.around.clock.steady());
                    self.perform(effects);
                }
                Err(error) => {
                    self.read_again = Some(Instant::now() + READ_AGAIN);
                    tracing::error!(consult = %self.around.consult, %error, "the log cannot be read");
                }
            }
        }
        self.apply(Input::Tick);
        self.around
            .metrics
            .frozen_us
            .add(self.core.stalled_us(self.around.clock.steady()));
    }

    fn next_wake(&self) -> Instant {
        let now: RelayTime = self.around.clock.steady();
        let until = |due: RelayTime| {
            Instant::now() + Duration::from_micros(due.0.saturating_sub(now.0)).min(IDLE)
        };
        let over = self
            .idle_since
            .map_or_else(|| Instant::now() + IDLE, |since| since + IDLE);
        [self.core.due().map(until), self.read_again, Some(over)]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(over)
    }

    fn is_over(&mut self) -> bool {
        if !self.core.is_idle() || !self.pages.is_empty() {
            self.idle_since = None;
            return false;
        }
        self.idle_since.get_or_insert_with(Instant::now).elapsed() >= IDLE
    }

    fn note_status(&self) {
        let summary = self.core.summary();
        self.around
            .status
            .picture
            .store(summary.picture, Ordering::Relaxed);
        self.around
            .status
            .people
            .store(summary.people, Ordering::Relaxed);
    }

    /// What is on its way to the disk gets there and is told; then all pages are sent away to come back.
    async fn shut_down(&mut self) -> Ended {
        while self.storing.is_some() {
            let result = stored(&mut self.storing).await;
            self.stored(result);
        }
        self.pages.close_all(
            ProblemCode::ShuttingDown,
            SHUTDOWN_RETRY_MS,
            SHUTDOWN_SPREAD_MS,
        );
        Ended::ShutDown
    }
}

/// The end of the storing that runs; never, while none does.
async fn stored(storing: &mut Option<Storing>) -> Result<(), StoreError> {
    match storing {
        Some(storing) => storing.await,
        None => std::future::pending().await,
    }
}

/// Entries of a log that a page misses, up to and with `to`.
pub(super) async fn missed<L: ConsultLog>(
    log: &L,
    consult: ConsultId,
    after: Seq,
    to: Seq,
) -> Result<Vec<LogEntry>, StoreError> {
    let mut entries = log.after(consult, after).await?;
    entries.retain(|entry| entry.seq <= to);
    Ok(entries)
}
