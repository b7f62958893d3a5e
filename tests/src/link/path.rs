//! One direction of a link: what becomes of a packet that is handed to it now.
//!
//! ```text
//! packet ─► cut? ─► queue, bounded by time ─► bottleneck (trace) ─► air (losses) ─► delay and jitter, in order ─► due
//! ```
//!
//! Owns the rule and no packet. Times are those of the link: how long it runs. What is lost on the air took its time at the
//! bottleneck first, as it does in the field. Callers: `lines`, which owns the packets. Invariants: packets are due in the order in
//! which they were taken; between two of them lies at least the time that the bottleneck needs.

use super::kinds::PathKind;
use super::loss::Losing;
use super::random::{Purpose, Random};
use super::trace::Trace;
use std::time::Duration;

/// Bytes of IPv4 and UDP headers, which the path carries too.
const UDP_HEADER_BYTES: usize = 28;
/// Bytes of IPv4 and TCP headers.
const TCP_HEADER_BYTES: usize = 40;
/// What a cut path without a limit keeps: a radio's buffer.
const MOST_HELD_BYTES: u64 = 256 * 1024;

/// Why a packet is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// Those before it take longer than the queue is.
    Queue,
    /// On the air.
    Air,
    /// Nothing passes.
    Cut,
    /// This network lets no UDP through.
    Refused,
}

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It never arrives.
    Lost(Lost),
    /// Nothing passes, and it waits: it has to be taken again when the path is restored.
    Held,
    /// It arrives.
    DueAt {
        /// When.
        at: Duration,
        /// How long it waits for those before it.
        waits: Duration,
    },
}

/// What becomes of a piece of a TCP connection, which is never lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It arrives then.
    DueAt(Duration),
    /// The queue is long enough: ask again then.
    NotBefore(Duration),
    /// Nothing passes: ask again when the path is restored.
    Cut,
}

/// What becomes of packets that arrive while nothing passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meanwhile {
    /// They are lost, as in a lift.
    Lost,
    /// They wait, as many as the queue holds, as while a telephone changes its cell.
    Waits,
}

/// One direction.
#[derive(Debug, Clone)]
pub struct Path {
    kind: PathKind,
    trace: Trace,
    /// When the trace began.
    began: Duration,
    /// When the last packet has left the bottleneck.
    free_at: Duration,
    /// When the last packet arrives: none arrives earlier.
    last_due: Duration,
    losing: Losing,
    seed: u64,
    jitter_seed: u64,
    cut: Option<Meanwhile>,
    /// Bytes that wait for the path to be restored.
    held: u64,
}

impl Path {
    /// A path that begins now; all its chance comes from the seed.
    #[must_use]
    pub fn new(kind: PathKind, seed: u64, now: Duration) -> Self {
        Self {
            kind,
            trace: Trace::of(kind.rate, seed),
            began: now,
            free_at: now,
            last_due: now,
            losing: Losing::new(kind.losses, seed),
            seed,
            jitter_seed: Random::new(seed, Purpose::Jitter).word(),
            cut: None,
            held: 0,
        }
    }

    /// Takes a datagram.
    pub fn take(&mut self, now: Duration, bytes: usize) -> Fate {
        if !self.kind.carries_udp {
            return Fate::Lost(Lost::Refused);
        }
        match self.cut {
            Some(Meanwhile::Lost) => return Fate::Lost(Lost::Cut),
            Some(Meanwhile::Waits) => return self.hold(now, bytes),
            None => {}
        }
        let begins = self.free_at.max(now);
        let waits = begins.saturating_sub(now);
        if waits > self.kind.queue {
            return Fate::Lost(Lost::Queue);
        }
        let Some(leaves) = self.leaves(begins, bytes + UDP_HEADER_BYTES) else {
            return Fate::Lost(Lost::Queue);
        };
        self.free_at = leaves;
        if self.losing.loses() {
            return Fate::Lost(Lost::Air);
        }
        let at = self.arrives(leaves);
        Fate::DueAt { at, waits }
    }

    /// Takes a piece of a TCP connection. It fills half of the queue at most, so that datagrams still find room.
    pub fn take_piece(&mut self, now: Duration, bytes: usize) -> Turn {
        if self.cut.is_some() {
            return Turn::Cut;
        }
        let begins = self.free_at.max(now);
        let half = self.kind.queue / 2;
        if begins.saturating_sub(now) > half {
            return Turn::NotBefore(begins.saturating_sub(half));
        }
        let Some(leaves) = self.leaves(begins, bytes + TCP_HEADER_BYTES) else {
            return Turn::NotBefore(now + half);
        };
        self.free_at = leaves;
        Turn::DueAt(self.arrives(leaves))
    }

