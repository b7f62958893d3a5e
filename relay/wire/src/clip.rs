//! Clips (クリップ) on their way from a device to the archive: what is said of one, and how its bytes travel.
//!
//! ```text
//! page  ── socket: saveClip {clip, what} ──────────► relay ── control: saveClip ──► agent      it takes the frames at once
//! agent ── clips: offer {head, times} ─────────────► relay                          the object is durable on the device
//! agent ◄─ clips: wanted {clip, offset} ──────────── relay                          what the relay has of it already
//! agent ── clips: clip id, offset, bytes … ────────► relay
//! agent ◄─ clips: durable {clip, offset} ─────────── relay                          after each sync
//! agent ◄─ clips: kept {clip} ────────────────────── relay                          durable, whole, digest right, row written
//! ```
//!
//! Owns the messages of the data channel `clips` (reliable, ordered) and the bounds that both ends check. A clip is a DICOM
//! object that the device has finished; its bytes never change on the way, so an offset means the same after any
//! reconnect and on any transport. Offering what is kept already is answered with `kept`. A piece is a binary message:
//! 16 bytes of the clip's id, 8 bytes of big-endian offset, then 1 to `CLIP_PIECE_BYTES` bytes; pieces of one clip come
//! in order without gaps.

use crate::mark::Anchor;
use crate::original::Digest;
use crate::{CaptureTime, ClipId, RtpTime, StreamId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Name of the data channel that carries clips.
pub const CLIPS_CHANNEL: &str = "clips";
/// Bytes before the payload of a piece.
pub const CLIP_PIECE_HEAD_BYTES: usize = 24;
/// Payload of a piece: with its head what every SCTP stack takes without interleaving (RFC 8831 §6.6).
pub const CLIP_PIECE_BYTES: usize = 16 * 1024 - CLIP_PIECE_HEAD_BYTES;
/// Largest clip: 20 s of full-HD colour without loss is about 1.5 GiB.
pub const MAX_CLIP_BYTES: u64 = 2 << 30;
/// Most frames of a clip: a minute at 60 frames per second.
pub const MAX_CLIP_FRAMES: u32 = 3_600;
/// Largest text message on the channel; an offer of `MAX_CLIP_FRAMES` frames takes about 40 kB.
pub const MAX_CLIP_TEXT_BYTES: usize = 64 * 1024;
/// Most bytes of one part of a clip that is uploaded over HTTPS.
pub const MAX_CLIP_PART_BYTES: u64 = 8 << 20;
/// Header of a part and of its answer: where it begins, how much is here
/// (draft-ietf-httpbis-resumable-upload).
pub const UPLOAD_OFFSET: &str = "upload-offset";
/// Header of an answer: whether the clip is kept.
pub const UPLOAD_COMPLETE: &str = "upload-complete";
/// Content type of a part (draft-ietf-httpbis-resumable-upload).
pub const PARTIAL_UPLOAD: &str = "application/partial-upload";
/// Header of a file that a page brings: how long it is (draft-ietf-httpbis-resumable-upload).
pub const UPLOAD_LENGTH: &str = "upload-length";
/// The same: its SHA-256 (RFC 9530).
pub const REPR_DIGEST: &str = "repr-digest";
/// The same: when it was last written, in milliseconds since 1970. A file that does not say it may be of any day.
pub const FILE_WRITTEN: &str = "hibiki-file-written";
/// Seconds that one press saves when nobody says otherwise.
pub const DEFAULT_CLIP_SECONDS: u16 = 6;
/// Most seconds that one press saves; the ring may hold less.
pub const MAX_CLIP_SECONDS: u16 = 60;
/// Most characters of a view label: DICOM's Code Meaning has 64.
pub const MAX_VIEW_CHARS: usize = 64;
/// View labels that are offered, as the field writes them; `VIEW_OTHER` beside them says that it is none of these.
pub const VIEWS: [&str; 7] = ["PLAX", "PSAX", "A4C", "A2C", "A3C", "SC4C", "SC-IVC"];
/// A view that has no label here.
pub const VIEW_OTHER: &str = "other";

/// What is to be saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "clip.ts")]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum SaveWhat {
    /// The last seconds before the press, as a clip.
    Last {
        /// 1 to `MAX_CLIP_SECONDS`.
        seconds: u16,
    },
    /// One frame, as a still.
    Frame {
        /// Which.
        anchor: Anchor,
    },
}

/// How the pixels of a clip are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "clip.ts")]
#[serde(rename_all = "camelCase")]
pub enum ClipCoding {
    /// JPEG baseline, one image for each frame: a browser shows it as it is.
    Jpeg,
    /// Without loss (RLE or plain).
    Lossless,
    /// H.264 in one MP4.
    Video,
    /// As the handheld exported it.
    Other,
}

