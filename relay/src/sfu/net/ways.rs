//! The ways to one peer, and which of them is in use.
//!
//! Owns the addresses that proved the password and the choice among them. The other side leads (RFC 8445 §6.1.1): what it
//! nominates is used. But a telephone that changes its cell, or a router that forgets its mapping, changes the address under a
//! nominated pair, and the other side, which still hears our answers to its checks, sees no reason to nominate again. So the way
//! follows the peer: at once when its media comes from an address that proved itself later than the one in use, and with the next
//! check from elsewhere when the one in use has been silent. Called by `ice` and by the engine for what was decrypted. Invariants: no
//! address is used that never passed a check (RFC 7675 §5.1: consent is the check, not the packet), and the way in use is known.

use super::ice::{Origin, Path};
use crate::sfu::limits::{MAX_KNOWN_ADDRESSES, WAY_SILENT};
use std::time::Instant;

/// One way.
#[derive(Debug, Clone, Copy)]
struct Way {
    path: Path,
    /// When it last passed a check.
    checked: Instant,
    /// When anything that proved itself last came over it.
    heard: Instant,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Ways {
    /// Those that passed a check, the one checked last at the end.
    known: Vec<Way>,
    /// The one in use.
    in_use: Option<Path>,
    /// Whether the peer ever nominated one: until then the one checked last is used.
    nominated: bool,
}

impl Ways {
    /// Whether this address passed a check before.
    pub(crate) fn knows(&self, origin: Origin) -> bool {
        self.known.iter().any(|way| way.path.origin() == origin)
    }

    /// A check passed. Returns an address that is known no longer, to make room.
    pub(crate) fn passed(&mut self, now: Instant, from: Path, nominates: bool) -> Option<Origin> {
        let silent = self
            .current()
            .is_none_or(|way| now.saturating_duration_since(way.heard) > WAY_SILENT);
        self.known.retain(|way| way.path.origin() != from.origin());
        let forgotten = self.make_room();
        self.known.push(Way {
            path: from,
            checked: now,
            heard: now,
        });
        self.nominated |= nominates;
        let is_current = self
            .in_use
            .is_some_and(|path| path.origin() == from.origin());
        if nominates || !self.nominated || silent || is_current {
            self.in_use = Some(from);
        }
        forgotten
    }

    /// Media of the peer came this way and was authentic. What was on its way before a change is still authentic when it comes
    /// late; its address proved itself earlier, so it does not turn the way back.
    pub(crate) fn heard(&mut self, now: Instant, from: Origin) {
        let newest_proof = self.current().map(|way| way.checked);
        let Some(way) = self.known.iter_mut().find(|way| way.path.origin() == from) else {
            return;
        };
        way.heard = now;
        if newest_proof.is_none_or(|proof| way.checked > proof) {
            self.in_use = Some(way.path);
        }
    }

    /// A way ended, as a connection does. Of the others the one that proved itself last is used.
    pub(crate) fn lose(&mut self, origin: Origin) {
        self.known.retain(|way| way.path.origin() != origin);
        if self.in_use.is_some_and(|path| path.origin() == origin) {
            self.in_use = self.known.last().map(|way| way.path);
        }
    }

    /// The one in use.
    pub(crate) const fn in_use(&self) -> Option<Path> {
        self.in_use
    }

    /// Where datagrams of this peer come from.
    pub(crate) fn known(&self) -> impl Iterator<Item = Origin> {
        self.known.iter().map(|way| way.path.origin())
    }

    fn current(&self) -> Option<&Way> {
        let origin = self.in_use?.origin();
        self.known.iter().find(|way| way.path.origin() == origin)
    }

    /// Forgets the address that was checked least recently when the list is full.
    fn make_room(&mut self) -> Option<Origin> {
        if self.known.len() < MAX_KNOWN_ADDRESSES {
            return None;
        }
        let in_use = self.in_use.map(Path::origin);
        let oldest = self
            .known
            .iter()
            .position(|way| Some(way.path.origin()) != in_use)?;
        Some(self.known.remove(oldest).path.origin())
    }
}

#[cfg(test)]
mod tests {
    use super::super::ice::{LineId, Via};
    use super::*;
    use std::net::SocketAddr;
    use std::time::Duration;

