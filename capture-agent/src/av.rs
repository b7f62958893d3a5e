//! FFmpeg as a library: set up once, and its words for errors.
//!
//! FFmpeg writes its own log to standard error; it is silenced to errors, and what matters comes back as our errors.

use std::sync::OnceLock;

/// Sets FFmpeg up, devices included. Again costs nothing.
pub(crate) fn ready() -> Result<(), ffmpeg_next::Error> {
    static READY: OnceLock<Result<(), ffmpeg_next::Error>> = OnceLock::new();
    *READY.get_or_init(|| {
        let outcome = ffmpeg_next::init();
        ffmpeg_next::log::set_level(ffmpeg_next::log::Level::Fatal);
        outcome
    })
}

/// Which FFmpeg this is.
pub(crate) fn version() -> String {
    let codec = ffmpeg_next::codec::version();
    let (major, minor, micro) = (codec >> 16, codec >> 8 & 0xff, codec & 0xff);
    format!("FFmpeg's libavcodec {major}.{minor}.{micro}")
}
