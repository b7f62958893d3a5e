//! An encoder on any of FFmpeg's H.264 encoders.
//!
//! Owns the codec context and the two places where its fields must be written by hand because no safe setter exists:
//! the rate buffer before opening, and bit rates while it runs. Which options go in is the recipe's matter.

use crate::encode::canvas::{Canvas, even};
use crate::encode::recipe::Recipe;
use crate::encode::upload::Upload;
use crate::encode::{AccessUnit, BitRate, EncodeError, EncoderSettings, VideoEncoder, annexb};
use crate::picture::Picture;
use crate::scale::Matrix;
use bytes::Bytes;
use ffmpeg_next::codec::context::Context;
use ffmpeg_next::{Dictionary, Packet, Rational, color, encoder, picture};
use wire::RtpTime;

/// Frames between IDRs nobody asked for: two minutes at 30 per second (decision record 0008).
const GOP_FRAMES: u32 = 3600;
/// Frame rates that make sense; a source that claims others is taken at the nearest.
const FRAME_RATES: (f64, f64) = (1.0, 240.0);

/// An opened encoder.
pub(super) struct FfmpegEncoder {
    context: encoder::video::Encoder,
    canvas: Canvas,
    /// For encoders that take frames on a device only.
    upload: Option<Upload>,
    packet: Packet,
    name: &'static str,
    /// Frame rate given at opening; it counts frames by it.
    nominal_rate: f64,
    /// Depth of the rate buffer in frames.
    buffer_frames: f64,
    /// Pictures taken so far.
    taken: i64,
}

impl FfmpegEncoder {
    /// Opens the encoder of the recipe.
    ///
    /// # Errors
    /// `EncodeError::Missing` or `Open`.
    pub(super) fn open(recipe: &Recipe, settings: &EncoderSettings) -> Result<Self, EncodeError> {
        let name = recipe.encoder;
        let refused = |error: ffmpeg_next::Error| EncodeError::Open {
            name: name.to_owned(),
            reason: error.to_string(),
        };
        let codec =
            encoder::find_by_name(name).ok_or_else(|| EncodeError::Missing(name.to_owned()))?;
        let mut context = Context::new_with_codec(codec)
            .encoder()
            .video()
            .map_err(refused)?;
        let nominal_rate = settings.frame_rate.clamp(FRAME_RATES.0, FRAME_RATES.1);
        #[expect(clippy::cast_possible_truncation, reason = "at most 240,000")]
        let rate = Rational((nominal_rate * 1000.0).round() as i32, 1000);
        context.set_width(even(settings.width));
        context.set_height(even(settings.height));
        context.set_format(recipe.format);
        context.set_time_base(rate.invert());
        context.set_frame_rate(Some(rate));
        context.set_gop(GOP_FRAMES);
        context.set_max_b_frames(0);
        context.set_threading(ffmpeg_next::codec::threading::Config {
            count: 1,
            ..Default::default()
        });
        signal_colour(&mut context, Matrix::usual_for(settings.height));
        let bits = i64::from(settings.bit_rate.bps());
        // SAFETY: the context is ours and not opened yet; these are plain numbers that `avcodec_open2` reads.
        unsafe {
            set_bits(
                context.as_mut_ptr(),
                bits,
                buffer_bits(bits, nominal_rate, settings.buffer_frames),
            )
        };
        let (width, height) = (even(settings.width), even(settings.height));
        let upload = recipe
            .on_device
            .then(|| Upload::vaapi(name, width, height))
            .transpose()?;
        if let Some(upload) = &upload {
            upload.announce(&mut context);
        }
        let mut options = Dictionary::new();
        for (key, value) in &recipe.options {
            options.set(key, value);
        }
        let context = context.open_as_with(codec, options).map_err(refused)?;
        Ok(Self {
            context,
            canvas: Canvas::new(recipe.format, settings.width, settings.height),
            upload,
            packet: Packet::empty(),
            name,
            nominal_rate,
            buffer_frames: settings.buffer_frames,
            taken: 0,
        })
    }

