//! From pictures to H.264 access units.
//!
//! `encoder` says what an encoder is; `ffmpeg` is one on any of FFmpeg's H.264 encoders; `canvas` turns a picture
//! into the YUV that it wants; `probe` chooses one that really works here; `keyframes` decides when an IDR is due.
//! The encode thread calls all of them. Nothing here knows of networks.

pub mod annexb;
mod canvas;
pub mod encoder;
mod ffmpeg;
pub mod keyframes;
pub mod probe;
mod recipe;

pub use encoder::{AccessUnit, BitRate, EncodeError, EncoderSettings, Preset, VideoEncoder};
pub use probe::{Choice, Chosen, EncoderFactory, FfmpegFactory};
