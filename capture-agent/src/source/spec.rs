//! What the user wrote as source, understood: `dicom:PATH`, `ffmpeg:INPUT[?option=value...]`, `test:[option=value,...]`.
//!
//! Pure text work; nothing is opened here, so that a configuration can be checked without its device.

use crate::picture::{Form, MAX_SIDE};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A source that can be asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum SourceSpec {
    /// A DICOM file, or a folder of them in name order.
    Dicom(PathBuf),
    /// Anything FFmpeg opens.
    Ffmpeg(FfmpegInput),
    /// The moving pattern with the barcode.
    Test(TestOptions),
}

/// An input for FFmpeg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FfmpegInput {
    /// File, address or device.
    pub input: String,
    /// `format` (FFmpeg's `-f`), `loop`, `silent_s`, and everything that FFmpeg's demuxer or protocol knows.
    pub options: Vec<(String, String)>,
}

/// Options of the test pattern.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TestOptions {
    /// Pictures per second.
    pub frame_rate: f64,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Gray or colour.
    pub form: Form,
}

impl Default for TestOptions {
    fn default() -> Self {
        Self {
            frame_rate: 30.0,
            width: 800,
            height: 600,
            form: Form::Gray8,
        }
    }
}

/// A source that was not understood: one sentence with what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SpecError(String);

const HOW: &str =
    "write dicom:PATH, ffmpeg:INPUT or test: (\"capture-agent sources\" lists examples)";

impl FromStr for SourceSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        let Some((kind, rest)) = text.split_once(':') else {
            return Err(SpecError(format!(
                "\"{text}\" names no kind of source: {HOW}"
            )));
        };
        match kind {
            "dicom" if rest.is_empty() => Err(SpecError(
                "dicom: needs a file or folder, such as dicom:/data/clip.dcm".to_owned(),
            )),
            "dicom" => Ok(Self::Dicom(PathBuf::from(rest))),
            "ffmpeg" => rest.parse().map(Self::Ffmpeg),
            "test" => rest.parse().map(Self::Test),
            other => Err(SpecError(format!(
                "\"{other}:\" is no kind of source: {HOW}"
            ))),
        }
    }
}

impl FromStr for FfmpegInput {
    type Err = SpecError;

    /// Options follow the last `?`. An address with a `?` of its own gets one more `?` at its end.
    fn from_str(text: &str) -> Result<Self, SpecError> {
        let (input, tail) = text.rsplit_once('?').unwrap_or((text, ""));
        if input.is_empty() {
            return Err(SpecError(
                "ffmpeg: needs an input, such as ffmpeg:/dev/video0 or ffmpeg:rtsp://host/live"
                    .to_owned(),
            ));
        }
        let mut options = Vec::new();
        for part in tail.split('&').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some((key, value)) if !key.is_empty() => {
                    options.push((key.to_owned(), value.to_owned()))
                }
                _ => {
                    let told = format!(
                        "\"{part}\" behind the last ? of the source is no option=value; an address with a ? of its own gets one more ? at its end"
                    );
                    return Err(SpecError(told));
                }
            }
        }
        if [input, tail].iter().any(|text| text.contains('\0')) {
            return Err(SpecError("the source contains a NUL character".to_owned()));
        }
        Ok(Self {
            input: input.to_owned(),
            options,
        })
    }
}

impl FromStr for TestOptions {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        let mut options = Self::default();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("fps", value)) => options.frame_rate = frame_rate(value)?,
                Some(("size", value)) => (options.width, options.height) = size(value)?,
                Some(("form", "gray")) => options.form = Form::Gray8,
                Some(("form", "rgb")) => options.form = Form::Rgb8,
                _ => {
                    return Err(SpecError(format!(
                        "the test source does not know \"{part}\": use fps=30, size=800x600, form=gray or form=rgb"
                    )));
                }
            }
        }
        Ok(options)
    }
}

fn frame_rate(value: &str) -> Result<f64, SpecError> {
    match value.parse::<f64>() {
        Ok(rate) if (1.0..=120.0).contains(&rate) => Ok(rate),
        _ => Err(SpecError(format!(
            "fps={value}: the test source gives 1 to 120 pictures per second"
        ))),
    }
}

fn size(value: &str) -> Result<(u32, u32), SpecError> {
    let sides = value
        .split_once('x')
        .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    match sides {
        Some((width, height))
            if (64..=MAX_SIDE).contains(&width) && (64..=MAX_SIDE).contains(&height) =>
        {
            Ok((width, height))
        }
        _ => Err(SpecError(format!(
            "size={value}: write width x height, each 64 to {MAX_SIDE}, such as size=800x600"
        ))),
    }
}

impl fmt::Display for SourceSpec {
    /// As shown on this device, never in its log: without a password in an address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dicom(path) => write!(f, "dicom:{}", path.display()),
            Self::Ffmpeg(input) => write!(f, "ffmpeg:{}", without_credentials(&input.input)),
            Self::Test(options) => write!(
                f,
                "test:fps={},size={}x{}",
                options.frame_rate, options.width, options.height
            ),
        }
    }
}

/// `rtsp://user:secret@host/x` becomes `rtsp://…@host/x`.
fn without_credentials(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else {
        return address.to_owned();
    };
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    match host.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://…@{host}{path}"),
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ffmpeg(text: &str) -> (String, Vec<(String, String)>) {
        match text.parse().unwrap() {
            SourceSpec::Ffmpeg(input) => (input.input, input.options),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn options_follow_the_last_question_mark() {
        let (input, options) = ffmpeg("ffmpeg:/dev/video0?video_size=1280x720&framerate=60");
        assert_eq!(input, "/dev/video0");
        assert_eq!(
            options,
            [
                ("video_size".into(), "1280x720".into()),
                ("framerate".into(), "60".into())
            ]
        );
        let (input, options) = ffmpeg("ffmpeg:http://cam/mjpeg?channel=1?");
        assert_eq!(
            (input.as_str(), options.len()),
            ("http://cam/mjpeg?channel=1", 0)
        );
    }

    #[test]
    fn the_test_source_takes_size_rate_and_form() {
        let spec: SourceSpec = "test:fps=60,size=1024x768,form=rgb".parse().unwrap();
        let expected = TestOptions {
            frame_rate: 60.0,
            width: 1024,
            height: 768,
            form: Form::Rgb8,
        };
        assert_eq!(spec, SourceSpec::Test(expected));
        assert_eq!(
            "test:".parse(),
            Ok(SourceSpec::Test(TestOptions::default()))
        );
    }

    #[test]
    fn what_is_not_understood_is_answered_with_what_to_write() {
        for (text, hint) in [
            ("", "dicom:PATH"),
            ("/dev/video0", "ffmpeg:INPUT"),
            ("rtsp://cam", "ffmpeg:INPUT"),
            ("dicom:", "dicom:/data/clip.dcm"),
            ("ffmpeg:", "ffmpeg:/dev/video0"),
            ("ffmpeg:http://cam/?stream", "one more ?"),
            ("test:fps=0", "1 to 120"),
            ("test:size=9x9", "800x600"),
            ("test:colour=1", "form=rgb"),
        ] {
            let told = text.parse::<SourceSpec>().unwrap_err().to_string();
            assert!(told.contains(hint), "{text}: {told}");
        }
    }

    #[test]
    fn a_password_in_an_address_is_not_shown() {
        let spec: SourceSpec = "ffmpeg:rtsp://ward:geheim@10.0.0.7/live?rtsp_transport=tcp"
            .parse()
            .unwrap();
        assert_eq!(spec.to_string(), "ffmpeg:rtsp://…@10.0.0.7/live");
    }
}
