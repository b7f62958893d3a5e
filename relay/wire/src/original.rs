//! Originals (原画): a frame exactly as it was captured, banner masked, as the agent hands it to the relay.
//!
//! ```text
//! relay ─ control: sendOriginal {rtpTime, step} ──► agent
//! relay ◄─ originals: {rtpTime, asked, original} ── agent      then the blob, cut into binary messages, in order
//! relay ─ control: originalKept {rtpTime} ────────► agent      after it is durable
//! relay ─ control: sendBeat {rtpTime} ────────────► agent      then an original for each frame of that beat, oldest first
//! ```
//!
//! Owns what is said of an original and its limits. Whoever shows one as the original has recomputed `pixels` over the
//! decoded rows. The channel `originals` is reliable and ordered; one original is sent after the other. A beat (that beat
//! again) is the originals of the `BEAT_SPAN_MS` that end at the frozen frame.

use crate::region::{MAX_REGIONS, Region};
use crate::{FrameIndex, RtpTime};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use ts_rs::TS;

/// Name of the data channel that carries originals.
pub const ORIGINALS_CHANNEL: &str = "originals";
/// Largest blob. The picture of a full-HD grabber in colour is about 4 MiB as PNG.
pub const MAX_ORIGINAL_BYTES: u32 = 16 * 1024 * 1024;
/// Bytes of a blob in one message: what every SCTP stack takes without interleaving (RFC 8831 §6.6).
pub const ORIGINAL_CHUNK_BYTES: usize = 16 * 1024;
/// Longest side of an original in pixels.
pub const MAX_ORIGINAL_SIDE: u32 = 8_192;

/// Largest picture from the video that a page supplies: full HD as PNG, with the grain of a lossy codec, takes half of it.
pub const MAX_VIDEO_PICTURE_BYTES: usize = 8 * 1024 * 1024;

/// Length of a beat: three heart beats at 60 a minute, or what somebody means by "that beat again".
pub const BEAT_SPAN_MS: u32 = 3_000;
/// Frames of a beat: its three seconds at 60 frames a second, and some. What is said of so many fits into one message of
/// the consult socket; of a source that is faster the newest ones are taken.
pub const MAX_BEAT_FRAMES: usize = 200;

/// A text that is no SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is a SHA-256 in 64 lower-case hexadecimal digits")]
pub struct NotADigest;

/// A SHA-256 (FIPS 180-4), in JSON 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "original.ts")]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string & { readonly __digest: \"Digest\" }")]
pub struct Digest([u8; 32]);

impl Digest {
    /// Wraps the bytes that a hash function gave.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(self) -> [u8; 32] {
        self.0
    }
}

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(NotADigest);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            for digit in pair {
                let value = match digit {
                    b'0'..=b'9' => digit - b'0',
                    b'a'..=b'f' => digit - b'a' + 10,
                    _ => return Err(NotADigest),
                };
                *byte = (*byte << 4) | value;
            }
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Digest {
    type Error = NotADigest;

    fn try_from(text: String) -> Result<Self, NotADigest> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// Layout of the canonical rows: top row first, no padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "original.ts")]
#[serde(rename_all = "camelCase")]
pub enum PixelForm {
    /// One byte of luminance for each pixel.
    Gray8,
    /// Red, green, blue.
    Rgb8,
}

impl PixelForm {
    /// Bytes for each pixel.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            Self::Gray8 => 1,
            Self::Rgb8 => 3,
        }
    }
}

/// One original: a PNG without colour management, transparency or interlacing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "original.ts")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Original {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Layout of the rows.
    pub form: PixelForm,
    /// Of the canonical rows; what makes it the original.
    pub pixels: Digest,
    /// Of the blob, which is its name in the store.
    pub blob: Digest,
    /// Length of the blob.
    pub bytes: u32,
}

/// The frozen frame of a publisher that keeps no originals, as it came with the video: a PNG from the page that froze it.
/// Nobody proves it, and it is never called an original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "original.ts")]
#[serde(rename_all = "camelCase")]
pub struct VideoPicture {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Of the blob, which is its name in the store.
    pub blob: Digest,
    /// Length of the blob.
    pub bytes: u32,
}

/// What is wrong with what was said of an original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginalFault {
    /// A side is 0 or too long.
    #[error("an original has sides of 1 to {MAX_ORIGINAL_SIDE} pixels")]
    Size,
    /// The blob is empty or too long.
    #[error("an original has 1 to {MAX_ORIGINAL_BYTES} bytes")]
    Length,
    /// More regions than a picture has.
    #[error("a frame has at most {MAX_REGIONS} regions")]
    Regions,
}

