//! What a sequence parameter set says of the pictures (ITU-T H.264 section 7.3.2.1.1 and annex E).
//!
//! Owns reading it before a decoder does, and refusing by name what is not decoded here or costs more than a video may. The header of
//! the object is the truth about the size. Crates that read such sets bring five more and panic on some of them.

use super::bits::Bits;
use super::colour::{Colour, Matrix};
use super::fault;
use crate::error::ClipError;
use crate::header::PixelLayout;
use crate::limits::{MAX_VIDEO_BLOCKS, MAX_VIDEO_KEPT_BLOCKS};

const BASELINE: u32 = 66;
const MAIN: u32 = 77;
const HIGH: u32 = 100;
/// Side of a block.
const BLOCK: u32 = 16;
/// Of an aspect ratio: that it is written out (table E-1).
const WRITTEN_OUT: u32 = 255;
/// Scaling lists of 4:2:0, of which the first six are small.
const LISTS: usize = 8;
const SMALL_LISTS: usize = 6;

/// What is needed to decode and show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parameters {
    /// Blocks of 16 x 16 in a picture.
    pub(super) blocks: u32,
    pub(super) colour: Colour,
}

/// As the bits say it.
#[derive(Debug, Default)]
struct Said {
    profile: u32,
    /// Chroma format and both bit depths beyond eight.
    samples: [u32; 3],
    kept: u32,
    across: u32,
    down: u32,
    whole_frames: bool,
    /// Left, right, top, bottom, in pairs of pixels.
    cut: [u32; 4],
    full_range: bool,
    /// 2 is "unspecified".
    matrix: u32,
}

impl Parameters {
    /// Reads a set, without a start code.
    pub(super) fn read(set: &[u8], layout: &PixelLayout) -> Result<Self, ClipError> {
        match read(set) {
            Some(said) => said.check(layout),
            None => fault("a sequence parameter set is cut off or damaged"),
        }
    }
}

impl Said {
    fn check(&self, layout: &PixelLayout) -> Result<Parameters, ClipError> {
        if !matches!(self.profile, BASELINE | MAIN | HIGH) {
            return fault(format!(
                "profile {} is not decoded, only baseline, main and high",
                self.profile
            ));
        }
        if self.samples != [1, 0, 0] {
            return fault("only 4:2:0 of eight bits is decoded");
        }
        if !self.whole_frames {
            return fault("interlaced pictures are not decoded");
        }
        let blocks = self.across.checked_mul(self.down);
        let blocks = blocks.filter(|it| (1..=MAX_VIDEO_BLOCKS).contains(it));
        let Some(blocks) = blocks else {
            return fault(format!(
                "its pictures have more than {MAX_VIDEO_BLOCKS} blocks of 16 x 16, which is beyond level 4.2"
            ));
        };
        if blocks
            .checked_mul(self.kept)
            .is_none_or(|it| it > MAX_VIDEO_KEPT_BLOCKS)
        {
            return fault("more pictures have to be kept for it than level 4.2 allows");
        }
        let [left, right, top, bottom] = self.cut;
        let side = |blocks: u32, one: u32, other: u32| {
            let cut = one.checked_add(other)?.checked_mul(2)?;
            (blocks * BLOCK).checked_sub(cut)
        };
        let size = side(self.across, left, right).zip(side(self.down, top, bottom));
        if size != Some((layout.columns, layout.rows)) {
            let (columns, rows) = size.unwrap_or_default();
            return fault(format!(
                "it is coded with {columns} x {rows} pixels, the header says {} x {}",
                layout.columns, layout.rows
            ));
        }
        let Some(matrix) = Matrix::of(self.matrix) else {
            return fault("its colours are of another kind than BT.601 and BT.709");
        };
        Ok(Parameters {
            blocks,
            colour: Colour {
                matrix,
                full_range: self.full_range,
            },
        })
    }
}

/// Nothing when it ends too early or has a number that cannot be.
fn read(set: &[u8]) -> Option<Said> {
    let [_, profile, _, _, rest @ ..] = set else {
        return None;
    };
    let mut bits = Bits::new(rest);
    let mut said = Said {
        profile: u32::from(*profile),
        samples: [1, 0, 0],
        matrix: 2,
        ..Said::default()
    };
    // Its number.
    bits.variable()?;
    if said.profile == HIGH {
        said.samples = [bits.variable()?, bits.variable()?, bits.variable()?];
        // No transform at all; the set of 4:4:4 has one flag more and is refused by its samples.
        bits.flag()?;
        if bits.flag()? {
            skip_lists(&mut bits)?;
        }
    }
    // Bits of frame numbers.
    bits.variable()?;
    skip_order(&mut bits)?;
    said.kept = bits.variable()?;
    // Gaps in frame numbers.
    bits.flag()?;
    said.across = bits.variable()?.checked_add(1)?;
    said.down = bits.variable()?.checked_add(1)?;
    said.whole_frames = bits.flag()?;
    if !said.whole_frames {
        return Some(said);
    }
    // How motion is derived of what has none.
    bits.flag()?;
    if bits.flag()? {
        for side in &mut said.cut {
            *side = bits.variable()?;
        }
    }
    if bits.flag()? {
        read_usability(&mut bits, &mut said)?;
    }
    Some(said)
}

