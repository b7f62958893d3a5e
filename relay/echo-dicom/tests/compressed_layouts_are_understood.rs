//! JPEG, JPEG-LS, JPEG 2000 and RLE in the arrangements that the sample files lack, on files built here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;

use common::builder::{File, J2K, JPEG, JPEG_LS, RLE, Shape};
use common::{block_mean, fingerprint, first_frame, pixel, sample, sample_path};
use echo_dicom::{Clip, Picture, PixelForm};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

const RED: [u8; 3] = [255, 0, 0];
const BLUE: [u8; 3] = [0, 0, 255];
const YBR_RED: [u8; 3] = [76, 85, 255];
const YBR_BLUE: [u8; 3] = [29, 255, 107];

/// 16 x 16 pixels: the upper half in one colour, the lower in the other.
fn halves(upper: [u8; 3], lower: [u8; 3]) -> Vec<u8> {
    [upper.repeat(128), lower.repeat(128)].concat()
}

/// Whether the picture is red above blue, give or take what lossy coding does.
fn is_red_above_blue(picture: &Picture) -> bool {
    let near = |found: [f64; 3], wanted: [u8; 3]| {
        found
            .iter()
            .zip(wanted)
            .all(|(found, wanted)| (found - f64::from(wanted)).abs() < 8.0)
    };
    near(block_mean(picture, (1, 3)), RED) && near(block_mean(picture, (6, 3)), BLUE)
}

/// Baseline JPEG of samples taken as they are.
fn jpeg(samples: &[u8], sampling: SamplingFactor) -> Vec<u8> {
    let mut coded = Vec::new();
    let mut encoder = Encoder::new(&mut coded, 98);
    encoder.set_sampling_factor(sampling);
    encoder.encode(samples, 16, 16, ColorType::Ycbcr).unwrap();
    coded
}

/// Takes the JFIF marker out, as DICOM encoders do, and puts another segment in its place.
fn without_jfif(coded: &[u8], instead: &[u8]) -> Vec<u8> {
    assert_eq!(coded[2..4], [0xFF, 0xE0]);
    let len = usize::from(u16::from_be_bytes([coded[4], coded[5]]));
    [&coded[..2], instead, &coded[4 + len..]].concat()
}

fn adobe(transform: u8) -> Vec<u8> {
    [
        &[0xFF, 0xEE, 0, 14][..],
        b"Adobe\0\x64\0\0\0\0",
        &[transform],
    ]
    .concat()
}

fn jpeg_clip(photometric: &'static str, coded: &[u8]) -> Vec<u8> {
    File::new(JPEG)
        .picture(Shape::new(photometric, 16, 16))
        .fragments(&[], &[coded])
        .build()
}

#[test]
fn bare_jpeg_frames_have_the_colour_that_the_header_says() {
    let ybr = without_jfif(
        &jpeg(&halves(YBR_RED, YBR_BLUE), SamplingFactor::F_1_1),
        &[],
    );
    assert!(is_red_above_blue(
        &first_frame(jpeg_clip("YBR_FULL", &ybr)).unwrap()
    ));
    let rgb = without_jfif(&jpeg(&halves(RED, BLUE), SamplingFactor::F_1_1), &[]);
    assert!(is_red_above_blue(
        &first_frame(jpeg_clip("RGB", &rgb)).unwrap()
    ));
}

#[test]
fn a_jpeg_frame_that_states_its_colour_is_believed() {
    let rgb = jpeg(&halves(RED, BLUE), SamplingFactor::F_1_1);
    let stated = without_jfif(&rgb, &adobe(0));
    assert!(is_red_above_blue(
        &first_frame(jpeg_clip("YBR_FULL", &stated)).unwrap()
    ));
    // Files that say RGB over a JFIF or subsampled stream are common: the samples are YCbCr.
    let ybr = halves(YBR_RED, YBR_BLUE);
    let jfif = jpeg(&ybr, SamplingFactor::F_1_1);
    assert!(is_red_above_blue(
        &first_frame(jpeg_clip("RGB", &jfif)).unwrap()
    ));
    let subsampled = without_jfif(&jpeg(&ybr, SamplingFactor::F_2_1), &[]);
    assert!(is_red_above_blue(
        &first_frame(jpeg_clip("RGB", &subsampled)).unwrap()
    ));
}

