//! Offset tables, true and false, and clips without one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;

use common::builder::{File, JPEG, RLE, Shape};
use common::{frame, sample_path};
use dicom_core::VR;
use dicom_dictionary_std::tags;
use echo_dicom::{Clip, ClipError};

/// An RLE frame of four grey pixels, all of one value, in `len` bytes or more.
fn grey_frame(value: u8, len: usize) -> Vec<u8> {
    let mut coded = vec![0; 64];
    coded[0] = 1;
    coded[4] = 64;
    coded.extend_from_slice(&[253, value]);
    coded.resize(coded.len().max(len), 128);
    coded
}

fn shape(frames: u32) -> Shape {
    Shape {
        frames,
        ..Shape::new("MONOCHROME2", 4, 1)
    }
}

fn shows(file: &File, values: &[u8]) {
    let clip = Clip::from_bytes(file.build()).unwrap();
    for (index, value) in values.iter().enumerate() {
        assert_eq!(
            frame(&clip, index as u32).rows,
            [*value; 4],
            "frame {index}"
        );
    }
}

#[test]
fn a_basic_offset_table_says_which_fragments_belong_together() {
    let (first, second) = (grey_frame(11, 70), grey_frame(22, 66));
    let file = File::new(RLE)
        .picture(shape(2))
        .fragments(&[0, 86], &[&first[..40], &first[40..], &second]);
    shows(&file, &[11, 22]);
}

#[test]
fn a_basic_offset_table_that_does_not_fit_is_ignored() {
    let frames = [grey_frame(1, 66), grey_frame(2, 66), grey_frame(3, 66)];
    let fragments: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    let tables: [&[u32]; 8] = [
        &[],
        &[0],
        &[0, 1, 2],
        &[0, 148, 74],
        &[0, 74, 74],
        &[0, 74, 0xFFFF_FFF0],
        &[74, 148, 222],
        &[0, 74, 148, 222],
    ];
    for offsets in tables {
        shows(
            &File::new(RLE)
                .picture(shape(3))
                .fragments(offsets, &fragments),
            &[1, 2, 3],
        );
    }
}

/// Adds an extended offset table.
fn extended(file: File, offsets: &[u64], lengths: &[u64]) -> File {
    let bytes = |values: &[u64]| {
        values
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    file.bytes(tags::EXTENDED_OFFSET_TABLE, VR::OV, &bytes(offsets))
        .bytes(tags::EXTENDED_OFFSET_TABLE_LENGTHS, VR::OV, &bytes(lengths))
}

#[test]
fn an_extended_offset_table_cuts_off_the_pad_byte() {
    let frames = [grey_frame(5, 67), grey_frame(6, 66)];
    let fragments: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    let file = extended(File::new(JPEG).picture(shape(2)), &[0, 76], &[67, 66]);
    let clip = Clip::from_bytes(file.fragments(&[], &fragments).build()).unwrap();
    assert_eq!(clip.jpeg_frame(wire::FrameIndex(0)).unwrap(), frames[0]);
    assert_eq!(clip.jpeg_frame(wire::FrameIndex(1)).unwrap(), frames[1]);
}

#[test]
fn an_extended_offset_table_that_does_not_fit_is_ignored() {
    let frames = [grey_frame(5, 66), grey_frame(6, 66)];
    let fragments: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    for (offsets, lengths) in [
        (vec![0, 1 << 63], vec![66, 66]),
        (vec![0, 74], vec![66, u64::MAX]),
        (vec![0, 74], vec![66, 0]),
        (vec![0, 74], vec![66]),
        (vec![0], vec![66, 66]),
        (vec![74, 0], vec![66, 66]),
    ] {
        let file = extended(File::new(RLE).picture(shape(2)), &offsets, &lengths);
        shows(&file.fragments(&[], &fragments), &[5, 6]);
    }
}

#[test]
fn frames_are_told_apart_by_where_jpeg_streams_begin() {
    let Some(path) = sample_path("08") else {
        return;
    };
    let clip = Clip::open(&path).unwrap();
    for index in 0..8 {
        let coded = clip.jpeg_frame(wire::FrameIndex(index)).unwrap();
        assert_eq!(coded[..2], [0xFF, 0xD8], "frame {index}");
        let end = coded.iter().rposition(|byte| *byte != 0).unwrap();
        assert_eq!(coded[end - 1..=end], [0xFF, 0xD9], "frame {index}");
        let starts = coded
            .windows(3)
            .filter(|three| three == &[0xFF, 0xD8, 0xFF])
            .count();
        assert_eq!(starts, 1, "frame {index}");
    }
}

#[test]
fn fewer_fragments_than_frames_are_refused() {
    let frames = vec![grey_frame(1, 66); 5];
    let fragments: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    let file = File::new(RLE)
        .picture(shape(50_000))
        .fragments(&[], &fragments);
    let error = Clip::from_bytes(file.build()).unwrap_err();
    assert!(matches!(error, ClipError::FrameTable(_)), "{error}");
    assert!(
        error
            .to_string()
            .contains("50000 frames are declared, there are 5 fragments"),
        "{error}"
    );
}

#[test]
fn fragments_that_open_no_stream_cannot_be_guessed() {
    let file = File::new(RLE)
        .picture(shape(2))
        .fragments(&[], &[&[1, 2], &[3, 4], &[5, 6]]);
    assert!(matches!(
        Clip::from_bytes(file.build()),
        Err(ClipError::FrameTable(_))
    ));
    let none = File::new(RLE).picture(shape(1)).fragments(&[], &[]);
    assert!(matches!(
        Clip::from_bytes(none.build()),
        Err(ClipError::FrameTable(_))
    ));
}

#[test]
fn a_missing_closing_delimiter_loses_nothing() {
    let frames = [grey_frame(8, 66), grey_frame(9, 66)];
    let fragments: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    let mut file = File::new(RLE).picture(shape(2)).fragments(&[], &fragments);
    file.data_set.truncate(file.data_set.len() - 8);
    shows(&file, &[8, 9]);
    // Without the last fragment there is a frame too few.
    file.data_set.truncate(file.data_set.len() - 74);
    assert!(matches!(
        Clip::from_bytes(file.build()),
        Err(ClipError::FrameTable(_))
    ));
}

#[test]
fn a_frame_beyond_the_last_is_refused_by_name() {
    let file = File::new(RLE)
        .picture(shape(1))
        .fragments(&[], &[&grey_frame(8, 66)]);
    let clip = Clip::from_bytes(file.build()).unwrap();
    let error = clip.frame(wire::FrameIndex(1)).unwrap_err();
    assert_eq!(error.to_string(), "frame 2 was asked for, the clip has 1");
    assert!(clip.frame(wire::FrameIndex(u32::MAX)).is_err());
}