    /// From now on nothing passes.
    pub const fn cut(&mut self, meanwhile: Meanwhile) {
        self.cut = Some(meanwhile);
    }

    /// Packets pass again. Those that were held are to be taken again first.
    pub const fn restore(&mut self) {
        self.cut = None;
        self.held = 0;
    }

    /// What becomes of packets now, if nothing passes.
    #[must_use]
    pub const fn is_cut(&self) -> Option<Meanwhile> {
        self.cut
    }

    /// Becomes another kind, whose trace begins now. What has been taken arrives as it was told.
    pub fn set(&mut self, kind: PathKind, now: Duration) {
        self.kind = kind;
        self.trace = Trace::of(kind.rate, self.seed);
        self.began = now;
        self.losing.set(kind.losses);
    }

    fn leaves(&self, begins: Duration, bytes: usize) -> Option<Duration> {
        let bits = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(8);
        let within = begins.saturating_sub(self.began);
        Some(self.began + self.trace.leaves(within, bits)?)
    }

    fn arrives(&mut self, leaves: Duration) -> Duration {
        let late = self.kind.jitter.at(self.jitter_seed, leaves);
        self.last_due = self.last_due.max(leaves + self.kind.delay + late);
        self.last_due
    }

    fn hold(&mut self, now: Duration, bytes: usize) -> Fate {
        let rate = self.trace.bits_per_s(now.saturating_sub(self.began));
        let room = rate.map_or(MOST_HELD_BYTES, |bits| {
            (bits as f64 / 8.0 * self.kind.queue.as_secs_f64()) as u64
        });
        let held = self.held + bytes as u64;
        if held > room {
            return Fate::Lost(Lost::Cut);
        }
        self.held = held;
        Fate::Held
    }
}

#[cfg(test)]
mod tests {
    use super::super::jitter::Jitter;
    use super::super::loss::Losses;
    use super::super::trace::Rate;
    use super::*;
    use crate::wait::{ms, secs};

    /// With its headers this is 1,250 bytes, 10,000 bits.
    const PACKET: usize = 1_222;

    const TEN_TO_ONE: Rate = Rate::Steps(&[(ms(0), 10_000_000), (secs(1), 1_000_000)]);

    fn at(rate: Rate) -> PathKind {
        PathKind {
            rate,
            ..PathKind::CLEAR
        }
    }

    fn due(fate: Fate) -> Duration {
        match fate {
            Fate::DueAt { at, .. } => at,
            other => panic!("it should arrive, but: {other:?}"),
        }
    }

    #[test]
    fn a_rate_is_kept_within_one_percent_however_much_is_sent() {
        let mut path = Path::new(at(Rate::Steady(2_000_000)), 1, ms(0));
        // 4 Mbit/s for 10 s.
        let dues: Vec<Duration> = (0..4_000)
            .filter_map(|n| match path.take(ms(n * 10) / 4, PACKET) {
                Fate::DueAt { at, .. } => Some(at),
                _ => None,
            })
            .collect();
        let span = (*dues.last().unwrap() - *dues.first().unwrap()).as_secs_f64();
        let rate = (dues.len() - 1) as f64 * 10_000.0 / span;
        assert!((rate - 2e6).abs() < 2e4, "{rate}");
        assert!(
            dues.is_sorted_by(|a, b| *b - *a >= ms(5)),
            "two packets came closer than the bottleneck lets them"
        );
    }

    #[test]
    fn a_queue_is_as_long_as_its_time_and_what_is_behind_it_is_lost() {
        let kind = PathKind {
            queue: ms(100),
            delay: ms(20),
            ..at(Rate::Steady(1_000_000))
        };
        let mut path = Path::new(kind, 1, ms(0));
        let fates: Vec<Fate> = (0..20).map(|_| path.take(ms(0), PACKET)).collect();
        // Packets of 10 ms: eleven wait 0 to 100 ms, the twelfth would wait 110.
        let waits = |n: u64| Fate::DueAt {
            at: ms(n * 10 + 30),
            waits: ms(n * 10),
        };
        assert!((0..11).all(|n| fates[n as usize] == waits(n)), "{fates:?}");
        assert!(fates[11..].iter().all(|f| *f == Fate::Lost(Lost::Queue)));
        assert_eq!(due(path.take(ms(50), PACKET)), ms(140));
    }

