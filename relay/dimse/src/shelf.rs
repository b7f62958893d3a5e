//! Where objects go: the trait beside its consumer, and what a command says of an object.

use crate::status::Status;
use std::future::Future;

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
}
