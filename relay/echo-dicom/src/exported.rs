//! What is said of a clip that somebody else's machine wrote.
//!
//! Owns its id, which follows from its bytes, so that the same file is the same clip whatever its name and by whichever way it
//! came; and what is read from its header. When it was written the caller knows. Called by the agent and the relay.

use crate::header::ClipHeader;
use crate::syntax::TransferSyntax;
use wire::clip::{ClipCoding, ClipHead, ClipOrigin};
use wire::original::Digest;
use wire::{CaptureTime, ClipId, FrameIndex};

/// The clip with these bytes: the first 16 bytes of the digest as a UUID of our own making (RFC 9562 section 5.8).
#[must_use]
pub fn exported_clip(digest: Digest) -> ClipId {
    let mut bytes = [0; 16];
    for (byte, from) in bytes.iter_mut().zip(digest.bytes()) {
        *byte = from;
    }
    ClipId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// What is said of it. The header that is read holds no time of day, because such times stand beside the patient's; the file's
/// own is when its machine wrote it.
#[must_use]
pub fn exported_head(
    header: &ClipHeader,
    (bytes, digest): (u64, Digest),
    written: CaptureTime,
) -> ClipHead {
    let coding = match header.transfer_syntax {
        TransferSyntax::JpegBaseline => ClipCoding::Jpeg,
        TransferSyntax::ImplicitLittleEndian
        | TransferSyntax::ExplicitLittleEndian
        | TransferSyntax::Rle => ClipCoding::Lossless,
        syntax if syntax.is_video() => ClipCoding::Video,
        _ => ClipCoding::Other,
    };
    let last = FrameIndex(header.frames.saturating_sub(1));
    let span = header.frame_times.at(last).as_micros();
    ClipHead {
        clip: exported_clip(digest),
        instance: header.sop_instance_uid.clone(),
        bytes,
        digest,
        frames: header.frames,
        width: header.layout.columns,
        height: header.layout.rows,
        coding,
        origin: ClipOrigin::Imported,
        taken_at: written,
        span_us: u64::try_from(span).unwrap_or(u64::MAX),
        view: None,
        marker: None,
        captured: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_are_the_same_clip() {
        let [one, two] = [1, 2].map(|byte| Digest::from_bytes([byte; 32]));
        assert_eq!(exported_clip(one), exported_clip(one));
        assert_ne!(exported_clip(one), exported_clip(two));
        let id = exported_clip(one).to_string();
        assert_eq!(id, "01010101-0101-8101-8101-010101010101");
    }
}
