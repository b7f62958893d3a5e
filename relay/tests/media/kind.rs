//! What a client is to be: what it sends, what it takes, and what goes wrong on its way.

pub const PLAYOUT_DELAY: &str = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";
pub const TRANSPORT_CC: &str =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
pub const ORIENTATION: &str = "urn:3gpp:video-orientation";
pub const H264: &str = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";

/// What a client is to be.
#[derive(Clone)]
pub struct Kind {
    /// It sends the picture, on this source.
    pub publishes: Option<u32>,
    pub codec: &'static str,
    /// Its payload type.
    pub payload_type: u8,
    /// It opens the channel `control`.
    pub control: bool,
    /// It opens the channel `originals`.
    pub originals: bool,
    /// It opens the channel `clips`.
    pub clips: bool,
    /// It loses each n-th RTP packet that arrives.
    pub loses_every: usize,
    /// Each n-th RTP packet that it sends is lost on its way.
    pub drops_every: usize,
    /// It repeats on this source (RFC 4588).
    pub repairs_on: Option<u32>,
    /// It throws RTP away without decrypting: for load.
    pub lean: bool,
    /// It loses so many of the first handshake datagrams that arrive.
    pub loses_handshake: usize,
    /// The address of its socket.
    pub bind: &'static str,
    /// Its network lets no UDP through: it comes by TCP.
    pub over_tcp: bool,
    /// It reads nothing of what comes after the connection is up.
    pub never_reads: bool,
    /// The source of its low layer.
    pub low_layer: Option<u32>,
    /// It reports what arrives and when.
    pub reports_arrivals: bool,
    /// What comes to it passes a link of so many kbit/s with a queue of 400 ms.
    pub kbps: Option<u32>,
}

impl Kind {
    pub fn publisher(ssrc: u32) -> Self {
        Self {
            publishes: Some(ssrc),
            codec: "H264",
            payload_type: 98,
            control: false,
            originals: false,
            clips: false,
            loses_every: 0,
            drops_every: 0,
            repairs_on: None,
            lean: false,
            loses_handshake: 0,
            bind: "127.0.0.1:0",
            over_tcp: false,
            never_reads: false,
            low_layer: None,
            reports_arrivals: false,
            kbps: None,
        }
    }

    pub fn viewer() -> Self {
        Self {
            publishes: None,
            ..Self::publisher(0)
        }
    }
}
