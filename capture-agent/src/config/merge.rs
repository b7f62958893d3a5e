//! Lays flags and environment over the file.
//!
//! The command line gives flags and environment in one (flag first); what neither says comes from the file. Nothing is
//! checked here but that a mask consists of rectangles; what is none is told with all other mistakes.

use crate::config::cli::RunArgs;
use crate::config::{
    ConfigError, DicomConfig, DicomTlsConfig, FileConfig, JournalConfig, SavingWanted, SpoolConfig,
    WorklistConfig,
};
use crate::device_page::Port;
use crate::encode::Preset;
use crate::mask::{Rectangle, RectangleError};
use std::net::IpAddr;
use std::path::PathBuf;

/// What is wanted, not checked yet.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Source as text.
    pub source: Option<String>,
    /// Relay as text.
    pub relay: Option<String>,
    /// Consult as text.
    pub consult: Option<String>,
    /// One-shot ticket.
    pub ticket: Option<String>,
    /// Device as text.
    pub device: Option<String>,
    /// Where the device key is.
    pub device_key_file: Option<PathBuf>,
    /// The device key itself, from the environment.
    pub device_key: Option<String>,
    /// Rectangles to cover.
    pub mask: Vec<Rectangle>,
    /// What was to be one and is none.
    pub mask_mistakes: Vec<ConfigError>,
    /// Ring in seconds.
    pub ring_seconds: Option<u32>,
    /// Ring in MiB.
    pub ring_megabytes: Option<u32>,
    /// Encoder as text.
    pub encoder: Option<String>,
    /// Effort.
    pub preset: Option<Preset>,
    /// kbit/s.
    pub bit_rate: Option<u32>,
    /// Depth of the rate buffer.
    pub buffer_frames: Option<f64>,
    /// Local address for media.
    pub bind: Option<IpAddr>,
    /// Certificates to trust.
    pub ca_file: Option<PathBuf>,
    /// HTTP to another machine.
    pub insecure_http: bool,
    /// Barcode over any source.
    pub overlay_barcode: bool,
    /// Where measured times go.
    pub stats_json: Option<PathBuf>,
    /// End when the source does not open.
    pub fail_fast: bool,
    /// Where the page on this device is.
    pub device_page: Port,
    /// Where its choices are stored.
    pub choices_file: Option<PathBuf>,
    /// About saving clips.
    pub saving: SavingWanted,
    /// About the journal.
    pub journal: JournalConfig,
    /// About the hospital's worklist.
    pub worklist: WorklistConfig,
    /// About handhelds that send DICOM.
    pub dicom: DicomConfig,
    /// About certificates of DICOM.
    pub dicom_tls: DicomTlsConfig,
}

/// Lays `args` (flags, then environment) over `file`.
#[must_use]
pub fn merge(args: RunArgs, file: FileConfig, device_key: Option<String>) -> Wanted {
    let mut mask_mistakes = Vec::new();
    let mut rectangle = |text: &String| {
        let parsed = text.parse();
        parsed
            .map_err(|error: RectangleError| {
                mask_mistakes.push(ConfigError::new("mask", error.to_string()));
            })
            .ok()
    };
    let mask = match args.mask.is_empty() {
        true => file.mask.unwrap_or_default(),
        false => args.mask.iter().filter_map(&mut rectangle).collect(),
    };
    let beside = args
        .config
        .as_ref()
        .map(|path| path.with_extension("device.json"));
    Wanted {
        source: args.source.or(file.source),
        relay: args.relay.or(file.relay),
        consult: args.consult.or(file.consult),
        ticket: args.ticket,
        device: args.device.or(file.device),
        device_key_file: args.device_key_file.or(file.device_key_file),
        device_key,
        mask,
        mask_mistakes,
        ring_seconds: args.ring_seconds.or(file.ring.seconds),
        ring_megabytes: args.ring_megabytes.or(file.ring.megabytes),
        encoder: args.encoder.or(file.encoder.name),
        preset: args.preset.or(file.encoder.preset),
        bit_rate: args.bit_rate.or(file.encoder.bit_rate_kbps),
        buffer_frames: file.encoder.buffer_frames,
        bind: args.bind.or(file.bind),
        ca_file: args.ca_file.or(file.ca_file),
        insecure_http: args.insecure_http || file.insecure_http.unwrap_or(false),
        overlay_barcode: args.overlay_barcode || file.overlay_barcode.unwrap_or(false),
        stats_json: args.stats_json.or(file.stats_json),
        fail_fast: args.fail_fast || file.fail_fast.unwrap_or(false),
        device_page: args.device_page.or(file.device_page).unwrap_or_default(),
        choices_file: args.choices_file.or(file.choices_file).or(beside),
        saving: SavingWanted {
            spool: SpoolConfig {
                folder: args.spool.or(file.spool.folder),
                ..file.spool
            },
            clips: file.clips,
            patient: file.patient,
            ultrasound: file.ultrasound,
            file: args.config,
        },
        journal: file.journal.under(args.journal),
        worklist: file.worklist,
        dicom: file.dicom,
        dicom_tls: file.dicom_tls,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_lie_beside_the_configuration_unless_it_says_where() {
        let beside = RunArgs {
            config: Some("/etc/hibiki/agent.toml".into()),
            ..RunArgs::default()
        };
        let wanted = merge(beside.clone(), FileConfig::default(), None);
        assert_eq!(
            wanted.choices_file,
            Some("/etc/hibiki/agent.device.json".into())
        );
        let file: FileConfig =
            toml::from_str("device_page = 8095\nchoices_file = \"/var/lib/c.json\"").unwrap();
        let wanted = merge(beside, file, None);
        assert_eq!(wanted.choices_file, Some("/var/lib/c.json".into()));
        assert_eq!(wanted.device_page, Port::At(8095));
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_nothing() {
        let file: FileConfig = toml::from_str("source = \"test:\"\nrelay = \"https://a\"\nmask = [{ x = 0, y = 0, width = 9, height = 9 }]").unwrap();
        let args = RunArgs {
            relay: Some("https://b".into()),
            mask: vec!["0,0,1,0.1".into()],
            ..RunArgs::default()
        };
        let wanted = merge(args, file, None);
        assert_eq!(wanted.source.as_deref(), Some("test:"));
        assert_eq!(wanted.relay.as_deref(), Some("https://b"));
        assert_eq!(wanted.mask, ["0,0,1,0.1".parse().unwrap()]);
    }
}
