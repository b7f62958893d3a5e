//! One media section of an offer, read attribute by attribute.
//!
//! Owns the reading of everything that stands below an `m=` line. It checks each value by itself; what the sections
//! mean together is `offer`. Invariant: limits are checked before anything is stored.

use super::codec::{payload_type, rtpmap};
use super::lines::{Line, decimal, is_token, words};
use crate::sfu::error::OfferError;
use crate::sfu::limits::{MAX_CANDIDATES, MAX_EXTENSIONS, MAX_PAYLOAD_TYPES, MAX_SSRC_LINES};
use wire::agent::LOW_LAYER_ATTRIBUTE;

/// Longest mid taken; browsers use one digit.
const MAX_MID: usize = 32;

/// Which way media flows, as the offerer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Both ways.
    SendRecv,
    /// From the offerer.
    SendOnly,
    /// To the offerer.
    RecvOnly,
    /// Not at all.
    Inactive,
}

impl Direction {
    /// The offerer sends.
    pub(crate) const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// The offerer receives.
    pub(crate) const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }
}

/// Attributes that may stand in the session part or in a section (RFC 8839, RFC 8122, RFC 8866).
#[derive(Debug, Clone, Default)]
pub(crate) struct Transport {
    /// `a=ice-ufrag`.
    pub(crate) ufrag: Option<String>,
    /// `a=ice-pwd`.
    pub(crate) pwd: Option<String>,
    /// `a=fingerprint:sha-256`.
    pub(crate) sha256: Option<[u8; 32]>,
    /// A fingerprint of another kind was given.
    pub(crate) other_fingerprint: bool,
    /// `a=setup` allows the offerer to be the DTLS client.
    pub(crate) may_connect: Option<bool>,
    /// Direction.
    pub(crate) direction: Option<Direction>,
}

impl Transport {
    /// Takes a line if it is one of these; tells whether it was.
    pub(crate) fn take(&mut self, line: Line<'_>) -> Result<bool, OfferError> {
        if let Some(value) = line.attribute("ice-ufrag") {
            self.ufrag = Some(ice_string(value, 4)?);
        } else if let Some(value) = line.attribute("ice-pwd") {
            self.pwd = Some(ice_string(value, 22)?);
        } else if let Some(value) = line.attribute("fingerprint") {
            self.fingerprint(value)?;
        } else if let Some(value) = line.attribute("setup") {
            self.may_connect = Some(match value {
                "actpass" | "active" => true,
                "passive" | "holdconn" => false,
                _ => return Err(OfferError::Malformed("a=setup")),
            });
        } else if let Some(direction) = direction(line) {
            if self.direction.replace(direction).is_some() {
                return Err(OfferError::Malformed("two directions"));
            }
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn fingerprint(&mut self, value: &str) -> Result<(), OfferError> {
        let [algorithm, hex] = words::<2>(value).ok_or(OfferError::Malformed("a=fingerprint"))?;
        if !algorithm.eq_ignore_ascii_case("sha-256") {
            self.other_fingerprint = true;
            return Ok(());
        }
        let bytes = sha256(hex).ok_or(OfferError::Malformed("a=fingerprint"))?;
        // RFC 8122 §5 allows several; two that differ leave open which certificate is meant.
        if self.sha256.replace(bytes).is_some_and(|old| old != bytes) {
            return Err(OfferError::Malformed("two fingerprints"));
        }
        Ok(())
    }
}

/// One `m=` section.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    /// `video`, `audio`, `application` or another token.
    pub(crate) media: String,
    /// Offered with port 0: rejected by the offerer itself.
    pub(crate) rejected: bool,
    /// The transport of the `m=` line, for example `UDP/TLS/RTP/SAVPF`.
    pub(crate) protocol: String,
    /// The first word of its formats, echoed when the section is refused.
    pub(crate) first_format: String,
    /// Payload types in the order of preference; empty for data.
    pub(crate) payload_types: Vec<u8>,
    /// `a=mid`.
    pub(crate) mid: String,
    /// ICE, DTLS and direction.
    pub(crate) transport: Transport,
    /// `a=rtcp-mux`.
    pub(crate) rtcp_mux: bool,
    /// `a=rtpmap`: payload type, encoding.
    pub(crate) rtpmaps: Vec<(u8, String)>,
    /// `a=fmtp`: payload type, parameters.
    pub(crate) fmtps: Vec<(u8, String)>,
    /// `a=rtcp-fb`: payload type (None for `*`), value.
    pub(crate) feedback: Vec<(Option<u8>, String)>,
    /// `a=extmap`: id, URI.
    pub(crate) extensions: Vec<(u8, String)>,
    /// `a=ssrc` sources in order of appearance.
    pub(crate) ssrcs: Vec<u32>,
    /// `a=ssrc-group:FID` primary and retransmission source.
    pub(crate) repairs: Vec<(u32, u32)>,
    /// The source of the low layer and that of its retransmissions, as our agent names them.
    pub(crate) low_layer: Option<(u32, Option<u32>)>,
    /// `a=sctp-port`.
    pub(crate) sctp_port: Option<u16>,
    /// `a=max-message-size`; 0 means any.
    pub(crate) max_message_size: Option<u64>,
    /// Lines counted against `MAX_CANDIDATES`.
    pub(crate) candidates: usize,
    /// Lines counted against `MAX_SSRC_LINES`.
    ssrc_lines: usize,
}

impl Section {
    /// Reads the `m=` line.
    pub(crate) fn open(value: &str) -> Result<Self, OfferError> {
        let bad = OfferError::Malformed("m= line");
        let mut parts = value.split(' ');
        let mut next = || parts.next().filter(|word| !word.is_empty()).ok_or(bad);
        let (media, port, protocol) = (next()?, next()?, next()?);
        if !is_token(media, 32) || !protocol.split('/').all(|part| is_token(part, 16)) {
            return Err(bad);
        }
        // A range of ports ("9/2") is legal SDP, but no WebRTC.
        let port = decimal::<u16>(port).ok_or(bad)?;
        let formats: Vec<&str> = parts.collect();
        let first_format = formats
            .first()
            .copied()
            .filter(|format| is_token(format, 64))
            .ok_or(bad)?;
        if formats.len() > MAX_PAYLOAD_TYPES {
            return Err(OfferError::TooMany("payload types"));
        }
        let payload_types = if media == "application" {
            Vec::new()
        } else {
            let read = |format: &&str| payload_type(format);
            formats.iter().map(read).collect::<Option<_>>().ok_or(bad)?
        };
        Ok(Self {
            media: media.to_owned(),
            rejected: port == 0,
            protocol: protocol.to_owned(),
            first_format: first_format.to_owned(),
            payload_types,
            mid: String::new(),
            transport: Transport::default(),
            rtcp_mux: false,
            rtpmaps: Vec::new(),
            fmtps: Vec::new(),
            feedback: Vec::new(),
            extensions: Vec::new(),
            ssrcs: Vec::new(),
            repairs: Vec::new(),
            low_layer: None,
            sctp_port: None,
            max_message_size: None,
            candidates: 0,
            ssrc_lines: 0,
        })
    }

