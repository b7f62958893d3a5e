//! Every bound of the media part in one place, each with its reason.
//!
//! Owns numbers only. Everyone in `sfu` reads them; the operator's configuration may
//! change `max_peers`, within bounds, and nothing else.
//! Invariant: no queue, table or cache of the media part grows past a constant named here.

use std::time::Duration;

/// Largest offer or fragment in bytes. Chromium's full offer with every codec is under 10 KiB.
pub const MAX_SDP_BYTES: usize = 64 * 1024;
/// Longest single SDP line. Browsers stay under 300 bytes; a line of a megabyte is no SDP.
pub const MAX_SDP_LINE_BYTES: usize = 4 * 1024;
/// Media sections in an offer: a picture, a voice, data, and room for players that ask for more than we serve; or a voice
/// and its seats.
pub const MAX_MEDIA_SECTIONS: usize = 8;
/// People who may speak in one consult.
pub const MAX_VOICES: usize = wire::voice::MAX_VOICES;
/// Seats in a page's voice connection: one for each of the others, or for all six of somebody who only listens.
pub const MAX_SEATS: usize = MAX_VOICES;
/// ICE candidates in an offer or in all fragments of one session. The relay never probes them; this bounds parsing.
pub const MAX_CANDIDATES: usize = 64;
/// Payload types in one media section. Seven bits give 128 at most.
pub const MAX_PAYLOAD_TYPES: usize = 128;
/// Header extensions in one media section. Chromium offers 12.
pub const MAX_EXTENSIONS: usize = 32;
/// `a=ssrc` lines in one media section. Three simulcast layers with retransmission and four lines each are 24.
pub const MAX_SSRC_LINES: usize = 64;

/// Peer connections of the whole relay unless the configuration says less: one core carries about this many viewers.
pub const DEFAULT_MAX_PEERS: usize = 1_000;
/// The most that the configuration may say: the one media thread is full long before.
pub const MOST_PEERS: usize = 10_000;
/// Negotiations that run at the same time; each costs about a millisecond of CPU.
pub const MAX_NEGOTIATIONS_AT_ONCE: usize = 4;
/// Commands waiting for the media thread.
pub const MAX_QUEUED_COMMANDS: usize = 256;
/// Events waiting for the rest of the relay. Picture statistics are dropped first, control messages stop being read.
pub const MAX_QUEUED_EVENTS: usize = 1_024;

/// Remote addresses remembered per peer: candidates of every interface at the start, later one per network change.
pub const MAX_KNOWN_ADDRESSES: usize = 16;
/// Integrity checks per second for one peer's name from addresses that have not passed one yet. Browsers send about
/// 20 per candidate pair and second; more is somebody guessing.
pub const MAX_UNPROVEN_CHECKS_PER_S: u32 = 100;
/// Synchronisation sources let through to a publisher's decryption, which keeps state for each before authenticating.
pub const MAX_UNDECLARED_SSRCS: usize = 4;
/// Senders of RTCP let through to decryption, for the same reason.
pub const MAX_RTCP_SENDERS: usize = 8;
/// DTLS of one peer before its handshake is complete: a flight is under 2 KiB, and 15 s give a browser nine repetitions of two.
pub const MAX_HANDSHAKE_BYTES: usize = 64 * 1024;
/// Pieces of handshake messages of one peer, for the same reason: a flight has four, or some more with a long certificate.
pub const MAX_HANDSHAKE_PIECES: usize = 256;
/// Largest datagram taken from the network. Ethernet carries 1,500; WebRTC stays below 1,300.
pub const MAX_DATAGRAM_BYTES: usize = 2_048;

