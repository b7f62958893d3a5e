//! A frozen frame as the page of whoever froze it painted it, where the publisher keeps no originals.
//!
//! Owns the upload: whether it is wanted is asked before a byte is read, and the log says it after the blob and its row are
//! durable. The relay looks at the head of the PNG only; pages decode it as any picture of the web and call it what it is, a
//! picture from the video. It is read like any other blob.

use crate::app::App;
use crate::auth::SessionEntry;
use crate::consult::Input;
use crate::http::body::read_png;
use crate::problem::Refusal;
use crate::store;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use sha2::{Digest as _, Sha256};
use wire::original::{Digest, MAX_ORIGINAL_SIDE, MAX_VIDEO_PICTURE_BYTES, VideoPicture};
use wire::problem::ProblemCode;

/// Pictures that are being taken at the same time: 32 MiB at worst.
pub const MAX_AT_ONCE: usize = 4;

/// `PUT /consults/{consult}/freezes/{freeze}/picture`
///
/// # Errors
/// `NotFrozen`, `NotAllowed` when it is not wanted from this person; `WrongContent`, `TooLarge`, `TooSlow`, `TooMany`,
/// `StorageFailed`.
pub async fn supply(
    State(app): State<App>,
    own: SessionEntry,
    Path((_, freeze)): Path<(String, String)>,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let freeze = freeze.parse().map_err(|_| ProblemCode::NotFound)?;
    let (consult, person) = (own.consult, own.person);
    // Whoever is refused sent a body all the same, which nobody reads.
    let wanted = app.hub.may_supply(consult, person, freeze).await;
    let Some(frame) = wanted.map_err(Refusal::and_close)? else {
        return Ok(StatusCode::NO_CONTENT);
    };
    let busy = |_| Refusal::and_close(ProblemCode::TooMany);
    let _room = app.video_pictures.try_acquire().map_err(busy)?;
    let bytes = read_png(request, MAX_VIDEO_PICTURE_BYTES).await?;
    let (width, height) = size(&bytes).ok_or(ProblemCode::WrongContent)?;
    let picture = VideoPicture {
        width,
        height,
        blob: Digest::from_bytes(Sha256::digest(&bytes).into()),
        bytes: u32::try_from(bytes.len()).map_err(|_| ProblemCode::TooLarge)?,
    };
    app.blobs
        .put(picture.blob, bytes.into())
        .await
        .map_err(|error| {
            tracing::error!(%consult, %error, "a picture from the video was not kept");
            ProblemCode::StorageFailed
        })?;
    let at = app.now();
    app.store
        .write("note a picture from the video", move |db| {
            store::add_blob(db, consult, frame, picture.blob, at)
        })
        .await
        .map_err(|error| {
            tracing::error!(%consult, %error, "a picture from the video was not noted");
            ProblemCode::StorageFailed
        })?;
    let kept = Input::VideoPicture(person, freeze, picture);
    app.hub.tell(consult, kept).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Width and height of a PNG of 8 bits in gray or colour, by its head (ISO/IEC 15948 sections 5.2 and 11.2.1).
fn size(png: &[u8]) -> Option<(u32, u32)> {
    let head = png.strip_prefix(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")?;
    let (width, head) = head.split_first_chunk::<4>()?;
    let (height, head) = head.split_first_chunk::<4>()?;
    let (width, height) = (u32::from_be_bytes(*width), u32::from_be_bytes(*height));
    let [8, 0 | 2 | 4 | 6, 0, 0, 0] = head.first_chunk::<5>()? else {
        return None;
    };
    let sides = 1..=MAX_ORIGINAL_SIDE;
    let ends = png.ends_with(b"\0\0\0\0IEND\xaeB`\x82");
    (ends && sides.contains(&width) && sides.contains(&height)).then_some((width, height))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32, kind: [u8; 5]) -> Vec<u8> {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend(width.to_be_bytes());
        png.extend(height.to_be_bytes());
        png.extend(kind);
        png.extend(b"....\0\0\0\0IEND\xaeB`\x82");
        png
    }

    #[test]
    fn a_picture_says_its_size_and_what_is_none_says_nothing() {
        let colour = [8, 6, 0, 0, 0];
        assert_eq!(size(&png(800, 600, colour)), Some((800, 600)));
        let whole = png(800, 600, colour);
        let cut = &whole[..whole.len() - 1];
        let wrong: [&[u8]; 7] = [
            b"",
            b"GIF89a",
            cut,
            &png(0, 600, colour),
            &png(800, MAX_ORIGINAL_SIDE + 1, colour),
            &png(800, 600, [16, 2, 0, 0, 0]),
            &png(800, 600, [8, 3, 0, 0, 1]),
        ];
        for bytes in wrong {
            assert_eq!(size(bytes), None, "{bytes:?}");
        }
    }
}
