//! One TCP connection of the media port.
//!
//! Owns the stream, what was read of an unfinished frame, what waits to be written, and the patience with it. It never
//! blocks: it reads and writes as much as there is, within a bound. Called by `tcp`.

use super::socket::keep_little_unsent;
use crate::sfu::net::backlog::Backlog;
use crate::sfu::net::callers::Patience;
use crate::sfu::net::framing::FrameReader;
use crate::sfu::net::ice::Path;
use bytes::BytesMut;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Instant;

/// Reads in one turn: 64 KiB, more than a keyframe's burst of a frame's time.
const READS_PER_TURN: usize = 4;

/// What reading came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// All is well.
    Well,
    /// What comes is no framed datagram.
    NotOurs,
    /// The other side ended, or the connection broke.
    End,
}

/// The connection.
pub(super) struct Line {
    stream: TcpStream,
    path: Path,
    reader: FrameReader,
    backlog: Backlog,
    patience: Patience,
    /// It broke while it was written to, or takes not even its handshake.
    broken: bool,
}

impl Line {
    /// A caller.
    pub(super) fn new(now: Instant, stream: TcpStream, path: Path) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        // Datagrams are small and each is wanted at once (RFC 896 would collect them).
        stream.set_nodelay(true)?;
        keep_little_unsent(stream.as_raw_fd());
        Ok(Self {
            stream,
            path,
            reader: FrameReader::default(),
            backlog: Backlog::default(),
            patience: Patience::new(now),
            broken: false,
        })
    }

    /// The way over it.
    pub(super) const fn path(&self) -> Path {
        self.path
    }

    pub(super) fn fd(&self) -> RawFd {
        self.stream.as_raw_fd()
    }

    /// Whether something waits for it to take more.
    pub(super) fn is_blocked(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// Whether it is at an end.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.broken || self.patience.is_over(now)
    }

    /// Takes what has come and hands each datagram on.
    pub(super) fn read(
        &mut self,
        now: Instant,
        buffer: &mut [u8],
        mut take: impl FnMut(&[u8]),
    ) -> Heard {
        for _ in 0..READS_PER_TURN {
            let read = match self.stream.read(buffer) {
                Ok(0) => return Heard::End,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Heard::Well,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return Heard::End,
            };
            let bytes = buffer.get(..read).unwrap_or_default();
            match self.reader.take(bytes, &mut take) {
                Ok(0) => {}
                Ok(_) => self.patience.heard(now),
                Err(_) => return Heard::NotOurs,
            }
            if read < buffer.len() {
                return Heard::Well;
            }
        }
        Heard::Well
    }

    /// Puts a datagram behind those that wait. Returns how many were given up.
    pub(super) fn push(&mut self, datagram: BytesMut) -> u64 {
        self.patience.proved();
        let pushed = self.backlog.push(datagram);
        self.broken |= pushed.is_err();
        pushed.unwrap_or(1)
    }

    /// Writes what it takes. Returns how many datagrams that completed.
    pub(super) fn write(&mut self, now: Instant) -> u64 {
        let (mut whole, mut took) = (0, false);
        while !self.backlog.is_empty() && !self.broken {
            let written = self.stream.write_vectored(&self.backlog.slices());
            match written {
                Ok(0) => break,
                Ok(written) => {
                    took = true;
                    whole += self.backlog.advance(written);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.broken = true,
            }
        }
        self.patience
            .asked_to_take(now, took, !self.backlog.is_empty());
        whole
    }
}
