//! What can go wrong when somebody publishes, watches or changes a session, by step.
//!
//! Owns the error types that the HTTP side turns into problem codes. Texts name the step and carry nothing from the
//! input: an offer holds addresses.

use thiserror::Error;

/// Why a request to the media part failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SfuError {
    /// The socket could not be opened or bound.
    #[error("the media port could not be opened")]
    OpenSocket(#[source] std::io::Error),
    /// The listener for TCP could not be opened or bound.
    #[error("the media port for TCP could not be opened")]
    OpenTcp(#[source] std::io::Error),
    /// No address could be announced: the socket is bound to all addresses and none was configured.
    #[error(
        "no public address is configured for media and the media socket is bound to all addresses"
    )]
    NoPublicAddress,
    /// The media thread could not be started.
    #[error("the media thread could not be started")]
    StartThread(#[source] std::io::Error),
    /// The certificate for DTLS could not be made.
    #[error("the media certificate could not be made")]
    MakeCertificate(#[source] EdgeError),
    /// The offer was refused.
    #[error("the offer was refused: {0}")]
    Offer(#[from] OfferError),
    /// The fragment of a PATCH was refused.
    #[error("the ICE fragment was refused: {0}")]
    Fragment(#[source] OfferError),
    /// The connection could not be set up from a good offer.
    #[error("the connection could not be set up")]
    OpenPeer(#[source] EdgeError),
    /// A text could not be sent to a publisher.
    #[error("the data channel takes no message")]
    SendText(#[source] EdgeError),
    /// Nobody publishes in this consult.
    #[error("nobody publishes in this consult")]
    NoStream,
    /// The session is unknown or has ended.
    #[error("the media session is unknown or has ended")]
    NoSession,
    /// The session id is in use.
    #[error("the media session id is already in use")]
    SessionExists,
    /// The relay carries as many connections as it is allowed to.
    #[error("the relay carries as many connections as it may")]
    TooManyPeers,
    /// As many people speak in this consult as may.
    #[error("as many people speak in this consult as may")]
    TooManyVoices,
    /// Too many requests wait for the media thread.
    #[error("the media thread is busy")]
    Busy,
    /// The media thread has ended.
    #[error("the media thread has ended")]
    Stopped,
}

/// Why an offer or a fragment was refused, by the step that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OfferError {
    /// More than `MAX_SDP_BYTES`.
    #[error("it is too big")]
    TooBig,
    /// Not SDP: the reason is a constant text.
    #[error("it is malformed: {0}")]
    Malformed(&'static str),
    /// Too many of something.
    #[error("it has too many {0}")]
    TooMany(&'static str),
    /// Media without DTLS-SRTP, or a fingerprint other than SHA-256.
    #[error("it is not secured: {0}")]
    Insecure(&'static str),
    /// A part of WebRTC that the relay needs is not offered.
    #[error("it lacks {0}")]
    Lacks(&'static str),
    /// No picture is offered.
    #[error("it has no video section")]
    NoVideo,
    /// No voice is offered and no seat for one.
    #[error("it has no audio section")]
    NoVoice,
    /// The picture flows the wrong way: a publisher that only receives, a viewer that only sends.
    #[error("its video direction is refused")]
    DirectionRefused,
    /// None of its codecs can be forwarded, or a viewer lacks the codec of the stream.
    #[error("it has no supported codec")]
    NoSupportedCodec,
    /// A change that is not allowed in a running session.
    #[error("it changes {0}")]
    Changes(&'static str),
}

/// Why the engine below the relay's own protocol code refused something.
#[derive(Debug, Clone, Error)]
#[error("{step}: {detail}")]
pub struct EdgeError {
    /// What was being done.
    pub step: &'static str,
    /// The engine's own words; never shown to a client.
    pub detail: String,
}

impl EdgeError {
    /// An error of the engine in a step of ours.
    pub(crate) fn new(step: &'static str, detail: impl std::fmt::Display) -> Self {
        Self {
            step,
            detail: detail.to_string(),
        }
    }
}
