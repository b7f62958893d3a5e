//! What the user wants of an input: our own options apart from FFmpeg's, with low delay as default.
//!
//! Pure. What is written wrong is refused here, before anything is opened. Invariant: an address never gets the
//! protocol `file`, unless the user asks for it by name.

use crate::source::SourceError;
use crate::source::spec::FfmpegInput;
use std::time::Duration;

/// Seconds without a picture after which a source counts as stopped.
const USUAL_SILENCE: Duration = Duration::from_secs(5);
/// Protocols that an address may use. A stream from outside must not make FFmpeg read this device's files.
const NETWORK_PROTOCOLS: &str =
    "http,https,httpproxy,tcp,udp,tls,rtp,rtsp,rtsps,rtmp,rtmps,srt,crypto";

/// An input with its options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    /// File, address or device.
    pub(super) input: String,
    /// FFmpeg's `-f`.
    pub(super) format: Option<String>,
    /// Whether a file starts anew at its end.
    pub(super) loops: bool,
    /// Longest silence.
    pub(super) silence: Duration,
    /// For FFmpeg.
    pub(super) options: Vec<(String, String)>,
    /// Keys among them that the user wrote; FFmpeg must know those.
    pub(super) asked: Vec<String>,
}

impl Wish {
    /// Sorts the options.
    ///
    /// # Errors
    /// `SourceError::Open` for a value that makes no sense.
    pub(super) fn from(input: &FfmpegInput) -> Result<Self, SourceError> {
        let refused = SourceError::Open;
        let (mut format, mut loops, mut silence) = (None, true, USUAL_SILENCE);
        let mut options: Vec<(String, String)> = Vec::new();
        for (key, value) in &input.options {
            match (key.as_str(), value.as_str()) {
                ("format" | "f", _) => format = Some(value.clone()),
                ("loop", "0" | "1") => loops = value == "1",
                ("loop", _) => return Err(refused(format!("loop={value}: use loop=0 or loop=1"))),
                ("silent_s", _) => match value.parse::<u64>() {
                    Ok(seconds @ 1..=600) => silence = Duration::from_secs(seconds),
                    _ => return Err(refused(format!("silent_s={value}: use 1 to 600 seconds"))),
                },
                _ => options.push((key.clone(), value.clone())),
            }
        }
        let asked = options.iter().map(|(key, _)| key.clone()).collect();
        for (key, value) in defaults(&input.input) {
            if !options.iter().any(|(asked, _)| asked == key) {
                options.push((key.to_owned(), value.to_owned()));
            }
        }
        Ok(Self {
            input: input.input.clone(),
            format,
            loops,
            silence,
            options,
            asked,
        })
    }

    /// An error about this input.
    pub(super) fn cannot_open(&self, why: impl Into<String>) -> SourceError {
        SourceError::Open(why.into())
    }

    /// An error about this input once it was open.
    pub(super) fn ended(&self, why: impl Into<String>) -> SourceError {
        SourceError::Ended(why.into())
    }

    /// An error about silence.
    pub(super) fn silent(&self) -> SourceError {
        SourceError::Silent(self.silence.as_secs())
    }
}

/// Low delay unless the user says otherwise.
fn defaults(input: &str) -> Vec<(&'static str, &'static str)> {
    if input.contains("://") {
        vec![
            ("fflags", "nobuffer"),
            ("analyzeduration", "1000000"),
            ("protocol_whitelist", NETWORK_PROTOCOLS),
        ]
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(text: &str) -> Wish {
        Wish::from(&text.parse().unwrap()).unwrap()
    }

    #[test]
    fn our_options_are_taken_out_and_the_rest_goes_to_ffmpeg() {
        let wish = wish("a.mp4?loop=0&silent_s=9&f=mp4&video_size=9x9");
        assert_eq!(
            (wish.loops, wish.silence.as_secs(), wish.format.as_deref()),
            (false, 9, Some("mp4"))
        );
        assert_eq!(wish.options, [("video_size".to_owned(), "9x9".to_owned())]);
    }

    #[test]
    fn an_address_gets_low_delay_and_may_not_read_files() {
        let wish = wish("http://cam/x?fflags=discardcorrupt");
        let value = |key: &str| {
            wish.options
                .iter()
                .find(|(k, _)| k == key)
                .map(|(_, v)| v.as_str())
        };
        assert_eq!(value("fflags"), Some("discardcorrupt"));
        assert!(
            !value("protocol_whitelist")
                .unwrap()
                .split(',')
                .any(|protocol| protocol == "file")
        );
        assert_eq!(wish.asked, ["fflags"]);
    }

    #[test]
    fn values_that_make_no_sense_are_told() {
        for wrong in ["a?loop=2", "a?silent_s=0", "a?silent_s=x"] {
            assert!(Wish::from(&wrong.parse().unwrap()).is_err(), "{wrong}");
        }
    }
}
