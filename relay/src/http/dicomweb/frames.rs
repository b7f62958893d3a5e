//! WADO-RS: frames as they are stored, or uncompressed for whoever asks so (PS3.18 section 10.4.1.1.6).
//!
//! Owns which media type a transfer syntax has (PS3.18 tables 8.7.3-2 to 8.7.3-6). One frame is read at a time.

use super::accept::{Wanted, Wrapped};
use super::multipart::{Part, once, related};
use super::place::{Place, address, base};
use crate::app::App;
use crate::archive::{Located, PictureFault, Way};
use crate::auth::System;
use crate::problem::Refusal;
use axum::extract::{RawPathParams, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use std::io;
use wire::FrameIndex;
use wire::problem::ProblemCode;

/// Bytes of no other type, which uncompressed pixels are.
pub(super) const BYTES: &str = "application/octet-stream";
const EXPLICIT_LE: &str = "1.2.840.10008.1.2.1";
/// Frames of one request: the longest clip that is read.
const MAX_FRAMES: usize = echo_dicom::limits::MAX_FRAMES as usize;

/// What frames in a syntax are.
pub(super) fn media_of(syntax: &str) -> &'static str {
    match syntax.strip_prefix("1.2.840.10008.1.2") {
        Some(".5") => "image/dicom-rle",
        Some(".4.50" | ".4.51" | ".4.57" | ".4.70") => "image/jpeg",
        Some(".4.80" | ".4.81") => "image/jls",
        Some(".4.90" | ".4.91" | ".4.92" | ".4.93") => "image/jp2",
        Some(".4.201" | ".4.202" | ".4.203") => "image/jphc",
        Some(".4.110" | ".4.111" | ".4.112") => "image/jxl",
        Some(".4.100" | ".4.100.1" | ".4.101" | ".4.101.1") => "video/mpeg",
        Some(of) if of.starts_with(".4.10") => "video/mp4",
        _ => BYTES,
    }
}

/// `GET …/frames/{frames}`, numbers from 1 with commas between.
///
/// # Errors
/// `NotFound` for a frame that is not there, `QueryRefused`, `NotAcceptable`, also for what cannot be read; `StorageFailed`.
pub async fn show(
    State(app): State<App>,
    system: System,
    path: RawPathParams,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let place = Place::of(&path)?;
    let numbers = numbers(&path)?;
    let wanted = Wanted::of(&headers, query.as_deref());
    let of = place.find_one(&app, &system, Way::Pictures).await?;
    let form = form(&wanted, &of).ok_or(ProblemCode::NotAcceptable)?;
    // The first frame and the last tell whether all are there before anything is said.
    let last = numbers.iter().max().copied().unwrap_or_default();
    app.archive
        .pictures()
        .has(&of, last)
        .await
        .map_err(|fault| told(&fault))?;
    let mut rest = numbers.into_iter();
    let first = rest.next().ok_or(ProblemCode::QueryRefused)?;
    // What cannot be read is said as a status, for which it is too late behind the first byte.
    let read = form.read(&app, &of, first).await;
    let read = read.map_err(|fault| told(&fault))?;
    if rest.len() == 0 && matches!(form.wrapped, Wrapped::Bare) {
        return Ok(([(header::CONTENT_TYPE, form.media)], read).into_response());
    }
    let (base, syntax) = (
        address(&base(&app, &headers), &of),
        form.syntax(&of).to_owned(),
    );
    let part = move |index: FrameIndex, bytes| Part {
        media: format!("{}; transfer-syntax={syntax}", form.media),
        location: Some(format!("{base}/frames/{}", index.0 + 1)),
        pieces: once(bytes),
    };
    let begun = part(first, read);
    let others = stream::iter(rest).then(move |index| {
        let (app, of, part) = (app.clone(), of.clone(), part.clone());
        async move {
            let bytes = form.read(&app, &of, index).await;
            let bytes = bytes.map_err(|fault| io::Error::other(fault.to_string()))?;
            Ok(part(index, bytes))
        }
    });
    let parts = stream::once(async { Ok(begun) }).chain(others);
    Ok(related(form.media, parts))
}

/// How frames are given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    media: &'static str,
    wrapped: Wrapped,
    decoded: bool,
}

