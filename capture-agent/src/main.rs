//! Command line of the capture agent: reads the configuration, runs an agent, shows its state, turns the end into an
//! exit code.
//!
//! No rule lives here; everything that can be decided is decided in the library.

use anyhow::Context;
use capture_agent::agent::{Agent, AgentError};
use capture_agent::clip::import::import;
use capture_agent::clock::CaptureClock;
use capture_agent::config::cli::{Cli, Command, ImportArgs, RunArgs, SaveArgs, WorklistArgs, exit};
use capture_agent::config::{
    Checked, ConfigError, FileConfig, check, merge, read_file, today, utc_offset, worklist,
};
use capture_agent::door::{self, Asked};
use capture_agent::preflight;
use capture_agent::show::{Terminal, show};
use capture_agent::source::catalogue;
use capture_agent::spool::{AfterKept, Belongs, Disk, Spool, SpoolBounds};
use capture_agent::sync::Stop;
use capture_agent::worklist::{ask, prefill};
use clap::Parser;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::ctrl_c;
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use wire::check::CheckLevel;

/// Threads of the runtime: one for media, one for everything else.
const WORKERS: usize = 2;
/// Log detail when `RUST_LOG` says nothing. The WebRTC crates log every refused datagram as a warning.
const USUAL_LOG: &str = "warn,capture_agent=info,webrtc=error,rtc=error,rtc_ice=error,rtc_dtls=error,rtc_sctp=error,rtc_stun=error,rtc_srtp=error";

fn main() -> ExitCode {
    guarded::serve_if_asked();
    live_with_a_file_limit();
    let code = match Cli::parse().command {
        Command::Sources => {
            print!("{}", catalogue::text());
            exit::OK
        }
        Command::Check(args) => match checked(args.run) {
            Ok(checked) => look(checked, args.json).unwrap_or_else(|error| {
                eprintln!("capture-agent: {error:#}");
                exit::INTERNAL
            }),
            Err(mistakes) => tell(&mistakes),
        },
        Command::CheckConfig(args) => match checked(*args) {
            Ok(checked) => {
                println!("The configuration is fine.\n{}", summary(&checked));
                exit::OK
            }
            Err(mistakes) => tell(&mistakes),
        },
        Command::Save(args) => save(args).unwrap_or_else(|error| {
            eprintln!("capture-agent: {error:#}");
            exit::SPOOL
        }),
        Command::Import(args) => take_in(&args).unwrap_or_else(|error| {
            eprintln!("capture-agent: {error:#}");
            exit::SPOOL
        }),
        Command::Worklist(args) => scheduled(&args).unwrap_or_else(|error| {
            eprintln!("capture-agent: {error:#}");
            exit::WORKLIST
        }),
        Command::Run(args) => match checked(*args) {
            Ok(checked) => run(checked).unwrap_or_else(|error| {
                eprintln!("capture-agent: {error:#}");
                exit::INTERNAL
            }),
            Err(mistakes) => tell(&mistakes),
        },
    };
    ExitCode::from(code)
}

/// A file that reaches the limit of a service (`LimitFSIZE=`) is a refused write, told like a full disk. By default the
/// kernel would end the program instead, and with it the live picture.
fn live_with_a_file_limit() {
    // SAFETY: nothing else runs yet, and to ignore a signal calls no code of ours.
    #[cfg(unix)]
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}

fn checked(args: RunArgs) -> Result<Checked, Vec<ConfigError>> {
    let file = match &args.config {
        Some(path) => read_file(path).map_err(|error| vec![error])?,
        None => FileConfig::default(),
    };
    let device_key = std::env::var("HIBIKI_DEVICE_KEY").ok();
    check(merge(args, file, device_key))
}

fn tell(mistakes: &[ConfigError]) -> u8 {
    for mistake in mistakes {
        eprintln!("capture-agent: {mistake}");
    }
    eprintln!("Nothing was started. \"capture-agent run --help\" explains every setting.");
    exit::CONFIG
}

fn summary(checked: &Checked) -> String {
    let agent = &checked.agent;
    let relay = agent.relay.as_ref().map_or_else(
        || "none: pictures are captured and not sent".to_owned(),
        |relay| relay.relay.to_string(),
    );
    let memory = agent.device_page.memory.as_ref();
    let (mask, source) = memory.map_or((None, None), |it| (Some(it.mask()), it.source()));
    let source = source.unwrap_or_else(|| agent.source.clone());
    let mask = if mask.as_ref().unwrap_or(&agent.mask).is_empty() {
        "nothing is covered: a banner with the patient's name would be sent"
    } else {
        "set"
    };
    let clips = agent.saving.as_ref().map_or_else(
        || "no spool: nothing can be saved".to_owned(),
        |saving| {
            let (folder, room) = (saving.folder.display(), saving.bounds.bytes >> 20);
            format!("{folder}, at most {room} MiB unsent")
        },
    );
    let journal = agent.journal.as_ref().map_or_else(
        || "none: what a bad link loses is lost".to_owned(),
        |journal| {
            let (folder, room) = (journal.folder.display(), journal.bytes >> 20);
            format!("{folder}, at most {room} MiB")
        },
    );
    format!(
        "  source    {}\n  relay     {relay}\n  mask      {mask}\n  clips     {clips}\n  journal   {journal}\n  originals {} s, at most {} MiB\n  encoder   {:?}, {}, {} kbit/s",
        source,
        agent.ring.span_us / 1_000_000,
        agent.ring.bytes >> 20,
        agent.encode.choice,
        agent.encode.preset.name(),
        agent.encode.bit_rate.kbps(),
    )
}