impl Original {
    /// Whether its numbers can be true.
    ///
    /// # Errors
    /// `OriginalFault`.
    pub fn check(&self) -> Result<(), OriginalFault> {
        let side = 1..=MAX_ORIGINAL_SIDE;
        if !side.contains(&self.width) || !side.contains(&self.height) {
            return Err(OriginalFault::Size);
        }
        if !(1..=MAX_ORIGINAL_BYTES).contains(&self.bytes) {
            return Err(OriginalFault::Length);
        }
        Ok(())
    }
}

/// Tells the patients that one run of an agent shows apart: frames with different keys may show two. It is drawn anew with each
/// run and says nothing of anybody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "original.ts")]
#[serde(transparent)]
#[ts(type = "number & { readonly __key: \"PatientKey\" }")]
pub struct PatientKey(pub u32);

/// What the agent knows of a frame beside its pixels.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "original.ts")]
#[serde(rename_all = "camelCase")]
pub struct FrameFacts {
    /// Its number since the agent started, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub index: Option<FrameIndex>,
    /// Ultrasound regions of this very frame in the original's pixels, as its file states them; at most `MAX_REGIONS`,
    /// none when the source states none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Region>>")]
    pub regions: Vec<Region>,
    /// Whom it shows, as far as its source can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub patient: Option<PatientKey>,
}

/// One frame of a beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "original.ts")]
#[serde(rename_all = "camelCase")]
pub struct BeatFrame {
    /// Which frame; the stream is the freeze's.
    pub rtp_time: RtpTime,
    /// What is kept of it.
    pub original: Original,
}

/// Place of an original in the beat that is being sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BeatPlace {
    /// Frames of the beat.
    pub of: u32,
    /// Nothing of the beat follows.
    pub last: bool,
}

/// Text before the blob of an original on the channel `originals`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OriginalHead {
    /// Which frame.
    pub rtp_time: RtpTime,
    /// The frame that was named when it was asked for: another one when a neighbour was wanted.
    pub asked: RtpTime,
    /// What follows.
    pub original: Original,
    /// What is known of the frame beside its pixels.
    #[serde(default)]
    pub facts: FrameFacts,
    /// Set when it belongs to a beat; `asked` is the frame at which the beat ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beat: Option<BeatPlace>,
}

impl OriginalHead {
    /// Whether what it says can be true.
    ///
    /// # Errors
    /// `OriginalFault`.
    pub fn check(&self) -> Result<(), OriginalFault> {
        if self.facts.regions.len() > MAX_REGIONS {
            return Err(OriginalFault::Regions);
        }
        self.original.check()
    }
}

/// Why there is no original of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "original.ts")]
#[serde(rename_all = "camelCase")]
pub enum OriginalGap {
    /// The frame has left the agent's ring.
    Gone,
    /// The agent is away, or did not answer in time.
    AgentAway,
    /// The publisher keeps no originals: it is not our agent.
    NoAgent,
    /// The agent has the frame and cannot code its picture.
    NotCoded,
    /// The relay could not keep what came: its disk is full or broken.
    NotKept,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_one_spelling() {
        let digest = Digest::from_bytes(std::array::from_fn(|n| n as u8 * 7));
        let text = digest.to_string();
        assert_eq!(text.parse(), Ok(digest));
        let (upper, long) = (text.to_uppercase(), format!("{text}0"));
        for wrong in [upper.as_str(), long.as_str(), "", "../../etc/passwd"] {
            assert_eq!(wrong.parse::<Digest>(), Err(NotADigest), "{wrong:?} passed");
        }
    }

    #[test]
    fn an_original_of_impossible_size_is_refused() {
        let digest = Digest::from_bytes([1; 32]);
        let original = Original {
            width: 800,
            height: 600,
            form: PixelForm::Gray8,
            pixels: digest,
            blob: digest,
            bytes: 150_000,
        };
        assert_eq!(original.check(), Ok(()));
        let narrow = Original {
            width: 0,
            ..original
        };
        let tall = Original {
            height: MAX_ORIGINAL_SIDE + 1,
            ..original
        };
        let long = Original {
            bytes: u32::MAX,
            ..original
        };
        assert_eq!(narrow.check(), Err(OriginalFault::Size));
        assert_eq!(tall.check(), Err(OriginalFault::Size));
        assert_eq!(long.check(), Err(OriginalFault::Length));
    }
}