    fn path(port: u16) -> Path {
        Path {
            peer: SocketAddr::from(([192, 0, 2, 1], port)),
            local: None,
            via: Via::Udp,
        }
    }

    /// Ways in virtual time.
    struct Story {
        ways: Ways,
        start: Instant,
    }

    impl Story {
        fn begins() -> Self {
            Self {
                ways: Ways::default(),
                start: Instant::now(),
            }
        }

        fn check(&mut self, at_ms: u64, port: u16, nominates: bool) {
            let now = self.start + Duration::from_millis(at_ms);
            self.ways.passed(now, path(port), nominates);
        }

        fn media(&mut self, at_ms: u64, port: u16) {
            let now = self.start + Duration::from_millis(at_ms);
            self.ways.heard(now, path(port).origin());
        }

        fn uses(&self) -> Option<u16> {
            self.ways.in_use().map(|path| path.peer.port())
        }
    }

    #[test]
    fn before_a_nomination_the_way_is_where_the_last_check_came_from() {
        let mut story = Story::begins();
        assert_eq!(story.uses(), None);
        story.check(0, 1, false);
        story.check(10, 2, false);
        assert_eq!(story.uses(), Some(2));
        story.check(20, 1, true);
        story.check(30, 2, false);
        assert_eq!(story.uses(), Some(1));
    }

    #[test]
    fn media_from_an_address_that_proved_itself_later_turns_the_way_at_once() {
        let mut story = Story::begins();
        story.check(0, 1, true);
        story.media(10, 1);
        // The network gave another address: checks and media come from there, and nothing is nominated.
        story.media(30, 2);
        assert_eq!(story.uses(), Some(1), "it has not proved itself");
        story.check(400, 2, false);
        assert_eq!(story.uses(), Some(1));
        story.media(401, 2);
        assert_eq!(story.uses(), Some(2));
        // What was delayed on the old way does not turn it back.
        story.media(402, 1);
        assert_eq!(story.uses(), Some(2));
    }

    #[test]
    fn a_check_from_elsewhere_turns_the_way_only_when_the_one_in_use_is_silent() {
        let silent = u64::try_from(WAY_SILENT.as_millis()).unwrap();
        let mut story = Story::begins();
        story.check(0, 1, true);
        story.check(silent - 1, 2, false);
        assert_eq!(story.uses(), Some(1));
        story.media(silent, 1);
        story.check(2 * silent, 2, false);
        assert_eq!(story.uses(), Some(1), "media is a sign of life too");
        story.check(2 * silent + 1, 2, false);
        assert_eq!(story.uses(), Some(2));
        // The word of the peer counts again at once.
        story.check(2 * silent + 2, 1, true);
        assert_eq!(story.uses(), Some(1));
    }

    #[test]
    fn a_connection_that_ends_leaves_the_way_to_what_proved_itself_last() {
        let mut story = Story::begins();
        let over_tcp = Path {
            via: Via::Tcp(LineId(7)),
            ..path(1)
        };
        story.check(0, 1, true);
        story.check(5, 2, false);
        story.ways.passed(story.start, over_tcp, true);
        assert_eq!(story.ways.in_use(), Some(over_tcp), "one address, two ways");
        story.ways.lose(over_tcp.origin());
        assert_eq!(story.uses(), Some(2));
        story.ways.lose(path(2).origin());
        story.ways.lose(path(1).origin());
        assert_eq!(story.uses(), None);
    }

    #[test]
    fn the_list_is_bounded_and_keeps_the_way_in_use() {
        let mut story = Story::begins();
        story.check(0, 1, true);
        for port in 2..100 {
            story.check(u64::from(port), port, false);
        }
        assert_eq!(story.ways.known().count(), MAX_KNOWN_ADDRESSES);
        assert_eq!(story.uses(), Some(1));
        assert!(story.ways.knows(path(1).origin()) && !story.ways.knows(path(2).origin()));
    }
}
