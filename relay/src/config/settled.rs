//! A configuration that was checked as a whole.
//!
//! Owns the defaults and every refusal, each in one sentence that says what to do. Several faults are told at once.

use super::dicom::{Dicom, dicom};
use super::dicom_tls::{DicomTls, dicom_tls};
use super::dicomweb::systems;
use super::forward::{Forward, forward};
use super::layers::{ConfigError, Layers};
use super::listeners::{listeners, share_a_port};
use super::turn::{Turn, turn};
use crate::auth::{Origins, System};
use crate::logging;
use crate::sfu::limits::{DEFAULT_MAX_PEERS, MOST_PEERS};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use wire::socket::Settings;

/// Longest telephone number as written: 15 digits (ITU-T E.164) and what people put between them.
const MAX_PHONE_BYTES: usize = 32;
/// Long enough to look up from the patient and see it.
const DEFAULT_QUICK_MARK_SECONDS: u32 = 6;
/// Long enough to open a link that just came.
const DEFAULT_TICKET_SECONDS: u32 = 300;
/// A link that lies in a mailbox for longer than this should not open anything.
const MAX_TICKET_SECONDS: u32 = 3_600;

/// Three hours of clips at high quality, or some forty without loss.
const DEFAULT_CLIPS_MIB: u64 = 20 * 1_024;
/// Weeks of the log, and room to notice.
const DEFAULT_RESERVE_MIB: u64 = 1_024;
/// More is no disk.
const MAX_MIB: u64 = 1 << 40;
/// Bytes of a MiB.
const MIB: u64 = 1 << 20;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogForm {
    /// For a terminal.
    Text,
    /// For a collector.
    Json,
}

/// The relay's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// Chain, PEM.
    pub certificate: PathBuf,
    /// Key, PEM.
    pub key: PathBuf,
    /// Whether TLS 1.2 is taken too.
    pub old_version: bool,
}

/// A configuration that may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Folder for the database.
    pub data: PathBuf,
    /// Pages and HTTP.
    pub http: SocketAddr,
    /// Media.
    pub media: SocketAddr,
    /// Media over TCP, if it is taken.
    pub media_tcp: Option<SocketAddr>,
    /// Addresses announced for media; empty means the bound one.
    pub media_public: Vec<IpAddr>,
    /// TURN servers, if there are any.
    pub turn: Option<Turn>,
    /// Metrics.
    pub metrics: SocketAddr,
    /// Where our pages are reached.
    pub origins: Origins,
    /// None means plain HTTP on loopback.
    pub tls: Option<Tls>,
    /// Whether the demo door is open.
    pub demo: bool,
    /// What pages follow.
    pub settings: Settings,
    /// How long a ticket is good.
    pub ticket_lasts: Duration,
    /// Most media connections.
    pub max_peers: usize,
    /// Bytes of clips that a consult may hold.
    pub clip_bytes: u64,
    /// Bytes of the disk that clips leave free.
    pub reserve_bytes: u64,
    /// Whether pictures are recorded.
    pub recording: bool,
    /// Where DICOM objects are taken, if anywhere.
    pub dicom: Option<Dicom>,
    /// By which certificates, where with TLS.
    pub dicom_tls: DicomTls,
    /// Hospital systems that may use DICOMweb.
    pub systems: Vec<System>,
    /// Where objects are sent on to; none after a fault.
    pub forward: Option<Forward>,
    /// Folder with the pages, instead of those inside.
    pub viewer_dir: Option<PathBuf>,
    /// What to log.
    pub log: String,
    /// How.
    pub log_form: LogForm,
}

/// Bytes of clips that one consult may hold, of so many MiB or as many as nobody said.
#[must_use]
pub fn clip_bytes(mib: Option<u64>) -> u64 {
    mib.unwrap_or(DEFAULT_CLIPS_MIB).saturating_mul(MIB)
}

