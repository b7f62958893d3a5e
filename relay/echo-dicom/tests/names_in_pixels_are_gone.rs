//! Names that stand in the picture are read by tesseract before, and by nobody afterwards, on every frame.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;

use std::io::Cursor;
use std::path::Path;

use common::peers::{python, said, tool};
use common::writing::{clip_bytes, even, facts, pictures, sector};
use echo_dicom::deidentify::{Alias, CaseIdentity, CaseKey, CleanClip, Cover, Whose};
use echo_dicom::write::Uid;
use echo_dicom::{Clip, Picture, PixelForm, RegionBounds, SpatialFormat, UltrasoundRegion};
use wire::FrameIndex;

const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;
const FRAMES: u32 = 6;
/// What is planted, and what OCR has to find of it.
const NAMES: [&str; 3] = ["YAMADA", "TAROU", "19410203"];

/// Frames over which a foreign program wrote the name, each at another place outside the sector.
fn with_names(folder: &Path) -> Option<Vec<Picture>> {
    let mut frames = pictures(PixelForm::Rgb8, WIDTH, HEIGHT, FRAMES);
    for frame in &mut frames {
        // The speckle ends where the sector does, as on a device's screen.
        for (at, pixel) in (0_u32..).zip(frame.rows.chunks_mut(3)) {
            if at / WIDTH < 84 || at / WIDTH > 400 {
                pixel.fill(8);
            }
        }
    }
    let raw: Vec<u8> = frames.iter().flat_map(|frame| frame.rows.clone()).collect();
    let file = folder.join("frames.rgb");
    std::fs::write(&file, raw).unwrap();
    python("write_names.py", &[&file])?;
    let raw = std::fs::read(&file).unwrap();
    for (frame, rows) in frames
        .iter_mut()
        .zip(raw.chunks((WIDTH * HEIGHT * 3) as usize))
    {
        frame.rows = rows.to_vec();
    }
    Some(frames)
}

/// All that tesseract reads in a picture.
fn read(picture: &Picture, folder: &Path) -> Option<String> {
    let file = folder.join("page.ppm");
    let head = format!("P6\n{} {}\n255\n", picture.width, picture.height);
    let mut bytes = head.into_bytes();
    match picture.form {
        PixelForm::Rgb8 => bytes.extend_from_slice(&picture.rows),
        PixelForm::Gray8 => bytes.extend(picture.rows.iter().flat_map(|grey| [*grey; 3])),
    }
    std::fs::write(&file, bytes).unwrap();
    let output = tool("tesseract", &["--psm", "11"], &[&file, Path::new("stdout")])?;
    Some(said(&output).to_uppercase())
}

#[test]
fn tesseract_reads_the_names_before_and_none_afterwards_on_every_frame() {
    let folder = tempfile::tempdir().unwrap();
    let Some(frames) = with_names(folder.path()) else {
        return;
    };
    let mut told = facts(&even(u64::from(FRAMES)));
    // The device called its banner a region without a format.
    let banner = RegionBounds {
        min_x: 0,
        min_y: 0,
        max_x: WIDTH - 1,
        max_y: 79,
    };
    let banner = UltrasoundRegion::new(SpatialFormat::None, None, banner);
    let mut heart = sector(600, 396);
    if let Some(bounds) = &mut heart.bounds {
        bounds.min_y = 88;
    }
    told.regions = vec![banner, heart];
    let clip = Clip::from_bytes(clip_bytes(&told, &frames[..]).unwrap()).unwrap();
    let uid = Uid::from_uuid(1);
    let whose = Whose {
        study: uid.clone(),
        series: uid.clone(),
        instance: uid,
    };
    let identity = CaseIdentity {
        alias: Alias::parse("CASE-1").unwrap(),
        key: CaseKey::new([1; 32]),
    };
    let cover = Cover::of(clip.header());
    let clean = CleanClip {
        reader: &clip,
        whose: &whose,
        identity: &identity,
        cover: &cover,
        view: None,
        number: 1,
    };
    let mut out = Cursor::new(Vec::new());
    clean.write(&mut out).unwrap();
    let clean = Clip::from_bytes(out.into_inner()).unwrap();
    for index in (0..FRAMES).map(FrameIndex) {
        let Some(before) = read(&clip.frame(index).unwrap(), folder.path()) else {
            return;
        };
        let found = NAMES.iter().filter(|name| before.contains(**name)).count();
        assert!(
            found >= 2,
            "frame {index:?}: tesseract is no witness, it read {before:?}"
        );
        let after = read(&clean.frame(index).unwrap(), folder.path()).unwrap();
        for name in NAMES {
            assert!(!after.contains(name), "frame {index:?}: {after:?}");
        }
    }
}
