//! Uncompressed pixels in every arrangement that ultrasound devices write, on files built here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;

use common::builder::{BIG_ENDIAN, DEFLATED, EXPLICIT, File, IMPLICIT, Shape};
use common::{first_frame, frame};
use dicom_core::VR;
use dicom_dictionary_std::tags;
use echo_dicom::{Clip, PixelForm};

const RED: [u8; 3] = [255, 0, 0];
const BLUE: [u8; 3] = [0, 0, 255];
/// Red and blue as Y, Cb, Cr, rounded; the way back is off by at most two.
const YBR_RED: [u8; 3] = [76, 85, 255];
const YBR_BLUE: [u8; 3] = [29, 255, 107];

fn close(found: &[u8], expected: &[u8]) -> bool {
    found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| a.abs_diff(*b) <= 2)
}

#[test]
fn rgb_is_the_same_in_every_encoding() {
    for syntax in [IMPLICIT, EXPLICIT, BIG_ENDIAN] {
        let file = File::new(syntax).picture(Shape::new("RGB", 2, 1));
        let file = match syntax {
            IMPLICIT => file.pixel_words(&[0x00FF, 0x0000, 0xFF00]),
            _ => file.pixels(&[RED, BLUE].concat()),
        };
        let picture = first_frame(file.build()).unwrap();
        assert_eq!(picture.form, PixelForm::Rgb8);
        assert_eq!(picture.rows, [RED, BLUE].concat(), "{syntax}");
    }
}

#[test]
fn planar_colour_is_put_together() {
    let shape = Shape {
        planar: 1,
        ..Shape::new("RGB", 2, 1)
    };
    let file = File::new(EXPLICIT)
        .picture(shape)
        .pixels(&[255, 0, 0, 0, 0, 255]);
    assert_eq!(
        first_frame(file.build()).unwrap().rows,
        [RED, BLUE].concat()
    );
}

#[test]
fn eight_bit_samples_in_big_endian_words_are_put_in_order() {
    // Three grey pixels a frame: the second frame begins in the middle of a word.
    let shape = Shape {
        frames: 2,
        ..Shape::new("MONOCHROME2", 3, 1)
    };
    let words = [0x0201, 0x0403, 0x0605];
    let clip = Clip::from_bytes(
        File::new(BIG_ENDIAN)
            .picture(shape)
            .pixel_words(&words)
            .build(),
    )
    .unwrap();
    assert_eq!(frame(&clip, 0).rows, [1, 2, 3]);
    assert_eq!(frame(&clip, 1).rows, [4, 5, 6]);
}

#[test]
fn ybr_full_becomes_rgb() {
    let file = File::new(EXPLICIT).picture(Shape::new("YBR_FULL", 2, 1));
    let picture = first_frame(file.pixels(&[YBR_RED, YBR_BLUE].concat()).build()).unwrap();
    assert!(
        close(&picture.rows, &[RED, BLUE].concat()),
        "{:?}",
        picture.rows
    );
}

#[test]
fn packed_4_2_2_is_unpacked() {
    let [y, cb, cr] = YBR_RED;
    let [y2, cb2, cr2] = YBR_BLUE;
    let packed = [y, y, cb, cr, y2, y2, cb2, cr2];
    let shape = Shape {
        frames: 2,
        ..Shape::new("YBR_FULL_422", 4, 1)
    };
    let file = File::new(EXPLICIT)
        .picture(shape)
        .pixels(&[packed, [128; 8]].concat());
    let clip = Clip::from_bytes(file.build()).unwrap();
    assert!(close(
        &frame(&clip, 0).rows,
        &[RED, RED, BLUE, BLUE].concat()
    ));
    assert_eq!(frame(&clip, 1).rows, [128; 12]);
}

