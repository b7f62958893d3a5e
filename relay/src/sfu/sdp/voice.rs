//! The voice of one page: what it offers and what the relay answers.
//!
//! ```text
//! offer                                   answer
//!  m=audio sendrecv|sendonly  own voice    recvonly, RED and Opus as offered, level of RFC 6464
//!  m=audio recvonly           a seat       sendonly with a source of ours      (at most MAX_SEATS)
//!  anything else                           refused with port 0
//! ```
//!
//! A connection of its own, beside the picture's: so the picture is never held back until the voice fits its lips. The own
//! section may receive nothing, so that each of the others has a seat and none is special. Owns policy and text; it opens
//! no connection. Invariants as for pictures: checked values only, sections in the offered order, payload types kept.

use super::answer::{Local, candidates, head, refused, transport};
use super::lines::split;
use super::offer::{Credentials, check_bundle, is_dtls_srtp, sections, secured};
use super::section::{Direction, Section};
use crate::sfu::error::OfferError;
use crate::sfu::limits::MAX_SEATS;
use std::fmt::Write;

/// RFC 6464.
const LEVEL_URI: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
/// In-band FEC and discontinuous transmission (RFC 7587 §6.1), speech at 32 kbit/s: with RED about 90 kbit/s in all.
const OPUS_TERMS: &str = "minptime=10;useinbandfec=1;usedtx=1;maxaveragebitrate=32000";

/// What becomes of one offered section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The page's own voice.
    Own,
    /// A seat for somebody else's, with this place among them.
    Seat(usize),
    /// Refused with port 0.
    Refused,
}

/// How a page names its formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Formats {
    /// Opus.
    pub(crate) opus: u8,
    /// Opus with the frame before once more, where the page knows it.
    pub(crate) red: Option<u8>,
    /// Id of the audio level on its own voice.
    pub(crate) level: Option<u8>,
}

/// An offer that the relay will answer.
#[derive(Debug, Clone)]
pub(crate) struct VoiceOffer {
    /// All sections with their fate.
    pub(crate) sections: Vec<(Section, Fate)>,
    /// The page's ICE credentials.
    pub(crate) credentials: Credentials,
    /// SHA-256 of its certificate.
    pub(crate) fingerprint: [u8; 32],
    /// Its formats.
    pub(crate) formats: Formats,
    /// The source of its own voice, when it declares one and may speak.
    pub(crate) source: Option<u32>,
    /// Candidates counted so far.
    pub(crate) candidates: usize,
}

impl VoiceOffer {
    /// Reads and judges an offer. Who may not speak gets seats only.
    ///
    /// # Errors
    /// The step that failed.
    pub(crate) fn read(text: &str, may_speak: bool) -> Result<Self, OfferError> {
        let lines = split(text)?;
        let (session, sections) = sections(&lines)?;
        let (mut own, mut seats) = (None, 0);
        let mut fates = Vec::with_capacity(sections.len());
        for (at, section) in sections.iter().enumerate() {
            let direction = section.transport.direction;
            let direction = direction.or(session.transport.direction);
            let direction = direction.unwrap_or(Direction::SendRecv);
            let usable = section.media == "audio"
                && !section.rejected
                && section.rtcp_mux
                && is_dtls_srtp(section);
            fates.push(match direction {
                _ if !usable => Fate::Refused,
                direction if direction.sends() && own.is_none() && may_speak => {
                    own = Some(at);
                    Fate::Own
                }
                Direction::RecvOnly if seats < MAX_SEATS => {
                    seats += 1;
                    Fate::Seat(seats - 1)
                }
                _ => Fate::Refused,
            });
        }
        let kept = fates.iter().position(|fate| *fate != Fate::Refused);
        let section = kept
            .and_then(|at| sections.get(at))
            .ok_or(OfferError::NoVoice)?;
        let (credentials, fingerprint) = secured(&session.transport, section)?;
        let spoken = own.and_then(|at| sections.get(at));
        let formats = formats(section, spoken)?;
        check_bundle(&session, &sections, |at| {
            fates.get(at).is_some_and(|fate| *fate != Fate::Refused)
        })?;
        Ok(Self {
            candidates: sections.iter().map(|s| s.candidates).sum(),
            source: spoken.and_then(|section| section.ssrcs.first().copied()),
            sections: sections.into_iter().zip(fates).collect(),
            credentials,
            fingerprint,
            formats,
        })
    }

