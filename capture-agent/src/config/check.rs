//! From what is wanted to settings, or to one message for each mistake.
//!
//! All mistakes are told at once. Nothing is opened but small files that the configuration names (key, certificates).

use crate::agent::{AgentSettings, DevicePageSettings, SavingSettings};
use crate::config::Wanted;
use crate::config::dicom::dicom;
use crate::config::dicom_tls::dicom_tls;
use crate::config::file::read_small;
use crate::config::journal::journal;
use crate::config::saving::saving;
use crate::config::worklist::{WorklistSettings, worklist};
use crate::device_page::Memory;
use crate::encode::{BitRate, Choice, EncodeOptions};
use crate::mask::{MAX_RECTANGLES, Mask, Rectangle, RectangleError};
use crate::publish::{DeviceKey, Entry, RelaySettings, Ticket, is_loopback};
use crate::ring::RingBounds;
use crate::source::SourceSpec;
use crate::worklist::AtVisit;
use reqwest::Url;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use wire::ConsultId;

/// Longest ring: what does not fit into memory belongs into a clip.
const MAX_RING_SECONDS: u32 = 600;
/// Smallest and largest ring in MiB.
const RING_MEGABYTES: (u32, u32) = (16, 16_384);
/// kbit/s when nothing is said: usable for B-mode at 800 x 600, and half of a 4 Mbit/s uplink.
const USUAL_KBPS: u32 = 2_000;
/// Frames of rate buffer when nothing is said.
const USUAL_BUFFER_FRAMES: f64 = 3.0;

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// Key in the file; the flag has the same name with dashes.
    pub key: &'static str,
    /// What is wrong and what to do.
    pub words: String,
}

impl ConfigError {
    /// A mistake in `key`.
    #[must_use]
    pub const fn new(key: &'static str, words: String) -> Self {
        Self { key, words }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.words)
    }
}

/// A configuration that can be run.
#[derive(Debug, Clone)]
pub struct Checked {
    /// For the agent.
    pub agent: AgentSettings,
    /// Where measured times go.
    pub stats_json: Option<PathBuf>,
}

/// Collects mistakes.
struct Mistakes(Vec<ConfigError>);

impl Mistakes {
    fn note<T>(&mut self, outcome: Result<T, ConfigError>) -> Option<T> {
        outcome.map_err(|error| self.0.push(error)).ok()
    }
}

/// Checks everything.
///
/// # Errors
/// Every mistake found.
pub fn check(wanted: Wanted) -> Result<Checked, Vec<ConfigError>> {
    let mut mistakes = Mistakes(wanted.mask_mistakes.clone());
    let source = mistakes.note(source(&wanted));
    let mask = mask(&wanted, &mut mistakes);
    let ring = mistakes.note(ring(&wanted));
    let encode = encode(&wanted, &mut mistakes);
    let relay = relay(&wanted, &mut mistakes);
    let saving = mistakes.note(saving(&wanted));
    let journal = mistakes.note(journal(&wanted));
    let asked = mistakes.note(worklist(&wanted.worklist, &wanted.dicom_tls));
    mistakes.note(dicom_tls(&wanted));
    let dicom = mistakes.note(dicom(&wanted));
    let page = mistakes.note(device_page(&wanted, mask.clone().unwrap_or_default()));
    match (
        source, mask, ring, encode, relay, saving, journal, dicom, page,
    ) {
        (
            Some(source),
            Some(mask),
            Some(ring),
            Some(encode),
            Some(relay),
            Some(saving),
            Some(journal),
            Some(dicom_door),
            Some(device_page),
        ) if mistakes.0.is_empty() => {
            let (overlay_barcode, fail_fast) = (wanted.overlay_barcode, wanted.fail_fast);
            let worklist = at_visit(&wanted, asked.flatten(), saving.as_ref());
            let agent = AgentSettings {
                source,
                mask,
                overlay_barcode,
                ring,
                encode,
                saving,
                journal,
                dicom_door,
                worklist,
                relay,
                fail_fast,
                device_page,
            };
            Ok(Checked {
                agent,
                stats_json: wanted.stats_json,
            })
        }
        _ => Err(mistakes.0),
    }
}