#[test]
fn every_chroma_sampling_keeps_its_colour() {
    for sampling in [
        SamplingFactor::F_1_1,
        SamplingFactor::F_2_1,
        SamplingFactor::F_2_2,
    ] {
        let coded = without_jfif(&jpeg(&halves(YBR_RED, YBR_BLUE), sampling), &[]);
        assert!(is_red_above_blue(
            &first_frame(jpeg_clip("YBR_FULL_422", &coded)).unwrap()
        ));
    }
}

#[test]
fn grey_jpeg_frames_stay_grey() {
    let mut coded = Vec::new();
    Encoder::new(&mut coded, 98)
        .encode(&[90; 256], 16, 16, ColorType::Luma)
        .unwrap();
    let picture = first_frame(jpeg_clip("MONOCHROME2", &coded)).unwrap();
    assert_eq!(
        (picture.form, pixel(&picture, 8, 8)),
        (PixelForm::Gray8, [90; 3])
    );
}

#[test]
fn the_jpeg_bytes_of_a_frame_come_out_untouched() {
    let coded = jpeg(&halves(YBR_RED, YBR_BLUE), SamplingFactor::F_2_1);
    let (first, second) = coded.split_at(coded.len() / 3 * 2);
    let shape = Shape {
        frames: 1,
        ..Shape::new("YBR_FULL_422", 16, 16)
    };
    let clip = File::new(JPEG).picture(shape).fragments(
        &[],
        &[&first[..first.len() & !1], &coded[first.len() & !1..]],
    );
    let clip = Clip::from_bytes(clip.build()).unwrap();
    let found = clip.jpeg_frame(wire::FrameIndex(0)).unwrap();
    assert_eq!(found[..coded.len()], coded);
    assert!(found.len() <= second.len() + first.len() + 1);
    assert!(clip.jpeg_frame(wire::FrameIndex(1)).is_none());
}

fn jpeg_ls(samples: &[u8], mode: charls::InterleaveMode) -> Vec<u8> {
    let mut encoder = charls::CharLS::default();
    encoder.set_interleave_mode(mode).unwrap();
    let info = charls::FrameInfo {
        width: 16,
        height: 16,
        bits_per_sample: 8,
        component_count: 3,
    };
    encoder.encode(info, 0, samples).unwrap()
}

#[test]
fn jpeg_ls_colour_is_right_in_every_interleave_mode() {
    let mixed = halves(RED, BLUE);
    let planar: Vec<u8> = (0..3)
        .flat_map(|plane| mixed.chunks_exact(3).map(move |pixel| pixel[plane]))
        .collect();
    for (mode, samples) in [
        (charls::InterleaveMode::Sample, &mixed),
        (charls::InterleaveMode::Line, &mixed),
        (charls::InterleaveMode::None, &planar),
    ] {
        let coded = jpeg_ls(samples, mode);
        let clip = File::new(JPEG_LS)
            .picture(Shape::new("RGB", 16, 16))
            .fragments(&[], &[&coded]);
        let picture = first_frame(clip.build()).unwrap();
        assert_eq!(picture.rows, mixed, "{mode:?}");
    }
}

#[test]
fn jpeg_ls_in_ybr_becomes_rgb() {
    let coded = jpeg_ls(&halves(YBR_RED, YBR_BLUE), charls::InterleaveMode::Sample);
    let clip = File::new(JPEG_LS)
        .picture(Shape::new("YBR_FULL", 16, 16))
        .fragments(&[], &[&coded]);
    assert!(is_red_above_blue(&first_frame(clip.build()).unwrap()));
}

