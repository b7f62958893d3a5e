//! Transfer syntaxes: how the data set is written and how its pixels are coded (PS3.5 section 10, Annex A).
//!
//! Owns the list of what this crate reads. Pixels of all of them are decoded. A syntax that is not listed is still a well-formed file: opening it fails with its
//! UID named, so that the caller can say what to do.

use crate::error::ClipError;
use serde::{Deserialize, Serialize};

/// How tags, lengths and numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Encoding {
    pub(crate) explicit_vr: bool,
    pub(crate) big_endian: bool,
}

pub(crate) const EXPLICIT_LE: Encoding = Encoding {
    explicit_vr: true,
    big_endian: false,
};
pub(crate) const IMPLICIT_LE: Encoding = Encoding {
    explicit_vr: false,
    big_endian: false,
};

pub(crate) const EXPLICIT_BE: Encoding = Encoding {
    explicit_vr: true,
    big_endian: true,
};

/// The transfer syntaxes that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TransferSyntax {
    /// Implicit VR Little Endian.
    ImplicitLittleEndian,
    /// Explicit VR Little Endian.
    ExplicitLittleEndian,
    /// Explicit VR Big Endian (retired, still met).
    ExplicitBigEndian,
    /// Deflated Explicit VR Little Endian.
    Deflated,
    /// RLE Lossless.
    Rle,
    /// JPEG Baseline (Process 1), 8 bit.
    JpegBaseline,
    /// JPEG Extended (Process 2 and 4); read where the frame has 8 bits.
    JpegExtended,
    /// JPEG Lossless (Process 14), any predictor.
    JpegLossless,
    /// JPEG Lossless (Process 14, selection value 1).
    JpegLosslessSv1,
    /// JPEG-LS lossless.
    JpegLsLossless,
    /// JPEG-LS near-lossless.
    JpegLsNearLossless,
    /// JPEG 2000, reversible only.
    Jpeg2000Lossless,
    /// JPEG 2000.
    Jpeg2000,
    /// MPEG-4 AVC/H.264 High Profile / Level 4.1.
    H264Level41,
    /// MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1.
    H264BluRay,
    /// MPEG-4 AVC/H.264 High Profile / Level 4.2 for 2D video.
    H264Level42,
    /// MPEG-4 AVC/H.264 High Profile / Level 4.2 for 3D video; both views lie in one picture.
    H264Level42In3d,
    /// MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2; other decoders show one of the views.
    H264Stereo,
}

const TABLE: [(TransferSyntax, &str); 18] = [
    (TransferSyntax::ImplicitLittleEndian, "1.2.840.10008.1.2"),
    (TransferSyntax::ExplicitLittleEndian, "1.2.840.10008.1.2.1"),
    (TransferSyntax::ExplicitBigEndian, "1.2.840.10008.1.2.2"),
    (TransferSyntax::Deflated, "1.2.840.10008.1.2.1.99"),
    (TransferSyntax::Rle, "1.2.840.10008.1.2.5"),
    (TransferSyntax::JpegBaseline, "1.2.840.10008.1.2.4.50"),
    (TransferSyntax::JpegExtended, "1.2.840.10008.1.2.4.51"),
    (TransferSyntax::JpegLossless, "1.2.840.10008.1.2.4.57"),
    (TransferSyntax::JpegLosslessSv1, "1.2.840.10008.1.2.4.70"),
    (TransferSyntax::JpegLsLossless, "1.2.840.10008.1.2.4.80"),
    (TransferSyntax::JpegLsNearLossless, "1.2.840.10008.1.2.4.81"),
    (TransferSyntax::Jpeg2000Lossless, "1.2.840.10008.1.2.4.90"),
    (TransferSyntax::Jpeg2000, "1.2.840.10008.1.2.4.91"),
    (TransferSyntax::H264Level41, "1.2.840.10008.1.2.4.102"),
    (TransferSyntax::H264BluRay, "1.2.840.10008.1.2.4.103"),
    (TransferSyntax::H264Level42, "1.2.840.10008.1.2.4.104"),
    (TransferSyntax::H264Level42In3d, "1.2.840.10008.1.2.4.105"),
    (TransferSyntax::H264Stereo, "1.2.840.10008.1.2.4.106"),
];

impl TransferSyntax {
    /// Finds a syntax by UID. Only a well-formed UID is quoted in the error (PS3.5 section 9.1).
    pub(crate) fn from_uid(uid: &str) -> Result<Self, ClipError> {
        if !is_uid(uid) {
            return Err(ClipError::Meta("the transfer syntax is no valid UID"));
        }
        TABLE
            .iter()
            .find(|(_, known)| *known == uid)
            .map(|(syntax, _)| *syntax)
            .ok_or_else(|| ClipError::TransferSyntax(uid.to_owned()))
    }

    /// The UID.
    #[must_use]
    pub fn uid(self) -> &'static str {
        TABLE
            .iter()
            .find(|(syntax, _)| *syntax == self)
            .map_or("", |(_, uid)| uid)
    }

    /// Whether pixels are in fragments (PS3.5 Annex A.4).
    #[must_use]
    pub fn is_encapsulated(self) -> bool {
        !matches!(
            self,
            Self::ImplicitLittleEndian
                | Self::ExplicitLittleEndian
                | Self::ExplicitBigEndian
                | Self::Deflated
        )
    }

    /// Whether all frames are one H.264 video (PS3.5 sections 8.2.7 to 8.2.9), each decoded from those before it.
    #[must_use]
    pub fn is_video(self) -> bool {
        matches!(
            self,
            Self::H264Level41
                | Self::H264BluRay
                | Self::H264Level42
                | Self::H264Level42In3d
                | Self::H264Stereo
        )
    }

    pub(crate) fn encoding(self) -> Encoding {
        match self {
            Self::ImplicitLittleEndian => IMPLICIT_LE,
            Self::ExplicitBigEndian => EXPLICIT_BE,
            _ => EXPLICIT_LE,
        }
    }
}

/// `^[0-9.]{1,64}$`: anything else is never quoted, stored or used as a name.
pub(crate) fn is_uid(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}
