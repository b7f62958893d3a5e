//! The command line and its help.
//!
//! Every setting is optional here, because the file may have it. The help is the manual: examples, the file's keys and
//! the exit codes stand in it, and a test keeps them there.

use crate::device_page::Port;
use crate::encode::Preset;
use clap::builder::FalseyValueParser;
use clap::{Args, Parser, Subcommand};
use std::net::IpAddr;
use std::path::PathBuf;
use wire::ConsultId;
use wire::clip::MAX_CLIP_SECONDS;

/// Exit codes, as the help tells them.
pub mod exit {
    /// Ended as asked.
    pub const OK: u8 = 0;
    /// Something unforeseen.
    pub const INTERNAL: u8 = 1;
    /// Wrong flags or configuration.
    pub const CONFIG: u8 = 2;
    /// The source cannot be opened (`--fail-fast`).
    pub const SOURCE: u8 = 3;
    /// The relay refused.
    pub const REFUSED: u8 = 4;
    /// No encoder works.
    pub const ENCODER: u8 = 5;
    /// Clips cannot be kept safe, or one was not saved.
    pub const SPOOL: u8 = 6;
    /// `check` found something with which a visit would fail.
    pub const NOT_READY: u8 = 7;
    /// The worklist gives nothing, or no such entry.
    pub const WORKLIST: u8 = 8;
}

/// Sends the live picture of an ultrasound device to a Hibiki relay.
#[derive(Debug, Parser)]
#[command(name = "capture-agent", version, about, long_about = None, after_help = AFTER_HELP)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Capture and publish until Ctrl-C.
    #[command(after_help = RUN_HELP)]
    Run(Box<RunArgs>),
    /// Let the running agent save the last seconds as a clip. Works without any network.
    Save(SaveArgs),
    /// Take in clips that a handheld exported, byte for byte. With an agent running, use [spool] import instead.
    Import(ImportArgs),
    /// List what can be opened as a source on this device, with examples.
    Sources,
    /// Look whether everything is in order for a visit, in at most 20 s: source, encoder, disk, clock, relay, link by UDP and TCP.
    /// Run it before the visit, with the settings of "run"; nothing is published.
    Check(Box<CheckArgs>),
    /// List who is scheduled for this device, from the hospital's worklist ([worklist] in the file); with --take make one of
    /// them the patient of the visit.
    Worklist(WorklistArgs),
    /// Check flags, environment and file without opening anything, and print the result.
    CheckConfig(Box<RunArgs>),
}

