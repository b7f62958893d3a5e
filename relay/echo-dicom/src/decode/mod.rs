//! From the coded bytes of one frame to a canonical picture.
//!
//! Each codec gives rows of raw samples, or all of them and says how they lie; colour is finished in one place, so that a palette or
//! YBR picture is treated alike whatever it was packed in. Foreign decoders run behind a panic guard and only
//! after their code stream's own header agreed with the clip's.

mod codestream;
mod colour;
mod grey;
mod j2k;
mod j2k_head;
mod jpeg;
mod jpeg_head;
mod jpegls;
mod lossless;
mod native;
mod painter;
mod palette;
mod rle;
mod samples;
mod segmented;
mod video;

pub(crate) use grey::GreyTable;
pub(crate) use jpeg_head::JpegHead;
pub(crate) use native::NativePixels;
pub(crate) use painter::Painter;
pub(crate) use palette::PaletteTable;
pub(crate) use video::VideoPixels;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::ClipError;
use crate::header::PixelLayout;
use crate::picture::PixelForm;
use crate::syntax::TransferSyntax;

/// What turns samples into a displayed picture, made once for a clip.
#[derive(Debug)]
pub(crate) enum Finish {
    Grey(GreyTable),
    Palette(PaletteTable),
    Colour,
}

/// Decodes one encapsulated frame. RLE and lossless JPEG pass by row by row; the other decoders only give whole pictures.
pub(crate) fn encapsulated(
    syntax: TransferSyntax,
    layout: &PixelLayout,
    coded: Vec<u8>,
    painter: &mut Painter<'_>,
) -> Result<(), ClipError> {
    match syntax {
        TransferSyntax::Rle => rle::decode(layout, &coded, painter),
        TransferSyntax::JpegBaseline | TransferSyntax::JpegExtended => {
            let decoded = jpeg::decode(layout, &coded)?;
            drop(coded);
            painter.all(&decoded)
        }
        TransferSyntax::JpegLossless | TransferSyntax::JpegLosslessSv1 => {
            lossless::decode(layout, &coded, painter)
        }
        TransferSyntax::JpegLsLossless | TransferSyntax::JpegLsNearLossless => {
            painter.all(&jpegls::decode(layout, coded)?)
        }
        TransferSyntax::Jpeg2000Lossless | TransferSyntax::Jpeg2000 => {
            j2k::decode(layout, coded, painter)
        }
        TransferSyntax::H264Level41
        | TransferSyntax::H264BluRay
        | TransferSyntax::H264Level42
        | TransferSyntax::H264Level42In3d
        | TransferSyntax::H264Stereo => Err(ClipError::decode(
            "H.264",
            "a frame of a video is decoded from the frames before it",
        )),
        TransferSyntax::ImplicitLittleEndian
        | TransferSyntax::ExplicitLittleEndian
        | TransferSyntax::ExplicitBigEndian
        | TransferSyntax::Deflated => Err(ClipError::PixelData(
            "fragments in an uncompressed clip".into(),
        )),
    }
}

impl Finish {
    /// What pixels of the finished picture are made of.
    fn form(&self) -> PixelForm {
        match self {
            Self::Grey(_) => PixelForm::Gray8,
            Self::Palette(_) | Self::Colour => PixelForm::Rgb8,
        }
    }

    /// What errors call the step.
    fn name(&self) -> &'static str {
        match self {
            Self::Grey(_) => "grey",
            Self::Palette(_) => "palette",
            Self::Colour => "colour",
        }
    }

    /// Gives a row of samples of eight bits its displayed colour.
    fn eight(&self, layout: &PixelLayout, ybr: bool, row: &[u8], out: &mut Vec<u8>) {
        let wide = || row.iter().map(|sample| u16::from(*sample));
        match self {
            Self::Grey(table) => table.apply(wide(), out),
            Self::Palette(table) => table.apply(wide(), out),
            Self::Colour => colour::eight(layout, ybr, row, out),
        }
    }

    /// The same of sixteen bits.
    fn sixteen(&self, layout: &PixelLayout, ybr: bool, row: &[u16], out: &mut Vec<u8>) {
        match self {
            Self::Grey(table) => table.apply(row.iter().copied(), out),
            Self::Palette(table) => table.apply(row.iter().copied(), out),
            Self::Colour => colour::deep(layout, ybr, row.iter().copied(), out),
        }
    }
}

/// Runs a foreign decoder; its panic becomes an error that names the step.
fn guarded<T>(
    codec: &'static str,
    decode: impl FnOnce() -> Result<T, String>,
) -> Result<T, ClipError> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(result) => result.map_err(|fault| ClipError::decode(codec, fault)),
        Err(_) => Err(ClipError::decode(
            codec,
            "the decoder gave up on these bytes",
        )),
    }
}