#[test]
fn packed_4_2_2_with_odd_columns_keeps_its_rows() {
    // Each row of three pixels is packed as four.
    let row = |y: u8| [y, y, 128, 128, y, 0, 128, 128];
    let file = File::new(EXPLICIT).picture(Shape::new("YBR_FULL_422", 3, 2));
    let picture = first_frame(file.pixels(&[row(10), row(20)].concat()).build()).unwrap();
    assert_eq!(picture.rows, [[10; 9], [20; 9]].concat());
}

#[test]
fn what_calls_itself_4_2_2_but_has_all_samples_is_read_as_it_is() {
    let file = File::new(EXPLICIT).picture(Shape::new("YBR_FULL_422", 2, 1));
    let picture = first_frame(file.pixels(&[YBR_RED, YBR_BLUE].concat()).build()).unwrap();
    assert!(close(&picture.rows, &[RED, BLUE].concat()));
}

#[test]
fn sixteen_bit_colour_keeps_its_upper_bits() {
    let shape = Shape {
        allocated: 16,
        stored: 12,
        ..Shape::new("RGB", 1, 1)
    };
    let file = File::new(EXPLICIT)
        .picture(shape)
        .pixel_words(&[0x0FFF, 0x0800, 0xF00F]);
    assert_eq!(first_frame(file.build()).unwrap().rows, [255, 128, 0]);
}

#[test]
fn grey_uses_the_full_range_of_the_stored_bits() {
    let shape = Shape {
        allocated: 16,
        stored: 12,
        ..Shape::new("MONOCHROME2", 4, 1)
    };
    for syntax in [EXPLICIT, BIG_ENDIAN] {
        let file = File::new(syntax)
            .picture(shape)
            .pixel_words(&[0, 2048, 4095, 0xF000]);
        assert_eq!(
            first_frame(file.build()).unwrap().rows,
            [0, 128, 255, 0],
            "{syntax}"
        );
    }
}

#[test]
fn signed_grey_has_black_at_its_lowest_value() {
    let shape = Shape {
        allocated: 16,
        stored: 16,
        signed: 1,
        ..Shape::new("MONOCHROME2", 3, 1)
    };
    let file = File::new(EXPLICIT)
        .picture(shape)
        .pixel_words(&[0x8000, 0, 0x7FFF]);
    assert_eq!(first_frame(file.build()).unwrap().rows, [0, 128, 255]);
}

#[test]
fn monochrome1_is_turned_round() {
    let file = File::new(EXPLICIT)
        .picture(Shape::new("MONOCHROME1", 3, 1))
        .pixels(&[0, 55, 255]);
    let picture = first_frame(file.build()).unwrap();
    assert_eq!(
        (picture.form, picture.rows),
        (PixelForm::Gray8, vec![255, 200, 0])
    );
}

#[test]
fn a_window_is_applied_after_the_rescale() {
    let shape = Shape {
        allocated: 16,
        stored: 16,
        ..Shape::new("MONOCHROME2", 4, 1)
    };
    let file = File::new(EXPLICIT)
        .picture(shape)
        .text(tags::WINDOW_CENTER, VR::DS, "50\\1")
        .text(tags::WINDOW_WIDTH, VR::DS, "101\\1")
        .text(tags::RESCALE_INTERCEPT, VR::DS, "-1000")
        .text(tags::RESCALE_SLOPE, VR::DS, "2")
        .pixel_words(&[0, 500, 525, 600]);
    assert_eq!(first_frame(file.build()).unwrap().rows, [0, 1, 129, 255]);
}

#[test]
fn a_window_without_sense_is_left_out() {
    for (center, width) in [
        ("10", "0"),
        ("10", "-1"),
        ("NaN", "NaN"),
        ("1e999", "1"),
        ("", "5"),
    ] {
        let file = File::new(EXPLICIT)
            .picture(Shape::new("MONOCHROME2", 2, 1))
            .text(tags::WINDOW_CENTER, VR::DS, center)
            .text(tags::WINDOW_WIDTH, VR::DS, width)
            .pixels(&[7, 200]);
        assert_eq!(
            first_frame(file.build()).unwrap().rows,
            [7, 200],
            "{center} {width}"
        );
    }
}