fn look(checked: Checked, json: bool) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .context("the system gives no threads")?;
    let report = runtime.block_on(preflight::run(checked.agent));
    // A driver that hangs is left where it hangs.
    runtime.shutdown_background();
    if json {
        println!("{}", report.json());
    } else {
        println!("{report}");
    }
    Ok(match report.level() {
        CheckLevel::Bad => exit::NOT_READY,
        CheckLevel::Good | CheckLevel::Attention => exit::OK,
    })
}

fn save(args: SaveArgs) -> anyhow::Result<u8> {
    let asked = Asked {
        clip: None,
        seconds: args.seconds,
        still: args.still,
        view: args.view,
        finished: args.finished,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the system gives no threads")?;
    let said = runtime.block_on(door::save(&args.spool, &asked))?;
    if args.json {
        println!("{}", serde_json::to_string(&said)?);
    } else {
        println!("{said}");
    }
    Ok(if said.missing.is_some() {
        exit::SPOOL
    } else {
        exit::OK
    })
}

/// Every file is tried; one that is not taken is told with its reason.
fn take_in(args: &ImportArgs) -> anyhow::Result<u8> {
    // Whoever imports by hand sees what is there; the agent's own bound holds for what it saves.
    let bounds = SpoolBounds {
        bytes: u64::MAX,
        after_kept: AfterKept::Delete,
    };
    let (spool, _) = Spool::open(&args.spool, bounds, Arc::new(Disk))?;
    let belongs = args.consult.map_or(Belongs::Unsaid, Belongs::Consult);
    let mut code = exit::OK;
    for path in &args.files {
        match import(&spool, path, &|_| belongs) {
            Ok((clip, true)) => println!("{}: taken in as {clip}", path.display()),
            Ok((clip, false)) => println!("{}: is here already as {clip}", path.display()),
            Err(fault) => {
                eprintln!("capture-agent: {}: {fault}", path.display());
                code = exit::SPOOL;
            }
        }
    }
    Ok(code)
}

/// Lists who is scheduled, or takes one of them.
fn scheduled(args: &WorklistArgs) -> anyhow::Result<u8> {
    let file = match read_file(&args.config) {
        Ok(file) => file,
        Err(mistake) => return Ok(tell(&[mistake])),
    };
    let settings = match worklist(&file.worklist, &file.dicom_tls) {
        Ok(settings) => settings.context("the file names no [worklist]")?,
        Err(mistake) => return Ok(tell(&[mistake])),
    };
    let now = CaptureClock::start().at(std::time::Instant::now());
    let day = match &args.day {
        Some(day) => day.replace('-', ""),
        None => today(utc_offset(&file.clips), now).context("clips.utc_offset_minutes is none")?,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the system gives no threads")?;
    let listed = runtime.block_on(ask(&settings, &day))?;
    if let Some(key) = &args.take {
        let entry = listed.take(key)?;
        prefill(&args.config, &entry.patient)?;
        println!("The visit is about:\n{entry}");
        return Ok(exit::OK);
    }
    if args.json {
        println!("{}", serde_json::to_string(&listed)?);
        return Ok(exit::OK);
    }
    for entry in &listed.entries {
        println!("{entry}");
    }
    if listed.entries.is_empty() {
        println!("Nobody is scheduled for {} on that day.", settings.ours);
    }
    if listed.unreadable > 0 {
        eprintln!(
            "capture-agent: {} entries name nobody or cannot be read",
            listed.unreadable
        );
    }
    if listed.more {
        eprintln!("capture-agent: there are more; the first are listed");
    }
    Ok(exit::OK)
}

fn run(checked: Checked) -> anyhow::Result<u8> {
    let terminal = Terminal::new();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(USUAL_LOG));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(terminal.is_live())
        .with_writer(terminal.clone())
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .context("the system gives no threads")?;
    let mut agent = Agent::start(checked.agent)?;
    if let Some(address) = agent.device_page() {
        println!("Page on this device: {address}");
    }
    let outcome = runtime.block_on(async {
        let shown = tokio::spawn(show(
            agent.board.clone(),
            Arc::clone(&agent.stats),
            terminal.clone(),
            checked.stats_json,
        ));
        let signals = tokio::spawn(stop_at_signal(agent.stop.clone()));
        let outcome = agent.run().await;
        shown.abort();
        signals.abort();
        outcome
    });
    terminal.finish();
    drop(agent);
    Ok(match outcome {
        Ok(()) => exit::OK,
        Err(error) => {
            eprintln!("capture-agent: {error}");
            code(&error)
        }
    })
}

const fn code(error: &AgentError) -> u8 {
    match error {
        AgentError::Source(_) => exit::SOURCE,
        AgentError::Refused(_) => exit::REFUSED,
        AgentError::Encoder(_) => exit::ENCODER,
        AgentError::Spool(_) => exit::SPOOL,
        _ => exit::INTERNAL,
    }
}

/// Ctrl-C or SIGTERM: end in order. A second Ctrl-C ends at once.
async fn stop_at_signal(stop: Stop) {
    tokio::select! {
        _ = ctrl_c() => {}
        () = terminated() => {}
    }
    tracing::info!("ending");
    stop.set();
    if ctrl_c().await.is_ok() {
        std::process::exit(i32::from(exit::INTERNAL));
    }
}

/// What a service manager sends; systems without it have Ctrl-C only.
async fn terminated() {
    #[cfg(unix)]
    if let Ok(mut terminate) = signal(SignalKind::terminate()) {
        terminate.recv().await;
        return;
    }
    std::future::pending::<()>().await;
}
