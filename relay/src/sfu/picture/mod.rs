//! What the relay knows about a picture: keyframes, the cache, lost packets, padding, and how each viewer's copy is numbered.
//!
//! Everything here is sans-IO: packets and `now` come in, decisions go out.

pub(crate) mod cache;
pub(crate) mod gaps;
pub(crate) mod h264;
pub(crate) mod keyframe;
pub(crate) mod leg;
pub(crate) mod padding;
mod tail;
pub(crate) mod vp8;

use super::edge::terms::Extension;
use super::sdp::codec::CodecKind;
use bytes::Bytes;

/// Number of a packet in one stream, without wrap and across publications.
pub(crate) type StreamSeq = u64;

/// How much of the picture: our agent codes every frame a second time, small, while somebody needs that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum LayerName {
    /// All of it.
    Full,
    /// For a link that does not carry the full layer. The same frames with the same timestamps, smaller.
    Low,
}

/// One packet of a picture as the relay forwards it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    /// Its number in the stream.
    pub(crate) seq: StreamSeq,
    /// RTP timestamp as viewers see it.
    pub(crate) timestamp: u32,
    /// Last packet of a frame.
    pub(crate) marker: bool,
    /// Header extensions that are carried on.
    pub(crate) extensions: Vec<(Extension, Bytes)>,
    /// Payload.
    pub(crate) payload: Bytes,
}

/// Whether a payload begins or continues a picture that needs no earlier one.
pub(crate) fn is_keyframe(codec: CodecKind, payload: &[u8]) -> bool {
    match codec {
        CodecKind::H264 => h264::is_keyframe(payload),
        CodecKind::Vp8 => vp8::is_keyframe(payload),
    }
}