#[test]
fn jpeg_ls_of_twelve_bits_uses_its_full_range() {
    let samples: Vec<u16> = (0..256)
        .map(|i| if i < 128 { 4095 } else { 2048 })
        .collect();
    let bytes: Vec<u8> = samples
        .iter()
        .flat_map(|sample| sample.to_ne_bytes())
        .collect();
    let info = charls::FrameInfo {
        width: 16,
        height: 16,
        bits_per_sample: 12,
        component_count: 1,
    };
    let coded = charls::CharLS::default().encode(info, 0, &bytes).unwrap();
    let shape = Shape {
        allocated: 16,
        stored: 12,
        ..Shape::new("MONOCHROME2", 16, 16)
    };
    let clip = File::new(JPEG_LS).picture(shape).fragments(&[], &[&coded]);
    let picture = first_frame(clip.build()).unwrap();
    assert_eq!(
        (pixel(&picture, 0, 0), pixel(&picture, 0, 15)),
        ([255; 3], [128; 3])
    );
}

/// Y, Cb, Cr of red above blue, 32 x 32, without a colour transform of its own (made with OpenJPEG 2.5.2).
const J2K_YBR: &str = "ff4fff51002f000000000020000000200000000000000000000000200000002000000000000000000003070101\
070101070101ff52000c00000001000504040001ff5c00134040484850484850484850484850484850ff90000a0000000000990001ff93\
c7d40409bfc1f20107cfb40801dfa1f50100057fa7e004043ba3ed010009a0f9c180007b80a3ed050009a7e92bbfa3ed060003927403a4\
7fa0f9c3800f276dc654a99fa3ed07000c7811c0b6f54da3ed09000f2819c75dd928835fa0f9c4800384c8a160b132481fa3ed060000d4\
c737255fa3ed0d000384cf37253cb1238c78fc0c1fa0f9c28066ae44caa8a3ed0f00676aaaeff8bf6f07fb551ac712164fa3ed0f0066ae\
44e01c7d360ff6aa358e242c9fffd9";

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .bytes()
        .filter_map(|b| (b as char).to_digit(16))
        .map(|d| d as u8)
        .collect();
    digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// Sets the tile-part length of a code stream with one tile, which the comment taken out has changed.
fn with_tile_length(mut coded: Vec<u8>) -> Vec<u8> {
    let at = coded
        .windows(2)
        .position(|two| two == [0xFF, 0x90])
        .unwrap();
    let len = (coded.len() - 2 - at) as u32;
    coded[at + 6..at + 10].copy_from_slice(&len.to_be_bytes());
    coded
}

#[test]
fn jpeg_2000_without_a_transform_of_its_own_is_converted_from_ybr() {
    let coded = with_tile_length(hex(J2K_YBR));
    let clip = File::new(J2K)
        .picture(Shape::new("YBR_FULL", 32, 32))
        .fragments(&[], &[&coded]);
    assert!(is_red_above_blue(&first_frame(clip.build()).unwrap()));
}

#[test]
fn a_jpeg_2000_transform_is_not_undone_twice_when_the_header_says_ybr() {
    let Some(path) = sample_path("17") else {
        return;
    };
    let mut bytes = std::fs::read(path).unwrap();
    let label = bytes
        .windows(8)
        .position(|eight| eight == b"YBR_RCT ")
        .unwrap();
    bytes[label..label + 8].copy_from_slice(b"YBR_FULL");
    assert_eq!(
        fingerprint(&first_frame(bytes).unwrap()),
        "e16892020c73095e"
    );
}

#[test]
fn a_jpeg_2000_file_around_the_code_stream_is_unwrapped() {
    let coded = with_tile_length(hex(J2K_YBR));
    let wrapped = [b"\0\0\0\x0CjP  \r\n\x87\n\0\0\0\0jp2c".as_slice(), &coded].concat();
    let clip = File::new(J2K)
        .picture(Shape::new("YBR_FULL", 32, 32))
        .fragments(&[], &[&wrapped]);
    assert!(is_red_above_blue(&first_frame(clip.build()).unwrap()));
}

