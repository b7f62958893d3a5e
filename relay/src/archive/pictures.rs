//! Frames of objects, as they are stored or as somebody sees them.
//!
//! Owns a few open objects, so that a viewer that goes through a clip opens it once, and the number of frames that are worked on at the same
//! time. Foreign bytes are read in confined processes (decision 0029); frames as stored are read by place and not looked at.

use super::catalogue::Located;
use crate::coded_rows::{self, CodingFault};
use echo_dicom::{ClipError, Photometric, PictureRows, PixelForm};
use guarded::{Guard, GuardedClip};
use image::DynamicImage;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;
use tokio::sync::Semaphore;
use wire::FrameIndex;
use wire::original::Digest;

/// Objects that stay open; each holds a file and a table of at most 5 MiB.
const MAX_OPEN: usize = 8;
/// Frames that are worked on at the same time. Live consults have readers beside.
const MAX_AT_ONCE: usize = 2;

/// A frame cannot be given.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PictureFault {
    /// There is none of that number.
    #[error("it has no such frame")]
    NoSuchFrame,
    /// The object has no pixels that are read here.
    #[error("it cannot be read: {0}")]
    Unreadable(ClipError),
    /// It cannot be made so.
    #[error("it cannot be given in that form")]
    NoSuchForm,
    /// No confined process can be had; it may be in order.
    #[error("no reader can be had")]
    NoReader,
    /// Code of ours failed.
    #[error("reading it failed inside")]
    Inside,
}

impl From<ClipError> for PictureFault {
    fn from(error: ClipError) -> Self {
        match error {
            ClipError::NoSuchFrame { .. } => Self::NoSuchFrame,
            none if guarded::is_no_reader(&none) => Self::NoReader,
            other => Self::Unreadable(other),
        }
    }
}

impl From<CodingFault> for PictureFault {
    fn from(fault: CodingFault) -> Self {
        match fault {
            CodingFault::Read(error) => error.into(),
            CodingFault::Code(error) => {
                tracing::error!(%error, "a frame could not be coded");
                Self::Inside
            }
        }
    }
}

/// How a frame is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rendering {
    /// Which.
    pub frame: FrameIndex,
    /// Of JPEG, up to 100.
    pub quality: u8,
    /// No larger than this, its form kept.
    pub within: Option<(u32, u32)>,
    /// PNG instead of JPEG.
    pub png: bool,
}

/// Open objects, the last that was asked for first.
type Open = VecDeque<(Digest, Arc<GuardedClip>)>;

/// Frames of objects. Clones share the open ones.
#[derive(Clone)]
pub struct Pictures {
    guard: Guard,
    open: Arc<Mutex<Open>>,
    working: Arc<Semaphore>,
}

impl Pictures {
    pub(super) fn new() -> Self {
        Self {
            guard: Guard::of_this_program(),
            open: Arc::default(),
            working: Arc::new(Semaphore::new(MAX_AT_ONCE)),
        }
    }

    /// How many frames there are.
    ///
    /// # Errors
    /// `PictureFault`.
    pub async fn frames(&self, of: &Located) -> Result<u32, PictureFault> {
        self.work(of, |clip| Ok(clip.header().frames)).await
    }

    /// Whether there is a frame of that number.
    ///
    /// # Errors
    /// `NoSuchFrame` when not, else `PictureFault`.
    pub async fn has(&self, of: &Located, index: FrameIndex) -> Result<(), PictureFault> {
        let frames = self.frames(of).await?;
        (index.0 < frames)
            .then_some(())
            .ok_or(PictureFault::NoSuchFrame)
    }

    /// A frame as it is stored.
    ///
    /// # Errors
    /// `PictureFault`.
    pub async fn stored(&self, of: &Located, index: FrameIndex) -> Result<Vec<u8>, PictureFault> {
        self.work(of, move |clip| Ok(clip.stored_frame(index)?))
            .await
    }

