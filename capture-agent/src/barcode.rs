//! A barcode of time and frame number in the picture itself, for measuring what no header survives to tell.
//!
//! 48 blocks of 16 x 16 px on the top rows, aligned to macroblocks so that coding hardly blurs them: 24 bits of the
//! capture clock in units of 0.1 ms, 16 bits of frame number, 8 check bits. A picture narrower than 768 px carries
//! them in several rows of blocks. Used by the test source and by the debug overlay; never on by itself.

use crate::picture::Picture;
use wire::agent::FrameStamp;

/// Side of a block in pixels: one H.264 macroblock.
pub const BLOCK: usize = 16;
/// Blocks in all.
pub const BLOCKS: usize = 48;
/// Levels of a 0 and a 1. Full swing of limited-range video would also do; these stay clear of both ends.
const LEVELS: [u8; 2] = [0, 255];
/// Units of 0.1 ms in a microsecond count.
const US_PER_UNIT: u64 = 100;

/// What a barcode says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Capture time in units of 0.1 ms, modulo 2^24 (28 minutes).
    pub time: u32,
    /// Frame index modulo 2^16.
    pub frame: u16,
}

impl Reading {
    /// What the barcode of a frame with this stamp says.
    #[must_use]
    pub const fn of(stamp: &FrameStamp) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "modulo is the definition")]
        Self {
            time: (stamp.captured_at.0 / US_PER_UNIT) as u32 & 0xff_ffff,
            frame: stamp.index.0 as u16,
        }
    }

    const fn check(self) -> u8 {
        let (time, frame) = (self.time, self.frame as u32);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the low eight bits are the sum"
        )]
        let sum = ((time >> 16) ^ (time >> 8) ^ time ^ frame ^ (frame >> 8)) as u8;
        sum
    }

    const fn bits(self) -> u64 {
        ((self.time as u64) << 24) | ((self.frame as u64) << 8) | self.check() as u64
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "each field is cut out by its width"
    )]
    const fn from_bits(bits: u64) -> Option<Self> {
        let reading = Self {
            time: (bits >> 24) as u32 & 0xff_ffff,
            frame: (bits >> 8) as u16,
        };
        if reading.check() == bits as u8 {
            Some(reading)
        } else {
            None
        }
    }
}

/// Blocks in one row of a picture of this width; none when not even one fits.
const fn blocks_per_row(width: u32) -> Option<usize> {
    let fit = width as usize / BLOCK;
    match fit {
        0 => None,
        _ if fit > BLOCKS => Some(BLOCKS),
        _ => Some(fit),
    }
}

/// Draws the barcode of `stamp`. A picture too small for it stays as it is.
pub fn draw(picture: &mut Picture, stamp: &FrameStamp) {
    let Some(per_row) = blocks_per_row(picture.width()) else {
        return;
    };
    if (picture.height() as usize) < BLOCKS.div_ceil(per_row) * BLOCK {
        return;
    }
    let bits = Reading::of(stamp).bits();
    let block_bytes = BLOCK * picture.form().bytes();
    for (y, row) in picture
        .each_row_mut()
        .enumerate()
        .take(BLOCKS.div_ceil(per_row) * BLOCK)
    {
        let first = y / BLOCK * per_row;
        for (at, block) in row
            .chunks_exact_mut(block_bytes)
            .enumerate()
            .take(per_row.min(BLOCKS - first))
        {
            let [zero, one] = LEVELS;
            block.fill(if bits >> (BLOCKS - 1 - first - at) & 1 == 1 {
                one
            } else {
                zero
            });
        }
    }
}

/// Reads the barcode, or nothing when the check bits do not fit.
#[must_use]
pub fn read(picture: &Picture) -> Option<Reading> {
    let per_row = blocks_per_row(picture.width())?;
    let bytes = picture.form().bytes();
    let mut bits = 0;
    for at in 0..BLOCKS {
        let (x, y) = (
            at % per_row * BLOCK + BLOCK / 2,
            at / per_row * BLOCK + BLOCK / 2,
        );
        let middle = picture.rows().get(y * picture.row_bytes() + x * bytes)?;
        bits = bits << 1 | u64::from(*middle > 127);
    }
    Reading::from_bits(bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Form;
    use proptest::prelude::*;
    use wire::{CaptureTime, FrameIndex, RtpTime, StreamId};

    fn stamp(captured_us: u64, index: u32) -> FrameStamp {
        let captured_at = CaptureTime(captured_us);
        FrameStamp {
            stream: StreamId::random(),
            index: FrameIndex(index),
            captured_at,
            rtp_time: RtpTime::of(captured_at),
        }
    }

    fn black(width: u32, height: u32, form: Form) -> Picture {
        Picture::from_rows(
            width,
            height,
            form,
            vec![0; width as usize * height as usize * form.bytes()],
        )
        .unwrap()
    }

    #[test]
    fn the_standard_layout_is_one_row_of_48_blocks() {
        let mut picture = black(800, 600, Form::Gray8);
        draw(&mut picture, &stamp(0xabcdef * 100, 0x1234));
        let bits: String = (0..48)
            .map(|at| {
                if picture.rows()[8 * 800 + at * 16 + 8] > 127 {
                    '1'
                } else {
                    '0'
                }
            })
            .collect();
        assert_eq!(&bits[..24], format!("{:024b}", 0xabcdef));
        assert_eq!(&bits[24..40], format!("{:016b}", 0x1234));
        assert_eq!(
            &bits[40..],
            format!("{:08b}", 0xab ^ 0xcd ^ 0xef ^ 0x12 ^ 0x34)
        );
        assert!(
            picture.rows()[16 * 800..].iter().all(|byte| *byte == 0),
            "nothing below the first 16 rows"
        );
    }

    #[test]
    fn a_picture_without_barcode_reads_as_nothing() {
        let mut picture = black(800, 600, Form::Gray8);
        picture.rows_mut()[8 * 800 + 8] = 255;
        assert_eq!(read(&picture), None);
    }

    #[test]
    fn a_picture_too_small_for_it_stays_as_it_is() {
        for (width, height) in [(8, 600), (800, 15), (16, 600)] {
            let mut picture = black(width, height, Form::Rgb8);
            draw(&mut picture, &stamp(77_777_777, 1));
            assert!(picture.rows().iter().all(|byte| *byte == 0));
        }
    }

    proptest! {
        #[test]
        fn what_was_drawn_is_read_at_any_width(us in 0u64..1 << 51, index in any::<u32>(), width in 200u32..1000, rgb in any::<bool>()) {
            let mut picture = black(width, 100, if rgb { Form::Rgb8 } else { Form::Gray8 });
            let stamp = stamp(us, index);
            draw(&mut picture, &stamp);
            prop_assert_eq!(read(&picture), Some(Reading::of(&stamp)));
        }
    }
}
