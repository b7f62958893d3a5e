//! Other people's programs that judge and read what we write: dicom3tools, dcmtk, and pydicom with GDCM and highdicom.
//!
//! `make setup` installs them. Where one is missing the test says so and passes; under CI, where set-up ran, and with
//! `HIBIKI_REQUIRE_TEST_DATA=1` it fails.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// Says past the test harness, which hides the output of passing tests, that a peer was not asked.
fn missing(peer: &str) {
    let required = std::env::var_os("CI").is_some()
        || std::env::var_os("HIBIKI_REQUIRE_TEST_DATA").is_some_and(|value| value == "1");
    assert!(!required, "{peer} is missing, and here no peer may be");
    let mut past_the_harness = std::io::stderr();
    writeln!(
        past_the_harness,
        "SKIPPED: {peer} is not installed (`make setup` installs it)"
    )
    .unwrap();
}

/// Runs a tool; `None` with a message when it is not installed.
pub(crate) fn tool(name: &str, arguments: &[&str], files: &[&Path]) -> Option<Output> {
    match Command::new(name).args(arguments).args(files).output() {
        Ok(output) => Some(output),
        Err(_) => {
            missing(name);
            None
        }
    }
}

/// All that a program said.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

/// dciodvfy names the object as `iod` and reports no error.
#[track_caller]
pub(crate) fn dciodvfy_is_content(file: &Path, iod: &str) {
    let Some(output) = tool("dciodvfy", &[], &[file]) else {
        return;
    };
    let report = said(&output);
    assert!(report.contains(iod), "{}: {report}", file.display());
    assert!(!report.contains("Error"), "{}: {report}", file.display());
}

/// Runs a script of `tests/peers` with set-up's Python and gives what it printed.
#[track_caller]
pub(crate) fn python(script: &str, arguments: &[&Path]) -> Option<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python: PathBuf = here.join("../../.tools/py/bin/python");
    static CAN_IMPORT: OnceLock<bool> = OnceLock::new();
    let can_import = CAN_IMPORT.get_or_init(|| {
        Command::new(&python)
            .args(["-c", "import pydicom, gdcm, highdicom"])
            .output()
            .is_ok_and(|output| output.status.success())
    });
    if !can_import {
        missing("pydicom with GDCM and highdicom in .tools/py");
        return None;
    }
    let output = Command::new(python)
        .arg(here.join("tests/peers").join(script))
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{script}: {}", said(&output));
    Some(String::from_utf8(output.stdout).unwrap())
}

/// All that a script printed behind a name.
pub(crate) fn facts<'a>(found: &'a str, name: &str) -> Vec<&'a str> {
    let wanted = format!("{name}: ");
    found
        .lines()
        .filter_map(|line| line.strip_prefix(wanted.as_str()))
        .collect()
}

/// The one fact of that name.
#[track_caller]
pub(crate) fn fact<'a>(found: &'a str, name: &str) -> &'a str {
    match facts(found, name)[..] {
        [fact] => fact,
        ref other => panic!("{} facts named {name} in {found}", other.len()),
    }
}
