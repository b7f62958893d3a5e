//! Bodies of several parts, as they leave (RFC 2046 section 5.1, RFC 2387).
//!
//! Owns boundaries and part heads. Parts are streams, read when the other side has room.

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};
use std::io;
use std::path::Path;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};

/// Read and sent at once.
const PIECE_BYTES: u64 = 256 * 1024;

/// Bytes in pieces.
pub(super) type Pieces = BoxStream<'static, io::Result<Bytes>>;

/// A part.
pub(super) struct Part {
    /// Its media type with parameters.
    pub(super) media: String,
    /// Where it is found by itself.
    pub(super) location: Option<String>,
    /// It.
    pub(super) pieces: Pieces,
}

/// A body of parts whose media type, without parameters, is this.
pub(super) fn related(
    media: &str,
    parts: impl Stream<Item = io::Result<Part>> + Send + 'static,
) -> Response {
    let boundary = format!("hibiki-{}", uuid::Uuid::new_v4().simple());
    let (head, end) = (format!("--{boundary}\r\n"), format!("--{boundary}--\r\n"));
    let wrapped = parts.flat_map(move |part| -> Pieces {
        match part {
            Ok(part) => {
                let location = part
                    .location
                    .map_or_else(String::new, |at| format!("Content-Location: {at}\r\n"));
                let head = format!("{head}Content-Type: {}\r\n{location}\r\n", part.media);
                once(head).chain(part.pieces).chain(once("\r\n")).boxed()
            }
            Err(error) => stream::once(async { Err(error) }).boxed(),
        }
    });
    let content = format!("multipart/related; type=\"{media}\"; boundary={boundary}");
    let body = Body::from_stream(wrapped.chain(once(end)));
    ([(header::CONTENT_TYPE, content)], body).into_response()
}

pub(super) fn once(bytes: impl Into<Bytes>) -> Pieces {
    let bytes = bytes.into();
    stream::once(async { Ok(bytes) }).boxed()
}

/// A stretch of a file, or all from its first byte on.
pub(super) async fn stretch(path: &Path, from: u64, length: Option<u64>) -> io::Result<Pieces> {
    let mut file = File::open(path).await?;
    let whole = file.metadata().await?.len();
    let length = length.unwrap_or(whole.saturating_sub(from));
    if from.checked_add(length).is_none_or(|end| end > whole) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if from > 0 {
        file.seek(SeekFrom::Start(from)).await?;
    }
    let pieces = stream::try_unfold((file, length), |(mut file, left)| async move {
        if left == 0 {
            return Ok::<_, io::Error>(None);
        }
        let take = left.min(PIECE_BYTES);
        let mut piece = vec![0; usize::try_from(take).map_err(io::Error::other)?];
        file.read_exact(&mut piece).await?;
        Ok(Some((Bytes::from(piece), (file, left - take))))
    });
    Ok(pieces.boxed())
}
