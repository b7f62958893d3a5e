//! The answer to an offer, written out (RFC 3264, RFC 8829 §5.3, RFC 9725 §4.2).
//!
//! Owns the text that goes back to a publisher or viewer, and the fragment that goes back after an ICE restart. It
//! decides nothing. Invariant: one section per offered section in the same order, payload types and extension ids as
//! offered; candidates stand in the first section that is kept (RFC 9143 §7.3.3).

use super::codec::Codec;
use super::offer::{Credentials, Fate, Offer, Picture};
use super::section::Section;
use crate::sfu::limits::MAX_DATA_MESSAGE_BYTES;
use std::fmt::Write;
use std::net::SocketAddr;

/// The relay's side of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Local {
    /// Our ICE credentials.
    pub(crate) credentials: Credentials,
    /// SHA-256 of our certificate.
    pub(crate) fingerprint: [u8; 32],
    /// Where we can be reached.
    pub(crate) candidates: Candidates,
    /// Any number that differs from session to session (RFC 8866 §5.2).
    pub(crate) session_number: u32,
    /// Our sources, on the way to a viewer: the picture and its retransmissions.
    pub(crate) sources: Option<(u32, u32)>,
}

/// Where the relay can be reached, the best first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Candidates {
    /// Over UDP.
    pub(crate) udp: Vec<SocketAddr>,
    /// Over TCP: clients connect, the relay waits.
    pub(crate) tcp: Vec<SocketAddr>,
}

/// Writes the answer.
pub(crate) fn write(offer: &Offer, local: &Local) -> String {
    let kept = offer
        .sections
        .iter()
        .filter(|(_, fate)| *fate != Fate::Refused);
    let mut out = head(local, kept.map(|(section, _)| section.mid.as_str()));
    let first_kept = offer
        .sections
        .iter()
        .position(|(_, fate)| *fate != Fate::Refused);
    for (at, (section, fate)) in offer.sections.iter().enumerate() {
        let text = match fate {
            Fate::Picture => picture(section, &offer.picture, local),
            Fate::Data => data(section, local),
            Fate::Idle => idle(section, local),
            Fate::Refused => refused(section),
        };
        out.push_str(&text);
        if Some(at) == first_kept {
            out.push_str(&candidates(&local.candidates));
        }
    }
    out
}

/// The session part of an answer that keeps these sections.
pub(super) fn head<'a>(local: &Local, kept: impl Iterator<Item = &'a str>) -> String {
    let mids: Vec<&str> = kept.collect();
    // RFC 8866 §5.2: an address must stand in `o=`; WebRTC gives none away.
    format!(
        "v=0\r\no=- {} 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\na=ice-lite\r\na=msid-semantic: WMS *\r\n",
        local.session_number,
        mids.join(" ")
    )
}

/// Writes the fragment that answers an ICE restart (RFC 8840 §4.4, RFC 9725 §4.3.2).
pub(crate) fn write_restart(mid: &str, credentials: &Credentials, to: &Candidates) -> String {
    let mut out = String::new();
    let _ = write!(
        out,
        "a=ice-lite\r\na=ice-ufrag:{}\r\na=ice-pwd:{}\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:{mid}\r\n",
        credentials.ufrag, credentials.pwd
    );
    out.push_str(&candidates(to));
    out
}

pub(super) fn candidates(to: &Candidates) -> String {
    let mut out = String::new();
    let behind = |at: usize, most: u32| most - u32::try_from(at).unwrap_or(most).min(most);
    for (at, address) in to.udp.iter().enumerate() {
        // RFC 8445 §5.1.2.1: host type 126, local preference by our order, component 1.
        let priority = (126u32 << 24) + (behind(at, 65_535) << 8) + 255;
        let _ = write!(
            out,
            "a=candidate:{} 1 udp {priority} {} {} typ host\r\n",
            at + 1,
            address.ip(),
            address.port()
        );
    }
    for (at, address) in to.tcp.iter().enumerate() {
        // RFC 6544 §4.2: a type below all others, so that UDP wins where it passes; direction 4 is passive.
        let local = (4u32 << 13) + behind(at, 8_191);
        let priority = (90u32 << 24) + (local << 8) + 255;
        let _ = write!(
            out,
            "a=candidate:{} 1 tcp {priority} {} {} typ host tcptype passive\r\n",
            to.udp.len() + at + 1,
            address.ip(),
            address.port()
        );
    }
    out.push_str("a=end-of-candidates\r\n");
    out
}

