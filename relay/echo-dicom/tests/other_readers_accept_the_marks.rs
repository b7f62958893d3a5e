//! Programs that share no code with us judge and read presentation states and measurement reports: dciodvfy, dcmtk,
//! pydicom with LittleCMS, and highdicom.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;

use std::fs::{self, File};
use std::path::PathBuf;

use common::marking::{
    at, clip, mark, marks, measurements, report_bytes, report_facts, report_of_two_clips,
    state_bytes, state_facts,
};
use common::peers::{dciodvfy_is_content, facts, python, said, tool};
use common::writing::{context, even, picture, pictures};
use echo_dicom::PixelForm;
use echo_dicom::write::presentation::{self, Drawing, ImageColour, StateFacts};
use echo_dicom::write::{ClipFacts, ClipWriter, MarkedImage, PersonName, PixelCoding, Uid};
use tempfile::TempDir;

fn stored(folder: &TempDir, name: &str, bytes: Vec<u8>) -> PathBuf {
    let file = folder.path().join(name);
    fs::write(&file, bytes).unwrap();
    file
}

fn state(folder: &TempDir, colour: ImageColour) -> PathBuf {
    let bytes = state_bytes(&state_facts(colour), &clip(), &marks()).unwrap();
    stored(folder, "state.dcm", bytes)
}

fn report(folder: &TempDir) -> PathBuf {
    let bytes = report_bytes(&report_facts(), &clip(), &measurements()).unwrap();
    stored(folder, "report.dcm", bytes)
}

#[test]
fn dciodvfy_finds_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let colour = state(&folder, ImageColour::Colour);
    dciodvfy_is_content(&colour, "ColorSoftcopyPresentationState");
    let grey = state(&folder, ImageColour::Grey);
    dciodvfy_is_content(&grey, "GrayscaleSoftcopyPresentationState");
    dciodvfy_is_content(&report(&folder), "ComprehensiveSR");
    let both = stored(&folder, "both.dcm", report_of_two_clips());
    dciodvfy_is_content(&both, "ComprehensiveSR");
}

#[test]
fn highdicom_reads_a_value_of_two_clips_and_finds_both_in_the_evidence() {
    let folder = tempfile::tempdir().unwrap();
    let both = stored(&folder, "both.dcm", report_of_two_clips());
    let Some(found) = python("read_marks.py", &[&both]) else {
        return;
    };
    assert_eq!(
        facts(&found, "evidence"),
        ["2.25.12 2.25.13", "2.25.12 2.25.14"]
    );
    assert_eq!(
        facts(&found, "measurement"),
        [
            "79991-6 55.5 % POLYLINE [[10.0, 20.0], [10.0, 80.0], [30.0, 20.0]] on 2.25.13 frame 3 as EF biplane",
            "79991-6 55.5 % POLYLINE [[700.0, 20.0], [700.0, 80.0], [30.0, 20.0]] on 2.25.14 frame 3 as EF biplane",
        ]
    );
    assert_eq!(
        facts(&found, "said"),
        [
            "Calibration Method: depth scale of 8 cm marked by 佐藤 律子",
            "Comment: The long axes differ.",
        ]
    );
}

#[test]
fn pydicom_finds_every_mark_on_its_frame() {
    let folder = tempfile::tempdir().unwrap();
    let Some(found) = python("read_marks.py", &[&state(&folder, ImageColour::Colour)]) else {
        return;
    };
    assert_eq!(
        facts(&found, "class"),
        ["Color Softcopy Presentation State Storage"]
    );
    assert_eq!(facts(&found, "label"), ["CARDIO"]);
    assert_eq!(facts(&found, "creator"), ["Sato^Jun=佐藤^純"]);
    assert_eq!(facts(&found, "layer"), ["LAYER1 循環器医", "LAYER2 訪問医"]);
    assert_eq!(
        facts(&found, "graphic"),
        [
            "LAYER1 frame 42 POLYLINE [200.0, 100.0, 230.5, 140.25, 260.0, 180.0]",
            // Tail, tip, barb, tip, barb; the upper barb stays on the picture.
            "LAYER1 frame 42 POLYLINE [10.0, 10.0, 110.0, 10.0, 86.0, 22.0, 110.0, 10.0, 86.0, 0.0]",
            "LAYER2 frame 1 POINT [1.0, 2.0]",
            "LAYER2 frame 1 POINT [640.0, 480.0]",
            "LAYER1 frame 120 POINT [5.0, 6.0]",
        ]
    );
    assert_eq!(
        facts(&found, "text"),
        ["LAYER2 frame 120 [300.0, 180.0] 中隔の動き"]
    );
}

