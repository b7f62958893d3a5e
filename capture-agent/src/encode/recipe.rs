//! How each of FFmpeg's H.264 encoders is set for a live picture: no look-ahead, no B-frames, IDR only when asked.
//!
//! The values for libx264 are measured (decision record 0008); those for hardware encoders follow FFmpeg's
//! documentation and could not be exercised on our build machines. The probe proves an encoder before it is used.

use crate::encode::EncoderSettings;
use ffmpeg_next::format::Pixel;

/// One way of coding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recipe {
    /// FFmpeg's name of the encoder.
    pub(super) encoder: &'static str,
    /// What it takes.
    pub(super) format: Pixel,
    /// Whether it takes frames on a VA-API device only.
    pub(super) on_device: bool,
    /// Private options.
    pub(super) options: Vec<(&'static str, String)>,
}

/// Software encoder of choice.
pub(super) const X264: &str = "libx264";

/// Takes frames on its own device only.
const VAAPI: &str = "h264_vaapi";

/// Every encoder that may be asked for, in the order in which they are tried after libx264.
pub(super) const CANDIDATES: &[&str] = &[
    X264,
    "h264_nvenc",
    "h264_qsv",
    "h264_vaapi",
    "h264_videotoolbox",
    "h264_mf",
    "libopenh264",
];

/// Options that never change.
type Fixed = &'static [(&'static str, &'static str)];

/// Options of the hardware and fallback encoders, after FFmpeg's documentation.
const OPTIONS: &[(&str, Pixel, Fixed)] = &[
    (
        "h264_nvenc",
        Pixel::YUV420P,
        &[
            ("preset", "p1"),
            ("tune", "ull"),
            ("zerolatency", "1"),
            ("delay", "0"),
            ("rc", "cbr"),
            ("forced-idr", "1"),
            ("profile", "baseline"),
        ],
    ),
    (
        "h264_qsv",
        Pixel::NV12,
        &[
            ("preset", "veryfast"),
            ("async_depth", "1"),
            ("look_ahead", "0"),
            ("forced_idr", "1"),
            ("profile", "baseline"),
        ],
    ),
    (
        VAAPI,
        Pixel::NV12,
        &[
            ("async_depth", "1"),
            ("rc_mode", "CBR"),
            ("profile", "constrained_baseline"),
        ],
    ),
    (
        "h264_videotoolbox",
        Pixel::NV12,
        &[
            ("realtime", "1"),
            ("prio_speed", "1"),
            ("profile", "constrained_baseline"),
        ],
    ),
    (
        "h264_mf",
        Pixel::NV12,
        &[
            ("scenario", "live_streaming"),
            ("hw_encoding", "1"),
            ("rate_control", "cbr"),
        ],
    ),
    (
        "libopenh264",
        Pixel::YUV420P,
        &[
            ("rc_mode", "bitrate"),
            ("allow_skip_frames", "0"),
            ("profile", "constrained_baseline"),
        ],
    ),
];

/// How to set the encoder of that name; none when we do not know it.
pub(super) fn recipe(name: &str, settings: &EncoderSettings) -> Option<Recipe> {
    if name == X264 {
        let options = x264(settings);
        return Some(Recipe {
            encoder: X264,
            format: Pixel::YUV420P,
            on_device: false,
            options,
        });
    }
    let (encoder, format, options) = OPTIONS.iter().find(|(known, ..)| *known == name)?;
    let options = options
        .iter()
        .map(|(key, value)| (*key, (*value).to_owned()))
        .collect();
    Some(Recipe {
        encoder,
        format: *format,
        on_device: *encoder == VAAPI,
        options,
    })
}

fn x264(settings: &EncoderSettings) -> Vec<(&'static str, String)> {
    let options = [
        ("preset", settings.preset.name()),
        ("tune", "zerolatency"),
        ("profile", "baseline"),
        ("level", level(settings)),
        ("forced-idr", "1"),
        // A loop that starts anew or another clip is coded in P-frames too: an IDR nobody asked for is a spike.
        ("sc_threshold", "0"),
    ];
    options
        .iter()
        .map(|(key, value)| (*key, (*value).to_owned()))
        .collect()
}

/// The lowest level from 3.1 on that allows this size and rate (ITU-T H.264 table A-1).
pub(super) fn level(settings: &EncoderSettings) -> &'static str {
    let blocks = f64::from(settings.width.div_ceil(16) * settings.height.div_ceil(16));
    let table = [
        (3600.0, 108_000.0, "3.1"),
        (5120.0, 216_000.0, "3.2"),
        (8192.0, 245_760.0, "4"),
        (8704.0, 522_240.0, "4.2"),
        (22_080.0, 589_824.0, "5"),
        (36_864.0, 983_040.0, "5.1"),
    ];
    let fits = |(size, rate, _): &&(f64, f64, &str)| {
        blocks <= *size && blocks * settings.frame_rate <= *rate
    };
    table.iter().find(fits).map_or("5.2", |(_, _, level)| level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::{BitRate, Preset};

    fn settings(width: u32, height: u32, frame_rate: f64) -> EncoderSettings {
        let bit_rate = BitRate::from_kbps(2000).unwrap();
        EncoderSettings {
            width,
            height,
            frame_rate,
            bit_rate,
            preset: Preset::Superfast,
            buffer_frames: 3.0,
        }
    }

    #[test]
    fn the_level_is_as_low_as_the_size_allows() {
        assert_eq!(level(&settings(800, 600, 30.0)), "3.1");
        assert_eq!(level(&settings(800, 600, 60.0)), "3.2");
        assert_eq!(level(&settings(1024, 768, 60.0)), "3.2");
        assert_eq!(level(&settings(1920, 1080, 30.0)), "4");
        assert_eq!(level(&settings(1920, 1080, 60.0)), "4.2");
    }

    #[test]
    fn every_candidate_has_a_recipe_and_nothing_else_has() {
        for name in CANDIDATES {
            assert_eq!(
                recipe(name, &settings(800, 600, 30.0)).unwrap().encoder,
                *name
            );
        }
        assert_eq!(recipe("libx265", &settings(800, 600, 30.0)), None);
    }
}
