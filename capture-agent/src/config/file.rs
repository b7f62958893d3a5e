//! The configuration file: TOML, every key optional, unknown keys refused.
//!
//! Reads and parses only; whether values make sense is checked together with flags and environment. A mistake names
//! file and line.

use crate::clip::{DeviceFacts, PatientFacts};
use crate::config::{
    ClipsConfig, ConfigError, DicomConfig, DicomTlsConfig, JournalConfig, SpoolConfig,
    WorklistConfig,
};
use crate::device_page::Port;
use crate::encode::Preset;
use crate::mask::Rectangle;
use serde::Deserialize;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// Largest file read: a configuration has a few hundred bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// The file as written.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileConfig {
    /// As the flag.
    pub source: Option<String>,
    /// As the flag.
    pub relay: Option<String>,
    /// As the flag.
    pub consult: Option<String>,
    /// As the flag.
    pub device: Option<String>,
    /// As the flag.
    pub device_key_file: Option<PathBuf>,
    /// Rectangles to cover.
    pub mask: Option<Vec<Rectangle>>,
    /// As the flag.
    pub bind: Option<IpAddr>,
    /// As the flag.
    pub ca_file: Option<PathBuf>,
    /// As the flag.
    pub insecure_http: Option<bool>,
    /// As the flag.
    pub overlay_barcode: Option<bool>,
    /// As the flag.
    pub stats_json: Option<PathBuf>,
    /// As the flag.
    pub fail_fast: Option<bool>,
    /// As the flag; a port may stand without quotes.
    pub device_page: Option<Port>,
    /// As the flag.
    pub choices_file: Option<PathBuf>,
    /// The ring of originals.
    pub ring: RingConfig,
    /// The encoder.
    pub encoder: EncoderConfig,
    /// The spool.
    pub spool: SpoolConfig,
    /// The journal.
    pub journal: JournalConfig,
    /// Handhelds that send DICOM.
    pub dicom: DicomConfig,
    /// By which certificates DICOM is encrypted.
    pub dicom_tls: DicomTlsConfig,
    /// Saved clips.
    pub clips: ClipsConfig,
    /// The patient of this visit.
    pub patient: PatientFacts,
    /// The ultrasound device.
    pub ultrasound: DeviceFacts,
    /// The hospital's worklist.
    pub worklist: WorklistConfig,
}

/// `[ring]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RingConfig {
    /// As `--ring-seconds`.
    pub seconds: Option<u32>,
    /// As `--ring-megabytes`.
    pub megabytes: Option<u32>,
}

/// `[encoder]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EncoderConfig {
    /// As `--encoder`.
    pub name: Option<String>,
    /// As `--preset`.
    pub preset: Option<Preset>,
    /// As `--bit-rate`.
    pub bit_rate_kbps: Option<u32>,
    /// Depth of the rate buffer in frames.
    pub buffer_frames: Option<f64>,
}

/// Reads a file.
///
/// # Errors
/// `ConfigError` naming the file and what is wrong in it.
pub fn read_file(path: &Path) -> Result<FileConfig, ConfigError> {
    let text = read_small(path, "config")?;
    toml::from_str(&text).map_err(|error| {
        let place = error.span().map_or(1, |span| {
            text.get(..span.start)
                .unwrap_or_default()
                .matches('\n')
                .count()
                + 1
        });
        ConfigError::new(
            "config",
            format!(
                "{}, line {place}: {}",
                path.display(),
                error.message().trim()
            ),
        )
    })
}

/// Reads a small text file that `key` names.
pub(super) fn read_small(path: &Path, key: &'static str) -> Result<String, ConfigError> {
    let refused =
        |why: String| ConfigError::new(key, format!("cannot read {}: {why}", path.display()));
    let size = std::fs::metadata(path)
        .map_err(|error| refused(error.to_string()))?
        .len();
    if size > MAX_BYTES {
        return Err(refused(format!(
            "it has {size} bytes, which is no such file"
        )));
    }
    std::fs::read_to_string(path).map_err(|error| refused(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.toml");
        std::fs::write(&path, text).unwrap();
        read_file(&path).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_keys_there_are() {
        let words = told("source = \"test:\"\n\nbitrate = 3\n");
        assert!(
            words.contains("line 3") && words.contains("`bitrate`") && words.contains("`source`"),
            "{words}"
        );
        assert!(told("[encoder]\nspeed = 1\n").contains("`preset`"));
        assert!(told("mask = [{ x = 0, y = 0, width = 1 }]").contains("height"));
    }

    #[test]
    fn text_that_is_no_toml_and_files_that_are_none_are_told() {
        assert!(told("source = ").contains("line 1"));
        let absent = read_file(Path::new("/does/not/exist.toml"))
            .unwrap_err()
            .to_string();
        assert!(absent.contains("/does/not/exist.toml"), "{absent}");
    }

    #[test]
    fn a_whole_file_is_understood() {
        let config: FileConfig = toml::from_str(
            "source = \"test:\"\nmask = [{ x = 0, y = 0, width = 1, height = 0.08 }]\n[ring]\nseconds = 5\n[encoder]\npreset = \"veryfast\"\nbuffer_frames = 6",
        )
        .unwrap();
        assert_eq!(config.ring.seconds, Some(5));
        assert_eq!(config.encoder.preset, Some(Preset::Veryfast));
        assert_eq!(config.mask.unwrap().len(), 1);
    }
}
