//! Takes a clip's file from the page of the visiting physician, in parts that go on where the last one ended.
//!
//! ```text
//! PUT   Upload-Length, Repr-Digest                 what is here of it already
//! PATCH the same, Upload-Offset, bytes…            what is durable now, or that it is kept
//! ```
//!
//! The same form and words as a device's upload, but that each request says what it is about and nothing of what is in the
//! file: a page reads no DICOM. Owns headers, status and bounds; what becomes of the file is `page_files`'s. The clip's id
//! follows from its digest, so that the same file is the same clip whoever brings it. Invariant: what an answer calls durable is,
//! and `kept` is said after the log has it.

use super::clip_upload::{PART_WITHIN, SILENT, answer, checked, closing, room};
use super::page_files::{Begun, PageFile, Taking};
use crate::app::App;
use crate::auth::SessionEntry;
use crate::problem::Refusal;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use echo_dicom::exported_clip;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};
use wire::CaptureTime;
use wire::clip::{
    ClipToAgent, FILE_WRITTEN, MAX_CLIP_BYTES, MAX_CLIP_PART_BYTES, REPR_DIGEST, UPLOAD_LENGTH,
};
use wire::original::Digest;
use wire::people::{Author, Role};
use wire::problem::ProblemCode;

/// Written at once.
const WRITE_BYTES: usize = 256 * 1024;

/// `PUT /consults/{consult}/clips/{clip}/upload`
///
/// # Errors
/// `NotAllowed` for everybody but the visiting physician; `BadJson` for headers that say nothing, `ClipRefused` for
/// another clip than the digest's, `TooLarge`; `TooMany` also while another request brings the same file; `StorageFailed`.
pub async fn offer(
    State(app): State<App>,
    own: SessionEntry,
    Path((_, clip)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let file = file(&own, &clip, &headers)?;
    let _room = room(&app)?;
    let word = match Taking::begin(&app, file).await? {
        Begun::Said(word) => word,
        // All of it may be here and not a clip yet: the connection broke while it was looked at.
        Begun::Here(taking) => wanted(taking.end(&app).await),
    };
    Ok(answer(word, StatusCode::OK))
}

/// `PATCH /consults/{consult}/clips/{clip}/upload`
///
/// # Errors
/// As `offer`; `WrongContent`, `TooSlow`. Another offset than what is here is answered with that, and 409.
pub async fn part(
    State(app): State<App>,
    own: SessionEntry,
    Path((_, clip)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Refusal> {
    let file = file(&own, &clip, request.headers()).map_err(Refusal::and_close)?;
    let whole = file.bytes;
    let from = checked(request.headers(), whole)?;
    let _room = room(&app).map_err(Refusal::and_close)?;
    let begun = Taking::begin(&app, file).await;
    let mut taking = match begun.map_err(Refusal::and_close)? {
        Begun::Here(taking) if taking.at() == from => taking,
        Begun::Here(taking) => {
            let word = wanted(taking.end(&app).await);
            return Ok(closing(answer(word, StatusCode::CONFLICT)));
        }
        Begun::Said(word) => return Ok(closing(answer(word, StatusCode::OK))),
    };
    let read = read_into(&mut taking, request, MAX_CLIP_PART_BYTES.min(whole - from)).await;
    // What came of a part that broke off is durable and counts.
    let word = taking.end(&app).await;
    read.map_err(Refusal::and_close)?;
    let status = match word {
        ClipToAgent::Wanted { .. } => StatusCode::CONFLICT,
        _ => StatusCode::OK,
    };
    Ok(answer(word, status))
}

/// Where bytes are wanted from, for who brought none.
const fn wanted(word: ClipToAgent) -> ClipToAgent {
    match word {
        ClipToAgent::Durable { clip, offset } => ClipToAgent::Wanted { clip, offset },
        word => word,
    }
}

/// What a request is about.
fn file(own: &SessionEntry, clip: &str, headers: &HeaderMap) -> Result<PageFile, ProblemCode> {
    if own.role != Role::VisitingPhysician {
        return Err(ProblemCode::NotAllowed);
    }
    let clip = clip.parse().map_err(|_| ProblemCode::NotFound)?;
    let bytes = number(headers, UPLOAD_LENGTH).ok_or(ProblemCode::BadJson)?;
    let digest = digest(headers).ok_or(ProblemCode::BadJson)?;
    if exported_clip(digest) != clip || bytes == 0 {
        return Err(ProblemCode::ClipRefused);
    }
    if bytes > MAX_CLIP_BYTES {
        return Err(ProblemCode::TooLarge);
    }
    let written_ms = number(headers, FILE_WRITTEN)
        // What no calendar shows says nothing.
        .filter(|ms| *ms <= CaptureTime::LAST.0 / 1_000)
        .unwrap_or_default();
    let (name, initials) = own.name.reveal().clone();
    Ok(PageFile {
        consult: own.consult,
        clip,
        bytes,
        digest,
        written: CaptureTime(written_ms.saturating_mul(1_000)),
        author: Author::Person {
            session: own.session,
            person: own.person,
            name,
            initials,
            role: own.role,
        },
    })
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

/// The SHA-256 of `Repr-Digest: sha-256=:…:` (RFC 9530 section 3).
fn digest(headers: &HeaderMap) -> Option<Digest> {
    let said = headers.get(REPR_DIGEST)?.to_str().ok()?;
    let mut members = said.split(',').map(str::trim);
    let value = members.find_map(|member| member.strip_prefix("sha-256=:"))?;
    let bytes = STANDARD.decode(value.strip_suffix(':')?).ok()?;
    Some(Digest::from_bytes(bytes.try_into().ok()?))
}

/// Gives the bytes of a body on as they come.
async fn read_into(taking: &mut Taking, request: Request, most: u64) -> Result<(), ProblemCode> {
    let (mut body, mut left) = (request.into_body(), most);
    let mut pending = Vec::new();
    let until = Instant::now() + PART_WITHIN;
    let read = loop {
        let next = timeout_at(until.min(Instant::now() + SILENT), body.frame()).await;
        let frame = match next {
            Ok(Some(Ok(frame))) => frame,
            Ok(None) => break Ok(()),
            Ok(Some(Err(_))) => break Err(ProblemCode::BadJson),
            Err(_) => break Err(ProblemCode::TooSlow),
        };
        let Ok(bytes) = frame.into_data() else {
            continue;
        };
        let Some(rest) = left.checked_sub(bytes.len() as u64) else {
            break Err(ProblemCode::TooLarge);
        };
        left = rest;
        pending.extend_from_slice(&bytes);
        if pending.len() >= WRITE_BYTES {
            taking.append(std::mem::take(&mut pending)).await?;
        }
    };
    taking.append(pending).await?;
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_as_the_standard_writes_it_and_not_otherwise() {
        let of = |text: &str| {
            digest(&HeaderMap::from_iter([(
                REPR_DIGEST.parse().unwrap(),
                text.parse().unwrap(),
            )]))
        };
        let zeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let wanted = Some(Digest::from_bytes([0; 32]));
        assert_eq!(of(&format!("sha-256=:{zeros}:")), wanted);
        assert_eq!(of(&format!("md5=:AA==:, sha-256=:{zeros}:")), wanted);
        for wrong in ["", zeros, "sha-256=:AAAA:", "sha-256=::", "sha-512=:AAAA:"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
