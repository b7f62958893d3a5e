//! Chooses an encoder that really works here.
//!
//! Being listed by FFmpeg proves nothing: hardware encoders are registered without hardware behind them. An encoder
//! counts as working when it opened at the real size, gave each picture back in the same call, and made an IDR when
//! asked. `auto` takes libx264 when it is quick enough, because its quality, its rate changes in flight and its delay
//! are measured; a hardware encoder only when libx264 is missing or too slow here AND the hardware was measured
//! quicker. So `auto` never trades delay for CPU silently; who wants the hardware names it. An encoder that was lost while
//! it ran is left out by whoever asks.

use crate::encode::ffmpeg::FfmpegEncoder;
use crate::encode::recipe::{self, CANDIDATES, X264};
use crate::encode::{AccessUnit, EncodeError, EncoderSettings, VideoEncoder};
use crate::picture::{Form, Picture};
use std::str::FromStr;
use std::time::{Duration, Instant};
use wire::RtpTime;

/// Pictures coded in a probe: enough for a median, 30 ms at 800 x 600.
const PROBE_PICTURES: usize = 9;
/// `auto` looks no further when libx264 needs at most this for a picture: half a frame at 60 per second.
const QUICK_ENOUGH: Duration = Duration::from_millis(8);

/// What the configuration asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Choice {
    /// See the module's text.
    #[default]
    Auto,
    /// This one and no other.
    Named(String),
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "x264" => Ok(Self::Named(X264.to_owned())),
            name if CANDIDATES.contains(&name) => Ok(Self::Named(name.to_owned())),
            other => Err(format!(
                "\"{other}\" is no encoder known here; use auto, x264 or one of {}",
                CANDIDATES.join(", ")
            )),
        }
    }
}

/// Opens encoders. A trait, so that tests can stand in for hardware.
pub trait EncoderFactory: Send + Sync {
    /// Opens the encoder of that name.
    ///
    /// # Errors
    /// `EncodeError::Missing` or `Open`.
    fn open(
        &self,
        name: &str,
        settings: &EncoderSettings,
    ) -> Result<Box<dyn VideoEncoder>, EncodeError>;
}

/// FFmpeg's encoders.
#[derive(Debug, Clone, Copy, Default)]
pub struct FfmpegFactory;

impl EncoderFactory for FfmpegFactory {
    fn open(
        &self,
        name: &str,
        settings: &EncoderSettings,
    ) -> Result<Box<dyn VideoEncoder>, EncodeError> {
        let refused = |error: ffmpeg_next::Error| EncodeError::Open {
            name: name.to_owned(),
            reason: error.to_string(),
        };
        crate::av::ready().map_err(refused)?;
        let recipe =
            recipe::recipe(name, settings).ok_or_else(|| EncodeError::Missing(name.to_owned()))?;
        Ok(Box::new(FfmpegEncoder::open(&recipe, settings)?))
    }
}

/// The outcome of a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Encoder to open from now on.
    pub name: String,
    /// Median time for a picture in the probe.
    pub median: Duration,
    /// Encoders that were tried and left out, each with the reason.
    pub passed_over: Vec<(String, String)>,
}

/// Chooses for pictures of these settings. `auto` leaves out those that were `given_up`.
///
/// # Errors
/// The error of the named encoder, or of libx264 when nothing works at all.
pub fn choose(
    choice: &Choice,
    given_up: &[String],
    factory: &dyn EncoderFactory,
    settings: &EncoderSettings,
) -> Result<Chosen, EncodeError> {
    match choice {
        Choice::Named(name) => {
            let median = probe(name, factory, settings)?;
            Ok(Chosen {
                name: name.clone(),
                median,
                passed_over: Vec::new(),
            })
        }
        Choice::Auto => choose_quickest(given_up, factory, settings),
    }
}

fn choose_quickest(
    given_up: &[String],
    factory: &dyn EncoderFactory,
    settings: &EncoderSettings,
) -> Result<Chosen, EncodeError> {
    let mut passed_over: Vec<(String, String)> = Vec::new();
    let mut best: Option<(String, Duration)> = None;
    let mut first_error = None;
    let is_candidate = |name: &&&str| !given_up.iter().any(|lost| lost == **name);
    for name in CANDIDATES.iter().filter(is_candidate) {
        if best
            .as_ref()
            .is_some_and(|(_, median)| *median <= QUICK_ENOUGH)
        {
            break;
        }
        match probe(name, factory, settings) {
            Ok(median) if best.as_ref().is_none_or(|(_, quickest)| median < *quickest) => {
                if let Some((slower, took)) = best.replace(((*name).to_owned(), median)) {
                    passed_over.push((
                        slower,
                        format!("takes {} ms for a picture", took.as_millis()),
                    ));
                }
            }
            Ok(median) => passed_over.push((
                (*name).to_owned(),
                format!("takes {} ms for a picture", median.as_millis()),
            )),
            Err(error) => {
                passed_over.push(((*name).to_owned(), error.to_string()));
                first_error.get_or_insert(error);
            }
        }
    }
    match best {
        Some((name, median)) => Ok(Chosen {
            name,
            median,
            passed_over,
        }),
        None => Err(first_error.unwrap_or_else(|| EncodeError::Missing(X264.to_owned()))),
    }
}

