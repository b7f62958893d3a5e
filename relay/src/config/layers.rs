//! Flags over environment over file over defaults.
//!
//! One struct names every setting for all three, so that a setting cannot exist in one and be missing in another. Nothing
//! is checked here but the form of each value. Unknown keys in the file are refused with their place.

use super::dicom::DicomLayers;
use super::dicom_tls::DicomTlsLayers;
use super::dicomweb::DicomWebLayers;
use super::forward::ForwardLayers;
use clap::Args;
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Largest configuration file: a real one has some hundred bytes.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {what}")]
pub struct ConfigError {
    /// The setting, as in the file.
    pub key: &'static str,
    /// What is wrong and what to do.
    pub what: String,
}

impl ConfigError {
    /// With one sentence.
    pub fn new(key: &'static str, what: impl Into<String>) -> Self {
        Self {
            key,
            what: what.into(),
        }
    }
}

/// Whether and where media is taken over TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum MediaTcp {
    /// Nowhere.
    Off,
    /// Here.
    At(SocketAddr),
}

impl FromStr for MediaTcp {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let address = text.parse().map(Self::At);
        address.map_err(|_| "write an address with its port, for example 203.0.113.7:8443, or off")
    }
}

impl TryFrom<String> for MediaTcp {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// Every setting, as far as somebody set it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[group(skip)]
pub struct Layers {
    /// Folder for the database; made if missing, readable by this user only.
    #[arg(long, env = "HIBIKI_RELAY_DATA", value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// Address of the pages and of everything over HTTP [default: 127.0.0.1:8080].
    #[arg(long, env = "HIBIKI_RELAY_HTTP", value_name = "ADDRESS")]
    pub http: Option<SocketAddr>,
    /// Address of the one UDP port for all media [default: the address of --http].
    #[arg(long, env = "HIBIKI_RELAY_MEDIA", value_name = "ADDRESS")]
    pub media: Option<SocketAddr>,
    /// Address of the one TCP port for media, for networks that let no UDP through, or off [default: the address of --media,
    /// unless the pages have it already].
    #[arg(long, env = "HIBIKI_RELAY_MEDIA_TCP", value_name = "ADDRESS")]
    pub media_tcp: Option<MediaTcp>,
    /// Addresses that pages and devices send media to, when they differ from --media (bound to all addresses, NAT).
    #[arg(
        long,
        env = "HIBIKI_RELAY_MEDIA_PUBLIC",
        value_name = "IP",
        value_delimiter = ','
    )]
    pub media_public: Option<Vec<IpAddr>>,
    /// TURN servers for networks that let out nothing but TLS, for example turns:turn.example.jp:443?transport=tcp.
    #[arg(
        long,
        env = "HIBIKI_RELAY_TURN",
        value_name = "ADDRESS",
        value_delimiter = ','
    )]
    pub turn: Option<Vec<String>>,
    /// File with the secret that this relay shares with them (static-auth-secret of coturn), readable by this user only.
    #[arg(long, env = "HIBIKI_RELAY_TURN_SECRET_FILE", value_name = "FILE")]
    pub turn_secret_file: Option<PathBuf>,
    /// Address of the metrics; keep it away from the internet [default: 127.0.0.1:9090].
    #[arg(long, env = "HIBIKI_RELAY_METRICS", value_name = "ADDRESS")]
    pub metrics: Option<SocketAddr>,
    /// Origins under which people reach the pages, for example https://hibiki.example.jp.
    #[arg(
        long,
        env = "HIBIKI_RELAY_ORIGINS",
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    pub origins: Option<Vec<String>>,
    /// Certificate chain, PEM.
    #[arg(long, env = "HIBIKI_RELAY_TLS_CERTIFICATE", value_name = "FILE")]
    pub tls_certificate: Option<PathBuf>,
    /// Its private key, PEM, readable by this user only.
    #[arg(long, env = "HIBIKI_RELAY_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// Also take TLS 1.2, for software that cannot do better.
    #[arg(long, env = "HIBIKI_RELAY_TLS_1_2", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub tls_1_2: Option<bool>,
    /// Serve plain HTTP; only on a loopback address.
    #[arg(long, env = "HIBIKI_RELAY_PLAIN_HTTP", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub plain_http: Option<bool>,
    /// Try the product: fictional people, an open door on this machine, plain HTTP and measuring on.
    #[arg(long, env = "HIBIKI_RELAY_DEMO", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub demo: Option<bool>,
    /// Whether this installation measures in pictures; production has to say, because it may make it a medical device.
    #[arg(long, env = "HIBIKI_RELAY_MEASURING", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub measuring: Option<bool>,
    /// How long a quick mark stays over the running picture [default: 6].
    #[arg(long, env = "HIBIKI_RELAY_QUICK_MARK_SECONDS", value_name = "SECONDS")]
    pub quick_mark_seconds: Option<u32>,
    /// Telephone number to talk over when the voice does not get through; pages show it.
    #[arg(long, env = "HIBIKI_RELAY_PHONE", value_name = "NUMBER")]
    pub phone: Option<String>,
    /// How long a ticket is good [default: 300].
    #[arg(long, env = "HIBIKI_RELAY_TICKET_SECONDS", value_name = "SECONDS")]
    pub ticket_seconds: Option<u32>,
    /// Most media connections at the same time, up to 10000 [default: 1000].
    #[arg(long, env = "HIBIKI_RELAY_MAX_PEERS", value_name = "COUNT")]
    pub max_peers: Option<usize>,
    /// MiB of clips that one consult may hold [default: 20480].
    #[arg(long, env = "HIBIKI_RELAY_CLIPS_MIB", value_name = "MIB")]
    pub clips_mib: Option<u64>,
    /// MiB of the disk that clips leave free, for the log above all [default: 1024].
    #[arg(long, env = "HIBIKI_RELAY_RESERVE_MIB", value_name = "MIB")]
    pub reserve_mib: Option<u64>,
    /// Record pictures, and fetch later what a bad link lost [default: false, in the demo true].
    #[arg(long, env = "HIBIKI_RELAY_RECORDING", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub recording: Option<bool>,
    /// Let a physician at the bedside have voices recorded too, with the consent of the patient and everybody there, consult by
    /// consult; false forbids it altogether [default: false, in the demo as --recording].
    #[arg(long, env = "HIBIKI_RELAY_VOICE_RECORDING", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub voice_recording: Option<bool>,
    /// When a consult is closed, also keep its recording as DICOM, beside the loops that people saved [default: false].
    #[arg(long, env = "HIBIKI_RELAY_RECORDING_DICOM", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub recording_dicom: Option<bool>,
    /// Who may send DICOM objects.
    #[command(flatten)]
    pub dicom: DicomLayers,
    /// By which certificates DICOM is encrypted.
    #[command(flatten)]
    pub dicom_tls: DicomTlsLayers,
    /// Who may use DICOMweb.
    #[command(flatten)]
    pub dicomweb: DicomWebLayers,
    /// Where objects are sent on to.
    #[command(flatten)]
    pub forward: ForwardLayers,
    /// Serve the pages from this folder instead of the ones inside the program (development).
    #[arg(long, env = "HIBIKI_RELAY_VIEWER_DIR", value_name = "FOLDER")]
    pub viewer_dir: Option<PathBuf>,
    /// What to log, for example info or relay=debug [default: info].
    #[arg(long, env = "HIBIKI_RELAY_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// How to log: text or json [default: text].
    #[arg(long, env = "HIBIKI_RELAY_LOG_FORM", value_name = "FORM")]
    pub log_form: Option<String>,
}