/// Checks what was asked for. `any_port` lets the system choose ports, for tests.
///
/// # Errors
/// Every fault that was found.
pub fn settle(asked: Layers, any_port: bool) -> Result<Config, Vec<ConfigError>> {
    let mut faults = Faults(Vec::new());
    let demo = asked.demo.unwrap_or(false);
    let at = listeners(&asked, demo, any_port, &mut faults);
    let turn = turn(&asked, &mut faults.0);
    let tls = tls(&asked, demo, at.http, &mut faults);
    let origins = origins(&asked, tls.is_some(), at.http, &mut faults);
    let quick_mark_seconds = asked
        .quick_mark_seconds
        .unwrap_or(DEFAULT_QUICK_MARK_SECONDS);
    faults.unless(
        (1..=600).contains(&quick_mark_seconds),
        "quick_mark_seconds",
        "a quick mark stays for 1 to 600 seconds",
    );
    let ticket_seconds = asked.ticket_seconds.unwrap_or(DEFAULT_TICKET_SECONDS);
    faults.unless(
        (1..=MAX_TICKET_SECONDS).contains(&ticket_seconds),
        "ticket_seconds",
        "a ticket is good for 1 to 3600 seconds",
    );
    faults.unless(
        demo || asked.measuring.is_some(),
        "measuring",
        "say measuring = true or false: measuring may make this installation a medical device, so nobody decides it by default",
    );
    let dials = |phone: &String| {
        let digits = phone.chars().filter(char::is_ascii_digit).count();
        let known = |c: char| c.is_ascii_digit() || "+-() ".contains(c);
        (3..=15).contains(&digits) && phone.len() <= MAX_PHONE_BYTES && phone.chars().all(known)
    };
    faults.unless(
        asked.phone.as_ref().is_none_or(dials),
        "phone",
        "a telephone number has 3 to 15 digits, with + - ( ) and spaces between them as you like",
    );
    let data = asked.data.clone().unwrap_or_default();
    faults.unless(
        !data.as_os_str().is_empty(),
        "data",
        "name the folder for the database, for example data = \"/var/lib/hibiki-relay\"",
    );
    let max_peers = asked.max_peers.unwrap_or(DEFAULT_MAX_PEERS);
    faults.unless(
        (1..=MOST_PEERS).contains(&max_peers),
        "max_peers",
        "without a single connection nobody could watch, and more than 10000 no relay carries",
    );
    let clips_mib = asked.clips_mib.unwrap_or(DEFAULT_CLIPS_MIB);
    faults.unless(
        (1..=MAX_MIB).contains(&clips_mib),
        "clips_mib",
        "a consult holds at least 1 MiB of clips, and at most what a disk holds",
    );
    let reserve_mib = asked.reserve_mib.unwrap_or(DEFAULT_RESERVE_MIB);
    faults.unless(
        (1..=MAX_MIB).contains(&reserve_mib),
        "reserve_mib",
        "without a reserve of at least 1 MiB a clip could leave no room for the log; more than a disk holds would leave none for clips",
    );
    if let Some(folder) = &asked.viewer_dir {
        faults.unless(
            folder.join("index.html").is_file(),
            "viewer_dir",
            "there is no index.html in that folder; build the pages first",
        );
    }
    let recording = asked.recording.unwrap_or(demo);
    faults.unless(
        recording || asked.voice_recording != Some(true),
        "voice_recording",
        "nothing is recorded here, so no voice is either; set recording = true as well, or leave voice_recording out",
    );
    let systems = systems(&asked.dicomweb, &mut faults.0);
    let dicom = dicom(&asked.dicom, any_port, &mut faults.0);
    if let Some(dicom) = &dicom {
        faults.unless(
            !demo || dicom.listen.ip().is_loopback(),
            "demo",
            "the demo runs on a loopback address only; set dicom.listen to 127.0.0.1, or leave demo out",
        );
        let others = [Some(at.http), Some(at.metrics), at.media_tcp];
        faults.unless(
            !others.into_iter().flatten().any(|other| share_a_port(other, dicom.listen)),
            "dicom.listen",
            "the pages, the metrics or media over TCP have this address already; choose another port, usually 11112",
        );
    }
    let forward = forward(&asked.forward, &mut faults.0);
    let uses = (dicom.as_ref(), forward.as_ref());
    let dicom_tls = dicom_tls(&asked.dicom_tls, uses, &mut faults.0);
    let log = asked.log.clone().unwrap_or_else(|| "info".to_owned());
    faults.unless(
        logging::filter(&log).is_ok(),
        "log",
        "this is no filter; write for example info, or relay=debug,info",
    );
    let log_form = log_form(asked.log_form.as_deref(), &mut faults);
    let config = Config {
        data,
        http: at.http,
        media: at.media,
        media_tcp: at.media_tcp,
        media_public: at.media_public,
        turn,
        metrics: at.metrics,
        origins,
        tls,
        demo,
        settings: Settings {
            quick_mark_seconds,
            measuring: asked.measuring.unwrap_or(demo),
            phone: asked.phone,
            voice_recording: asked.voice_recording.unwrap_or(demo && recording),
        },
        ticket_lasts: Duration::from_secs(ticket_seconds.into()),
        max_peers,
        // What is out of bounds is a fault by now, and must not overflow before it is told.
        clip_bytes: clip_bytes(Some(clips_mib)),
        reserve_bytes: reserve_mib.saturating_mul(MIB),
        recording,
        dicom,
        dicom_tls,
        systems,
        forward,
        viewer_dir: asked.viewer_dir,
        log,
        log_form,
    };
    if faults.0.is_empty() {
        Ok(config)
    } else {
        Err(faults.0)
    }
}