    /// Reads one line below it. Unknown attributes are skipped (RFC 8866 §5.13).
    pub(crate) fn take(&mut self, line: Line<'_>) -> Result<(), OfferError> {
        if line.key != b'a' || self.transport.take(line)? {
            return Ok(());
        }
        if let Some(mid) = line.attribute("mid") {
            if !self.mid.is_empty() || !is_token(mid, MAX_MID) {
                return Err(OfferError::Malformed("a=mid"));
            }
            mid.clone_into(&mut self.mid);
        } else if line.attribute("rtcp-mux").is_some() {
            self.rtcp_mux = true;
        } else if line.attribute("candidate").is_some() {
            self.candidates += 1;
            if self.candidates > MAX_CANDIDATES {
                return Err(OfferError::TooMany("candidates"));
            }
        } else if let Some(value) = line.attribute("sctp-port") {
            let port = decimal::<u16>(value).filter(|port| *port != 0);
            self.sctp_port = Some(port.ok_or(OfferError::Malformed("a=sctp-port"))?);
        } else if let Some(value) = line.attribute("max-message-size") {
            let size = decimal::<u64>(value);
            self.max_message_size = Some(size.ok_or(OfferError::Malformed("a=max-message-size"))?);
        } else {
            return self.take_rtp(line);
        }
        Ok(())
    }

    fn take_rtp(&mut self, line: Line<'_>) -> Result<(), OfferError> {
        if let Some(value) = line.attribute("rtpmap") {
            let (pt, encoding) = rtpmap(value).ok_or(OfferError::Malformed("a=rtpmap"))?;
            bounded(&mut self.rtpmaps, (pt, encoding.to_owned()), "codecs")?;
        } else if let Some(value) = line.attribute("fmtp") {
            let bad = OfferError::Malformed("a=fmtp");
            let (pt, parameters) = value.split_once(' ').ok_or(bad)?;
            let pt = payload_type(pt).ok_or(bad)?;
            bounded(&mut self.fmtps, (pt, parameters.to_owned()), "codecs")?;
        } else if let Some(value) = line.attribute("rtcp-fb") {
            self.take_feedback(value)?;
        } else if let Some(value) = line.attribute("extmap") {
            self.take_extension(value)?;
        } else if let Some(value) = line.attribute("ssrc") {
            self.take_ssrc(value)?;
        } else if let Some(value) = line.attribute("ssrc-group") {
            self.take_ssrc_group(value)?;
        } else if let Some(value) = line.attribute(LOW_LAYER_ATTRIBUTE) {
            let bad = OfferError::Malformed("the low layer's source");
            let (source, repair) = match value.split_once(' ') {
                Some((source, repair)) => (source, Some(ssrc(repair).ok_or(bad)?)),
                None => (value, None),
            };
            self.low_layer = Some((ssrc(source).ok_or(bad)?, repair));
        }
        Ok(())
    }

