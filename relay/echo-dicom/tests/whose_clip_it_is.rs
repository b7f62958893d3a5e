//! A stored clip says whose it is, in the character set that it is written in; what cannot be read is refused by name.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;

use std::fs;
use std::path::Path;

use common::builder::{EXPLICIT, File, Shape};
use common::writing::{clip_bytes, context, even, facts, pictures};
use dicom_core::VR;
use dicom_dictionary_std::tags;
use echo_dicom::write::{PersonName, UtcOffset};
use echo_dicom::{ClipError, PixelForm, Provenance};

fn read(bytes: &[u8]) -> Result<Provenance, ClipError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clip.dcm");
    fs::write(&file, bytes).unwrap();
    Provenance::read(&file)
}

/// A clip with this character set and name.
fn named(set: &str, name: &[u8]) -> Vec<u8> {
    File::new(EXPLICIT)
        .text(tags::SPECIFIC_CHARACTER_SET, VR::CS, set)
        .bytes(tags::PATIENT_NAME, VR::PN, name)
        .text(tags::STUDY_INSTANCE_UID, VR::UI, "1.2.3")
        .text(tags::SERIES_INSTANCE_UID, VR::UI, "1.2.4")
        .picture(Shape::new("MONOCHROME2", 2, 1))
        .pixels(&[1, 2])
        .build()
}

#[test]
fn what_was_written_comes_back() {
    let pictures = pictures(PixelForm::Gray8, 16, 8, 2);
    let bytes = clip_bytes(&facts(&even(2)), &pictures[..]).unwrap();
    let (found, written) = (read(&bytes).unwrap(), context());
    assert!(found.patient.name == written.patient.name);
    assert_eq!(found.patient.id, written.patient.id);
    assert_eq!(found.patient.birth_date, written.patient.birth_date);
    assert_eq!(found.patient.sex, written.patient.sex);
    assert_eq!(found.study.uid, written.study.uid);
    assert_eq!(found.study.began_at, written.study.began_at);
    assert_eq!(found.study.accession_number, written.study.accession_number);
    assert!(found.study.referring_physician == written.study.referring_physician);
    assert_eq!(found.study.description, written.study.description);
    assert_eq!(found.series_uid, written.series.uid);
    assert_eq!(found.utc_offset, Some(UtcOffset::JAPAN));
}

#[test]
fn a_japanese_name_is_read_in_the_sets_that_hospitals_use() {
    let kanji = PersonName::new("Yamada^Tarou").with_ideographic("山田^太郎");
    let extended = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B";
    for set in ["\\ISO 2022 IR 87", "ISO 2022 IR 13\\ISO 2022 IR 87"] {
        assert!(
            read(&named(set, extended)).unwrap().patient.name == kanji,
            "{set}"
        );
    }
    let spoken = PersonName::new("ﾔﾏﾀﾞ^ﾀﾛｳ").with_ideographic("山田^太郎");
    let katakana = b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J";
    let set = "ISO 2022 IR 13\\ISO 2022 IR 87";
    assert!(read(&named(set, katakana)).unwrap().patient.name == spoken);
    let rare = b"=\x1b$(D0!\x1b(B";
    let rare = read(&named("\\ISO 2022 IR 87\\ISO 2022 IR 159", rare)).unwrap();
    assert!(rare.patient.name == PersonName::default().with_ideographic("丂"));
    let utf_8 = "Yamada^Tarou=山田^太郎".as_bytes();
    assert!(read(&named("ISO_IR 192", utf_8)).unwrap().patient.name == kanji);
    // A hyphen for an underscore, as an old device writes it.
    let latin = read(&named("ISO-IR 100", b"M\xfcller")).unwrap();
    assert!(latin.patient.name == PersonName::new("Müller"));
}

#[test]
fn an_identity_that_cannot_be_read_is_refused_by_name_and_not_repeated() {
    for (set, name) in [
        ("ISO_IR 999", &b"Yamad\xe4"[..]),
        ("\\ISO 2022 IR 149", b"=\x1b$)CYama\xb1"),
        ("", b"=\x1b$B;3ED\x1b(B"),
    ] {
        let error = read(&named(set, name)).unwrap_err().to_string();
        assert!(error.contains("PatientName"), "{set}: {error}");
        assert!(!error.contains("Yama"), "{set}: {error}");
    }
    // Plain letters need no set.
    assert!(read(&named("ISO_IR 999", b"Yamada")).is_ok());
}

#[test]
fn a_clip_without_study_or_series_is_refused_by_name() {
    let bare = File::new(EXPLICIT)
        .picture(Shape::new("MONOCHROME2", 2, 1))
        .pixels(&[1, 2])
        .build();
    let error = read(&bare).unwrap_err().to_string();
    assert!(error.contains("StudyInstanceUID"), "{error}");
}

#[test]
fn real_files_say_whose_they_are() {
    let Some(folder) = common::test_data("dicom") else {
        return;
    };
    let mut read = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "dcm") {
            says_whose_it_is(&path);
            read += 1;
        }
    }
    assert!(read >= 13, "only {read} files");
}

fn says_whose_it_is(path: &Path) {
    let found = Provenance::read(path);
    let found = found.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(!found.study.uid.as_str().is_empty());
}
