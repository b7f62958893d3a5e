//! Other programs' word about a DICOM object.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// Whether a program is installed; said past the harness where it is not.
pub fn is_here(tool: &str, version: &str) -> bool {
    said(tool, &[], Path::new(version)).is_some()
}

/// What a tool says of a file; nothing, with a word, where it is not installed.
pub fn said(tool: &str, arguments: &[&str], file: &Path) -> Option<String> {
    match Command::new(tool).args(arguments).arg(file).output() {
        Ok(output) => Some(
            String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr),
        ),
        Err(_) => {
            assert!(std::env::var_os("CI").is_none(), "{tool} is missing");
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

pub fn assert_conforms(file: &Path) {
    if let Some(report) = said("dciodvfy", &[], file) {
        assert!(report.contains("US"), "{report}");
        assert!(!report.contains("Error"), "{report}");
    }
}

pub fn said_of(file: &Path) -> Option<String> {
    said("dcmdump", &["+U8"], file)
}
