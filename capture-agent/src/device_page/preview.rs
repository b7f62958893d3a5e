//! The preview: frames of the ring as small JPEG pictures, for whoever watches the page.
//!
//! Owns coding and its pace: at most `MOST_A_SECOND` pictures a second for all watchers together, one at a time, on a thread
//! that steps back for the live picture. Nothing is coded while nobody asks. A frozen frame is given as PNG of its
//! canonical rows, exactly as captured.

use crate::clip::step_back;
use crate::frame::Frame;
use crate::picture::{Form, Picture};
use crate::still;
use crate::sync::held;
use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageError};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use wire::RtpTime;

/// Pictures that may wait to be coded; more watchers than that are told to ask again.
const MAX_WAITING: usize = 4;
/// The page is for aiming and covering; ten a second show motion and cost one core a few per cent.
const MOST_A_SECOND: u32 = 10;
/// A wider picture is halved until it fits.
const MAX_WIDTH: u32 = 1_024;
/// Quality of the JPEG.
const QUALITY: u8 = 80;
/// How far the thread steps back.
const NICE: i32 = 10;

/// What to code.
enum Order {
    Small(Frame),
    Whole(Frame),
}

type Job = (Order, oneshot::Sender<Result<Bytes, ImageError>>);

/// Why there is no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoPreview {
    /// Too many ask.
    Busy,
    /// It could not be coded.
    Failed,
}

/// The front of the thread.
pub(super) struct Preview {
    jobs: SyncSender<Job>,
    /// What was coded last, for the other watchers.
    last: Mutex<Option<(RtpTime, Bytes)>>,
    /// When the next picture may be coded.
    due: Mutex<Instant>,
}

impl Preview {
    /// The front, and the work for a thread; it ends when the front is dropped.
    pub(super) fn new() -> (Arc<Self>, impl FnOnce() + Send + 'static) {
        let (jobs, waiting) = sync_channel(MAX_WAITING);
        let front = Self {
            jobs,
            last: Mutex::new(None),
            due: Mutex::new(Instant::now()),
        };
        (Arc::new(front), move || run(&waiting))
    }

    /// How long until another picture may be coded; asking takes the turn when it is none.
    pub(super) fn turn(&self, now: Instant) -> Duration {
        let mut due = held(&self.due);
        let wait = due.saturating_duration_since(now);
        if wait.is_zero() {
            *due = now + Duration::from_secs(1) / MOST_A_SECOND;
        }
        wait
    }

    /// A picture that is coded already.
    pub(super) fn known(&self, rtp_time: RtpTime) -> Option<Bytes> {
        let last = held(&self.last);
        let (of, jpeg) = last.as_ref()?;
        (*of == rtp_time).then(|| jpeg.clone())
    }

    /// Drops what was coded: it may show what a new mask covers.
    pub(super) fn forget(&self) {
        *held(&self.last) = None;
    }

    /// A frame as JPEG.
    pub(super) async fn small(&self, frame: Frame) -> Result<Bytes, NoPreview> {
        let rtp_time = frame.stamp.rtp_time;
        let jpeg = self.ask(Order::Small(frame)).await?;
        *held(&self.last) = Some((rtp_time, jpeg.clone()));
        Ok(jpeg)
    }

    /// A frame as PNG.
    pub(super) async fn whole(&self, frame: Frame) -> Result<Bytes, NoPreview> {
        self.ask(Order::Whole(frame)).await
    }

    async fn ask(&self, order: Order) -> Result<Bytes, NoPreview> {
        let (done, coded) = oneshot::channel();
        match self.jobs.try_send((order, done)) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(NoPreview::Busy),
            Err(TrySendError::Disconnected(_)) => return Err(NoPreview::Failed),
        }
        match coded.await {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(error)) => {
                tracing::warn!(%error, "a preview could not be coded");
                Err(NoPreview::Failed)
            }
            Err(_) => Err(NoPreview::Failed),
        }
    }
}

fn run(waiting: &Receiver<Job>) {
    step_back(NICE);
    while let Ok((order, done)) = waiting.recv() {
        let coded = match order {
            Order::Small(frame) => jpeg(&frame.picture),
            Order::Whole(frame) => still::png(&frame.picture).map(|(_, png)| png),
        };
        // Whoever asked may be gone.
        let _ = done.send(coded.map(Bytes::from));
    }
}

fn jpeg(picture: &Picture) -> Result<Vec<u8>, ImageError> {
    let colour = match picture.form() {
        Form::Gray8 => ExtendedColorType::L8,
        Form::Rgb8 => ExtendedColorType::Rgb8,
    };
    let (width, height, rows) = shrunk(picture);
    let mut out = Vec::with_capacity(rows.len() / 8);
    JpegEncoder::new_with_quality(&mut out, QUALITY).write_image(&rows, width, height, colour)?;
    Ok(out)
}

/// Every n-th pixel of every n-th row, so that it is no wider than `MAX_WIDTH`.
fn shrunk(picture: &Picture) -> (u32, u32, std::borrow::Cow<'_, [u8]>) {
    let step = picture.width().div_ceil(MAX_WIDTH).max(1);
    if step == 1 {
        return (picture.width(), picture.height(), picture.rows().into());
    }
    let (bytes, every) = (picture.form().bytes(), step as usize);
    let rows = picture
        .rows()
        .chunks_exact(picture.row_bytes())
        .step_by(every)
        .flat_map(|row| row.chunks_exact(bytes).step_by(every).flatten().copied())
        .collect::<Vec<u8>>();
    let (width, height) = (
        picture.width().div_ceil(step),
        picture.height().div_ceil(step),
    );
    (width, height, rows.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_picture_is_shrunk_by_a_whole_step_and_keeps_its_form() {
        for form in [Form::Gray8, Form::Rgb8] {
            let rows = vec![7; 2_049 * 31 * form.bytes()];
            let picture = Picture::from_rows(2_049, 31, form, rows).unwrap();
            let (width, height, rows) = shrunk(&picture);
            assert_eq!((width, height), (683, 11));
            assert_eq!(rows.len(), 683 * 11 * form.bytes());
            let decoded = image::load_from_memory(&jpeg(&picture).unwrap()).unwrap();
            assert_eq!((decoded.width(), decoded.height()), (683, 11));
        }
    }

    #[test]
    fn turns_come_ten_a_second_for_all_together() {
        let (preview, _work) = Preview::new();
        let now = Instant::now();
        assert_eq!(preview.turn(now), Duration::ZERO);
        assert_eq!(preview.turn(now), Duration::from_millis(100));
        assert_eq!(
            preview.turn(now + Duration::from_millis(100)),
            Duration::ZERO
        );
    }
}