/// What every kept section carries.
pub(super) fn transport(section: &Section, local: &Local) -> String {
    let hex: Vec<String> = local
        .fingerprint
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    format!(
        "c=IN IP4 0.0.0.0\r\na=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=fingerprint:sha-256 {}\r\na=setup:passive\r\na=mid:{}\r\n",
        local.credentials.ufrag,
        local.credentials.pwd,
        hex.join(":"),
        section.mid
    )
}

fn picture(section: &Section, picture: &Picture, local: &Local) -> String {
    let pt = picture.payload_type;
    let rtx = picture.rtx;
    let mut out = format!("m=video 9 {} {pt}", section.protocol);
    if let Some(rtx) = rtx {
        let _ = write!(out, " {rtx}");
    }
    out.push_str("\r\n");
    out.push_str(&transport(section, local));
    for (extension, id) in picture.extensions.iter() {
        let _ = write!(out, "a=extmap:{id} {}\r\n", extension.uri());
    }
    out.push_str(if local.sources.is_some() {
        "a=sendonly\r\n"
    } else {
        "a=recvonly\r\n"
    });
    out.push_str("a=rtcp-mux\r\na=rtcp-rsize\r\n");
    out.push_str(&codec(pt, picture.codec, &picture.feedback));
    if let Some(rtx) = rtx {
        let _ = write!(out, "a=rtpmap:{rtx} rtx/90000\r\na=fmtp:{rtx} apt={pt}\r\n");
    }
    if let Some((ssrc, repair)) = local.sources {
        out.push_str("a=msid:echo picture\r\n");
        if rtx.is_some() {
            let _ = write!(out, "a=ssrc-group:FID {ssrc} {repair}\r\n");
        }
        let _ = write!(out, "a=ssrc:{ssrc} cname:echo\r\n");
        if rtx.is_some() {
            let _ = write!(out, "a=ssrc:{repair} cname:echo\r\n");
        }
    }
    out
}

fn codec(pt: u8, codec: Codec, feedback: &[&str]) -> String {
    let mut out = format!("a=rtpmap:{pt} {}/90000\r\n", codec.kind().name());
    if let Some(fmtp) = codec.fmtp() {
        let _ = write!(out, "a=fmtp:{pt} {fmtp}\r\n");
    }
    for kind in feedback {
        let _ = write!(out, "a=rtcp-fb:{pt} {kind}\r\n");
    }
    out
}

fn data(section: &Section, local: &Local) -> String {
    format!(
        "m=application 9 {} webrtc-datachannel\r\n{}a=sctp-port:5000\r\na=max-message-size:{MAX_DATA_MESSAGE_BYTES}\r\n",
        section.protocol,
        transport(section, local)
    )
}

/// A voice or a second picture: kept in the BUNDLE, so that no client stumbles, but nothing flows.
fn idle(section: &Section, local: &Local) -> String {
    let pt = section.payload_types.first().copied().unwrap_or_default();
    let mut out = format!(
        "m={} 9 {} {pt}\r\n{}a=inactive\r\na=rtcp-mux\r\n",
        section.media,
        section.protocol,
        transport(section, local)
    );
    if let Some((encoding, fmtp)) = section.format(pt) {
        let _ = write!(out, "a=rtpmap:{pt} {encoding}\r\n");
        if let Some(fmtp) = fmtp {
            let _ = write!(out, "a=fmtp:{pt} {fmtp}\r\n");
        }
    }
    out
}

pub(super) fn refused(section: &Section) -> String {
    format!(
        "m={} 0 {} {}\r\nc=IN IP4 0.0.0.0\r\na=mid:{}\r\na=inactive\r\n",
        section.media, section.protocol, section.first_format, section.mid
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn udp_comes_first_and_tcp_waits_passively_behind_it() {
        let at = |text: &str| text.parse().unwrap();
        let to = Candidates {
            udp: vec![at("192.0.2.1:443"), at("[2001:db8::1]:443")],
            tcp: vec![at("192.0.2.1:444")],
        };
        let text = candidates(&to);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "a=candidate:1 1 udp 2130706431 192.0.2.1 443 typ host",
                "a=candidate:2 1 udp 2130706175 2001:db8::1 443 typ host",
                "a=candidate:3 1 tcp 1520435199 192.0.2.1 444 typ host tcptype passive",
                "a=end-of-candidates",
            ]
        );
    }
}
