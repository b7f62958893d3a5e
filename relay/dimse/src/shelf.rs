//! Where objects go and questions are answered: the trait beside its consumer, and what a command says of an object.

use crate::models::Root;
use crate::station::Station;
use crate::status::Status;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use tokio::io::AsyncRead;

/// What is known of an object before its first byte: from the association and the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// SOP Class UID.
    pub class: String,
    /// SOP Instance UID.
    pub instance: String,
    /// Transfer syntax of the data set that follows.
    pub syntax: String,
    /// AE title of the sender.
    pub sender: String,
}

/// A question of a peer: what is here (C-FIND), or what it wants to have (C-MOVE, C-GET; PS3.4 section C.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// AE title of who asks.
    pub caller: String,
    /// Where it asks from.
    pub from: IpAddr,
    /// Where its hierarchy begins.
    pub root: Root,
    /// Transfer syntax of its identifier, and of those that answer.
    pub syntax: String,
    /// The identifier.
    pub identifier: Vec<u8>,
}

/// What matches a question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matches {
    /// An identifier for each.
    pub identifiers: Vec<Vec<u8>>,
    /// Some keys are not known here.
    pub partly: bool,
    /// There is more than one question is answered with.
    pub more: bool,
}

/// An object that is here and wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// SOP Class UID.
    pub class: String,
    /// SOP Instance UID.
    pub instance: String,
    /// Transfer syntax in which it is stored.
    pub syntax: String,
    /// Bytes of its data set.
    pub bytes: u64,
    /// What the shelf finds it again by.
    pub key: String,
}

/// A data set as it is read.
pub type Reading = Box<dyn AsyncRead + Send + Unpin>;

/// Takes objects one by one. `begin`, any number of `write`, `finish`; a slot that is dropped before was cut off and leaves nothing.
pub trait Shelf: Send + Sync + 'static {
    /// An object that arrives.
    type Slot: Send;

    /// Makes room for an object.
    ///
    /// # Errors
    /// The status to answer when there is none.
    fn begin(&self, facts: Facts) -> impl Future<Output = Result<Self::Slot, Status>> + Send;

    /// The next bytes of its data set.
    ///
    /// # Errors
    /// The status to answer when they cannot be kept.
    fn write(
        &self,
        slot: &mut Self::Slot,
        bytes: &[u8],
    ) -> impl Future<Output = Result<(), Status>> + Send;

    /// That was all. Success means that the object is durable.
    fn finish(&self, slot: Self::Slot) -> impl Future<Output = Status> + Send;

    /// Whether questions of this peer are answered; others are not even offered to.
    fn may_ask(&self, _caller: &str, _from: IpAddr) -> bool {
        false
    }

    /// Answers a question.
    ///
    /// # Errors
    /// The status to answer when it cannot be.
    fn find(&self, _question: Question) -> impl Future<Output = Result<Matches, Status>> + Send {
        async { Err(Status::UNRECOGNIZED_OPERATION) }
    }

    /// What a retrieval is about. That somebody gets it is written down by then.
    ///
    /// # Errors
    /// The status to answer when it cannot be said.
    fn wanted(
        &self,
        _question: Question,
    ) -> impl Future<Output = Result<Vec<Held>, Status>> + Send {
        async { Err(Status::UNRECOGNIZED_OPERATION) }
    }

    /// The data set of one of them.
    ///
    /// # Errors
    /// It cannot be read.
    fn open(&self, _held: &Held) -> impl Future<Output = io::Result<Reading>> + Send {
        async { Err(io::ErrorKind::Unsupported.into()) }
    }

    /// Where the application of that title is, if objects may be sent there for others (C-MOVE).
    fn destination(&self, _title: &str) -> Option<Station> {
        None
    }
}
