//! Pixel conversion by FFmpeg's swscale, between our pictures and FFmpeg's frames, and a smaller picture for an encoder.
//!
//! Owns the unsafe calls. Colour is explicit: which matrix and which range come in, which go out. Callers keep one
//! `Scaler` per pair of formats and sizes; `fits` says when a new one is needed.
//!
//! Invariant: no plane is read or written beyond its rows plus the tail that `Picture` and FFmpeg's frames provide.

use crate::picture::{Form, Picture};
use ffmpeg_next::color;
use ffmpeg_next::ffi;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;
use ffmpeg_next::software::scaling;
use std::ptr;

/// YCbCr matrix (ITU-T H.264 table E-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Matrix {
    /// ITU-R BT.601, for pictures below 720 lines.
    Bt601,
    /// ITU-R BT.709, for larger ones.
    Bt709,
}

impl Matrix {
    /// The usual matrix for a picture of this height.
    #[must_use]
    pub(crate) const fn usual_for(height: u32) -> Self {
        if height < 720 {
            Self::Bt601
        } else {
            Self::Bt709
        }
    }

    const fn swscale(self) -> i32 {
        match self {
            Self::Bt601 => ffi::SWS_CS_ITU601,
            Self::Bt709 => ffi::SWS_CS_ITU709,
        }
    }
}

/// What numbers mean in one side of a conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Colour {
    /// Format of the pixels.
    pub(crate) format: Pixel,
    /// Matrix when they are YCbCr.
    pub(crate) matrix: Matrix,
    /// 0 to 255 instead of 16 to 235.
    pub(crate) full_range: bool,
}

/// The format of our own pictures.
#[must_use]
pub(crate) const fn pixel_of(form: Form) -> Pixel {
    match form {
        Form::Gray8 => Pixel::GRAY8,
        Form::Rgb8 => Pixel::RGB24,
    }
}

impl Colour {
    /// What the numbers of a decoded frame mean.
    pub(crate) fn of(frame: &Video) -> Self {
        let (format, is_full_by_format) = plain(frame.format());
        let matrix = match frame.color_space() {
            color::Space::BT709 => Matrix::Bt709,
            color::Space::SMPTE170M | color::Space::BT470BG | color::Space::FCC => Matrix::Bt601,
            _ => Matrix::usual_for(frame.height()),
        };
        let full_range = is_full_by_format || frame.color_range() == color::Range::JPEG;
        Self {
            format,
            matrix,
            full_range,
        }
    }
}

/// The format without its range: FFmpeg has old names for YCbCr that stand for full range too.
const fn plain(format: Pixel) -> (Pixel, bool) {
    match format {
        Pixel::YUVJ420P => (Pixel::YUV420P, true),
        Pixel::YUVJ422P => (Pixel::YUV422P, true),
        Pixel::YUVJ444P => (Pixel::YUV444P, true),
        Pixel::YUVJ440P => (Pixel::YUV440P, true),
        Pixel::YUVJ411P => (Pixel::YUV411P, true),
        other => (other, false),
    }
}

/// Whether a format carries no colour, so that Gray8 holds all there is.
pub(crate) fn is_gray(format: Pixel) -> bool {
    let descriptor: ffi::AVPixelFormat = format.into();
    // SAFETY: returns null or a pointer to static data of FFmpeg.
    let descriptor = unsafe { ffi::av_pix_fmt_desc_get(descriptor).as_ref() };
    // A palette is one component too, of colours.
    descriptor
        .is_some_and(|d| d.nb_components <= 2 && d.flags & ffi::AV_PIX_FMT_FLAG_PAL as u64 == 0)
}

/// Conversion that FFmpeg does not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("FFmpeg cannot convert {from:?} to {to:?}")]
pub(crate) struct ScaleError {
    /// Format given.
    pub(crate) from: Pixel,
    /// Format wanted.
    pub(crate) to: Pixel,
}

/// One prepared conversion.
pub(crate) struct Scaler {
    context: scaling::Context,
    from: Colour,
    to: Colour,
    width: u32,
    height: u32,
    /// Size of what comes out.
    out: (u32, u32),
}

// SAFETY: the swscale context is owned by this value alone and used through `&mut self` only; swscale ties it to no thread.
unsafe impl Send for Scaler {}

impl Scaler {
    /// Prepares a conversion of pictures of this size.
    ///
    /// # Errors
    /// `ScaleError` when FFmpeg has no such conversion.
    pub(crate) fn new(
        from: Colour,
        to: Colour,
        width: u32,
        height: u32,
    ) -> Result<Self, ScaleError> {
        Self::resizing(from, to, (width, height), (width, height))
    }