fn palette(file: File, bits: u16, tables: [&[u16]; 3]) -> File {
    let count = tables[0].len() as u16;
    let (d, t) = (
        [
            tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
            tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
            tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
        ],
        [
            tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
        ],
    );
    let described = d.iter().fold(file, |file, tag| {
        file.words(*tag, VR::US, &[count, 1, bits])
    });
    t.iter().zip(tables).fold(described, |file, (tag, table)| {
        file.words(*tag, VR::OW, table)
    })
}

#[test]
fn palette_values_outside_the_table_take_its_ends() {
    for syntax in [IMPLICIT, EXPLICIT, BIG_ENDIAN] {
        let file = File::new(syntax).picture(Shape::new("PALETTE COLOR", 4, 1));
        // The first mapped value is 1.
        let file = palette(
            file,
            16,
            [&[0x1000, 0xFF00], &[0x2000, 0], &[0x3000, 0x8000]],
        );
        let file = match syntax {
            EXPLICIT => file.pixels(&[0, 1, 2, 9]),
            IMPLICIT => file.pixel_words(&[0x0100, 0x0902]),
            _ => file.pixel_words(&[0x0100, 0x0902]),
        };
        let expected = [
            [0x10, 0x20, 0x30],
            [0x10, 0x20, 0x30],
            [255, 0, 0x80],
            [255, 0, 0x80],
        ];
        assert_eq!(
            first_frame(file.build()).unwrap().rows,
            expected.concat(),
            "{syntax}"
        );
    }
}

#[test]
fn a_16_bit_palette_with_8_bit_values_is_not_black() {
    let file = File::new(EXPLICIT).picture(Shape::new("PALETTE COLOR", 2, 1));
    let file = palette(file, 16, [&[10, 250], &[20, 0], &[30, 0]]).pixels(&[1, 2]);
    assert_eq!(
        first_frame(file.build()).unwrap().rows,
        [10, 20, 30, 250, 0, 0]
    );
}

#[test]
fn palette_entries_of_eight_bits_may_be_packed_in_words() {
    for syntax in [EXPLICIT, BIG_ENDIAN] {
        let mut file = File::new(syntax).picture(Shape::new("PALETTE COLOR", 2, 1));
        for tag in [
            tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
            tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
            tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
        ] {
            file = file.words(tag, VR::US, &[2, 0, 8]);
        }
        for (tag, word) in [
            (tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA, 0x0201),
            (tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA, 0x0403),
            (tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA, 0x0605),
        ] {
            file = file.words(tag, VR::OW, &[word]);
        }
        let picture = first_frame(file.pixels(&[0, 1]).build()).unwrap();
        assert_eq!(picture.rows, [1, 3, 5, 2, 4, 6], "{syntax}");
    }
}

#[test]
fn a_deflated_clip_reads_like_any_other() {
    use std::io::Write;
    let plain = File::new(EXPLICIT)
        .picture(Shape::new("RGB", 2, 1))
        .pixels(&[RED, BLUE].concat());
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&plain.data_set).unwrap();
    let deflated = File {
        data_set: encoder.finish().unwrap(),
        ..File::new(DEFLATED)
    };
    assert_eq!(
        first_frame(deflated.build()).unwrap().rows,
        [RED, BLUE].concat()
    );
}

#[test]
fn zeros_behind_the_pixels_are_padding_and_elements_are_read_over() {
    let file = File::new(EXPLICIT)
        .picture(Shape::new("MONOCHROME2", 2, 1))
        .pixels(&[1, 2]);
    let mut padded = file.build();
    padded.resize(padded.len() + 300, 0);
    assert_eq!(first_frame(padded).unwrap().rows, [1, 2]);
    let trailing = file.bytes(tags::DATA_SET_TRAILING_PADDING, VR::OB, &[7; 40]);
    assert_eq!(first_frame(trailing.build()).unwrap().rows, [1, 2]);
}
