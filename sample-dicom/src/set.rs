//! A set of clips in a folder, with its `truth.json`.
//!
//! Owns: which clips make the demo set and the small committed set, their file names, and writing
//! them. Callers: the command line and the test that keeps the committed clips fresh. Invariant: the
//! files of a set are named for what they hold and written whole or not at all.

use crate::clip::generate;
use crate::dicom::{WriteError, write_dicom};
use crate::spec::{ClipSpec, Pixels, SpecError, View};
use crate::truth::Truth;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Version of the format of `truth.json`.
const TRUTH_VERSION: u32 = 1;
/// Name of the truth beside the clips.
const TRUTH_FILE: &str = "truth.json";

/// Why a set could not be made. Messages name the step; the cause is the error's source.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SetError {
    /// A value of the request is impossible.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The folder could not be made or written to.
    #[error("could not write to {path}")]
    Folder {
        /// What was to be written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A clip could not be written.
    #[error("could not store {file}")]
    Clip {
        /// File name.
        file: String,
        /// The failed step.
        source: WriteError,
    },
    /// The truth could not be put into JSON.
    #[error("could not put the truth into JSON")]
    Truth(#[from] serde_json::Error),
}

/// The demo set: every view in full size, looping. Names and requests.
pub fn full_set(seed: u64) -> Vec<(String, ClipSpec)> {
    View::ALL
        .map(|view| (file_name(view), ClipSpec::new(view, seed)))
        .to_vec()
}

/// The small set that is committed for tests: two JPEG clips of one beat, a few uncompressed
/// frames, and one sniff.
pub fn small_set(seed: u64) -> Vec<(String, ClipSpec)> {
    let one_beat = |view, width, height| ClipSpec {
        width,
        height,
        frames: Some(29),
        pixels: Pixels::Jpeg(85),
        ..ClipSpec::new(view, seed)
    };
    // One beat at ten frames a second shows both ends of the beat in few bytes.
    let uncompressed = ClipSpec {
        fps: 10.0,
        frames: Some(10),
        pixels: Pixels::Rgb,
        ..one_beat(View::A4c, 256, 192)
    };
    // Two beats are just long enough for a sniff.
    let sniff = ClipSpec {
        fps: 10.0,
        frames: Some(20),
        ..one_beat(View::ScIvc, 256, 192)
    };
    vec![
        ("plax_small.dcm".to_owned(), one_beat(View::Plax, 400, 300)),
        (
            "combined_small.dcm".to_owned(),
            one_beat(View::Combined, 480, 360),
        ),
        ("a4c_small_uncompressed.dcm".to_owned(), uncompressed),
        ("sc_ivc_small.dcm".to_owned(), sniff),
    ]
}

/// File name of a view in the demo set.
pub(crate) fn file_name(view: View) -> String {
    format!("{}.dcm", view.label().to_lowercase().replace('-', "_"))
}

/// Writes the clips and their truth into `folder`; `written` hears of each file.
pub fn write_set(
    folder: &Path,
    seed: u64,
    set: &[(String, ClipSpec)],
    mut written: impl FnMut(&Path),
) -> Result<Truth, SetError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| SetError::Folder { path, source }
    };
    for (_, spec) in set {
        spec.check()?;
    }
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let mut truth = Truth {
        version: TRUTH_VERSION,
        seed,
        clips: Vec::new(),
    };
    for (file, spec) in set {
        let mut clip = generate(spec)?;
        clip.truth.file.clone_from(file);
        let (path, part) = (folder.join(file), folder.join(format!("{file}.part")));
        write_dicom(&clip, &part).map_err(|source| SetError::Clip {
            file: file.clone(),
            source,
        })?;
        fs::rename(&part, &path).map_err(failed(&path))?;
        written(&path);
        truth.clips.push(clip.truth);
    }
    let path = folder.join(TRUTH_FILE);
    let part = folder.join(format!("{TRUTH_FILE}.part"));
    fs::write(&part, serde_json::to_string(&truth)? + "\n").map_err(failed(&path))?;
    fs::rename(&part, &path).map_err(failed(&path))?;
    Ok(truth)
}