    /// A frame without compression: three samples of eight bits. Grey and palettes are not given so, because what is decoded here is
    /// what is seen and no longer the stored values.
    ///
    /// # Errors
    /// `NoSuchForm` for grey and palettes, else `PictureFault`.
    pub async fn uncompressed(
        &self,
        of: &Located,
        index: FrameIndex,
    ) -> Result<Vec<u8>, PictureFault> {
        self.work(of, move |clip| {
            let layout = &clip.header().layout;
            let grey = layout.samples_per_pixel != 3 || layout.bits_stored != 8;
            if grey || layout.photometric == Photometric::PaletteColor {
                return Err(PictureFault::NoSuchForm);
            }
            Ok(clip.frame(index)?.rows)
        })
        .await
    }

    /// A frame as a browser shows it.
    ///
    /// # Errors
    /// `PictureFault`.
    pub async fn rendered(&self, of: &Located, how: Rendering) -> Result<Vec<u8>, PictureFault> {
        self.work(of, move |clip| {
            if how.within.is_none()
                && !how.png
                && let Some(jpeg) = clip.browser_frame(how.frame)
            {
                return Ok(jpeg);
            }
            coded(&mut clip.rows(how.frame)?, how)
        })
        .await
    }

    /// Where the MP4 file of a video lies in its object.
    ///
    /// # Errors
    /// `NoSuchForm` for what is no video, else `PictureFault`.
    pub async fn film(&self, of: &Located) -> Result<Range<u64>, PictureFault> {
        self.work(of, |clip| {
            let video = clip.video().ok_or(PictureFault::NoSuchForm)?;
            Ok(video.file())
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        of: &Located,
        job: impl FnOnce(&GuardedClip) -> Result<T, PictureFault> + Send + 'static,
    ) -> Result<T, PictureFault> {
        let Ok(_permit) = self.working.acquire().await else {
            return Err(PictureFault::Inside);
        };
        let (pictures, of) = (self.clone(), of.clone());
        let work = tokio::task::spawn_blocking(move || job(&*pictures.open(&of)?));
        work.await.unwrap_or(Err(PictureFault::Inside))
    }

    fn open(&self, of: &Located) -> Result<Arc<GuardedClip>, PictureFault> {
        let held = || self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let found = |open: &mut Open| {
            let at = open.iter().position(|(digest, _)| *digest == of.digest)?;
            let found = open.remove(at)?;
            open.push_front(found.clone());
            Some(found.1)
        };
        if let Some(clip) = found(&mut held()) {
            return Ok(clip);
        }
        let clip = Arc::new(self.guard.open(&of.path)?);
        let mut open = held();
        open.push_front((of.digest, Arc::clone(&clip)));
        let gone = (open.len() > MAX_OPEN).then(|| open.pop_back());
        drop(open);
        // Its reader is let go outside of the lock.
        drop(gone);
        Ok(clip)
    }
}

fn coded(rows: &mut dyn PictureRows, how: Rendering) -> Result<Vec<u8>, PictureFault> {
    let smaller = |within: &(u32, u32)| rows.width() > within.0 || rows.height() > within.1;
    let Some(within) = how.within.filter(smaller) else {
        return Ok(if how.png {
            coded_rows::png(rows)?
        } else {
            coded_rows::jpeg(rows, how.quality)?
        });
    };
    let form = rows.form();
    let small = coded_rows::small(rows, within)?;
    let small = match form {
        PixelForm::Gray8 => DynamicImage::ImageLuma8(DynamicImage::from(small).into_luma8()),
        PixelForm::Rgb8 => DynamicImage::from(small),
    };
    let mut bytes = Vec::new();
    let done = if how.png {
        let encoder =
            PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Paeth);
        small.write_with_encoder(encoder)
    } else {
        JpegEncoder::new_with_quality(&mut bytes, how.quality).encode_image(&small)
    };
    done.map_err(|error| CodingFault::Code(error.to_string()))?;
    Ok(bytes)
}