/// For the page: it writes into the file, and there has to be a visit.
fn at_visit(
    wanted: &Wanted,
    asked: Option<WorklistSettings>,
    saving: Option<&SavingSettings>,
) -> Option<AtVisit> {
    Some(AtVisit {
        settings: asked?,
        file: wanted.saving.file.clone()?,
        utc_offset_minutes: saving?.utc_offset_minutes,
    })
}

fn device_page(wanted: &Wanted, mask: Mask) -> Result<DevicePageSettings, ConfigError> {
    let source = wanted.source.clone().unwrap_or_default();
    let memory = Memory::open(wanted.choices_file.clone(), mask, source)
        .map_err(|error| ConfigError::new("choices_file", error.to_string()))?;
    Ok(DevicePageSettings {
        port: wanted.device_page,
        memory: Some(Arc::new(memory)),
    })
}

fn source(wanted: &Wanted) -> Result<SourceSpec, ConfigError> {
    let Some(text) = &wanted.source else {
        let words = "is missing: say what to capture, such as test:, dicom:/data/clips or ffmpeg:/dev/video0";
        return Err(ConfigError::new("source", words.to_owned()));
    };
    text.parse()
        .map_err(|error: crate::source::SpecError| ConfigError::new("source", error.to_string()))
}

fn mask(wanted: &Wanted, mistakes: &mut Mistakes) -> Option<Mask> {
    if wanted.mask.len() > MAX_RECTANGLES {
        let words = format!("has more than {MAX_RECTANGLES} rectangles; join some");
        return mistakes.note(Err(ConfigError::new("mask", words)));
    }
    let mut checked = |rectangle: &Rectangle| {
        let refused = |error: RectangleError| ConfigError::new("mask", error.to_string());
        mistakes.note(rectangle.check().map_err(refused))
    };
    Some(Mask::new(
        wanted.mask.iter().filter_map(&mut checked).collect(),
    ))
}

fn ring(wanted: &Wanted) -> Result<RingBounds, ConfigError> {
    let seconds = wanted.ring_seconds.unwrap_or(20);
    if !(1..=MAX_RING_SECONDS).contains(&seconds) {
        return Err(ConfigError::new(
            "ring.seconds",
            format!("is {seconds}; use 1 to {MAX_RING_SECONDS}"),
        ));
    }
    let (least, most) = RING_MEGABYTES;
    let megabytes = wanted.ring_megabytes.unwrap_or(256);
    if !(least..=most).contains(&megabytes) {
        return Err(ConfigError::new(
            "ring.megabytes",
            format!("is {megabytes}; use {least} to {most}"),
        ));
    }
    Ok(RingBounds {
        span_us: u64::from(seconds) * 1_000_000,
        bytes: megabytes as usize * 1024 * 1024,
    })
}

fn encode(wanted: &Wanted, mistakes: &mut Mistakes) -> Option<EncodeOptions> {
    let choice = mistakes.note(match &wanted.encoder {
        None => Ok(Choice::Auto),
        Some(text) => text
            .parse()
            .map_err(|words| ConfigError::new("encoder.name", words)),
    });
    let kbps = wanted.bit_rate.unwrap_or(USUAL_KBPS);
    let bit_rate = mistakes.note(BitRate::from_kbps(kbps).ok_or_else(|| {
        let words = format!(
            "is {kbps} kbit/s; use {} to {}",
            BitRate::LOWEST_KBPS,
            BitRate::HIGHEST_KBPS
        );
        ConfigError::new("encoder.bit_rate_kbps", words)
    }));
    let buffer_frames = wanted.buffer_frames.unwrap_or(USUAL_BUFFER_FRAMES);
    if !(1.0..=60.0).contains(&buffer_frames) {
        let words = format!("is {buffer_frames}; use 1 to 60, 3 to 6 is usual");
        return mistakes.note(Err(ConfigError::new("encoder.buffer_frames", words)));
    }
    Some(EncodeOptions {
        choice: choice?,
        preset: wanted.preset.unwrap_or_default(),
        bit_rate: bit_rate?,
        buffer_frames,
    })
}

