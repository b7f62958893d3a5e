//! Files that lie, bomb or break off: each gets an error that names the step, in bounded time and memory, on the
//! 2 MB stack of an ordinary worker thread.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;

use std::time::{Duration, Instant};

use common::builder::{
    BIG_ENDIAN, DEFLATED, EXPLICIT, File, Form, IMPLICIT, J2K, JPEG, JPEG_LS, RLE, Shape,
};
use common::{peak_memory_mib, sample_path, test_data};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use echo_dicom::{Clip, ClipError};
use wire::FrameIndex;

/// The stack of a tokio worker thread.
const WORKER_STACK_BYTES: usize = 2 << 20;
/// What the confined parser will be given (security reference, limits).
const MEMORY_MIB: u64 = 256;
const TIME: Duration = Duration::from_secs(5);
/// Frames decoded of a file that opens.
const FRAMES: u32 = 8;
const UNDEFINED: u32 = 0xFFFF_FFFF;

/// Opens and decodes on a small stack and holds the bounds; `Ok` is the number of frames that decoded.
fn read(bytes: Vec<u8>) -> Result<u32, ClipError> {
    let began = Instant::now();
    let worker = std::thread::Builder::new()
        .stack_size(WORKER_STACK_BYTES)
        .spawn(move || {
            let clip = Clip::from_bytes(bytes)?;
            let frames = clip.header().frames.min(FRAMES);
            (0..frames).try_for_each(|index| clip.frame(FrameIndex(index)).map(drop))?;
            Ok(frames)
        });
    let result = worker.unwrap().join().expect("no panic");
    assert!(began.elapsed() < TIME, "it took {:?}", began.elapsed());
    assert!(
        peak_memory_mib() < MEMORY_MIB,
        "it took {} MiB",
        peak_memory_mib()
    );
    result
}

