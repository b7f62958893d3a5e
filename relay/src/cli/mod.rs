//! The command line: what `relay` can be told.
//!
//! `args` names every command and flag, `serve` runs the relay, `archive` lists what somebody has to look at, `people`, `devices` and `consults` change what the
//! database holds beside a running relay. Secrets are printed once, on standard output, for whoever asked.

mod archive;
mod args;
mod consults;
mod devices;
mod fault;
mod forwards;
mod people;
mod serve;

pub use args::Args;
pub use fault::Fault;

use crate::archive::Objects;
use crate::config::{Config, Layers, read_file, settle};
use crate::store::{ClipFiles, DataFolder, Store};
use args::{Command, Place};
use clap::Parser;
use std::path::PathBuf;

/// Reads the command line and does what it says.
///
/// # Errors
/// `Fault` with the sentence and exit code for the terminal.
pub fn run() -> Result<(), Fault> {
    let Args { config, command } = Args::parse();
    let file = config
        .as_deref()
        .map(read_file)
        .transpose()
        .map_err(|fault| Fault::Config(vec![fault]))?
        .unwrap_or_default();
    match command {
        Command::Serve { settings, announce } => {
            serve::serve(&settled(*settings, file, announce)?, announce)
        }
        Command::CheckConfig { settings } => {
            let config = settled(*settings, file, false)?;
            if let Some(tls) = &config.tls {
                crate::http::tls::acceptor(tls)?;
            }
            config.dicom_tls.read()?;
            if let Some(turn) = &config.turn {
                crate::auth::TurnServers::open(turn.servers.clone(), &turn.secret_file)?;
            }
            if let Some(forward) = &config.forward {
                let file = forward.secrets_file.as_deref();
                crate::forward::Secrets::read(file, &forward.destinations)?;
            }
            println!(
                "The configuration can be used. Pages: {}, media: UDP {}, data: {}",
                config.http,
                config.media,
                config.data.display()
            );
            Ok(())
        }
        Command::Ticket {
            person,
            consult,
            place,
        } => with_store(place, file, async |opened| {
            people::ticket(opened, person, consult).await
        }),
        Command::Person { what, place } => with_store(place, file, async |opened| {
            people::change(opened, what).await
        }),
        Command::Device { what, place } => with_store(place, file, async |opened| {
            devices::change(opened, what).await
        }),
        Command::Archive { what, place } => with_store(place, file, async |opened| {
            archive::change(opened, what).await
        }),
        Command::Forwards { what, place } => with_store(place, file, async |opened| {
            forwards::change(opened, what).await
        }),
        Command::Consult { what, place } => with_store(place, file, async |opened| {
            consults::change(opened, what).await
        }),
    }
}

fn settled(flags: Layers, file: Layers, any_port: bool) -> Result<Config, Fault> {
    settle(flags.over(file), any_port).map_err(Fault::Config)
}

/// The database beside a running relay, and the settings that a tool needs.
struct Opened {
    store: Store,
    clips: ClipFiles,
    recordings: PathBuf,
    /// The archive's.
    objects: Objects,
    settings: Layers,
}

fn with_store(
    place: Place,
    file: Layers,
    work: impl AsyncFnOnce(&Opened) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let settings = Layers {
        data: place.data,
        ..Layers::default()
    }
    .over(file);
    let data = settings.data.clone().ok_or(Fault::NoData)?;
    let folder = DataFolder::at(&data)?;
    let (store, clips) = (
        Store::open(&folder.database()?)?,
        ClipFiles::beside(&folder),
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Fault::Runtime)?;
    let opened = Opened {
        store,
        clips,
        recordings: folder.path().join("recordings"),
        objects: Objects::beside(&folder),
        settings,
    };
    let done = runtime.block_on(work(&opened));
    opened.store.close();
    done
}
