//! Other people's tools find no fault: dciodvfy (dicom3tools) and dcmtk.
//!
//! `make setup` installs them. Where one is missing the test says so and passes; under CI, where set-up ran, it fails.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests: a failure is a failed test"
)]

use sample_dicom::{ClipSpec, Pixels, View, generate, write_dicom};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Every way of storing a clip once, over all views.
fn requests() -> Vec<ClipSpec> {
    let small = |view| ClipSpec {
        width: 320,
        height: 240,
        frames: Some(4),
        ..ClipSpec::new(view, 3)
    };
    let mut requests: Vec<ClipSpec> = View::ALL.map(small).to_vec();
    requests.push(ClipSpec {
        uneven: true,
        ..small(View::Plax)
    });
    requests.push(ClipSpec {
        pixels: Pixels::Rgb,
        ..small(View::Combined)
    });
    requests.push(ClipSpec {
        pixels: Pixels::Grey,
        uneven: true,
        ..small(View::ScIvc)
    });
    requests
}

fn write_all(folder: &Path) -> Vec<PathBuf> {
    let write = |(i, spec): (usize, &ClipSpec)| {
        let file = folder.join(format!("{i}.dcm"));
        write_dicom(&generate(spec).unwrap(), &file).unwrap();
        file
    };
    requests().iter().enumerate().map(write).collect()
}

/// The small clips kept with the source.
fn committed() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap();
    let mut clips: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    clips.retain(|path| path.extension().is_some_and(|ending| ending == "dcm"));
    assert!(clips.len() >= 3, "{clips:?}");
    clips
}

/// Runs a tool, or says past the harness that it is missing.
fn run(tool: &str, arguments: &[&Path]) -> Option<Output> {
    let output = Command::new(tool).args(arguments).output();
    if output.is_err() {
        assert!(std::env::var_os("CI").is_none(), "{tool} is missing");
        let mut past_the_harness = std::io::stderr();
        writeln!(
            past_the_harness,
            "SKIPPED: {tool} is not installed (`make setup` installs it)"
        )
        .unwrap();
    }
    output.ok()
}

#[test]
fn dciodvfy_reports_no_errors() {
    let folder = tempfile::tempdir().unwrap();
    for file in write_all(folder.path()).into_iter().chain(committed()) {
        let Some(output) = run("dciodvfy", &[&file]) else {
            return;
        };
        let report = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        assert!(
            report.contains("USMultiFrameImage"),
            "{}: {report}",
            file.display()
        );
        assert!(!report.contains("Error"), "{}: {report}", file.display());
    }
}

#[test]
fn dcmtk_reads_the_offset_table_and_decodes_the_frames() {
    let folder = tempfile::tempdir().unwrap();
    let files = write_all(folder.path());
    let decoded = folder.path().join("decoded.dcm");
    let Some(output) = run("dcmdjpeg", &[&files[0], &decoded]) else {
        return;
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // 4 frames of 320 × 240 RGB and a header.
    let size = std::fs::metadata(&decoded).unwrap().len();
    assert!((921_600..931_600).contains(&size), "{size}");
    let Some(output) = run("dcmdump", &[&files[0]]) else {
        return;
    };
    let dump = String::from_utf8_lossy(&output.stdout);
    // One item for the table (four offsets of four bytes) and one for each frame.
    assert!(dump.contains("(PixelSequence #=5)"), "{dump}");
    assert!(
        dump.lines()
            .any(|l| l.trim_start().starts_with("(fffe,e000)") && l.contains("#  16,")),
        "{dump}"
    );
    assert!(
        !dump.contains("Laterality"),
        "an empty Laterality is an error in PS3.3"
    );
}
