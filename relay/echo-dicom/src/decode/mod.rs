//! From the coded bytes of one frame to a canonical picture.
//!
//! Each codec gives raw samples and says how they lie; colour is finished in one place, so that a palette or
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
mod native;
mod palette;
mod rle;
mod samples;
mod segmented;
mod video;

pub(crate) use grey::GreyTable;
pub(crate) use jpeg_head::JpegHead;
pub(crate) use native::NativePixels;
pub(crate) use palette::PaletteTable;
pub(crate) use samples::Decoded;
pub(crate) use video::VideoPixels;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::ClipError;
use crate::header::PixelLayout;
use crate::picture::Picture;
use crate::syntax::TransferSyntax;

/// What turns samples into a displayed picture, made once for a clip.
#[derive(Debug)]
pub(crate) enum Finish {
    Grey(GreyTable),
    Palette(PaletteTable),
    Colour,
}

/// Decodes one encapsulated frame.
pub(crate) fn encapsulated(
    syntax: TransferSyntax,
    layout: &PixelLayout,
    coded: &[u8],
) -> Result<Decoded, ClipError> {
    match syntax {
        TransferSyntax::Rle => rle::decode(layout, coded),
        TransferSyntax::JpegBaseline | TransferSyntax::JpegExtended => jpeg::decode(layout, coded),
        TransferSyntax::JpegLossless | TransferSyntax::JpegLosslessSv1 => {
            jpeg::decode_lossless(layout, coded)
        }
        TransferSyntax::JpegLsLossless | TransferSyntax::JpegLsNearLossless => {
            jpegls::decode(layout, coded)
        }
        TransferSyntax::Jpeg2000Lossless | TransferSyntax::Jpeg2000 => j2k::decode(layout, coded),
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

/// Gives samples their displayed colour.
pub(crate) fn finish(
    layout: &PixelLayout,
    finish: &Finish,
    decoded: Decoded,
) -> Result<Picture, ClipError> {
    match finish {
        Finish::Grey(table) => table.apply(layout, &decoded),
        Finish::Palette(table) => table.apply(layout, &decoded),
        Finish::Colour => colour::finish(layout, decoded),
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
