//! What associations see of the agent: an object that arrives, and the status that its sender hears.
//!
//! Owns the words for what went wrong. Success is answered when the clip is durable in the spool, and for one that was here
//! before. A sender that hears anything else keeps its object and sends it again, so nothing of that stays here.

use crate::clip::import::ImportFault;
use crate::clip::{Arrival, Arrivals, Sender};
use crate::spool::SpoolError;
use crate::status::StatusBoard;
use dimse::{Facts, Shelf, Status, file_head};

/// Where handhelds' objects go.
pub(super) struct Handhelds {
    pub(super) arrivals: Arrivals,
    pub(super) board: StatusBoard,
}

/// An object that arrives.
pub(super) struct Slot {
    arrival: Arrival,
    instance: String,
}

impl Handhelds {
    /// Counts and logs what became of an object; the log names no object that is not a clip here.
    fn refused(&self, fault: &ImportFault) -> Status {
        tracing::warn!(%fault, "an object that a handheld sent was not taken in");
        self.board.update(|status| {
            if let Some(clips) = &mut status.clips {
                clips.refused_arrivals = clips.refused_arrivals.saturating_add(1);
            }
        });
        status(fault)
    }
}

impl Shelf for Handhelds {
    type Slot = Slot;

    async fn begin(&self, facts: Facts) -> Result<Slot, Status> {
        let arrival = self.arrivals.begin(file_head(&facts, None)).await;
        Ok(Slot {
            arrival: arrival.map_err(|fault| self.refused(&fault))?,
            instance: facts.instance,
        })
    }

    async fn write(&self, slot: &mut Slot, bytes: &[u8]) -> Result<(), Status> {
        let written = slot.arrival.write(bytes).await;
        written.map_err(|fault| self.refused(&fault))
    }

    async fn finish(&self, slot: Slot) -> Status {
        let instance = slot.instance;
        match slot.arrival.finish(Sender::Handheld { instance }).await {
            Ok(arrived) => {
                if arrived.new {
                    tracing::info!(clip = %arrived.clip, "a clip that a handheld sent is safe on this device");
                }
                Status::SUCCESS
            }
            Err(fault) => self.refused(&fault),
        }
    }
}

fn status(fault: &ImportFault) -> Status {
    match fault {
        ImportFault::Spool(SpoolError::Full | SpoolError::NoRoom) => {
            Status::out_of_resources("the spool or its disk is full")
        }
        ImportFault::Size(_) => Status::out_of_resources("empty or too large"),
        ImportFault::Another => {
            Status::does_not_match("the data set has another UID than the command")
        }
        // A sender takes C000 for final, and nothing is known of this one.
        ImportFault::Clip(_) if fault.is_unread() => {
            Status::processing_failure("it could not be looked at now; send it again")
        }
        ImportFault::Clip(_) | ImportFault::Nameless | ImportFault::Head(_) => {
            Status::cannot_understand("no ultrasound clip or still that can be read")
        }
        _ => Status::processing_failure("it could not be stored; send it again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::import::tests::refused;
    use std::io;

    #[test]
    fn a_full_disk_is_a700_what_is_no_clip_is_final_and_what_nobody_could_read_is_not() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        for (fault, code) in [
            (ImportFault::Spool(SpoolError::of_writing(full)), 0xA700),
            (ImportFault::Spool(SpoolError::Full), 0xA700),
            (ImportFault::Size(0), 0xA700),
            (ImportFault::Another, 0xA900),
            (ImportFault::Nameless, 0xC000),
            (ImportFault::Changing, 0x0110),
            (refused("no-reader"), 0x0110),
            (refused("reader-late"), 0x0110),
            (refused("read-file"), 0x0110),
            (ImportFault::Clip(io::Error::other("EIO").into()), 0x0110),
            (refused("scan"), 0xC000),
            (refused("reader-ended"), 0xC000),
            // It came whole, so it is no better the next time.
            (
                ImportFault::Clip(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                0xC000,
            ),
        ] {
            assert_eq!(status(&fault).code(), code, "{fault}");
        }
    }
}
