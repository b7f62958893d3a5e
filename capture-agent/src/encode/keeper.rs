//! Keeps one encoder open that fits the pictures that come.
//!
//! Chooses it by a probe at the first picture, opens it anew when the size changes or it fails, and tells it what rate
//! really comes. It holds no picture and knows nothing of receivers. An encoder that failed is left alone for a while.

use crate::encode::{
    BitRate, Choice, EncodeError, EncoderFactory, EncoderSettings, Preset, VideoEncoder, probe,
};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Wait before an encoder that failed is opened again.
const REOPEN_AFTER: Duration = Duration::from_secs(1);
/// Frame rates that differ by less than this share are one to the encoder.
const RATE_TOLERANCE: f64 = 0.1;
/// Assumed of a source that tells no rate, until it was measured.
const USUAL_FRAME_RATE: f64 = 30.0;

/// How to encode.
#[derive(Debug, Clone, PartialEq)]
pub struct EncodeOptions {
    /// Which encoder.
    pub choice: Choice,
    /// Effort of libx264.
    pub preset: Preset,
    /// Target at the start.
    pub bit_rate: BitRate,
    /// Depth of the rate buffer in frames.
    pub buffer_frames: f64,
}

/// An open encoder and what it was opened for.
struct Open {
    encoder: Box<dyn VideoEncoder>,
    width: u32,
    height: u32,
}

/// The encoder and its history.
pub struct Keeper {
    options: EncodeOptions,
    factory: Arc<dyn EncoderFactory>,
    /// Name that the probe found.
    chosen: Option<String>,
    open: Option<Open>,
    /// No attempt to open before this.
    reopen_at: Option<Instant>,
    /// Frame rate that the encoder reckons with.
    frame_rate: f64,
}

/// What asking for an encoder gave.
pub enum Ready<'a> {
    /// It is open; `is_new` when it was opened just now and begins with a keyframe.
    Open {
        /// The encoder.
        encoder: &'a mut dyn VideoEncoder,
        /// Opened for this picture.
        is_new: bool,
    },
    /// It failed a moment ago and is tried again soon.
    Resting,
    /// It does not open; `is_first` when none ever did.
    Failed {
        /// Why.
        error: EncodeError,
        /// Nothing here works.
        is_first: bool,
    },
}

impl Keeper {
    /// Opens nothing yet.
    #[must_use]
    pub fn new(options: EncodeOptions, factory: Arc<dyn EncoderFactory>) -> Self {
        Self {
            options,
            factory,
            chosen: None,
            open: None,
            reopen_at: None,
            frame_rate: 0.0,
        }
    }

    /// The encoder for a picture of this size. `told_rate` is what the source says of its rate; 0 when nothing.
    pub fn ready(&mut self, width: u32, height: u32, told_rate: f64, now: Instant) -> Ready<'_> {
        let fits = self
            .open
            .as_ref()
            .is_some_and(|open| (open.width, open.height) == (width, height));
        let is_first = self.chosen.is_none();
        if !fits {
            if self.reopen_at.is_some_and(|at| now < at) {
                return Ready::Resting;
            }
            if self.frame_rate < 1.0 {
                self.frame_rate = if told_rate >= 1.0 {
                    told_rate
                } else {
                    USUAL_FRAME_RATE
                };
            }
            match self.open_for(width, height) {
                Ok(encoder) => {
                    self.open = Some(Open {
                        encoder,
                        width,
                        height,
                    })
                }
                Err(error) => {
                    self.failed(now);
                    return Ready::Failed { error, is_first };
                }
            }
        }
        match &mut self.open {
            Some(open) => Ready::Open {
                encoder: open.encoder.as_mut(),
                is_new: !fits,
            },
            None => Ready::Resting,
        }
    }

    /// Name of the encoder chosen.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.chosen.as_deref()
    }

    /// The encoder failed: it is closed and left alone for a while.
    pub fn failed(&mut self, now: Instant) {
        self.open = None;
        self.reopen_at = Some(now + REOPEN_AFTER);
    }

    /// Another target from the next picture on.
    pub fn set_bit_rate(&mut self, bit_rate: BitRate) {
        self.options.bit_rate = bit_rate;
        self.apply_rate();
    }

    /// What was measured of the pictures' rate.
    pub fn set_frame_rate(&mut self, measured: f64) {
        if (measured / self.frame_rate - 1.0).abs() > RATE_TOLERANCE {
            self.frame_rate = measured;
            self.apply_rate();
        }
    }

    fn apply_rate(&mut self) {
        if let Some(open) = &mut self.open {
            open.encoder
                .set_rate(self.options.bit_rate, self.frame_rate);
        }
    }

    fn open_for(&mut self, width: u32, height: u32) -> Result<Box<dyn VideoEncoder>, EncodeError> {
        let settings = EncoderSettings {
            width,
            height,
            frame_rate: self.frame_rate,
            bit_rate: self.options.bit_rate,
            preset: self.options.preset,
            buffer_frames: self.options.buffer_frames,
        };
        let factory = self.factory.as_ref();
        let name = match &self.chosen {
            Some(name) => name,
            None => {
                let chosen = probe::choose(&self.options.choice, factory, &settings)?;
                for (name, reason) in &chosen.passed_over {
                    tracing::info!(encoder = name, reason, "encoder not used");
                }
                let median_us = u64::try_from(chosen.median.as_micros()).unwrap_or(u64::MAX);
                tracing::info!(encoder = chosen.name, median_us, "encoder chosen");
                self.chosen.insert(chosen.name)
            }
        };
        factory.open(name, &settings)
    }
}
