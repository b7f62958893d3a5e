//! FFmpeg's errors in words with what to do (pure).
//!
//! One line each, for the terminal of the device. Errors that need no words of ours are passed on in FFmpeg's.

use ffmpeg_next::Error;

/// Why an input did not open or go on.
pub(super) fn why(error: Error) -> String {
    let words = match error {
        Error::InvalidData => "it is no video that FFmpeg knows, or it is damaged or cut off",
        Error::Eof => "it ends before the first picture; it may be empty or cut off",
        Error::Exit => "it did not answer in time; check cable, address and network",
        Error::ProtocolNotFound => "FFmpeg knows no such kind of address",
        Error::DemuxerNotFound => "FFmpeg knows no such format",
        Error::DecoderNotFound => "this FFmpeg cannot decode it; install a fuller FFmpeg",
        Error::StreamNotFound => "there is no picture in it",
        Error::HttpUnauthorized | Error::HttpForbidden => {
            "it wants a name and password, or refuses them"
        }
        Error::HttpNotFound => "there is nothing at that address (404)",
        Error::HttpServerError => "its server reports a fault (5xx)",
        Error::Other {
            errno: libc::ENOENT,
        } => "there is no such file or device",
        Error::Other {
            errno: libc::EACCES | libc::EPERM,
        } => "this user may not read it; for a grabber add the user to the group video",
        Error::Other { errno: libc::EBUSY } => "another program uses it; close that first",
        Error::Other {
            errno: libc::EISDIR,
        } => "it is a folder; name a file",
        Error::Other {
            errno: libc::ECONNREFUSED,
        } => "nobody listens at that address",
        Error::Other {
            errno: libc::ETIMEDOUT | libc::EHOSTUNREACH | libc::ENETUNREACH,
        } => "the address cannot be reached",
        Error::Other {
            errno: libc::EIO | libc::EPIPE | libc::ECONNRESET,
        } => "it broke off; check cable, power and network",
        Error::Other {
            errno: libc::ENODEV | libc::ENXIO,
        } => "the device is gone; plug it in again",
        other => return format!("FFmpeg says: {other}"),
    };
    words.to_owned()
}