/// Codes a few pictures and returns the median time; the first one, which sets tables up, does not count.
fn probe(
    name: &str,
    factory: &dyn EncoderFactory,
    settings: &EncoderSettings,
) -> Result<Duration, EncodeError> {
    let mut encoder = factory.open(name, settings)?;
    let mut units: Vec<AccessUnit> = Vec::with_capacity(PROBE_PICTURES);
    let mut times = Vec::with_capacity(PROBE_PICTURES);
    let last = PROBE_PICTURES - 1;
    for n in 0..PROBE_PICTURES {
        let picture = probe_picture(settings, n)?;
        let start = Instant::now();
        encoder.encode(&picture, RtpTime::default(), n == last, &mut units)?;
        times.push(start.elapsed());
    }
    if units.len() != PROBE_PICTURES {
        return Err(EncodeError::HoldsBack(name.to_owned()));
    }
    let entry = |unit: Option<&AccessUnit>| unit.is_some_and(|unit| unit.keyframe);
    if !entry(units.first()) || !entry(units.last()) {
        return Err(EncodeError::NoKeyframe(name.to_owned()));
    }
    let mut inner: Vec<Duration> = times.into_iter().skip(1).collect();
    inner.sort_unstable();
    Ok(inner.get(inner.len() / 2).copied().unwrap_or_default())
}

/// Moving texture, so that the encoder has honest work.
fn probe_picture(settings: &EncoderSettings, n: usize) -> Result<Picture, EncodeError> {
    let (width, height) = (settings.width as usize, settings.height as usize);
    let pixel = |at: usize| {
        let (x, y) = (at % width + n * 3, at / width + n);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the low eight bits are the texture"
        )]
        let value = ((x * x / 7) ^ (y * 5 + x)) as u8;
        value
    };
    let rows = (0..width * height).map(pixel).collect();
    Picture::from_rows(settings.width, settings.height, Form::Gray8, rows)
        .map_err(|error| EncodeError::Convert(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::stand_in::{StandIns, Way};
    use crate::encode::{BitRate, Preset};

    /// Too slow for `auto` to look no further, also where the machine is quick.
    const SLOW: Way = Way::Takes(Duration::from_millis(9));
    const SLOWER: Way = Way::Takes(Duration::from_millis(14));

    fn auto(here: &[(&'static str, Way)], given_up: &[&str]) -> Result<Chosen, EncodeError> {
        let settings = EncoderSettings {
            width: 64,
            height: 48,
            frame_rate: 30.0,
            bit_rate: BitRate::from_kbps(2000).unwrap(),
            preset: Preset::Superfast,
            buffer_frames: 3.0,
        };
        let given_up: Vec<String> = given_up.iter().map(|&name| name.to_owned()).collect();
        choose(&Choice::Auto, &given_up, &StandIns::with(here), &settings)
    }

    #[test]
    fn hardware_that_is_quicker_than_a_slow_x264_is_taken() {
        let chosen = auto(&[(X264, SLOW), ("h264_qsv", Way::WORKS)], &[]).unwrap();
        assert_eq!(chosen.name, "h264_qsv");
        let x264 = chosen.passed_over.iter().find(|(name, _)| name == X264);
        assert!(x264.unwrap().1.contains("ms for a picture"), "{x264:?}");
    }

    #[test]
    fn hardware_that_is_slower_than_a_slow_x264_is_not() {
        let chosen = auto(&[(X264, SLOW), ("h264_nvenc", SLOWER)], &[]).unwrap();
        assert_eq!(chosen.name, X264);
        assert!(chosen.median >= Duration::from_millis(9));
    }

    #[test]
    fn an_encoder_that_gives_no_keyframe_or_holds_back_is_passed_over_with_the_reason() {
        let chosen = auto(
            &[
                (X264, Way::NoKeyframe),
                ("h264_qsv", Way::HoldsBack),
                ("libopenh264", Way::WORKS),
            ],
            &[],
        )
        .unwrap();
        assert_eq!(chosen.name, "libopenh264");
        let why = |name: &str| {
            let found = chosen.passed_over.iter().find(|(it, _)| it == name);
            found.unwrap().1.clone()
        };
        assert!(why(X264).contains("no keyframe"), "{}", why(X264));
        assert!(why("h264_qsv").contains("holds"), "{}", why("h264_qsv"));
    }

    #[test]
    fn one_that_was_given_up_is_not_even_tried() {
        let here = [(X264, Way::WORKS), ("libopenh264", Way::WORKS)];
        let chosen = auto(&here, &[X264]).unwrap();
        assert_eq!(chosen.name, "libopenh264");
        assert!(!chosen.passed_over.iter().any(|(name, _)| name == X264));
    }

    #[test]
    fn when_nothing_works_the_first_reason_is_told() {
        let error = auto(&[(X264, Way::NoKeyframe)], &[]).unwrap_err();
        assert_eq!(error, EncodeError::NoKeyframe(X264.to_owned()));
    }
}
