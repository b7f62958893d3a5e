//! A clip as the DICOM file that it is.
//!
//! Owns streaming a file in bounded pieces, whole or one range of it (RFC 9110 §14). Only what is kept leaves, because only
//! that is what was offered. The name that a browser saves it under is made of the clip's id and tells nothing of a patient.

use crate::app::App;
use crate::auth::SessionEntry;
use crate::http::clips::{FOR_EVER, find, quoted};
use crate::http::pages::lists;
use crate::problem::Refusal;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use std::io;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};
use wire::problem::ProblemCode;

/// Media type of a DICOM file (RFC 3240).
pub(super) const DICOM: HeaderValue = HeaderValue::from_static("application/dicom");
/// Read and sent at once.
const PIECE_BYTES: u64 = 64 * 1024;

/// `GET /consults/{consult}/clips/{clip}/file`
///
/// # Errors
/// `NotFound` for a clip of another consult and for one that is not kept yet, `StorageFailed`.
pub async fn show(
    State(app): State<App>,
    own: SessionEntry,
    Path((_, clip)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let found = find(&app, &own, &clip).await?;
    if !found.row.kept {
        return Err(ProblemCode::NotFound.into());
    }
    let head = &found.row.head;
    let tag = format!("\"{}\"", head.digest);
    let name = format!("attachment; filename=\"clip-{}.dcm\"", head.clip);
    let common = [
        (header::CACHE_CONTROL, FOR_EVER),
        (header::ETAG, quoted(&tag)),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
    ];
    if lists(&headers, header::IF_NONE_MATCH, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    let asked = headers
        .get(header::RANGE)
        .and_then(|range| range.to_str().ok());
    // A range of another version is no range (RFC 9110 §13.1.5).
    let same = headers
        .get(header::IF_RANGE)
        .is_none_or(|held| held.as_bytes() == tag.as_bytes());
    let range = asked.filter(|_| same).map(|asked| range(asked, head.bytes));
    let (from, to) = match range {
        Some(Range::Bytes(from, to)) => (from, to),
        Some(Range::Beyond) => {
            let whole = [(header::CONTENT_RANGE, format!("bytes */{}", head.bytes))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, whole).into_response());
        }
        Some(Range::NotOurs) | None => (0, head.bytes),
    };
    let body = open(&app.shelf.file(&found), from, to).await.map_err(|error| {
        tracing::error!(consult = %own.consult, clip = %head.clip, %error, "a clip's file could not be read");
        ProblemCode::StorageFailed
    })?;
    let about = [
        (header::CONTENT_TYPE, DICOM),
        (header::CONTENT_LENGTH, HeaderValue::from(to - from)),
        (header::CONTENT_DISPOSITION, quoted(&name)),
    ];
    let mut response = (common, about, body).into_response();
    if matches!(range, Some(Range::Bytes(..))) {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let which = format!("bytes {from}-{}/{}", to - 1, head.bytes);
        response
            .headers_mut()
            .insert(header::CONTENT_RANGE, quoted(&which));
    }
    Ok(response)
}

/// What a `Range` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Range {
    /// From here to before there.
    Bytes(u64, u64),
    /// Nothing that the file has.
    Beyond,
    /// Not understood, or several: the whole file is right (RFC 9110 §14.2).
    NotOurs,
}

fn range(asked: &str, bytes: u64) -> Range {
    let Some((from, to)) = asked
        .strip_prefix("bytes=")
        .filter(|range| !range.contains(','))
        .and_then(|range| range.trim().split_once('-'))
    else {
        return Range::NotOurs;
    };
    let (from, to) = match (from.parse::<u64>(), to.parse::<u64>()) {
        (Ok(from), Ok(to)) if from <= to => (from, to.saturating_add(1)),
        (Ok(from), Err(_)) if to.is_empty() => (from, bytes),
        (Err(_), Ok(last)) if from.is_empty() => (bytes.saturating_sub(last), bytes),
        _ => return Range::NotOurs,
    };
    let to = to.min(bytes);
    if from < to {
        Range::Bytes(from, to)
    } else {
        Range::Beyond
    }
}

async fn open(path: &std::path::Path, from: u64, to: u64) -> io::Result<Body> {
    let mut file = File::open(path).await?;
    if file.metadata().await?.len() < to {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    file.seek(SeekFrom::Start(from)).await?;
    let pieces = stream::try_unfold((file, to - from), |(mut file, left)| async move {
        if left == 0 {
            return Ok::<_, io::Error>(None);
        }
        let length = left.min(PIECE_BYTES);
        let mut piece = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        file.read_exact(&mut piece).await?;
        Ok(Some((Bytes::from(piece), (file, left - length))))
    });
    Ok(Body::from_stream(pieces))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_what_rfc_9110_says() {
        let cases = [
            ("bytes=0-0", Range::Bytes(0, 1)),
            ("bytes=2-", Range::Bytes(2, 10)),
            ("bytes=-3", Range::Bytes(7, 10)),
            ("bytes=-30", Range::Bytes(0, 10)),
            ("bytes=5-99", Range::Bytes(5, 10)),
            ("bytes=10-", Range::Beyond),
            ("bytes=-0", Range::Beyond),
            ("bytes=3-2", Range::NotOurs),
            ("bytes=0-1,3-4", Range::NotOurs),
            ("bytes=x-1", Range::NotOurs),
            ("lines=0-1", Range::NotOurs),
            ("bytes=-", Range::NotOurs),
            (
                "bytes=18446744073709551615-18446744073709551615",
                Range::Beyond,
            ),
        ];
        for (asked, wanted) in cases {
            assert_eq!(range(asked, 10), wanted, "{asked}");
        }
    }
}