impl Form {
    fn syntax(self, of: &Located) -> &str {
        if self.decoded || media_of(&of.syntax) == BYTES {
            EXPLICIT_LE
        } else {
            &of.syntax
        }
    }

    async fn read(
        self,
        app: &App,
        of: &Located,
        index: FrameIndex,
    ) -> Result<Vec<u8>, PictureFault> {
        if self.decoded {
            app.archive.pictures().uncompressed(of, index).await
        } else {
            app.archive.pictures().stored(of, index).await
        }
    }
}

fn form(wanted: &Wanted, of: &Located) -> Option<Form> {
    let media = media_of(&of.syntax);
    // A video is one file; its frames are no files of their own, so they are only given decoded.
    if media.starts_with("video/") {
        let wrapped = wanted.wraps(BYTES, EXPLICIT_LE)?;
        return Some(Form {
            media: BYTES,
            wrapped,
            decoded: true,
        });
    }
    // Big endian is given to nobody as if it were not (PS3.18 section 8.7.3.3.2).
    if of.syntax == "1.2.840.10008.1.2.2" {
        return None;
    }
    let stored = |media: &'static str, wrapped| Form {
        media,
        wrapped,
        decoded: false,
    };
    if media == BYTES {
        let as_stored = wanted.wraps(BYTES, EXPLICIT_LE);
        let wrapped = as_stored.or_else(|| wanted.wraps(BYTES, &of.syntax))?;
        return Some(stored(media, wrapped));
    }
    if let Some(wrapped) = wanted.wraps(media, &of.syntax) {
        return Some(stored(media, wrapped));
    }
    if let Some(wrapped) = wanted.wraps_uncompressed() {
        return Some(Form {
            media: BYTES,
            wrapped,
            decoded: true,
        });
    }
    // Bytes in whatever syntax they are stored.
    wanted
        .wraps(BYTES, &of.syntax)
        .map(|wrapped| stored(BYTES, wrapped))
}

fn numbers(path: &RawPathParams) -> Result<Vec<FrameIndex>, ProblemCode> {
    let text = path.iter().find(|(name, _)| *name == "frames");
    let (_, text) = text.ok_or(ProblemCode::NotFound)?;
    read_numbers(text).ok_or(ProblemCode::QueryRefused)
}

pub(super) fn read_numbers(text: &str) -> Option<Vec<FrameIndex>> {
    let numbers: Option<Vec<FrameIndex>> = text
        .split(',')
        .take(MAX_FRAMES + 1)
        .map(|number| {
            let number: u32 = number.trim().parse().ok()?;
            number.checked_sub(1).map(FrameIndex)
        })
        .collect();
    numbers.filter(|numbers| numbers.len() <= MAX_FRAMES)
}

pub(super) fn told(fault: &PictureFault) -> ProblemCode {
    match fault {
        PictureFault::NoSuchFrame => ProblemCode::NotFound,
        // What cannot be read or made has no form that could be asked for; the object itself can be had.
        PictureFault::Unreadable(_) | PictureFault::NoSuchForm => ProblemCode::NotAcceptable,
        PictureFault::NoReader => ProblemCode::TooMany,
        PictureFault::Inside => ProblemCode::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_from_one() {
        assert_eq!(read_numbers("1,3").unwrap(), [FrameIndex(0), FrameIndex(2)]);
        for wrong in ["0", "", "1,,2", "x", "-1", "4294967296"] {
            assert_eq!(read_numbers(wrong), None, "{wrong}");
        }
        assert_eq!(read_numbers(&"1,".repeat(70_000)), None);
    }

    #[test]
    fn each_syntax_has_its_media_type() {
        for (syntax, media) in [
            ("1.2.840.10008.1.2", BYTES),
            ("1.2.840.10008.1.2.1", BYTES),
            ("1.2.840.10008.1.2.5", "image/dicom-rle"),
            ("1.2.840.10008.1.2.4.50", "image/jpeg"),
            ("1.2.840.10008.1.2.4.80", "image/jls"),
            ("1.2.840.10008.1.2.4.90", "image/jp2"),
            ("1.2.840.10008.1.2.4.102", "video/mp4"),
        ] {
            assert_eq!(media_of(syntax), media, "{syntax}");
        }
    }
}