/// Where a clip comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "clip.ts")]
#[serde(rename_all = "camelCase")]
pub enum ClipOrigin {
    /// The agent's ring.
    Captured,
    /// A file that the handheld exported; its bytes are unaltered.
    Imported,
    /// The recording of the consult, as it was coded for the link.
    Recorded,
}

/// On which side of the picture the probe's orientation marker stands: cardiology has it on the right, the emergency
/// room on the left, and one is the mirror of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "clip.ts")]
#[serde(rename_all = "camelCase")]
pub enum MarkerSide {
    /// Left.
    Left,
    /// Right.
    Right,
}

/// Which captured frames a clip holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "clip.ts")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClipSpan {
    /// The stream.
    pub stream: StreamId,
    /// Its first frame.
    pub first: RtpTime,
    /// Its last frame; the same as `first` for a still.
    pub last: RtpTime,
}

/// What is said of a clip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "clip.ts")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClipHead {
    /// Which; from the press, or made by the device.
    pub clip: ClipId,
    /// SOP Instance UID.
    pub instance: String,
    /// Length of the DICOM file.
    #[ts(type = "number")]
    pub bytes: u64,
    /// SHA-256 of the DICOM file.
    pub digest: Digest,
    /// Frames in it, 1 to `MAX_CLIP_FRAMES`; 1 is a still.
    pub frames: u32,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// How the pixels are stored.
    pub coding: ClipCoding,
    /// Where it comes from.
    pub origin: ClipOrigin,
    /// When its first frame was captured, by the device's clock.
    pub taken_at: CaptureTime,
    /// From its first to its last frame, in microseconds.
    #[ts(type = "number")]
    pub span_us: u64,
    /// View label (断面) such as `A4C`, if somebody said one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub view: Option<String>,
    /// Where the orientation marker stands, if the device was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub marker: Option<MarkerSide>,
    /// Which captured frames it holds; nothing for an imported one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub captured: Option<ClipSpan>,
}

/// What is wrong with what was said of a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClipFault {
    /// Empty or too long.
    #[error("a clip has 1 to {MAX_CLIP_BYTES} bytes")]
    Bytes,
    /// None or too many.
    #[error("a clip has 1 to {MAX_CLIP_FRAMES} frames")]
    Frames,
    /// No pixels.
    #[error("a clip has a width and a height")]
    Size,
    /// Not a DICOM UID (PS3.5 §9.1).
    #[error("an instance has a UID of digits and dots, 64 characters at most")]
    Instance,
    /// Too long, or characters that change how neighbouring text reads.
    #[error("a view label has 1 to {MAX_VIEW_CHARS} visible characters")]
    View,
    /// No calendar shows it.
    #[error("a clip is taken before the year 10000")]
    TakenAt,
    /// The times do not belong to the frames.
    #[error("a captured clip has one time for each frame, rising, from its first to its last")]
    Times,
}

impl ClipHead {
    /// Whether it can be true, together with the RTP time of each frame (none for an imported clip).
    ///
    /// # Errors
    /// `ClipFault`.
    pub fn check(&self, times: &[RtpTime]) -> Result<(), ClipFault> {
        if !(1..=MAX_CLIP_BYTES).contains(&self.bytes) {
            return Err(ClipFault::Bytes);
        }
        if !(1..=MAX_CLIP_FRAMES).contains(&self.frames) {
            return Err(ClipFault::Frames);
        }
        if self.width == 0 || self.height == 0 {
            return Err(ClipFault::Size);
        }
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if self.instance.len() > 64 || !self.instance.split('.').all(digits) {
            return Err(ClipFault::Instance);
        }
        if self.view.as_deref().is_some_and(|view| !is_view(view)) {
            return Err(ClipFault::View);
        }
        if self.taken_at.0.saturating_add(self.span_us) > CaptureTime::LAST.0 {
            return Err(ClipFault::TakenAt);
        }
        self.check_times(times)
    }

    fn check_times(&self, times: &[RtpTime]) -> Result<(), ClipFault> {
        let Some(span) = self.captured else {
            return if times.is_empty() {
                Ok(())
            } else {
                Err(ClipFault::Times)
            };
        };
        let whole = usize::try_from(self.frames).is_ok_and(|frames| frames == times.len());
        let ends = times.first() == Some(&span.first) && times.last() == Some(&span.last);
        let rising = times
            .iter()
            .zip(times.iter().skip(1))
            .all(|(earlier, later)| later.since(*earlier) > 0);
        if whole && ends && rising {
            Ok(())
        } else {
            Err(ClipFault::Times)
        }
    }
}

/// Whether a text may stand as a view label.
#[must_use]
pub fn is_view(text: &str) -> bool {
    let direction = |c: char| matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    !text.trim().is_empty()
        && text.chars().count() <= MAX_VIEW_CHARS
        && !text.chars().any(|c| c.is_control() || direction(c))
}

