//! A DICOM clip, or a folder of clips, played as if a probe sent it: at its own frame times, looping, without a seam.
//!
//! `playlist` knows the files; `reader` opens and decodes them ahead on a thread of its own; this file waits for each
//! picture's time. What a DICOM file is and how its pixels become a picture is `echo-dicom`'s business,
//! in the confined processes of `guarded`.

mod playlist;
mod reader;
mod timeline;

use crate::source::{Captured, FrameSource, SourceError, SourceInfo};
use crate::sync::Stop;
use playlist::Playlist;
use reader::{Decoded, start_reader};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Time between looks at the stop signal while nothing is decoded.
const LOOK: Duration = Duration::from_millis(50);

/// Clips being played.
pub(super) struct DicomSource {
    info: SourceInfo,
    decoded: Receiver<Result<Decoded, String>>,
}

impl DicomSource {
    /// Opens a file or folder; at least one clip in it must open.
    pub(super) fn open(path: &Path) -> Result<Self, SourceError> {
        let mut playlist = Playlist::at(path).map_err(SourceError::Open)?;
        let first = playlist.next_clip().map_err(SourceError::Open)?;
        let words = if playlist.is_folder() {
            "DICOM clips"
        } else {
            "DICOM clip"
        };
        let info = SourceInfo {
            words: words.to_owned(),
            frame_rate: Some(first.frame_rate()),
            barcode: false,
        };
        let decoded = start_reader(playlist, first).map_err(SourceError::Open)?;
        Ok(Self { info, decoded })
    }

    fn decoded(&self, stop: &Stop) -> Result<Decoded, SourceError> {
        loop {
            match self.decoded.recv_timeout(LOOK) {
                Ok(Ok(decoded)) => return Ok(decoded),
                Ok(Err(why)) => return Err(SourceError::Ended(why)),
                Err(RecvTimeoutError::Disconnected) => {
                    let why = "its decoder made an internal error".to_owned();
                    return Err(SourceError::Ended(why));
                }
                Err(RecvTimeoutError::Timeout) if stop.is_set() => {
                    return Err(SourceError::Stopped);
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

impl FrameSource for DicomSource {
    fn describe(&self) -> SourceInfo {
        self.info.clone()
    }

    fn next(&mut self, stop: &Stop) -> Result<Captured, SourceError> {
        let decoded = self.decoded(stop)?;
        if stop.wait_until(decoded.due) {
            return Err(SourceError::Stopped);
        }
        Ok(Captured {
            picture: decoded.picture,
            at: Instant::now(),
            provenance: decoded.provenance,
        })
    }
}
