//! x264 as a live encoder: keyframes only when asked, rate changes in flight, pictures that survive coding.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use capture_agent::barcode;
use capture_agent::encode::annexb::{Nal, nals, units};
use capture_agent::encode::{
    AccessUnit, BitRate, EncoderFactory, EncoderSettings, FfmpegFactory, Preset, VideoEncoder,
};
use capture_agent::picture::{Form, Picture, PicturePool};
use capture_agent::source::{FrameSource, open};
use capture_agent::sync::Stop;
use ffmpeg_next::color;
use support::decode::Decoder;
use wire::agent::FrameStamp;
use wire::{CaptureTime, FrameIndex, RtpTime, StreamId};

fn kbps(kbps: u32) -> BitRate {
    BitRate::from_kbps(kbps).unwrap()
}

fn encoder(width: u32, height: u32, rate: u32) -> Box<dyn VideoEncoder> {
    let settings = EncoderSettings {
        width,
        height,
        frame_rate: 30.0,
        bit_rate: kbps(rate),
        preset: Preset::Superfast,
        buffer_frames: 3.0,
    };
    FfmpegFactory.open("libx264", &settings).unwrap()
}

/// Pictures of the moving test pattern, without waiting for their time.
fn pattern(options: &str, count: usize) -> Vec<Picture> {
    let mut source: Box<dyn FrameSource> = open(
        &format!("test:fps=120,{options}").parse().unwrap(),
        &PicturePool::default(),
        &Stop::default(),
    )
    .unwrap();
    (0..count)
        .map(|_| source.next(&Stop::default()).unwrap().picture)
        .collect()
}

fn code(encoder: &mut dyn VideoEncoder, picture: &Picture, n: u32, idr: bool) -> AccessUnit {
    let mut out = Vec::new();
    encoder
        .encode(picture, RtpTime(n * 3000), idr, &mut out)
        .unwrap();
    assert_eq!(out.len(), 1, "one picture in, one access unit out");
    assert_eq!(out[0].rtp_time, RtpTime(n * 3000));
    out.remove(0)
}

fn stamp(n: u32) -> FrameStamp {
    let captured_at = CaptureTime(1_795_000_000_000_000 + u64::from(n) * 33_333);
    FrameStamp {
        stream: StreamId::random(),
        index: FrameIndex(n),
        captured_at,
        rtp_time: RtpTime::of(captured_at),
    }
}

/// The offer promises 42e01f and its higher levels: what every browser decodes in hardware, and without reordering.
#[test]
fn the_stream_is_constrained_baseline_as_the_offer_says() {
    let picture = pattern("size=800x600", 1).remove(0);
    let unit = code(encoder(800, 600, 2000).as_mut(), &picture, 0, true);
    let units = units(&unit.data);
    let sps = units.iter().find(|unit| unit[0] & 0x1f == 7).unwrap();
    // ITU-T H.264 section 7.3.2.1.1: profile_idc, then the constraint flags.
    assert_eq!((sps[1], sps[2] & 0x40), (66, 0x40), "{sps:02x?}");
}

#[test]
fn the_barcode_is_readable_after_encoding_and_decoding_at_a_low_rate() {
    for options in ["size=800x600", "size=1024x768,form=rgb", "size=320x240"] {
        let pictures = pattern(options, 45);
        let (width, height) = (pictures[0].width(), pictures[0].height());
        let (mut encoder, mut decoder) = (encoder(width, height, 1000), Decoder::new());
        for (n, mut picture) in pictures.into_iter().enumerate() {
            let stamp = stamp(n as u32);
            barcode::draw(&mut picture, &stamp);
            let unit = code(encoder.as_mut(), &picture, n as u32, false);
            let decoded = decoder.decode(&unit).unwrap();
            assert_eq!(
                barcode::read(&decoded.gray),
                Some(barcode::Reading::of(&stamp)),
                "{options}, picture {n}"
            );
        }
    }
}

