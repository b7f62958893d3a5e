//! ICE restart in WHIP: from a full offer to the fragment that a PATCH carries, and back into a full answer.
//!
//! RFC 9725 §4.3.3 restarts ICE by `PATCH` with an `application/trickle-ice-sdpfrag` body (RFC 8840): only ICE lines
//! and the media lines they belong to. The `webrtc` crate wants a full answer, so the fragment of the relay is laid
//! over the answer it gave before. Text only.

/// Whether this line belongs into a fragment.
fn is_ice_line(line: &str) -> bool {
    const KEPT: [&str; 7] = [
        "a=ice-ufrag:",
        "a=ice-pwd:",
        "a=ice-options:",
        "a=ice-lite",
        "a=candidate:",
        "a=end-of-candidates",
        "a=mid:",
    ];
    KEPT.iter().any(|kept| line.starts_with(kept))
}

/// The ICE part of an offer.
pub(super) fn fragment(offer: &str) -> String {
    let kept =
        |line: &&str| is_ice_line(line) || line.starts_with("m=") || line.starts_with("a=group:");
    offer
        .lines()
        .filter(kept)
        .flat_map(|line| [line, "\r\n"])
        .collect()
}

/// The earlier answer with the ICE part of `fragment`; none when the fragment names no credentials.
pub(super) fn merged(answer: &str, fragment: &str) -> Option<String> {
    let value = |name: &str| fragment.lines().find_map(|line| line.strip_prefix(name));
    let (ufrag, password) = (value("a=ice-ufrag:")?, value("a=ice-pwd:")?);
    let mut candidates: Vec<&str> = Vec::new();
    for line in fragment
        .lines()
        .filter(|line| line.starts_with("a=candidate:"))
    {
        if !candidates.contains(&line) {
            candidates.push(line);
        }
    }
    let mut merged = String::with_capacity(answer.len() + fragment.len());
    let mut media = 0;
    for line in answer.lines() {
        if line.starts_with("a=candidate:") || line.starts_with("a=end-of-candidates") {
            continue;
        }
        media += usize::from(line.starts_with("m="));
        let line = match line {
            _ if line.starts_with("a=ice-ufrag:") => format!("a=ice-ufrag:{ufrag}"),
            _ if line.starts_with("a=ice-pwd:") => format!("a=ice-pwd:{password}"),
            other => other.to_owned(),
        };
        merged.push_str(&line);
        merged.push_str("\r\n");
        // One transport carries everything (BUNDLE): its candidates stand in the first media section.
        if media == 1 && line.starts_with("a=mid:") {
            merged.extend(candidates.iter().flat_map(|line| [*line, "\r\n"]));
        }
    }
    Some(merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\na=group:BUNDLE 0 1\r\na=fingerprint:sha-256 AA\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=ice-ufrag:new\r\na=ice-pwd:secret\r\na=candidate:1 1 udp 1 127.0.0.1 5 typ host\r\na=end-of-candidates\r\na=rtpmap:102 H264/90000\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\na=ice-ufrag:new\r\na=ice-pwd:secret\r\n";

    #[test]
    fn a_fragment_holds_the_ice_part_only() {
        let made = fragment(OFFER);
        assert!(
            made.contains("a=ice-ufrag:new\r\n")
                && made.contains("a=candidate:1 ")
                && made.contains("a=mid:1\r\n")
        );
        assert!(made.contains("m=video 9 ") && made.contains("a=group:BUNDLE 0 1\r\n"));
        assert!(!made.contains("fingerprint") && !made.contains("rtpmap") && !made.contains("v=0"));
    }

    #[test]
    fn an_answer_takes_the_new_ice_part_and_keeps_the_rest() {
        let answer = OFFER.replace("new", "old").replace("secret", "oldsecret");
        let reply = "a=ice-lite\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\na=mid:0\r\na=ice-ufrag:fresh\r\na=ice-pwd:word\r\na=candidate:2 1 udp 1 127.0.0.1 7 typ host\r\n";
        let made = merged(&answer, reply).unwrap();
        assert_eq!(made.matches("a=ice-ufrag:fresh\r\n").count(), 2);
        assert!(!made.contains("old"), "{made}");
        assert_eq!(made.matches("a=candidate:").count(), 1);
        assert!(made.contains("a=fingerprint:sha-256 AA\r\n"));
    }

    #[test]
    fn a_reply_without_credentials_is_no_restart() {
        assert_eq!(merged(OFFER, "a=mid:0\r\n"), None);
    }
}
