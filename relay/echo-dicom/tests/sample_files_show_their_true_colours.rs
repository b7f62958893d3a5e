//! Every sample file, compared with what pydicom 3.0.2 decodes: numbers only, no pictures.
//!
//! Lossless files and those decoded by the same library match by hash. JPEG baseline is decoded by another
//! implementation than the oracle's libjpeg, so block means with a tolerance are compared there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;

use common::{block_mean, fingerprint, frame, sample};
use echo_dicom::{PixelForm, TransferSyntax};

/// Asserts the hash of one frame.
fn shows(number: &str, index: u32, hash: &str) {
    let Some(clip) = sample(number) else { return };
    assert_eq!(
        fingerprint(&frame(&clip, index)),
        hash,
        "sample {number} frame {index}"
    );
}

/// Asserts the mean colour of one of 8 x 8 blocks to within half a grey level.
fn has_block(number: &str, index: u32, block: (usize, usize), mean: [f64; 3]) {
    let Some(clip) = sample(number) else { return };
    let found = block_mean(&frame(&clip, index), block);
    let near = found
        .iter()
        .zip(mean)
        .all(|(found, mean)| (found - mean).abs() < 0.5);
    assert!(
        near,
        "sample {number} frame {index}: {found:?} is not {mean:?}"
    );
}

#[test]
fn jpeg_baseline_clips_have_the_colours_of_libjpeg() {
    has_block("01", 0, (7, 2), [16.17, 19.46, 24.02]);
    has_block("01", 119, (7, 2), [16.17, 19.46, 24.02]);
    has_block("02", 15, (7, 2), [16.08, 19.28, 24.08]);
}

#[test]
fn frames_that_span_fragments_without_an_offset_table_are_found() {
    has_block("08", 0, (4, 4), [193.34, 153.18, 48.13]);
    has_block("08", 4, (1, 4), [24.48, 74.2, 208.58]);
    has_block("08", 7, (2, 4), [42.84, 83.7, 140.74]);
    // The same clip without compression agrees frame by frame.
    has_block("09", 0, (4, 4), [193.51, 153.3, 46.48]);
    has_block("09", 7, (2, 4), [41.87, 83.66, 140.75]);
}

#[test]
fn uncompressed_implicit_frames_are_exact() {
    shows("09", 0, "ef7c145f93b227b5");
    shows("09", 4, "d20e7a296f0ee367");
    shows("09", 7, "4ba3fa90b678f1e3");
}

#[test]
fn a_palette_of_eight_bits_is_applied_to_rle_frames() {
    shows("06", 0, "b5bf273656788ac7");
    shows("06", 9, "c1320c0ec6d701f2");
    shows("10", 0, "f27736ea1acb75cb");
    shows("10", 1, "c495716e820348ea");
    shows("11", 0, "d4c564cf88bf9fe0");
}

#[test]
fn a_segmented_palette_of_65536_entries_is_applied_to_big_endian_words() {
    shows("13", 0, "97697b719ccd7c15");
}

#[test]
fn a_lossless_jpeg_is_shown_through_its_window() {
    shows("14", 0, "1ae8d1abc08531fc");
}

#[test]
fn ybr_full_inside_rle_is_not_taken_for_rgb() {
    shows("15", 0, "32dfabb26a01d797");
}

#[test]
fn jpeg_2000_transforms_are_undone_once() {
    // 17 holds one frame in three fragments; 19 is the same picture in RLE.
    shows("17", 0, "e16892020c73095e");
    shows("18", 0, "2138e755d364de89");
    shows("19", 0, "e16892020c73095e");
}

#[test]
fn every_frame_of_every_sample_decodes_to_canonical_rows() {
    use TransferSyntax as T;
    let expected = [
        ("01", T::JpegBaseline, (640, 480, 120)),
        ("02", T::JpegBaseline, (320, 240, 30)),
        ("06", T::Rle, (600, 430, 10)),
        ("08", T::JpegBaseline, (320, 240, 8)),
        ("09", T::ImplicitLittleEndian, (320, 240, 8)),
        ("10", T::Rle, (800, 600, 2)),
        ("11", T::Rle, (800, 600, 1)),
        ("13", T::ExplicitBigEndian, (640, 480, 1)),
        ("14", T::JpegLosslessSv1, (1024, 768, 1)),
        ("15", T::Rle, (640, 480, 1)),
        ("17", T::Jpeg2000Lossless, (640, 480, 1)),
        ("18", T::Jpeg2000, (640, 480, 1)),
        ("19", T::Rle, (640, 480, 1)),
    ];
    for (number, syntax, (width, height, frames)) in expected {
        let Some(clip) = sample(number) else { return };
        let header = clip.header();
        assert_eq!(header.transfer_syntax, syntax, "sample {number}");
        assert_eq!(header.frames, frames, "sample {number}");
        assert_eq!(
            (header.layout.columns, header.layout.rows),
            (width, height),
            "sample {number}"
        );
        let form = if number == "14" {
            PixelForm::Gray8
        } else {
            PixelForm::Rgb8
        };
        for index in 0..frames {
            let picture = frame(&clip, index);
            assert_eq!(
                (picture.width, picture.height, picture.form),
                (width, height, form)
            );
            let bytes = width as usize * height as usize * form.bytes_per_pixel();
            assert_eq!(picture.rows.len(), bytes, "sample {number} frame {index}");
        }
    }
}

#[test]
fn a_long_clip_is_read_frame_by_frame_and_never_held_whole() {
    // Decoded whole, these 120 frames fill 111 MB.
    let Some(clip) = sample("01") else { return };
    for index in 0..clip.header().frames {
        frame(&clip, index);
    }
    let peak = common::peak_memory_mib();
    assert!(peak < 64, "it took {peak} MiB");
}
