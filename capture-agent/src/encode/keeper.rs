//! Keeps one encoder open that fits the pictures that come.
//!
//! Chooses it by a probe at the first picture, opens it anew when the size changes or it fails, and tells it what rate
//! really comes. It holds no picture and knows nothing of receivers. An encoder that failed is left alone for a while. One
//! that `auto` chose and that fails again soon (hardware that is gone, a size that it refuses) gives way to another; one
//! that was asked for by name never does.

use crate::encode::{
    BitRate, Choice, EncodeError, EncoderFactory, EncoderSettings, Preset, VideoEncoder, probe,
};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Wait before an encoder that failed is opened again.
const REOPEN_AFTER: Duration = Duration::from_secs(1);
/// Failures after which another encoder is chosen: the first may be a driver that was reset, the second is not.
const GIVE_UP_AFTER: u32 = 2;
/// A failure this long ago has nothing to do with the next one.
const FORGIVEN_AFTER: Duration = Duration::from_secs(60);
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
    /// Names that failed too often and are left out.
    given_up: Vec<String>,
    /// Whether one was ever found: what fails later may pass.
    was_chosen: bool,
    /// Failures of the chosen one, one soon after the other.
    failures: u32,
    /// The last of them.
    failed_at: Option<Instant>,
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
            given_up: Vec::new(),
            was_chosen: false,
            failures: 0,
            failed_at: None,
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
        let is_first = !self.was_chosen;
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

    /// The encoder failed: it is closed and left alone for a while, or given up.
    pub fn failed(&mut self, now: Instant) {
        self.open = None;
        self.reopen_at = Some(now + REOPEN_AFTER);
        let since = self.failed_at.replace(now);
        let is_again = since.is_some_and(|at| now.saturating_duration_since(at) < FORGIVEN_AFTER);
        self.failures = if is_again { self.failures + 1 } else { 1 };
        if self.options.choice == Choice::Auto
            && self.failures >= GIVE_UP_AFTER
            && let Some(name) = self.chosen.take()
        {
            tracing::warn!(
                encoder = name,
                "an encoder failed again and is given up; another one is chosen"
            );
            self.given_up.push(name);
            self.failures = 0;
            // The picture stood long enough.
            self.reopen_at = None;
        }
    }

    /// The target now.
    #[must_use]
    pub const fn bit_rate(&self) -> BitRate {
        self.options.bit_rate
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
        let name = match &self.chosen {
            Some(name) => name.clone(),
            None => self.choose(&settings)?,
        };
        self.factory.open(&name, &settings)
    }

    fn choose(&mut self, settings: &EncoderSettings) -> Result<String, EncodeError> {
        let (choice, factory) = (&self.options.choice, self.factory.as_ref());
        let mut chosen = probe::choose(choice, &self.given_up, factory, settings);
        if chosen.is_err() && !self.given_up.is_empty() {
            // Nothing else works here, so what was given up gets another chance.
            self.given_up.clear();
            chosen = probe::choose(choice, &[], factory, settings);
        }
        let chosen = chosen?;
        for (name, reason) in &chosen.passed_over {
            tracing::info!(encoder = name, reason, "encoder not used");
        }
        let median_us = u64::try_from(chosen.median.as_micros()).unwrap_or(u64::MAX);
        tracing::info!(encoder = chosen.name, median_us, "encoder chosen");
        self.was_chosen = true;
        Ok(self.chosen.insert(chosen.name).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::stand_in::{StandIns, Way};
    use crate::picture::{Form, Picture};
    use wire::RtpTime;

    const X264: &str = "libx264";
    const OTHER: &str = "libopenh264";

    /// A keeper, its encoders and the time.
    struct Bench {
        keeper: Keeper,
        here: StandIns,
        now: Instant,
    }

    impl Bench {
        fn new(choice: Choice, here: &[(&'static str, Way)]) -> Self {
            let options = EncodeOptions {
                choice,
                preset: Preset::Superfast,
                bit_rate: BitRate::from_kbps(2000).unwrap(),
                buffer_frames: 3.0,
            };
            let here = StandIns::with(here);
            Self {
                keeper: Keeper::new(options, Arc::new(here.clone())),
                here,
                now: Instant::now(),
            }
        }

        /// Codes a picture of this width after a second, as the encode thread does. Gives the encoder that did.
        fn codes(&mut self, width: u32) -> Option<String> {
            self.now += REOPEN_AFTER;
            let picture = Picture::from_rows(width, 48, Form::Gray8, vec![0; width as usize * 48]);
            let (picture, mut out) = (picture.unwrap(), Vec::new());
            match self.keeper.ready(width, 48, 30.0, self.now) {
                Ready::Open { encoder, .. } => {
                    let coded = encoder.encode(&picture, RtpTime(0), false, &mut out);
                    let name = encoder.name().to_owned();
                    if coded.is_ok() {
                        return Some(name);
                    }
                    self.keeper.failed(self.now);
                    None
                }
                Ready::Resting => None,
                Ready::Failed { is_first, .. } => {
                    assert!(!is_first, "that would end the agent, and one worked before");
                    None
                }
            }
        }
    }

    #[test]
    fn an_encoder_that_is_lost_gives_way_to_another_after_a_second_try() {
        let mut bench = Bench::new(Choice::Auto, &[(X264, Way::WORKS), (OTHER, Way::WORKS)]);
        assert_eq!(bench.codes(64).as_deref(), Some(X264));
        bench.here.lose(X264);
        assert_eq!(bench.codes(64), None, "it fails where it is open");
        assert_eq!(bench.codes(64), None, "it does not open any more");
        assert_eq!(bench.codes(64).as_deref(), Some(OTHER));
        bench.here.set(X264, Way::WORKS);
        assert_eq!(
            bench.codes(80).as_deref(),
            Some(OTHER),
            "no way back in between"
        );
    }

    #[test]
    fn an_encoder_that_refuses_a_new_size_gives_way_to_another() {
        let mut bench = Bench::new(Choice::Auto, &[(X264, Way::UpTo(64)), (OTHER, Way::WORKS)]);
        assert_eq!(bench.codes(64).as_deref(), Some(X264));
        assert_eq!((bench.codes(80), bench.codes(80)), (None, None));
        assert_eq!(bench.codes(80).as_deref(), Some(OTHER));
    }

    #[test]
    fn an_encoder_that_was_asked_for_by_name_is_never_replaced() {
        let named = Choice::Named(X264.to_owned());
        let mut bench = Bench::new(named, &[(X264, Way::WORKS), (OTHER, Way::WORKS)]);
        assert_eq!(bench.codes(64).as_deref(), Some(X264));
        bench.here.lose(X264);
        for _ in 0..5 {
            assert_eq!(bench.codes(64), None);
        }
        bench.here.set(X264, Way::WORKS);
        assert_eq!(bench.codes(64).as_deref(), Some(X264));
    }

    #[test]
    fn the_only_encoder_is_tried_again_for_ever() {
        let mut bench = Bench::new(Choice::Auto, &[(X264, Way::WORKS)]);
        assert_eq!(bench.codes(64).as_deref(), Some(X264));
        bench.here.set(X264, Way::FailsOnPictures);
        for _ in 0..5 {
            assert_eq!(bench.codes(64), None);
        }
        bench.here.set(X264, Way::WORKS);
        assert_eq!(bench.codes(64).as_deref(), Some(X264));
    }

    #[test]
    fn a_failure_now_and_then_is_forgiven() {
        let mut bench = Bench::new(Choice::Auto, &[(X264, Way::WORKS), (OTHER, Way::WORKS)]);
        assert_eq!(bench.codes(64).as_deref(), Some(X264));
        for _ in 0..4 {
            bench.here.set(X264, Way::FailsOnPictures);
            assert_eq!(bench.codes(64), None);
            bench.here.set(X264, Way::WORKS);
            assert_eq!(bench.codes(64).as_deref(), Some(X264));
            bench.now += FORGIVEN_AFTER;
        }
    }
}
