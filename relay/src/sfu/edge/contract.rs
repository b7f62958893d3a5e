//! The traits that the forwarding engine needs from a WebRTC implementation.
//!
//! Owns the words between the two: packets in, packets out, what happened. Time comes in as an argument; addresses do
//! not come in at all, because ICE is ours (`net::ice`). Invariant: after any `take_`, `write_`, `ask_` or `send_` the
//! caller polls datagrams and events until there are none.

use super::terms::{PublisherTerms, ViewerTerms};
use crate::sfu::error::EdgeError;
use bandwidth::Fate;
use bytes::{Bytes, BytesMut};
use std::time::Instant;

/// One RTP packet from a publisher or a talker, decrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RtpIn {
    /// Source.
    pub(crate) ssrc: u32,
    /// Payload type.
    pub(crate) payload_type: u8,
    /// Sequence number.
    pub(crate) seq: u16,
    /// Timestamp.
    pub(crate) timestamp: u32,
    /// Last packet of a frame, or first of a talk spurt.
    pub(crate) marker: bool,
    /// Header extensions by id.
    pub(crate) extensions: Vec<(u8, Bytes)>,
    /// Payload without padding.
    pub(crate) payload: Bytes,
}

/// One RTP packet to a viewer, complete. It borrows: a packet goes to many viewers and is copied once for each, while it
/// is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RtpOut<'a> {
    /// Source.
    pub(crate) ssrc: u32,
    /// Payload type.
    pub(crate) payload_type: u8,
    /// Sequence number.
    pub(crate) seq: u16,
    /// Timestamp.
    pub(crate) timestamp: u32,
    /// Last packet of a frame.
    pub(crate) marker: bool,
    /// Header extensions by the viewer's ids.
    pub(crate) extensions: &'a [(u8, Bytes)],
    /// In a retransmission the original sequence number, which stands before the payload (RFC 4588 §4).
    pub(crate) original: Option<u16>,
    /// Payload.
    pub(crate) payload: &'a [u8],
    /// Bytes of padding behind it (RFC 3550 §5.1).
    pub(crate) padding: u8,
}

/// What a viewer says of the picture about once a second (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Reception {
    /// The highest sequence number that arrived.
    pub(crate) highest: u16,
    /// Share of packets lost since the last report.
    pub(crate) lost: f64,
}

/// What a viewer says arrived of the packets that were numbered for it, in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrivals {
    /// Number of the first packet spoken of.
    pub(crate) first: u16,
    /// Of it and each after it.
    pub(crate) fates: Vec<Fate>,
}

/// What a connection reports.
#[derive(Debug)]
pub(crate) enum EdgeEvent {
    /// DTLS is complete and the certificate is the one that was signalled.
    Connected,
    /// The other side closed, or the connection failed for good.
    Closed {
        /// It said goodbye.
        in_order: bool,
    },
    /// A packet of the picture or the voice.
    Rtp(RtpIn),
    /// The viewer needs a keyframe (PLI or FIR).
    KeyframeWanted,
    /// The viewer misses these sequence numbers.
    Missing(Vec<u16>),
    /// The viewer says how the picture arrives.
    Reception(Reception),
    /// The viewer says what arrived and when.
    Arrivals(Arrivals),
    /// The channel `control` can be written to.
    ControlOpen,
    /// A text on `control`.
    ControlText(String),
    /// Something on the channel `originals`.
    Original(OriginalPart),
    /// Something on the channel `clips`.
    Clip(ClipPart),
    /// Something on the channel `backfill`.
    Backfill(BackfillPart),
    /// Something on a data channel that was refused.
    DataRefused,
}

/// What comes on the channel `originals`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OriginalPart {
    /// What is said of the next one.
    Head(String),
    /// A piece of its blob.
    Piece(Bytes),
}

/// What comes on the channel `clips`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClipPart {
    /// What is said of a clip.
    Text(String),
    /// A piece of one, with its head.
    Piece(Bytes),
}

/// What comes on the channel `backfill`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackfillPart {
    /// What is said of the journal.
    Text(String),
    /// A frame of it, or a part of one.
    Piece(Bytes),
}

/// A channel that the relay writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// `control`.
    Control,
    /// `clips`.
    Clips,
    /// `backfill`.
    Backfill,
}

/// One connection, whichever way the picture flows.
pub(crate) trait Connection: Send {
    /// A datagram that is no STUN, from an address that passed an ICE check. True when it was authentic media or a report,
    /// and no repetition: then the other side is where it came from.
    fn take_datagram(&mut self, now: Instant, datagram: BytesMut) -> bool;
    /// `next_timeout` has come.
    fn take_timeout(&mut self, now: Instant);
    /// When it wants to be called again without a datagram.
    fn next_timeout(&mut self) -> Option<Instant>;
    /// The next datagram for the network.
    fn poll_datagram(&mut self) -> Option<BytesMut>;
    /// The next event. `take_data` false leaves data-channel messages where they are, which slows their sender down.
    fn poll_event(&mut self, take_data: bool) -> Option<EdgeEvent>;
    /// Says goodbye; poll datagrams once more.
    fn close(&mut self, now: Instant);
}

/// A connection that brings a picture.
pub(crate) trait PublisherEdge: Connection {
    /// Asks for a keyframe.
    fn ask_keyframe(&mut self, now: Instant, ssrc: u32);
    /// Asks for lost packets.
    fn ask_again(&mut self, now: Instant, ssrc: u32, missing: &[u16]);
    /// Queues a text.
    ///
    /// # Errors
    /// The channel is not open, or too much waits in it.
    fn send_text(&mut self, now: Instant, channel: Channel, text: &str) -> Result<(), EdgeError>;
}

/// A connection that takes a picture or voices away. A talker's brings a voice too.
pub(crate) trait ViewerEdge: Connection {
    /// Queues a packet. False means that it was lost inside, which is a fault of the engine.
    fn write_rtp(&mut self, packet: &RtpOut<'_>) -> bool;
}

/// Makes connections that wait for the other side's DTLS.
pub(crate) trait EdgeMaker: Send + Sync {
    /// SHA-256 of the relay's certificate.
    fn fingerprint(&self) -> [u8; 32];
    /// For a publisher.
    ///
    /// # Errors
    /// The engine refused; the step is named.
    fn open_publisher(
        &self,
        now: Instant,
        terms: &PublisherTerms,
    ) -> Result<Box<dyn PublisherEdge>, EdgeError>;
    /// For a viewer.
    ///
    /// # Errors
    /// The engine refused; the step is named.
    fn open_viewer(
        &self,
        now: Instant,
        terms: &ViewerTerms,
    ) -> Result<Box<dyn ViewerEdge>, EdgeError>;
}
