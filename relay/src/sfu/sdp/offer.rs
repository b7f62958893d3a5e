//! What an offer asks for and what the relay agrees to.
//!
//! Owns policy: one picture, which codec, which extensions, BUNDLE, DTLS-SRTP only. It opens no connection. Called by
//! the handle before anything else happens; an offer that fails here has cost no socket, no key and no memory.
//! Invariant: an `Offer` holds checked values only, and its `sections` stand in the offered order, so that the answer
//! can name each of them (RFC 3264 §6).

use super::codec::{Codec, apt};
use super::lines::{Line, split};
use super::section::{Section, Transport};
use crate::sfu::edge::terms::{Extension, ExtensionIds};
use crate::sfu::error::OfferError;
use crate::sfu::limits::{MAX_CANDIDATES, MAX_MEDIA_SECTIONS};

/// ICE credentials of one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    /// Name.
    pub(crate) ufrag: String,
    /// Password.
    pub(crate) pwd: String,
}

/// Who makes the offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offerer {
    /// Somebody with a picture.
    Publisher,
    /// Somebody who wants to see a stream of this codec.
    Viewer(Codec),
}

/// What becomes of one offered section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The picture.
    Picture,
    /// Data channels.
    Data,
    /// Kept, but nothing flows: a voice, or a second picture.
    Idle,
    /// Refused with port 0.
    Refused,
}

/// The picture as agreed.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    /// The codec.
    pub(crate) codec: Codec,
    /// Its payload type, as the offerer named it (an answer must keep it).
    pub(crate) payload_type: u8,
    /// Payload type of retransmissions (RFC 4588): for viewers that offer one, and for publishers that name their source too.
    pub(crate) rtx: Option<u8>,
    /// Header extensions by the offerer's ids.
    pub(crate) extensions: ExtensionIds,
    /// The publisher's declared sources: the picture and its retransmissions.
    pub(crate) sources: Option<(u32, Option<u32>)>,
    /// The source of the publisher's low layer, which sends only when it is asked to, and of its retransmissions.
    pub(crate) low_layer: Option<(u32, Option<u32>)>,
    /// Feedback kept in the answer.
    pub(crate) feedback: Vec<&'static str>,
}

/// An offer that the relay will answer.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    /// All sections with their fate.
    pub(crate) sections: Vec<(Section, Fate)>,
    /// The offerer's ICE credentials.
    pub(crate) credentials: Credentials,
    /// SHA-256 of the offerer's certificate.
    pub(crate) fingerprint: [u8; 32],
    /// The picture.
    pub(crate) picture: Picture,
    /// The offerer's SCTP port, when it may open data channels.
    pub(crate) data: Option<u16>,
    /// Candidates counted so far.
    pub(crate) candidates: usize,
}

impl Offer {
    /// Reads and judges an offer.
    ///
    /// # Errors
    /// The step that failed.
    pub(crate) fn read(text: &str, offerer: Offerer) -> Result<Self, OfferError> {
        let lines = split(text)?;
        let (session, sections) = sections(&lines)?;
        let picture_at = find_picture(&sections, &session, offerer)?;
        let section = sections.get(picture_at).ok_or(OfferError::NoVideo)?;
        let picture = agree(section, offerer)?;
        let (credentials, fingerprint) = secured(&session.transport, section)?;
        let data = match offerer {
            Offerer::Publisher => find_data(&sections)?,
            Offerer::Viewer(_) => None,
        };
        let fates: Vec<Fate> = sections
            .iter()
            .enumerate()
            .map(|(at, section)| fate(at, section, picture_at, data.map(|(at, _)| at)))
            .collect();
        check_bundle(&session, &sections, |at| {
            fates.get(at).is_some_and(|fate| *fate != Fate::Refused)
        })?;
        Ok(Self {
            candidates: sections.iter().map(|s| s.candidates).sum(),
            sections: sections.into_iter().zip(fates).collect(),
            credentials,
            fingerprint,
            picture,
            data: data.map(|(_, port)| port),
        })
    }
}

/// The session part.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) transport: Transport,
    /// Mids of `a=group:BUNDLE`.
    bundle: Option<Vec<String>>,
    ice_lite: bool,
}

