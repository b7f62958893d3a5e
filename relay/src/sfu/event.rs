//! What the media part tells the rest of the relay.
//!
//! Owns the events, their reasons and the statistics. It decides nothing. The relay's live side turns stream events
//! into log entries; the control channel's text is passed on unread.

use std::time::Duration;
use uuid::Uuid;
use wire::{ConsultId, RtpTime, StreamId};

use super::edge::{BackfillPart, ClipPart, OriginalPart};
use super::sdp::codec::CodecKind;
use super::voice::speech::Speech;

/// One WHIP, WHEP or voice session: a peer connection from its offer to its end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MediaSessionId(Uuid);

impl MediaSessionId {
    /// Wraps a UUID that the caller made.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The bare UUID.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl std::fmt::Display for MediaSessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl std::fmt::Debug for MediaSessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MediaSessionId({})", self.0.hyphenated())
    }
}

/// Something that happened in the media part.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SfuEvent {
    /// The first picture of a publication arrived, or a silent publisher is heard again.
    StreamStarted {
        /// The consult.
        consult: ConsultId,
        /// The stream.
        stream: StreamId,
        /// The publisher's session.
        session: MediaSessionId,
        /// The codec that viewers must have.
        codec: CodecKind,
        /// The offer asked for data channels, as our agent does; a foreign publisher has no stamps and unknown age.
        ours: bool,
        /// Constant added to the publisher's RTP timestamps in this publication; 0 means unchanged. Only a foreign
        /// publisher that comes back with a timeline of its own gets one. The consult's log says so.
        rtp_offset: u32,
    },
    /// The picture ended or its publisher fell silent.
    StreamStopped {
        /// The consult.
        consult: ConsultId,
        /// The stream.
        stream: StreamId,
        /// The publisher's session.
        session: MediaSessionId,
        /// Why.
        reason: StopReason,
    },
    /// The publisher's control channel is open; `send_to_publisher` works from here on.
    ControlOpen {
        /// The consult.
        consult: ConsultId,
        /// The stream.
        stream: StreamId,
        /// The publisher's session.
        session: MediaSessionId,
    },
    /// A text from the publisher's control channel.
    ControlMessage {
        /// The consult.
        consult: ConsultId,
        /// The stream.
        stream: StreamId,
        /// The publisher's session.
        session: MediaSessionId,
        /// The text, at most `MAX_DATA_MESSAGE_BYTES`.
        text: String,
    },
    /// Something from the publisher's channel `originals`.
    Original {
        /// The consult.
        consult: ConsultId,
        /// The stream.
        stream: StreamId,
        /// The publisher's session.
        session: MediaSessionId,
        /// What.
        part: OriginalPart,
    },
    /// Something from the publisher's channel `clips`.
    Clip {
        /// The consult.
        consult: ConsultId,
        /// The stream.
        stream: StreamId,
        /// The publisher's session.
        session: MediaSessionId,
        /// What.
        part: ClipPart,
    },
    /// Something from the publisher's channel `backfill`.
    Backfill {
        /// The consult.
        consult: ConsultId,
        /// The stream.
        stream: StreamId,
        /// The publisher's session.
        session: MediaSessionId,
        /// What.
        part: BackfillPart,
    },
    /// A publisher's session ended and is forgotten; it may never have sent a picture.
    PublisherGone {
        /// The consult.
        consult: ConsultId,
        /// The publisher's session.
        session: MediaSessionId,
        /// Why.
        reason: GoneReason,
    },
    /// A viewer's connection is up.
    WatcherConnected {
        /// The consult.
        consult: ConsultId,
        /// The viewer's session.
        session: MediaSessionId,
    },
    /// A viewer gets another layer from now on.
    WatcherLayer {
        /// The consult.
        consult: ConsultId,
        /// The viewer's session.
        session: MediaSessionId,
        /// It gets the low layer, because its link does not carry the full one.
        low: bool,
    },
    /// The publisher's agent should send the low layer, or need not any more. Said again while it does otherwise.
    LowLayer {
        /// The consult.
        consult: ConsultId,
        /// The stream.
        stream: StreamId,
        /// The publisher's session.
        session: MediaSessionId,
        /// Somebody needs it.
        wanted: bool,
    },
    /// A viewer's session ended and is forgotten.
    WatcherGone {
        /// The consult.
        consult: ConsultId,
        /// The viewer's session.
        session: MediaSessionId,
        /// Why.
        reason: GoneReason,
    },
    /// A talker's connection is up.
    TalkerConnected {
        /// The consult.
        consult: ConsultId,
        /// The talker's session.
        session: MediaSessionId,
        /// It brings a voice; otherwise it only listens.
        speaks: bool,
    },
    /// Somebody began or ceased to speak, or to be heard at all.
    Spoke {
        /// The consult.
        consult: ConsultId,
        /// The talker's session.
        session: MediaSessionId,
        /// What others see now.
        speech: Speech,
    },
    /// A talker's session ended and is forgotten.
    TalkerGone {
        /// The consult.
        consult: ConsultId,
        /// The talker's session.
        session: MediaSessionId,
        /// Why.
        reason: GoneReason,
    },
    /// How the picture flowed since the last report.
    PictureFlow {
        /// The consult.
        consult: ConsultId,
        /// The stream.
        stream: StreamId,
        /// Length of the reported time.
        span: Duration,
        /// Frames that ended in it.
        frames: u32,
        /// Keyframes that began in it.
        keyframes: u32,
        /// Packets received.
        packets: u32,
        /// Payload bytes received.
        bytes: u64,
        /// Packets given up as lost between publisher and relay.
        lost: u32,
        /// RTP timestamp of the newest frame, as viewers see it.
        last_rtp_time: Option<RtpTime>,
    },
}

