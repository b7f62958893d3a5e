//! H.264 of a whole clip: High profile with a key frame every few frames, one coded frame for each picture, in order.
//!
//! Nothing here is live: quality is constant, the bit rate is what that takes, and the encoder may look ahead. Owns the
//! codec context and turning what it gives (Annex B) into what an MP4 file holds (ISO/IEC 14496-15). Invariant: as many
//! frames come out as pictures went in, in the same order, or there is an error.

use crate::encode::canvas::{Canvas, even};
use crate::encode::ffmpeg::signal_colour;
use crate::encode::recipe::X264;
use crate::encode::{EncodeError, annexb};
use crate::picture::Picture;
use crate::scale::Matrix;
use ffmpeg_next::codec::context::Context;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::{Dictionary, Packet, Rational, encoder, picture};
use std::num::NonZeroUsize;

/// Frames from one key frame to the next: any frame is at most so many decodes away (decision record 0010).
pub(crate) const GROUP_FRAMES: u32 = 10;
/// What a decoder of level 4.1 takes (ITU-T H.264 table A-1): blocks of 16 x 16 in a picture, and in a second.
const MAX_BLOCKS: u32 = 8_192;
const MAX_BLOCKS_A_SECOND: f64 = 245_760.0;
/// And blocks in a row or a column: the root of eight times the most in a picture (section A.3.1).
const MAX_BLOCKS_A_SIDE: u32 = 256;
/// Frame rates that an encoder is opened with; they steer its choices and are written into no clip.
const FRAME_RATES: (f64, f64) = (1.0, 240.0);

/// Quality first: a constant one, near transparent, without what pleases the eye and is not in the picture (psy). The bit
/// rate stays within level 4.1.
const OPTIONS: &[(&str, &str)] = &[
    ("preset", "veryfast"),
    ("profile", "high"),
    ("level", "4.1"),
    ("crf", "16"),
    ("sc_threshold", "0"),
    (
        "x264-params",
        "psy=0:open-gop=0:rc-lookahead=10:vbv-maxrate=50000:vbv-bufsize=50000",
    ),
];

/// Whether pictures of this size and rate may be archived as H.264: even sides, level 4.1.
pub(crate) fn fits(width: u32, height: u32, frame_rate: f64) -> bool {
    let (across, down) = (width.div_ceil(16), height.div_ceil(16));
    let blocks = across.saturating_mul(down);
    (width, height) == (even(width), even(height))
        && across.max(down) <= MAX_BLOCKS_A_SIDE
        && blocks <= MAX_BLOCKS
        && f64::from(blocks) * frame_rate <= MAX_BLOCKS_A_SECOND
}

/// Coded frames of one clip.
#[derive(Debug, Default)]
pub(crate) struct Coded {
    /// Sequence parameter set.
    pub(crate) sequence: Vec<u8>,
    /// Picture parameter set.
    pub(crate) picture: Vec<u8>,
    /// All frames, one behind the other: NAL units, each behind its length in four bytes.
    pub(crate) bytes: Vec<u8>,
    /// Bytes of each frame.
    pub(crate) sizes: Vec<u32>,
    /// Frames at which decoding can begin, from 0.
    pub(crate) keys: Vec<u32>,
}

/// An encoder for the pictures of one clip.
pub(crate) struct ArchiveEncoder {
    context: encoder::video::Encoder,
    canvas: Canvas,
    packet: Packet,
    /// Pictures taken so far.
    taken: i64,
    coded: Coded,
}

impl ArchiveEncoder {
    /// Opens it for pictures that fit.
    ///
    /// # Errors
    /// `EncodeError::Missing` or `Open`.
    pub(crate) fn open(
        (width, height): (u32, u32),
        frame_rate: f64,
        threads: NonZeroUsize,
    ) -> Result<Self, EncodeError> {
        let refused = |error: ffmpeg_next::Error| EncodeError::Open {
            name: X264.to_owned(),
            reason: error.to_string(),
        };
        crate::av::ready().map_err(refused)?;
        let codec =
            encoder::find_by_name(X264).ok_or_else(|| EncodeError::Missing(X264.to_owned()))?;
        let mut context = Context::new_with_codec(codec)
            .encoder()
            .video()
            .map_err(refused)?;
        #[expect(clippy::cast_possible_truncation, reason = "at most 240,000")]
        let rate = (frame_rate.clamp(FRAME_RATES.0, FRAME_RATES.1) * 1000.0).round() as i32;
        let rate = Rational(rate, 1000);
        context.set_width(width);
        context.set_height(height);
        context.set_format(Pixel::YUV420P);
        context.set_time_base(rate.invert());
        context.set_frame_rate(Some(rate));
        context.set_gop(GROUP_FRAMES);
        context.set_max_b_frames(0);
        context.set_threading(ffmpeg_next::codec::threading::Config {
            count: threads.get(),
            ..Default::default()
        });
        signal_colour(&mut context, Matrix::usual_for(height));
        let mut options = Dictionary::new();
        for (key, value) in OPTIONS {
            options.set(key, value);
        }
        Ok(Self {
            context: context.open_as_with(codec, options).map_err(refused)?,
            canvas: Canvas::new(Pixel::YUV420P, width, height),
            packet: Packet::empty(),
            taken: 0,
            coded: Coded::default(),
        })
    }

