//! DICOMweb (PS3.18): the archive as hospital systems search, read and fill it.
//!
//! ```text
//! QIDO-RS  question ─ search ─► Catalogue                       DICOM JSON
//! WADO-RS  place ─ accept ─► metadata, objects, frames, bulk, rendered   JSON, multipart, pictures
//! STOW-RS  body ─ parts ─► store ─► Archive                     what became of each
//! ```
//!
//! `place` reads the path, `accept` what form is wanted, `multipart` writes and `parts` reads bodies of several parts. Who asks is a
//! hospital system that the entrance let in. Invariants: an entry of who read is durable before anything leaves; what leaves is as it
//! is stored, or made by a confined reader; no body and no object is ever whole in memory.

mod accept;
pub mod bulk;
pub mod frames;
pub mod metadata;
mod multipart;
pub mod objects;
mod parts;
mod place;
pub mod rendered;
pub mod search;
pub mod store;

pub use store::MAX_AT_ONCE as MAX_STORING;
