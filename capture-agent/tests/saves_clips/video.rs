//! Clips as H.264 video: what is in the object is what was captured, frame by frame, and what is no video is JPEG.

use crate::support::decode::frames_of;
use crate::support::readers::{assert_conforms, said};
use crate::{Bench, frame_at, played};
use capture_agent::clip::{Coding, Progress};
use capture_agent::frame::Frame;
use capture_agent::picture::{Form, Picture};
use capture_agent::spool::Outgoing;
use echo_dicom::Clip;
use std::path::Path;
use std::sync::Arc;
use wire::clip::{ClipCoding, SaveWhat};
use wire::mark::Anchor;
use wire::{ClipId, FrameIndex, StreamId};

/// The same scene at each size: a bright spot over soft tissue that moves with every frame.
fn scene(n: u32, after_us: u64, (width, height): (u32, u32), form: Form) -> Frame {
    let level = |x: u32, y: u32| {
        let (dx, dy) = (x.abs_diff(width / 4 + n * 2), y.abs_diff(height / 2));
        let spot = 170.0 / (1.0 + f64::from(dx * dx + dy * dy) / 500.0);
        spot + 40.0 + 20.0 * (f64::from(x + n) / 9.0).sin() * (f64::from(y) / 7.0).cos()
    };
    let rows = (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .flat_map(|(x, y)| {
            let level = level(x, y);
            match form {
                Form::Gray8 => vec![level as u8],
                Form::Rgb8 => vec![level as u8, (level * 0.8) as u8, (level * 0.6) as u8],
            }
        })
        .collect();
    let mut frame = frame_at(n, after_us, form, &played());
    frame.picture = Arc::new(Picture::from_rows(width, height, form, rows).unwrap());
    frame
}

/// Films such scenes and saves them; gives the frames and the clip.
fn filmed(bench: &Bench, size: (u32, u32), form: Form, after_us: &[u64]) -> (Vec<Frame>, ClipId) {
    let frames: Vec<Frame> = (0..)
        .zip(after_us)
        .map(|(n, after_us)| scene(n, *after_us, size, form))
        .collect();
    for frame in &frames {
        bench.ring.lock().unwrap().push(frame.clone());
    }
    let (clip, end) = bench.save(SaveWhat::Last { seconds: 6 }, Some("A4C"));
    assert_eq!(end, Progress::Finished, "{:?}", bench.board.now());
    (frames, clip)
}

#[test]
fn as_h264_each_frame_is_there_in_order_near_what_it_was_and_at_its_true_time() {
    let even: Vec<u64> = (0..35).map(|n| n * 100_000 / 3).collect();
    // A grabber that is late now and then, and a stall.
    let uneven: Vec<u64> = (0..35)
        .map(|n| n * 33_000 + (n % 7) * 1_500 + u64::from(n > 20) * 300_000)
        .collect();
    for (form, size, after_us) in [
        (Form::Gray8, (320, 240), &even),
        (Form::Rgb8, (160, 720), &uneven),
    ] {
        let bench = Bench::new(Coding::H264);
        let (frames, clip) = filmed(&bench, size, form, after_us);
        let file = bench.object(clip);
        let saved = Clip::open(&file).unwrap();
        let header = saved.header();
        assert_eq!(header.frames, 35);
        assert_eq!((header.layout.columns, header.layout.rows), size);
        let video = saved.video().expect("it is a video");
        assert_eq!(video.codec(), "avc1.640029");
        assert_eq!(video.keys(), [0, 10, 20, 30]);
        let decoded = frames_of(&saved, form);
        assert_eq!(decoded.len(), frames.len());
        for (n, (seen, frame)) in decoded.iter().zip(&frames).enumerate() {
            let near = psnr(seen, frame.picture.rows());
            assert!(near >= 40.0, "frame {n} of {form:?}: {near:.1} dB");
            let index = FrameIndex(n as u32);
            let at = header.frame_times.at(index).as_micros() as u64;
            assert!(at.abs_diff(after_us[n]) <= 340, "frame {n} at {at}");
        }
        let uneven_at = header.frame_times.at(FrameIndex(20)).as_micros() as u64;
        assert!(form == Form::Gray8 || uneven_at.abs_diff(after_us[20]) <= 1);
        let outgoing = Outgoing::open(&bench.spool, clip).unwrap();
        assert_eq!(outgoing.head.coding, ClipCoding::Video);
        assert_eq!(outgoing.head.check(&outgoing.times), Ok(()));
        assert_eq!(header.regions.len(), 1);
        assert_conforms(&file);
        if let Some(dump) = said("dcmdump", &["+U8"], &file) {
            for expected in [
                "ISO_14496_10",
                "YBR_PARTIAL_420",
                "[A4C; orientation marker right]",
                "[35]",
            ] {
                assert!(dump.contains(expected), "{expected} is missing in {dump}");
            }
        }
        if let Some(read) = read_by_pydicom(&file) {
            for expected in [
                "NumberOfFrames: 35",
                "PhotometricInterpretation: YBR_PARTIAL_420",
                "syntax: 1.2.840.10008.1.2.4.102",
            ] {
                assert!(read.contains(expected), "{expected} is missing in {read}");
            }
        }
        if let Some(probed) = probed(&file, &saved) {
            assert!(probed.contains("nb_read_frames=35"), "{probed}");
            assert!(probed.contains("profile=High"), "{probed}");
            assert!(probed.contains("color_range=tv"), "{probed}");
        }
    }
}

/// What pydicom says of an object.
fn read_by_pydicom(object: &Path) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let python = root.join(".tools/py/bin/python");
    let script = root.join("relay/echo-dicom/tests/peers/read_clip.py");
    let arguments = [script.to_str().unwrap()];
    said(python.to_str().unwrap(), &arguments, object)
}