/// What to look at.
#[derive(Debug, Clone, Default, Args)]
pub struct CheckArgs {
    /// As for "run".
    #[command(flatten)]
    pub run: RunArgs,
    /// Print what was found as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What to ask of the worklist.
#[derive(Debug, Clone, Args)]
pub struct WorklistArgs {
    /// The agent's TOML file: it says where the worklist is, and gets the patient.
    #[arg(long, value_name = "FILE", env = "HIBIKI_CONFIG")]
    pub config: PathBuf,
    /// Another day than today, such as 2026-11-27.
    #[arg(long, value_name = "DAY")]
    pub day: Option<String>,
    /// Replace [patient] in the file by the entry that has this in its first column: its accession number, else its study's UID,
    /// else the patient's number.
    #[arg(long, value_name = "ENTRY")]
    pub take: Option<String>,
    /// Print the entries as JSON.
    #[arg(long, conflicts_with = "take")]
    pub json: bool,
}

/// What to save.
#[derive(Debug, Clone, Args)]
pub struct SaveArgs {
    /// Spool folder of the running agent.
    #[arg(long, value_name = "FOLDER", env = "HIBIKI_SPOOL")]
    pub spool: PathBuf,
    /// Seconds up to now, 1 to 60; the agent's ring may hold less.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u16).range(1..=i64::from(MAX_CLIP_SECONDS)))]
    pub seconds: Option<u16>,
    /// Save the newest frame alone.
    #[arg(long, conflicts_with = "seconds")]
    pub still: bool,
    /// View label, such as PLAX, PSAX, A4C, A2C, A3C, SC4C, SC-IVC.
    #[arg(long, value_name = "LABEL")]
    pub view: Option<String>,
    /// Wait until the DICOM object is finished, not only until the clip is safe on this device.
    #[arg(long)]
    pub finished: bool,
    /// Print the answer as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What to take in.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// Spool folder; no agent may be running with it.
    #[arg(long, value_name = "FOLDER", env = "HIBIKI_SPOOL")]
    pub spool: PathBuf,
    /// Consult that they belong to; without it they wait on the device page until somebody sends them.
    #[arg(long, value_name = "ID")]
    pub consult: Option<ConsultId>,
    /// DICOM files.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

/// Everything that can be set.
#[derive(Debug, Clone, Default, Args)]
pub struct RunArgs {
    /// Read settings from this TOML file.
    #[arg(long, value_name = "FILE", env = "HIBIKI_CONFIG")]
    pub config: Option<PathBuf>,
    /// What to capture: dicom:PATH, ffmpeg:INPUT[?option=value&...] or test:[fps=30,size=800x600,form=gray].
    #[arg(long, value_name = "SOURCE", env = "HIBIKI_SOURCE")]
    pub source: Option<String>,
    /// Address of the relay, such as https://relay.example.jp. Without it pictures are captured and not sent.
    #[arg(long, value_name = "URL", env = "HIBIKI_RELAY")]
    pub relay: Option<String>,
    /// Id of the consult to publish to.
    #[arg(long, value_name = "ID", env = "HIBIKI_CONSULT")]
    pub consult: Option<String>,
    /// A ticket for this consult. It works once; for coming back by itself a device needs a key.
    #[arg(
        long,
        value_name = "TICKET",
        env = "HIBIKI_TICKET",
        hide_env_values = true
    )]
    pub ticket: Option<String>,
    /// Id of this device, with a device key.
    #[arg(long, value_name = "ID", env = "HIBIKI_DEVICE")]
    pub device: Option<String>,
    /// File with the device key; readable by this user only.
    #[arg(long, value_name = "FILE", env = "HIBIKI_DEVICE_KEY_FILE")]
    pub device_key_file: Option<PathBuf>,
    /// Cover this rectangle: x,y,width,height in fractions of the picture or in pixels. Repeat for more, or put a ; between
    /// them, as in the environment.
    #[arg(
        long,
        value_name = "X,Y,W,H",
        env = "HIBIKI_MASK",
        value_delimiter = ';'
    )]
    pub mask: Vec<String>,
    /// Keep originals of the last seconds.
    #[arg(long, value_name = "SECONDS", env = "HIBIKI_RING_SECONDS")]
    pub ring_seconds: Option<u32>,
    /// Keep at most this much of them.
    #[arg(long, value_name = "MIB", env = "HIBIKI_RING_MEGABYTES")]
    pub ring_megabytes: Option<u32>,
    /// Keep saved clips in this folder until the relay has them. Without it nothing can be saved.
    #[arg(long, value_name = "FOLDER", env = "HIBIKI_SPOOL")]
    pub spool: Option<PathBuf>,
    /// Keep the coded picture in this folder, so that what a bad link lost is sent later; off keeps none. Default: beside
    /// the spool, if there is one.
    #[arg(long, value_name = "FOLDER", env = "HIBIKI_JOURNAL")]
    pub journal: Option<PathBuf>,
    /// Encoder: auto, x264, or a name such as h264_nvenc. auto takes x264 where it is quick enough, else the quickest
    /// that works here.
    #[arg(long, value_name = "NAME", env = "HIBIKI_ENCODER")]
    pub encoder: Option<String>,
    /// Effort of x264.
    #[arg(long, value_name = "PRESET", env = "HIBIKI_PRESET")]
    pub preset: Option<Preset>,
    /// Bit rate in kbit/s: 2000 is usable, 4000 good, 8000 nearly transparent at 800x600.
    #[arg(long, value_name = "KBPS", env = "HIBIKI_BIT_RATE")]
    pub bit_rate: Option<u32>,
    /// Local address for media, when the device has several and the choice matters.
    #[arg(long, value_name = "IP", env = "HIBIKI_BIND")]
    pub bind: Option<IpAddr>,
    /// Certificates (PEM) to trust beside those of the system, for a hospital's own authority.
    #[arg(long, value_name = "FILE", env = "HIBIKI_CA_FILE")]
    pub ca_file: Option<PathBuf>,
    /// Allow http:// to a relay that is not on this machine. For test networks only: tickets travel in the clear.
    #[arg(long, env = "HIBIKI_INSECURE_HTTP", value_parser = FalseyValueParser::new())]
    pub insecure_http: bool,
    /// Draw a barcode of time and frame number over the picture. For measuring only.
    #[arg(long, env = "HIBIKI_OVERLAY_BARCODE", value_parser = FalseyValueParser::new())]
    pub overlay_barcode: bool,
    /// Write measured times to this file once a second, as JSON.
    #[arg(long, value_name = "FILE", env = "HIBIKI_STATS_JSON")]
    pub stats_json: Option<PathBuf>,
    /// End with code 3 when the source cannot be opened at the first attempt, instead of trying again for ever.
    #[arg(long, env = "HIBIKI_FAIL_FAST", value_parser = FalseyValueParser::new())]
    pub fail_fast: bool,
    /// Page on this device, for preview, saving and mask: off, free (any free port of 127.0.0.1), or a port. Default: free.
    #[arg(long, value_name = "WHERE", env = "HIBIKI_DEVICE_PAGE")]
    pub device_page: Option<Port>,
    /// Where mask and source chosen on that page are stored. Default: beside the configuration file, if there is one.
    #[arg(long, value_name = "FILE", env = "HIBIKI_CHOICES_FILE")]
    pub choices_file: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
