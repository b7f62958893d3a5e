//! The relay's side of ICE for one peer: ICE-lite (RFC 8445 §2.5, RFC 8839).
//!
//! Owns credentials and the judging of checks; the addresses that proved the password are in `ways`. It sends nothing by
//! itself: no check ever leaves the relay, so no address in an offer can make it probe a network. Called by the engine for every
//! STUN request that names this peer. Invariant: an address is known only after a check from it passed the integrity test.

use super::bucket::Bucket;
use super::stun::{Key, Request, success};
use super::ways::Ways;
use crate::sfu::limits::MAX_UNPROVEN_CHECKS_PER_S;
use crate::sfu::sdp::offer::Credentials;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// A TCP connection of this process; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LineId(pub(crate) u64);

/// What carries datagrams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Via {
    /// The one UDP socket.
    Udp,
    /// A TCP connection that the peer made.
    Tcp(LineId),
}

/// Where datagrams come from, apart from anybody else: an address may be used over UDP and TCP at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    /// The address.
    pub(crate) peer: SocketAddr,
    /// What carries them.
    pub(crate) via: Via,
}

/// A way to the peer: its address, and ours when the socket listens on several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Path {
    /// The peer's address.
    pub(crate) peer: SocketAddr,
    /// The address of ours that it used; None when the socket is bound to one, and over TCP.
    pub(crate) local: Option<IpAddr>,
    /// What carries it.
    pub(crate) via: Via,
}

impl Path {
    /// Its other end.
    pub(crate) const fn origin(self) -> Origin {
        Origin {
            peer: self.peer,
            via: self.via,
        }
    }
}

/// What to do with a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Check {
    /// It passed: send this back the way it came.
    Passed {
        /// The response.
        answer: Vec<u8>,
        /// The address was not known before.
        learnt: bool,
        /// An address that is known no longer, to make room.
        forgotten: Option<Origin>,
    },
    /// Not ours, wrong password, wrong role or too many: no answer.
    Dropped,
}

/// ICE state of one peer.
#[derive(Debug)]
pub(crate) struct IceLite {
    /// Our credentials.
    local: Credentials,
    /// Theirs.
    remote: Credentials,
    /// Our password, ready for use.
    key: Key,
    /// `ours:theirs`, as checks must name it.
    username: String,
    /// Where it can be reached.
    ways: Ways,
    /// Integrity tests for addresses that never passed one.
    unproven: Bucket,
}

impl IceLite {
    /// A peer that has not been heard yet.
    pub(crate) fn new(local: Credentials, remote: Credentials) -> Self {
        Self {
            key: Key::new(&local.pwd),
            username: format!("{}:{}", local.ufrag, remote.ufrag),
            local,
            remote,
            ways: Ways::default(),
            unproven: Bucket::new(MAX_UNPROVEN_CHECKS_PER_S),
        }
    }

    /// Judges a check.
    pub(crate) fn take_check(&mut self, now: Instant, from: Path, check: &Request<'_>) -> Check {
        // RFC 8445 §6.1.1: the full side leads. A peer that says it follows is confused or hostile, and there is no
        // role to change to.
        if check.controlled || check.username != self.username {
            return Check::Dropped;
        }
        let proven = self.ways.knows(from.origin());
        if !proven && !self.unproven.take(now) {
            return Check::Dropped;
        }
        if !check.is_signed_with(&self.key) {
            return Check::Dropped;
        }
        let forgotten = self.ways.passed(now, from, check.nominates);
        Check::Passed {
            answer: success(check.transaction, from.peer, &self.key),
            learnt: !proven,
            forgotten,
        }
    }

    /// Media from this address was authentic.
    pub(crate) fn heard(&mut self, now: Instant, from: Origin) {
        self.ways.heard(now, from);
    }

    /// Nothing can be sent there any more.
    pub(crate) fn lose(&mut self, origin: Origin) {
        self.ways.lose(origin);
    }

    /// The way to the peer.
    pub(crate) const fn path(&self) -> Option<Path> {
        self.ways.in_use()
    }

    /// Where datagrams of this peer come from.
    pub(crate) fn known(&self) -> impl Iterator<Item = Origin> {
        self.ways.known()
    }

    /// Our name.
    pub(crate) fn local_name(&self) -> &str {
        &self.local.ufrag
    }

    /// Whether these are the credentials that the other side uses now.
    pub(crate) fn is_current(&self, remote: &Credentials) -> bool {
        self.remote == *remote
    }

