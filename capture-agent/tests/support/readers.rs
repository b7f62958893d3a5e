//! Other programs' word about a DICOM object.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Whether a program is installed; said past the harness where it is not.
pub fn is_here(tool: &str, version: &str) -> bool {
    said(tool, &[], Path::new(version)).is_some()
}

/// What a tool says of a file; nothing, with a word, where it is not installed.
pub fn said(tool: &str, arguments: &[&str], file: &Path) -> Option<String> {
    let output = run(tool, arguments, file)?;
    Some(
        String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr),
    )
}

/// A tool reads a file to its end.
pub fn assert_read_by(tool: &str, arguments: &[&str], file: &Path) {
    if let Some(output) = run(tool, arguments, file) {
        assert!(output.status.success(), "{tool}: {output:?}");
    }
}

fn run(tool: &str, arguments: &[&str], file: &Path) -> Option<Output> {
    match Command::new(found(tool)).args(arguments).arg(file).output() {
        Ok(output) => Some(output),
        Err(_) => {
            let required = std::env::var_os("CI").is_some()
                || std::env::var_os("HIBIKI_REQUIRE_TEST_DATA").is_some_and(|value| value == "1");
            assert!(
                !required,
                "{tool} is missing, and here no test may be skipped"
            );
            let mut past_the_harness = std::io::stderr();
            writeln!(
                past_the_harness,
                "SKIPPED: {tool} is not installed (`make setup` installs it)"
            )
            .unwrap();
            None
        }
    }
}

/// GDCM's programs come with set-up's Python, others with the system.
fn found(tool: &str) -> PathBuf {
    let with_python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/py/bin");
    let with_python = with_python.join(tool);
    if with_python.is_file() {
        with_python
    } else {
        PathBuf::from(tool)
    }
}

pub fn assert_conforms(file: &Path) {
    if let Some(report) = said("dciodvfy", &[], file) {
        assert!(report.contains("US"), "{report}");
        assert!(!report.contains("Error"), "{report}");
    }
}

pub fn said_of(file: &Path) -> Option<String> {
    said("dcmdump", &["+U8"], file)
}
