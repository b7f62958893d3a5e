//! Values that no device should write: what depends on one is refused by name or left out, everything else is read as if it were not
//! there, and the header in JSON shows it as it stands. Each in the bounds of every foreign file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;

use common::bounds::{read, refused};
use common::builder::{EXPLICIT, File, Shape};
use common::first_frame;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use echo_dicom::write::{Date, PersonName};
use echo_dicom::{Clip, ClipError, HeaderPlace, Provenance, header_json};
use serde_json::{Value, json};
use std::fs;

fn picture() -> File {
    File::new(EXPLICIT).picture(Shape::new("MONOCHROME2", 2, 1))
}

/// A picture of two pixels behind whatever stands before it.
fn with_picture(before: File) -> File {
    before
        .picture(Shape::new("MONOCHROME2", 2, 1))
        .pixels(&[1, 2])
}

/// An element as long as its value is, odd or not.
fn raw(mut file: File, tag: Tag, vr: &str, value: &[u8]) -> File {
    file.header(tag, vr, value.len() as u32);
    file.data_set.extend_from_slice(value);
    file
}

fn header(file: &File) -> Result<Value, ClipError> {
    let (folder, bytes) = (tempfile::tempdir().unwrap(), file.build());
    let path = folder.path().join("object");
    fs::write(&path, &bytes).unwrap();
    let place = HeaderPlace {
        whole: bytes.len() as u64,
        data_set_at: (bytes.len() - file.data_set.len()) as u64,
        syntax: EXPLICIT,
    };
    let json = header_json(fs::File::open(&path).unwrap(), place)?;
    Ok(serde_json::from_str(&json).unwrap())
}

fn provenance(file: &File) -> Result<Provenance, ClipError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clip.dcm");
    fs::write(&path, file.build()).unwrap();
    Provenance::read(&path)
}

/// A clip of somebody, with one more element in front.
fn of_somebody(tag: Tag, vr: VR, value: &[u8]) -> File {
    let file = File::new(EXPLICIT)
        .bytes(tag, vr, value)
        .text(tags::STUDY_INSTANCE_UID, VR::UI, "1.2.3")
        .text(tags::SERIES_INSTANCE_UID, VR::UI, "1.2.4");
    with_picture(file)
}

/// M17.
#[test]
fn numbers_of_too_few_bytes_are_no_numbers() {
    for (tag, vr, value) in [
        (tags::RECOMMENDED_DISPLAY_FRAME_RATE, "US", &[1_u8][..]),
        (tags::DOPPLER_CORRECTION_ANGLE, "FD", &[1, 2, 3]),
        (tags::FRAME_INCREMENT_POINTER, "AT", &[0x18, 0]),
        (tags::REGION_FLAGS, "UL", &[1, 2, 3]),
        (tags::REFERENCE_PIXEL_X0, "SL", &[1]),
    ] {
        let file = with_picture(raw(File::new(EXPLICIT), tag, vr, value));
        assert_eq!(read(file.build()).unwrap(), 1, "{vr}");
        let clip = Clip::from_bytes(file.build()).unwrap();
        assert!(clip.header().frame_times.is_assumed(), "{vr}");
        let name = format!("{:04X}{:04X}", tag.0, tag.1);
        let told = &header(&file).unwrap()[name];
        assert!(
            told["Value"].is_null(),
            "{vr}: half a number is none: {told}"
        );
    }
    // What a picture cannot be without is refused by name.
    let half = raw(picture(), tags::ROWS, "US", &[1]);
    let mut first = File::new(EXPLICIT);
    first.data_set.clone_from(&half.data_set);
    let rows = raw(File::new(EXPLICIT), tags::ROWS, "US", &[1]);
    refused(&with_picture(rows), "attribute", "Rows (0028,0010)");
}

/// M19.
#[test]
fn decimals_that_are_none_are_shown_as_they_stand_and_count_for_nothing() {
    for text in ["1,5", "NaN", "1e999", "-inf", "0x10", "１．５", "1.5.5"] {
        let file = of_somebody(tags::FRAME_TIME, VR::DS, text.as_bytes());
        let shape = Shape {
            frames: 2,
            ..Shape::new("MONOCHROME2", 2, 1)
        };
        let timed = File::new(EXPLICIT)
            .bytes(tags::FRAME_TIME, VR::DS, text.as_bytes())
            .bytes(tags::CINE_RATE, VR::IS, text.as_bytes())
            .picture(shape)
            .pixels(&[1, 2, 3, 4]);
        let clip = Clip::from_bytes(timed.build()).unwrap();
        assert!(clip.header().frame_times.is_assumed(), "{text}");
        let told = &header(&file).unwrap()["00181063"]["Value"][0];
        assert!(told.is_string() || told.is_null(), "{text}: {told}");
        if text.is_ascii() {
            assert_eq!(told, text);
        }
    }
}

