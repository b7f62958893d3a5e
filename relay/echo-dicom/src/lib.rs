//! Ultrasound DICOM: guarded reading, frame decoding, frame times, regions and measuring; writing of clips and stills.
//! No network.
//!
//! `Clip::open` walks a foreign file flat, checks everything it declares against `limits`, and leaves the
//! pixels where they are; `Clip::frame` decodes one frame into a canonical `Picture` in its right colour. Frames of an H.264
//! video are also given as stored (`Clip::video`), for a decoder elsewhere. Nothing
//! here panics on any input, nothing recurses over foreign data, and no header or error carries a patient
//! attribute. `measure` goes from points on a picture to numbers with units; `write` is the other half: pictures and
//! facts in, objects out; `deidentify` writes them for a case, without identity. Callers: the capture agent (clips as a source), the relay (archive), sample and test tools.

mod clip;
mod decode;
pub mod deidentify;
mod error;
mod exported;
mod fragments;
mod header;
mod identity;
mod inflate;
mod japanese;
mod json;
pub mod limits;
pub mod measure;
mod meta;
mod mp4;
mod outline;
mod picture;
mod provenance;
mod region_form;
mod regions;
mod rows;
mod scan;
mod source;
mod syntax;
mod times;
mod values;
pub mod write;

pub use clip::{Clip, ClipReader};
pub use error::{ClipError, ScanFault};
pub use exported::{exported_clip, exported_head};
pub use header::{ClipHeader, PixelLayout};
pub use identity::Identity;
pub use json::{HeaderPlace, MAX_HEADER_JSON_BYTES, header_json};
pub use mp4::VideoTrack;
pub use outline::Outline;
pub use picture::{Photometric, Picture, PixelForm};
pub use provenance::{Provenance, text_in};
pub use regions::{
    PhysicalUnit, ReferencePixel, RegionBounds, RegionDataType, RegionReach, SpatialFormat,
    UltrasoundRegion,
};
pub use rows::{PictureRows, RowSink, RowsOf, STRIP_BYTES};
pub use syntax::TransferSyntax;
pub use times::{FrameTimes, TimeSource};