    fn failed(&self, error: ffmpeg_next::Error) -> EncodeError {
        EncodeError::Picture {
            name: self.name.to_owned(),
            reason: error.to_string(),
        }
    }
}

/// Says in the parameter sets what the numbers mean (ITU-T H.264 annex E): limited range, matrix by size.
pub(super) fn signal_colour(context: &mut encoder::video::Video, matrix: Matrix) {
    context.set_color_range(color::Range::MPEG);
    let (space, primaries, transfer) = match matrix {
        Matrix::Bt601 => (
            color::Space::SMPTE170M,
            color::Primaries::SMPTE170M,
            color::TransferCharacteristic::SMPTE170M,
        ),
        Matrix::Bt709 => (
            color::Space::BT709,
            color::Primaries::BT709,
            color::TransferCharacteristic::BT709,
        ),
    };
    context.set_colorspace(space);
    context.set_color_primaries(primaries);
    context.set_color_transfer_characteristic(transfer);
}

fn buffer_bits(bits_per_second: i64, frame_rate: f64, frames: f64) -> i32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "clamped; bit rates stay below 2^53"
    )]
    let bits =
        (bits_per_second as f64 / frame_rate * frames).clamp(1.0, f64::from(i32::MAX)) as i32;
    bits
}

/// Target, maximum and rate buffer.
///
/// # Safety
/// `context` is a live codec context that no other thread uses. FFmpeg reads these fields at opening and, for
/// libx264, nvenc and qsv, before each picture; the documented way to change a rate in flight is to write them.
unsafe fn set_bits(context: *mut ffmpeg_next::ffi::AVCodecContext, bits: i64, buffer: i32) {
    // SAFETY: promised by the caller.
    unsafe {
        (*context).bit_rate = bits;
        (*context).rc_max_rate = bits;
        (*context).rc_buffer_size = buffer;
    }
}

impl VideoEncoder for FfmpegEncoder {
    fn encode(
        &mut self,
        picture: &Picture,
        rtp_time: RtpTime,
        force_idr: bool,
        out: &mut Vec<AccessUnit>,
    ) -> Result<(), EncodeError> {
        let name = self.name;
        let count = self.taken;
        self.taken += 1;
        let frame = self.canvas.draw(picture)?;
        frame.set_pts(Some(count));
        frame.set_kind(if force_idr {
            picture::Type::I
        } else {
            picture::Type::None
        });
        let sent = match &mut self.upload {
            None => self.context.send_frame(frame),
            Some(upload) => upload
                .upload(frame)
                .and_then(|frame| self.context.send_frame(&frame)),
        };
        sent.map_err(|error| self.failed(error))?;
        match self.context.receive_packet(&mut self.packet) {
            Ok(()) => {}
            Err(ffmpeg_next::Error::Other { errno }) if errno == libc::EAGAIN => {
                return Err(EncodeError::HoldsBack(name.to_owned()));
            }
            Err(error) => return Err(self.failed(error)),
        }
        if self.packet.pts().is_some_and(|pts| pts != count) {
            return Err(EncodeError::HoldsBack(name.to_owned()));
        }
        let data = Bytes::copy_from_slice(self.packet.data().unwrap_or_default());
        let keyframe = self.packet.is_key() && annexb::is_entry_point(&data);
        out.push(AccessUnit {
            rtp_time,
            keyframe,
            data,
        });
        Ok(())
    }

    fn set_rate(&mut self, bit_rate: BitRate, frame_rate: f64) {
        // x264 with zerolatency counts frames, not time: at half the nominal frame rate it would spend half the bits.
        let real = frame_rate.clamp(FRAME_RATES.0, FRAME_RATES.1);
        #[expect(clippy::cast_possible_truncation, reason = "at most 50 Mbit/s × 240")]
        let bits = (f64::from(bit_rate.bps()) * self.nominal_rate / real) as i64;
        let buffer = buffer_bits(bits, self.nominal_rate, self.buffer_frames);
        // SAFETY: the context is ours, and the exclusive borrow keeps every other use away.
        unsafe { set_bits(self.context.as_mut_ptr(), bits, buffer) };
    }

    fn name(&self) -> &str {
        self.name
    }
}