/// Section 7.3.2.1.1.1.
fn skip_lists(bits: &mut Bits) -> Option<()> {
    for list in 0..LISTS {
        if !bits.flag()? {
            continue;
        }
        let size = if list < SMALL_LISTS { 16 } else { 64 };
        let (mut last, mut next) = (8_i64, 8_i64);
        for _ in 0..size {
            if next != 0 {
                next = (last + bits.signed()?).rem_euclid(256);
            }
            if next != 0 {
                last = next;
            }
        }
    }
    Some(())
}

/// In which order pictures are shown.
fn skip_order(bits: &mut Bits) -> Option<()> {
    match bits.variable()? {
        0 => {
            bits.variable()?;
        }
        1 => {
            bits.flag()?;
            bits.signed()?;
            bits.signed()?;
            let cycle = bits.variable().filter(|cycle| *cycle <= 255)?;
            for _ in 0..cycle {
                bits.signed()?;
            }
        }
        2 => {}
        _ => return None,
    }
    Some(())
}

/// The beginning of annex E, up to the matrix of the colours.
fn read_usability(bits: &mut Bits, said: &mut Said) -> Option<()> {
    if bits.flag()? && bits.number(8)? == WRITTEN_OUT {
        bits.number(32)?;
    }
    if bits.flag()? {
        bits.flag()?;
    }
    if bits.flag()? {
        // Of which television system it is.
        bits.number(3)?;
        said.full_range = bits.flag()?;
        if bits.flag()? {
            // Primaries and transfer, which no browser follows for video either.
            bits.number(16)?;
            said.matrix = bits.number(8)?;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Photometric;
    use proptest::prelude::*;

    fn layout(columns: u32, rows: u32) -> PixelLayout {
        PixelLayout {
            rows,
            columns,
            photometric: Photometric::YbrPartial420,
            samples_per_pixel: 3,
            bits_allocated: 8,
            bits_stored: 8,
            high_bit: 7,
            signed: false,
            planar: false,
        }
    }

    /// x264, Constrained Baseline, level 3.1, 800 x 608 cut to 600, with timing and no colours.
    const SET: [u8; 25] = [
        0x67, 0x42, 0xC0, 0x1F, 0xDA, 0x03, 0x20, 0x4D, 0xF9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00,
        0x01, 0x00, 0x00, 0x03, 0x00, 0x3C, 0x0F, 0x18, 0x32, 0xA0,
    ];

    #[test]
    fn size_and_colours_are_read_and_the_header_is_the_truth() {
        let read = Parameters::read(&SET, &layout(800, 600)).unwrap();
        assert_eq!(read.blocks, 50 * 38);
        let colour = Colour {
            matrix: Matrix::Bt601,
            full_range: false,
        };
        assert_eq!(read.colour, colour);
        let high = crate::write::as_high_profile(&SET).unwrap();
        assert_eq!(Parameters::read(&high, &layout(800, 600)).unwrap(), read);
        let error = Parameters::read(&SET, &layout(800, 608)).unwrap_err();
        assert!(error.to_string().contains("800 x 600"), "{error}");
    }

    #[test]
    fn what_is_not_decoded_is_named() {
        let good = || Said {
            profile: HIGH,
            samples: [1, 0, 0],
            kept: 4,
            across: 120,
            down: 68,
            whole_frames: true,
            cut: [0, 0, 0, 4],
            full_range: false,
            matrix: 1,
        };
        let layout = layout(1_920, 1_080);
        let read = good().check(&layout).unwrap();
        assert_eq!(read.colour.matrix, Matrix::Bt709);
        for (change, part) in [
            ((|it| it.profile = 122) as fn(&mut Said), "profile 122"),
            (|it| it.samples = [2, 0, 0], "4:2:0"),
            (|it| it.samples = [1, 2, 2], "eight bits"),
            (|it| it.whole_frames = false, "interlaced"),
            (|it| it.across = 1_000, "beyond level 4.2"),
            (|it| it.down = u32::MAX, "beyond level 4.2"),
            (|it| it.kept = 5, "have to be kept"),
            (|it| it.kept = u32::MAX, "have to be kept"),
            (|it| it.cut = [u32::MAX, 1, 0, 0], "0 x 0"),
            (|it| it.cut = [0, 0, 0, 3], "1920 x 1082"),
            (|it| it.matrix = 9, "another kind"),
        ] {
            let mut said = good();
            change(&mut said);
            let error = said.check(&layout).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_set_cut_anywhere_is_refused_or_says_less() {
        for cut in 0..10 {
            let error = Parameters::read(&SET[..cut], &layout(800, 600)).unwrap_err();
            assert_eq!(error.step(), "decode", "{cut}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(rest in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = Parameters::read(&[&[0x67, 100, 0, 40], &rest[..]].concat(), &layout(640, 480));
        }
    }
}