impl Layers {
    /// What this says, and where it says nothing what `under` says.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        Self {
            data: self.data.or(under.data),
            http: self.http.or(under.http),
            media: self.media.or(under.media),
            media_tcp: self.media_tcp.or(under.media_tcp),
            media_public: self.media_public.or(under.media_public),
            turn: self.turn.or(under.turn),
            turn_secret_file: self.turn_secret_file.or(under.turn_secret_file),
            metrics: self.metrics.or(under.metrics),
            origins: self.origins.or(under.origins),
            tls_certificate: self.tls_certificate.or(under.tls_certificate),
            tls_key: self.tls_key.or(under.tls_key),
            tls_1_2: self.tls_1_2.or(under.tls_1_2),
            plain_http: self.plain_http.or(under.plain_http),
            demo: self.demo.or(under.demo),
            measuring: self.measuring.or(under.measuring),
            quick_mark_seconds: self.quick_mark_seconds.or(under.quick_mark_seconds),
            phone: self.phone.or(under.phone),
            ticket_seconds: self.ticket_seconds.or(under.ticket_seconds),
            max_peers: self.max_peers.or(under.max_peers),
            clips_mib: self.clips_mib.or(under.clips_mib),
            reserve_mib: self.reserve_mib.or(under.reserve_mib),
            recording: self.recording.or(under.recording),
            voice_recording: self.voice_recording.or(under.voice_recording),
            recording_dicom: self.recording_dicom.or(under.recording_dicom),
            dicom: self.dicom.over(under.dicom),
            dicom_tls: self.dicom_tls.over(under.dicom_tls),
            dicomweb: self.dicomweb.over(under.dicomweb),
            forward: self.forward.over(under.forward),
            viewer_dir: self.viewer_dir.or(under.viewer_dir),
            log: self.log.or(under.log),
            log_form: self.log_form.or(under.log_form),
        }
    }
}

