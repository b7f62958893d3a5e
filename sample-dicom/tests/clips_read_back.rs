//! Our own reader gets back what was written: size, times, regions, pixels.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests: a failure is a failed test"
)]

use echo_dicom::{Clip, PhysicalUnit, TimeSource};
use sample_dicom::{ClipSpec, Generated, Pixels, View, generate, write_dicom};
use wire::FrameIndex;

fn write_and_open(spec: &ClipSpec) -> (Generated, Clip) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clip.dcm");
    let made = generate(spec).unwrap();
    write_dicom(&made, &file).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    (made, Clip::from_bytes(bytes).unwrap())
}

fn small(view: View, pixels: Pixels) -> ClipSpec {
    ClipSpec {
        width: 320,
        height: 240,
        frames: Some(5),
        pixels,
        ..ClipSpec::new(view, 9)
    }
}

#[test]
fn uncompressed_pixels_come_back_exactly() {
    let (made, clip) = write_and_open(&small(View::A4c, Pixels::Rgb));
    let (made_grey, clip_grey) = write_and_open(&small(View::A4c, Pixels::Grey));
    for i in 0..5 {
        assert!(clip.frame(FrameIndex(i)).unwrap().rows == made.frame(i as usize).unwrap().rgb);
        assert!(
            clip_grey.frame(FrameIndex(i)).unwrap().rows
                == made_grey.frame(i as usize).unwrap().grey()
        );
    }
}

#[test]
fn jpeg_pixels_come_back_close_and_in_the_right_colours() {
    let (made, clip) = write_and_open(&small(View::Combined, Pixels::Jpeg(92)));
    let (read, shown) = (
        clip.frame(FrameIndex(4)).unwrap().rows,
        made.frame(4).unwrap().rgb,
    );
    let mean = |channel: usize| {
        let pairs = read.iter().zip(&shown).skip(channel).step_by(3);
        pairs.map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / (320.0 * 240.0)
    };
    assert!(
        (0..3).all(|c| mean(c) < 4.0),
        "{:.2} {:.2} {:.2}",
        mean(0),
        mean(1),
        mean(2)
    );
}

#[test]
fn regions_come_back_with_their_scales() {
    let (made, clip) = write_and_open(&small(View::Combined, Pixels::Jpeg(90)));
    let regions = &clip.header().regions;
    assert_eq!(regions.len(), 4);
    for (read, told) in regions.iter().zip(&made.truth.regions) {
        let bounds = read.bounds.unwrap();
        assert_eq!(
            [bounds.min_x, bounds.min_y, bounds.max_x, bounds.max_y],
            [told.rect.x0, told.rect.y0, told.rect.x1, told.rect.y1]
        );
        assert_eq!(
            (read.delta_x, read.delta_y),
            (Some(told.delta[0]), Some(told.delta[1]))
        );
        let reference = read.reference_pixel.unwrap();
        assert_eq!([reference.x, reference.y], told.reference_pixel);
    }
    assert_eq!(regions[2].units_y, PhysicalUnit::CentimetrePerSecond);
    // The ECG lies over the M-mode strip and wins there (PS3.3 Figure C.8-4).
    assert!(!regions[1].has_priority() && regions[3].has_priority());
}

#[test]
fn even_and_uneven_times_come_back() {
    let even = small(View::Plax, Pixels::Jpeg(90));
    let uneven = ClipSpec {
        uneven: true,
        ..even.clone()
    };
    for (spec, source) in [
        (even, TimeSource::FrameTime),
        (uneven, TimeSource::FrameTimeVector),
    ] {
        let (made, clip) = write_and_open(&spec);
        let times = &clip.header().frame_times;
        assert_eq!(times.source(), source);
        assert!(!times.is_repaired());
        for frame in &made.truth.frames {
            let read = times.at(FrameIndex(frame.index)).as_secs_f64();
            assert!(
                (read - frame.time_s).abs() < 2e-6,
                "{read} {}",
                frame.time_s
            );
        }
    }
}