    fn take_feedback(&mut self, value: &str) -> Result<(), OfferError> {
        let bad = OfferError::Malformed("a=rtcp-fb");
        let (pt, kind) = value.split_once(' ').ok_or(bad)?;
        let pt = match pt {
            "*" => None,
            pt => Some(payload_type(pt).ok_or(bad)?),
        };
        // Eight kinds for each payload type are more than exist.
        if self.feedback.len() >= MAX_PAYLOAD_TYPES * 8 {
            return Err(OfferError::TooMany("feedback lines"));
        }
        self.feedback.push((pt, kind.to_owned()));
        Ok(())
    }

    fn take_extension(&mut self, value: &str) -> Result<(), OfferError> {
        let bad = OfferError::Malformed("a=extmap");
        let (id, rest) = value.split_once(' ').ok_or(bad)?;
        // RFC 8285 §5: `id["/"direction] URI [attributes]`, ids 1-255 (4096 and up stand for "to be chosen").
        let id = id.split_once('/').map_or(id, |(id, _)| id);
        let id = decimal::<u8>(id).filter(|id| *id != 0).ok_or(bad)?;
        let uri = rest.split(' ').next().unwrap_or_default();
        if self.extensions.len() >= MAX_EXTENSIONS {
            return Err(OfferError::TooMany("header extensions"));
        }
        if uri.is_empty() || self.extensions.iter().any(|(used, _)| *used == id) {
            return Err(bad);
        }
        self.extensions.push((id, uri.to_owned()));
        Ok(())
    }

    fn take_ssrc(&mut self, value: &str) -> Result<(), OfferError> {
        self.ssrc_lines += 1;
        if self.ssrc_lines > MAX_SSRC_LINES {
            return Err(OfferError::TooMany("sources"));
        }
        let id = value.split(' ').next().unwrap_or_default();
        let id = ssrc(id).ok_or(OfferError::Malformed("a=ssrc"))?;
        if !self.ssrcs.contains(&id) {
            self.ssrcs.push(id);
        }
        Ok(())
    }

    fn take_ssrc_group(&mut self, value: &str) -> Result<(), OfferError> {
        self.ssrc_lines += 1;
        if self.ssrc_lines > MAX_SSRC_LINES {
            return Err(OfferError::TooMany("sources"));
        }
        let Some([semantics, primary, repair]) = words::<3>(value) else {
            return Ok(());
        };
        if semantics == "FID" {
            let bad = OfferError::Malformed("a=ssrc-group");
            let pair = (ssrc(primary).ok_or(bad)?, ssrc(repair).ok_or(bad)?);
            self.repairs.push(pair);
        }
        Ok(())
    }

    /// Encoding and parameters of a payload type.
    pub(crate) fn format(&self, pt: u8) -> Option<(&str, Option<&str>)> {
        let (_, encoding) = self.rtpmaps.iter().find(|(mapped, _)| *mapped == pt)?;
        let fmtp = self.fmtps.iter().find(|(mapped, _)| *mapped == pt);
        Some((encoding, fmtp.map(|(_, parameters)| parameters.as_str())))
    }

    /// Whether the offerer takes this kind of feedback for a payload type.
    pub(crate) fn has_feedback(&self, pt: u8, kind: &str) -> bool {
        self.feedback
            .iter()
            .any(|(of, offered)| of.is_none_or(|of| of == pt) && offered == kind)
    }
}

/// Adds to a list that may not hold more than one entry per payload type.
fn bounded(
    list: &mut Vec<(u8, String)>,
    entry: (u8, String),
    what: &'static str,
) -> Result<(), OfferError> {
    if list.len() >= MAX_PAYLOAD_TYPES {
        return Err(OfferError::TooMany(what));
    }
    list.push(entry);
    Ok(())
}

fn direction(line: Line<'_>) -> Option<Direction> {
    match (line.key, line.value) {
        (b'a', "sendrecv") => Some(Direction::SendRecv),
        (b'a', "sendonly") => Some(Direction::SendOnly),
        (b'a', "recvonly") => Some(Direction::RecvOnly),
        (b'a', "inactive") => Some(Direction::Inactive),
        _ => None,
    }
}

/// A source; 0 is never used by senders and would match "none" in foreign software.
fn ssrc(text: &str) -> Option<u32> {
    decimal::<u32>(text).filter(|ssrc| *ssrc != 0)
}

/// ICE strings (RFC 8839 §5.4): letters, digits, + and /.
pub(crate) fn ice_string(value: &str, shortest: usize) -> Result<String, OfferError> {
    let well_formed = (shortest..=256).contains(&value.len())
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/');
    if well_formed {
        Ok(value.to_owned())
    } else {
        Err(OfferError::Malformed("ICE credentials"))
    }
}

/// `AB:CD:...`, 32 bytes.
fn sha256(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let mut parts = hex.split(':');
    for byte in &mut bytes {
        let part = parts.next()?;
        if part.len() != 2 || !part.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(bytes)
}
