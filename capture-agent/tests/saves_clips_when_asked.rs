//! Saving with the real program, through its own door: asked by `capture-agent save`, killed in between, given files.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use capture_agent::barcode;
use capture_agent::door::{Said, Slip};
use capture_agent::picture::{Form, Picture};
use capture_agent::sync::Stop;
use echo_dicom::Clip;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::readers::{assert_conforms, assert_read_by, said_of};
use wire::FrameIndex;
use wire::clip::ClipGap;

const LIMIT: Duration = Duration::from_secs(60);

/// A running program.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_capture-agent"));
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("HIBIKI_")) {
        command.env_remove(key);
    }
    command
}

fn run(source: &str, folder: &Path, rest: &str) -> Running {
    let config = folder.join("agent.toml");
    let spool = folder.join("spool");
    let text = format!("[spool]\nfolder = {spool:?}\n{rest}");
    std::fs::write(&config, text).unwrap();
    let _ = std::fs::remove_file(Slip::path(&spool));
    let child = program()
        .args(["run", "--source", source, "--config"])
        .arg(&config)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let until = Instant::now() + LIMIT;
    while Slip::read(&spool).is_err() {
        assert!(Instant::now() < until, "the door does not open");
        Stop::default().wait(Duration::from_millis(20));
    }
    Running(child)
}

fn press(folder: &Path, arguments: &[&str]) -> Said {
    let output = program()
        .args(["save", "--json", "--spool"])
        .arg(folder.join("spool"))
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    serde_json::from_str(&text)
        .unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}

/// Presses until there is a picture.
fn press_until_saved(folder: &Path, arguments: &[&str]) -> Said {
    let until = Instant::now() + LIMIT;
    loop {
        let said = press(folder, arguments);
        if said.missing != Some(ClipGap::Gone) {
            return said;
        }
        assert!(Instant::now() < until, "there is no picture");
        Stop::default().wait(Duration::from_millis(100));
    }
}

#[test]
fn the_program_saves_what_it_captured_and_other_readers_take_it() {
    let folder = tempfile::tempdir().unwrap();
    let _running = run(
        "test:fps=30,size=800x600",
        folder.path(),
        "[clips]\ncoding = \"rle\"\n[ultrasound]\nmodel = \"Pattern\"",
    );
    press_until_saved(folder.path(), &["--still"]);
    Stop::default().wait(Duration::from_secs(2));
    let said = press(
        folder.path(),
        &["--seconds", "1", "--view", "PLAX", "--finished"],
    );
    assert_eq!(said.missing, None, "{said:?}");
    assert!((20..=31).contains(&said.frames), "{said:?}");
    assert!(said.safe_ms.unwrap() < said.finished_ms.unwrap());
    let file = folder.path().join(format!("spool/clips/{}.dcm", said.clip));
    assert_conforms(&file);
    let saved = Clip::open(&file).unwrap();
    let mut before: Option<(u16, u32, Duration)> = None;
    for n in 0..saved.header().frames {
        // The barcode in the picture tells when it was captured and which frame it is.
        let picture = saved.frame(FrameIndex(n)).unwrap();
        let picture =
            Picture::from_rows(picture.width, picture.height, Form::Gray8, picture.rows).unwrap();
        let code = barcode::read(&picture).unwrap();
        let at = saved.header().frame_times.at(FrameIndex(n));
        if let Some((index, units, then)) = before {
            assert_eq!(code.frame, index.wrapping_add(1), "no frame is left out");
            let true_us = code.time.wrapping_sub(units) as f64 * 100.0;
            let told_us = (at - then).as_micros() as f64;
            assert!(
                (true_us - told_us).abs() <= 2_000.0,
                "{told_us} for {true_us} us"
            );
        }
        before = Some((code.frame, code.time, at));
    }
    assert_read_by("dcmdump", &["-q"], &file);
    assert_read_by("gdcminfo", &[], &file);
}

#[test]
fn what_was_safe_when_the_program_was_killed_is_finished_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let running = run("test:fps=30,size=800x600", folder.path(), "");
    press_until_saved(folder.path(), &["--still"]);
    Stop::default().wait(Duration::from_secs(2));
    let said = press(folder.path(), &["--seconds", "2"]);
    assert_eq!(said.missing, None, "{said:?}");
    drop(running);
    let _running = run("test:fps=30,size=800x600", folder.path(), "");
    let file = folder
        .path()
        .join(format!("spool/clips/{}.json", said.clip));
    let until = Instant::now() + LIMIT;
    while !file.exists() {
        assert!(Instant::now() < until, "it is not finished");
        Stop::default().wait(Duration::from_millis(50));
    }
    let saved = Clip::open(&file.with_extension("dcm")).unwrap();
    assert_eq!(saved.header().frames, said.frames);
    assert_conforms(&file.with_extension("dcm"));
}

#[test]
fn a_phantom_keeps_its_calibration_and_names_its_source() {
    let Some(data) = support::test_data("dicom") else {
        return;
    };
    let mut files: Vec<_> = std::fs::read_dir(data)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    files.sort();
    let calibrated = files.iter().find(|path| {
        let clip = Clip::open(path).unwrap();
        let header = clip.header();
        header.frames > 1 && !header.regions.is_empty() && !header.sop_instance_uid.is_empty()
    });
    let source = calibrated.unwrap();
    let truth = Clip::open(source).unwrap().header().clone();
    let folder = tempfile::tempdir().unwrap();
    let _running = run(&format!("dicom:{}", source.display()), folder.path(), "");
    let said = press_until_saved(folder.path(), &["--finished"]);
    assert_eq!(said.missing, None, "{said:?}");
    let file = folder.path().join(format!("spool/clips/{}.dcm", said.clip));
    let saved = Clip::open(&file).unwrap();
    assert_eq!(saved.header().regions.len(), truth.regions.len());
    assert_eq!(saved.header().regions[0].delta_x, truth.regions[0].delta_x);
    assert_eq!(saved.header().image_type[0], "DERIVED");
    assert_conforms(&file);
    if let Some(dump) = said_of(&file) {
        assert!(
            dump.contains(&truth.sop_instance_uid),
            "the source is named"
        );
        assert!(!dump.contains("BurnedInAnnotation"), "no mask was in force");
    }
}

#[test]
fn an_exported_clip_is_taken_in_byte_for_byte_and_once() {
    let Some(data) = support::test_data("dicom") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut files: Vec<_> = std::fs::read_dir(data)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    files.sort();
    let file = files
        .iter()
        .find(|it| !Clip::open(it).unwrap().header().sop_instance_uid.is_empty())
        .unwrap();
    let (copy, text) = (
        folder.path().join("other name"),
        folder.path().join("a.txt"),
    );
    std::fs::copy(file, &copy).unwrap();
    std::fs::write(&text, "no clip").unwrap();
    let spool = folder.path().join("spool");
    let output = program()
        .arg("import")
        .arg("--spool")
        .arg(&spool)
        .args([file, &copy, &text])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(6), "{output:?}");
    let objects: Vec<_> = std::fs::read_dir(spool.join("clips"))
        .unwrap()
        .map(|it| it.unwrap().path())
        .filter(|it| it.extension().is_some_and(|it| it == "dcm"))
        .collect();
    assert_eq!(objects.len(), 1, "{output:?}");
    assert!(std::fs::read(&objects[0]).unwrap() == std::fs::read(file).unwrap());
}