    /// How many seats it has.
    pub(crate) fn seats(&self) -> usize {
        let is_seat = |(_, fate): &&(Section, Fate)| matches!(fate, Fate::Seat(_));
        self.sections.iter().filter(is_seat).count()
    }

    /// Whether it brings a voice.
    pub(crate) fn speaks(&self) -> bool {
        self.sections.iter().any(|(_, fate)| *fate == Fate::Own)
    }

    /// Mid of the section that carries the candidates: the first that is kept.
    pub(crate) fn candidates_mid(&self) -> String {
        let kept = self
            .sections
            .iter()
            .find(|(_, fate)| *fate != Fate::Refused);
        kept.map(|(section, _)| section.mid.clone())
            .unwrap_or_default()
    }
}

/// The formats of a section; in a bundle a payload type means the same everywhere (RFC 8843 §10.1.2).
fn formats(section: &Section, own: Option<&Section>) -> Result<Formats, OfferError> {
    let find = |wanted: &str| {
        section.payload_types.iter().copied().find(|pt| {
            section
                .format(*pt)
                .is_some_and(|(encoding, _)| encoding.eq_ignore_ascii_case(wanted))
        })
    };
    let opus = find("opus/48000/2").ok_or(OfferError::NoSupportedCodec)?;
    let holds_opus = |pt: &u8| {
        let parameters = section.format(*pt).and_then(|(_, fmtp)| fmtp);
        parameters.is_some_and(|fmtp| fmtp.split('/').all(|of| of == opus.to_string()))
    };
    let level = own.and_then(|own| {
        let known = own.extensions.iter().find(|(_, uri)| uri == LEVEL_URI);
        known.map(|(id, _)| *id).filter(|id| (1..=14).contains(id))
    });
    Ok(Formats {
        opus,
        red: find("red/48000/2").filter(holds_opus),
        level,
    })
}

/// Writes the answer. `sources` are those of the seats, in their order.
pub(crate) fn write(offer: &VoiceOffer, local: &Local, sources: &[u32]) -> String {
    let kept = |fate: &Fate| *fate != Fate::Refused;
    let mids = offer.sections.iter().filter(|(_, fate)| kept(fate));
    let mut out = head(local, mids.map(|(section, _)| section.mid.as_str()));
    let first = offer.sections.iter().position(|(_, fate)| kept(fate));
    for (at, (section, fate)) in offer.sections.iter().enumerate() {
        match fate {
            Fate::Own => out.push_str(&own(section, offer.formats, local)),
            Fate::Seat(n) => {
                let source = sources.get(*n).copied().unwrap_or_default();
                out.push_str(&seat(section, offer.formats, local, (*n, source)));
            }
            Fate::Refused => out.push_str(&refused(section)),
        }
        if Some(at) == first {
            out.push_str(&candidates(&local.candidates));
        }
    }
    out
}

fn own(section: &Section, formats: Formats, local: &Local) -> String {
    let mut out = opening(section, formats, local);
    if let Some(id) = formats.level {
        let _ = write!(out, "a=extmap:{id} {LEVEL_URI}\r\n");
    }
    out.push_str("a=recvonly\r\n");
    out
}

fn seat(section: &Section, formats: Formats, local: &Local, (n, source): (usize, u32)) -> String {
    let mut out = opening(section, formats, local);
    let _ = write!(
        out,
        "a=sendonly\r\na=msid:voice{n} voice{n}\r\na=ssrc:{source} cname:voice{n}\r\n"
    );
    out
}

