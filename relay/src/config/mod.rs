//! What an operator can set, and what is refused.
//!
//! `layers` reads flags, environment and file and lays one over the other; `settled` checks the result as a whole, with `listeners`
//! and the other files for their sections, and is what the program works with. Invariant: a relay that starts is safe to reach from where it listens.

mod dicom;
mod dicom_tls;
mod dicomweb;
mod forward;
mod layers;
mod listeners;
mod ports;
mod settled;
mod titles;
mod turn;

pub use dicom::{Dicom, DicomLayers};
pub use dicom_tls::{DicomTls, DicomTlsLayers};
pub use dicomweb::DicomWebLayers;
pub use forward::{Forward, ForwardLayers};
pub use layers::{ConfigError, Layers, MediaTcp, read_file};
pub use settled::{Config, LogForm, Tls, clip_bytes, settle};
pub use turn::Turn;