#[test]
fn little_cms_takes_the_profile_for_srgb() {
    let folder = tempfile::tempdir().unwrap();
    let Some(found) = python("read_marks.py", &[&state(&folder, ImageColour::Colour)]) else {
        return;
    };
    assert_eq!(facts(&found, "profile"), ["scnr RGB  sRGB"]);
    let moved: u32 = facts(&found, "moved").first().unwrap().parse().unwrap();
    assert!(moved <= 1, "a colour moves by {moved}");
}

#[test]
fn a_still_is_marked_without_a_frame_number() {
    let folder = tempfile::tempdir().unwrap();
    let still = MarkedImage {
        frames: 1,
        class_uid: Uid::parse("1.2.840.10008.5.1.4.1.1.6.1").unwrap(),
        ..clip()
    };
    let dot = mark(0, "a", Drawing::Polyline(vec![at(5.0, 6.0)]));
    let bytes = state_bytes(&state_facts(ImageColour::Colour), &still, &[dot]).unwrap();
    let file = stored(&folder, "still.dcm", bytes);
    dciodvfy_is_content(&file, "ColorSoftcopyPresentationState");
    let Some(found) = python("read_marks.py", &[&file]) else {
        return;
    };
    assert_eq!(
        facts(&found, "graphic"),
        ["LAYER1 frame - POINT [5.0, 6.0]"]
    );
}

#[test]
fn dcmtk_applies_a_grey_state_to_its_clip() {
    let folder = tempfile::tempdir().unwrap();
    let image = MarkedImage {
        columns: 160,
        rows: 120,
        frames: 2,
        ..clip()
    };
    let clip_facts = ClipFacts {
        coding: PixelCoding::Uncompressed,
        ..common::writing::facts(&even(2))
    };
    let clip_file = folder.path().join("clip.dcm");
    let pictures = pictures(PixelForm::Gray8, 160, 120, 2);
    ClipWriter::clip(&context(), &clip_facts, &pictures[..])
        .unwrap()
        .write_seekable(&mut File::create(&clip_file).unwrap())
        .unwrap();
    let line = Drawing::Polyline(vec![at(20.0, 30.0), at(100.0, 90.0)]);
    // dcmpschk 3.6.7 takes letters of more than one byte for control characters, so this object has none.
    let plain = StateFacts {
        creator: PersonName::new("Sato^Jun"),
        ..state_facts(ImageColour::Grey)
    };
    let mut context = context();
    context.patient.name = PersonName::new("Yamada^Tarou");
    context.study.description.clear();
    context.equipment.institution_name.clear();
    let mut bytes = Vec::new();
    let marks = [mark(1, "cardiologist", line)];
    presentation::write(&context, &plain, &image, &marks, &mut bytes).unwrap();
    let file = stored(&folder, "state.dcm", bytes);
    let Some(output) = tool("dcmpschk", &[], &[&file]) else {
        return;
    };
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("Test passed"), "{}", said(&output));
    let drawn = folder.path().join("drawn.pgm");
    let options = ["-f", "2", "-p", file.to_str().unwrap()];
    let Some(output) = tool("dcmp2pgm", &options, &[&clip_file, &drawn]) else {
        return;
    };
    assert!(output.status.success(), "{}", said(&output));
    let pgm = fs::read(drawn).unwrap();
    let rows = &pgm[pgm.len() - 160 * 120..];
    assert!(rows == picture(PixelForm::Gray8, 160, 120, 1).rows);
}

#[test]
fn highdicom_reads_the_numbers_and_their_points_back() {
    let folder = tempfile::tempdir().unwrap();
    let Some(found) = python("read_marks.py", &[&report(&folder)]) else {
        return;
    };
    assert_eq!(facts(&found, "class"), ["Comprehensive SR Storage"]);
    assert_eq!(facts(&found, "observer"), ["Person", "Device"]);
    assert_eq!(
        facts(&found, "measurement"),
        [
            "29436-3 5.10497 cm POLYLINE [[200.0, 100.0], [260.5, 180.25]] on 2.25.13 frame 42 as LVIDd caliper",
            "18006-7 1.9 cm POINT [[10.0, 20.0]] on 2.25.13 frame 1 as LVIDd caliper",
            "18043-0 58.0 % MULTIPOINT [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]] on 2.25.13 frame 42 as 駆出率",
        ]
    );
}

#[test]
fn dsrdump_prints_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let Some(output) = tool("dsrdump", &["-Ee", "+Pl"], &[&report(&folder)]) else {
        return;
    };
    let dump = said(&output);
    assert!(output.status.success(), "{dump}");
    for part in [
        "Imaging Measurement Report",
        "Left Ventricle Internal End Diastolic Dimension",
        "\"5.10497\" (cm,UCUM,\"centimeter\")",
        "佐藤^純",
        "POLYLINE",
        "Finding Site",
        "Calibration Method",
        "DICOM region 1",
    ] {
        assert!(dump.contains(part), "{part} is not in {dump}");
    }
}
