//! Awkward and impossible input: each is refused with an error that names the step or the attribute, or is cut by rule.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;

use std::borrow::Cow;

use common::writing::{clip_bytes, context, even, facts, pictures, sector};
use echo_dicom::write::{
    ClipFacts, ClipWriter, Context, Frame, FrameFault, Frames, PersonName, PixelCoding, TextFault,
    Uid, Video, ViewLabel, WriteError,
};
use echo_dicom::{Clip, Photometric, PhysicalUnit, Picture, PixelForm};
use wire::FrameIndex;

fn grey(width: u32, height: u32) -> Picture {
    let rows = vec![7; (width as usize) * (height as usize)];
    let form = PixelForm::Gray8;
    Picture {
        width,
        height,
        form,
        rows,
    }
}

#[track_caller]
fn refused(facts: &ClipFacts, frames: &[Picture], step: &str, part: &str) {
    let error = clip_bytes(facts, frames).expect_err("the clip is refused");
    assert_eq!(error.step(), step, "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

/// The attribute that is refused in a context, and why.
#[track_caller]
fn refused_text(context: &Context) -> (&'static str, TextFault) {
    let (facts, frames) = (facts(&[0]), [grey(8, 8)]);
    match ClipWriter::clip(context, &facts, &frames[..]) {
        Err(WriteError::Text { field, fault }) => (field, fault),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_clip_needs_frames() {
    refused(&facts(&[]), &[], "frames", "0 frames");
    let (context, facts) = (context(), facts(&[]));
    let two = [grey(8, 8), grey(8, 8)];
    let error = ClipWriter::still(&context, &facts, &two[..]).unwrap_err();
    assert!(error.to_string().contains("a still has one"), "{error}");
}

#[test]
fn sizes_beyond_any_picture_are_refused() {
    for (width, height) in [(65_536, 1), (70_000, 2), (8_193, 1), (1, 8_193), (0, 5)] {
        refused(&facts(&[0]), &[grey(width, height)], "frames", "pixels");
    }
    // Each side is possible, the whole is not.
    refused(&facts(&[0]), &[grey(8_192, 2_049)], "frames", "pixels");
}

#[test]
fn rows_that_do_not_fill_the_picture_are_refused() {
    let mut short = grey(8, 8);
    short.rows.pop();
    refused(&facts(&[0]), &[short], "frames", "63 bytes instead of 64");
}

#[test]
fn frames_of_unequal_size_or_kind_are_refused_by_number() {
    let frames = [grey(8, 8), grey(8, 8), grey(8, 9)];
    for coding in [
        PixelCoding::default(),
        PixelCoding::Rle,
        PixelCoding::Uncompressed,
    ] {
        let facts = ClipFacts {
            coding,
            ..facts(&even(3))
        };
        refused(&facts, &frames, "frames", "frame 3 is 8 x 9");
        let mixed = [grey(8, 8), pictures(PixelForm::Rgb8, 8, 8, 1).remove(0)];
        let facts = ClipFacts {
            times: facts.times[..2].to_vec(),
            ..facts
        };
        refused(&facts, &mixed, "frames", "frame 2 is 8 x 8");
    }
}

#[test]
fn times_must_rise_and_be_as_many_as_frames() {
    let frames = [grey(8, 8), grey(8, 8), grey(8, 8)];
    refused(
        &facts(&[0, 40_000]),
        &frames,
        "times",
        "2 times for 3 frames",
    );
    refused(
        &facts(&[0, 40_000, 39_999]),
        &frames,
        "times",
        "frame 3 is earlier",
    );
    refused(&facts(&[0, 0, 40_000]), &frames, "times", "frame 2 has");
}

#[test]
fn more_uneven_times_than_one_attribute_holds_are_refused() {
    let frames = vec![grey(1, 1); 12_000];
    let uneven: Vec<u64> = (0..12_000).map(|i| i * 33_000 + (i % 7) * 900).collect();
    refused(&facts(&uneven), &frames, "times", "more room");
}

#[test]
fn a_region_outside_the_picture_is_refused_by_number() {
    let with = |region| ClipFacts {
        regions: vec![sector(60, 40), region],
        ..facts(&[0])
    };
    let frames = [grey(64, 48)];
    refused(&with(sector(595, 414)), &frames, "region", "region 2");
    let mut swapped = sector(60, 40);
    swapped.bounds.as_mut().unwrap().min_x = 61;
    refused(&with(swapped), &frames, "region", "no place");
    let mut outside = sector(64, 40);
    outside.bounds.as_mut().unwrap().min_x = 64;
    refused(&with(outside), &frames, "region", "outside");
    let mut nowhere = sector(60, 40);
    nowhere.bounds = None;
    refused(&with(nowhere), &frames, "region", "no place");
}

#[test]
fn a_region_whose_scale_is_no_number_is_refused() {
    let with = |change: fn(&mut echo_dicom::UltrasoundRegion)| {
        let mut region = sector(60, 40);
        change(&mut region);
        ClipFacts {
            regions: vec![region],
            ..facts(&[0])
        }
    };
    let frames = [grey(64, 48)];
    let nan = with(|region| region.delta_x = Some(f64::NAN));
    refused(&nan, &frames, "region", "no number");
    let missing = with(|region| region.delta_y = None);
    refused(&missing, &frames, "region", "no scale");
    let negative = with(|region| region.transducer_frequency = Some(-1.0));
    refused(&negative, &frames, "region", "frequency");
    let unitless = with(|region| (region.units_x, region.delta_x) = (PhysicalUnit::None, None));
    assert!(clip_bytes(&unitless, &frames[..]).is_ok());
}

#[test]
fn identities_that_do_not_fit_are_refused_by_attribute() {
    let long = "9".repeat(65);
    let with = |change: &dyn Fn(&mut Context)| {
        let mut context = context();
        change(&mut context);
        refused_text(&context)
    };
    let too_long = |limit| TextFault::TooLong { limit };
    assert_eq!(
        with(&|c| c.patient.id.clone_from(&long)),
        ("PatientID", too_long(64))
    );
    assert_eq!(
        with(&|c| c.patient.id = "1\\2".into()),
        ("PatientID", TextFault::Separator)
    );
    assert_eq!(
        with(&|c| c.patient.id = "1\u{0}2".into()),
        ("PatientID", TextFault::Control)
    );
    assert_eq!(
        with(&|c| c.study.accession_number = "x".repeat(17)),
        ("AccessionNumber", too_long(16))
    );
    assert_eq!(
        with(&|c| c.study.id = "x".repeat(17)),
        ("StudyID", too_long(16))
    );
    assert_eq!(
        with(&|c| c.equipment.serial_number.clone_from(&long)),
        ("DeviceSerialNumber", too_long(64))
    );
    assert_eq!(
        with(&|c| c.patient.name = PersonName::new("a^b^c^d^e^f")),
        ("PatientName", TextFault::Separator)
    );
    assert_eq!(
        with(&|c| c.study.referring_physician = PersonName::new("あ".repeat(65))),
        ("ReferringPhysicianName", too_long(64))
    );
}

#[test]
fn no_error_repeats_what_it_refuses() {
    let mut context = context();
    context.patient.id = "SECRET\u{7}".into();
    let (facts, frames) = (facts(&[0]), [grey(8, 8)]);
    let error = ClipWriter::clip(&context, &facts, &frames[..]).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("SECRET"));
}

#[test]
fn descriptions_are_cut_and_never_stop_a_clip() {
    let mut context = context();
    context.equipment.institution_name = "病院".repeat(60);
    context.equipment.station_name = "a\nb\\c with a long tail".into();
    context.series.description = "\u{1b}$B".into();
    let facts = ClipFacts {
        view: Some(ViewLabel::Other("label ".repeat(20))),
        ..facts(&[0])
    };
    let mut bytes = Vec::new();
    ClipWriter::clip(&context, &facts, &[grey(8, 8)][..])
        .unwrap()
        .write_to(&mut bytes)
        .unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("a b c with a lon"));
    assert!(!text.contains("long tail"));
    assert!(text.contains(&"病院".repeat(32)) && !text.contains(&"病院".repeat(33)));
    assert!(Clip::from_bytes(bytes).is_ok());
}

/// A frame that is what the test says.
struct Given(fn() -> Result<Frame<'static>, FrameFault>);

impl Frames for Given {
    fn count(&self) -> usize {
        1
    }

    fn frame(&self, _: FrameIndex) -> Result<Frame<'_>, FrameFault> {
        (self.0)()
    }
}

fn jpeg(bytes: &'static [u8]) -> Result<Frame<'static>, FrameFault> {
    Ok(Frame::Jpeg {
        bytes: Cow::Borrowed(bytes),
        photometric: Photometric::YbrFull422,
    })
}

/// The markers of a progressive frame of 8 x 8 pixels.
const PROGRESSIVE: &[u8] = b"\xFF\xD8\xFF\xC2\0\x0B\x08\0\x08\0\x08\x01\x01\x11\0\
    \xFF\xDA\0\x08\x01\x01\0\0\x3F\0";

#[test]
fn bytes_that_are_no_jpeg_baseline_are_not_copied() {
    let fault = |given: Given, coding| {
        let facts = ClipFacts {
            coding,
            ..facts(&[0])
        };
        clip_bytes(&facts, &given).unwrap_err().to_string()
    };
    let default = PixelCoding::default();
    assert!(fault(Given(|| jpeg(b"no picture")), default).contains("no start of image"));
    assert!(fault(Given(|| jpeg(b"\xFF\xD8\xFF\xD9")), default).contains("before the first scan"));
    assert!(fault(Given(|| jpeg(PROGRESSIVE)), default).contains("another process"));
    assert!(fault(Given(|| jpeg(b"\xFF\xD8")), PixelCoding::Rle).contains("stored as RLE"));
}

#[test]
fn a_frame_that_cannot_be_had_keeps_its_reason() {
    let error = clip_bytes(&facts(&[0]), &Given(|| Err("the ring moved on".into()))).unwrap_err();
    assert_eq!(error.step(), "feed");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "the ring moved on");
}

#[test]
fn a_video_is_an_mp4_of_several_frames() {
    let write = |mp4: &[u8], micros: &[u64]| {
        let video = Video {
            mp4: &[mp4],
            columns: 64,
            rows: 48,
        };
        video.write_to(&context(), &facts(micros), &mut Vec::new())
    };
    let mp4 = b"\0\0\0\x08ftypisom";
    assert!(write(mp4, &even(30)).is_ok());
    let error = write(b"\0\0\0\x01\x67\x64", &even(30)).unwrap_err();
    assert!(error.to_string().contains("no MP4"), "{error}");
    assert!(write(mp4, &[0, 30_000, 90_000]).is_ok(), "uneven times");
    assert_eq!(write(mp4, &[0]).unwrap_err().step(), "frames");
}

#[test]
fn an_output_that_fails_is_named() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (context, facts) = (context(), facts(&[0]));
    let frames = [grey(8, 8)];
    let writer = ClipWriter::clip(&context, &facts, &frames[..]).unwrap();
    assert_eq!(writer.write_to(&mut Full).unwrap_err().step(), "write");
}

#[test]
fn a_uid_is_digits_and_dots() {
    assert!(Uid::parse("1.2.3").is_some());
    for wrong in ["", "1.2/../3", "1.2\0", &"1".repeat(65)] {
        assert_eq!(Uid::parse(wrong), None);
    }
}