fn relay(wanted: &Wanted, mistakes: &mut Mistakes) -> Option<Option<RelaySettings>> {
    let Some(text) = &wanted.relay else {
        return match wanted.consult.as_ref().or(wanted.ticket.as_ref()) {
            Some(_) => mistakes.note(Err(ConfigError::new(
                "relay",
                "is missing: give its address, such as https://relay.example.jp".to_owned(),
            ))),
            None => Some(None),
        };
    };
    let relay = mistakes.note(relay_address(text, wanted.insecure_http));
    let consult = mistakes.note(consult(wanted));
    let entry = mistakes.note(entry(wanted));
    let authorities = mistakes.note(authorities(wanted));
    Some(Some(RelaySettings {
        relay: relay?,
        consult: consult?,
        entry: entry?,
        bind: wanted.bind,
        authorities: authorities?,
    }))
}

fn consult(wanted: &Wanted) -> Result<ConsultId, ConfigError> {
    let refused = |words: String| ConfigError::new("consult", words);
    let Some(text) = &wanted.consult else {
        let words = "is missing: give the id of the consult to publish to";
        return Err(refused(words.to_owned()));
    };
    text.parse()
        .map_err(|error: wire::ids::NotAnId| refused(error.to_string()))
}

fn relay_address(text: &str, insecure_http: bool) -> Result<Url, ConfigError> {
    let refused = |words: String| ConfigError::new("relay", words);
    let address: Url = text.parse().map_err(|error| {
        refused(format!(
            "\"{text}\" is no address ({error}); write one such as https://relay.example.jp"
        ))
    })?;
    match address.scheme() {
        "https" => {}
        "http" if insecure_http || is_loopback(&address) => {}
        "http" => return Err(refused("http:// to another machine shows tickets to everybody on the way; use https:// (or --insecure-http on a test network)".to_owned())),
        other => return Err(refused(format!("{other}:// is not possible; use https://"))),
    }
    if !address.username().is_empty() || address.password().is_some() {
        return Err(refused(
            "has a name or password in it; the agent signs in by ticket or device key".to_owned(),
        ));
    }
    Ok(address)
}

fn entry(wanted: &Wanted) -> Result<Entry, ConfigError> {
    match (&wanted.ticket, &wanted.device) {
        (Some(_), Some(_)) => {
            Err(ConfigError::new("ticket", "stands beside a device; give either a ticket or a device with its key".to_owned()))
        }
        (Some(ticket), None) => {
            Ticket::new(ticket).map(Entry::Ticket).map_err(|error| ConfigError::new("ticket", error.to_string()))
        }
        (None, Some(device)) => {
            let device = device.parse().map_err(|error: wire::ids::NotAnId| ConfigError::new("device", error.to_string()))?;
            Ok(Entry::Device { device, key: device_key(wanted)? })
        }
        (None, None) => Err(ConfigError::new(
            "ticket",
            "is missing: give a ticket, or a device with its key, so that the relay lets this agent in".to_owned(),
        )),
    }
}

fn device_key(wanted: &Wanted) -> Result<DeviceKey, ConfigError> {
    let text = match (&wanted.device_key_file, &wanted.device_key) {
        (Some(path), _) => read_small(path, "device_key_file")?,
        (None, Some(key)) => key.clone(),
        (None, None) => {
            let words =
                "is missing: name the file with this device's key, or set HIBIKI_DEVICE_KEY";
            return Err(ConfigError::new("device_key_file", words.to_owned()));
        }
    };
    DeviceKey::new(&text).map_err(|error| ConfigError::new("device_key_file", error.to_string()))
}

fn authorities(wanted: &Wanted) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let Some(path) = &wanted.ca_file else {
        return Ok(Vec::new());
    };
    let text = read_small(path, "ca_file")?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(ConfigError::new(
            "ca_file",
            format!("{} holds no certificates in PEM form", path.display()),
        )),
    }
}