pub(super) struct Faults(pub(super) Vec<ConfigError>);

impl Faults {
    pub(super) fn unless(&mut self, fine: bool, key: &'static str, what: &str) {
        if !fine {
            self.0.push(ConfigError::new(key, what));
        }
    }
}

fn tls(asked: &Layers, demo: bool, http: SocketAddr, faults: &mut Faults) -> Option<Tls> {
    let plain = asked.plain_http.unwrap_or(demo);
    match (&asked.tls_certificate, &asked.tls_key) {
        (Some(certificate), Some(key)) => {
            faults.unless(asked.plain_http != Some(true), "plain_http", "a certificate is set as well; choose one of the two");
            return Some(Tls { certificate: certificate.clone(), key: key.clone(), old_version: asked.tls_1_2.unwrap_or(false) });
        }
        (Some(_), None) => faults.unless(false, "tls_key", "the certificate's private key is missing"),
        (None, Some(_)) => faults.unless(false, "tls_certificate", "the key's certificate is missing"),
        (None, None) if !http.ip().is_loopback() => faults.unless(
            false,
            "tls_certificate",
            "this address can be reached from other machines, so a certificate and key are needed; plain HTTP is for loopback only",
        ),
        (None, None) => faults.unless(plain, "plain_http", "without a certificate say plain_http = true, which is for this machine only"),
    }
    None
}

fn origins(asked: &Layers, tls: bool, http: SocketAddr, faults: &mut Faults) -> Origins {
    let named = asked.origins.clone().unwrap_or_default();
    if named.is_empty() {
        faults.unless(
            http.ip().is_loopback(),
            "origins",
            "name the origins under which people reach the pages, for example origins = [\"https://hibiki.example.jp\"]",
        );
        return Origins::Loopback;
    }
    for origin in &named {
        let whole = origin.split_once("://").is_some_and(|(scheme, host)| {
            let wanted = if tls {
                scheme == "https"
            } else {
                scheme == "http" || scheme == "https"
            };
            wanted && !host.is_empty() && !host.contains(['/', '?', '#', '@', '*', ' '])
        });
        faults.unless(whole, "origins", "an origin is a scheme and a host without a path, for example https://hibiki.example.jp");
    }
    Origins::Named(named)
}

fn log_form(asked: Option<&str>, faults: &mut Faults) -> LogForm {
    match asked {
        None | Some("text") => LogForm::Text,
        Some("json") => LogForm::Json,
        Some(_) => {
            faults.unless(false, "log_form", "choose text or json");
            LogForm::Text
        }
    }
}

#[cfg(test)]
#[path = "settled_tests.rs"]
mod tests;
