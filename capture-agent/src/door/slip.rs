//! What both sides of the door agree on: the slip, and the words of a save.
//!
//! Owns the forms and the slip's file. The slip is readable by this user only and is written anew at each start.

use crate::spool::Counts;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use wire::ClipId;
use wire::clip::ClipGap;

/// Largest slip read.
const MAX_SLIP_BYTES: u64 = 4 * 1024;
/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;

/// Where the door is and what opens it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Slip {
    /// On loopback.
    pub address: SocketAddr,
    /// For the `Authorization` header.
    pub token: String,
}

impl fmt::Debug for Slip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slip({})", self.address)
    }
}

/// What to save.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Asked {
    /// Which it will be; a new one when nothing is said.
    pub clip: Option<ClipId>,
    /// Seconds up to now.
    pub seconds: Option<u16>,
    /// The newest frame alone, instead.
    pub still: bool,
    /// View label.
    pub view: Option<String>,
    /// Answer only when the DICOM object is finished, not when the clip is safe.
    pub finished: bool,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    /// Which.
    pub clip: ClipId,
    /// Frames in it; 0 when it was saved before.
    pub frames: u32,
    /// From the press until it was safe, in milliseconds, by the agent's clock.
    pub safe_ms: Option<f64>,
    /// From the press until its object was finished.
    pub finished_ms: Option<f64>,
    /// Why there is none.
    pub missing: Option<ClipGap>,
    /// Why in words, as the agent's terminal tells it.
    pub trouble: Option<String>,
    /// How many clips are how far.
    pub counts: Counts,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts {
            safe_here,
            sent,
            unsent,
            ..
        } = self.counts;
        match (self.missing, &self.trouble) {
            (Some(ClipGap::Gone), _) => write!(
                f,
                "NOT saved: there is no picture yet, or it has left the ring"
            ),
            (Some(gap), Some(trouble)) => write!(f, "NOT saved ({gap:?}): {trouble}"),
            (Some(gap), None) => write!(f, "NOT saved ({gap:?})"),
            (None, _) => {
                write!(f, "{} is safe here ({} frames", self.clip, self.frames)?;
                if let Some(ms) = self.safe_ms {
                    write!(f, ", after {ms:.0} ms")?;
                }
                if let Some(ms) = self.finished_ms {
                    write!(f, ", finished after {ms:.0} ms")?;
                }
                write!(f, ")")
            }
        }?;
        write!(
            f,
            "\nClips: safe here {safe_here}, sent {sent}, unsent {unsent}"
        )
    }
}

impl Slip {
    /// A slip with a fresh token.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn fresh(address: SocketAddr) -> io::Result<Self> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes).map_err(|_| io::Error::other("no random bytes"))?;
        let token = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { address, token })
    }

    /// Where the slip of a spool folder lies.
    #[must_use]
    pub fn path(spool: &Path) -> PathBuf {
        spool.join("door.json")
    }

    /// Reads it.
    ///
    /// # Errors
    /// The system's; `InvalidData` when it is none.
    pub fn read(spool: &Path) -> io::Result<Self> {
        let path = Self::path(spool);
        if std::fs::metadata(&path)?.len() > MAX_SLIP_BYTES {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let slip: Self = serde_json::from_slice(&std::fs::read(path)?)?;
        if slip.address.ip().is_loopback() {
            Ok(slip)
        } else {
            Err(io::ErrorKind::InvalidData.into())
        }
    }

    /// Writes it beside, then over, readable by this user only.
    ///
    /// # Errors
    /// The system's.
    pub fn write(&self, spool: &Path) -> io::Result<()> {
        let path = Self::path(spool);
        let beside = path.with_extension("part");
        // One that is there may have other rights.
        let _ = std::fs::remove_file(&beside);
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(&beside)?
            .write_all(&serde_json::to_vec(self)?)?;
        std::fs::rename(beside, path)
    }
}