/// Why a clip was not saved or does not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "clip.ts")]
#[serde(rename_all = "camelCase")]
pub enum ClipGap {
    /// The frames have left the agent's ring, or none was captured yet.
    Gone,
    /// The agent is away, or did not answer in time.
    AgentAway,
    /// The publisher saves no clips: it is not our agent.
    NoAgent,
    /// The device could not store it: its disk is full or broken.
    DeviceStorage,
    /// More was saved at once than the device works off; nothing of this one was taken.
    TooMany,
    /// The device could not write it as DICOM.
    NotWritten,
    /// The device could not read whom it would show.
    VisitUnread,
    /// Nothing was captured of late: the last seconds that the device has are older than anybody would think.
    Stale,
    /// The relay could not store it; the device keeps it and offers it again.
    RelayStorage,
    /// What arrived is not what was offered; the device keeps its copy.
    Altered,
    /// Another object has the same UID. The archive keeps both, and somebody has to look.
    Conflict,
    /// What was said of it makes no sense.
    Refused,
}

/// What an agent says on the channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum ClipFromAgent {
    /// A clip is durable on the device. Said again after each reconnect until it is kept.
    Offer {
        /// What.
        head: ClipHead,
        /// RTP time of each frame; none for an imported clip.
        times: Vec<RtpTime>,
    },
}

/// What the relay says on the channel, and in the answers to whoever uploads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "clip.ts")]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum ClipToAgent {
    /// Send the bytes from here on.
    Wanted {
        /// Which.
        clip: ClipId,
        /// How many bytes are here and durable.
        #[ts(type = "number")]
        offset: u64,
    },
    /// So many bytes are durable.
    Durable {
        /// Which.
        clip: ClipId,
        /// From the start.
        #[ts(type = "number")]
        offset: u64,
    },
    /// It is whole and durable, and its row is written: the device may let its copy go.
    Kept {
        /// Which.
        clip: ClipId,
    },
    /// Another object has its UID. The archive keeps it beside that one, durable and flagged: the device may let its copy go, and
    /// somebody has to look.
    KeptBeside {
        /// Which.
        clip: ClipId,
    },
    /// It is not taken. The device keeps its copy.
    Refused {
        /// Which.
        clip: ClipId,
        /// Why.
        reason: ClipGap,
    },
}

/// One piece of a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClipPiece<'a> {
    /// Which.
    pub clip: ClipId,
    /// Where its bytes begin.
    pub offset: u64,
    /// The bytes, at least one.
    pub bytes: &'a [u8],
}

impl<'a> ClipPiece<'a> {
    /// Reads a binary message; nothing when it is none.
    #[must_use]
    pub fn parse(message: &'a [u8]) -> Option<Self> {
        let (id, rest) = message.split_first_chunk::<16>()?;
        let (offset, bytes) = rest.split_first_chunk::<8>()?;
        if bytes.is_empty() || bytes.len() > CLIP_PIECE_BYTES {
            return None;
        }
        Some(Self {
            clip: ClipId::from_uuid(uuid::Uuid::from_bytes(*id)),
            offset: u64::from_be_bytes(*offset),
            bytes,
        })
    }

    /// The 24 bytes that stand before the payload.
    #[must_use]
    pub fn head(clip: ClipId, offset: u64) -> [u8; CLIP_PIECE_HEAD_BYTES] {
        let mut head = [0; CLIP_PIECE_HEAD_BYTES];
        let (id, at) = head.split_at_mut(16);
        id.copy_from_slice(clip.uuid().as_bytes());
        at.copy_from_slice(&offset.to_be_bytes());
        head
    }
}

/// A clip in a consult, as its pages see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "clip.ts")]
#[serde(rename_all = "camelCase")]
pub struct ClipState {
    /// Which.
    pub clip: ClipId,
    /// Who pressed, or the device.
    pub author: crate::people::Author,
    /// When the relay heard of it.
    pub at: crate::RelayTime,
    /// What is said of it; not before the device offers it.
    pub head: Option<ClipHead>,
    /// How far it is.
    pub stage: ClipStage,
}

/// How far a clip is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "clip.ts")]
#[serde(
    tag = "stage",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum ClipStage {
    /// The device was asked to save it.
    Asked,
    /// It is safe on the device and on its way.
    Arriving,
    /// It is safe here.
    Kept,
    /// It was not saved, or does not come; the reason says where it is safe.
    Missing {
        /// Why.
        reason: ClipGap,
    },
}

/// One frame of a clip, for a player: `GET /consults/{consult}/clips/{clip}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "clip.ts")]
#[serde(rename_all = "camelCase")]
pub struct ClipFrame {
    /// Microseconds after the first frame, from the DICOM frame times.
    #[ts(type = "number")]
    pub at_us: u64,
    /// The captured frame it is; nothing for an imported clip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub rtp_time: Option<RtpTime>,
    /// Whether its bytes have arrived.
    pub here: bool,
}

