//! From pictures to H.264 access units.
//!
//! `encoder` says what an encoder is; `ffmpeg` is one on any of FFmpeg's H.264 encoders; `canvas` turns a picture
//! into the YCbCr that it wants; `upload` puts that where a graphics device wants it; `recipe` holds the settings of
//! each; `probe` chooses one that really works here, `keeper` keeps it open; `keyframes` decides when an IDR is due, `fit` how much of
//! a picture is coded. The encode thread calls all of them. `archive` codes a whole clip, later and without haste. Nothing here knows of
//! networks.

pub mod annexb;
pub(crate) mod archive;
mod canvas;
pub mod encoder;
mod ffmpeg;
mod fit;
mod keeper;
pub mod keyframes;
pub mod probe;
mod recipe;
#[cfg(test)]
mod stand_in;
mod upload;

pub use encoder::{AccessUnit, BitRate, EncodeError, EncoderSettings, Preset, VideoEncoder};
pub(crate) use fit::Fit;
pub use fit::Room;
pub use keeper::{EncodeOptions, Keeper, Ready};
pub use probe::{Choice, Chosen, EncoderFactory, FfmpegFactory};
