//! An association that we ask for: C-ECHO, C-STORE and C-FIND of others (the requestor of PS3.8 section 9.2, the SCU of PS3.4).
//!
//! Owns the connection and the number of the next message. Objects go out as they are stored; nothing is decoded or written anew.
//! One operation at a time. Invariants: each wait has an end; after an error the association is over.

use crate::command::{
    C_ECHO, C_FIND, C_STORE, Command, IS_ANSWER, Originator, cancel, request, store,
};
use crate::framing::{fragment_bytes, put_whole};
use crate::limits::{ASSOCIATE_WITHIN, CONNECT_WITHIN, MAX_IDENTIFIER_BYTES};
use crate::line::{Line, LineFault, SendFault};
use crate::message::{Assembler, Part};
use crate::negotiation::abort;
use crate::proposal::{Accepted, Proposal, RequestFault};
use crate::station::Station;
use crate::stream::Stream;
use crate::tls::Connector;
use dicom_dictionary_std::uids;
use dicom_ul::pdu::{AbortRQServiceProviderReason, PDataValue, Pdu};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::io::AsyncRead;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

/// Status of an answer that others follow (PS3.4 Table C.4-1: FF00, and FF01 when not every key is supported).
const PENDING: [u16; 2] = [0xFF00, 0xFF01];
/// Matching ended because we cancelled it.
const CANCELLED: u16 = 0xFE00;
/// Matches that may be on their way when we cancel; whoever sends more does not listen and is left.
const MAX_AFTER_CANCEL: usize = 1_000;

impl From<LineFault> for RequestFault {
    fn from(fault: LineFault) -> Self {
        match fault {
            LineFault::Left => Self::Left,
            LineFault::Silent => Self::Silent,
            LineFault::Tls(fault) => Self::Tls(fault),
            LineFault::Frame(_) => Self::Strange,
        }
    }
}

impl From<SendFault> for RequestFault {
    fn from(fault: SendFault) -> Self {
        match fault {
            SendFault::Line(fault) => fault.into(),
            SendFault::Source(error) => Self::Source(error),
        }
    }
}

/// What is stored, and how long its data set is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent<'a> {
    /// SOP Class UID.
    pub class: &'a str,
    /// SOP Instance UID.
    pub instance: &'a str,
    /// Transfer syntax in which the data set is.
    pub syntax: &'a str,
    /// Bytes of the data set.
    pub bytes: u64,
    /// Whose C-MOVE it is sent for, if it is for one.
    pub originator: Option<Originator<'a>>,
}

/// What a peer found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Identifiers, each a data set in `syntax`.
    pub identifiers: Vec<Vec<u8>>,
    /// Transfer syntax of all of them.
    pub syntax: String,
    /// There were more than asked for.
    pub more: bool,
    /// The last status; 0000 when the matching was whole.
    pub status: u16,
}

/// An association with a peer.
#[derive(Debug)]
pub struct Requestor {
    line: Line,
    accepted: Accepted,
    /// Fragments that came with one PDU and are not looked at yet.
    waiting: VecDeque<PDataValue>,
    assembler: Assembler,
    /// Number of the next message.
    message: u16,
    /// How long an answer may take.
    patience: Duration,
}

impl Requestor {
    /// Connects without TLS and associates; an answer may take `patience`.
    ///
    /// # Errors
    /// `RequestFault`.
    pub async fn associate(
        address: &str,
        proposal: &Proposal,
        patience: Duration,
    ) -> Result<Self, RequestFault> {
        let socket = connected(address).await?;
        Self::over(Stream::Plain(socket), proposal, patience).await
    }

    /// The same, with TLS if the station is named so.
    ///
    /// # Errors
    /// `RequestFault`.
    pub async fn associate_with(
        station: &Station,
        connector: &Connector,
        proposal: &Proposal,
        patience: Duration,
    ) -> Result<Self, RequestFault> {
        let socket = connected(&station.address).await?;
        let stream = match &station.tls {
            None => Stream::Plain(socket),
            Some(name) => connector.connect(socket, name).await?,
        };
        Self::over(stream, proposal, patience).await
    }

    async fn over(
        stream: Stream,
        proposal: &Proposal,
        patience: Duration,
    ) -> Result<Self, RequestFault> {
        let asked = proposal.request()?;
        let mut line = Line::over(stream);
        line.send(&asked).await?;
        let answer = line.next(Instant::now() + ASSOCIATE_WITHIN).await?;
        let accepted = proposal.judge(answer);
        if matches!(accepted, Err(RequestFault::Strange)) {
            let reason = AbortRQServiceProviderReason::UnexpectedPduParameter;
            let _ = line.send(&abort(reason)).await;
        }
        Ok(Self {
            line,
            accepted: accepted?,
            waiting: VecDeque::new(),
            assembler: Assembler::default(),
            message: 1,
            patience,
        })
    }

