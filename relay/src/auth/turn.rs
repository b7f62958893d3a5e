//! Credentials for TURN servers that last for a day at most.
//!
//! Owns the secret that the relay shares with them and makes a name and a password from it, as coturn's `use-auth-secret` checks
//! them (draft-uberti-behave-turn-rest): the name says until when and for which media session, the password is the
//! HMAC-SHA1 of the name. The server needs no list of anybody, and a page never holds a password that lasts. The secret is never
//! printed.

use super::private_file::{PrivateFileError, read_private};
use crate::redact::Redacted;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use std::fmt;
use std::path::Path;
use std::time::Duration;
use thiserror::Error;
use uuid::Uuid;
use wire::RelayTime;

/// Longer than any visit: a connection shows it again when it asks for more time.
const LASTS: Duration = Duration::from_secs(12 * 3_600);
/// 128 bits, as hexadecimal digits.
const FEWEST_SECRET_CHARS: usize = 32;
/// A file larger than this holds something else.
const MAX_SECRET_BYTES: u64 = 1_024;

/// The secret cannot be used.
#[derive(Debug, Error)]
pub enum TurnError {
    /// The file.
    #[error("turn_secret_file: {0}")]
    File(#[source] PrivateFileError),
    /// It is no secret.
    #[error(
        "turn_secret_file: {0} holds no secret of one line with at least {FEWEST_SECRET_CHARS} printable characters. Make one with: openssl rand -hex 32"
    )]
    Weak(String),
}

/// TURN servers with what is needed to use them.
pub struct TurnServers {
    servers: Vec<String>,
    key: hmac::Key,
}

/// One server, for one media session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IceServer {
    /// Its address.
    pub url: String,
    /// Until when and for whom.
    pub username: String,
    /// Proves that this relay made the name.
    pub credential: Redacted<String>,
}

impl fmt::Debug for TurnServers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TurnServers")
            .field("servers", &self.servers)
            .finish_non_exhaustive()
    }
}

impl TurnServers {
    /// Reads the secret.
    ///
    /// # Errors
    /// `TurnError` naming the file.
    pub fn open(servers: Vec<String>, secret: &Path) -> Result<Self, TurnError> {
        let bytes = read_private(secret, MAX_SECRET_BYTES).map_err(TurnError::File)?;
        let bytes = bytes.trim_ascii();
        if bytes.len() < FEWEST_SECRET_CHARS || !bytes.iter().all(u8::is_ascii_graphic) {
            return Err(TurnError::Weak(secret.display().to_string()));
        }
        Ok(Self::with(servers, bytes))
    }

    fn with(servers: Vec<String>, secret: &[u8]) -> Self {
        Self {
            servers,
            key: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret),
        }
    }

    /// All of them, for a media session that begins now.
    pub fn for_session(&self, session: Uuid, now: RelayTime) -> Vec<IceServer> {
        let until = now.0 / 1_000_000 + LASTS.as_secs();
        let username = format!("{until}:{session}");
        let credential = STANDARD.encode(hmac::sign(&self.key, username.as_bytes()));
        let one = |url: &String| IceServer {
            url: url.clone(),
            username: username.clone(),
            credential: Redacted::new(credential.clone()),
        };
        self.servers.iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_name_says_until_when_and_the_password_is_its_hmac() {
        let servers = vec!["turns:turn.example.jp:443?transport=tcp".to_owned()];
        let turn = TurnServers::with(servers, SECRET.as_bytes());
        let [server] = &turn.for_session(Uuid::nil(), RelayTime(1_700_000_000_000_000))[..] else {
            panic!("one server");
        };
        assert_eq!(
            server.username,
            "1700043200:00000000-0000-0000-0000-000000000000"
        );
        // printf %s "$username" | openssl dgst -sha1 -hmac "$secret" -binary | base64
        assert_eq!(server.credential.reveal(), "U/KU7rx9CimY/L76Vkgjh7d0MWQ=");
        assert!(!format!("{turn:?} {server:?}").contains("U/KU7rx9CimY/L76Vkgjh7d0MWQ="));
        assert!(!format!("{turn:?}").contains(SECRET));
    }

    #[test]
    fn a_secret_that_is_short_or_open_to_others_is_refused_by_the_name_of_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("turn.secret");
        let open = |text: &str, mode| {
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
            TurnServers::open(Vec::new(), &file)
        };
        assert!(open(&format!("{SECRET}\n"), 0o600).is_ok());
        for (text, mode, words) in [
            ("short", 0o600, "holds no secret"),
            (
                "two lines of text that are long\nenough in all",
                0o600,
                "holds no secret",
            ),
            (SECRET, 0o644, "chmod 600"),
        ] {
            let told = open(text, mode).unwrap_err().to_string();
            assert!(told.contains(words) && !told.contains(text), "{told}");
        }
        let missing = TurnServers::open(Vec::new(), Path::new("/does/not/exist"));
        assert!(missing.unwrap_err().to_string().contains("/does/not/exist"));
    }
}