/// Splits lines into the session part and the sections.
pub(super) fn sections(lines: &[Line<'_>]) -> Result<(Session, Vec<Section>), OfferError> {
    let mut rest = lines.iter();
    match rest.next() {
        Some(line) if line.key == b'v' && line.value == "0" => {}
        _ => return Err(OfferError::Malformed("it does not begin with v=0")),
    }
    let mut session = Session::default();
    let mut sections: Vec<Section> = Vec::new();
    for line in rest {
        match line.key {
            b'v' => return Err(OfferError::Malformed("two v= lines")),
            b'm' if sections.len() >= MAX_MEDIA_SECTIONS => {
                return Err(OfferError::TooMany("media sections"));
            }
            b'm' => sections.push(Section::open(line.value)?),
            _ => match sections.last_mut() {
                Some(section) => section.take(*line)?,
                None => session.take(*line)?,
            },
        }
    }
    check_mids(&sections)?;
    if session.ice_lite {
        // Two lite sides never send a check (RFC 8445 §6.1.1 needs one full side here).
        return Err(OfferError::Lacks("full ICE"));
    }
    if sections.iter().map(|s| s.candidates).sum::<usize>() > MAX_CANDIDATES {
        return Err(OfferError::TooMany("candidates"));
    }
    Ok((session, sections))
}

impl Session {
    fn take(&mut self, line: Line<'_>) -> Result<(), OfferError> {
        if self.transport.take(line)? {
            return Ok(());
        }
        if line.attribute("ice-lite").is_some() {
            self.ice_lite = true;
        } else if let Some(group) = line.attribute("group") {
            let mut words = group.split(' ');
            if words.next() == Some("BUNDLE") {
                let mids = words.map(str::to_owned).collect();
                if self.bundle.replace(mids).is_some() {
                    return Err(OfferError::Malformed("two BUNDLE groups"));
                }
            }
        }
        Ok(())
    }
}

fn check_mids(sections: &[Section]) -> Result<(), OfferError> {
    for (at, section) in sections.iter().enumerate() {
        if section.mid.is_empty() {
            return Err(OfferError::Lacks("a=mid"));
        }
        if sections.iter().skip(at + 1).any(|s| s.mid == section.mid) {
            return Err(OfferError::Malformed("two sections with one mid"));
        }
    }
    Ok(())
}

/// The first video section that flows the right way.
fn find_picture(
    sections: &[Section],
    session: &Session,
    offerer: Offerer,
) -> Result<usize, OfferError> {
    let mut wrong_way = false;
    for (at, section) in sections.iter().enumerate() {
        if section.media != "video" || section.rejected {
            continue;
        }
        let direction = section.transport.direction;
        let direction = direction.or(session.transport.direction);
        let direction = direction.unwrap_or(super::section::Direction::SendRecv);
        let flows = match offerer {
            Offerer::Publisher => direction.sends(),
            Offerer::Viewer(_) => direction.receives(),
        };
        if flows {
            return Ok(at);
        }
        wrong_way = true;
    }
    Err(if wrong_way {
        OfferError::DirectionRefused
    } else {
        OfferError::NoVideo
    })
}

/// The data section, when there is one.
fn find_data(sections: &[Section]) -> Result<Option<(usize, u16)>, OfferError> {
    let found = sections
        .iter()
        .enumerate()
        .find(|(_, s)| s.media == "application" && !s.rejected);
    let Some((at, section)) = found else {
        return Ok(None);
    };
    if section.first_format != "webrtc-datachannel" || !section.protocol.ends_with("DTLS/SCTP") {
        return Ok(None);
    }
    match section.sctp_port {
        Some(port) => Ok(Some((at, port))),
        None => Err(OfferError::Lacks("a=sctp-port")),
    }
}

fn fate(at: usize, section: &Section, picture: usize, data: Option<usize>) -> Fate {
    if at == picture {
        Fate::Picture
    } else if Some(at) == data {
        Fate::Data
    } else if section.rejected || !matches!(section.media.as_str(), "audio" | "video") {
        Fate::Refused
    } else if is_dtls_srtp(section) && section.rtcp_mux {
        Fate::Idle
    } else {
        Fate::Refused
    }
}

/// RFC 9143: everything that is kept shares one transport; RFC 9725 §4.1 asks WHIP clients for it.
pub(super) fn check_bundle(
    session: &Session,
    sections: &[Section],
    is_kept: impl Fn(usize) -> bool,
) -> Result<(), OfferError> {
    let kept = || {
        let kept = sections.iter().enumerate().filter(|(at, _)| is_kept(*at));
        kept.map(|(_, section)| section)
    };
    match &session.bundle {
        None if kept().count() > 1 => Err(OfferError::Lacks("BUNDLE")),
        None => Ok(()),
        Some(mids) => {
            let known = |mid: &String| sections.iter().any(|s| s.mid == *mid);
            if !mids.iter().all(known) {
                return Err(OfferError::Malformed("BUNDLE names an unknown mid"));
            }
            if kept().any(|s| !mids.contains(&s.mid)) {
                return Err(OfferError::Lacks("BUNDLE"));
            }
            Ok(())
        }
    }
}

pub(super) fn is_dtls_srtp(section: &Section) -> bool {
    matches!(
        section.protocol.as_str(),
        "UDP/TLS/RTP/SAVPF" | "TLS/RTP/SAVPF" | "UDP/TLS/RTP/SAVP"
    )
}

/// Credentials and fingerprint of a section, its own before the session's.
pub(super) fn secured(
    session: &Transport,
    section: &Section,
) -> Result<(Credentials, [u8; 32]), OfferError> {
    if !is_dtls_srtp(section) {
        return Err(OfferError::Insecure("DTLS-SRTP is required"));
    }
    if !section.rtcp_mux {
        return Err(OfferError::Lacks("rtcp-mux"));
    }
    let own = &section.transport;
    if own.may_connect.or(session.may_connect) == Some(false) {
        return Err(OfferError::Lacks("setup:actpass"));
    }
    let either = |own: &Option<String>, other: &Option<String>| own.clone().or(other.clone());
    let credentials = Credentials {
        ufrag: either(&own.ufrag, &session.ufrag).ok_or(OfferError::Lacks("a=ice-ufrag"))?,
        pwd: either(&own.pwd, &session.pwd).ok_or(OfferError::Lacks("a=ice-pwd"))?,
    };
    match own.sha256.or(session.sha256) {
        Some(fingerprint) => Ok((credentials, fingerprint)),
        None if own.other_fingerprint || session.other_fingerprint => {
            Err(OfferError::Insecure("the fingerprint is not SHA-256"))
        }
        None => Err(OfferError::Insecure("no fingerprint")),
    }
}

/// Chooses codec, retransmission, extensions and feedback.
fn agree(section: &Section, offerer: Offerer) -> Result<Picture, OfferError> {
    let offered = section.payload_types.iter().filter_map(|pt| {
        let (encoding, fmtp) = section.format(*pt)?;
        Some((*pt, Codec::read(encoding, fmtp)?))
    });
    let chosen = match offerer {
        // The publisher's first choice.
        Offerer::Publisher => offered.map(|(pt, codec)| (0, pt, codec)).next(),
        Offerer::Viewer(stream) => offered
            .filter_map(|(pt, codec)| Some((codec.distance(stream)?, pt, codec)))
            .min_by_key(|(distance, _, _)| *distance),
    };
    let (_, payload_type, codec) = chosen.ok_or(OfferError::NoSupportedCodec)?;
    let rtx = section.payload_types.iter().copied().find(|pt| {
        *pt != payload_type
            && section.format(*pt).is_some_and(|(encoding, fmtp)| {
                encoding.eq_ignore_ascii_case("rtx/90000")
                    && fmtp.and_then(apt) == Some(payload_type)
            })
    });
    let mut extensions = ExtensionIds::default();
    for (id, uri) in &section.extensions {
        if let Some(extension) = Extension::of_uri(uri) {
            extensions.set(extension, *id);
        }
    }
    let feedback: &[&'static str] = match offerer {
        Offerer::Publisher => {
            extensions.keep(&Extension::FROM_PUBLISHERS);
            &["nack", "nack pli", "transport-cc"]
        }
        Offerer::Viewer(_) => {
            extensions.keep(&Extension::TO_VIEWERS);
            &["nack", "nack pli", "ccm fir", "transport-cc"]
        }
    };
    let feedback = feedback.iter().copied();
    let sources = sources(section);
    let is_named = sources.is_some_and(|(_, repair)| repair.is_some());
    Ok(Picture {
        codec,
        payload_type,
        // What a publisher repeats on a source that nobody named could not be told from a second picture.
        rtx: rtx.filter(|_| matches!(offerer, Offerer::Viewer(_)) || is_named),
        extensions,
        sources,
        low_layer: low_layer(section).filter(|_| matches!(offerer, Offerer::Publisher)),
        feedback: feedback
            .filter(|kind| section.has_feedback(payload_type, kind))
            .collect(),
    })
}

/// A low layer beside a declared picture. Without one a packet's source would not tell which is which.
fn low_layer(section: &Section) -> Option<(u32, Option<u32>)> {
    let (low, repair) = section.low_layer?;
    let is_taken = |ssrc: &u32| {
        let in_pair = |(of, by): &(u32, u32)| of == ssrc || by == ssrc;
        section.ssrcs.contains(ssrc) || section.repairs.iter().any(in_pair)
    };
    let is_picture = section.ssrcs.is_empty() || is_taken(&low);
    let repair = repair.filter(|repair| !is_taken(repair) && *repair != low);
    (!is_picture).then_some((low, repair))
}

/// The first declared source that is no retransmission, and its retransmission.
fn sources(section: &Section) -> Option<(u32, Option<u32>)> {
    let is_repair = |ssrc: &&u32| section.repairs.iter().any(|(_, repair)| repair == *ssrc);
    let primary = *section.ssrcs.iter().find(|ssrc| !is_repair(ssrc))?;
    let repair = section.repairs.iter().find(|(of, _)| *of == primary);
    Some((primary, repair.map(|(_, repair)| *repair)))
}
