//! What the behaviour tests share: where the sample files are, files built on the spot, and measures.
//!
//! Sample files are kept outside the project (`HIBIKI_TEST_DATA`, else `../shared/test-data` beside the
//! workspace). A test that misses them says so and passes, so that a plain checkout can run the rest; with
//! `HIBIKI_REQUIRE_TEST_DATA=1` it fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]
#![allow(
    dead_code,
    reason = "each test binary uses its own part of this module"
)]

pub(crate) mod bounds;
pub(crate) mod builder;
pub(crate) mod coded;
pub(crate) mod marking;
pub(crate) mod peers;
pub(crate) mod planted;
pub(crate) mod video;
pub(crate) mod writing;

use std::io::Write;
use std::path::{Path, PathBuf};

use echo_dicom::{Clip, ClipError, Picture, PixelForm};
use wire::FrameIndex;

/// The folder of sample files, or `None` with a message.
pub(crate) fn test_data(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("HIBIKI_TEST_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/test-data"),
        PathBuf::from,
    );
    let found = root.join(folder);
    if found.is_dir() {
        return Some(found);
    }
    skipped(&found);
    None
}

/// Says past the test harness, which hides the output of passing tests, that a test proved nothing.
fn skipped(place: &Path) {
    assert!(
        std::env::var_os("HIBIKI_REQUIRE_TEST_DATA").is_none_or(|value| value != "1"),
        "no test data at {}, and here no test may be skipped",
        place.display()
    );
    let mut past_the_harness = std::io::stderr();
    writeln!(
        past_the_harness,
        "SKIPPED: no test data at {}; set HIBIKI_TEST_DATA",
        place.display()
    )
    .unwrap();
}

/// The sample clip whose name begins with `number`, opened.
pub(crate) fn sample(number: &str) -> Option<Clip> {
    Some(Clip::open(&sample_path(number)?).expect("a sample file opens"))
}

/// The path of the sample clip whose name begins with `number`.
pub(crate) fn sample_path(number: &str) -> Option<PathBuf> {
    let folder = test_data("dicom")?;
    let mut names = folder
        .read_dir()
        .expect("the folder can be listed")
        .map(|e| e.unwrap().path());
    let wanted = format!("{number}_");
    names
        .find(|path| {
            path.file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with(&wanted)
        })
        .or_else(|| {
            skipped(&folder.join(format!("{wanted}*")));
            None
        })
}

/// One frame by number from 0.
pub(crate) fn frame(clip: &Clip, index: u32) -> Picture {
    clip.frame(FrameIndex(index)).expect("the frame decodes")
}

/// Opens and decodes the first frame of a built file.
pub(crate) fn first_frame(bytes: Vec<u8>) -> Result<Picture, ClipError> {
    Clip::from_bytes(bytes)?.frame(FrameIndex(0))
}

/// The first 16 hexadecimal digits of the SHA-256 of the canonical rows.
pub(crate) fn fingerprint(picture: &Picture) -> String {
    use sha2::Digest;
    let digest = sha2::Sha256::digest(&picture.rows);
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Mean red, green and blue of one of 8 x 8 blocks, `(row, column)`; grey counts for all three.
pub(crate) fn block_mean(picture: &Picture, (row, column): (usize, usize)) -> [f64; 3] {
    let (width, height) = (picture.width as usize, picture.height as usize);
    let (block_width, block_height) = (width / 8, height / 8);
    let mut sum = [0.0; 3];
    for y in row * block_height..(row + 1) * block_height {
        for x in column * block_width..(column + 1) * block_width {
            let rgb = pixel(picture, x, y);
            for (sum, sample) in sum.iter_mut().zip(rgb) {
                *sum += f64::from(sample);
            }
        }
    }
    sum.map(|sum| sum / (block_width * block_height) as f64)
}

/// Red, green and blue of one pixel.
pub(crate) fn pixel(picture: &Picture, x: usize, y: usize) -> [u8; 3] {
    let at = y * picture.width as usize + x;
    match picture.form {
        PixelForm::Gray8 => [picture.rows[at]; 3],
        PixelForm::Rgb8 => picture.rows[at * 3..at * 3 + 3].try_into().unwrap(),
    }
}

/// Largest resident set of this process so far, in MiB; 0 where the system does not tell.
pub(crate) fn peak_memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
        .unwrap_or(0)
        / 1024
}