    /// Whether the peer is there and understands.
    ///
    /// # Errors
    /// `RequestFault`.
    pub async fn echo(&mut self) -> Result<u16, RequestFault> {
        let (context, _) = self.accepted.context_of(uids::VERIFICATION)?;
        let message = self.next_message();
        let mut out = Vec::new();
        let set = request(C_ECHO, message, uids::VERIFICATION);
        put_whole(&mut out, self.in_context(context), true, &set);
        self.line.send_bytes(&out).await?;
        self.answer(C_ECHO, message).await
    }

    /// Whether the peer takes objects of this class in this syntax.
    #[must_use]
    pub fn takes(&self, class: &str, syntax: &str) -> bool {
        self.accepted.context_for(class, syntax).is_ok()
    }

    /// Sends an object as it is; the status is the peer's.
    ///
    /// # Errors
    /// `NotTaken`, with which the association goes on; others end it.
    pub async fn store(
        &mut self,
        sent: &Sent<'_>,
        data_set: impl AsyncRead + Unpin,
    ) -> Result<u16, RequestFault> {
        let context = self.accepted.context_for(sent.class, sent.syntax)?;
        let message = self.next_message();
        let about = (sent.class, sent.instance);
        let set = store(message, about, sent.originator);
        let context = self.in_context(context);
        self.line
            .send_message(context, &set, (data_set, sent.bytes))
            .await?;
        self.answer(C_STORE, message).await
    }

    /// The syntax in which identifiers of a class go and come.
    ///
    /// # Errors
    /// `NotTaken`.
    pub fn syntax_of(&self, class: &str) -> Result<&str, RequestFault> {
        self.accepted.context_of(class).map(|(_, syntax)| syntax)
    }

    /// Asks for what matches an identifier, and takes at most so many.
    ///
    /// # Errors
    /// `RequestFault`; also when an identifier is longer than any real one. A peer that goes on after our cancel is heard no longer than
    /// an answer may take; then the association is good for nothing else.
    pub async fn find(
        &mut self,
        class: &str,
        identifier: &[u8],
        most: usize,
    ) -> Result<Found, RequestFault> {
        let (context, syntax) = self.accepted.context_of(class)?;
        let syntax = syntax.to_owned();
        let message = self.next_message();
        let mut out = Vec::new();
        let context = self.in_context(context);
        put_whole(&mut out, context, true, &request(C_FIND, message, class));
        put_whole(&mut out, context, false, identifier);
        self.line.send_bytes(&out).await?;
        let (mut identifiers, mut more) = (Vec::new(), false);
        let (mut after, mut until) = (0, None);
        loop {
            let command = self.command(C_FIND, message).await?;
            let status = command.status.ok_or(RequestFault::Strange)?;
            let identifier = if command.has_data_set {
                Some(self.data_set().await?)
            } else {
                None
            };
            if !PENDING.contains(&status) {
                let whole = more && status == CANCELLED;
                return Ok(Found {
                    identifiers,
                    syntax,
                    more,
                    status: if whole { 0 } else { status },
                });
            }
            if identifiers.len() < most {
                identifiers.extend(identifier);
            } else if !std::mem::replace(&mut more, true) {
                let mut out = Vec::new();
                put_whole(&mut out, context, true, &cancel(message));
                self.line.send_bytes(&out).await?;
                until = Some(Instant::now() + self.patience);
            }
            after += usize::from(more);
            if after > MAX_AFTER_CANCEL || until.is_some_and(|until| until <= Instant::now()) {
                return Ok(Found {
                    identifiers,
                    syntax,
                    more,
                    status: 0,
                });
            }
        }
    }

    /// Ends it in order. A peer that does not answer is left.
    pub async fn release(mut self) {
        if self.line.send(&Pdu::ReleaseRQ).await.is_ok() {
            let _ = self.line.next(Instant::now() + ASSOCIATE_WITHIN).await;
        }
        self.line.close().await;
    }

    fn next_message(&mut self) -> u16 {
        let message = self.message;
        self.message = message.checked_add(1).unwrap_or(1);
        message
    }