/// Why a picture stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopReason {
    /// The publisher ended its session in order.
    Closed,
    /// Nothing was heard of the publisher; its session may still come back.
    Silent,
    /// Another publication took over.
    Replaced,
    /// The connection broke.
    Failed,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GoneReason {
    /// The relay was asked to end it.
    Deleted,
    /// The peer closed the connection.
    ClosedByPeer,
    /// The peer was not heard for too long.
    Expired,
    /// The peer never completed the connection.
    NeverConnected,
    /// A new publication took its place.
    Replaced,
    /// The publisher came back with another codec; the viewer must join again.
    CodecChanged,
    /// The connection's own code failed; nobody else was disturbed.
    Fault,
    /// The relay shuts down.
    Shutdown,
}

/// Counters of the media part since its start, and its present size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SfuStats {
    /// Publishers connected or connecting.
    pub publishers: u64,
    /// Viewers connected or connecting.
    pub viewers: u64,
    /// People who speak or listen.
    pub talkers: u64,
    /// Consults with a publisher or a viewer.
    pub streams: u64,
    /// Datagrams received.
    pub datagrams_in: u64,
    /// Datagrams handed to the kernel.
    pub datagrams_out: u64,
    /// System calls that sent them.
    pub send_calls: u64,
    /// RTP packets taken from publishers.
    pub packets_in: u64,
    /// RTP packets written to viewers, retransmissions included.
    pub packets_out: u64,
    /// Voice packets taken from talkers.
    pub voice_in: u64,
    /// Voice packets written to those who hear them.
    pub voice_out: u64,
    /// Packets sent again because a viewer missed them.
    pub retransmitted: u64,
    /// Padding packets sent to viewers, to find out what their links carry.
    pub padded: u64,
    /// Lost packets asked for again from publishers.
    pub asked_again: u64,
    /// Looks at a viewer to see what it gets of a picture that moved.
    pub turns: u64,
    /// Keyframes asked for from publishers.
    pub keyframes_asked: u64,
    /// Viewers served from the cache when they joined.
    pub joined_from_cache: u64,
    /// Datagrams that belonged to nobody.
    pub dropped_unknown: u64,
    /// STUN messages refused: unknown name, wrong password, wrong role.
    pub dropped_stun: u64,
    /// RTP sent by a viewer.
    pub dropped_viewer_rtp: u64,
    /// RTP or RTCP of a source that was never declared.
    pub dropped_undeclared: u64,
    /// DTLS of a handshake that never ends, or of a second one.
    pub dropped_handshake: u64,
    /// Datagrams too big or cut short.
    pub dropped_oversize: u64,
    /// Datagrams dropped because the socket stayed full.
    pub dropped_backlog: u64,
    /// Packets written to a connection that never came out of it: must stay 0, an alarm otherwise.
    pub lost_inside: u64,
    /// Data-channel messages refused: binary, too big, or on a channel that is not `control`.
    pub dropped_data: u64,
    /// Statistics events dropped because nobody read them.
    pub dropped_events: u64,
    /// Peers ended by a fault in their own connection code.
    pub faults: u64,
    /// TCP connections that carry media now.
    pub tcp_lines: u64,
    /// TCP connections refused: too many, or what came was no framed datagram.
    pub tcp_refused: u64,
    /// CPU time of the media thread: with `packets_out` the cost of a forwarded packet.
    pub cpu: Duration,
}