/// Packets kept of one stream for retransmission and for joiners: about 5 s at 4 Mbit/s.
pub const CACHE_PACKETS: usize = 2_048;
/// Bytes kept of one stream; a keyframe of a 4K picture is under 1 MiB.
pub const CACHE_BYTES: usize = 4 * 1024 * 1024;
/// How old the last keyframe may be to serve a joiner with it and what followed: more would be seen as fast-forward.
pub const JOIN_FROM_CACHE: Duration = Duration::from_millis(500);
/// A keyframe is asked for again after this long, until one arrives, and never more often.
pub const KEYFRAME_REPEAT: Duration = Duration::from_millis(300);
/// Packets that one lost-packet report may bring back; a longer gap is mended by a keyframe.
pub const MAX_RETRANSMITS_PER_REPORT: usize = 64;
/// Share of a viewer's recent packets that may go out again, in packets per second.
pub const MAX_RETRANSMITS_PER_S: u32 = 500;
/// Packets of a frame that wait for a viewer which is about to go over to the low layer; a larger frame does not wait.
pub const MAX_BEHIND: usize = 256;
/// Missing packets of a publisher followed up at the same time; more means a keyframe is due instead.
pub const MAX_GAPS: usize = 128;

/// Datagrams waiting because the socket was full, for all peers.
pub const MAX_BACKLOG_BYTES: usize = 2 * 1024 * 1024;
/// The same for one peer, so that one slow address cannot use up the room of the others: about 1 s at 2 Mbit/s.
pub const MAX_PEER_BACKLOG_BYTES: usize = 256 * 1024;
/// TCP connections for media at the same time; each is a descriptor, of which a process has 1,024 unless told otherwise.
pub const MAX_TCP_LINES: usize = 256;
/// The same from one address. A hospital is one address: six people with two connections from each of their networks.
pub const MAX_TCP_LINES_PER_ADDRESS: usize = 64;
/// A TCP connection on which no ICE check has passed is closed after this long; browsers ask at once.
pub const TCP_PROVES_WITHIN: Duration = Duration::from_secs(5);
/// A TCP connection that takes nothing of what waits for it is closed after this long.
pub const TCP_TAKES_WITHIN: Duration = Duration::from_secs(10);
/// Bytes that may wait for one TCP connection: a keyframe and some, or half a second at 2 Mbit/s.
pub const MAX_TCP_BACKLOG_BYTES: usize = 128 * 1024;
/// Bytes that the kernel may hold unsent for one TCP connection: what lies there grows old and cannot be given up.
pub const TCP_UNSENT_BYTES: u32 = 16 * 1024;
/// Largest data-channel message taken or sent.
pub const MAX_DATA_MESSAGE_BYTES: usize = 64 * 1024;
/// Data channels that a publisher may open.
pub const MAX_DATA_CHANNELS: usize = 8;
/// Control messages read from one publisher in one go and per `HOUSEKEEPING`; an agent sends about three per second.
pub const MAX_TEXTS_AT_ONCE: usize = 64;
/// Bytes waiting in a control channel; an agent that reads nothing for that long has lost its connection.
pub const MAX_CONTROL_BUFFERED_BYTES: usize = 256 * 1024;
/// SCTP receive window of a publisher: a few full messages in flight.
pub const DATA_RECEIVE_WINDOW_BYTES: u32 = 512 * 1024;

/// The way that a peer nominated has been silent for this long: the next check from elsewhere is followed. Browsers ask a
/// pair that works every 2.5 s and report once a second in between; our agent asks every 0.4 s.
pub const WAY_SILENT: Duration = Duration::from_secs(2);
/// A publisher that sent nothing at all for this long is gone: the pages must know within 2 s.
pub const PUBLISHER_SILENT: Duration = Duration::from_millis(1_500);
/// A viewer that sent nothing for this long gets no more picture until it is heard again (RFC 7675 consent).
pub const VIEWER_SILENT: Duration = Duration::from_secs(5);
/// A peer that was not heard for this long is removed: RFC 7675 §5.1 sets 30 s, a client may restart ICE until then.
pub const PEER_EXPIRES: Duration = Duration::from_secs(30);
/// A peer that never completed DTLS is removed after this long.
pub const CONNECT_WITHIN: Duration = Duration::from_secs(15);
/// How often silence is looked for and statistics are sent out.
pub const HOUSEKEEPING: Duration = Duration::from_millis(100);
/// How often the flow of a picture is reported.
pub const FLOW_REPORT: Duration = Duration::from_millis(500);
