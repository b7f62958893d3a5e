//! Which peer a datagram belongs to.
//!
//! Owns two tables: names that the relay chose, and addresses that passed an ICE check. Nothing else leads to a peer, so
//! a datagram from an address that never proved a password reaches no connection code (RFC 8445 §7, CVE-2023-51443).
//! Called by the engine for every datagram.

use super::ice::Origin;
use super::stun::is_stun;
use std::collections::HashMap;

/// A peer of this process; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PeerId(pub(crate) u64);

/// What a datagram is, by its first bytes (RFC 7983 §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// STUN.
    Stun,
    /// DTLS.
    Dtls,
    /// RTP, with its source.
    Rtp(u32),
    /// RTCP, with its sender.
    Rtcp(u32),
    /// Nothing that belongs here.
    Junk,
}

impl Kind {
    /// Classifies a datagram.
    pub(crate) fn of(datagram: &[u8]) -> Self {
        let word = |at: usize| -> Option<u32> {
            Some(u32::from_be_bytes(
                datagram.get(at..at + 4)?.try_into().ok()?,
            ))
        };
        match (datagram.first(), datagram.get(1)) {
            (Some(0..=3), _) if is_stun(datagram) => Self::Stun,
            // A DTLS record header is 13 bytes (RFC 6347 §4.1).
            (Some(20..=63), _) if datagram.len() >= 13 => Self::Dtls,
            // RFC 5761 §4: payload types 64-95 with the marker bit are RTCP's 192-223.
            (Some(128..=191), Some(192..=223)) => word(4).map_or(Self::Junk, Self::Rtcp),
            (Some(128..=191), _) if datagram.len() >= 12 => word(8).map_or(Self::Junk, Self::Rtp),
            _ => Self::Junk,
        }
    }
}

/// The tables.
#[derive(Debug, Default)]
pub(crate) struct Router {
    by_name: HashMap<String, PeerId>,
    by_address: HashMap<Origin, PeerId>,
}

impl Router {
    /// A peer may be called by this name.
    pub(crate) fn name(&mut self, name: &str, peer: PeerId) {
        self.by_name.insert(name.to_owned(), peer);
    }

    /// The name is no longer answered.
    pub(crate) fn unname(&mut self, name: &str) {
        self.by_name.remove(name);
    }

    /// An address passed a check for this peer. The newest proof wins: a port may be given to somebody else.
    pub(crate) fn learn(&mut self, address: Origin, peer: PeerId) {
        self.by_address.insert(address, peer);
    }

    /// An address no longer leads to this peer.
    pub(crate) fn forget(&mut self, address: Origin, peer: PeerId) {
        if self.by_address.get(&address) == Some(&peer) {
            self.by_address.remove(&address);
        }
    }

    /// The peer of a STUN name.
    pub(crate) fn by_name(&self, name: &str) -> Option<PeerId> {
        self.by_name.get(name).copied()
    }

    /// The peer of an address.
    pub(crate) fn by_address(&self, address: Origin) -> Option<PeerId> {
        self.by_address.get(&address).copied()
    }

    /// How many names and addresses it holds.
    #[cfg(test)]
    pub(crate) fn len(&self) -> (usize, usize) {
        (self.by_name.len(), self.by_address.len())
    }
}

/// Lets through a limited number of sources: the engine keeps state for each before it can authenticate it.
#[derive(Debug)]
pub(crate) struct SourceGuard {
    allowed: Vec<u32>,
    most: usize,
}

impl SourceGuard {
    /// Lets these through, and others until there are `most`.
    pub(crate) fn new(declared: impl IntoIterator<Item = u32>, most: usize) -> Self {
        Self {
            allowed: declared.into_iter().collect(),
            most,
        }
    }

    /// Whether a source may pass.
    pub(crate) fn admits(&mut self, source: u32) -> bool {
        if self.allowed.contains(&source) {
            return true;
        }
        let room = self.allowed.len() < self.most;
        if room {
            self.allowed.push(source);
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::super::ice::Via;
    use super::super::stun::{Key, request};
    use super::*;
    use std::net::SocketAddr;

    #[test]
    fn datagrams_are_told_apart_by_their_first_bytes() {
        let stun = request([0; 12], "a:b", false, &Key::new("x"));
        assert_eq!(Kind::of(&stun), Kind::Stun);
        let mut dtls = [0; 13];
        dtls[0] = 22;
        assert_eq!(Kind::of(&dtls), Kind::Dtls);
        let mut rtp = [0; 12];
        rtp[0] = 0x80;
        rtp[11] = 7;
        assert_eq!(Kind::of(&rtp), Kind::Rtp(7));
        let rtcp = [0x81, 206, 0, 1, 0, 0, 0, 9];
        assert_eq!(Kind::of(&rtcp), Kind::Rtcp(9));
    }

    #[test]
    fn short_and_odd_datagrams_are_junk() {
        for length in [0, 1, 2, 3, 4, 7, 11] {
            for first in [0u8, 3, 22, 63, 64, 127, 128, 191, 192, 255] {
                let mut datagram = vec![0; length];
                if let Some(byte) = datagram.first_mut() {
                    *byte = first;
                }
                assert_eq!(Kind::of(&datagram), Kind::Junk, "{first} x {length}");
            }
        }
    }

    #[test]
    fn an_address_belongs_to_whom_it_proved_last() {
        let address = Origin {
            peer: SocketAddr::from(([192, 0, 2, 1], 5)),
            via: Via::Udp,
        };
        let mut router = Router::default();
        router.learn(address, PeerId(1));
        router.learn(address, PeerId(2));
        router.forget(address, PeerId(1));
        assert_eq!(router.by_address(address), Some(PeerId(2)));
    }

    #[test]
    fn sources_are_let_through_up_to_a_number() {
        let mut guard = SourceGuard::new([7], 3);
        assert!(guard.admits(7));
        let admitted = (100..1_000_100).filter(|ssrc| guard.admits(*ssrc)).count();
        assert_eq!(admitted, 2);
        assert!(guard.admits(7));
    }
}