#[test]
fn a_forced_idr_brings_its_parameter_sets_and_nothing_else_is_a_keyframe() {
    let pictures = pattern("size=640x480", 20);
    let mut encoder = encoder(640, 480, 2000);
    for (n, picture) in pictures.iter().enumerate() {
        let unit = code(encoder.as_mut(), picture, n as u32, n == 10);
        let found = nals(&unit.data);
        if n == 0 || n == 10 {
            assert!(
                unit.keyframe
                    && [Nal::Sps, Nal::Pps, Nal::Idr]
                        .iter()
                        .all(|nal| found.contains(nal)),
                "{n}: {found:?}"
            );
        } else {
            assert!(
                !unit.keyframe && found.iter().all(|nal| *nal == Nal::Slice),
                "{n}: {found:?}"
            );
        }
    }
    let late = code(encoder.as_mut(), &pictures[3], 20, true);
    assert!(
        Decoder::new().decode(&late).is_some(),
        "a viewer that joins at a forced keyframe sees it"
    );
}

#[test]
fn the_bit_rate_changes_in_flight_without_a_keyframe() {
    let pictures = pattern("size=800x600", 30);
    let mut encoder = encoder(800, 600, 2000);
    let mut per_second = Vec::new();
    for second in 0..6u32 {
        match second {
            2 => encoder.set_rate(kbps(600), 30.0),
            4 => encoder.set_rate(kbps(3000), 30.0),
            _ => {}
        }
        let mut bits = 0;
        for n in 0..30 {
            let unit = code(
                encoder.as_mut(),
                &pictures[n as usize],
                second * 30 + n,
                false,
            );
            assert!(!unit.keyframe || (second == 0 && n == 0));
            bits += unit.data.len() * 8;
        }
        per_second.push(bits / 1000);
    }
    assert!((1500..2500).contains(&per_second[1]), "{per_second:?}");
    assert!((400..850).contains(&per_second[3]), "{per_second:?}");
    assert!((2200..3700).contains(&per_second[5]), "{per_second:?}");
}

#[test]
fn a_source_slower_than_expected_still_gets_its_whole_bit_rate() {
    let pictures = pattern("size=800x600", 30);
    let mut encoder = encoder(800, 600, 2000);
    encoder.set_rate(kbps(2000), 15.0);
    let bits: usize = (0..60)
        .map(|n| {
            code(encoder.as_mut(), &pictures[n % 30], n as u32, false)
                .data
                .len()
                * 8
        })
        .sum();
    let kbps = bits / 4 / 1000; // 60 pictures at 15 per second are four seconds.
    assert!((1500..2600).contains(&kbps), "{kbps} kbit/s");
}

#[test]
fn odd_and_tiny_sizes_are_coded_whole() {
    for (width, height) in [(801, 601), (33, 17), (430, 600), (16, 16), (1, 1)] {
        for form in [Form::Gray8, Form::Rgb8] {
            let rows = vec![200; width as usize * height as usize * form.bytes()];
            let picture = Picture::from_rows(width, height, form, rows).unwrap();
            let mut encoder = encoder(width, height, 1000);
            let decoded = Decoder::new()
                .decode(&code(encoder.as_mut(), &picture, 0, false))
                .unwrap();
            assert_eq!(
                (decoded.gray.width(), decoded.gray.height()),
                (width + width % 2, height + height % 2)
            );
            assert!(
                decoded
                    .gray
                    .rows()
                    .iter()
                    .all(|level| level.abs_diff(200) <= 6),
                "{width} x {height} {form:?}"
            );
        }
    }
}

#[test]
fn colour_survives_and_the_stream_says_how_to_read_it() {
    for (height, space) in [(240, color::Space::SMPTE170M), (720, color::Space::BT709)] {
        let rows = [200u8, 40, 60].repeat(320 * height as usize);
        let picture = Picture::from_rows(320, height, Form::Rgb8, rows).unwrap();
        let decoded = Decoder::new()
            .decode(&code(
                encoder(320, height, 2000).as_mut(),
                &picture,
                0,
                false,
            ))
            .unwrap();
        assert_eq!((decoded.range, decoded.space), (color::Range::MPEG, space));
        assert!(
            decoded.chroma[1] > 180,
            "red has a high Cr: {:?}",
            decoded.chroma
        );
    }
}
