//! Memory while writing does not grow with the clip: frames pass through one by one.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;

use std::borrow::Cow;
use std::fs::File;
use std::num::NonZeroUsize;

use common::peak_memory_mib;
use common::writing::{context, even, facts, picture};
use echo_dicom::write::{ClipFacts, ClipWriter, Frame, FrameFault, Frames, PixelCoding};
use echo_dicom::{Picture, PixelForm};
use wire::FrameIndex;

/// 300 frames of 1.4 MB: 412 MiB of pixels.
const FRAMES: u64 = 300;
/// What the process may take in all, with threads, tables and the test itself.
const MEMORY_MIB: u64 = 100;

/// Makes each picture when it is asked for.
struct OnDemand(Picture);

impl Frames for OnDemand {
    fn count(&self) -> usize {
        FRAMES as usize
    }

    fn frame(&self, _: FrameIndex) -> Result<Frame<'_>, FrameFault> {
        Ok(Frame::Picture(Cow::Owned(self.0.clone())))
    }
}

#[test]
fn a_long_clip_is_never_held_whole() {
    let folder = tempfile::tempdir().unwrap();
    let frames = OnDemand(picture(PixelForm::Rgb8, 800, 600, 0));
    let context = context();
    for coding in [PixelCoding::Uncompressed, PixelCoding::Rle] {
        let facts = ClipFacts {
            coding,
            ..facts(&even(FRAMES))
        };
        let mut file = File::create(folder.path().join("clip.dcm")).unwrap();
        let report = ClipWriter::clip(&context, &facts, &frames)
            .unwrap()
            .parallelism(NonZeroUsize::new(2).unwrap())
            .write_seekable(&mut file)
            .unwrap();
        assert!(report.bytes > 200 << 20, "{report:?}");
        let peak = peak_memory_mib();
        assert!(peak < MEMORY_MIB, "{coding:?} took {peak} MiB");
    }
}