/// One RLE frame: header and segments, each a plane as literal runs.
fn rle(planes: &[Vec<u8>]) -> Vec<u8> {
    let mut header = vec![planes.len() as u32];
    let mut body = Vec::new();
    for plane in planes {
        header.push(64 + body.len() as u32);
        for run in plane.chunks(128) {
            body.push(run.len() as u8 - 1);
            body.extend_from_slice(run);
        }
    }
    header.resize(16, 0);
    [
        header.iter().flat_map(|word| word.to_le_bytes()).collect(),
        body,
    ]
    .concat()
}

#[test]
fn rle_words_are_joined_from_high_and_low_bytes() {
    let shape = Shape {
        allocated: 16,
        stored: 16,
        ..Shape::new("MONOCHROME2", 3, 1)
    };
    let coded = rle(&[vec![0x00, 0x80, 0xFF], vec![0x00, 0x00, 0xFF]]);
    let clip = File::new(RLE).picture(shape).fragments(&[], &[&coded]);
    assert_eq!(first_frame(clip.build()).unwrap().rows, [0, 128, 255]);
}

#[test]
fn an_rle_frame_in_several_fragments_is_put_together() {
    let planes = [vec![255; 300], vec![0; 300], vec![9; 300]];
    let coded = rle(&planes);
    let clip = File::new(RLE).picture(Shape::new("RGB", 300, 1));
    let clip = clip.fragments(&[], &[&coded[..100], &coded[100..102], &coded[102..]]);
    assert_eq!(
        first_frame(clip.build()).unwrap().rows,
        [255, 0, 9].repeat(300)
    );
}

#[test]
fn rle_runs_literals_and_fillers_are_told_apart() {
    // 3 times 7 by a run, a filler, then 1, 2 as literals.
    let mut coded = rle(&[vec![]]);
    coded.extend_from_slice(&[254, 7, 128, 1, 1, 2]);
    let clip = File::new(RLE)
        .picture(Shape::new("MONOCHROME2", 5, 1))
        .fragments(&[], &[&coded]);
    assert_eq!(first_frame(clip.build()).unwrap().rows, [7, 7, 7, 1, 2]);
}

#[test]
fn a_code_stream_that_breaks_off_gives_no_half_picture() {
    let began = std::time::Instant::now();
    let refused = |syntax: &'static str, shape: Shape, coded: &[u8]| {
        let clip = File::new(syntax).picture(shape).fragments(&[], &[coded]);
        first_frame(clip.build()).expect_err("half a picture is refused");
    };
    let colour = Shape::new("YBR_FULL_422", 320, 240);
    if let Some(clip) = sample("02") {
        let coded = clip.jpeg_frame(wire::FrameIndex(0)).unwrap();
        for part in 1..10 {
            refused(JPEG, colour, &coded[..coded.len() * part / 10]);
        }
    }
    let noise: Vec<u8> = (0..768_u32).map(|i| ((i * i * 31) >> 3) as u8).collect();
    let coded = jpeg_ls(&noise, charls::InterleaveMode::Sample);
    for part in 1..10 {
        refused(
            JPEG_LS,
            Shape::new("RGB", 16, 16),
            &coded[..coded.len() * part / 10],
        );
    }
    // A tile of open length: only the decoder can tell that its data ends too early.
    let mut coded = hex(J2K_YBR);
    let tile = coded
        .windows(2)
        .position(|two| two == [0xFF, 0x90])
        .unwrap();
    coded[tile + 6..tile + 10].fill(0);
    for part in 1..10 {
        let cut = tile + 14 + (coded.len() - tile - 14) * part / 10;
        refused(J2K, Shape::new("YBR_FULL", 32, 32), &coded[..cut]);
    }
    // CharLS needed seconds for each until its input was closed by a marker.
    assert!(
        began.elapsed() < std::time::Duration::from_secs(5),
        "it took {:?}",
        began.elapsed()
    );
}
