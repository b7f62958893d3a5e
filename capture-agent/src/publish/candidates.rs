//! The relay's candidates in an answer.
//!
//! Text only. The `webrtc` crate is given those over UDP; those over TCP are for the bridge, and a TURN server is told the first over
//! UDP. Called by `peer` and `trial`.

use std::net::{Ipv4Addr, SocketAddr};

/// The answer without its passive TCP candidates (RFC 6544 §4.5), and those.
pub(super) fn without_tcp(answer: &str) -> (String, Vec<SocketAddr>) {
    let mut tcp = Vec::new();
    let mut kept = String::with_capacity(answer.len());
    for line in answer.split_inclusive('\n') {
        match over_tcp(line) {
            Some(address) => tcp.extend(address.filter(|address| !tcp.contains(address))),
            None => kept.push_str(line),
        }
    }
    (kept, tcp)
}

/// The answer without its candidates over UDP.
pub(super) fn without_udp(answer: &str) -> String {
    let over_udp = |line: &str| line.starts_with("a=candidate:") && over_tcp(line).is_none();
    answer
        .split_inclusive('\n')
        .filter(|line| !over_udp(line))
        .collect()
}

/// The answer without any candidate.
pub(super) fn without_any(answer: &str) -> String {
    let kept = answer.split_inclusive('\n');
    kept.filter(|line| !line.starts_with("a=candidate:"))
        .collect()
}

/// Where a TURN server sends media: the first address over UDP. Of IPv4, because that is what a place at a server is of unless another
/// family is asked for (RFC 8656 §7.1), which the crate's client does not.
pub(super) fn for_turn(answer: &str) -> Option<SocketAddr> {
    answer.lines().find_map(|line| {
        let mut words = line
            .strip_prefix("a=candidate:")?
            .split_whitespace()
            .skip(2);
        let is_udp = words.next()?.eq_ignore_ascii_case("udp");
        let mut words = words.skip(1);
        let ip: Ipv4Addr = words.next()?.parse().ok()?;
        let port = words.next()?.parse().ok()?;
        is_udp.then(|| SocketAddr::from((ip, port)))
    })
}

/// The address of a TCP candidate, if it can be called; None for any other line.
fn over_tcp(line: &str) -> Option<Option<SocketAddr>> {
    // RFC 8839 §5.1: foundation, component, transport, priority, address, port.
    let words: Vec<&str> = line
        .strip_prefix("a=candidate:")?
        .split_whitespace()
        .collect();
    let [_, _, transport, _, ip, port, ..] = words.as_slice() else {
        return None;
    };
    if !transport.eq_ignore_ascii_case("tcp") {
        return None;
    }
    let passive = words.windows(2).any(|pair| pair == ["tcptype", "passive"]);
    let address = ip.parse().ok().zip(port.parse().ok());
    Some(
        address
            .filter(|_| passive)
            .map(|(ip, port)| SocketAddr::new(ip, port)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_over_tcp_are_taken_out_of_the_answer() {
        let answer = "v=0\r\na=mid:0\r\na=candidate:1 1 udp 2130706431 192.0.2.7 443 typ host\r\na=candidate:2 1 tcp 1520435199 192.0.2.7 444 typ host tcptype passive\r\na=candidate:3 1 TCP 1 2001:db8::1 444 typ host tcptype passive\r\na=candidate:4 1 tcp 1 192.0.2.7 9 typ host tcptype active\r\na=candidate:2 1 tcp 1520435199 192.0.2.7 444 typ host tcptype passive\r\na=end-of-candidates\r\n";
        let (kept, tcp) = without_tcp(answer);
        assert_eq!(
            kept,
            "v=0\r\na=mid:0\r\na=candidate:1 1 udp 2130706431 192.0.2.7 443 typ host\r\na=end-of-candidates\r\n"
        );
        let without = without_udp(answer);
        assert!(!without.contains(" udp ") && without.contains("192.0.2.7 444"));
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        assert_eq!(for_turn(answer), Some(at("192.0.2.7:443")));
        assert_eq!(for_turn(&without), None);
        assert!(!without_any(answer).contains("candidate:"));
        assert_eq!(tcp, [at("192.0.2.7:444"), at("[2001:db8::1]:444")]);
        let none = "a=candidate:1 1 udp 1 192.0.2.7 443 typ host\r\na=candidate:odd\r\n";
        assert_eq!(without_tcp(none), (none.to_owned(), vec![]));
    }
}