fn opening(section: &Section, formats: Formats, local: &Local) -> String {
    let Formats { opus, red, .. } = formats;
    let mut out = format!("m=audio 9 {}", section.protocol);
    // The first one is what the page sends (RFC 3264 §6.1).
    if let Some(red) = red {
        let _ = write!(out, " {red}");
    }
    let _ = write!(
        out,
        " {opus}\r\n{}a=rtcp-mux\r\n",
        transport(section, local)
    );
    if let Some(red) = red {
        let _ = write!(
            out,
            "a=rtpmap:{red} red/48000/2\r\na=fmtp:{red} {opus}/{opus}\r\n"
        );
    }
    let _ = write!(
        out,
        "a=rtpmap:{opus} opus/48000/2\r\na=fmtp:{opus} {OPUS_TERMS}\r\n"
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sfu::sdp::offer::Credentials;

    /// As Chromium writes it: an own voice, then seats.
    fn offer(sections: &[&str]) -> String {
        let mids: Vec<String> = (0..sections.len()).map(|n| n.to_string()).collect();
        let mut text = format!(
            "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\n",
            mids.join(" ")
        );
        for (mid, direction) in sections.iter().enumerate() {
            let _ = write!(
                text,
                "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\n\
                 a=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 {}\r\na=setup:actpass\r\na=mid:{mid}\r\n\
                 a=extmap:1 {LEVEL_URI}\r\na={direction}\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n\
                 a=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=rtpmap:9 G722/8000\r\n",
                ["AB"; 32].join(":")
            );
        }
        text
    }

    fn local() -> Local {
        Local {
            credentials: Credentials {
                ufrag: "ours".to_owned(),
                pwd: "p".repeat(24),
            },
            fingerprint: [7; 32],
            candidates: super::super::answer::Candidates {
                udp: vec!["192.0.2.1:9".parse().unwrap()],
                tcp: Vec::new(),
            },
            session_number: 1,
            sources: None,
        }
    }

    fn fates(offer: &VoiceOffer) -> Vec<Fate> {
        offer.sections.iter().map(|(_, fate)| *fate).collect()
    }

    #[test]
    fn an_own_voice_and_seats_are_agreed_and_answered_in_the_offered_order() {
        let read = VoiceOffer::read(&offer(&["sendrecv", "recvonly", "recvonly"]), true).unwrap();
        assert_eq!(fates(&read), [Fate::Own, Fate::Seat(0), Fate::Seat(1)]);
        let expected = Formats {
            opus: 111,
            red: Some(63),
            level: Some(1),
        };
        assert_eq!(
            (read.formats, read.seats(), read.speaks()),
            (expected, 2, true)
        );
        let answer = write(&read, &local(), &[500, 501]);
        let lines: Vec<&str> = answer
            .lines()
            .filter(|line| {
                ["m=", "a=recvonly", "a=sendonly", "a=ssrc:", "a=candidate"]
                    .iter()
                    .any(|start| line.starts_with(start))
            })
            .collect();
        assert_eq!(
            lines,
            [
                "m=audio 9 UDP/TLS/RTP/SAVPF 63 111",
                "a=recvonly",
                "a=candidate:1 1 udp 2130706431 192.0.2.1 9 typ host",
                "m=audio 9 UDP/TLS/RTP/SAVPF 63 111",
                "a=sendonly",
                "a=ssrc:500 cname:voice0",
                "m=audio 9 UDP/TLS/RTP/SAVPF 63 111",
                "a=sendonly",
                "a=ssrc:501 cname:voice1",
            ]
        );
        assert!(answer.contains("usedtx=1") && answer.contains("useinbandfec=1"));
    }

    #[test]
    fn who_may_not_speak_gets_seats_only() {
        let read = VoiceOffer::read(&offer(&["sendonly", "recvonly"]), false).unwrap();
        assert_eq!(fates(&read), [Fate::Refused, Fate::Seat(0)]);
        assert!(write(&read, &local(), &[500]).contains("m=audio 0 "));
    }

    #[test]
    fn what_is_no_voice_is_refused_with_its_reason() {
        let whole = offer(&["sendrecv", "recvonly"]);
        for (change, to, expected) in [
            ("m=audio", "m=video", OfferError::NoVoice),
            ("opus/48000/2", "PCMU/8000", OfferError::NoSupportedCodec),
            (
                "sha-256",
                "sha-1",
                OfferError::Insecure("the fingerprint is not SHA-256"),
            ),
            ("a=group:BUNDLE 0 1\r\n", "", OfferError::Lacks("BUNDLE")),
            ("a=rtcp-mux\r\n", "", OfferError::NoVoice),
        ] {
            let changed = whole.replace(change, to);
            assert_eq!(
                VoiceOffer::read(&changed, true).err(),
                Some(expected),
                "{change}"
            );
        }
        let seats = ["recvonly"; MAX_SEATS + 1];
        let read = VoiceOffer::read(&offer(&seats), true).unwrap();
        assert_eq!(read.seats(), MAX_SEATS);
        for cut in (0..whole.len()).step_by(7) {
            let _ = VoiceOffer::read(whole.get(..cut).unwrap(), true);
        }
    }
}
