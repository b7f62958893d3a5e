//! Which network the device reaches the relay over, and when that is another one.
//!
//! Owns the comparing. The system is asked for the address that it would send from (a UDP socket that is connected and sends
//! nothing): that follows cables, Wi-Fi, LTE and VPNs without a list of interfaces, and tells of a change before any packet is
//! missed. Called by `session` each time it looks around. Invariant: no network at all is no other network; nothing can be
//! mended over none.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// The network in use.
#[derive(Debug)]
pub(super) struct Network {
    /// Where the relay takes media.
    relay: SocketAddr,
    /// The address that is sent from.
    from: Option<IpAddr>,
}

impl Network {
    /// The network to the first candidate of an answer over which it is reached now.
    pub(super) fn of(answer: &str) -> Option<Self> {
        let relay = first_candidate(answer)?;
        let from = address_towards(relay);
        Some(Self { relay, from })
    }

    /// Whether it is another one than when last asked.
    pub(super) fn is_another(&mut self) -> bool {
        let now = address_towards(self.relay);
        self.changes_to(now)
    }

    fn changes_to(&mut self, now: Option<IpAddr>) -> bool {
        let another = now.is_some() && now != self.from;
        self.from = now.or(self.from);
        another
    }
}

/// The address of the first host candidate.
fn first_candidate(answer: &str) -> Option<SocketAddr> {
    answer.lines().find_map(|line| {
        // RFC 8839 §5.1: foundation, component, transport, priority, address, port.
        let mut words = line
            .strip_prefix("a=candidate:")?
            .split_whitespace()
            .skip(4);
        let ip = words.next()?.parse().ok()?;
        Some(SocketAddr::new(ip, words.next()?.parse().ok()?))
    })
}

/// The address that the system would send from; none without a way there.
fn address_towards(relay: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = if relay.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(relay).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(from: Option<u8>) -> Option<IpAddr> {
        from.map(|last| IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn a_change_is_told_once_and_a_gap_is_none() {
        let relay = SocketAddr::from(([203, 0, 113, 7], 443));
        let mut network = Network {
            relay,
            from: at(Some(1)),
        };
        let steps = [
            Some(1),
            None,
            None,
            Some(1),
            None,
            Some(2),
            Some(2),
            Some(1),
        ];
        let told = steps.map(|step| network.changes_to(at(step)));
        assert_eq!(told, [false, false, false, false, false, true, false, true]);
    }

    #[test]
    fn a_relay_on_this_machine_is_reached_from_this_machine() {
        let answer =
            "v=0\r\na=mid:0\r\na=candidate:1 1 udp 2130706431 127.0.0.1 40000 typ host\r\n";
        let mut network = Network::of(answer).unwrap();
        assert_eq!(network.from, Some(Ipv4Addr::LOCALHOST.into()));
        assert!(!network.is_another());
        assert!(Network::of("v=0\r\n").is_none());
        assert!(Network::of("a=candidate:1 1 udp 1 relay.example 9 typ host\r\n").is_none());
    }
}