/// What a decoder needs for a clip of H.264 video, whose frames are served as they are stored and not as images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "clip.ts")]
#[serde(rename_all = "camelCase")]
pub struct ClipVideo {
    /// Name of the coding (RFC 6381), such as `avc1.640029`.
    pub codec: String,
    /// The decoder's configuration (`avcC`, ISO/IEC 14496-15), in base64.
    pub description: String,
    /// Frames at which decoding can begin, rising; the first is 0.
    pub keys: Vec<u32>,
}

/// The frame table of a clip: the only truth about its frames.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "clip.ts")]
#[serde(rename_all = "camelCase")]
pub struct ClipTable {
    /// What is said of it.
    pub head: ClipHead,
    /// How far it is.
    pub stage: ClipStage,
    /// In order; index 0 is the first.
    pub frames: Vec<ClipFrame>,
    /// Calibrated parts of the picture, in the file's order; they hold for every frame.
    pub regions: Vec<crate::region::Region>,
    /// A person marked the depth scale that the regions come from, on the device; the device did not state it.
    #[serde(default)]
    pub hand_scale: bool,
    /// Of a clip of H.264 video: how its frames are decoded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub video: Option<ClipVideo>,
}

/// Media type of one frame of a clip of H.264 video: NAL units, each behind its length (ISO/IEC 14496-15).
pub const CLIP_VIDEO_FRAME: &str = "video/h264";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn head(frames: u32, times: &[RtpTime]) -> ClipHead {
        ClipHead {
            clip: ClipId::random(),
            instance: "2.25.1".into(),
            bytes: 10,
            digest: Digest::from_bytes([1; 32]),
            frames,
            width: 800,
            height: 600,
            coding: ClipCoding::Jpeg,
            origin: ClipOrigin::Captured,
            taken_at: CaptureTime(5),
            span_us: 0,
            view: None,
            marker: None,
            captured: times.first().map(|first| ClipSpan {
                stream: StreamId::random(),
                first: *first,
                last: *times.last().unwrap(),
            }),
        }
    }

    #[test]
    fn times_belong_to_frames_also_across_the_wrap() {
        let times = [RtpTime(u32::MAX - 10), RtpTime(2_990), RtpTime(5_990)];
        assert_eq!(head(3, &times).check(&times), Ok(()));
        assert_eq!(head(2, &times).check(&times), Err(ClipFault::Times));
        assert_eq!(head(3, &times).check(&[]), Err(ClipFault::Times));
        let back = [times[1], times[0], times[2]];
        assert_eq!(head(3, &back).check(&back), Err(ClipFault::Times));
        assert_eq!(head(3, &[]).check(&[]), Ok(()), "an imported one has none");
        assert_eq!(head(3, &[]).check(&times), Err(ClipFault::Times));
    }

    #[test]
    fn nonsense_is_refused() {
        let refused = |change: &dyn Fn(&mut ClipHead)| {
            let mut head = head(1, &[]);
            change(&mut head);
            head.check(&[]).unwrap_err()
        };
        assert_eq!(refused(&|head| head.bytes = 0), ClipFault::Bytes);
        assert_eq!(refused(&|head| head.bytes = u64::MAX), ClipFault::Bytes);
        assert_eq!(refused(&|head| head.frames = 0), ClipFault::Frames);
        assert_eq!(refused(&|head| head.height = 0), ClipFault::Size);
        for uid in ["", "1..2", "1.2a", &"1".repeat(65), "../x"] {
            assert_eq!(
                refused(&|head| head.instance = uid.into()),
                ClipFault::Instance
            );
        }
        for view in ["", " ", "a\nb", "a\u{202E}b", &"あ".repeat(65)] {
            assert_eq!(
                refused(&|head| head.view = Some(view.into())),
                ClipFault::View
            );
        }
        for (taken_at, span_us) in [(CaptureTime::LAST.0 + 1, 0), (1, u64::MAX)] {
            let taken_at = CaptureTime(taken_at);
            assert_eq!(
                refused(&|head| (head.taken_at, head.span_us) = (taken_at, span_us)),
                ClipFault::TakenAt
            );
        }
    }

    proptest! {
        #[test]
        fn a_piece_is_read_as_it_was_written(offset: u64, bytes in prop::collection::vec(any::<u8>(), 1..100)) {
            let clip = ClipId::random();
            let mut message = ClipPiece::head(clip, offset).to_vec();
            message.extend_from_slice(&bytes);
            let piece = ClipPiece { clip, offset, bytes: &bytes };
            prop_assert_eq!(ClipPiece::parse(&message), Some(piece));
            prop_assert_eq!(ClipPiece::parse(&message[..CLIP_PIECE_HEAD_BYTES]), None);
        }
    }
}
