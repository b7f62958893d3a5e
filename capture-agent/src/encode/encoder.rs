//! What an encoder is to the rest of the program.
//!
//! One picture in, its access unit out, in the same call: an encoder that holds frames back does not fit this trait,
//! and the probe refuses it. The RTP time goes in with the picture and comes out with its access unit unchanged.

use crate::picture::Picture;
use bytes::Bytes;
use serde::Deserialize;
use wire::RtpTime;

/// Bits per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BitRate(u32);

impl BitRate {
    /// Below this speckle is a smear and nobody should diagnose from it (reference: below 0.5 Mbit/s).
    pub const LOWEST_KBPS: u32 = 150;
    /// Near transparent at 800 x 600 is 8 Mbit/s; more than this is a mistake in the configuration.
    pub const HIGHEST_KBPS: u32 = 50_000;
    /// The lowest.
    pub const LOWEST: Self = Self(Self::LOWEST_KBPS * 1000);

    /// From kilobits per second; none outside the sensible range.
    #[must_use]
    pub const fn from_kbps(kbps: u32) -> Option<Self> {
        if kbps < Self::LOWEST_KBPS || kbps > Self::HIGHEST_KBPS {
            None
        } else {
            Some(Self(kbps * 1000))
        }
    }

    /// Kilobits per second.
    #[must_use]
    pub const fn kbps(self) -> u32 {
        self.0 / 1000
    }

    /// Bits per second.
    #[must_use]
    pub const fn bps(self) -> u32 {
        self.0
    }
}

/// Effort of the software encoder. Slower ones buy 0.1 dB at most, faster ones lose 2.8 dB (decision record 0008).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// About 2.4 ms at 800 x 600.
    #[default]
    Superfast,
    /// About 3.9 ms, 0.3 dB better.
    Veryfast,
}

impl Preset {
    /// As x264 calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Superfast => "superfast",
            Self::Veryfast => "veryfast",
        }
    }
}

/// What an encoder is opened for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EncoderSettings {
    /// Width of the pictures to come.
    pub width: u32,
    /// Height of the pictures to come.
    pub height: u32,
    /// Pictures per second expected; `set_rate` corrects it.
    pub frame_rate: f64,
    /// Target and maximum.
    pub bit_rate: BitRate,
    /// Effort.
    pub preset: Preset,
    /// Depth of the rate buffer in frames: 3 keeps frames even in size, 6 buys 0.1 dB (decision record 0008).
    pub buffer_frames: f64,
}

/// One coded picture in Annex B form, parameter sets included when it is a keyframe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessUnit {
    /// As given with the picture.
    pub rtp_time: RtpTime,
    /// Whether decoding can start here.
    pub keyframe: bool,
    /// Start codes and NAL units.
    pub data: Bytes,
}

/// Why a picture could not be coded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// This FFmpeg has no encoder of that name.
    #[error("this FFmpeg was built without {0}")]
    Missing(String),
    /// It exists and refuses to open; for hardware encoders that usually means there is no such hardware.
    #[error("{name} does not open here ({reason})")]
    Open {
        /// Encoder.
        name: String,
        /// In FFmpeg's words.
        reason: String,
    },
    /// The picture could not be turned into what the encoder takes.
    #[error("the picture could not be converted for the encoder ({0})")]
    Convert(String),
    /// It took no picture.
    #[error("{name} failed on a picture ({reason})")]
    Picture {
        /// Encoder.
        name: String,
        /// In FFmpeg's words.
        reason: String,
    },
    /// It keeps pictures back, which costs at least a frame of delay.
    #[error("{0} holds pictures back, which delays every one of them")]
    HoldsBack(String),
    /// It gives no IDR when one is asked for.
    #[error("{0} gives no keyframe when asked for one")]
    NoKeyframe(String),
}

/// An opened encoder for one size of picture.
pub trait VideoEncoder: Send {
    /// Codes `picture` and appends its access unit to `out`.
    ///
    /// # Errors
    /// `EncodeError`; the encoder should be opened anew then.
    fn encode(
        &mut self,
        picture: &Picture,
        rtp_time: RtpTime,
        force_idr: bool,
        out: &mut Vec<AccessUnit>,
    ) -> Result<(), EncodeError>;

    /// Changes the rate from the next picture on, without a keyframe. `frame_rate` is what really comes: encoders
    /// that count frames instead of time would otherwise miss the bit rate.
    fn set_rate(&mut self, bit_rate: BitRate, frame_rate: f64);

    /// FFmpeg's name of it, for example `libx264`.
    fn name(&self) -> &str;
}
