//! A configuration that was checked as a whole.
//!
//! Owns the defaults and every refusal, each in one sentence that says what to do. Several faults are told at once.

use super::dicom::{Dicom, dicom};
use super::dicomweb::systems;
use super::forward::{Forward, forward};
use super::layers::{ConfigError, Layers, MediaTcp};
use super::ports::browsers_send_to;
use super::turn::{Turn, turn};
use crate::auth::{Origins, System};
use crate::logging;
use crate::sfu::limits::{DEFAULT_MAX_PEERS, MOST_PEERS};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use wire::socket::Settings;

/// Where the pages are, unless somebody says otherwise.
const DEFAULT_HTTP: &str = "127.0.0.1:8080";
/// Where the metrics are: away from everybody else.
const DEFAULT_METRICS: &str = "127.0.0.1:9090";
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
    let http = asked.http.unwrap_or_else(|| address(DEFAULT_HTTP));
    let media = asked.media.unwrap_or(http);
    let media_tcp = match asked.media_tcp {
        Some(MediaTcp::Off) => None,
        Some(MediaTcp::At(address)) => Some(address),
        // Two listeners cannot have one TCP port; a port that nobody named would surprise the firewall.
        None => Some(media).filter(|media| !share_a_port(http, *media)),
    };
    let metrics = asked.metrics.unwrap_or_else(|| address(DEFAULT_METRICS));
    let media_public = asked.media_public.clone().unwrap_or_default();
    if !any_port {
        faults.unless(
            http.port() != 0,
            "http",
            "port 0 means any free port, which nobody would find; name one, or add --announce",
        );
        faults.unless(
            media.port() != 0,
            "media",
            "port 0 means any free port, which no firewall could open; name one, or add --announce",
        );
        faults.unless(
            metrics.port() != 0,
            "metrics",
            "port 0 means any free port; name one, or add --announce",
        );
    }
    if let Some(tcp) = media_tcp {
        faults.unless(
            any_port || tcp.port() != 0,
            "media_tcp",
            "port 0 means any free port, which no firewall could open; name one, or add --announce",
        );
        faults.unless(
            !share_a_port(http, tcp) && !share_a_port(metrics, tcp),
            "media_tcp",
            "the pages or the metrics have this address already; choose another port, for example 8443, or media_tcp = \"off\"",
        );
        faults.unless(
            // For media there is this sentence already.
            !tcp.ip().is_unspecified() || media.ip().is_unspecified() || !media_public.is_empty(),
            "media_public",
            "media_tcp is bound to all addresses, so name the ones that pages and devices reach, for example media_public = [\"203.0.113.7\"]",
        );
        faults.unless(
            !demo || tcp.ip().is_loopback(),
            "demo",
            "the demo lets anybody in, so it runs on a loopback address only; set media_tcp to 127.0.0.1, or leave demo out",
        );
    }
    for (key, bound) in [("media", Some(media)), ("media_tcp", media_tcp)] {
        let Some(bound) = bound.filter(|bound| bound.port() != 0) else {
            continue;
        };
        let is_sent_to = |ip: &IpAddr| ip.is_unspecified() || browsers_send_to(*ip, bound.port());
        let own = [bound.ip()];
        let announced = match media_public.as_slice() {
            [] => &own,
            named => named,
        };
        faults.unless(
            announced.iter().all(is_sent_to),
            key,
            "browsers send no media to a port below 1024, except 80 and 443 on public addresses; choose another one, for example 8443",
        );
    }
    faults.unless(
        !share_a_port(http, metrics),
        "metrics",
        "the pages have this address already; choose another port, for example 127.0.0.1:9090",
    );
    faults.unless(
        !media.ip().is_unspecified() || !media_public.is_empty(),
        "media_public",
        "media is bound to all addresses, so name the ones that pages and devices reach, for example media_public = [\"203.0.113.7\"]",
    );
    faults.unless(
        !media_public
            .iter()
            .any(|ip| ip.is_unspecified() || ip.is_multicast()),
        "media_public",
        "an address to send to is one machine's, not 0.0.0.0, :: or a group",
    );
    faults.unless(!demo || (http.ip().is_loopback() && media.ip().is_loopback()), "demo", "the demo lets anybody in, so it runs on a loopback address only; set http and media to 127.0.0.1, or leave demo out");
    let turn = turn(&asked, &mut faults.0);
    let tls = tls(&asked, demo, http, &mut faults);
    let origins = origins(&asked, tls.is_some(), http, &mut faults);
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
        let others = [Some(http), Some(metrics), media_tcp];
        faults.unless(
            !others.into_iter().flatten().any(|other| share_a_port(other, dicom.listen)),
            "dicom.listen",
            "the pages, the metrics or media over TCP have this address already; choose another port, usually 11112",
        );
    }
    let forward = forward(&asked.forward, &mut faults.0);
    let log = asked.log.clone().unwrap_or_else(|| "info".to_owned());
    faults.unless(
        logging::filter(&log).is_ok(),
        "log",
        "this is no filter; write for example info, or relay=debug,info",
    );
    let log_form = log_form(asked.log_form.as_deref(), &mut faults);
    let config = Config {
        data,
        http,
        media,
        media_tcp,
        media_public,
        turn,
        metrics,
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

struct Faults(Vec<ConfigError>);

impl Faults {
    fn unless(&mut self, fine: bool, key: &'static str, what: &str) {
        if !fine {
            self.0.push(ConfigError::new(key, what));
        }
    }
}

/// Whether two listeners would want the same port of the same address.
fn share_a_port(one: SocketAddr, other: SocketAddr) -> bool {
    let same_host =
        one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0 && one.port() == other.port() && same_host
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

fn address(text: &str) -> SocketAddr {
    text.parse()
        .unwrap_or_else(|_| SocketAddr::from(([127, 0, 0, 1], 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(toml: &str) -> Vec<&'static str> {
        let asked: Layers = toml::from_str(toml).unwrap();
        settle(asked, false)
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|fault| fault.key)
            .collect()
    }

    const SAFE: &str = "data = \"/d\"\nhttp = \"203.0.113.7:443\"\norigins = [\"https://hibiki.example.jp\"]\ntls_certificate = \"c\"\ntls_key = \"k\"\n";

    #[test]
    fn voices_are_recorded_where_somebody_says_so_and_pictures_are() {
        let with = |more: &str| {
            let asked = toml::from_str(&format!("{SAFE}measuring = false\n{more}")).unwrap();
            settle(asked, false).map(|config| config.settings.voice_recording)
        };
        assert_eq!(with(""), Ok(false), "off by default");
        assert_eq!(with("recording = true"), Ok(false), "pictures alone");
        assert_eq!(with("recording = true\nvoice_recording = true"), Ok(true));
        let refused = with("voice_recording = true").unwrap_err();
        assert_eq!(refused[0].key, "voice_recording");
        let demo = |more: &str| {
            let asked = toml::from_str(&format!("data = \"/d\"\ndemo = true\n{more}")).unwrap();
            settle(asked, false).map(|config| config.settings.voice_recording)
        };
        assert_eq!(demo(""), Ok(true));
        assert_eq!(demo("recording = false"), Ok(false));
        assert_eq!(demo("voice_recording = false"), Ok(false));
    }

    #[test]
    fn a_safe_installation_is_taken() {
        assert_eq!(faults(&format!("{SAFE}measuring = false")), [""; 0]);
        assert_eq!(faults("data = \"/d\"\ndemo = true"), [""; 0]);
        assert_eq!(
            faults("data = \"/d\"\nplain_http = true\nmeasuring = true"),
            [""; 0]
        );
    }

    #[test]
    fn every_unsafe_or_senseless_setting_has_its_sentence() {
        let cases = [
            (
                "data = \"/d\"\nhttp = \"0.0.0.0:80\"\nplain_http = true\nmeasuring = true\norigins = [\"http://a\"]\nmedia_public = [\"203.0.113.1\"]",
                "tls_certificate",
            ),
            (
                "data = \"/d\"\ndemo = true\nhttp = \"10.0.0.1:8080\"",
                "demo",
            ),
            (
                "data = \"/d\"\ndemo = true\nmedia = \"10.0.0.1:8080\"",
                "demo",
            ),
            ("data = \"/d\"\nmeasuring = true", "plain_http"),
            ("data = \"/d\"\nplain_http = true", "measuring"),
            ("data = \"/d\"\ndemo = true\nhttp = \"127.0.0.1:0\"", "http"),
            (
                "data = \"/d\"\ndemo = true\nmedia_tcp = \"127.0.0.1:8080\"",
                "media_tcp",
            ),
            (
                "data = \"/d\"\ndemo = true\nmedia_tcp = \"127.0.0.1:9090\"",
                "media_tcp",
            ),
            (
                "data = \"/d\"\ndemo = true\nmedia_tcp = \"127.0.0.1:0\"",
                "media_tcp",
            ),
            (
                "data = \"/d\"\ndemo = true\nmedia_tcp = \"10.0.0.1:8443\"",
                "demo",
            ),
            (
                "data = \"/d\"\nplain_http = true\nmeasuring = true\nmedia = \"127.0.0.1:443\"",
                "media",
            ),
            (
                "data = \"/d\"\nplain_http = true\nmeasuring = true\nmedia_tcp = \"127.0.0.1:444\"",
                "media_tcp",
            ),
            ("demo = true", "data"),
            (
                "data = \"/d\"\ndemo = true\nquick_mark_seconds = 0",
                "quick_mark_seconds",
            ),
            (
                "data = \"/d\"\ndemo = true\nticket_seconds = 86400",
                "ticket_seconds",
            ),
            (
                "data = \"/d\"\ndemo = true\ntls_key = \"k\"",
                "tls_certificate",
            ),
            ("data = \"/d\"\ndemo = true\nlog_form = \"xml\"", "log_form"),
            (
                "data = \"/d\"\ndemo = true\nviewer_dir = \"/does/not/exist\"",
                "viewer_dir",
            ),
            ("data = \"/d\"\ndemo = true\nmax_peers = 0", "max_peers"),
            ("data = \"/d\"\ndemo = true\nclips_mib = 0", "clips_mib"),
            ("data = \"/d\"\ndemo = true\nreserve_mib = 0", "reserve_mib"),
            ("data = \"/d\"\ndemo = true\nmax_peers = 10001", "max_peers"),
            (
                "data = \"/d\"\ndemo = true\nclips_mib = 9000000000000000000",
                "clips_mib",
            ),
            (
                "data = \"/d\"\ndemo = true\nreserve_mib = 9000000000000000000",
                "reserve_mib",
            ),
            (
                "data = \"/d\"\ndemo = true\nmetrics = \"127.0.0.1:8080\"",
                "metrics",
            ),
            (
                "data = \"/d\"\ndemo = true\nmetrics = \"0.0.0.0:8080\"",
                "metrics",
            ),
            ("data = \"/d\"\ndemo = true\nlog = \"relay=loud\"", "log"),
            (
                "data = \"/d\"\ndemo = true\norigins = [\"https://a/path\"]",
                "origins",
            ),
        ];
        for (toml, key) in cases {
            assert!(
                faults(toml).contains(&key),
                "{key}: {:?} for {toml}",
                faults(toml)
            );
        }
        assert_eq!(faults(SAFE), ["measuring"]);
        assert_eq!(
            faults(&format!("{SAFE}measuring = false\nmedia = \"0.0.0.0:443\"")),
            ["media_public"]
        );
        assert!(faults("data = \"/d\"\nmeasuring = true\nhttp = \"203.0.113.7:443\"\ntls_certificate = \"c\"\ntls_key = \"k\"").contains(&"origins"));
    }

    #[test]
    fn media_over_tcp_has_the_number_of_the_udp_port_unless_the_pages_have_it() {
        let tcp = |more: &str| {
            let asked = toml::from_str(&format!("data = \"/d\"\ndemo = true\n{more}")).unwrap();
            settle(asked, false).unwrap().media_tcp
        };
        let at = |text: &str| Some(text.parse().unwrap());
        assert_eq!(tcp(""), None, "the pages have it");
        assert_eq!(tcp("media = \"127.0.0.1:8443\""), at("127.0.0.1:8443"));
        assert_eq!(tcp("media_tcp = \"127.0.0.1:8444\""), at("127.0.0.1:8444"));
        assert_eq!(tcp("media = \"127.0.0.1:8443\"\nmedia_tcp = \"off\""), None);
    }

    #[test]
    fn all_faults_are_told_at_once() {
        assert!(faults("http = \"10.0.0.1:0\"").len() >= 5);
    }
}
