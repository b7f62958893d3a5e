//! Media over TCP for networks that let no UDP through: one listening port, passive (RFC 6544), framed (RFC 4571).
//!
//! Owns the listener and the connections; `framing`, `backlog` and `callers` hold the rules. Everything is non-blocking and each
//! turn is bounded, so that neither a slow reader nor a fast sender holds the media thread up. Called by `thread` between two
//! waits. Invariants: a connection that ends is told once, through `ended`; a datagram for a connection that is no more goes
//! nowhere.

use super::line::{Heard, Line};
use super::socket::listen;
use crate::sfu::engine::Outgoing;
use crate::sfu::event::SfuStats;
use crate::sfu::net::callers::Callers;
use crate::sfu::net::ice::{LineId, Path, Via};
use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};

/// Connections taken in one turn.
const ACCEPTS_PER_TURN: usize = 16;
/// Bytes read in one call.
const READ_BYTES: usize = 16 * 1024;
/// After the system had no descriptor left the listener rests: it would wake the thread again and again.
const REST: Duration = Duration::from_millis(250);
/// How often patience is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// The TCP side.
pub(super) struct Tcp {
    listener: Option<TcpListener>,
    lines: HashMap<LineId, Line>,
    callers: Callers,
    /// Those that ended since the last turn.
    ended: Vec<Path>,
    next_id: u64,
    rests_until: Option<Instant>,
    next_look: Instant,
    buffer: Vec<u8>,
}

impl Tcp {
    /// Opens the listener; without an address nothing is listened to.
    pub(super) fn open(address: Option<SocketAddr>, now: Instant) -> io::Result<Self> {
        Ok(Self {
            listener: address.map(listen).transpose()?,
            lines: HashMap::new(),
            callers: Callers::default(),
            ended: Vec::new(),
            next_id: 0,
            rests_until: None,
            next_look: now + LOOK,
            buffer: vec![0; READ_BYTES],
        })
    }

    /// Where it listens.
    pub(super) fn local(&self) -> Option<SocketAddr> {
        self.listener.as_ref()?.local_addr().ok()
    }

    /// Descriptors to wait for, with what for.
    pub(super) fn wishes(&self) -> impl Iterator<Item = (RawFd, libc::c_short)> {
        let listener = self.listener.iter().filter(|_| self.rests_until.is_none());
        let listener = listener.map(|listener| (listener.as_raw_fd(), libc::POLLIN));
        let lines = self.lines.values().map(|line| {
            let out = if line.is_blocked() { libc::POLLOUT } else { 0 };
            (line.fd(), libc::POLLIN | out)
        });
        listener.chain(lines)
    }

    /// How many connections there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Takes callers and what has come over the descriptors that are ready, in the order of their numbers. Returns how many
    /// connections were refused, and how many datagrams left because there was room again.
    pub(super) fn turn(
        &mut self,
        now: Instant,
        ready: &[RawFd],
        mut take: impl FnMut(Path, &[u8]),
    ) -> (u64, u64) {
        let (mut refused, mut left) = (0, 0);
        if self.rests_until.is_some_and(|until| until <= now) {
            self.rests_until = None;
        }
        let looks = self.next_look <= now;
        if ready.is_empty() && !looks {
            return (0, 0);
        }
        let is_ready = |fd: RawFd| ready.binary_search(&fd).is_ok();
        if self
            .listener
            .as_ref()
            .is_some_and(|one| is_ready(one.as_raw_fd()))
        {
            refused += self.take_callers(now);
        }
        let mut over = Vec::new();
        for (id, line) in &mut self.lines {
            let (path, is_ready) = (line.path(), is_ready(line.fd()));
            if !is_ready && !looks {
                continue;
            }
            let heard = if is_ready {
                line.read(now, &mut self.buffer, |datagram| take(path, datagram))
            } else {
                Heard::Well
            };
            match heard {
                Heard::Well if !line.is_over(now) => left += line.write(now),
                Heard::NotOurs => {
                    refused += 1;
                    over.push(*id);
                }
                Heard::Well | Heard::End => over.push(*id),
            }
        }
        if looks {
            self.next_look = now + LOOK;
        }
        for id in over {
            self.close(id);
        }
        (refused, left)
    }

    /// Returns how many were refused.
    fn take_callers(&mut self, now: Instant) -> u64 {
        let mut refused = 0;
        for _ in 0..ACCEPTS_PER_TURN {
            let Some(listener) = self
                .listener
                .as_ref()
                .filter(|_| self.rests_until.is_none())
            else {
                break;
            };
            match listener.accept() {
                Ok((stream, peer)) => refused += u64::from(!self.take_caller(now, stream, peer)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(_) => self.rests_until = Some(now + REST),
            }
        }
        refused
    }

    fn take_caller(&mut self, now: Instant, stream: TcpStream, peer: SocketAddr) -> bool {
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        if !self.callers.admits(peer.ip()) {
            return false;
        }
        let id = LineId(self.next_id);
        self.next_id += 1;
        let path = Path {
            peer,
            local: None,
            via: Via::Tcp(id),
        };
        match Line::new(now, stream, path) {
            Ok(line) => {
                self.lines.insert(id, line);
            }
            // It is gone already.
            Err(_) => self.callers.gone(peer.ip()),
        }
        true
    }

    /// Takes the datagrams for TCP out of the list and sends them.
    pub(super) fn send(
        &mut self,
        now: Instant,
        outgoing: &mut Vec<Outgoing>,
        stats: &mut SfuStats,
    ) {
        let is_ours = |one: &Outgoing| one.path.via != Via::Udp;
        if !outgoing.iter().any(is_ours) {
            return;
        }
        let mut touched: Vec<LineId> = Vec::new();
        for Outgoing { path, bytes } in outgoing.extract_if(.., |one| is_ours(one)) {
            let Via::Tcp(id) = path.via else { continue };
            let Some(line) = self.lines.get_mut(&id) else {
                continue;
            };
            if !touched.contains(&id) {
                touched.push(id);
            }
            stats.dropped_backlog += line.push(bytes);
        }
        for id in touched {
            let Some(line) = self.lines.get_mut(&id) else {
                continue;
            };
            stats.datagrams_out += line.write(now);
            if line.is_over(now) {
                self.close(id);
            }
        }
    }

    /// Ends a connection: whoever came over it is gone.
    pub(super) fn hang_up(&mut self, id: LineId) {
        self.close(id);
    }

    /// Connections that ended since this was asked last.
    pub(super) fn take_ended(&mut self) -> Vec<Path> {
        std::mem::take(&mut self.ended)
    }

    fn close(&mut self, id: LineId) {
        if let Some(line) = self.lines.remove(&id) {
            let path = line.path();
            self.callers.gone(path.peer.ip());
            self.ended.push(path);
        }
    }
}
