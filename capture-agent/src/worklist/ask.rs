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
    Ok(listed(&found.identifiers, &found.syntax, found.more))
}

/// One that is broken is counted, and takes no other from the list.
fn listed(identifiers: &[Vec<u8>], syntax: &str, more: bool) -> Listed {
    let read = identifiers.iter().map(|one| read_scheduled(one, syntax));
    let entries: Vec<_> = read.filter_map(Result::ok).collect();
    let broken = identifiers.len() - entries.len();
    let mut listed = Listed::of(&entries, more);
    listed.unreadable += broken;
    listed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_entry_is_counted_and_the_others_are_listed() {
        const EXPLICIT: &str = "1.2.840.10008.1.2.1";
        let element = |tag: [u8; 4], vr: &[u8; 2], value: &[u8]| {
            let length = u16::try_from(value.len()).unwrap().to_le_bytes();
            [&tag[..], vr, &length, value].concat()
        };
        let whole = [
            element([8, 0, 0x50, 0], b"SH", b"A-17"),
            element([0x10, 0, 0x20, 0], b"LO", b"P1"),
        ]
        .concat();
        let mut broken = whole.clone();
        broken[6] = 0xF0;
        let found = listed(&[broken, whole], EXPLICIT, false);
        let keys: Vec<&str> = found.entries.iter().map(|one| one.key.as_str()).collect();
        assert_eq!((keys, found.unreadable), (vec!["A-17"], 1));
    }
}
