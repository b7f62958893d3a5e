//! Where real clips for tests are: `HIBIKI_TEST_DATA`, else beside the checkout. They are read there and never copied in.
//!
//! Owns finding them and saying clearly when a story is skipped for lack of them. With `HIBIKI_REQUIRE_TEST_DATA=1` a
//! lack is a failure.

use crate::binaries::workspace;
use anyhow::{Context, Result, bail};
use std::io::Write;
use std::path::PathBuf;

/// The folder of real clips, if there is one.
#[must_use]
pub fn folder() -> Option<PathBuf> {
    let named = std::env::var_os("HIBIKI_TEST_DATA")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from);
    Some(named.unwrap_or_else(|| workspace().join("../shared/test-data")))
        .filter(|path| path.is_dir())
}

/// The DICOM clips in a folder of the test data, in order of name; `None` (and a word about it) when there are none.
///
/// # Errors
/// When they are required and missing, or the folder cannot be read.
pub fn clips(below: &str, story: &str) -> Result<Option<Vec<PathBuf>>> {
    let Some(place) = folder()
        .map(|folder| folder.join(below))
        .filter(|place| place.is_dir())
    else {
        skipped(story, "no folder of real clips (HIBIKI_TEST_DATA)")?;
        return Ok(None);
    };
    let mut clips = Vec::new();
    for entry in std::fs::read_dir(&place).with_context(|| format!("read {}", place.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "dcm") {
            clips.push(path);
        }
    }
    clips.sort();
    Ok(Some(clips))
}

/// Says past the test harness, which hides the output of passing tests, that a story was not told and why.
///
/// # Errors
/// When nothing may be skipped here (`HIBIKI_REQUIRE_TEST_DATA`).
pub fn skipped(story: &str, why: &str) -> Result<()> {
    if std::env::var_os("HIBIKI_REQUIRE_TEST_DATA").is_some_and(|value| value == "1") {
        bail!("{story} cannot be skipped here: {why}");
    }
    writeln!(std::io::stderr(), "SKIPPED {story}: {why}")?;
    Ok(())
}
