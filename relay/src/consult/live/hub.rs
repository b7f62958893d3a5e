//! Finds the task of a consult, or starts it.
//!
//! Owns the table of running consults, the supervisor of each, the numbers of sockets, and how many of them one session
//! may have. Invariant: a consult has at most one task; when its task has a fault, it comes up again from its log and no
//! other consult notices.

use super::agents::Agents;
use super::lines::Lines;
use super::log::ConsultLog;
use super::outbox::Outbox;
use super::pages::{Admission, Door};
use super::publishers::Publishers;
use super::supervisor::supervise;
use super::task::{Command, Status, Surroundings};
use crate::clock::Clock;
use crate::consult::{Input, Newcomer, SocketKey, WantedFrame};
use crate::metrics::Metrics;
use crate::recording::VoiceRecorders;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tracing::Instrument;
use wire::problem::ProblemCode;
use wire::socket::Settings;
use wire::{ConsultId, FreezeId, PersonId, SessionId};

/// Commands that wait for one consult. Pages are held by their own sockets when it is full.
const MAX_COMMANDS: usize = 256;
/// Sockets of one session that are open or being opened: a reload opens one before the old one is gone.
const MAX_SOCKETS_PER_SESSION: usize = 4;
/// Tasks that end while somebody asks for them are started again, but not for ever.
const MAX_TRIES: usize = 3;

/// What the hub works with.
pub struct HubParts<L> {
    /// The logs.
    pub log: L,
    /// The clock.
    pub clock: Arc<Clock>,
    /// The counts.
    pub metrics: Arc<Metrics>,
    /// What pages follow.
    pub settings: Settings,
    /// The way to agents.
    pub agents: Agents,
    /// The connections over which clips come.
    pub lines: Arc<Lines>,
    /// Records voices.
    pub voices: VoiceRecorders,
}

/// All live consults. Clones share them.
pub struct Hub<L> {
    inner: Arc<Inner<L>>,
}

impl<L> Clone for Hub<L> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

struct Inner<L> {
    parts: HubParts<L>,
    publishers: Arc<Publishers>,
    table: Mutex<Table>,
    next_socket: AtomicU64,
}

#[derive(Default)]
struct Table {
    consults: HashMap<ConsultId, Running>,
    sockets: HashMap<SessionId, usize>,
    stopping: bool,
}

struct Running {
    commands: mpsc::Sender<Command>,
    status: Arc<Status>,
    supervisor: JoinHandle<()>,
}

/// What a consult does now, for lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Live {
    /// Whether a picture arrives.
    pub picture: bool,
    /// How many people are connected.
    pub people: u32,
}