    /// Takes the next picture.
    ///
    /// # Errors
    /// `EncodeError`; the clip is then of no use.
    pub(crate) fn push(&mut self, picture: &Picture) -> Result<(), EncodeError> {
        let frame = self.canvas.draw(picture)?;
        frame.set_pts(Some(self.taken));
        frame.set_kind(picture::Type::None);
        self.taken += 1;
        self.context.send_frame(frame).map_err(failed)?;
        self.receive()
    }

    /// Bytes of all frames that came out so far.
    pub(crate) fn bytes(&self) -> usize {
        self.coded.bytes.len()
    }

    /// What it still held, and with it the whole clip.
    ///
    /// # Errors
    /// `EncodeError`, also when frames are missing.
    pub(crate) fn end(mut self) -> Result<Coded, EncodeError> {
        self.context.send_eof().map_err(failed)?;
        self.receive()?;
        if self.coded.sizes.len() as i64 != self.taken {
            return Err(lost("fewer frames came out than pictures went in"));
        }
        Ok(self.coded)
    }

    fn receive(&mut self) -> Result<(), EncodeError> {
        loop {
            match self.context.receive_packet(&mut self.packet) {
                Ok(()) => self.keep()?,
                Err(ffmpeg_next::Error::Eof) => return Ok(()),
                Err(ffmpeg_next::Error::Other { errno }) if errno == libc::EAGAIN => return Ok(()),
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// Takes one coded frame apart: parameter sets go beside the frames, everything else into them.
    fn keep(&mut self) -> Result<(), EncodeError> {
        let coded = &mut self.coded;
        let number = coded.sizes.len();
        if self.packet.pts() != i64::try_from(number).ok() {
            return Err(lost("frames came out in another order"));
        }
        if self.packet.is_key() {
            coded.keys.push(number as u32);
        }
        let before = coded.bytes.len();
        for unit in annexb::units(self.packet.data().unwrap_or_default()) {
            let set = match annexb::nal(unit) {
                Some(annexb::Nal::Sps) => &mut coded.sequence,
                Some(annexb::Nal::Pps) => &mut coded.picture,
                _ => {
                    let length = u32::try_from(unit.len()).unwrap_or(u32::MAX);
                    coded.bytes.extend(length.to_be_bytes());
                    coded.bytes.extend(unit);
                    continue;
                }
            };
            if set.is_empty() {
                set.extend(unit);
            } else if set.as_slice() != unit {
                return Err(lost("its parameter sets changed"));
            }
        }
        coded.sizes.push((coded.bytes.len() - before) as u32);
        Ok(())
    }
}

fn failed(error: ffmpeg_next::Error) -> EncodeError {
    lost(&error.to_string())
}

fn lost(reason: &str) -> EncodeError {
    EncodeError::Picture {
        name: X264.to_owned(),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Form;

    #[test]
    fn what_level_4_1_cannot_hold_does_not_fit() {
        assert!(fits(800, 600, 120.0));
        assert!(fits(1920, 1080, 30.0));
        assert!(!fits(1920, 1080, 60.0), "too many a second");
        assert!(!fits(2560, 1440, 10.0), "too large");
        assert!(!fits(4112, 16, 10.0), "too wide");
        assert!(!fits(801, 600, 30.0) && !fits(800, 601, 30.0), "odd sides");
    }

    #[test]
    fn each_picture_is_one_frame_and_every_tenth_a_key_frame() {
        let mut encoder =
            ArchiveEncoder::open((64, 48), 30.0, NonZeroUsize::MIN).expect("libx264 is here");
        for n in 0..25_u8 {
            let rows = (0..64 * 48).map(|at| (at % 64) as u8 * 3 + n * 2).collect();
            let picture = Picture::from_rows(64, 48, Form::Gray8, rows).unwrap();
            encoder.push(&picture).unwrap();
        }
        let coded = encoder.end().unwrap();
        assert_eq!(coded.sizes.len(), 25);
        assert_eq!(coded.keys, [0, 10, 20]);
        let all: usize = coded.sizes.iter().map(|size| *size as usize).sum();
        assert_eq!(all, coded.bytes.len());
        // High profile, level 4.1, and no start code of Annex B in front of a frame.
        assert_eq!(coded.sequence[..4], [0x67, 100, 0, 41]);
        assert_eq!(coded.picture[0] & 0x1F, 8);
        assert_ne!(coded.bytes[..4], [0, 0, 0, 1]);
    }
}
