//! The hospital's server: forwards the picture, owns live consults, serves the viewer.
//!
//! ```text
//! pages, agents ── http (accept, TLS, limits) ── router ── auth (one entrance) ── actions
//!                                                             │
//!                       consult::live (one task per consult) ─┼─ sfu (picture)
//!                       consult (rules, sans-IO)              ├─ store (SQLite, files)
//!                                                             ├─ recording (each picture, on disk)
//!                                                             └─ replay (clips, frame by frame)
//! handhelds, hospital systems ── dimse (associations) ── archive (DICOM objects, durable first) ── store
//! other archives ◄─ dimse ── forward (what is sent on, until it is there) ── store
//! ```
//!
//! Start with `router` for what can be asked, `consult` for the rules of a live meeting, `app` for how the parts are put
//! together, `config` for what an operator can set. A panic means a bug, and one consult's panic never ends another's.

#[cfg(test)]
guarded::serve_in_tests!();

pub mod app;
pub mod archive;
pub mod auth;
pub mod cases;
pub mod cli;
pub mod clock;
mod coded_rows;
pub mod config;
pub mod consult;
pub mod demo;
pub mod dicom_door;
pub mod dicom_marks;
pub mod forward;
pub mod http;
pub mod logging;
pub mod metrics;
mod named;
pub mod problem;
pub mod recorded_clips;
pub mod recording;
pub mod redact;
pub mod replay;
pub mod router;
pub mod sfu;
mod standing;
pub mod store;
