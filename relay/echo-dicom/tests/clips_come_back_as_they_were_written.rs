//! What is written is read again by the reading half: pixels, times, regions, and what the picture is.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;

use std::borrow::Cow;
use std::io::{Cursor, Seek, SeekFrom, Write};
use std::num::NonZeroUsize;
use std::time::Duration;

use common::writing::{
    clip_bytes, context, doppler, even, facts, picture, pictures, psnr, sector, written,
};
use common::{frame, sample};
use echo_dicom::write::{
    ClipFacts, ClipWriter, Frame, FrameFault, Frames, JpegQuality, Origin, PixelCoding, Reference,
    Uid, ViewLabel,
};
use echo_dicom::{Clip, Photometric, Picture, PixelForm, TimeSource, TransferSyntax};
use wire::FrameIndex;

const FORMS: [PixelForm; 2] = [PixelForm::Gray8, PixelForm::Rgb8];

fn with(coding: PixelCoding, facts: ClipFacts) -> ClipFacts {
    ClipFacts { coding, ..facts }
}

#[test]
fn lossless_pixels_are_the_same_to_the_bit() {
    for coding in [PixelCoding::Rle, PixelCoding::Uncompressed] {
        for form in FORMS {
            // Odd sizes meet every pad byte.
            for (width, height) in [(65, 47), (64, 48), (1, 1), (300, 3)] {
                let pictures = pictures(form, width, height, 3);
                let clip = written(&with(coding, facts(&even(3))), &pictures[..]);
                for (index, picture) in pictures.iter().enumerate() {
                    assert!(
                        frame(&clip, index as u32) == *picture,
                        "{coding:?} {form:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn rle_survives_runs_of_every_length() {
    let row: Vec<u8> = (1..300_usize)
        .flat_map(|run| vec![(run % 251) as u8; run])
        .chain((0..600).map(|x| (x * 7 % 256) as u8))
        .collect();
    let picture = Picture {
        width: 450,
        height: (row.len() / 450) as u32,
        form: PixelForm::Gray8,
        rows: row[..row.len() / 450 * 450].to_vec(),
    };
    let clip = written(&with(PixelCoding::Rle, facts(&[0])), &[picture.clone()][..]);
    assert!(frame(&clip, 0) == picture);
}

#[test]
fn jpeg_pixels_are_close() {
    for form in FORMS {
        let pictures = pictures(form, 161, 121, 3);
        let clip = written(&facts(&even(3)), &pictures[..]);
        assert_eq!(clip.header().transfer_syntax, TransferSyntax::JpegBaseline);
        for (index, picture) in pictures.iter().enumerate() {
            let found = psnr(&frame(&clip, index as u32), picture);
            assert!(found > 40.0, "{form:?}: {found} dB");
        }
    }
}

#[test]
fn a_higher_jpeg_quality_is_closer() {
    let pictures = pictures(PixelForm::Gray8, 160, 120, 1);
    let quality = |quality| {
        let coding = PixelCoding::Jpeg(JpegQuality::new(quality).unwrap());
        let clip = written(&with(coding, facts(&[0])), &pictures[..]);
        psnr(&frame(&clip, 0), &pictures[0])
    };
    assert!(quality(99) > quality(80) + 3.0);
    assert_eq!(JpegQuality::new(0), None);
    assert_eq!(JpegQuality::new(101), None);
}

/// JPEG frames as another clip holds them.
struct Copied(Clip);

impl Frames for Copied {
    fn count(&self) -> usize {
        self.0.header().frames as usize
    }

    fn frame(&self, index: FrameIndex) -> Result<Frame<'_>, FrameFault> {
        let bytes = self.0.jpeg_frame(index).ok_or("it is no JPEG clip")?;
        Ok(Frame::Jpeg {
            bytes: Cow::Owned(bytes),
            photometric: self.0.header().layout.photometric,
        })
    }
}

#[test]
fn jpeg_frames_are_copied_unchanged() {
    for form in FORMS {
        let pictures = pictures(form, 64, 48, 2);
        let source = Copied(written(&facts(&even(2)), &pictures[..]));
        let copy = written(&facts(&even(2)), &source);
        for index in [0, 1].map(FrameIndex) {
            assert_eq!(copy.jpeg_frame(index), source.0.jpeg_frame(index));
        }
        assert_eq!(copy.header().layout, source.0.header().layout);
    }
}

#[test]
fn the_offset_table_points_at_every_frame() {
    // Odd frames are padded, which shifts those behind them.
    let pictures = pictures(PixelForm::Gray8, 61, 47, 9);
    let bytes = clip_bytes(&facts(&even(9)), &pictures[..]).unwrap();
    let element = b"\xE0\x7F\x10\0OB\0\0\xFF\xFF\xFF\xFF\xFE\xFF\0\xE0\x24\0\0\0";
    let at = bytes.windows(element.len()).position(|w| w == element);
    let table = at.unwrap() + element.len();
    let first = table + 9 * 4;
    for offset in bytes[table..first].as_chunks::<4>().0 {
        let item = first + u32::from_le_bytes(*offset) as usize;
        assert_eq!(bytes[item..item + 4], *b"\xFE\xFF\0\xE0");
        assert_eq!(bytes[item + 8..item + 10], *b"\xFF\xD8");
    }
}

#[test]
fn frames_of_a_real_clip_are_copied_and_not_coded_again() {
    let Some(source) = sample("01") else { return };
    let frames = u64::from(source.header().frames);
    let regions = source.header().regions.clone();
    let source = Copied(source);
    let facts = ClipFacts {
        regions: regions.clone(),
        ..facts(&even(frames))
    };
    let copy = written(&facts, &source);
    assert_eq!(copy.header().regions, regions);
    for index in [0, frames as u32 - 1].map(FrameIndex) {
        assert_eq!(copy.jpeg_frame(index), source.0.jpeg_frame(index));
        assert!(copy.frame(index).unwrap() == source.0.frame(index).unwrap());
    }
}

#[test]
fn uneven_times_are_exact_to_the_microsecond() {
    let micros = [0, 33_333, 66_667, 101_001, 140_000, 1_140_050];
    let pictures = pictures(PixelForm::Gray8, 16, 16, 6);
    let times = written(&facts(&micros), &pictures[..])
        .header()
        .frame_times
        .clone();
    assert_eq!(times.source(), TimeSource::FrameTimeVector);
    assert!(!times.is_repaired());
    for (index, micros) in micros.iter().enumerate() {
        let found = times.at(FrameIndex(index as u32));
        assert_eq!(found, Duration::from_micros(*micros), "frame {index}");
    }
}

#[test]
fn an_even_clip_has_one_frame_time_and_does_not_drift() {
    let micros = even(300);
    let pictures = pictures(PixelForm::Gray8, 8, 8, 300);
    let times = written(&facts(&micros), &pictures[..])
        .header()
        .frame_times
        .clone();
    assert_eq!(times.source(), TimeSource::FrameTime);
    for (index, micros) in micros.iter().enumerate() {
        let found = times.at(FrameIndex(index as u32)).as_nanos() as f64 / 1_000.0;
        let drift = (found - *micros as f64).abs();
        assert!(drift < 1.5, "frame {index} is off by {drift} us");
    }
}

#[test]
fn regions_come_back_as_they_were() {
    let regions = vec![sector(60, 40), doppler(63, 47)];
    let facts = ClipFacts {
        regions: regions.clone(),
        ..facts(&[0])
    };
    let clip = written(&facts, &pictures(PixelForm::Gray8, 64, 48, 1)[..]);
    assert_eq!(clip.header().regions, regions);
    assert_eq!(
        clip.header().image_type,
        ["ORIGINAL", "PRIMARY", "TTE", "0009"]
    );
}

#[test]
fn a_region_that_overhangs_a_little_is_cut_at_the_edge() {
    let facts = ClipFacts {
        regions: vec![sector(64, 48)],
        ..facts(&[0])
    };
    let clip = written(&facts, &pictures(PixelForm::Gray8, 64, 48, 1)[..]);
    assert_eq!(clip.header().regions, [sector(63, 47)]);
}

#[test]
fn a_clip_says_what_it_is() {
    let source = Reference {
        class_uid: Uid::parse("1.2.840.10008.5.1.4.1.1.3.1").unwrap(),
        instance_uid: Uid::parse("1.2.3.4").unwrap(),
        frames: vec![],
    };
    let facts = ClipFacts {
        origin: Origin::Derived(vec![source]),
        view: Some(ViewLabel::A4c),
        ..facts(&even(2))
    };
    let clip = written(&facts, &pictures(PixelForm::Rgb8, 64, 48, 2)[..]);
    let header = clip.header();
    assert_eq!(header.sop_class_uid, "1.2.840.10008.5.1.4.1.1.3.1");
    assert_eq!(header.sop_instance_uid, "2.25.13");
    assert_eq!(header.burned_in_annotation, Some(false));
    assert_eq!(header.image_type, ["DERIVED", "PRIMARY", "TTE", "0001"]);
    assert_eq!(header.layout.photometric, Photometric::YbrFull422);
    assert_eq!(header.frames, 2);
}

#[test]
fn a_still_is_an_ultrasound_image() {
    for coding in [
        PixelCoding::default(),
        PixelCoding::Rle,
        PixelCoding::Uncompressed,
    ] {
        let picture = picture(PixelForm::Rgb8, 33, 21, 0);
        let (context, facts) = (context(), with(coding, facts(&[])));
        let mut bytes = Vec::new();
        ClipWriter::still(&context, &facts, std::slice::from_ref(&picture))
            .unwrap()
            .write_to(&mut bytes)
            .unwrap();
        let clip = Clip::from_bytes(bytes).unwrap();
        assert_eq!(clip.header().sop_class_uid, "1.2.840.10008.5.1.4.1.1.6.1");
        assert_eq!(clip.header().frames, 1);
        assert!(psnr(&frame(&clip, 0), &picture) > 40.0);
    }
}

#[test]
fn the_bytes_do_not_depend_on_threads_or_on_the_kind_of_output() {
    for coding in [
        PixelCoding::default(),
        PixelCoding::Rle,
        PixelCoding::Uncompressed,
    ] {
        let pictures = pictures(PixelForm::Rgb8, 65, 49, 11);
        let (context, facts) = (context(), with(coding, facts(&even(11))));
        let expected = clip_bytes(&facts, &pictures[..]).unwrap();
        for threads in [1, 2, 3, 16] {
            let writer = ClipWriter::clip(&context, &facts, &pictures[..])
                .unwrap()
                .parallelism(NonZeroUsize::new(threads).unwrap());
            // The object may begin anywhere in its output.
            let mut out = Cursor::new(Vec::new());
            out.write_all(b"before").unwrap();
            let report = writer.write_seekable(&mut out).unwrap();
            assert_eq!(out.stream_position().unwrap(), 6 + report.bytes);
            out.seek(SeekFrom::End(0)).unwrap();
            assert!(out.into_inner()[6..] == expected[..], "{threads} threads");
            let mut plain = Vec::new();
            assert_eq!(writer.write_to(&mut plain).unwrap(), report);
            assert!(plain == expected);
        }
    }
}
