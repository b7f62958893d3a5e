//! What a link changes in session descriptions, so that nothing goes round it.
//!
//! Text in, text out. Offers and trickled fragments lose their candidates: a relay could answer to those directly, past the
//! link, and everything would look perfect. In answers each candidate becomes the link's own for its transport (RFC 8839 §5.1, RFC 6544 §4.5),
//! and one for which the link has no port is left out. Caller: `http`.

use std::net::SocketAddr;

/// The link's own ports for media.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub(super) udp: SocketAddr,
    pub(super) tcp: Option<SocketAddr>,
}

/// Media types whose bodies are session descriptions or fragments of them (RFC 8840).
const TYPES: [&str; 2] = ["application/sdp", "application/trickle-ice-sdpfrag"];
const CANDIDATE: &str = "a=candidate:";
/// A fragment of nothing but candidates would otherwise become empty, which is malformed.
const END: &str = "a=end-of-candidates\r\n";

pub(super) fn is_description(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    TYPES.iter().any(|one| essence.eq_ignore_ascii_case(one))
}

/// An offer, or a fragment of one, that names no address of the client.
pub(super) fn without_candidates(text: &str) -> String {
    let kept: String = text
        .split_inclusive('\n')
        .filter(|line| !line.starts_with(CANDIDATE))
        .collect();
    if kept.is_empty() && !text.is_empty() {
        return END.to_owned();
    }
    kept
}

/// An answer, or a fragment of one, that names the link instead of the relay.
pub(super) fn through(text: &str, ports: Ports) -> String {
    text.split_inclusive('\n')
        .filter_map(|line| match line.strip_prefix(CANDIDATE) {
            Some(candidate) => ours(candidate, ports),
            None => Some(line.to_owned()),
        })
        .collect()
}

/// `foundation component transport priority address port typ …` with the link's address and port.
fn ours(candidate: &str, ports: Ports) -> Option<String> {
    let mut words: Vec<String> = candidate.split_whitespace().map(str::to_owned).collect();
    let at = match words.get(2)?.to_ascii_lowercase().as_str() {
        "udp" => ports.udp,
        "tcp" => ports.tcp?,
        _ => return None,
    };
    *words.get_mut(4)? = at.ip().to_string();
    *words.get_mut(5)? = at.port().to_string();
    Some(format!("{CANDIDATE}{}\r\n", words.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=candidate:1 1 udp 2130706431 192.0.2.7 40000 typ host\r\na=candidate:2 1 tcp 2128609279 192.0.2.7 40000 typ host tcptype passive\r\na=end-of-candidates\r\n";

    fn ports(tcp: Option<u16>) -> Ports {
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Ports {
            udp: at(5_000),
            tcp: tcp.map(at),
        }
    }

    #[test]
    fn an_answer_names_the_link_for_each_transport_that_it_carries() {
        let changed = through(ANSWER, ports(Some(6_000)));
        assert!(changed.contains("a=candidate:1 1 udp 2130706431 127.0.0.1 5000 typ host\r\n"));
        assert!(changed.contains(
            "a=candidate:2 1 tcp 2128609279 127.0.0.1 6000 typ host tcptype passive\r\n"
        ));
        let without = through(ANSWER, ports(None));
        assert!(!without.contains(" tcp ") && !without.contains("192.0.2.7"));
        assert!(without.starts_with("v=0\r\nm=video") && without.ends_with(END));
    }

    #[test]
    fn an_offer_names_no_address_and_a_fragment_does_not_become_empty() {
        assert!(!without_candidates(ANSWER).contains("192.0.2.7"));
        assert_eq!(
            without_candidates("a=candidate:1 1 udp 1 a.local 9 typ host\r\n"),
            END
        );
        assert_eq!(without_candidates(""), "");
    }

    #[test]
    fn descriptions_are_known_by_their_type() {
        assert!(is_description("application/sdp") && is_description("Application/SDP; charset=x"));
        assert!(is_description("application/trickle-ice-sdpfrag"));
        assert!(!is_description("application/json"));
    }
}
