//! What is known of a picture beside its pixels: regions, the DICOM instance it was played from, earlier loss.
//!
//! Owns the facts that a source knows and a saved clip must not lose. All frames of one clip share one value behind
//! an `Arc`; nothing is copied for each frame. It holds no patient attribute, so it may be logged.

use echo_dicom::{ClipHeader, TransferSyntax};
use serde::{Deserialize, Serialize};
use wire::region::Region;

/// What a source knows of its pictures.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Calibrated parts of the picture, in the file's order; empty when the source knows none.
    pub regions: Vec<Region>,
    /// The instance that the picture was played from; nothing when it came from a device.
    pub instance: Option<SourceInstance>,
    /// The pixels were coded with loss before they came here.
    pub lossy: bool,
}

/// A DICOM instance by its two UIDs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SourceInstance {
    /// SOP Class UID.
    pub class_uid: String,
    /// SOP Instance UID.
    pub instance_uid: String,
}

impl Provenance {
    /// Of pictures that were coded with loss on the way, or not, and of which nothing else is known.
    #[must_use]
    pub const fn coded(lossy: bool) -> Self {
        Self {
            regions: Vec::new(),
            instance: None,
            lossy,
        }
    }

    /// Of the frames of a DICOM clip.
    #[must_use]
    pub fn of_clip(header: &ClipHeader) -> Self {
        let named = !header.sop_class_uid.is_empty() && !header.sop_instance_uid.is_empty();
        Self {
            regions: header.regions.iter().map(Region::from).collect(),
            instance: named.then(|| SourceInstance {
                class_uid: header.sop_class_uid.clone(),
                instance_uid: header.sop_instance_uid.clone(),
            }),
            lossy: header.lossy_before || is_lossy(header.transfer_syntax),
        }
    }
}

/// JPEG 2000 of either kind and unknown syntaxes count as lossy: a picture is never called better than it is.
const fn is_lossy(syntax: TransferSyntax) -> bool {
    !matches!(
        syntax,
        TransferSyntax::ImplicitLittleEndian
            | TransferSyntax::ExplicitLittleEndian
            | TransferSyntax::ExplicitBigEndian
            | TransferSyntax::Deflated
            | TransferSyntax::Rle
            | TransferSyntax::JpegLossless
            | TransferSyntax::JpegLosslessSv1
            | TransferSyntax::JpegLsLossless
            | TransferSyntax::Jpeg2000Lossless
    )
}
