//! The bounds that every foreign file is read in: a small stack, little memory, little time.

use std::time::{Duration, Instant};

use echo_dicom::{Clip, ClipError};
use wire::FrameIndex;

use super::builder::{EXPLICIT, File, Shape};
use super::peak_memory_mib;

/// The stack of a tokio worker thread.
const WORKER_STACK_BYTES: usize = 2 << 20;
/// What the confined parser will be given (security reference, limits).
const MEMORY_MIB: u64 = 256;
const TIME: Duration = Duration::from_secs(5);
/// Frames decoded of a file that opens.
const FRAMES: u32 = 8;
pub(crate) const UNDEFINED: u32 = 0xFFFF_FFFF;

/// Opens and decodes on a small stack and holds the bounds; `Ok` is the number of frames that decoded.
pub(crate) fn read(bytes: Vec<u8>) -> Result<u32, ClipError> {
    let began = Instant::now();
    let worker = std::thread::Builder::new()
        .stack_size(WORKER_STACK_BYTES)
        .spawn(move || {
            let clip = Clip::from_bytes(bytes)?;
            let frames = clip.header().frames.min(FRAMES);
            (0..frames).try_for_each(|index| clip.frame(FrameIndex(index)).map(drop))?;
            Ok(frames)
        });
    let result = worker.unwrap().join().expect("no panic");
    assert!(began.elapsed() < TIME, "it took {:?}", began.elapsed());
    assert!(
        peak_memory_mib() < MEMORY_MIB,
        "it took {} MiB",
        peak_memory_mib()
    );
    result
}

/// Asserts that a file is refused in `step` with `part` in the message.
#[track_caller]
pub(crate) fn refused(file: &File, step: &str, part: &str) {
    let error = read(file.build()).expect_err("the file is refused");
    assert_eq!(error.step(), step, "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

pub(crate) fn grey() -> File {
    File::new(EXPLICIT).picture(Shape::new("MONOCHROME2", 2, 1))
}

pub(crate) fn grey_with_pixels() -> File {
    grey().pixels(&[1, 2])
}
