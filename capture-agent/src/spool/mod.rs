//! The spool: clips that are safe on this device and not yet at the hospital.
//!
//! ```text
//! <spool>/lock                one agent at a time
//!        /takes/<clip>.take   frames as captured, durable: "safe here"
//!        /clips/<clip>.json   what is said of an object; alone it presents nothing
//!        /clips/<clip>.dcm    the finished object, named when it is described
//!        /kept/               objects that the relay has: for a week, or until room is needed
//!        /sent/<clip>.sent    empty: the relay has this export, wherever it still lies
//!        /damaged/            what the disk spoilt; never presented, never deleted
//! ```
//!
//! Owns the folder, its bound in bytes, recovery at the start, and the order of writing that makes a crash at any step
//! harmless: beside (`.part`), sync, rename, sync the folder. It knows nothing of pixels, DICOM or any network: whoever
//! carries clips away asks what is unsent, reads bytes, and says what became of them. Invariant: an unsent clip is
//! never deleted and never presented half-written.

mod age;
mod belongs;
mod files;
mod gone;
mod layout;
mod leaving;
mod outgoing;
mod records;
mod recover;
mod state;
mod store;

pub use age::{Clock, MachineClock, Moment};
pub use belongs::Belongs;
pub use files::{Disk, Files, SpoolFile};
pub use layout::bytes_of_copies;
pub use outgoing::Outgoing;
pub use records::{RecordFault, RecordReader, RecordWriter};
pub use recover::Recovered;
pub use state::{AfterKept, Counts, Finished, Held, KEPT_FOR, SpoolBounds, SpoolError, Unsent};
pub use store::{NewObject, NewTake, NewTakeRecords, Spool};