    /// Prepares a conversion into another size; what becomes smaller is averaged.
    ///
    /// # Errors
    /// `ScaleError` when FFmpeg has no such conversion.
    pub(crate) fn resizing(
        from: Colour,
        to: Colour,
        (width, height): (u32, u32),
        out: (u32, u32),
    ) -> Result<Self, ScaleError> {
        let refused = ScaleError {
            from: from.format,
            to: to.format,
        };
        let flags = if out == (width, height) {
            scaling::Flags::BILINEAR
        } else {
            scaling::Flags::AREA
        };
        let mut context =
            scaling::Context::get(from.format, width, height, to.format, out.0, out.1, flags)
                .map_err(|_| refused.clone())?;
        // SAFETY: `context` is a live swscale context; the coefficient tables are static data of swscale.
        // The result is ignored: it is negative when neither side is YCbCr, and then there is nothing to set.
        unsafe {
            ffi::sws_setColorspaceDetails(
                context.as_mut_ptr(),
                ffi::sws_getCoefficients(from.matrix.swscale()),
                i32::from(from.full_range),
                ffi::sws_getCoefficients(to.matrix.swscale()),
                i32::from(to.full_range),
                0,
                1 << 16,
                1 << 16,
            );
        }
        Ok(Self {
            context,
            from,
            to,
            width,
            height,
            out,
        })
    }

    /// Whether this scaler does just that.
    #[must_use]
    pub(crate) fn fits(&self, from: Colour, to: Colour, width: u32, height: u32) -> bool {
        self.takes(from, width, height) && self.to == to && self.out == (width, height)
    }

    /// Whether this scaler takes pictures like that.
    #[must_use]
    pub(crate) fn takes(&self, from: Colour, width: u32, height: u32) -> bool {
        self.from == from && self.width == width && self.height == height
    }

    /// Converts a decoded frame into a picture.
    ///
    /// # Errors
    /// `ScaleError` when frame or picture are not what the scaler was made for.
    pub(crate) fn read_frame(
        &mut self,
        frame: &Video,
        picture: &mut Picture,
    ) -> Result<(), ScaleError> {
        let same =
            frame.width() == self.width && frame.height() == self.height && frame.planes() > 0;
        let target = (picture.width(), picture.height()) == self.out;
        if !same
            || !target
            || plain(frame.format()).0 != self.from.format
            || self.to.format != pixel_of(picture.form())
        {
            return Err(self.refused());
        }
        let stride = i32::try_from(picture.row_bytes()).map_err(|_| self.refused())?;
        let target = [
            picture.padded_mut().as_mut_ptr(),
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
        ];
        // SAFETY: `frame` holds planes of the size and format checked above; `target` has rows of `stride` bytes for
        // the whole height and the tail that vector writes need.
        let rows = unsafe {
            let source = frame.as_ptr();
            self.run(
                (*source).data.as_ptr().cast(),
                (*source).linesize.as_ptr(),
                target.as_ptr(),
                [stride, 0, 0, 0].as_ptr(),
            )
        };
        if rows > 0 {
            Ok(())
        } else {
            Err(self.refused())
        }
    }

    /// Converts a picture into the upper left part of a frame at least as large.
    ///
    /// # Errors
    /// `ScaleError` when frame or picture are not what the scaler was made for.
    pub(crate) fn write_frame(
        &mut self,
        picture: &Picture,
        frame: &mut Video,
    ) -> Result<(), ScaleError> {
        let (width, height) = self.out;
        let room = frame.width() >= width && frame.height() >= height && frame.planes() > 0;
        let same = picture.width() == self.width && picture.height() == self.height;
        if !room
            || !same
            || self.from.format != pixel_of(picture.form())
            || frame.format() != self.to.format
        {
            return Err(self.refused());
        }
        let stride = i32::try_from(picture.row_bytes()).map_err(|_| self.refused())?;
        let source = [
            picture.padded().as_ptr(),
            ptr::null(),
            ptr::null(),
            ptr::null(),
        ];
        // SAFETY: `source` has `height` rows of `stride` bytes and a tail; `frame` has planes of the target format that
        // are at least as large, allocated by FFmpeg with its own padding.
        let rows = unsafe {
            let target = frame.as_mut_ptr();
            self.run(
                source.as_ptr(),
                [stride, 0, 0, 0].as_ptr(),
                (*target).data.as_ptr(),
                (*target).linesize.as_ptr(),
            )
        };
        if rows > 0 {
            Ok(())
        } else {
            Err(self.refused())
        }
    }

    /// # Safety
    /// The pointers name planes and strides that fit the formats and size of this scaler.
    unsafe fn run(
        &mut self,
        from: *const *const u8,
        from_stride: *const i32,
        to: *const *mut u8,
        to_stride: *const i32,
    ) -> i32 {
        let height = i32::try_from(self.height).unwrap_or(0);
        // SAFETY: promised by the caller.
        unsafe {
            ffi::sws_scale(
                self.context.as_mut_ptr(),
                from,
                from_stride,
                0,
                height,
                to,
                to_stride,
            )
        }
    }

    const fn refused(&self) -> ScaleError {
        ScaleError {
            from: self.from.format,
            to: self.to.format,
        }
    }
}