/// M50: a rate that is none is none, and the figure that is shown is never infinite.
#[test]
fn rates_that_no_clip_has_are_left_out() {
    for rate in ["0", "1000000000", "-30", "1e300"] {
        let shape = Shape {
            frames: 2,
            ..Shape::new("MONOCHROME2", 2, 1)
        };
        let file = File::new(EXPLICIT)
            .text(tags::CINE_RATE, VR::IS, rate)
            .picture(shape)
            .pixels(&[1, 2, 3, 4]);
        let clip = Clip::from_bytes(file.build()).unwrap();
        assert!(clip.header().frame_times.is_assumed(), "{rate}");
    }
}

/// M20.
#[test]
fn days_that_are_none_are_unknown_days() {
    for text in [
        "20261399",
        "00000000",
        "99999999",
        "20260230",
        "2026112",
        "2026-11-20",
        "２０２６１１２０",
        "\0\0\0\0\0\0\0\0",
    ] {
        let bytes = text.as_bytes();
        let of_birth = provenance(&of_somebody(tags::PATIENT_BIRTH_DATE, VR::DA, bytes));
        assert_eq!(of_birth.unwrap().patient.birth_date, None, "{text:?}");
        let file = of_somebody(tags::STUDY_DATE, VR::DA, bytes);
        assert_eq!(provenance(&file).unwrap().study.began_at, None, "{text:?}");
        assert_eq!(read(file.build()).unwrap(), 1);
        header(&file).unwrap();
    }
    // As ACR-NEMA wrote it, which some systems still do (PS3.5 Table 6.2-1, note).
    let old = provenance(&of_somebody(
        tags::PATIENT_BIRTH_DATE,
        VR::DA,
        b"2026.11.20",
    ));
    let old = old.unwrap().patient.birth_date;
    assert!(old.is_none() || old == Date::parse("20261120"), "{old:?}");
}

/// M23.
#[test]
fn names_of_nothing_but_marks_or_without_an_end_are_read_or_refused_and_never_repeated() {
    let long = "A".repeat(65_534);
    let groups = ["Yamada^Taro"; 10].join("=");
    for (name, read_as) in [
        ("^^^^", Some("^^^^")),
        ("=", Some("")),
        ("==========", Some("")),
        ("     ", Some("")),
        (long.as_str(), Some(long.as_str())),
        (groups.as_str(), None),
        ("Yamada=A=B=C", None),
    ] {
        let file = of_somebody(tags::PATIENT_NAME, VR::PN, name.as_bytes());
        assert_eq!(read(file.build()).unwrap(), 1);
        match (provenance(&file), read_as) {
            (Ok(found), Some(read_as)) => {
                assert!(found.patient.name == PersonName::new(read_as), "{name:?}");
            }
            (Err(error), None) => {
                let error = error.to_string();
                assert!(error.contains("PatientName"), "{error}");
                assert!(error.len() < 300 && !error.contains("Yamada"), "{error}");
            }
            (other, _) => panic!("{:.40}: {:?}", name, other.map(drop)),
        }
        let told = header(&file).unwrap();
        let named = told["00100010"]["Value"][0].as_object();
        let kinds = named.map_or(0, serde_json::Map::len);
        assert!(kinds <= 3, "a name has three groups: {kinds}");
    }
}

