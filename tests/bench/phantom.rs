//! A grey phantom of 800x600 at 30 frames a second as the live picture.
//!
//! Figures about originals depend on how well a picture packs. The test pattern is noise to keep the encoder honest, and
//! packs into more than twice the bytes of any echo; the phantom's speckle is the size of a real one.

use anyhow::{Context, Result, ensure};
use std::process::Command;
use stories::agent::dicom_source;
use stories::binaries::workspace;
use tempfile::TempDir;

/// The clip, gone when dropped, and the source that plays it.
pub(crate) fn phantom() -> Result<(TempDir, String)> {
    let folder = tempfile::tempdir().context("make a folder for the phantom")?;
    let made = Command::new(workspace().join("target/release/sample-dicom"))
        .args(["--view", "a4c", "--grey", "--out"])
        .arg(folder.path())
        .output()
        .context("run sample-dicom")?;
    ensure!(
        made.status.success(),
        "sample-dicom: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    let source = dicom_source(&folder.path().join("a4c.dcm"));
    Ok((folder, source))
}