/// Reads a configuration file.
///
/// # Errors
/// `ConfigError` with the file, the line and what is wrong there.
pub fn read_file(path: &Path) -> Result<Layers, ConfigError> {
    let refused = |what: String| ConfigError::new("config", format!("{}: {what}", path.display()));
    let size = std::fs::metadata(path)
        .map_err(|error| refused(error.to_string()))?
        .len();
    if size > MAX_FILE_BYTES {
        return Err(refused(format!("{size} bytes are no configuration")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
    toml::from_str(&text).map_err(|error| {
        let before = error
            .span()
            .and_then(|span| text.get(..span.start))
            .unwrap_or_default();
        refused(format!(
            "line {}: {}",
            before.matches('\n').count() + 1,
            error.message().trim()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_nearer_wins() {
        let file: Layers = toml::from_str("http = \"127.0.0.1:1\"\nmeasuring = false\n").unwrap();
        let flags = Layers {
            http: Some("127.0.0.1:2".parse().unwrap()),
            ..Layers::default()
        };
        let both = flags.over(file);
        assert_eq!(both.http.unwrap().port(), 2);
        assert_eq!(both.measuring, Some(false));
    }

    #[test]
    fn media_over_tcp_is_an_address_or_off() {
        let read = |text: &str| {
            toml::from_str::<Layers>(&format!("media_tcp = \"{text}\"")).map(|one| one.media_tcp)
        };
        let at = "203.0.113.7:8443".parse().unwrap();
        assert_eq!(read("203.0.113.7:8443"), Ok(Some(MediaTcp::At(at))));
        assert_eq!(read("off"), Ok(Some(MediaTcp::Off)));
        assert!(read("8443").unwrap_err().message().contains("or off"));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("relay.toml");
        std::fs::write(&file, "demo = true\n\nhttps = \"0.0.0.0:443\"\n").unwrap();
        let told = read_file(&file).unwrap_err().to_string();
        assert!(
            told.contains("line 3") && told.contains("`https`"),
            "{told}"
        );
        assert!(
            read_file(Path::new("/does/not/exist.toml"))
                .unwrap_err()
                .to_string()
                .contains("/does/not/exist.toml")
        );
    }
}