/// M25 and M26.
#[test]
fn character_sets_that_are_none_spoil_their_texts_and_nothing_else() {
    let many = ["ISO 2022 IR 87"; 1_000].join("\\");
    for set in [
        many.as_str(),
        "\\\\\\\\\\\\",
        "ISO_IR 999",
        "\0",
        "ISO_IR 192\0",
        "ISO 2022 IR 87\0\\\0",
        "../../etc/passwd",
        "1.2.3",
    ] {
        for name in [
            &b"Yamada^Tarou"[..],
            b"=\x1b$B",
            b"=\x1b$",
            b"\x1b",
            b"=\x1b%G\xe5\xb1\xb1",
            b"=\x1b$B;3\x1b(Z",
        ] {
            let file = File::new(EXPLICIT)
                .bytes(tags::SPECIFIC_CHARACTER_SET, VR::CS, set.as_bytes())
                .bytes(tags::PATIENT_NAME, VR::PN, name)
                .text(tags::STUDY_INSTANCE_UID, VR::UI, "1.2.3")
                .text(tags::SERIES_INSTANCE_UID, VR::UI, "1.2.4");
            let file = with_picture(file);
            assert_eq!(read(file.build()).unwrap(), 1);
            let told = header(&file).unwrap();
            assert_eq!(told["00080005"]["Value"], json!(["ISO_IR 192"]));
            let shown = told["00100010"].to_string();
            // A sign that no reader may act on is not passed on as it is.
            assert!(!shown.contains('\u{1b}'), "{set:?}: {shown}");
            match provenance(&file) {
                Ok(found) => assert!(
                    name[0] != b'=' || found.patient.name != PersonName::new("Yamada^Tarou")
                ),
                Err(error) => assert!(error.to_string().contains("PatientName"), "{error}"),
            }
        }
    }
}

/// M28: what reads as a path, a query, a second header line or a formula is a text like any other.
#[test]
fn an_id_that_looks_like_an_order_is_only_text() {
    for id in [
        "../../etc/passwd",
        "'; DROP TABLE objects; --",
        "A\r\nSet-Cookie: a=b",
        "=cmd|' /C calc'!A0",
        "\"><script>alert(1)</script>",
        "${jndi:ldap://x}",
    ] {
        let file = of_somebody(tags::PATIENT_ID, VR::LO, id.as_bytes());
        assert_eq!(read(file.build()).unwrap(), 1);
        assert_eq!(provenance(&file).unwrap().patient.id, id);
        let told = header(&file).unwrap();
        assert_eq!(told["00100020"]["Value"], json!([id]));
        // Nothing of it is in what may be logged.
        let clip = Clip::from_bytes(file.build()).unwrap();
        assert!(!format!("{:?}", clip.header()).contains(id), "{id}");
    }
}

/// M47: private compression, named by a syntax of its own or hidden in private elements (CVE-2026-5441), is never decoded.
#[test]
fn private_compression_is_refused_by_name() {
    for syntax in ["1.2.840.113619.5.2", "1.3.46.670589.33.1.4.1"] {
        let mut file = with_picture(File::new(EXPLICIT));
        file.syntax = syntax;
        refused(&file, "transfer-syntax", syntax);
    }
    let private = |file: File| {
        file.text(Tag(0x07A1, 0x0010), VR::LO, "ELSCINT1")
            .bytes(Tag(0x07A1, 0x100A), VR::OB, &[0xA5; 64])
            .text(Tag(0x07A1, 0x1011), VR::CS, "PMSCT_RLE1")
    };
    refused(&private(picture()), "pixel-data", "there is none");
    // Beside pixels of the standard it is read over.
    let plain = first_frame(with_picture(File::new(EXPLICIT)).build()).unwrap();
    let file = with_picture(private(File::new(EXPLICIT)));
    assert_eq!(first_frame(file.build()).unwrap().rows, plain.rows);
}

/// M52.
#[test]
fn ten_thousand_windows_and_tables_change_no_picture_and_cost_no_time() {
    let plain = first_frame(with_picture(File::new(EXPLICIT)).build()).unwrap();
    let mut tables = File::new(EXPLICIT).sequence(tags::VOILUT_SEQUENCE);
    for _ in 0..10_000 {
        tables = tables
            .open_item()
            .words(tags::LUT_DESCRIPTOR, VR::US, &[2, 0, 8])
            .words(tags::LUT_DATA, VR::OW, &[0xFFFF, 0])
            .close_item();
    }
    let tables = with_picture(tables.close_sequence());
    assert_eq!(read(tables.build()).unwrap(), 1);
    assert_eq!(first_frame(tables.build()).unwrap().rows, plain.rows);
    let many = "1\\".repeat(16_000);
    for width in ["NaN", "0", "-1", "1e999", "1,5", many.as_str()] {
        let file = File::new(EXPLICIT)
            .picture(Shape::new("MONOCHROME2", 2, 1))
            .text(tags::WINDOW_CENTER, VR::DS, width)
            .text(tags::WINDOW_WIDTH, VR::DS, width)
            .pixels(&[1, 2]);
        assert_eq!(read(file.build()).unwrap(), 1, "{width}");
    }
}
