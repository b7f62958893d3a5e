//! The files to play, in name order, for ever.
//!
//! A file that does not open is named in the log once and left out; it is tried again in the next round, because it
//! may still be arriving. When a whole round gives no clip, that is an error.

use crate::patient_key::Shows;
use crate::provenance::Provenance;
use guarded::{Guard, GuardedClip};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use wire::FrameIndex;

/// Files in a folder at most; a day of scanning has a few hundred.
const MAX_FILES: usize = 10_000;
/// A still picture is sent this often, so that a joiner sees it and its age stays true.
const STILL_INTERVAL: Duration = Duration::from_millis(100);
/// A still picture in a folder stays for this many of them.
const STILL_PICTURES: u32 = 30;

/// One open clip.
pub(super) struct OpenClip {
    reader: GuardedClip,
    /// What its header says of every frame.
    pub(super) provenance: Arc<Provenance>,
}

impl OpenClip {
    /// Pictures to play, a still counted as often as it is sent.
    pub(super) fn pictures(&self) -> u32 {
        if self.is_still() {
            STILL_PICTURES
        } else {
            self.reader.header().frames
        }
    }

    /// Whether there is one frame only.
    pub(super) fn is_still(&self) -> bool {
        self.reader.header().frames <= 1
    }

    /// Frame shown as picture `n`.
    pub(super) fn frame_of(&self, n: u32) -> FrameIndex {
        FrameIndex(if self.is_still() { 0 } else { n })
    }

    /// How long picture `n` stands.
    pub(super) fn interval(&self, n: u32) -> Duration {
        if self.is_still() {
            STILL_INTERVAL
        } else {
            self.reader
                .header()
                .frame_times
                .interval_after(FrameIndex(n))
        }
    }

    /// Pictures per second at the beginning.
    pub(super) fn frame_rate(&self) -> f64 {
        1.0 / self.interval(0).max(Duration::from_millis(1)).as_secs_f64()
    }

    /// Decodes a frame.
    pub(super) fn decode(
        &self,
        frame: FrameIndex,
    ) -> Result<echo_dicom::Picture, echo_dicom::ClipError> {
        self.reader.frame(frame)
    }
}

/// Files and where we are in them.
pub(super) struct Playlist {
    root: PathBuf,
    is_folder: bool,
    files: Vec<PathBuf>,
    next: usize,
    /// Files named in the log already.
    told: HashSet<PathBuf>,
}

impl Playlist {
    /// The files at `path`.
    pub(super) fn at(path: &Path) -> Result<Self, String> {
        let metadata = std::fs::metadata(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
            _ => error.to_string(),
        })?;
        let is_folder = metadata.is_dir();
        let files = if is_folder {
            files_in(path)?
        } else {
            vec![path.to_owned()]
        };
        if files.is_empty() {
            return Err("the folder is empty; put DICOM files into it".to_owned());
        }
        Ok(Self {
            root: path.to_owned(),
            is_folder,
            files,
            next: 0,
            told: HashSet::new(),
        })
    }

    /// Whether there may be several files.
    pub(super) const fn is_folder(&self) -> bool {
        self.is_folder
    }

    /// Files in a round.
    pub(super) const fn files(&self) -> usize {
        self.files.len()
    }

    /// Opens the next clip, the first one again after the last.
    pub(super) fn next_clip(&mut self) -> Result<OpenClip, String> {
        let mut first_fault = None;
        for _ in 0..self.files.len().max(1) {
            if self.next >= self.files.len() {
                self.begin_round()?;
            }
            let Some(path) = self.files.get(self.next).cloned() else {
                break;
            };
            self.next += 1;
            match playable(&path) {
                Ok(clip) => {
                    return Ok(OpenClip {
                        provenance: Arc::new(Provenance::of_clip(
                            clip.header(),
                            &Shows::of_clip(&clip, &path),
                        )),
                        reader: clip,
                    });
                }
                Err(words) => {
                    if self.is_folder && self.told.insert(path.clone()) {
                        // The error names no content of the file; a path may name a patient and stays on this device.
                        tracing::warn!(
                            reason = words,
                            number = self.next,
                            "a file of the folder is left out"
                        );
                    }
                    first_fault.get_or_insert(words);
                }
            }
        }
        let fault = first_fault.unwrap_or_else(|| "there is nothing to play".to_owned());
        Err(if self.is_folder {
            format!("none of its files is a clip that opens; the first says: {fault}")
        } else {
            fault
        })
    }

    /// New files of a folder are played from the next round on.
    fn begin_round(&mut self) -> Result<(), String> {
        if self.is_folder {
            self.files = files_in(&self.root)?;
        }
        self.next = 0;
        Ok(())
    }
}

/// A clip whose frames can be decoded. Of a video only the first one tells that.
fn playable(path: &Path) -> Result<GuardedClip, String> {
    let open = || {
        let clip = Guard::of_this_program().open(path)?;
        if clip.video().is_some() {
            clip.frame(FrameIndex(0))?;
        }
        Ok(clip)
    };
    // A machine that is busy leaves no file out.
    let opened = open().or_else(|error| match guarded::may_pass(&error) {
        true => open(),
        false => Err(error),
    });
    opened.map_err(|error| format!("{error}; {}", error.what_to_do()))
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| error.to_string())?;
    let is_visible = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|name| !name.to_string_lossy().starts_with('.'))
    };
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(is_visible)
        .filter(|path| path.is_file())
        .take(MAX_FILES)
        .collect();
    files.sort();
    Ok(files)
}
