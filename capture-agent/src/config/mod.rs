//! What the user configured: flags, environment, file, defaults, in this order of precedence.
//!
//! `cli` is the command line with its help; `file` the TOML file; `merge` lays one over the other; `check` turns the
//! result into settings (`saving` and `journal` its parts about what is kept, `dicom` and `dicom_tls` about who sends and how) or into one message per mistake, each naming the key and what to do.

mod check;
pub mod cli;
mod dicom;
mod dicom_tls;
mod file;
mod journal;
mod merge;
mod saving;
mod worklist;

pub use check::{Checked, ConfigError, check};
pub use dicom::DicomConfig;
pub use dicom_tls::DicomTlsConfig;
pub use file::{FileConfig, read_file};
pub use journal::JournalConfig;
pub use merge::{Wanted, merge};
pub use saving::{ClipsConfig, SavingWanted, SpoolConfig, today, utc_offset};
pub use worklist::{WorklistConfig, WorklistSettings, worklist};
