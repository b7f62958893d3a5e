//! One association, from its connection to its end (the acceptor of PS3.8 section 9.2).
//!
//! Owns the connection and the timers. What is answered is decided by `negotiation`, `message` and `command`; objects go to the shelf,
//! whole questions to `asked`.
//! Invariants: each wait has an end; whatever ends the association in an object drops its slot; Success is sent after the shelf
//! gave it.

use crate::command::{C_CANCEL, C_ECHO, C_FIND, C_GET, C_MOVE, C_STORE, Command, IS_ANSWER};
use crate::framing::{FrameFault, fragment_bytes, put_whole};
use crate::limits::{ASSOCIATE_WITHIN, MAX_IDENTIFIER_BYTES, MESSAGE_WITHIN};
use crate::line::{Line, LineFault};
use crate::message::{Assembler, Part};
use crate::models::model;
use crate::negotiation::{Agreed, Policy, abort, answer, too_many};
use crate::served::is_uid;
use crate::serving::Counts;
use crate::shelf::{Facts, Shelf};
use crate::status::Status;
use crate::tls::{Acceptor, Connector, TlsFault};
use dicom_ul::pdu::{AbortRQServiceProviderReason as Reason, PDataValue, Pdu};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// How an association ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// In order.
    Released,
    /// The peer aborted or went.
    Left,
    /// We did not take it, for this reason.
    Refused(&'static str),
    /// We ended it, for this reason.
    Aborted(&'static str),
    /// It does not speak TLS where it has to, or the other way round.
    Unsecured(&'static str),
    /// There was no TLS with it.
    NoTls(TlsFault),
    /// Too many shake hands already.
    Dropped,
}

/// What every association of a server shares.
pub(crate) struct Shared<S> {
    pub(crate) policy: Policy,
    pub(crate) shelf: S,
    pub(crate) counts: Arc<Counts>,
    pub(crate) seats: Arc<Semaphore>,
    /// What a port with TLS needs.
    pub(crate) acceptor: Option<Acceptor>,
    /// Those who shake hands.
    pub(crate) handshakes: Semaphore,
    /// What calls to move destinations need.
    pub(crate) connector: Connector,
}

/// A message that is under way or waits for its answer.
struct Taking<T> {
    context: u8,
    command: Command,
    /// Where its data set goes; a status when it goes nowhere.
    slot: Result<T, Status>,
    /// Bytes of it.
    bytes: u64,
    /// Of a question, what is here of its identifier.
    identifier: Option<Vec<u8>>,
}

pub(crate) struct Association<S: Shelf> {
    pub(crate) line: Line,
    pub(crate) from: IpAddr,
    pub(crate) shared: Arc<Shared<S>>,
    pub(crate) assembler: Assembler,
    taking: Option<Taking<S::Slot>>,
    /// When the message that is under way has to be whole.
    whole_by: Option<Instant>,
}

impl<S: Shelf> Association<S> {
    pub(crate) fn new(line: Line, from: IpAddr, shared: Arc<Shared<S>>) -> Self {
        Self {
            line,
            from,
            shared,
            assembler: Assembler::default(),
            taking: None,
            whole_by: None,
        }
    }

    /// Runs it to its end.
    pub(crate) async fn run(mut self) -> End {
        let asked = match self.next_pdu(ASSOCIATE_WITHIN).await {
            Ok(Pdu::AssociationRQ(asked)) => asked,
            Ok(Pdu::AbortRQ { .. }) => return End::Left,
            Ok(_) => {
                return self
                    .abort(
                        "it begins without asking for an association",
                        Reason::UnexpectedPdu,
                    )
                    .await;
            }
            Err(end) => return self.end(end).await,
        };
        let seat = Arc::clone(&self.shared.seats).try_acquire_owned();
        let may_ask = self
            .shared
            .shelf
            .may_ask(&asked.calling_ae_title, self.from);
        let agreed = answer(&asked, self.from, &self.shared.policy, may_ask).and_then(|agreed| {
            if seat.is_ok() {
                Ok(agreed)
            } else {
                Err(too_many())
            }
        });
        match agreed {
            Ok(agreed) => {
                if self.send(&agreed.answer).await.is_err() {
                    return End::Left;
                }
                let end = self.associated(&agreed).await;
                // Nothing of a cut-off object outlives the association, however long the peer takes to close.
                self.taking = None;
                drop(seat);
                self.end(end).await
            }
            Err(refusal) => {
                drop(seat);
                self.shared
                    .counts
                    .associations_refused
                    .fetch_add(1, Relaxed);
                let _ = self.send(&refusal.answer).await;
                self.line.linger().await;
                End::Refused(refusal.why)
            }
        }
    }

    async fn associated(&mut self, agreed: &Agreed) -> Stop {
        loop {
            match self.next_pdu(self.shared.policy.idle).await {
                Ok(Pdu::PData { data }) => {
                    for value in data {
                        if let Err(stop) = self.fragment(agreed, value).await {
                            return stop;
                        }
                    }
                }
                Ok(Pdu::ReleaseRQ) if self.assembler.is_idle() => return Stop::Released,
                Ok(Pdu::AbortRQ { .. }) => return Stop::Left,
                Ok(_) => return Stop::Fault("a PDU that has no place here", Reason::UnexpectedPdu),
                Err(stop) => return stop,
            }
        }
    }

    async fn fragment(&mut self, agreed: &Agreed, value: PDataValue) -> Result<(), Stop> {
        let part = self.assembler.take(value).map_err(|fault| {
            tracing::debug!(%fault, "an association sends what is no message");
            Stop::Fault(
                "fragments that are no message",
                Reason::UnexpectedPduParameter,
            )
        })?;
        if self.assembler.is_idle() {
            self.whole_by = None;
        } else {
            self.whole_by
                .get_or_insert_with(|| Instant::now() + MESSAGE_WITHIN);
        }
        match part {
            None => Ok(()),
            Some(Part::Command { context, command }) => {
                self.command(agreed, context, command).await
            }
            Some(Part::Data { bytes, last }) => self.data(agreed, &bytes, last).await,
        }
    }

    async fn command(
        &mut self,
        agreed: &Agreed,
        context: u8,
        command: Command,
    ) -> Result<(), Stop> {
        if command.field & IS_ANSWER != 0 {
            return Err(Stop::Fault(
                "an answer to nothing",
                Reason::UnexpectedPduParameter,
            ));
        }
        if command.field == C_CANCEL && !command.has_data_set {
            // What it is about is answered already.
            return Ok(());
        }
        let Some(agreement) = agreed.contexts.get(&context) else {
            return Err(Stop::Fault(
                "a presentation context that was not agreed on",
                Reason::InvalidPduParameter,
            ));
        };
        let asks = model(&agreement.class).map(|(_, field)| field);
        let is_question = asks == Some(command.field);
        let slot = match (command.field, &command.class, &command.instance) {
            (C_ECHO, ..) => Err(Status::SUCCESS),
            (C_FIND | C_GET | C_MOVE, ..) if is_question && !command.has_data_set => {
                Err(Status::MISTYPED)
            }
            (C_FIND | C_GET | C_MOVE, ..) if is_question => Err(Status::SUCCESS),
            (C_STORE, ..) if !command.has_data_set => Err(Status::MISTYPED),
            (C_STORE, Some(class), _) if *class != agreement.class => {
                Err(Status::CLASS_NOT_SUPPORTED)
            }
            (C_STORE, Some(_), Some(instance)) if !is_uid(instance) => {
                Err(Status::INVALID_INSTANCE)
            }
            (C_STORE, Some(class), Some(instance)) => {
                let facts = Facts {
                    class: class.clone(),
                    instance: instance.clone(),
                    syntax: agreement.syntax.clone(),
                    sender: agreed.caller.clone(),
                };
                self.shared.shelf.begin(facts).await
            }
            (C_STORE, ..) => Err(Status::MISTYPED),
            _ => Err(Status::UNRECOGNIZED_OPERATION),
        };
        let has_data_set = command.has_data_set;
        let taking = Taking {
            context,
            command,
            slot,
            bytes: 0,
            identifier: is_question.then(Vec::new),
        };
        if has_data_set {
            self.taking = Some(taking);
            return Ok(());
        }
        self.answer(agreed, taking).await
    }

    /// What is refused is still read to its end: the sender hears the reason only then (PS3.7 section 9.3.1).
    async fn data(&mut self, agreed: &Agreed, bytes: &[u8], last: bool) -> Result<(), Stop> {
        let Some(taking) = &mut self.taking else {
            return Err(Stop::Fault(
                "a data set without a command",
                Reason::UnexpectedPduParameter,
            ));
        };
        taking.bytes += bytes.len() as u64;
        if let Ok(slot) = &mut taking.slot {
            let kept = if taking.bytes > self.shared.policy.object_bytes {
                Err(Status::out_of_resources(
                    "the object is larger than this server takes",
                ))
            } else {
                self.shared.shelf.write(slot, bytes).await
            };
            if let Err(status) = kept {
                taking.slot = Err(status);
            }
        }
        if let Some(identifier) = &mut taking.identifier {
            if taking.bytes > MAX_IDENTIFIER_BYTES as u64 {
                taking.slot = Err(Status::out_of_resources("the question is too long"));
                taking.identifier = None;
            } else {
                identifier.extend_from_slice(bytes);
            }
        }
        match self.taking.take_if(|_| last) {
            Some(Taking {
                context,
                command,
                identifier: Some(identifier),
                ..
            }) => self.question(agreed, context, &command, identifier).await,
            Some(whole) => self.answer(agreed, whole).await,
            None => Ok(()),
        }
    }

    async fn answer(&mut self, agreed: &Agreed, taking: Taking<S::Slot>) -> Result<(), Stop> {
        let Taking {
            context,
            command,
            slot,
            ..
        } = taking;
        let status = match slot {
            Ok(slot) => self.shared.shelf.finish(slot).await,
            Err(status) => status,
        };
        if command.field == C_STORE {
            let counts = &self.shared.counts;
            let count = if status.is_stored() {
                &counts.objects_stored
            } else {
                &counts.objects_refused
            };
            count.fetch_add(1, Relaxed);
        }
        self.say(agreed, context, &command.answer(status), None)
            .await
    }

    /// A command set, and the data set that follows it if one does.
    pub(crate) async fn say(
        &mut self,
        agreed: &Agreed,
        context: u8,
        set: &[u8],
        data_set: Option<&[u8]>,
    ) -> Result<(), Stop> {
        let mut bytes = Vec::with_capacity(2 * set.len());
        let context = (context, fragment_bytes(agreed.longest_pdu));
        put_whole(&mut bytes, context, true, set);
        if let Some(data_set) = data_set {
            put_whole(&mut bytes, context, false, data_set);
        }
        self.line.send_bytes(&bytes).await.map_err(|_| Stop::Left)
    }

    /// The next PDU, whole within `patience`.
    async fn next_pdu(&mut self, patience: Duration) -> Result<Pdu, Stop> {
        let idle = Instant::now() + patience;
        let by = self.whole_by.map_or(idle, |whole| whole.min(idle));
        self.line.next(by).await.map_err(|fault| match fault {
            LineFault::Left | LineFault::Tls(_) => Stop::Left,
            LineFault::Silent => Stop::Fault("silence for too long", Reason::ReasonNotSpecified),
            LineFault::Frame(fault) => {
                tracing::debug!(%fault, "a peer sends what is no PDU");
                match fault {
                    FrameFault::Tls => Stop::Tls,
                    FrameFault::Unknown => {
                        Stop::Fault("bytes that are no PDU", Reason::UnrecognizedPdu)
                    }
                    FrameFault::Length | FrameFault::Broken => {
                        Stop::Fault("a PDU whose lengths lie", Reason::InvalidPduParameter)
                    }
                }
            }
        })
    }

    async fn send(&mut self, pdu: &Pdu) -> Result<(), Stop> {
        self.line.send(pdu).await.map_err(|_| Stop::Left)
    }

    async fn abort(&mut self, why: &'static str, reason: Reason) -> End {
        let _ = self.send(&abort(reason)).await;
        self.line.linger().await;
        End::Aborted(why)
    }

    async fn end(&mut self, stop: Stop) -> End {
        match stop {
            Stop::Left => End::Left,
            Stop::Fault(why, reason) => self.abort(why, reason).await,
            Stop::Tls => {
                let why = "it begins with TLS, at a port without TLS";
                self.abort(why, Reason::UnrecognizedPdu).await;
                End::Unsecured(why)
            }
            Stop::Released => {
                let _ = self.send(&Pdu::ReleaseRP).await;
                self.line.linger().await;
                End::Released
            }
        }
    }
}

/// Why nothing more is read.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The peer is done.
    Released,
    /// It aborted or went.
    Left,
    /// It speaks TLS, and we do not at this port.
    Tls,
    /// It did what it must not.
    Fault(&'static str, Reason),
}
