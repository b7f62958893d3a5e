//! Questions within an association: what is here (C-FIND), and what shall be given, to the peer itself (C-GET) or to another
//! application (C-MOVE) (PS3.4 section C.4).
//!
//! Owns the order of answers and of what is sent meanwhile. What is found and read is the shelf's. Invariants: a peer that cancels
//! gets nothing more; each object that was found is counted once.

use crate::association::{Association, Shared, Stop};
use crate::command::{C_CANCEL, C_FIND, C_MOVE, C_STORE, Command, IS_ANSWER, Originator, store};
use crate::framing::fragment_bytes;
use crate::identifier::write_identifier;
use crate::limits::{GIVEN_WITHIN, MAX_CONTEXTS};
use crate::line::{LineFault, SendFault};
use crate::message::Part;
use crate::models::{Root, model};
use crate::negotiation::Agreed;
use crate::proposal::{Offer, Proposal, RequestFault};
use crate::requestor::{Requestor, Sent};
use crate::shelf::{Held, Matches, Question, Shelf};
use crate::station::Station;
use crate::status::Status;
use crate::suboperations::{Outcome, SubOperations};
use dicom_core::VR;
use dicom_dictionary_std::tags;
use dicom_ul::pdu::{AbortRQServiceProviderReason as Reason, Pdu};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::time::Instant;

/// Answers to a question that are sent before a word of the peer is looked for: it may want no more.
const LISTEN_EVERY: usize = 50;
/// Why an object was not given; each fits an error comment.
const NOT_TAKEN: &str = "not taken in the transfer syntax in which it is stored";
const NOT_REACHED: &str = "the move destination cannot be reached";
const NOT_SECURED: &str = "no TLS with the move destination; see the log of this server";
const REJECTED: &str = "the move destination refuses the association";
const BROKE_OFF: &str = "the association to the move destination broke off";
const NOT_READ: &str = "an object cannot be read here";

/// Where objects go.
enum Way {
    /// To who asks.
    Back,
    /// To another application.
    Away(Box<Requestor>),
    /// Nowhere any more.
    Nowhere(&'static str),
}

/// What a peer says while objects are given to it.
#[derive(Default)]
struct Heard {
    /// It wants no more.
    cancels: bool,
    /// Its answer to the object.
    status: Option<u16>,
}

impl<S: Shelf> Association<S> {
    pub(crate) async fn question(
        &mut self,
        agreed: &Agreed,
        context: u8,
        command: &Command,
        identifier: Vec<u8>,
    ) -> Result<(), Stop> {
        let agreement = agreed.contexts.get(&context);
        let question = Question {
            caller: agreed.caller.clone(),
            from: self.from,
            root: agreement
                .and_then(|one| model(&one.class))
                .map_or(Root::Study, |(root, _)| root),
            syntax: agreement.map_or_else(String::new, |one| one.syntax.clone()),
            identifier,
        };
        if command.field != C_FIND {
            return self.retrieval(agreed, context, command, question).await;
        }
        let status = match self.shared.shelf.find(question).await {
            Ok(matches) => self.matches(agreed, context, command, matches).await?,
            Err(status) => status,
        };
        self.say(agreed, context, &command.answer(status), None)
            .await
    }

    /// Sends what matches; gives the status that ends it.
    async fn matches(
        &mut self,
        agreed: &Agreed,
        context: u8,
        command: &Command,
        matches: Matches,
    ) -> Result<Status, Stop> {
        let pending = command.answer_with_data_set(Status::pending(matches.partly));
        for (at, identifier) in matches.identifiers.iter().enumerate() {
            if at % LISTEN_EVERY == 0 && self.is_cancelled(command.message).await? {
                return Ok(Status::CANCELLED);
            }
            self.say(agreed, context, &pending, Some(identifier.as_slice()))
                .await?;
        }
        Ok(if matches.more {
            Status::out_of_resources("there is more; ask for less")
        } else {
            Status::SUCCESS
        })
    }

