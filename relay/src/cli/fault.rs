//! What is said on the terminal when something did not work, and the exit code that goes with it.

use crate::app::StartError;
use crate::archive::ArchiveFault;
use crate::auth::{GrantError, TurnError};
use crate::config::ConfigError;
use crate::demo::DemoError;
use crate::forward::ForwardError;
use crate::http::tls::TlsError;
use crate::logging::NoFilter;
use crate::sfu::SfuError;
use crate::store::{FolderError, StoreError};
use dimse::tls::TlsFilesFault;
use std::net::SocketAddr;
use thiserror::Error;

/// A command did not work.
#[derive(Debug, Error)]
pub enum Fault {
    /// Settings that cannot be used.
    #[error("the configuration cannot be used:\n{}", .0.iter().map(|fault| format!("  {fault}\n")).collect::<String>())]
    Config(Vec<ConfigError>),
    /// A tool was not told where.
    #[error("name the data folder: --data FOLDER, HIBIKI_RELAY_DATA, or data in the --config file")]
    NoData,
    /// Certificate or key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Certificates of DICOM.
    #[error(transparent)]
    DicomTls(#[from] TlsFilesFault),
    /// The secret of the TURN servers.
    #[error(transparent)]
    Turn(#[from] TurnError),
    /// Sending on to other archives.
    #[error(transparent)]
    Forward(#[from] ForwardError),
    /// Log filter.
    #[error(transparent)]
    Log(#[from] NoFilter),
    /// Data folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Demo.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// Something named does not exist.
    #[error("{0}")]
    Unknown(&'static str),
    /// A secret could not be made or stored.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// An address.
    #[error("{what} cannot listen on {address}: {source}. Is another relay running there?")]
    Listen {
        /// For what.
        what: &'static str,
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The address for DICOM.
    #[error("DICOM objects cannot be taken on {address}: {source}. {}", dicom_advice(.source))]
    ListenDicom {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The archive.
    #[error(transparent)]
    Archive(#[from] ArchiveFault),
    /// The media part.
    #[error("media on {address}: {source}")]
    Media {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: SfuError,
    },
    /// Tokio.
    #[error("the runtime could not be started: {0}")]
    Runtime(std::io::Error),
}

/// What to do about a port that cannot be had.
fn dicom_advice(source: &std::io::Error) -> &'static str {
    match source.kind() {
        std::io::ErrorKind::PermissionDenied => {
            "Ports below 1024 need a right of their own: set dicom.listen to port 11112 and tell the devices, or let the service manager grant CAP_NET_BIND_SERVICE"
        }
        std::io::ErrorKind::AddrInUse => {
            "Another DICOM server or relay has this port: stop it, or set dicom.listen to another one, for example 11112"
        }
        std::io::ErrorKind::AddrNotAvailable => {
            "This machine has no such address: set dicom.listen to one of its own"
        }
        _ => "Set dicom.listen to an address and a port that this machine may use",
    }
}

impl Fault {
    /// For the shell; the help lists them.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_)
            | Self::NoData
            | Self::Tls(_)
            | Self::DicomTls(_)
            | Self::Turn(_)
            | Self::Forward(_)
            | Self::Log(_)
            | Self::Unknown(_) => 2,
            Self::Folder(_) | Self::Store(_) | Self::Demo(_) | Self::Archive(_) => 3,
            Self::Listen { .. }
            | Self::ListenDicom { .. }
            | Self::Media {
                source: SfuError::OpenSocket(_) | SfuError::OpenTcp(_),
                ..
            } => 4,
            Self::Grant(_) | Self::Media { .. } | Self::Runtime(_) => 1,
        }
    }

    /// A start that failed, with the media addresses for its sentence.
    pub(super) fn of_start(
        error: StartError,
        (udp, tcp): (SocketAddr, Option<SocketAddr>),
    ) -> Self {
        match error {
            StartError::Media(source) => {
                let address = match source {
                    SfuError::OpenTcp(_) => tcp.unwrap_or(udp),
                    _ => udp,
                };
                Self::Media { address, source }
            }
            StartError::Store(source) => Self::Store(source),
            StartError::Archive(source) => Self::Archive(source),
            StartError::Turn(source) => Self::Turn(source),
        }
    }
}