impl<L: ConsultLog> Hub<L> {
    /// Without any consult.
    pub fn new(parts: HubParts<L>) -> Self {
        let inner = Inner {
            parts,
            publishers: Arc::default(),
            table: Mutex::default(),
            next_socket: AtomicU64::new(1),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Who publishes what.
    pub fn publishers(&self) -> &Publishers {
        &self.inner.publishers
    }

    /// The logs.
    pub(super) fn log(&self) -> &L {
        &self.inner.parts.log
    }

    /// What a consult does now.
    pub fn live(&self, consult: ConsultId) -> Live {
        self.table()
            .consults
            .get(&consult)
            .map_or_else(Live::default, |running| running.status.live())
    }

    /// What all running consults do now.
    pub fn all_live(&self) -> Vec<Live> {
        self.table()
            .consults
            .values()
            .map(|running| running.status.live())
            .collect()
    }

    /// Starts a consult that has something to put right, for example a picture that was cut off.
    pub fn wake(&self, consult: ConsultId) {
        self.commands(consult);
    }

    /// Tells a consult what happened, starting it if need be. Waits while it is busy.
    ///
    /// # Errors
    /// `NotFound` when there is no such open consult, `ShuttingDown`.
    pub async fn tell(&self, consult: ConsultId, input: Input) -> Result<(), ProblemCode> {
        self.send(consult, Command::Tell(input)).await
    }

    /// As `tell`, but only if the consult runs.
    pub async fn tell_if_running(&self, consult: ConsultId, input: Input) {
        let commands = self
            .table()
            .consults
            .get(&consult)
            .map(|running| running.commands.clone());
        if let Some(commands) = commands {
            // When it ended meanwhile, there is nobody to tell.
            let _ = commands.send(Command::Tell(input)).await;
        }
    }

    /// Which frame of a freeze this person may supply; nothing when it is here already.
    ///
    /// # Errors
    /// `NotFrozen`, `NotAllowed`; `NotFound` when there is no such open consult, `ShuttingDown`.
    pub async fn may_supply(
        &self,
        consult: ConsultId,
        person: PersonId,
        freeze: FreezeId,
    ) -> Result<Option<WantedFrame>, ProblemCode> {
        let (answer, answered) = oneshot::channel();
        let question = Command::MaySupply {
            person,
            freeze,
            answer,
        };
        self.send(consult, question).await?;
        answered.await.map_err(|_| ProblemCode::NotFound)?
    }

    /// Brings somebody in.
    pub(super) async fn join(
        &self,
        consult: ConsultId,
        who: Newcomer,
        outbox: Outbox,
    ) -> Result<(SocketKey, Admission), ProblemCode> {
        let socket = SocketKey(self.inner.next_socket.fetch_add(1, Ordering::Relaxed));
        let (admitted, admission) = oneshot::channel();
        self.send(
            consult,
            Command::Join {
                socket,
                door: Door {
                    session: who.session,
                    outbox,
                    admitted,
                },
                who,
            },
        )
        .await?;
        // Without an admission the reason is in the goodbye of the outbox.
        admission
            .await
            .map(|admission| (socket, admission))
            .map_err(|_| ProblemCode::Internal)
    }

    async fn send(&self, consult: ConsultId, mut command: Command) -> Result<(), ProblemCode> {
        for _ in 0..MAX_TRIES {
            let commands = self.commands(consult).ok_or(ProblemCode::ShuttingDown)?;
            match commands.send(command).await {
                Ok(()) => return Ok(()),
                // It ended at this very moment: the next one is fresh.
                Err(mpsc::error::SendError(back)) => command = back,
            }
        }
        Err(ProblemCode::NotFound)
    }

    fn commands(&self, consult: ConsultId) -> Option<mpsc::Sender<Command>> {
        let mut table = self.table();
        if table.stopping {
            return None;
        }
        if let Some(running) = table
            .consults
            .get(&consult)
            .filter(|running| !running.commands.is_closed())
        {
            return Some(running.commands.clone());
        }
        let running = self.start(consult);
        let commands = running.commands.clone();
        table.consults.insert(consult, running);
        Some(commands)
    }

    fn start(&self, consult: ConsultId) -> Running {
        let (commands, queue) = mpsc::channel(MAX_COMMANDS);
        let status = Arc::new(Status::default());
        let parts = &self.inner.parts;
        let around = Surroundings {
            consult,
            log: parts.log.clone(),
            clock: Arc::clone(&parts.clock),
            metrics: Arc::clone(&parts.metrics),
            settings: parts.settings.clone(),
            publishers: Arc::clone(&self.inner.publishers),
            agents: parts.agents.clone(),
            lines: Arc::clone(&parts.lines),
            voices: parts.voices.clone(),
            status: Arc::clone(&status),
        };
        let span = tracing::info_span!("consult", %consult);
        let supervisor = tokio::spawn(supervise(self.clone(), around, queue).instrument(span));
        Running {
            commands,
            status,
            supervisor,
        }
    }

    pub(super) fn forget(&self, consult: ConsultId, status: &Arc<Status>) {
        let mut table = self.table();
        if table
            .consults
            .get(&consult)
            .is_some_and(|running| Arc::ptr_eq(&running.status, status))
        {
            table.consults.remove(&consult);
        }
    }

    /// One more socket of a session; none when it has as many as it may.
    pub fn open_socket(&self, session: SessionId) -> Option<OpenSocket<L>> {
        let mut table = self.table();
        let count = table.sockets.entry(session).or_default();
        if *count >= MAX_SOCKETS_PER_SESSION {
            return None;
        }
        *count += 1;
        Some(OpenSocket {
            hub: self.clone(),
            session,
        })
    }

    /// Sends all pages away to come back, and waits until the tasks have ended and the sockets are closed.
    pub async fn shut_down(&self, within: Duration) {
        let running: Vec<Running> = {
            let mut table = self.table();
            table.stopping = true;
            table.consults.drain().map(|(_, running)| running).collect()
        };
        let end = tokio::time::Instant::now() + within;
        for task in &running {
            // A task that does not take it in time is ended with the process; its log is on disk.
            let _ = tokio::time::timeout_at(end, task.commands.send(Command::ShutDown)).await;
        }
        for task in running {
            let _ = tokio::time::timeout_at(end, task.supervisor).await;
        }
        let sockets_closed = async {
            while !self.table().sockets.is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let _ = tokio::time::timeout_at(end, sockets_closed).await;
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.inner
            .table
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Status {
    fn live(&self) -> Live {
        Live {
            picture: self.picture.load(Ordering::Relaxed),
            people: self.people.load(Ordering::Relaxed),
        }
    }
}

/// Counts a socket of a session while it lives.
pub struct OpenSocket<L: ConsultLog> {
    hub: Hub<L>,
    session: SessionId,
}

impl<L: ConsultLog> Drop for OpenSocket<L> {
    fn drop(&mut self) {
        let mut table = self.hub.table();
        if let Some(count) = table.sockets.get_mut(&self.session) {
            *count -= 1;
            if *count == 0 {
                table.sockets.remove(&self.session);
            }
        }
    }
}
