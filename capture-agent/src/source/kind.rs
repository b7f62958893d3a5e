//! What a source is to the rest of the program.
//!
//! A source hands out pictures one by one, each with the moment of its capture, at its own pace: `next` waits until
//! there is one. It keeps no backlog: when the caller is late it gets the newest picture, not the oldest. It ends with
//! an error, never silently, and whoever owns it opens another. It must not outlive `stop` by more than a blink.

use crate::picture::{Picture, PictureError};
use crate::provenance::Provenance;
use crate::sync::Stop;
use std::sync::Arc;
use std::time::Instant;

/// What a source is, for people and for the encoder.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceInfo {
    /// In words; never a path, address or anything that may name a patient.
    pub words: String,
    /// Pictures per second expected, if it can be told.
    pub frame_rate: Option<f64>,
    /// Whether the barcode belongs on its pictures.
    pub barcode: bool,
}

/// One captured picture.
#[derive(Debug)]
pub struct Captured {
    /// Pixels, not masked yet.
    pub picture: Picture,
    /// When it was captured.
    pub at: Instant,
    /// What the source knows of it beside the pixels.
    pub provenance: Arc<Provenance>,
}

/// Why a source gives no pictures. Its words go into a log that is kept, so no variant holds a path or an address: a file
/// may be named after a patient. Which source it is stands in the configuration and on the device page.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The program ends.
    #[error("stopped")]
    Stopped,
    /// It could not be opened: why and what to do.
    #[error("the source cannot be opened: {0}")]
    Open(String),
    /// It was open and ended: why and what to do.
    #[error("the source ended: {0}")]
    Ended(String),
    /// It sends nothing any more, for these seconds.
    #[error("the source gives no picture for {0} s; check cable, power and network")]
    Silent(u64),
    /// A picture that cannot be used.
    #[error("a picture of the source cannot be used: {0}")]
    Picture(#[from] PictureError),
}

/// A source of pictures.
pub trait FrameSource: Send {
    /// What it is.
    fn describe(&self) -> SourceInfo;

    /// Waits for the next picture.
    ///
    /// # Errors
    /// `SourceError`; the source is of no use afterwards.
    fn next(&mut self, stop: &Stop) -> Result<Captured, SourceError>;
}
