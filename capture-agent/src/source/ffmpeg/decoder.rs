//! From FFmpeg packets to our pictures.
//!
//! Owns decoder and conversion. Damaged packets are left out and counted; what comes after them is used. Pictures
//! without colour become Gray8, all others RGB8.

use crate::picture::{Form, Picture, PicturePool};
use crate::provenance::Provenance;
use crate::scale::{Colour, Matrix, Scaler, is_gray, pixel_of};
use crate::source::SourceError;
use crate::source::ffmpeg::input::Opened;
use crate::source::ffmpeg::wish::Wish;
use crate::source::ffmpeg::words::why;
use ffmpeg_next::codec::threading;
use ffmpeg_next::codec::{self, context::Context};
use ffmpeg_next::frame::Video;
use ffmpeg_next::{Packet, Rational, decoder, ffi};
use std::sync::Arc;
use std::time::Duration;

/// Threads that share a picture. More would split it too finely; sharing by frames instead would hold frames back.
const SLICE_THREADS: usize = 2;

/// A decoder for one stream.
pub(super) struct Decoder {
    decoder: decoder::Video,
    /// The frame taken last.
    frame: Video,
    /// The next one is received here: asking for a frame that is not there empties what it is asked into.
    spare: Video,
    scaler: Option<Scaler>,
    time_base: Rational,
    /// Frames per second that the stream claims.
    pub(super) frame_rate: Option<f64>,
    /// Every picture stands for itself.
    pub(super) is_intra_only: bool,
    /// Packets that could not be decoded.
    pub(super) damaged: u64,
    /// Whether its coding loses anything; nothing else is known of a video.
    pub(super) provenance: Arc<Provenance>,
}

impl Decoder {
    /// Opens the decoder of the video stream. `low_delay` gives frames out at once; files with reordered frames must
    /// not ask for it.
    pub(super) fn new(wish: &Wish, opened: &Opened, low_delay: bool) -> Result<Self, SourceError> {
        let refused = |error: ffmpeg_next::Error| wish.cannot_open(why(error));
        let stream = opened
            .input
            .stream(opened.stream)
            .ok_or_else(|| refused(ffmpeg_next::Error::StreamNotFound))?;
        let parameters = stream.parameters();
        let id = parameters.id();
        let mut context = Context::from_parameters(parameters).map_err(refused)?;
        context.set_threading(threading::Config {
            kind: threading::Type::Slice,
            count: SLICE_THREADS,
            ..Default::default()
        });
        if low_delay {
            context.set_flags(codec::Flags::LOW_DELAY);
        }
        let decoder = context.decoder().video().map_err(refused)?;
        let rate = [stream.avg_frame_rate(), stream.rate()]
            .into_iter()
            .find(|rate| rate.numerator() > 0 && rate.denominator() > 0);
        Ok(Self {
            decoder,
            frame: Video::empty(),
            spare: Video::empty(),
            scaler: None,
            time_base: stream.time_base(),
            frame_rate: rate
                .map(f64::from)
                .filter(|rate| (1.0..=240.0).contains(rate)),
            is_intra_only: is_intra_only(id),
            damaged: 0,
            provenance: Arc::new(Provenance::of_device(&wish.input, !is_lossless(id))),
        })
    }

    /// Gives a packet in.
    pub(super) fn feed(&mut self, packet: &Packet) {
        if self.decoder.send_packet(packet).is_err() {
            self.damaged += 1;
        }
    }

    /// No more packets come for now: frames held back come out.
    pub(super) fn drain(&mut self) {
        // Fails only when it was told before.
        let _ = self.decoder.send_eof();
    }

    /// Forgets everything, to start elsewhere in the stream.
    pub(super) fn flush(&mut self) {
        self.decoder.flush();
    }

    /// Takes the next frame out; its time in the stream if it has one.
    pub(super) fn take(&mut self) -> Option<Option<Duration>> {
        self.decoder.receive_frame(&mut self.spare).ok()?;
        std::mem::swap(&mut self.frame, &mut self.spare);
        Some(
            self.frame
                .timestamp()
                .and_then(|at| duration(at, self.time_base)),
        )
    }

    /// The frame taken last, as a picture.
    pub(super) fn picture(&mut self, pool: &PicturePool) -> Result<Picture, SourceError> {
        let form = if is_gray(self.frame.format()) {
            Form::Gray8
        } else {
            Form::Rgb8
        };
        let (width, height) = (self.frame.width(), self.frame.height());
        let mut picture = pool.take(width, height, form)?;
        let from = Colour::of(&self.frame);
        let to = Colour {
            format: pixel_of(form),
            matrix: Matrix::usual_for(height),
            full_range: true,
        };
        let refused = |error: crate::scale::ScaleError| SourceError::Ended(error.to_string());
        if !self
            .scaler
            .as_ref()
            .is_some_and(|scaler| scaler.fits(from, to, width, height))
        {
            self.scaler = Some(Scaler::new(from, to, width, height).map_err(refused)?);
        }
        if let Some(scaler) = &mut self.scaler {
            scaler
                .read_frame(&self.frame, &mut picture)
                .map_err(refused)?;
        }
        Ok(picture)
    }
}

fn is_intra_only(id: codec::Id) -> bool {
    // SAFETY: returns null or a pointer to static data of FFmpeg.
    let descriptor = unsafe { ffi::avcodec_descriptor_get(id.into()).as_ref() };
    descriptor.is_some_and(|descriptor| descriptor.props & ffi::AV_CODEC_PROP_INTRA_ONLY != 0)
}

/// Codecs that can do both count as lossy.
fn is_lossless(id: codec::Id) -> bool {
    // SAFETY: returns null or a pointer to static data of FFmpeg.
    let descriptor = unsafe { ffi::avcodec_descriptor_get(id.into()).as_ref() };
    let loses = ffi::AV_CODEC_PROP_LOSSY;
    descriptor.is_some_and(|found| {
        found.props & ffi::AV_CODEC_PROP_LOSSLESS != 0 && found.props & loses == 0
    })
}

/// A time in the stream; none when it is negative or nonsense.
fn duration(at: i64, base: Rational) -> Option<Duration> {
    let seconds = at as f64 * f64::from(base);
    Duration::try_from_secs_f64(seconds).ok()
}
