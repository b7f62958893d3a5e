//! The log: what is written where.
//!
//! Owns the subscriber. Lines go to standard error; standard output is for announcements. Texts are constant, data is in
//! fields, and no field holds a name, a ticket, an address of a person or a text that somebody typed. Libraries that
//! write a line for every packet anybody may send are silenced, or the wire would fill the disk.

use crate::config::LogForm;
use crate::sfu::NOISY_LOG_TARGETS;
use tracing_subscriber::EnvFilter;

/// Libraries that write out what people send, once somebody asks for all of the log.
const TALKATIVE: [&str; 5] = [
    "tungstenite",
    "tokio_tungstenite",
    "hyper",
    "hyper_util",
    "rustls",
];

/// The filter is no filter.
#[derive(Debug, thiserror::Error)]
#[error("log: {0} is no filter; for example info, or relay=debug,info")]
pub struct NoFilter(String);

/// What a filter lets through.
///
/// # Errors
/// `NoFilter`.
pub fn filter(filter: &str) -> Result<EnvFilter, NoFilter> {
    let mut whole = filter.to_owned();
    for target in NOISY_LOG_TARGETS {
        whole.push_str(&format!(",{target}=off"));
    }
    for target in TALKATIVE {
        whole.push_str(&format!(",{target}=warn"));
    }
    EnvFilter::try_new(&whole).map_err(|_| NoFilter(filter.to_owned()))
}

/// Starts logging.
///
/// # Errors
/// `NoFilter`.
pub fn start(filter: &str, form: LogForm) -> Result<(), NoFilter> {
    let lines = tracing_subscriber::fmt()
        .with_env_filter(self::filter(filter)?)
        .with_writer(std::io::stderr);
    match form {
        LogForm::Text => lines.with_ansi(false).init(),
        LogForm::Json => lines.json().flatten_event(true).init(),
    }
    Ok(())
}