Examples:
  capture-agent run --source test: --relay http://127.0.0.1:8080 --consult ID --ticket TICKET
  capture-agent run --source dicom:/data/clips --relay https://relay.example.jp --config /etc/hibiki/agent.toml
  capture-agent run --source 'ffmpeg:/dev/video0?video_size=1280x720&framerate=60' --mask 0,0,1,0.08 ...
  capture-agent check --config /etc/hibiki/agent.toml
  capture-agent save --spool /var/lib/hibiki/spool --seconds 6 --view A4C
  capture-agent sources
  capture-agent worklist --config /etc/hibiki/agent.toml
  capture-agent worklist --config /etc/hibiki/agent.toml --take 2026112701

Exit codes:
  0  ended as asked (Ctrl-C, SIGTERM)
  1  internal fault
  2  wrong flags or configuration; nothing was started
  3  the source cannot be opened at the first attempt (with --fail-fast)
  4  the relay refused, and trying again is of no use (a used or expired ticket)
  5  no encoder works on this device
  6  clips cannot be kept safe (the spool folder), or a clip was not saved
  7  check found something with which a visit would fail
  8  the worklist gives nothing, or no such entry; the file is as it was";

const RUN_HELP: &str = "\
Precedence: flag, then environment, then file, then default. The device key itself is read from --device-key-file or
from the environment variable HIBIKI_DEVICE_KEY; it is no flag, because flags are visible to everybody on the device.

File (all keys optional; unknown keys are refused):
  source = \"ffmpeg:/dev/video0\"
  relay = \"https://relay.example.jp\"
  consult = \"0b9f8a0e-2f57-4f0e-9d0a-5f2f3c1d7e44\"
  device = \"6c1c2f0e-7d0f-4a52-9e0b-0f6f1c9a3b11\"
  device_key_file = \"/etc/hibiki/device.key\"
  mask = [{ x = 0, y = 0, width = 1, height = 0.08 }]
  bind = \"192.0.2.7\"
  ca_file = \"/etc/hibiki/ca.pem\"
  device_page = 8095
  choices_file = \"/var/lib/hibiki/agent.device.json\"
  [ring]
  seconds = 20
  megabytes = 256
  [encoder]
  name = \"auto\"
  preset = \"superfast\"
  bit_rate_kbps = 2000
  buffer_frames = 3
  [spool]
  folder = \"/var/lib/hibiki/spool\"
  megabytes = 8192                 # unsent clips; a save beyond is refused, nothing unsent is deleted
  import = \"/media/handheld\"       # clips that the handheld exports there are taken in, byte for byte
  after_kept = \"keep\"              # a week, or until room is needed; or \"delete\": at once
  [journal]
  folder = \"/var/lib/hibiki/spool-journal\"
  megabytes = 4096                 # of the coded picture; beyond, the oldest goes
  bit_rate_kbps = 2000             # kept so where the link has less; unsaid, the encoder's
  enabled = true
  [dicom]                          # handhelds that send DICOM (C-STORE) into the spool; off unless an address is set
  listen = \"192.0.2.7:11112\"
  title = \"HIBIKI\"
  peers = [\"VSCAN@192.0.2.10\"]     # who may send: AE titles, with the address where it is known
  tls = true                       # the port speaks TLS and nothing else; off unless it says so
  [dicom_tls]                      # for that port, and for a worklist with /tls behind its port
  certificate = \"/etc/hibiki/dicom.pem\"
  key = \"/etc/hibiki/dicom.key\"    # read by this account only
  ca = \"/etc/hibiki/hospital-ca.pem\"      # whose worklist is trusted; unsaid, those of the system
  client_ca = \"/etc/hibiki/devices-ca.pem\" # whose handhelds come in; unsaid, none is asked for a certificate
  [clips]
  coding = \"jpeg\"                  # or, without loss, \"rle\" or \"plain\"; or \"h264\", small, for players that know it
  threads = 1
  utc_offset_minutes = 540
  [patient]                        # goes into saved clips, never into a log; set it anew for each visit
  id = \"...\"                       # also alias, name, name_ideographic, name_phonetic, birth_date, sex, and of the order
                                   # accession_number, study_uid, referring_physician, study_description
  [ultrasound]
  manufacturer = \"...\"             # also model, serial_number, station, institution
  marker = \"right\"                # orientation marker in the picture, or \"left\"; unsaid, clips do not say it
  [worklist]                       # for \"capture-agent worklist\" and the device page, in the hospital's network
  server = \"WORKLIST@192.0.2.30:104\"
  title = \"HIBIKI1\"               # AE title of this device, for which the hospital schedules

The page on this device: its address with the key of this start is printed on standard output. What is chosen there (mask,
source) is in force after a restart, over file, environment and flags, as long as these say what they said then.

When the relay is away or the source stops, it is tried again for ever; the terminal and the consult say so. Log
detail: RUST_LOG=capture_agent=debug.";
