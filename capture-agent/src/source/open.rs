//! Opens what the user asked for: the one place that knows every kind of source.
//!
//! Called by the capture thread, again and again while a source fails. It holds nothing.

use crate::picture::PicturePool;
use crate::source::dicom::DicomSource;
use crate::source::test_pattern::TestPattern;
use crate::source::{FrameSource, SourceError, SourceSpec, ffmpeg};
use crate::sync::Stop;

/// Opens a source. Opening may take seconds; it ends early at `stop`.
///
/// # Errors
/// `SourceError::Open` with what to do.
pub fn open(
    spec: &SourceSpec,
    pool: &PicturePool,
    stop: &Stop,
) -> Result<Box<dyn FrameSource>, SourceError> {
    match spec {
        SourceSpec::Test(options) => Ok(Box::new(TestPattern::new(*options, pool.clone()))),
        SourceSpec::Dicom(path) => Ok(Box::new(DicomSource::open(path)?)),
        SourceSpec::Ffmpeg(input) => ffmpeg::open(input, pool, stop),
    }
}