    /// A context, and how long its fragments may be.
    fn in_context(&self, context: u8) -> (u8, usize) {
        (context, fragment_bytes(self.accepted.longest_pdu))
    }

    async fn answer(&mut self, field: u16, message: u16) -> Result<u16, RequestFault> {
        let command = self.command(field, message).await?;
        match command.status {
            Some(status) if !command.has_data_set => Ok(status),
            _ => Err(RequestFault::Strange),
        }
    }

    /// The command set of the next answer to that message.
    async fn command(&mut self, field: u16, message: u16) -> Result<Command, RequestFault> {
        let by = Instant::now() + self.patience;
        loop {
            match self.part(by).await? {
                Some(Part::Command { command, .. })
                    if command.field == field | IS_ANSWER && command.message == message =>
                {
                    return Ok(command);
                }
                Some(_) => return Err(RequestFault::Strange),
                None => {}
            }
        }
    }

    async fn data_set(&mut self) -> Result<Vec<u8>, RequestFault> {
        let by = Instant::now() + self.patience;
        let mut whole = Vec::new();
        loop {
            match self.part(by).await? {
                Some(Part::Data { bytes, last }) => {
                    if whole.len() + bytes.len() > MAX_IDENTIFIER_BYTES {
                        return Err(RequestFault::Strange);
                    }
                    whole.extend_from_slice(&bytes);
                    if last {
                        return Ok(whole);
                    }
                }
                Some(Part::Command { .. }) => return Err(RequestFault::Strange),
                None => {}
            }
        }
    }

    async fn part(&mut self, by: Instant) -> Result<Option<Part>, RequestFault> {
        let value = loop {
            if let Some(value) = self.waiting.pop_front() {
                break value;
            }
            match self.line.next(by).await? {
                Pdu::PData { data } => self.waiting.extend(data),
                Pdu::AbortRQ { .. } => return Err(RequestFault::Left),
                _ => return Err(RequestFault::Strange),
            }
        };
        self.assembler
            .take(value)
            .map_err(|_| RequestFault::Strange)
    }
}

async fn connected(address: &str) -> Result<TcpStream, RequestFault> {
    let socket = timeout(CONNECT_WITHIN, TcpStream::connect(address))
        .await
        .map_err(|_| RequestFault::Silent)?
        .map_err(RequestFault::Connect)?;
    // As for those who call us.
    let _ = socket.set_nodelay(true);
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::negotiation::answer;
    use crate::{Offer, Policy, Status};
    use dicom_ul::pdu::write_pdu;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    const CLASS: &str = uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_FIND;
    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_peer_that_goes_on_after_our_cancel_is_left_with_what_was_asked_for() {
        let proposal = Proposal {
            ours: "VSCAN".parse().unwrap(),
            theirs: "HIBIKI".parse().unwrap(),
            offers: vec![Offer::of_questions(CLASS)],
        };
        let Pdu::AssociationRQ(asked) = proposal.request().unwrap() else {
            unreachable!()
        };
        let policy = Policy {
            title: "HIBIKI".parse().unwrap(),
            peers: vec!["VSCAN".parse().unwrap()],
            associations: 1,
            idle: LIMIT,
            object_bytes: 1,
        };
        let agreed = answer(&asked, "192.0.2.1".parse().unwrap(), &policy, true);
        let agreed = agreed.unwrap_or_else(|_| panic!("it is refused"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let peer = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut heard = vec![0; 64 * 1024];
            assert!(socket.read(&mut heard).await.unwrap() > 0);
            let mut out = Vec::new();
            write_pdu(&mut out, &agreed.answer).unwrap();
            socket.write_all(&out).await.unwrap();
            assert!(socket.read(&mut heard).await.unwrap() > 0);
            let find = Command::read(&request(C_FIND, 1, CLASS)).unwrap();
            let mut one = Vec::new();
            let pending = find.answer_with_data_set(Status::pending(false));
            put_whole(&mut one, (1, 16_000), true, &pending);
            put_whole(&mut one, (1, 16_000), false, b"");
            while socket.write_all(&one).await.is_ok() {}
        });
        let asking = async {
            let mut requestor = Requestor::associate(&address, &proposal, LIMIT).await;
            requestor.as_mut().unwrap().find(CLASS, b"", 3).await
        };
        let found = timeout(LIMIT / 2, asking).await;
        let found = found.expect("it does not end").unwrap();
        assert!(found.more && found.identifiers.len() == 3);
        assert_eq!(found.status, 0);
        timeout(LIMIT, peer).await.unwrap().unwrap();
    }
}
