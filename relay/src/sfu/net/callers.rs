//! Who may hold a TCP connection to the media port, and for how long.
//!
//! Owns the counting per address and the patience with each connection; it closes nothing itself. A connection costs a
//! descriptor before anything is proved on it, unlike a datagram, so strangers get few and not for long. Called by the media
//! thread's TCP side. Invariant: what was admitted is counted until it is `gone`.

use crate::sfu::limits::{
    MAX_TCP_LINES, MAX_TCP_LINES_PER_ADDRESS, PEER_EXPIRES, TCP_PROVES_WITHIN, TCP_TAKES_WITHIN,
};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Instant;

/// Connections that are open.
#[derive(Debug, Default)]
pub(crate) struct Callers {
    by_network: HashMap<IpAddr, usize>,
    all: usize,
}

impl Callers {
    /// Admits one more from this address, if there is room.
    pub(crate) fn admits(&mut self, from: IpAddr) -> bool {
        if self.all >= MAX_TCP_LINES {
            return false;
        }
        let own = self.by_network.entry(network(from)).or_default();
        if *own >= MAX_TCP_LINES_PER_ADDRESS {
            return false;
        }
        *own += 1;
        self.all += 1;
        true
    }

    /// One that was admitted is gone.
    pub(crate) fn gone(&mut self, from: IpAddr) {
        let network = network(from);
        if let Some(own) = self.by_network.get_mut(&network) {
            *own -= 1;
            self.all -= 1;
            if *own == 0 {
                self.by_network.remove(&network);
            }
        }
    }
}

/// One subscriber of IPv6 has a /64 at least and could come from another address each time (RFC 6177).
fn network(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Patience with one connection.
#[derive(Debug)]
pub(crate) struct Patience {
    /// When it came.
    since: Instant,
    /// Something was sent to it, which happens only after an ICE check passed on it.
    proved: bool,
    /// When the last whole datagram came; the coming itself counts.
    heard: Instant,
    /// Since when something waits that it does not take.
    waits_since: Option<Instant>,
}

impl Patience {
    /// With one that came now.
    pub(crate) const fn new(now: Instant) -> Self {
        Self {
            since: now,
            proved: false,
            heard: now,
            waits_since: None,
        }
    }

    /// A whole datagram came.
    pub(crate) const fn heard(&mut self, now: Instant) {
        self.heard = now;
    }

    /// Something is to be sent to it.
    pub(crate) const fn proved(&mut self) {
        self.proved = true;
    }

    /// It was asked to take what waits: whether it took any, and whether more waits.
    pub(crate) fn asked_to_take(&mut self, now: Instant, took: bool, more_waits: bool) {
        if !more_waits {
            self.waits_since = None;
        } else if took || self.waits_since.is_none() {
            self.waits_since = Some(now);
        }
    }

    /// Whether it is at an end.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        let past = |at: Instant, limit| now.saturating_duration_since(at) > limit;
        (!self.proved && past(self.since, TCP_PROVES_WITHIN))
            || past(self.heard, PEER_EXPIRES)
            || self
                .waits_since
                .is_some_and(|at| past(at, TCP_TAKES_WITHIN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn v4(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn one_address_gets_its_share_and_all_together_theirs() {
        let mut callers = Callers::default();
        let admitted =
            |callers: &mut Callers, from| (0..10_000).take_while(|_| callers.admits(from)).count();
        assert_eq!(admitted(&mut callers, v4(1)), MAX_TCP_LINES_PER_ADDRESS);
        callers.gone(v4(1));
        assert!(callers.admits(v4(1)) && !callers.admits(v4(1)));
        let others: usize = (2..250).map(|last| admitted(&mut callers, v4(last))).sum();
        assert_eq!(others + MAX_TCP_LINES_PER_ADDRESS, MAX_TCP_LINES);
    }

    #[test]
    fn addresses_of_one_ipv6_network_count_as_one_and_mapped_ones_as_ipv4() {
        let mut callers = Callers::default();
        for host in 0..MAX_TCP_LINES_PER_ADDRESS as u16 {
            let ip = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, host);
            assert!(callers.admits(ip.into()));
        }
        assert!(!callers.admits(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 9, 9, 9, 9).into()));
        assert!(callers.admits(Ipv6Addr::new(0x2001, 0xdb8, 0, 2, 0, 0, 0, 1).into()));
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        assert_eq!(network(mapped), v4(1));
    }

    #[test]
    fn what_is_gone_leaves_nothing_behind() {
        let mut callers = Callers::default();
        assert!(callers.admits(v4(1)));
        callers.gone(v4(1));
        callers.gone(v4(1));
        assert_eq!((callers.by_network.len(), callers.all), (0, 0));
    }

    #[test]
    fn patience_ends_with_strangers_the_silent_and_those_who_never_read() {
        let start = Instant::now();
        let ms = Duration::from_millis(1);
        let stranger = Patience::new(start);
        assert!(!stranger.is_over(start + TCP_PROVES_WITHIN));
        assert!(stranger.is_over(start + TCP_PROVES_WITHIN + ms));
        let mut silent = Patience::new(start);
        silent.proved();
        silent.heard(start + ms);
        assert!(!silent.is_over(start + PEER_EXPIRES + ms));
        assert!(silent.is_over(start + PEER_EXPIRES + 2 * ms));
        let mut stuck = Patience::new(start);
        stuck.proved();
        stuck.asked_to_take(start, false, true);
        stuck.asked_to_take(start + ms, false, true);
        assert!(stuck.is_over(start + TCP_TAKES_WITHIN + ms));
        stuck.asked_to_take(start + 2 * ms, true, true);
        assert!(
            !stuck.is_over(start + TCP_TAKES_WITHIN + ms),
            "slow is not stuck"
        );
    }
}
