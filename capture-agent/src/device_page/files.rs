//! A file that a person puts on the page: from the request's body to the spool, piece by piece.
//!
//! Owns the deadlines, how many files come at once, and what the page hears. Which files are clips and where one may go
//! is `clip`'s, the same as for an export. A refused body is read to its end before the answer, because a browser that still
//! sends hears no reason. Invariant: what is answered as taken is durable.

use super::problem::Refused;
use crate::clip::import::ImportFault;
use crate::clip::{Arrivals, Arrived, ArrivedStage, Sender};
use crate::spool::SpoolError;
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use wire::clip::{FILE_WRITTEN, MAX_CLIP_BYTES};
use wire::device::{DeviceFault, DeviceFile, DeviceFileStage};

/// A whole file and its answer: 2 GiB from a slow card, read and copied once more.
pub(super) const WITHIN: Duration = Duration::from_secs(600);
/// A file that says nothing for this long is over; nothing of it stays.
const SILENT: Duration = Duration::from_secs(10);
/// Files that come at the same time; each holds some 256 KiB.
const MAX_AT_ONCE: usize = 4;
/// The end of the year 9999, in milliseconds: no file system and no DICOM date goes beyond.
const LAST_MS: u64 = 253_402_300_799_000;

/// Where files go. Clones share it.
#[derive(Clone)]
pub(super) struct Files {
    arrivals: Option<Arrivals>,
    room: Arc<Semaphore>,
}

impl Files {
    /// Nothing is an agent that cannot save.
    pub(super) fn new(arrivals: Option<Arrivals>) -> Self {
        Self {
            arrivals,
            room: Arc::new(Semaphore::new(MAX_AT_ONCE)),
        }
    }
}

/// `POST /files`
pub(super) async fn take(
    State(files): State<Files>,
    request: Request,
) -> Result<Json<DeviceFile>, Refused> {
    let (head, mut body) = request.into_parts();
    // The page asks for no such file; who does need not hear why.
    if length(&head.headers).is_some_and(|length| length > MAX_CLIP_BYTES) {
        return Err(DeviceFault::FileTooLarge.into());
    }
    let taken = take_body(&files, &head.headers, &mut body).await;
    if taken.is_err() {
        let mut left = MAX_CLIP_BYTES;
        while let Ok(Some(bytes)) = next(&mut body).await {
            left = left.saturating_sub(bytes.len() as u64);
            if left == 0 {
                break;
            }
        }
    }
    taken.map(|arrived| Json(told(arrived)))
}

async fn take_body(
    files: &Files,
    headers: &HeaderMap,
    body: &mut Body,
) -> Result<Arrived, Refused> {
    let arrivals = files.arrivals.as_ref().ok_or(DeviceFault::NoSaving)?;
    let _room = files.room.try_acquire().map_err(|_| DeviceFault::Busy)?;
    let mut arrival = arrivals.begin(Vec::new()).await?;
    while let Some(bytes) = next(body).await? {
        arrival.write(&bytes).await?;
    }
    let written = written(headers);
    let arrived = arrival.finish(Sender::Person { written }).await?;
    if arrived.new {
        tracing::info!(clip = %arrived.clip, "a file that was put on the device page is safe on this device");
    }
    Ok(arrived)
}

/// The next bytes; nothing at the end. A body that was cut off or says nothing is no file.
async fn next(body: &mut Body) -> Result<Option<Bytes>, Refused> {
    loop {
        let frame = match timeout(SILENT, body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(None) => return Ok(None),
            Ok(Some(Err(_))) | Err(_) => return Err(DeviceFault::BadRequest.into()),
        };
        if let Ok(bytes) = frame.into_data() {
            return Ok(Some(bytes));
        }
    }
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// When the file was written; one that does not say it may be of any day.
fn written(headers: &HeaderMap) -> SystemTime {
    let said = headers.get(FILE_WRITTEN).and_then(|it| it.to_str().ok());
    let since = said.and_then(|text| text.parse().ok());
    let since = since.filter(|ms| *ms <= LAST_MS).unwrap_or_default();
    UNIX_EPOCH + Duration::from_millis(since)
}

const fn told(arrived: Arrived) -> DeviceFile {
    DeviceFile {
        clip: arrived.clip,
        new: arrived.new,
        stage: match arrived.stage {
            ArrivedStage::Here => DeviceFileStage::Safe,
            ArrivedStage::Waits => DeviceFileStage::Waits,
            ArrivedStage::AtHospital => DeviceFileStage::AtHospital,
        },
    }
}

impl From<ImportFault> for Refused {
    fn from(fault: ImportFault) -> Self {
        tracing::warn!(%fault, "a file that was put on the device page was not taken in");
        Self::because(code(&fault), fault.to_string())
    }
}

fn code(fault: &ImportFault) -> DeviceFault {
    match fault {
        ImportFault::Size(0) | ImportFault::NotDicom => DeviceFault::NotDicom,
        ImportFault::Size(_) => DeviceFault::FileTooLarge,
        // Nothing is known of the file: it is not called none.
        ImportFault::Clip(_) if fault.had_no_reader() => DeviceFault::Busy,
        ImportFault::Clip(_) if fault.is_unread() => DeviceFault::Internal,
        ImportFault::Clip(_) | ImportFault::Nameless | ImportFault::Head(_) => DeviceFault::NoClip,
        ImportFault::Spool(SpoolError::Full) => DeviceFault::SpoolFull,
        ImportFault::Spool(SpoolError::NoRoom) => DeviceFault::NoRoom,
        _ => DeviceFault::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::import::tests::refused;
    use axum::http::HeaderValue;
    use std::io;

    #[test]
    fn a_file_that_nobody_could_look_into_is_not_called_no_clip() {
        let read = |error: io::Error| ImportFault::Clip(error.into());
        for (fault, told) in [
            (refused("no-reader"), DeviceFault::Busy),
            (refused("reader-late"), DeviceFault::Busy),
            (refused("read-file"), DeviceFault::Internal),
            (read(io::Error::other("EIO")), DeviceFault::Internal),
            (
                read(io::ErrorKind::UnexpectedEof.into()),
                DeviceFault::NoClip,
            ),
            (refused("scan"), DeviceFault::NoClip),
            (ImportFault::Nameless, DeviceFault::NoClip),
            (ImportFault::NotDicom, DeviceFault::NotDicom),
        ] {
            assert_eq!(code(&fault), told, "{fault}");
        }
    }

    #[test]
    fn a_file_that_does_not_say_when_it_was_written_is_of_no_day() {
        let at = |text: &'static str| {
            let value = HeaderValue::from_static(text);
            written(&HeaderMap::from_iter([(
                FILE_WRITTEN.parse().unwrap(),
                value,
            )]))
        };
        assert_eq!(written(&HeaderMap::new()), UNIX_EPOCH);
        assert_eq!(at("yesterday"), UNIX_EPOCH);
        assert_eq!(at("18446744073709551615"), UNIX_EPOCH);
        let second = UNIX_EPOCH + Duration::from_secs(1);
        assert_eq!(at("1000"), second);
    }
}
