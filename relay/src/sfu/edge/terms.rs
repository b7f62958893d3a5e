//! What two sides of one connection agreed on: codec, sources, header extensions, fingerprint.
//!
//! Owns the result of a negotiation in plain values. It neither reads SDP nor drives a connection.

use crate::sfu::sdp::codec::Codec;

/// Header extensions that the relay understands (RFC 8285), in the order of `ExtensionIds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extension {
    /// How long a receiver may hold a frame: the relay fills in 0/0.
    PlayoutDelay,
    /// Turned picture of a phone or tablet.
    VideoOrientation,
    /// When the frame was captured, by the publisher's clock.
    AbsCaptureTime,
    /// Transport-wide numbering, for whoever estimates the link: a publisher, or the relay towards a viewer.
    TransportCc,
}

impl Extension {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [
        Self::PlayoutDelay,
        Self::VideoOrientation,
        Self::AbsCaptureTime,
        Self::TransportCc,
    ];
    /// Kept in an answer to a publisher.
    pub(crate) const FROM_PUBLISHERS: [Self; 4] = Self::ALL;
    /// Kept in an answer to a viewer.
    pub(crate) const TO_VIEWERS: [Self; 4] = Self::ALL;
    /// Carried from publisher to viewer unchanged.
    pub(crate) const FORWARDED: [Self; 2] = [Self::VideoOrientation, Self::AbsCaptureTime];

    /// Its URI.
    pub(crate) const fn uri(self) -> &'static str {
        match self {
            Self::PlayoutDelay => "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
            Self::VideoOrientation => "urn:3gpp:video-orientation",
            Self::AbsCaptureTime => "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
            Self::TransportCc => {
                "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
            }
        }
    }

    /// The extension of a URI, if the relay understands it.
    pub(crate) fn of_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.uri() == uri)
    }
}

/// Ids of one side for the extensions that were agreed. Only one-byte ids (RFC 8285 §4.2): 15 stops parsers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ExtensionIds {
    playout_delay: Option<u8>,
    video_orientation: Option<u8>,
    abs_capture_time: Option<u8>,
    transport_cc: Option<u8>,
}

impl ExtensionIds {
    /// The id of an extension.
    pub(crate) const fn get(self, extension: Extension) -> Option<u8> {
        match extension {
            Extension::PlayoutDelay => self.playout_delay,
            Extension::VideoOrientation => self.video_orientation,
            Extension::AbsCaptureTime => self.abs_capture_time,
            Extension::TransportCc => self.transport_cc,
        }
    }

    /// Notes an id; ids that do not fit in one byte are left out, so the extension is not agreed.
    pub(crate) fn set(&mut self, extension: Extension, id: u8) {
        let id = Some(id).filter(|id| (1..=14).contains(id));
        match extension {
            Extension::PlayoutDelay => self.playout_delay = id,
            Extension::VideoOrientation => self.video_orientation = id,
            Extension::AbsCaptureTime => self.abs_capture_time = id,
            Extension::TransportCc => self.transport_cc = id,
        }
    }

    /// Forgets all but these.
    pub(crate) fn keep(&mut self, wanted: &[Extension]) {
        let old = *self;
        *self = Self::default();
        for extension in wanted {
            if let Some(id) = old.get(*extension) {
                self.set(*extension, id);
            }
        }
    }

    /// Extensions with their ids.
    pub(crate) fn iter(self) -> impl Iterator<Item = (Extension, u8)> {
        Extension::ALL
            .into_iter()
            .filter_map(move |extension| Some((extension, self.get(extension)?)))
    }
}

/// The terms with a publisher.
#[derive(Debug, Clone)]
pub(crate) struct PublisherTerms {
    /// SHA-256 of its certificate.
    pub(crate) fingerprint: [u8; 32],
    /// The source that it declared, and that of its retransmissions.
    pub(crate) picture: Option<(u32, Option<u32>)>,
    /// The same of its low layer.
    pub(crate) low_layer: Option<(u32, Option<u32>)>,
    /// The codec.
    pub(crate) codec: Codec,
    /// Its payload type.
    pub(crate) payload_type: u8,
    /// The payload type of its retransmissions (RFC 4588).
    pub(crate) rtx: Option<u8>,
    /// Header extensions.
    pub(crate) extensions: ExtensionIds,
    /// Feedback that both sides know.
    pub(crate) feedback: Vec<&'static str>,
    /// Its SCTP port, when data channels were agreed.
    pub(crate) data: Option<u16>,
}

impl PublisherTerms {
    /// Sources that carry retransmissions and nothing else.
    pub(crate) fn repairs(&self) -> Vec<u32> {
        let named = [self.picture, self.low_layer].into_iter().flatten();
        let agreed = named.filter(|_| self.rtx.is_some());
        agreed.filter_map(|(_, repair)| repair).collect()
    }
}

/// The terms with a viewer, as far as its connection must know them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ViewerTerms {
    /// SHA-256 of its certificate.
    pub(crate) fingerprint: [u8; 32],
    /// The source of the picture; none for a talker.
    pub(crate) ssrc: Option<u32>,
}
