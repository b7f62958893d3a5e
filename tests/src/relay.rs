//! The real relay of one story: free ports, its own data folder, demo people.
//!
//! Owns starting it, its addresses, killing it and starting it again on the same ports and data. What it says over HTTP
//! is asked by `door`. Invariant: after `start_again` every address is what it was before.

use crate::binaries::Binaries;
use crate::link::{Ends, Link, LinkKind};
use crate::process::Program;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// All chance of the links of a story, unless the environment's `LINK_SEED` repeats or varies a run.
const LINK_SEED: u64 = 4;
/// Longest start on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(15);

/// Where a relay listens: its first line on standard output.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Announcement {
    /// Pages and HTTP.
    pub http: SocketAddr,
    /// Media over UDP.
    pub media: SocketAddr,
    /// Media over TCP, unless it is off.
    pub tcp_media: Option<SocketAddr>,
    /// Prometheus.
    pub metrics: Option<SocketAddr>,
    /// DICOM, unless it is off.
    pub dicom: Option<SocketAddr>,
}

/// The family of addresses on which everybody reaches the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// 127.0.0.1.
    V4,
    /// `::1`.
    V6,
}

impl Family {
    /// IPv6 where a browser can use it: it offers no candidates of the loopback interface, so it needs an address beside that one,
    /// which a container may not have.
    #[must_use]
    pub fn v6_if_browsers_have_it() -> Self {
        let reaches = |there: &str| -> std::io::Result<()> {
            let socket = UdpSocket::bind("[::]:0")?;
            // Documentation's prefix (RFC 3849): nothing is sent, only a way is looked up.
            socket.connect(there)
        };
        let has_both = reaches("[::1]:9").is_ok() && reaches("[2001:db8::1]:9").is_ok();
        if !has_both {
            println!("this machine has no IPv6 for a browser: the story is told over IPv4");
        }
        if has_both { Self::V6 } else { Self::V4 }
    }

    const fn any_port(self) -> &'static str {
        match self {
            Self::V4 => "127.0.0.1:0",
            Self::V6 => "[::1]:0",
        }
    }
}

/// A running relay, or one that was killed and can come back.
#[derive(Debug)]
pub struct Relay {
    program: Program,
    path: PathBuf,
    data: PathBuf,
    extra: Vec<String>,
    announced: Announcement,
}

impl Relay {
    /// Starts it on free ports.
    ///
    /// # Errors
    /// When it does not announce itself in time.
    pub async fn start(
        binaries: &Binaries,
        data: &Path,
        family: Family,
        extra: &[String],
    ) -> Result<Self> {
        let free = family.any_port();
        let args = arguments(data, free, free, free, extra);
        let program = Program::start("relay", &binaries.relay, &args, &environment())?;
        let announced = announcement(&program).await?;
        Ok(Self {
            program,
            path: binaries.relay.clone(),
            data: data.to_owned(),
            extra: extra.to_vec(),
            announced,
        })
    }

    /// `http://127.0.0.1:port`, or the same of IPv6.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.announced.http)
    }

    /// Where it listens.
    #[must_use]
    pub const fn announced(&self) -> &Announcement {
        &self.announced
    }

    /// A link with a name from the field to this relay, for whoever is to come through it.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn over(&self, kind: LinkKind) -> Result<Link> {
        let ends = Ends {
            http: self.announced.http,
            media: self.announced.media,
            tcp_media: self.announced.tcp_media,
        };
        Link::to(ends, kind, link_seed()?).await
    }

    /// The process.
    #[must_use]
    pub const fn program(&self) -> &Program {
        &self.program
    }

    /// The process, to stop it.
    pub const fn program_mut(&mut self) -> &mut Program {
        &mut self.program
    }

    /// Ends it as a crash or a power cut would.
    pub async fn kill(&mut self) {
        self.program.kill().await;
    }

    /// Starts it again with the same ports and data.
    ///
    /// # Errors
    /// When it does not announce itself in time, or elsewhere.
    pub async fn start_again(&mut self) -> Result<()> {
        let Announcement {
            http,
            media,
            tcp_media,
            metrics,
            ..
        } = self.announced.clone();
        let metrics = metrics.map_or_else(|| "127.0.0.1:0".to_owned(), |at| at.to_string());
        let mut args = arguments(
            &self.data,
            &http.to_string(),
            &media.to_string(),
            &metrics,
            &self.extra,
        );
        if let Some(tcp) = tcp_media {
            args.extend(["--media-tcp".to_owned(), tcp.to_string()]);
        }
        let mut program = Program::start("relay", &self.path, &args, &environment())?;
        let announced = announcement(&program).await?;
        ensure!(
            (announced.http, announced.media, announced.tcp_media) == (http, media, tcp_media),
            "the relay came back elsewhere: {announced:?}"
        );
        std::mem::swap(&mut self.program, &mut program);
        Ok(())
    }
}

/// The seed of this run's links.
///
/// # Errors
/// When `LINK_SEED` is set and no number.
pub fn link_seed() -> Result<u64> {
    match std::env::var("LINK_SEED") {
        Ok(told) => told
            .parse()
            .with_context(|| format!("LINK_SEED is {told}, which is no whole number")),
        Err(_) => Ok(LINK_SEED),
    }
}

fn arguments(data: &Path, http: &str, media: &str, metrics: &str, extra: &[String]) -> Vec<String> {
    let mut args: Vec<String> = ["serve", "--demo", "--announce"]
        .map(str::to_owned)
        .to_vec();
    for (flag, value) in [("--http", http), ("--media", media), ("--metrics", metrics)] {
        args.extend([flag.to_owned(), value.to_owned()]);
    }
    args.extend(["--data".to_owned(), data.display().to_string()]);
    args.extend_from_slice(extra);
    args
}

fn environment() -> Vec<(&'static str, String)> {
    vec![("RUST_BACKTRACE", "1".to_owned())]
}

async fn announcement(program: &Program) -> Result<Announcement> {
    let read = |line: &str| {
        line.strip_prefix("» ")
            .and_then(|json| serde_json::from_str::<Announcement>(json).ok())
    };
    program
        .wait_for_line("where it listens", START_LIMIT, read)
        .await
        .context("start the relay")
}
