//! What associations see of the relay.

use super::questions::{QuestionFault, asked, identifier};
use crate::archive::{Archive, Readings, Slot, Way};
use crate::clock::Clock;
use dimse::{Facts, Matches, Peer, Question, Shelf, Status};
use std::net::IpAddr;
use std::sync::Arc;

/// The door.
pub struct DicomDoor {
    /// Where objects go and what is asked.
    pub archive: Archive,
    /// Who asked what.
    pub readings: Readings,
    /// For entries.
    pub clock: Arc<Clock>,
    /// Who may ask.
    pub readers: Vec<Peer>,
}

impl Shelf for DicomDoor {
    type Slot = Slot;

    async fn begin(&self, facts: Facts) -> Result<Slot, Status> {
        self.archive.begin(facts).await
    }

    async fn write(&self, slot: &mut Slot, bytes: &[u8]) -> Result<(), Status> {
        self.archive.write(slot, bytes).await
    }

    async fn finish(&self, slot: Slot) -> Status {
        self.archive.finish(slot).await
    }

    fn may_ask(&self, caller: &str, from: IpAddr) -> bool {
        self.readers.iter().any(|peer| peer.is(caller, from))
    }

    async fn find(&self, question: Question) -> Result<Matches, Status> {
        if !self.may_ask(&question.caller, question.from) {
            return Err(Status::not_authorized("this system may not ask"));
        }
        let asked = asked(&question.identifier, &question.syntax).map_err(|fault| match fault {
            QuestionFault::Broken => Status::cannot_understand("the identifier cannot be read"),
            QuestionFault::Level => Status::does_not_match("the level is STUDY, SERIES or IMAGE"),
            QuestionFault::Key => Status::cannot_understand("a key cannot be compared with"),
        })?;
        let failed = |step: &'static str| {
            move |fault| {
                tracing::error!(%fault, step, "a question of another system was not answered");
                Status::processing_failure("fault in the server")
            }
        };
        let reader: Arc<str> = question.caller.as_str().into();
        let noted = self
            .readings
            .note(&reader, Way::Search, "", self.clock.now());
        noted.await.map_err(failed("note who asks"))?;
        let answers = self.archive.catalogue().find(asked.query.clone()).await;
        let answers = answers.map_err(failed("search"))?;
        let identifiers = answers.found.iter();
        Ok(Matches {
            identifiers: identifiers
                .map(|found| identifier(&asked, found, &question.syntax))
                .collect(),
            partly: asked.partly,
            more: answers.more,
        })
    }
}
