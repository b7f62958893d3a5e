//! Writing ultrasound DICOM: clips, stills, video, and marks over them.
//!
//! Owns turning pictures and plain facts into objects that other systems read (PS3.3 A.6 and A.7). It knows no
//! network, clock or chance: times and UIDs come in as arguments, so the same input gives the same bytes on every
//! machine. Whoever calls it chooses the place, writes to a temporary name, syncs and renames.
//!
//! A writer checks everything it can before the first byte is written, keeps at most a few coded frames in
//! memory, and never writes what this crate would refuse to read. Identities that do not fit their attribute are
//! refused by the attribute's name; descriptions are cut to their length. No error carries a patient's data.

mod clip;
mod code;
mod coding;
mod context;
mod data_set;
mod error;
mod facts;
mod file;
mod frames;
mod high_profile;
mod image;
mod known;
mod modules;
mod moment;
mod mp4;
mod name;
pub mod presentation;
mod reference;
mod regions;
pub mod report;
mod stream;
mod target;
mod text;
mod timing;
mod uid;
mod video;
mod view;

pub(crate) use clip::Rewrite;
pub use clip::{ClipWriter, Written};
pub use code::Code;
pub use coding::{JpegQuality, PixelCoding};
pub use context::{Context, Equipment, Patient, Series, Sex, Study};
pub(crate) use data_set::Object;
pub use error::{TextFault, WriteError};
pub use facts::{ClipFacts, Modes, Origin, ScaleByHand};
pub(crate) use file::head as file_of;
pub use frames::{Frame, FrameFault, Frames};
pub use high_profile::as_high_profile;
pub(crate) use image::HAND_SCALE;
pub(crate) use known::known_codes;
pub use moment::{Date, LocalTime, UtcOffset};
pub use mp4::{Mp4, VideoMatrix};
pub use name::PersonName;
pub(crate) use presentation::icc::srgb as srgb_profile;
pub use reference::Reference;
pub(crate) use regions::fits as region_fits;
pub use target::{MarkedImage, PixelPoint};
pub use timing::{EVEN_WITHIN_PER_CENT, kept_apart};
pub use uid::Uid;
pub use video::Video;
pub use view::ViewLabel;
