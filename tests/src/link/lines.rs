//! Both directions of a running link, with their clock and the packets that are on them.
//!
//! Owns the paths, what is held while nothing passes, and the queues of packets that are due; it opens no socket. Callers: `udp`
//! hands datagrams in and carries out what is due, `tcp` asks for its turn, `running` cuts and restores. Invariant: what was held
//! is taken again before anything newer.

use super::Way;
use super::kinds::LinkKind;
use super::meter::{Counts, Meter, Passages};
use super::path::{Fate, Lost, Meanwhile, Path, Turn};
use super::random::{Purpose, Random};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// Packets that may be on their way: a queue is bounded by time, and small packets are many.
const MOST_ON_THEIR_WAY: usize = 4_096;

/// The runtime's timer rounds up to whole milliseconds, and then waits in some of them: measured 1.4 ms on average.
const TIMER_IS_LATE: Duration = Duration::from_millis(1);

/// A datagram of one client.
#[derive(Debug)]
pub(super) struct Datagram {
    pub(super) client: SocketAddr,
    pub(super) bytes: Vec<u8>,
}

/// Datagrams in the order in which they are due, each with its time.
pub(super) type Due = mpsc::Receiver<(Duration, Datagram)>;

#[derive(Debug)]
struct Line {
    path: Path,
    meter: Meter,
    held: VecDeque<Datagram>,
    due: mpsc::Sender<(Duration, Datagram)>,
}

/// Both directions.
#[derive(Debug)]
pub(super) struct Lines {
    began: Instant,
    up: Mutex<Line>,
    down: Mutex<Line>,
    /// Whether nothing passes.
    cut: watch::Sender<bool>,
}

impl Lines {
    /// Lines that begin now, and what becomes due upwards and downwards.
    pub(super) fn new(kind: LinkKind, seed: u64) -> (Self, Due, Due) {
        let (up, upward) = Line::new(Path::new(kind.up, seed, Duration::ZERO));
        let other = Random::new(seed, Purpose::Downward).word();
        let (down, downward) = Line::new(Path::new(kind.down, other, Duration::ZERO));
        let lines = Self {
            began: Instant::now(),
            up: Mutex::new(up),
            down: Mutex::new(down),
            cut: watch::channel(false).0,
        };
        (lines, upward, downward)
    }

    /// How long the link runs.
    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Waits until something is due, to about a millisecond.
    pub(super) async fn sleep_until(&self, due: Duration) {
        let due = due.saturating_sub(TIMER_IS_LATE);
        if due > self.now() {
            tokio::time::sleep_until(self.began + due).await;
        }
    }

    /// Hands a datagram in.
    pub(super) fn take(&self, way: Way, datagram: Datagram) {
        let now = self.now();
        self.line(way).take(now, datagram);
    }

    /// Waits until a datagram that is due may leave; false if it was on its way when the link was cut, and is lost.
    pub(super) async fn passes(&self, way: Way) -> bool {
        let meanwhile = self.line(way).path.is_cut();
        match meanwhile {
            Some(Meanwhile::Lost) => {
                self.line(way).meter.lose(Lost::Cut);
                false
            }
            Some(Meanwhile::Waits) => {
                self.is_whole().await;
                true
            }
            None => true,
        }
    }

    /// Waits for the turn of a piece of a TCP connection; gives the time at which it arrives.
    pub(super) async fn turn(&self, way: Way, bytes: usize) -> Duration {
        loop {
            let now = self.now();
            let turn = self.line(way).path.take_piece(now, bytes);
            match turn {
                Turn::DueAt(at) => {
                    self.line(way).meter.note_piece(bytes);
                    return at;
                }
                Turn::NotBefore(at) => self.sleep_until(at).await,
                Turn::Cut => self.is_whole().await,
            }
        }
    }

    /// Waits until packets pass.
    pub(super) async fn is_whole(&self) {
        // The sender lives as long as this does: there is no error.
        let _ = self.cut.subscribe().wait_for(|cut| !*cut).await;
    }

    pub(super) fn cut(&self, meanwhile: Meanwhile) {
        for way in [Way::Up, Way::Down] {
            self.line(way).path.cut(meanwhile);
        }
        self.cut.send_replace(true);
    }

    pub(super) fn restore(&self) {
        let now = self.now();
        for way in [Way::Up, Way::Down] {
            self.line(way).restore(now);
        }
        self.cut.send_replace(false);
    }

    pub(super) fn set(&self, kind: LinkKind) {
        let now = self.now();
        self.line(Way::Up).path.set(kind.up, now);
        self.line(Way::Down).path.set(kind.down, now);
    }

    /// Forgets what is held for the client: it was sent to an address that is no more.
    pub(super) fn forget_downward(&self) {
        let mut line = self.line(Way::Down);
        for _ in 0..line.held.len() {
            line.meter.lose(Lost::Cut);
        }
        line.held.clear();
    }

    pub(super) fn counts(&self, way: Way) -> Counts {
        self.line(way).meter.counts()
    }

    pub(super) fn passages(&self, way: Way, span: Range<Duration>) -> Passages {
        self.line(way).meter.passages(span)
    }

    fn line(&self, way: Way) -> MutexGuard<'_, Line> {
        let line = match way {
            Way::Up => &self.up,
            Way::Down => &self.down,
        };
        line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn new(path: Path) -> (Self, Due) {
        let (due, receiver) = mpsc::channel(MOST_ON_THEIR_WAY);
        let line = Self {
            path,
            meter: Meter::default(),
            held: VecDeque::new(),
            due,
        };
        (line, receiver)
    }

    fn take(&mut self, now: Duration, datagram: Datagram) {
        let fate = self.path.take(now, datagram.bytes.len());
        self.meter.note(now, datagram.bytes.len(), fate);
        match fate {
            Fate::DueAt { at, .. } => {
                if self.due.try_send((at, datagram)).is_err() {
                    self.meter.lose(Lost::Queue);
                }
            }
            Fate::Held => self.held.push_back(datagram),
            Fate::Lost(_) => {}
        }
    }

    fn restore(&mut self, now: Duration) {
        self.path.restore();
        for datagram in std::mem::take(&mut self.held) {
            self.take(now, datagram);
        }
    }
}
