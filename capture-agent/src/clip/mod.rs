//! Saving: from the ring to a DICOM object in the spool.
//!
//! ```text
//! press ─► span: which frames ─► take: durable in the spool ("safe here") ─► object: DICOM, JPEG or H.264 ─► offered
//! ```
//!
//! Owns what is saved and how it becomes an object. Two threads: one writes takes, because that is what a press waits
//! for, one writes objects at the lowest priority, because the live picture must not feel it. `visit` has the facts
//! about patient and device, `visit_now` reads them at each press; `import` takes in what a handheld exported, `folder` looks for it,
//! `arrivals` holds what comes in pieces until it is whole, `exports` says where it may go. Nothing here knows the network.

mod arrivals;
pub mod exports;
pub mod folder;
pub mod import;
mod object;
mod priority;
mod saver;
mod span;
mod take;
mod video;
mod visit;
mod visit_now;

pub use arrivals::{Arrival, Arrivals, Arrived, ArrivedStage, Sender};
pub use object::Coding;
pub(crate) use priority::{JOURNAL, step_back};
pub use saver::{MAX_WAITING_SAVES, OLDEST_SAVE, Progress, Saver, SaverParts, Wish, Work};
pub use span::run_of;
pub use visit::{DeviceFacts, PatientFacts, Visit, VisitFault};
pub use visit_now::{CurrentVisit, VisitFacts, VisitNow, VisitUnread};