    #[test]
    fn packets_keep_their_order_under_jitter() {
        let jitter = Jitter {
            least: ms(5),
            most: ms(50),
            every: ms(60),
        };
        let mut path = Path::new(
            PathKind {
                jitter,
                ..PathKind::CLEAR
            },
            9,
            ms(0),
        );
        let dues: Vec<Duration> = (0..10_000).map(|n| due(path.take(ms(n), PACKET))).collect();
        assert!(dues.is_sorted());
        let late = |n: usize| dues[n] - ms(n as u64);
        assert!((0..10_000).all(|n| (ms(5)..=ms(50)).contains(&late(n))));
        assert!((0..10_000).any(|n| late(n) < ms(8)) && (0..10_000).any(|n| late(n) > ms(47)));
    }

    #[test]
    fn losses_keep_their_share_and_one_seed_is_one_run() {
        let kind = PathKind {
            losses: Losses::alone(0.02),
            ..PathKind::CLEAR
        };
        let run = |seed| {
            let mut path = Path::new(kind, seed, ms(0));
            (0..10_000)
                .map(|n| path.take(ms(n), PACKET))
                .collect::<Vec<Fate>>()
        };
        let lost = run(4)
            .iter()
            .filter(|fate| **fate == Fate::Lost(Lost::Air))
            .count();
        assert!((150..250).contains(&lost), "{lost}");
        assert_eq!(run(4), run(4));
        assert_ne!(run(4), run(5));
    }

    #[test]
    fn a_trace_changes_the_rate_at_its_time() {
        let mut path = Path::new(at(TEN_TO_ONE), 1, secs(5));
        assert_eq!(due(path.take(ms(5_990), PACKET)), ms(5_991));
        assert_eq!(due(path.take(secs(6), PACKET)), ms(6_010));
        // A kind that is set begins its trace anew.
        path.set(at(TEN_TO_ONE), secs(10));
        assert_eq!(due(path.take(secs(10), PACKET)), ms(10_001));
    }

    #[test]
    fn a_cut_loses_what_comes_meanwhile_and_then_all_is_as_before() {
        let mut path = Path::new(PathKind::CLEAR, 1, ms(0));
        path.cut(Meanwhile::Lost);
        assert_eq!(path.take(ms(10), PACKET), Fate::Lost(Lost::Cut));
        assert_eq!(path.take_piece(ms(10), PACKET), Turn::Cut);
        path.restore();
        assert_eq!(due(path.take(ms(20), PACKET)), ms(20));
    }

    #[test]
    fn a_pause_holds_as_much_as_the_queue() {
        let kind = PathKind {
            queue: ms(100),
            ..at(Rate::Steady(1_000_000))
        };
        let mut path = Path::new(kind, 1, ms(0));
        path.cut(Meanwhile::Waits);
        // 100 ms of 1 Mbit/s are 12,500 bytes.
        let fates: Vec<Fate> = (0..20).map(|_| path.take(ms(0), 1_250)).collect();
        assert!(fates[..10].iter().all(|fate| *fate == Fate::Held));
        assert!(fates[10..].iter().all(|f| *f == Fate::Lost(Lost::Cut)));
        path.restore();
        assert_eq!(due(path.take(secs(1), PACKET)), ms(1_010));
    }

    #[test]
    fn tcp_waits_for_its_turn_and_leaves_room_for_datagrams() {
        let kind = PathKind {
            queue: ms(100),
            losses: Losses::alone(1.0),
            carries_udp: false,
            ..at(Rate::Steady(1_000_000))
        };
        let mut path = Path::new(kind, 1, ms(0));
        let mut arrived = Vec::new();
        let mut now = ms(0);
        while arrived.len() < 100 {
            match path.take_piece(now, 1_210) {
                Turn::DueAt(at) => arrived.push(at),
                Turn::NotBefore(at) => now = at,
                Turn::Cut => panic!("nobody cut it"),
            }
            assert!(arrived.last().unwrap().saturating_sub(now) <= ms(60));
        }
        assert_eq!(arrived.last(), Some(&secs(1)), "100 pieces of 10 ms each");
        assert_eq!(path.take(now, 100), Fate::Lost(Lost::Refused));
    }
}