    /// Starts over with new credentials on both sides (RFC 8445 §9). The old path goes on carrying the picture until
    /// the other side nominates a new one, or is heard elsewhere.
    pub(crate) fn restart(&mut self, local: Credentials, remote: Credentials) {
        self.key = Key::new(&local.pwd);
        self.username = format!("{}:{}", local.ufrag, remote.ufrag);
        self.local = local;
        self.remote = remote;
    }
}

#[cfg(test)]
mod tests {
    use super::super::stun::request;
    use super::*;

    fn credentials(name: &str) -> Credentials {
        Credentials {
            ufrag: name.to_owned(),
            pwd: format!("{name}-password-of-22-chars"),
        }
    }

    fn path(port: u16) -> Path {
        Path {
            peer: SocketAddr::from(([192, 0, 2, 1], port)),
            local: None,
            via: Via::Udp,
        }
    }

    fn ice() -> IceLite {
        IceLite::new(credentials("ours"), credentials("theirs"))
    }

    fn check(ice: &mut IceLite, from: Path, nominates: bool) -> Check {
        let raw = request(
            [1; 12],
            "ours:theirs",
            nominates,
            &Key::new("ours-password-of-22-chars"),
        );
        ice.take_check(Instant::now(), from, &Request::read(&raw).unwrap())
    }

    #[test]
    fn an_address_is_known_after_it_proved_the_password() {
        let mut ice = ice();
        assert_eq!(ice.path(), None);
        assert!(matches!(
            check(&mut ice, path(1), false),
            Check::Passed { learnt: true, .. }
        ));
        assert_eq!(ice.path(), Some(path(1)));
        assert!(matches!(
            check(&mut ice, path(1), false),
            Check::Passed { learnt: false, .. }
        ));
    }

    #[test]
    fn the_nominated_path_is_used() {
        let mut ice = ice();
        check(&mut ice, path(1), true);
        check(&mut ice, path(2), false);
        assert_eq!(ice.path(), Some(path(1)));
        check(&mut ice, path(2), true);
        assert_eq!(ice.path(), Some(path(2)));
    }

    #[test]
    fn a_wrong_password_name_or_role_gets_no_answer() {
        let mut ice = ice();
        let now = Instant::now();
        let right = Key::new("ours-password-of-22-chars");
        for raw in [
            request([1; 12], "ours:theirs", true, &Key::new("guess")),
            request([1; 12], "ours:others", true, &right),
            request([1; 12], "ours", true, &right),
        ] {
            let check = Request::read(&raw).unwrap();
            assert_eq!(ice.take_check(now, path(1), &check), Check::Dropped);
        }
        let raw = request([1; 12], "ours:theirs", true, &right);
        let mut controlled = Request::read(&raw).unwrap();
        controlled.controlled = true;
        assert_eq!(ice.take_check(now, path(1), &controlled), Check::Dropped);
        assert_eq!(ice.path(), None);
    }

    #[test]
    fn guessing_is_limited_but_a_proven_address_is_heard() {
        let mut ice = ice();
        check(&mut ice, path(1), true);
        let now = Instant::now();
        let guess = request([1; 12], "ours:theirs", true, &Key::new("guess"));
        for _ in 0..2 * MAX_UNPROVEN_CHECKS_PER_S {
            ice.take_check(now, path(9), &Request::read(&guess).unwrap());
        }
        let right = request(
            [1; 12],
            "ours:theirs",
            true,
            &Key::new("ours-password-of-22-chars"),
        );
        let right = Request::read(&right).unwrap();
        assert_eq!(ice.take_check(now, path(9), &right), Check::Dropped);
        assert!(matches!(
            ice.take_check(now, path(1), &right),
            Check::Passed { .. }
        ));
    }

    #[test]
    fn a_restart_takes_new_names_and_keeps_the_picture_flowing() {
        let mut ice = ice();
        check(&mut ice, path(1), true);
        ice.restart(credentials("ours2"), credentials("theirs2"));
        assert!(ice.is_current(&credentials("theirs2")));
        assert_eq!(check(&mut ice, path(2), true), Check::Dropped);
        assert_eq!(ice.path(), Some(path(1)));
        let raw = request(
            [1; 12],
            "ours2:theirs2",
            true,
            &Key::new("ours2-password-of-22-chars"),
        );
        ice.take_check(Instant::now(), path(2), &Request::read(&raw).unwrap());
        assert_eq!(ice.path(), Some(path(2)));
    }
}
