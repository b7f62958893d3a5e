//! Headers that describe no picture or another one than the pixels: each is refused for the attribute that lies.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;

use common::bounds::{grey, grey_with_pixels, read, refused};
use common::builder::{EXPLICIT, File, RLE, Shape};
use common::sample_path;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;

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
    for name in ["", "HSV", "\u{1B}[31mRGB", &"R".repeat(5_000)] {
        let file = with(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, name.as_bytes());
        refused(&file, "attribute", "names no colour that is supported");
    }
    let raw = |name| {
        File::new(EXPLICIT)
            .picture(Shape::new(name, 2, 1))
            .pixels(&[0; 6])
    };
    refused(
        &raw("YBR_PARTIAL_420"),
        "attribute",
        "names a colour that only video has",
    );
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