    async fn retrieval(
        &mut self,
        agreed: &Agreed,
        context: u8,
        command: &Command,
        question: Question,
    ) -> Result<(), Stop> {
        let (shared, syntax) = (Arc::clone(&self.shared), question.syntax.clone());
        let (held, mut way) = match shared.found(command, question).await {
            Ok(found) => found,
            Err(status) => {
                let answer = command.answer(status);
                return self.say(agreed, context, &answer, None).await;
            }
        };
        let mut counted = SubOperations::of(held.len());
        let mut cancelled = false;
        for one in &held {
            cancelled = cancelled || self.is_cancelled(command.message).await?;
            if cancelled {
                break;
            }
            let outcome = match &mut way {
                Way::Back => {
                    let number = counted.remaining;
                    let (outcome, cancels) =
                        self.give(agreed, (command.message, number), one).await?;
                    cancelled = cancels;
                    outcome
                }
                Way::Nowhere(why) => Outcome::Failed(why),
                Way::Away(_) => shared.send_away(&mut way, (agreed, command), one).await,
            };
            if !matches!(outcome, Outcome::Failed(_)) {
                shared.counts.objects_given.fetch_add(1, Relaxed);
            }
            counted.note(&one.instance, outcome);
            if counted.remaining > 0 && !matches!(way, Way::Nowhere(_)) {
                let pending = command.answer_counting(Status::pending(false), false, &counted);
                self.say(agreed, context, &pending, None).await?;
            }
        }
        if let Way::Away(peer) = way {
            peer.release().await;
        }
        let list = (!counted.not_given.is_empty()).then(|| {
            let uids = counted.not_given.join("\\");
            let element = (tags::FAILED_SOP_INSTANCE_UID_LIST, VR::UI, uids);
            write_identifier(&[element], &syntax)
        });
        let end = counted.end(cancelled && counted.remaining > 0);
        let answer = command.answer_counting(end, list.is_some(), &counted);
        self.say(agreed, context, &answer, list.as_deref()).await
    }

    /// Stores an object with the peer itself. Tells also whether it cancels meanwhile.
    async fn give(
        &mut self,
        agreed: &Agreed,
        (asked, number): (u16, u16),
        one: &Held,
    ) -> Result<(Outcome, bool), Stop> {
        let takes = agreed.given.contains(&one.class);
        let mut all = agreed.contexts.iter().filter(|_| takes);
        let found = all.find(|(_, its)| its.class == one.class && its.syntax == one.syntax);
        let Some((context, _)) = found else {
            return Ok((Outcome::Failed(NOT_TAKEN), false));
        };
        let shared = Arc::clone(&self.shared);
        let Ok(reading) = shared.shelf.open(one).await else {
            return Ok((Outcome::Failed(NOT_READ), false));
        };
        let set = store(number, (&one.class, &one.instance), None);
        let way = (*context, fragment_bytes(agreed.longest_pdu));
        let sent = self
            .line
            .send_message(way, &set, (reading, one.bytes))
            .await;
        sent.map_err(|fault| match fault {
            SendFault::Line(_) => Stop::Left,
            SendFault::Source(_) => Stop::Fault(NOT_READ, Reason::ReasonNotSpecified),
        })?;
        let by = Instant::now() + GIVEN_WITHIN;
        let mut cancels = false;
        loop {
            let heard = self.hear((asked, Some(number)), by).await?;
            cancels = cancels || heard.cancels;
            if let Some(status) = heard.status {
                return Ok((Outcome::of(status), cancels));
            }
            if Instant::now() >= by {
                return Err(Stop::Fault(
                    "no answer to an object that was given",
                    Reason::ReasonNotSpecified,
                ));
            }
        }
    }

    /// Whether the peer has cancelled that message by now.
    async fn is_cancelled(&mut self, message: u16) -> Result<bool, Stop> {
        let heard = self.hear((message, None), Instant::now()).await?;
        Ok(heard.cancels)
    }