/// Asserts that a file is refused in `step` with `part` in the message.
#[track_caller]
fn refused(file: &File, step: &str, part: &str) {
    let error = read(file.build()).expect_err("the file is refused");
    assert_eq!(error.step(), step, "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

fn grey() -> File {
    File::new(EXPLICIT).picture(Shape::new("MONOCHROME2", 2, 1))
}

fn grey_with_pixels() -> File {
    grey().pixels(&[1, 2])
}

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
    for levels in [65, 1_711, 10_000, 1_000_000] {
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

/// Replaces the value of one attribute of the usual picture.
fn with(tag: Tag, vr: VR, value: &[u8]) -> File {
    File::new(EXPLICIT)
        .bytes(tag, vr, value)
        .picture(Shape::new("MONOCHROME2", 2, 1))
        .pixels(&[1, 2])
}

#[test]
fn sizes_that_cannot_be_are_refused() {
    for tag in [tags::ROWS, tags::COLUMNS] {
        for value in [0_u16, 8_193, 65_535] {
            refused(
                &with(tag, VR::US, &value.to_le_bytes()),
                "attribute",
                "must be from 1 to 8192",
            );
        }
        refused(
            &with(tag, VR::UL, &[0xFF; 4]),
            "attribute",
            "must be from 1 to 8192",
        );
        refused(
            &with(tag, VR::US, &[]),
            "attribute",
            "is missing or malformed",
        );
        refused(
            &with(tag, VR::LO, b"100"),
            "attribute",
            "is missing or malformed",
        );
    }
    let square = Shape {
        rows: 8_000,
        columns: 8_000,
        ..Shape::new("MONOCHROME2", 1, 1)
    };
    refused(
        &File::new(EXPLICIT).picture(square).pixels(&[1, 2]),
        "attribute",
        "more than 16777216 pixels",
    );
    for frames in [
        "0",
        "-1",
        "65537",
        "99999999999999999999",
        "x",
        "1.5",
        "1e400",
    ] {
        let file = with(tags::NUMBER_OF_FRAMES, VR::IS, frames.as_bytes());
        refused(
            &file,
            "attribute",
            "NumberOfFrames (0028,0008) must be from 1 to 65536",
        );
    }
}

#[test]
fn depths_that_cannot_be_are_refused() {
    for value in [0_u16, 1, 7, 12, 32, 64, 65_535] {
        refused(
            &with(tags::BITS_ALLOCATED, VR::US, &value.to_le_bytes()),
            "attribute",
            "BitsAllocated",
        );
    }
    for value in [0_u16, 9, 65_535] {
        refused(
            &with(tags::BITS_STORED, VR::US, &value.to_le_bytes()),
            "attribute",
            "BitsStored",
        );
    }
    for value in [0_u16, 6, 8, 255, 65_535] {
        refused(
            &with(tags::HIGH_BIT, VR::US, &value.to_le_bytes()),
            "attribute",
            "HighBit",
        );
    }
    for value in [0_u16, 2, 3, 4, 65_535] {
        refused(
            &with(tags::SAMPLES_PER_PIXEL, VR::US, &value.to_le_bytes()),
            "attribute",
            "SamplesPerPixel",
        );
    }
    refused(
        &with(tags::PIXEL_REPRESENTATION, VR::US, &[7, 0]),
        "attribute",
        "PixelRepresentation",
    );
    refused(
        &with(tags::PLANAR_CONFIGURATION, VR::US, &[9, 0]),
        "attribute",
        "PlanarConfiguration",
    );
}

#[test]
fn colours_that_cannot_be_are_refused() {
    for name in [
        "",
        "HSV",
        "YBR_PARTIAL_420",
        "\u{1B}[31mRGB",
        &"R".repeat(5_000),
    ] {
        let file = with(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, name.as_bytes());
        refused(&file, "attribute", "names no colour that is supported");
    }
    let raw = |name| {
        File::new(EXPLICIT)
            .picture(Shape::new(name, 2, 1))
            .pixels(&[0; 6])
    };
    refused(
        &raw("YBR_RCT"),
        "pixel-data",
        "a JPEG 2000 colour transform on raw samples",
    );
    let rle = |name| {
        File::new(RLE)
            .picture(Shape::new(name, 2, 1))
            .fragments(&[], &[&[0; 70]])
    };
    refused(
        &rle("YBR_ICT"),
        "decode",
        "a JPEG 2000 colour transform in an RLE clip",
    );
}

#[test]
fn palettes_that_are_missing_or_lie_are_refused() {
    let palette = || File::new(EXPLICIT).picture(Shape::new("PALETTE COLOR", 2, 1));
    refused(
        &palette().pixels(&[1, 2]),
        "palette",
        "descriptor is missing",
    );
    let describe = |words: &[u16]| {
        let red = tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR;
        palette().words(red, VR::US, words)
    };
    refused(
        &describe(&[1, 2]).pixels(&[1, 2]),
        "palette",
        "descriptor is missing or malformed",
    );
    refused(
        &describe(&[256, 0, 16]).pixels(&[1, 2]),
        "palette",
        "a colour table is missing",
    );
    let data = tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA;
    let short = describe(&[256, 0, 16]).words(data, VR::OW, &[1; 100]);
    refused(
        &short.pixels(&[1, 2]),
        "palette",
        "a table of 256 entries has 200 bytes",
    );
    let odd = describe(&[2, 0, 12]).words(data, VR::OW, &[1; 2]);
    refused(&odd.pixels(&[1, 2]), "palette", "a table of 12 bits");
}

#[test]
fn segmented_palettes_that_run_away_are_refused() {
    let segmented = |words: &[u16]| {
        File::new(EXPLICIT)
            .picture(Shape::new("PALETTE COLOR", 2, 1))
            .words(
                tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
                VR::US,
                &[4, 0, 16],
            )
            .words(
                tags::SEGMENTED_RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
                VR::OW,
                words,
            )
            .pixels(&[1, 2])
    };
    let another = "another number of entries";
    for (words, part) in [
        (&[][..], another),
        (&[0, 2, 1, 2], another),
        (&[0, 6, 1, 2, 3, 4, 5, 6], another),
        (&[0, 4, 1], "ends in a segment"),
        (&[1, 4, 100], "begins with a slope"),
        (&[0, 1, 9, 1, 0xFFFF, 8], another),
        (&[7, 1, 9], "an unknown kind"),
        (&[0, 1, 9, 2, 0xFFFF, 0, 0], "an unknown kind"),
        (&[2, 1, 0, 0], "an unknown kind"),
        (&[0, 0, 2, 0xFFFF, 0, 0], "an unknown kind"),
        (&[0, 1, 9, 2, 1, 0xFFFE, 0xFFFF], "does not have"),
    ] {
        refused(&segmented(words), "palette", part);
    }
}

#[test]
fn pixel_data_that_does_not_fit_its_header_is_refused() {
    refused(&grey(), "pixel-data", "there is none");
    refused(
        &grey().pixels(&[1, 2, 3, 4]),
        "pixel-data",
        "it holds 4 bytes, the declared frames need 2",
    );
    refused(&grey().pixels(&[]), "pixel-data", "it holds 0 bytes");
    refused(
        &grey().pixels(&[1, 2]).pixels(&[1, 2]),
        "scan",
        "two pixel data elements",
    );
    refused(
        &grey().fragments(&[], &[&[1, 2]]),
        "pixel-data",
        "the pixels are compressed",
    );
    let raw = File {
        syntax: RLE,
        ..grey_with_pixels()
    };
    refused(&raw, "pixel-data", "the pixels are not");
    let many = Shape {
        frames: 65_536,
        rows: 4_096,
        columns: 4_096,
        ..Shape::new("RGB", 1, 1)
    };
    refused(
        &File::new(EXPLICIT).picture(many).pixels(&[0; 6]),
        "pixel-data",
        "need 3298534883328",
    );
}

#[test]
fn an_icon_that_is_a_bomb_is_walked_over() {
    let icon = File::new(EXPLICIT)
        .sequence(tags::ICON_IMAGE_SEQUENCE)
        .open_item()
        .words(tags::ROWS, VR::US, &[65_535])
        .fragments(&[], &[&[0xFF; 64]])
        .close_item()
        .close_sequence()
        .picture(Shape::new("MONOCHROME2", 2, 1))
        .pixels(&[1, 2]);
    assert_eq!(read(icon.build()).unwrap(), 1);
}

#[test]
fn rle_headers_that_lie_are_refused() {
    let clip = |words: &[u32], body: &[u8]| {
        let mut coded: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        coded.resize(64, 0);
        coded.extend_from_slice(body);
        File::new(RLE)
            .picture(Shape::new("MONOCHROME2", 4, 1))
            .fragments(&[], &[&coded])
    };
    for count in [0xFFFF_FFFF, 0x8000_0000, 255, 16, 0] {
        refused(
            &clip(&[count, 64], &[253, 1]),
            "decode",
            &format!("declares {count} segments"),
        );
    }
    refused(
        &clip(&[2, 64, 66], &[253, 1, 253, 1]),
        "decode",
        "declares 2 segments, the picture needs 1",
    );
    for offset in [0, 63, 67, 0xFFFF_FFFF] {
        refused(
            &clip(&[1, offset], &[253, 1]),
            "decode",
            "do not rise inside the frame",
        );
    }
    for body in [&[3, 1, 2][..], &[128, 253], &[254, 1], &[128, 128], &[]] {
        refused(&clip(&[1, 64], body), "decode", "of 4 samples");
    }
    let cut = File::new(RLE)
        .picture(Shape::new("MONOCHROME2", 4, 1))
        .fragments(&[], &[&[1, 0, 0, 0]]);
    refused(&cut, "decode", "the header is cut off");
    let colour = Shape::new("RGB", 1, 1);
    let mut falling = vec![0; 70];
    for (at, byte) in [(0, 3), (4, 68), (8, 66), (12, 64)] {
        falling[at] = byte;
    }
    refused(
        &File::new(RLE).picture(colour).fragments(&[], &[&falling]),
        "decode",
        "do not rise",
    );
}

#[test]
fn fifteen_rle_segments_for_a_large_picture_without_data_are_refused() {
    let mut coded = vec![0; 64];
    coded[0] = 15;
    let shape = Shape {
        rows: 4_000,
        columns: 4_000,
        ..Shape::new("RGB", 1, 1)
    };
    let file = File::new(RLE).picture(shape).fragments(&[], &[&coded]);
    refused(&file, "decode", "declares 15 segments, the picture needs 3");
}

/// A minimal JPEG or JPEG-LS header up to its scan.
fn jpeg_header(process: u8, width: u16, height: u16, components: u8) -> Vec<u8> {
    let mut coded = vec![0xFF, 0xD8, 0xFF, process, 0, 8 + components * 3, 8];
    coded.extend_from_slice(&height.to_be_bytes());
    coded.extend_from_slice(&width.to_be_bytes());
    coded.push(components);
    for component in 0..components {
        coded.extend_from_slice(&[component + 1, 0x11, 0]);
    }
    coded.extend_from_slice(&[0xFF, 0xDA, 0, 6 + components * 2, components]);
    for component in 0..components {
        coded.extend_from_slice(&[component + 1, 0]);
    }
    coded.extend_from_slice(&[0, 0, 0]);
    coded
}

#[test]
fn code_streams_of_another_picture_are_refused_before_decoding() {
    let clip = |syntax, coded: &[u8]| {
        File::new(syntax)
            .picture(Shape::new("MONOCHROME2", 16, 16))
            .fragments(&[], &[coded])
    };
    for (syntax, process) in [(JPEG, 0xC0), (JPEG_LS, 0xF7)] {
        let huge = jpeg_header(process, 65_535, 65_535, 1);
        refused(
            &clip(syntax, &huge),
            "decode",
            "is 65535 x 65535, the header says 16 x 16",
        );
        let colour = jpeg_header(process, 16, 16, 3);
        refused(
            &clip(syntax, &colour),
            "decode",
            "has 3 components, the header says 1",
        );
        let two = [
            &jpeg_header(process, 16, 16, 1)[..15],
            &jpeg_header(process, 16, 16, 1)[2..],
        ]
        .concat();
        refused(&clip(syntax, &two), "decode", "two frame headers");
        refused(
            &clip(syntax, &jpeg_header(process, 16, 16, 1)[..15]),
            "decode",
            "before the first scan",
        );
        refused(&clip(syntax, &[0; 40]), "decode", "no start of image");
    }
    let other = jpeg_header(0xC3, 16, 16, 1);
    refused(
        &clip(JPEG, &other),
        "decode",
        "coded by another JPEG process",
    );
    let scans = [jpeg_header(0xC2, 16, 16, 1), [0xFF, 0xDA].repeat(100)].concat();
    refused(
        &clip(JPEG, &scans),
        "decode",
        "more scans than any real picture has",
    );
}

/// A JPEG 2000 main header: size, tile size, depth, sampling, and the coding style's bytes.
fn j2k_header(size: u32, tile: u32, component: [u8; 3], style: &[u8]) -> Vec<u8> {
    let mut coded = vec![0xFF, 0x4F, 0xFF, 0x51, 0, 41, 0, 0];
    for number in [size, size, 0, 0, tile, tile, 0, 0] {
        coded.extend_from_slice(&number.to_be_bytes());
    }
    coded.extend_from_slice(&[0, 1]);
    coded.extend_from_slice(&component);
    coded.extend_from_slice(&[0xFF, 0x52, 0, style.len() as u8 + 2]);
    coded.extend_from_slice(style);
    coded.extend_from_slice(&[0xFF, 0x5C, 0, 4, 0x40, 0x40]);
    // The first tile-part announces itself and ends.
    coded.extend_from_slice(&[0xFF, 0x90, 0, 10, 0, 0, 0, 0, 0, 0, 0, 1]);
    coded
}

#[test]
fn jpeg_2000_bombs_are_refused_before_decoding() {
    const PLAIN: [u8; 10] = [0, 0, 0, 1, 0, 0, 4, 4, 0, 1];
    let clip = |coded: &[u8]| {
        let shape = Shape {
            rows: 512,
            columns: 512,
            ..Shape::new("MONOCHROME2", 1, 1)
        };
        File::new(J2K).picture(shape).fragments(&[], &[coded])
    };
    let depth = [7, 1, 1];
    refused(
        &clip(&j2k_header(1 << 31, 512, depth, &PLAIN)),
        "decode",
        "2147483648 x 2147483648",
    );
    refused(
        &clip(&j2k_header(512, 1, depth, &PLAIN)),
        "decode",
        "more tiles",
    );
    refused(
        &clip(&j2k_header(512, 0, depth, &PLAIN)),
        "decode",
        "more tiles",
    );
    refused(
        &clip(&j2k_header(512, 512, [7, 0, 1], &PLAIN)),
        "decode",
        "subsampled",
    );
    refused(
        &clip(&j2k_header(512, 512, [7, 2, 2], &PLAIN)),
        "decode",
        "subsampled",
    );
    refused(
        &clip(&j2k_header(512, 512, [37, 1, 1], &PLAIN)),
        "decode",
        "more than 16 bits",
    );
    refused(
        &clip(&j2k_header(
            512,
            512,
            depth,
            &[0, 0, 0, 1, 0, 33, 4, 4, 0, 1],
        )),
        "decode",
        "cut off",
    );
    let precincts = [1, 0, 0, 1, 0, 1, 4, 4, 0, 1, 0x00, 0x00];
    refused(
        &clip(&j2k_header(512, 512, depth, &precincts)),
        "decode",
        "more code blocks",
    );
    let layers = [1, 0, 0xFF, 0xFF, 0, 1, 4, 4, 0, 1, 0x77, 0x77];
    refused(
        &clip(&j2k_header(512, 512, depth, &layers)),
        "decode",
        "more packets",
    );
}

#[test]
fn a_jpeg_2000_picture_with_missing_tiles_is_refused() {
    const PLAIN: [u8; 10] = [0, 0, 0, 1, 0, 0, 4, 4, 0, 1];
    let shape = Shape {
        rows: 512,
        columns: 512,
        ..Shape::new("MONOCHROME2", 1, 1)
    };
    for (tile, tail, part) in [
        (512, &[][..], "a tile is cut off"),
        (512, &[0xFF, 0xD9], "a tile is cut off"),
        (512, &[0xFF, 0x93, 0xFF, 0xD9], "tiles are missing"),
        (512, &[0xFF, 0x93, 0xFF, 0xD9, 0], "tiles are missing"),
        (
            256,
            &[0xFF, 0x93, 0, 0, 0, 0, 0xFF, 0xD9],
            "tiles are missing",
        ),
    ] {
        let coded = [j2k_header(512, tile, [7, 1, 1], &PLAIN), tail.to_vec()].concat();
        refused(
            &File::new(J2K).picture(shape).fragments(&[], &[&coded]),
            "decode",
            part,
        );
    }
    let mut outside = j2k_header(512, 512, [7, 1, 1], &PLAIN);
    let at = outside.len() - 8;
    outside[at] = 9;
    outside.extend_from_slice(&[0xFF, 0x93, 0, 0, 0xFF, 0xD9]);
    let file = File::new(J2K).picture(shape).fragments(&[], &[&outside]);
    refused(&file, "decode", "a tile lies outside the picture");
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
fn figures_that_lie_about_sample_files_are_refused() {
    for number in ["02", "06", "14", "17"] {
        let Some(path) = sample_path(number) else {
            return;
        };
        let good = std::fs::read(path).unwrap();
        for tag in [tags::ROWS, tags::COLUMNS] {
            let header = [tag.0.to_le_bytes(), tag.1.to_le_bytes(), *b"US", [2, 0]].concat();
            let at = good.windows(8).rposition(|eight| eight == header).unwrap() + 8;
            for value in [1_u16, 8_000, 239, 65_535] {
                let mut lying = good.clone();
                lying[at..at + 2].copy_from_slice(&value.to_le_bytes());
                let result = read(lying);
                assert!(result.is_err(), "sample {number}: {tag} = {value}");
            }
        }
    }
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
