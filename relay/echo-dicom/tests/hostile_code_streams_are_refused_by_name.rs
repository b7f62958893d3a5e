//! RLE, JPEG, JPEG-LS and JPEG 2000 frames that lie, bomb or break off, refused before a decoder follows them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;

use common::bounds::refused;
use common::builder::{File, J2K, JPEG, JPEG_LS, RLE, Shape};

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
