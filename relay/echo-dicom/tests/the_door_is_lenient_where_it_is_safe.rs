//! Preamble, magic and meta group: what other readers accept is read, the rest is refused and named.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;

use common::builder::{EXPLICIT, File, Form, Shape};
use common::{first_frame, sample};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use echo_dicom::{Clip, ClipError};

fn file() -> File {
    File::new(EXPLICIT)
        .picture(Shape::new("MONOCHROME2", 2, 1))
        .pixels(&[1, 2])
}

/// A file with the given meta group.
fn with_meta(meta: &File) -> Vec<u8> {
    [&[0; 128], &b"DICM"[..], &meta.data_set, &file().data_set].concat()
}

fn syntax(meta: File) -> File {
    meta.text(tags::TRANSFER_SYNTAX_UID, VR::UI, EXPLICIT)
}

fn error(bytes: Vec<u8>) -> ClipError {
    Clip::from_bytes(bytes).expect_err("the file is refused")
}

#[test]
fn a_missing_group_length_is_no_fault() {
    assert_eq!(
        first_frame(with_meta(&syntax(File::new(EXPLICIT))))
            .unwrap()
            .rows,
        [1, 2]
    );
}

#[test]
fn a_wrong_group_length_is_no_fault() {
    for wrong in [0_u32, 1, 17, 4_000, u32::MAX] {
        let mut meta = File::new(EXPLICIT);
        meta.header(Tag(2, 0), "UL", 4).long(wrong);
        assert_eq!(
            first_frame(with_meta(&syntax(meta))).unwrap().rows,
            [1, 2],
            "{wrong}"
        );
    }
}

#[test]
fn a_meta_group_in_implicit_vr_is_read() {
    let meta = File {
        form: Form::ImplicitLittle,
        ..File::new(EXPLICIT)
    };
    assert_eq!(first_frame(with_meta(&syntax(meta))).unwrap().rows, [1, 2]);
}

#[test]
fn any_preamble_will_do() {
    for preamble in [
        &b"MZ\x90"[..],
        b"\x7FELF",
        b"#!/bin/sh",
        b"<html>",
        b"%PDF-1.4",
        b"PK\x03\x04",
        b"II*\0",
    ] {
        let mut bytes = file().build();
        bytes[..preamble.len()].copy_from_slice(preamble);
        assert_eq!(first_frame(bytes).unwrap().rows, [1, 2]);
    }
    // Sample 19 carries a TIFF header there.
    let Some(clip) = sample("19") else { return };
    assert_eq!(clip.header().layout.columns, 640);
}

#[test]
fn what_is_no_dicom_file_is_called_so() {
    let good = file().build();
    let at_start = [b"DICM".as_slice(), &good[132..]].concat();
    for (bytes, message) in [
        (vec![], "this is no DICOM file: it is empty"),
        (
            vec![0; 1],
            "this is no DICOM file: it is shorter than a DICOM preamble",
        ),
        (
            good[..131].to_vec(),
            "this is no DICOM file: it is shorter than a DICOM preamble",
        ),
        (
            vec![0; 400],
            "this is no DICOM file: the mark DICM is missing at byte 128",
        ),
        (
            at_start,
            "this is no DICOM file: the mark DICM is missing at byte 128",
        ),
        (
            good[..132].to_vec(),
            "the file meta information cannot be used: the transfer syntax is missing",
        ),
    ] {
        let found = error(bytes);
        assert_eq!(found.to_string(), message);
    }
}

#[test]
fn a_transfer_syntax_is_quoted_only_when_it_is_a_uid() {
    let meta =
        |uid: &str| with_meta(&File::new(EXPLICIT).text(tags::TRANSFER_SYNTAX_UID, VR::UI, uid));
    let video = error(meta("1.2.840.10008.1.2.4.100"));
    assert_eq!(
        video.to_string(),
        "the transfer syntax 1.2.840.10008.1.2.4.100 is not supported"
    );
    for uid in [
        "",
        "../../../etc/passwd",
        "1.2.840.10008.1.2.4.50\u{1B}[31m",
        &"1".repeat(60_000),
    ] {
        let found = error(meta(uid)).to_string();
        assert_eq!(
            found,
            "the file meta information cannot be used: the transfer syntax is no valid UID"
        );
    }
}

#[test]
fn a_meta_length_beyond_the_file_is_refused() {
    let mut meta = File::new(EXPLICIT);
    meta.header(Tag(2, 1), "OB", 0xFFFF_FFFE);
    let found = error(with_meta(&syntax(meta)));
    assert_eq!(found.step(), "scan");
    assert!(
        found
            .to_string()
            .contains("(0002,0001) declares 4294967294 bytes"),
        "{found}"
    );
}

#[test]
fn a_data_set_in_another_byte_order_than_stated_is_refused() {
    let big = File::new(common::builder::BIG_ENDIAN)
        .picture(Shape::new("MONOCHROME2", 2, 1))
        .pixels(&[1, 2]);
    let wrong = File {
        syntax: EXPLICIT,
        ..big
    };
    assert!(Clip::from_bytes(wrong.build()).is_err());
}

#[test]
fn a_folder_or_a_missing_file_is_refused_by_the_system_s_own_words() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("none.dcm")] {
        assert_eq!(Clip::open(&path).unwrap_err().step(), "read-file");
    }
}

#[test]
fn a_file_that_shrinks_after_opening_gives_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clip.dcm");
    std::fs::write(&path, file().build()).unwrap();
    let clip = Clip::open(&path).unwrap();
    std::fs::write(&path, b"gone").unwrap();
    assert_eq!(
        clip.frame(wire::FrameIndex(0)).unwrap_err().step(),
        "read-file"
    );
}
