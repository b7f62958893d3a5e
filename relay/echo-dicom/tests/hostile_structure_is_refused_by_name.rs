//! Nesting, lengths, counts and cuts that no parser should follow: each file gets an error that names the step, in
//! bounded time and memory, on the 2 MB stack of an ordinary worker thread.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;

use common::bounds::{UNDEFINED, grey, grey_with_pixels, read, refused};
use common::builder::{BIG_ENDIAN, DEFLATED, EXPLICIT, File, Form, IMPLICIT, Shape};
use common::{sample_path, test_data};
use dicom_core::Tag;
use dicom_dictionary_std::tags;

#[test]
fn every_malformed_file_is_read_or_refused_in_bounds() {
    let Some(folder) = test_data("dicom-malformed") else {
        return;
    };
    let mut refused = 0;
    let mut read_whole = 0;
    for folder in [folder.clone(), folder.join("fuzz")] {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                continue;
            }
            match read(std::fs::read(&path).unwrap()) {
                Ok(_) => read_whole += 1,
                Err(error) => {
                    refused += 1;
                    let message = error.to_string();
                    assert!(
                        message.len() < 300 && !message.contains(char::is_control),
                        "{message:?}"
                    );
                }
            }
        }
    }
    println!("{refused} refused, {read_whole} read");
    assert!(refused > 0 && read_whole > 0);
}

#[test]
fn known_malformed_files_are_refused_for_what_is_wrong_with_them() {
    let Some(folder) = test_data("dicom-malformed") else {
        return;
    };
    for (name, step, part) in [
        ("nested_2000.dcm", "scan", "nested more than 64 deep"),
        (
            "data__pydicom__MR_truncated.dcm",
            "scan",
            "(7FE0,0010) declares 8192 bytes, 8130 are left",
        ),
        (
            "data__pydicom__meta_missing_tsyntax.dcm",
            "meta",
            "the transfer syntax is missing",
        ),
        (
            "data__pydicom__no_meta_group_length.dcm",
            "attribute",
            "Rows (0028,0010) is missing",
        ),
        (
            "Database__DummyCTInvalidRows.dcm",
            "attribute",
            "Rows (0028,0010)",
        ),
        (
            "Database__2026-05-26-oob-monochrome-46341.dcm",
            "attribute",
            "Rows (0028,0010) must be",
        ),
        (
            "Database__2017-06-27-XSSInjection.dcm",
            "pixel-data",
            "there is none",
        ),
        (
            "dcm4che-test-data__src__main__resources__3gb-bulk-data-truncated",
            "scan",
            "declares 3221225472",
        ),
    ] {
        let error = read(std::fs::read(folder.join(name)).unwrap()).expect_err(name);
        assert_eq!(error.step(), step, "{name}: {error}");
        assert!(error.to_string().contains(part), "{name}: {error}");
    }
    for name in [
        "Tests__FO-DICOM.Tests__Test_Data__D_CLUNIE_CT1_RLE_FRAGS.dcm",
        "data__pydicom__bad_sequence.dcm",
    ] {
        assert_eq!(
            read(std::fs::read(folder.join(name)).unwrap()).unwrap(),
            1,
            "{name}"
        );
    }
}

#[test]
fn a_file_cut_off_anywhere_never_looks_whole() {
    for number in ["02", "08", "10", "13", "15", "17"] {
        let Some(path) = sample_path(number) else {
            return;
        };
        let good = std::fs::read(path).unwrap();
        for part in 0..50 {
            let cut = good[..good.len() * part / 50].to_vec();
            let result = read(cut);
            assert!(result.is_err(), "sample {number} cut to {part}/50 reads");
        }
    }
}

/// `levels` sequences in each other, with undefined lengths and the given VR.
fn nested(syntax: &'static str, vr: &str, levels: usize, close: bool) -> File {
    let mut file = File::new(syntax);
    for level in 0..levels {
        // UN of undefined length has implicit VR inside.
        let form = file.form;
        if vr == "UN" && level > 0 {
            file.form = Form::ImplicitLittle;
        }
        file.header(Tag(0x0008, 0x1115), vr, UNDEFINED);
        file.form = form;
        file.item(UNDEFINED);
    }
    for _ in 0..if close { levels } else { 0 } {
        file = file.close_item().close_sequence();
    }
    file
}

#[test]
fn deep_nesting_is_refused_without_using_the_stack() {
    for levels in [65, 1_711, 10_000, 200_000] {
        for close in [true, false] {
            for (syntax, vr) in [
                (EXPLICIT, "SQ"),
                (IMPLICIT, "SQ"),
                (BIG_ENDIAN, "SQ"),
                (EXPLICIT, "UN"),
            ] {
                let file = nested(syntax, vr, levels, close);
                refused(&file, "scan", "nested more than 64 deep");
            }
        }
    }
}

#[test]
fn nesting_up_to_the_limit_is_read() {
    for (syntax, vr) in [(EXPLICIT, "SQ"), (IMPLICIT, "SQ"), (EXPLICIT, "UN")] {
        let mut file = nested(syntax, vr, 64, true);
        let shape = Shape::new("MONOCHROME2", 2, 1);
        file = file.picture(shape);
        let file = if syntax == IMPLICIT {
            file.pixel_words(&[0x0201])
        } else {
            file.pixels(&[1, 2])
        };
        assert_eq!(read(file.build()).unwrap(), 1, "{syntax} {vr}");
    }
}

