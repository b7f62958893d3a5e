//! Runs beside the ultrasound device: captures, masks, keeps originals and publishes the live picture.
//!
//! ```text
//! source ─► capture thread: stamp → mask → ring ─► slot (newest wins) ─► encode thread: H.264 ─► publish: WebRTC by WHIP
//!                                       └► low layer: small, while asked for ─────────────────────┘
//!                                                                              └─► journal: the coded picture on disk
//! ```
//!
//! Three threads and one task, joined by a slot of capacity 1 and a short bounded channel. The picture never waits for
//! anything but the newest frame. This crate depends on the relay's wire types only, never on the relay.

#[cfg(test)]
guarded::serve_in_tests!();

pub mod agent;
mod assembly;
mod av;
pub mod backoff;
pub mod barcode;
mod beat;
pub mod capture;
pub mod clip;
pub mod clock;
pub mod config;
pub mod device_page;
pub mod dicom_door;
pub mod door;
pub mod encode;
pub mod frame;
pub mod hand_scale;
pub mod journal;
pub mod low_layer;
pub mod marks;
pub mod marks_board;
pub mod mask;
pub mod mask_in_force;
pub mod orders;
pub mod patient_key;
pub mod picture;
pub mod pipeline;
pub mod preflight;
pub mod provenance;
pub mod publish;
mod rate;
pub mod ring;
mod scale;
pub mod show;
pub mod slot;
pub mod source;
pub mod spool;
pub mod stats;
pub mod status;
pub mod still;
pub mod sync;
mod upkeep;
mod whole_file;
pub mod worklist;