/// What ffprobe says of the MP4 file inside, every frame decoded.
fn probed(object: &Path, clip: &Clip) -> Option<String> {
    let bytes = std::fs::read(object).unwrap();
    let begins = bytes.windows(4).position(|it| it == b"ftyp").unwrap() - 4;
    let last = clip
        .video_frame(FrameIndex(clip.header().frames - 1))
        .unwrap();
    let ends = bytes
        .windows(last.len())
        .rposition(|it| it == last)
        .unwrap()
        + last.len();
    let file = object.with_extension("mp4");
    std::fs::write(&file, &bytes[begins..ends]).unwrap();
    let wanted = [
        "-v",
        "error",
        "-count_frames",
        "-select_streams",
        "v",
        "-show_entries",
        "stream=nb_read_frames,profile,level,color_range,color_space",
    ];
    said("ffprobe", &wanted, &file)
}

fn psnr(one: &[u8], other: &[u8]) -> f64 {
    assert_eq!(one.len(), other.len());
    let squares = one
        .iter()
        .zip(other)
        .map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2));
    let mean = squares.sum::<f64>() / one.len() as f64;
    10.0 * (255.0 * 255.0 / mean.max(1e-9)).log10()
}

#[test]
fn what_is_no_video_is_written_as_jpeg_and_says_so() {
    let even: Vec<u64> = (0..12).map(|n| n * 100_000 / 3).collect();
    for size in [(97, 64), (96, 65)] {
        let bench = Bench::new(Coding::H264);
        let (_, clip) = filmed(&bench, size, Form::Gray8, &even);
        let saved = Clip::open(&bench.object(clip)).unwrap();
        assert!(saved.video().is_none() && saved.header().frames == 12);
        let outgoing = Outgoing::open(&bench.spool, clip).unwrap();
        assert_eq!(outgoing.head.coding, ClipCoding::Jpeg, "{size:?}");
    }
    let bench = Bench::new(Coding::H264);
    let frames = bench.film(3, Form::Gray8, &Arc::default());
    let (clip, end) = bench.save(
        SaveWhat::Frame {
            anchor: Anchor::Live {
                stream: StreamId::random(),
                rtp_time: frames[1].stamp.rtp_time,
            },
        },
        None,
    );
    assert_eq!(end, Progress::Finished);
    let outgoing = Outgoing::open(&bench.spool, clip).unwrap();
    assert_eq!(outgoing.head.coding, ClipCoding::Jpeg);
}
