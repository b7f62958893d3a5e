//! The real coturn of one story, with the configuration that the operator's guide gives.
//!
//! Owns reading that configuration out of the guide, putting this story's addresses, secret and certificate in its place, and running
//! the program. What a relay and an agent must be told is given as flags. Invariant: it relays from an address of its own, so that
//! a link of the lab knows what came over it.

use crate::binaries::workspace;
use crate::link::TURN_RELAYS_FROM;
use crate::process::Program;
use crate::story::runtime;
use crate::wait::{secs, until};
use anyhow::{Context, Result, bail};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tokio::net::TcpStream;

/// As Debian installs it (tools/apt-test.txt).
const PROGRAM: &str = "turnserver";
/// The name in the story's addresses and on its certificate.
const NAME: &str = "localhost";

/// A running TURN server.
#[derive(Debug)]
pub struct Turn {
    program: Program,
    /// Over plain UDP and TCP.
    plain: SocketAddr,
    /// Over TLS.
    tls: SocketAddr,
    secret: PathBuf,
    certificate: PathBuf,
}

impl Turn {
    /// Starts it before a story, whose relay is told of it.
    ///
    /// # Errors
    /// As `start`.
    pub fn begin(folder: &Path) -> Result<Self> {
        // A task, not this thread: programs die with the thread that started them.
        let (runtime, folder) = (runtime()?, folder.to_owned());
        runtime.block_on(runtime.spawn(async move { Self::start(&folder).await }))?
    }

    /// Starts it; its files lie in the folder.
    ///
    /// # Errors
    /// When coturn is missing or does not listen in time.
    pub async fn start(folder: &Path) -> Result<Self> {
        let folder = folder.join("turn");
        std::fs::create_dir_all(&folder)?;
        let (plain, tls) = (free()?, free()?);
        let secret = folder.join("secret");
        let text = uuid::Uuid::new_v4().simple().to_string();
        std::fs::write(&secret, &text)?;
        std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o600))?;
        let certificate = folder.join("certificate.pem");
        let key = folder.join("key.pem");
        let made = rcgen::generate_simple_self_signed(vec![NAME.to_owned()])?;
        std::fs::write(&certificate, made.cert.pem())?;
        std::fs::write(&key, made.signing_key.serialize_pem())?;
        let ours = [
            ("listening-ip", plain.ip().to_string()),
            ("tls-listening-port", tls.port().to_string()),
            ("listening-port", plain.port().to_string()),
            ("relay-ip", TURN_RELAYS_FROM.to_string()),
            ("static-auth-secret", text),
            ("cert", certificate.display().to_string()),
            ("pkey", key.display().to_string()),
            ("allowed-peer-ip", "127.0.0.1".to_owned()),
        ];
        let config = folder.join("turnserver.conf");
        std::fs::write(&config, with(&guide()?, &ours)?)?;
        let args = [
            "-c".to_owned(),
            config.display().to_string(),
            // A story is on one machine; an installation is not.
            "--allow-loopback-peers".to_owned(),
            "--log-file=stdout".to_owned(),
            format!("--pidfile={}", folder.join("pid").display()),
            format!("--userdb={}", folder.join("db").display()),
            "--relay-threads=1".to_owned(),
        ];
        let program = Program::start("coturn", Path::new(PROGRAM), &args, &[])
            .context("coturn runs in this story; tools/setup.sh installs it")?;
        let turn = Self {
            program,
            plain,
            tls,
            secret,
            certificate,
        };
        until("coturn listens", secs(10), || async {
            let both = tokio::try_join!(TcpStream::connect(plain), TcpStream::connect(tls));
            Ok(both.ok().map(drop))
        })
        .await
        .with_context(|| turn.program.last_words(40))?;
        Ok(turn)
    }

    /// Its address over TLS.
    #[must_use]
    pub fn over_tls(&self) -> String {
        format!("turns:{NAME}:{}?transport=tcp", self.tls.port())
    }

    /// Its address over plain UDP or TCP.
    #[must_use]
    pub fn over(&self, transport: &str) -> String {
        format!("turn:{}?transport={transport}", self.plain)
    }

    /// What a relay must be told to name it at this address.
    #[must_use]
    pub fn relay_flags(&self, address: &str) -> Vec<String> {
        let secret = self.secret.display().to_string();
        ["--turn", address, "--turn-secret-file", &secret]
            .map(str::to_owned)
            .to_vec()
    }

    /// The certificate that whoever comes over TLS has to trust.
    #[must_use]
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// The process.
    #[must_use]
    pub const fn program(&self) -> &Program {
        &self.program
    }
}

/// A port that was free a moment ago.
fn free() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").context("a free port")?;
    Ok(listener.local_addr()?)
}

/// The configuration in the operator's guide.
fn guide() -> Result<String> {
    let guide = std::fs::read_to_string(workspace().join("docs/operator.md"))?;
    let (_, rest) = guide
        .split_once("```turnserver\n")
        .context("the guide has a configuration of coturn")?;
    let (config, _) = rest.split_once("```").context("which ends")?;
    Ok(config.to_owned())
}

/// It with other values for these keys.
fn with(config: &str, ours: &[(&str, String)]) -> Result<String> {
    let mut lines: Vec<String> = config.lines().map(str::to_owned).collect();
    for (key, value) in ours {
        let begins = format!("{key}=");
        let Some(line) = lines.iter_mut().find(|line| line.starts_with(&begins)) else {
            bail!("the guide's configuration of coturn says nothing of {key}");
        };
        *line = format!("{begins}{value}");
    }
    lines.push(String::new());
    Ok(lines.join("\n"))
}