#[test]
fn deep_nesting_with_defined_lengths_is_refused_too() {
    // Built from the inside: each level is a sequence header, an item header and the level below.
    for syntax in [EXPLICIT, IMPLICIT] {
        let header = if syntax == EXPLICIT { 20 } else { 16 };
        let levels: u32 = 10_000;
        let mut file = File::new(syntax);
        for level in (0..levels).rev() {
            file.header(Tag(0x0008, 0x1115), "SQ", 8 + level * header);
            file.item(level * header);
        }
        refused(&file, "scan", "nested more than 64 deep");
    }
}

#[test]
fn declared_lengths_beyond_the_file_are_refused_before_anything_is_allocated() {
    for len in [0xFFFF_FFFE, 0x8000_0000, 0x7FFF_FFFF, 0x4000_0000, 100] {
        for vr in ["SQ", "UT", "OB", "UN", "OW", "UC"] {
            let mut file = grey();
            file.header(Tag(0x0040, 0xA730), vr, len);
            file.data_set.extend_from_slice(&[0; 8]);
            refused(&file, "scan", "are left");
        }
    }
}

#[test]
fn an_undefined_length_where_none_can_be_is_refused() {
    for vr in ["UT", "OB", "OW", "UR"] {
        let mut file = grey();
        file.header(Tag(0x0040, 0xA730), vr, UNDEFINED);
        refused(&file, "scan", "has undefined length");
    }
}

#[test]
fn items_and_delimiters_out_of_place_are_refused() {
    let mut past_the_end = grey();
    past_the_end.header(Tag(0x0008, 0x1115), "SQ", 16);
    past_the_end.item(40);
    past_the_end.data_set.extend_from_slice(&[0; 60]);
    refused(&past_the_end, "scan", "its item has 8 left");
    let mut element_past_item = grey();
    element_past_item.header(Tag(0x0008, 0x1115), "SQ", 16);
    element_past_item.item(8);
    element_past_item.header(tags::ROWS, "US", 9);
    element_past_item.data_set.extend_from_slice(&[0; 60]);
    refused(&element_past_item, "scan", "its item has 0 left");
    let mut stray = grey();
    stray.end_sequence();
    refused(&stray, "scan", "(FFFE,E0DD) stands outside a sequence");
    refused(
        &grey().sequence(Tag(0x0008, 0x1115)).pixels(&[1, 2]),
        "scan",
        "where a sequence item must be",
    );
}

#[test]
fn too_many_elements_items_and_fragments_are_refused() {
    let mut elements = File::new(EXPLICIT);
    let mut items = File::new(EXPLICIT).sequence(Tag(0x0008, 0x1115));
    let mut regions = File::new(EXPLICIT).sequence(tags::SEQUENCE_OF_ULTRASOUND_REGIONS);
    for _ in 0..2_000_000 {
        elements.header(Tag(0x0009, 0x0010), "LO", 0);
        items.item(0);
    }
    for _ in 0..300 {
        regions.item(0);
    }
    refused(&elements, "scan", "more than 200000 elements and items");
    refused(&items, "scan", "more than 200000 elements and items");
    refused(&regions, "scan", "more than 256 ultrasound regions");
    let many: Vec<&[u8]> = vec![&[]; 300_000];
    refused(
        &grey().fragments(&[], &many),
        "scan",
        "more than 200000 pixel data fragments",
    );
}

#[test]
fn strange_value_representations_do_not_derail_the_walk() {
    for vr in ["ZZ", "\0\0", "us", "??", "  "] {
        let mut file = grey();
        file.header(Tag(0x0009, 0x1001), vr, 4);
        file.data_set.extend_from_slice(&[1, 2, 3, 4]);
        assert_eq!(read(file.pixels(&[1, 2]).build()).unwrap(), 1, "{vr:?}");
    }
}

#[test]
fn a_deflated_bomb_is_stopped_at_the_limit() {
    use std::io::Write;
    let deflate = |bytes: &[u8], times: usize| {
        let mut encoder =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        (0..times).for_each(|_| encoder.write_all(bytes).unwrap());
        encoder.finish().unwrap()
    };
    let bomb = deflate(&vec![0; 1 << 20], 1 << 10);
    assert!(bomb.len() < 8 << 20);
    refused(
        &File {
            data_set: bomb,
            ..File::new(DEFLATED)
        },
        "inflate",
        "more than 134217728 bytes",
    );
    refused(
        &File {
            data_set: vec![0xA5; 999],
            ..File::new(DEFLATED)
        },
        "inflate",
        "failed",
    );
    let mut cut = deflate(&grey_with_pixels().data_set, 1);
    cut.truncate(cut.len() / 2);
    assert!(
        read(
            File {
                data_set: cut,
                ..File::new(DEFLATED)
            }
            .build()
        )
        .is_err()
    );
}

#[test]
fn bytes_behind_the_pixels_are_no_hiding_place() {
    let mut file = grey_with_pixels();
    file.data_set.extend_from_slice(&[0; 5_000]);
    file.data_set.push(1);
    refused(
        &file,
        "scan",
        "bytes that are no elements follow the pixel data",
    );
    let deep = nested(EXPLICIT, "SQ", 2_000, true);
    let mut file = grey_with_pixels();
    file.data_set.extend_from_slice(&deep.data_set);
    refused(&file, "scan", "nested more than 64 deep");
}
