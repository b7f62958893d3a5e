//! What associations see of the relay.

use super::patients::patients;
use super::questions::{QuestionFault, asked, identifier, wanted as wanted_of};
use super::retrieval;
use crate::archive::{Archive, Objects, Readings, Slot, Way};
use crate::clock::Clock;
use crate::store::StoreError;
use dimse::{Facts, Held, Matches, Peer, Question, Reading, Shelf, Station, Status};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

/// The door.
pub struct DicomDoor {
    /// Where objects go and what is asked.
    pub archive: Archive,
    /// Where they lie.
    pub objects: Objects,
    /// Who asked what.
    pub readings: Readings,
    /// For entries.
    pub clock: Arc<Clock>,
    /// Who may ask.
    pub readers: Vec<Peer>,
    /// Where readers may have objects sent.
    pub destinations: Vec<Station>,
}

fn told(fault: QuestionFault) -> Status {
    match fault {
        QuestionFault::Broken => Status::cannot_understand("the identifier cannot be read"),
        QuestionFault::Level => Status::does_not_match("no level of the root that was asked"),
        QuestionFault::Key => Status::cannot_understand("a key cannot be compared with"),
        QuestionFault::Unique => Status::does_not_match("no unique key says what is wanted"),
    }
}

fn failed(step: &'static str) -> impl FnOnce(StoreError) -> Status {
    move |fault| {
        tracing::error!(%fault, step, "a question of another system was not answered");
        Status::processing_failure("fault in the server")
    }
}

impl DicomDoor {
    fn lets_in(&self, question: &Question) -> Result<Arc<str>, Status> {
        if self.may_ask(&question.caller, question.from) {
            Ok(question.caller.as_str().into())
        } else {
            Err(Status::not_authorized("this system may not ask"))
        }
    }

    async fn note(&self, reader: &Arc<str>, way: Way, study: &str) -> Result<(), Status> {
        let noted = self.readings.note(reader, way, study, self.clock.now());
        noted.await.map_err(failed("note who asks"))
    }
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
        let reader = self.lets_in(&question)?;
        let asked = asked(&question.identifier, &question.syntax, question.root).map_err(told)?;
        self.note(&reader, Way::Search, "").await?;
        let answers = self.archive.catalogue().find(asked.query.clone()).await;
        let mut answers = answers.map_err(failed("search"))?;
        if asked.of_patients {
            answers.found = patients(answers.found);
        }
        let identifiers = answers.found.iter();
        Ok(Matches {
            identifiers: identifiers
                .map(|found| identifier(&asked, found, &question.syntax))
                .collect(),
            partly: asked.partly,
            more: answers.more,
        })
    }

    async fn wanted(&self, question: Question) -> Result<Vec<Held>, Status> {
        let reader = self.lets_in(&question)?;
        let query = wanted_of(&question.identifier, &question.syntax);
        let query = query.map_err(told)?;
        let wanted = retrieval::wanted(self.archive.catalogue(), query).await;
        let wanted = wanted.map_err(failed("find what is wanted"))?;
        if wanted.too_many {
            return Err(Status::too_many_matches(
                "that is too much at once; ask for less",
            ));
        }
        for study in &wanted.studies {
            self.note(&reader, Way::Objects, study).await?;
        }
        Ok(wanted.held)
    }

    async fn open(&self, held: &Held) -> io::Result<Reading> {
        let opened = retrieval::open(&self.objects, held).await;
        opened.inspect_err(|fault| {
            tracing::error!(%fault, object = %held.key, "an object that is wanted cannot be read");
        })
    }

    fn destination(&self, title: &str) -> Option<Station> {
        let mut all = self.destinations.iter();
        all.find(|one| one.title.as_str() == title).cloned()
    }
}
