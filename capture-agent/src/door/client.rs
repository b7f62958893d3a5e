//! `capture-agent save`: asks the running agent through its door.
//!
//! Owns finding the door and one request. It starts nothing and knows nothing of clips.

use super::slip::{Asked, Said, Slip};
use reqwest::Client;
use std::io;
use std::path::Path;
use std::time::Duration;

/// The agent is on this machine.
const CONNECT: Duration = Duration::from_secs(2);
/// Until a clip is finished.
const REQUEST: Duration = Duration::from_secs(130);

/// Why nothing was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DoorError {
    /// No slip.
    #[error(
        "no capture agent runs with the spool {folder}: {source}; start it with the same --spool"
    )]
    NoSlip {
        /// The spool.
        folder: String,
        /// Why.
        source: io::Error,
    },
    /// The agent does not answer.
    #[error("the capture agent does not answer: {0}; is it still running?")]
    Silent(#[from] reqwest::Error),
    /// It answered no.
    #[error("the capture agent refused ({0}); is it of the same version?")]
    Refused(reqwest::StatusCode),
}

/// Asks the agent that uses this spool to save.
///
/// # Errors
/// `DoorError`; what was asked may have been saved when the answer is lost.
pub async fn save(spool: &Path, asked: &Asked) -> Result<Said, DoorError> {
    let slip = Slip::read(spool).map_err(|source| DoorError::NoSlip {
        folder: spool.display().to_string(),
        source,
    })?;
    // Fails only when a provider was installed before, and then that one serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .connect_timeout(CONNECT)
        .timeout(REQUEST)
        .no_proxy()
        .build()?;
    let answer = client
        .post(format!("http://{}/saves", slip.address))
        .bearer_auth(&slip.token)
        .json(asked)
        .send()
        .await?;
    if !answer.status().is_success() {
        return Err(DoorError::Refused(answer.status()));
    }
    Ok(answer.json().await?)
}
