//! The media thread: waits, takes datagrams and commands, lets the engine work, sends.
//!
//! Owns the engine, the socket and the clock. One thread, so nothing is locked; others reach it through a bounded queue
//! and a wake-up. It ends when told to or when all handles are gone. Invariant: it never waits for anybody but the
//! kernel: replies and events that nobody takes are kept or dropped.

use super::receive::Receiver;
use super::send::Sender;
use super::socket::{MediaSocket, Waiting, Waker};
use super::tcp::Tcp;
use crate::sfu::edge::Channel;
use crate::sfu::engine::{Engine, NewPeer};
use crate::sfu::error::SfuError;
use crate::sfu::event::{MediaSessionId, SfuEvent, SfuStats};
use crate::sfu::sdp::codec::Codec;
use crate::sfu::sdp::fragment::Fragment;
use crate::sfu::sdp::offer::Credentials;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::error::{TryRecvError, TrySendError};
use tokio::sync::{mpsc, oneshot};
use wire::ConsultId;

/// Batches taken before everything is settled and sent: bounds the delay of the first packet of a flood.
const BATCHES_PER_ROUND: usize = 4;

/// What the handle asks.
pub(super) enum Command {
    /// Which codec viewers of a consult need.
    Codec {
        consult: ConsultId,
        reply: oneshot::Sender<Option<Codec>>,
    },
    /// Adds a peer.
    Add {
        peer: Box<NewPeer>,
        reply: oneshot::Sender<Result<(), SfuError>>,
    },
    /// A fragment for a session.
    Patch {
        session: MediaSessionId,
        fragment: Fragment,
        fresh: Credentials,
        reply: oneshot::Sender<Result<Option<(String, Credentials)>, SfuError>>,
    },
    /// Ends a session.
    Close {
        session: MediaSessionId,
        reply: oneshot::Sender<Result<(), SfuError>>,
    },
    /// A text for a publisher.
    SendText {
        session: MediaSessionId,
        channel: Channel,
        text: String,
    },
    /// Counts.
    Stats { reply: oneshot::Sender<SfuStats> },
    /// Ends everything.
    Shutdown,
}

/// The thread's state.
pub(super) struct MediaThread {
    pub(super) engine: Engine,
    pub(super) socket: MediaSocket,
    pub(super) tcp: Tcp,
    pub(super) waker: Arc<Waker>,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) events: mpsc::Sender<SfuEvent>,
}

impl MediaThread {
    /// Runs until told to stop.
    pub(super) fn run(mut self) {
        let mut receiver = Receiver::new();
        let mut sender = Sender::new(self.socket.segments());
        let mut waiting = Waiting::default();
        let mut alarms = Alarms::default();
        let mut running = true;
        while running {
            let until = self.engine.next_timeout();
            let at_most = until.saturating_duration_since(Instant::now());
            let socket = (&self.socket, sender.is_blocked());
            let ready = waiting.wait(socket, &self.waker, self.tcp.wishes(), at_most);
            if ready.readable {
                self.receive(&mut receiver);
            }
            let now = Instant::now();
            self.serve_tcp(now, waiting.ready());
            if ready.woken {
                self.waker.reset();
            }
            // Looked at in every round: the last handle may go without a call.
            running = self.take_commands(now);
            if self.engine.next_timeout() <= now {
                self.engine.take_timeout(now);
            }
            let (socket, tcp) = (&self.socket, &mut self.tcp);
            self.engine.settle(now, &mut |outgoing, stats| {
                tcp.send(now, outgoing, stats);
                let sent = sender.send(socket, outgoing);
                stats.datagrams_out += sent.datagrams;
                stats.send_calls += sent.calls;
                stats.dropped_backlog += sent.dropped;
            });
            self.end_lines();
            self.tell();
            alarms.look(self.engine.stats_mut());
        }
    }

    fn serve_tcp(&mut self, now: Instant, ready: &[RawFd]) {
        let engine = &mut self.engine;
        let (refused, left) = self.tcp.turn(now, ready, |from, datagram| {
            engine.take_datagram(now, from, datagram);
        });
        let stats = engine.stats_mut();
        stats.tcp_lines = self.tcp.len() as u64;
        stats.tcp_refused += refused;
        stats.datagrams_out += left;
    }

    /// Peers that are gone leave no connection, and connections that ended lead to no peer.
    fn end_lines(&mut self) {
        for line in self.engine.take_left() {
            self.tcp.hang_up(line);
        }
        for way in self.tcp.take_ended() {
            self.engine.lose_way(way);
        }
    }

    fn receive(&mut self, receiver: &mut Receiver) {
        let now = Instant::now();
        for _ in 0..BATCHES_PER_ROUND {
            let engine = &mut self.engine;
            let (count, cut) = receiver.receive(&self.socket, |arrived, from, datagram| {
                engine.take_arrived(now, arrived, from, datagram);
            });
            self.engine.stats_mut().dropped_oversize += cut;
            if !Receiver::is_full(count) {
                break;
            }
        }
    }

    /// Returns false when the thread is to end.
    fn take_commands(&mut self, now: Instant) -> bool {
        loop {
            match self.commands.try_recv() {
                Ok(Command::Shutdown) | Err(TryRecvError::Disconnected) => {
                    self.engine.shutdown(now);
                    return false;
                }
                Ok(command) => self.apply(now, command),
                Err(TryRecvError::Empty) => return true,
            }
        }
    }

    /// One match, each arm one call. A reply that nobody waits for any more is no error.
    fn apply(&mut self, now: Instant, command: Command) {
        match command {
            Command::Codec { consult, reply } => {
                let _ = reply.send(self.engine.codec(consult));
            }
            Command::Add { peer, reply } => {
                let _ = reply.send(self.engine.add(now, *peer));
            }
            Command::Patch {
                session,
                fragment,
                fresh,
                reply,
            } => {
                let _ = reply.send(self.engine.patch(session, fragment, fresh));
            }
            Command::Close { session, reply } => {
                let _ = reply.send(self.engine.close(now, session));
            }
            Command::SendText {
                session,
                channel,
                text,
            } => {
                if self.engine.send_text(now, session, channel, &text).is_err() {
                    self.engine.stats_mut().dropped_data += 1;
                }
            }
            Command::Stats { reply } => {
                let _ = reply.send(SfuStats {
                    cpu: cpu_time(),
                    ..self.engine.stats()
                });
            }
            Command::Shutdown => {}
        }
    }

    fn tell(&mut self) {
        while let Some(event) = self.engine.poll_event() {
            match self.events.try_send(event) {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => {
                    self.engine.unpoll_event(event);
                    return;
                }
                // Nobody listens any more: the relay is on its way out.
                Err(TrySendError::Closed(_)) => {}
            }
        }
    }
}

/// What must never happen, told once when it does. The counters tell the rest.
#[derive(Default)]
struct Alarms {
    faults: u64,
    lost_inside: u64,
}

impl Alarms {
    fn look(&mut self, stats: &SfuStats) {
        if stats.faults > self.faults {
            self.faults = stats.faults;
            tracing::error!(faults = stats.faults, "a media connection failed inside");
        }
        // The first one, then each time there are twice as many.
        if stats.lost_inside > 2 * self.lost_inside {
            self.lost_inside = stats.lost_inside;
            tracing::error!(
                packets = stats.lost_inside,
                "packets were lost inside the media part"
            );
        }
    }
}

/// CPU time of this thread so far.
fn cpu_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the timespec is writable; a failure leaves it at zero.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}