    /// What one PDU says by then. Nothing but the cancelling of that message, and the answer to what is given, has its place before
    /// the last answer.
    async fn hear(
        &mut self,
        (message, given): (u16, Option<u16>),
        by: Instant,
    ) -> Result<Heard, Stop> {
        let fault = Stop::Fault(
            "a message before the last is answered",
            Reason::UnexpectedPdu,
        );
        let data = match self.line.next(by).await {
            Err(LineFault::Silent) => return Ok(Heard::default()),
            Err(LineFault::Left) | Ok(Pdu::AbortRQ { .. }) => return Err(Stop::Left),
            Ok(Pdu::PData { data }) => data,
            _ => return Err(fault),
        };
        let mut heard = Heard::default();
        for value in data {
            let command = match self.assembler.take(value) {
                Ok(None) => continue,
                Ok(Some(Part::Command { command, .. })) if !command.has_data_set => command,
                _ => return Err(fault),
            };
            match (command.field, command.status) {
                (C_CANCEL, _) => heard.cancels |= command.message == message,
                (field, Some(status))
                    if field == C_STORE | IS_ANSWER && given == Some(command.message) =>
                {
                    heard.status = Some(status);
                }
                _ => return Err(fault),
            }
        }
        Ok(heard)
    }
}

/// What needs no connection to who asks.
impl<S: Shelf> Shared<S> {
    /// What is wanted, and the way to where it shall go.
    async fn found(
        &self,
        command: &Command,
        question: Question,
    ) -> Result<(Vec<Held>, Way), Status> {
        let shelf = &self.shelf;
        if command.field != C_MOVE {
            return Ok((shelf.wanted(question).await?, Way::Back));
        }
        let named = command.destination.as_deref();
        let there = named.and_then(|title| shelf.destination(title));
        let there = there.ok_or(Status::DESTINATION_UNKNOWN)?;
        let held = shelf.wanted(question).await?;
        let way = if held.is_empty() {
            Way::Back
        } else {
            self.way_to(there, &held).await
        };
        Ok((held, way))
    }

    async fn way_to(&self, there: Station, held: &[Held]) -> Way {
        let mut offers: Vec<Offer> = Vec::new();
        for one in held {
            let offer = Offer {
                class: one.class.clone(),
                syntaxes: vec![one.syntax.clone()],
            };
            // What has no room is not taken, and counted as that.
            if offers.len() < MAX_CONTEXTS && !offers.contains(&offer) {
                offers.push(offer);
            }
        }
        let proposal = Proposal {
            ours: self.policy.title.clone(),
            theirs: there.title.clone(),
            offers,
        };
        let called =
            Requestor::associate_with(&there, &self.connector, &proposal, GIVEN_WITHIN).await;
        match called {
            Ok(peer) => Way::Away(Box::new(peer)),
            Err(RequestFault::Tls(fault)) => {
                tracing::warn!(destination = %there.title, why = %fault, "objects cannot be sent to a move destination");
                Way::Nowhere(NOT_SECURED)
            }
            Err(RequestFault::Rejected { .. }) => Way::Nowhere(REJECTED),
            Err(_) => Way::Nowhere(NOT_REACHED),
        }
    }

    async fn send_away(
        &self,
        way: &mut Way,
        (agreed, command): (&Agreed, &Command),
        one: &Held,
    ) -> Outcome {
        let Way::Away(peer) = way else {
            return Outcome::Failed(NOT_REACHED);
        };
        if !peer.takes(&one.class, &one.syntax) {
            return Outcome::Failed(NOT_TAKEN);
        }
        let Ok(reading) = self.shelf.open(one).await else {
            return Outcome::Failed(NOT_READ);
        };
        let sent = Sent {
            class: &one.class,
            instance: &one.instance,
            syntax: &one.syntax,
            bytes: one.bytes,
            originator: Some(Originator {
                title: &agreed.caller,
                message: command.message,
            }),
        };
        match peer.store(&sent, reading).await {
            Ok(status) => Outcome::of(status),
            Err(fault) => {
                tracing::warn!(%fault, "an object did not get where a C-MOVE sends it");
                let why = match fault {
                    RequestFault::Source(_) => NOT_READ,
                    _ => BROKE_OFF,
                };
                *way = Way::Nowhere(why);
                Outcome::Failed(why)
            }
        }
    }
}
