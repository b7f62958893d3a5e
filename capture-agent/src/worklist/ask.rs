//! Asks the hospital's worklist by C-FIND.
//!
//! Owns the association. What comes is read by `entry`.

use super::entry::Listed;
use crate::config::WorklistSettings;
use dimse::tls::{Connector, TlsFilesFault};
use dimse::{
    Offer, Proposal, RequestFault, Requestor, WORKLIST, read_scheduled, worklist_question,
};
use std::time::Duration;

/// Most entries of one day for one device.
pub const MAX_ENTRIES: usize = 200;
/// How long the worklist may take over an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// The worklist gives nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorklistFault {
    /// The association, or what came over it.
    #[error(
        "the worklist cannot be asked: {0}; look at [worklist], and whether it knows this device's title"
    )]
    Request(RequestFault),
    /// Files of certificates.
    #[error("the worklist cannot be asked with TLS: {0}")]
    Tls(TlsFilesFault),
    /// It says no.
    #[error("the worklist answers with status {0:04X}")]
    Refused(u16),
    /// What it says is no entry.
    #[error("the worklist sends an entry that cannot be read")]
    Broken,
}

impl From<RequestFault> for WorklistFault {
    fn from(fault: RequestFault) -> Self {
        Self::Request(fault)
    }
}

impl From<TlsFilesFault> for WorklistFault {
    fn from(fault: TlsFilesFault) -> Self {
        Self::Tls(fault)
    }
}

/// What is scheduled for this device on a day (`20261127`).
///
/// # Errors
/// `WorklistFault`.
pub async fn ask(settings: &WorklistSettings, day: &str) -> Result<Listed, WorklistFault> {
    let proposal = Proposal {
        ours: settings.ours.clone(),
        theirs: settings.server.title.clone(),
        offers: vec![Offer::of_questions(WORKLIST)],
    };
    let server = &settings.server;
    // Read for each question: there are few, and a certificate may have been renewed.
    let connector = match &server.tls {
        Some(_) => settings.tls.connector()?,
        None => Connector::default(),
    };
    let mut peer = Requestor::associate_with(server, &connector, &proposal, ANSWER_WITHIN).await?;
    let syntax = peer.syntax_of(WORKLIST)?.to_owned();
    let question = worklist_question(settings.ours.as_str(), day, &syntax);
    let found = peer.find(WORKLIST, &question, MAX_ENTRIES).await?;
    peer.release().await;
    if found.status != 0 {
        return Err(WorklistFault::Refused(found.status));
    }
    let entries = found.identifiers.iter();
    let entries = entries.map(|one| read_scheduled(one, &found.syntax));
    let entries: Result<Vec<_>, _> = entries.collect();
    let entries = entries.map_err(|_| WorklistFault::Broken)?;
    Ok(Listed::of(&entries, found.more))
}
