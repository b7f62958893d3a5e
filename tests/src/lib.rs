//! Stories over the real binaries, a real browser and real DICOM files; the bench.
//!
//! ```text
//! story ──► relay (real binary, free ports, own data folder)
//!       ──► agent (real binary, any source)
//!       ──► people: pages of one shared Chromium, signed in by fresh tickets
//! ```
//!
//! Owns the story builder, the people in it and what they can do, the links between them and the relay, the bounded waiting
//! and the reading of the capture barcode. It asserts nothing by itself: each behaviour has a file in `tests/stories`, each figure one in `bench`.
//! Invariant: whatever happens in a story, no process, port or file of it is left when it ends.

#![expect(
    clippy::indexing_slicing,
    reason = "JSON values are read by key, which gives null and does not panic"
)]

pub mod agent;
pub mod barcode;
pub mod binaries;
pub mod browser;
pub mod door;
pub mod dropped;
pub mod free_port;
pub mod link;
pub mod look;
pub mod machine;
pub mod orthanc;
pub mod person;
pub mod process;
pub mod recorded;
pub mod relay;
pub mod story;
pub mod stranger;
pub mod taught;
pub mod test_data;
pub mod turn;
pub mod wait;
