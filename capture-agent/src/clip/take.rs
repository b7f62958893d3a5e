//! A take: frames as captured, on the disk, with everything that their object will need.
//!
//! Owns what the records of a take mean: the first is its head in JSON, each further one a frame as PNG. Compression is
//! the fastest that still saves the disk time; frames are let go as they are written. The head holds the patient's
//! facts, so a take is as confidential as the object.

use super::visit::Visit;
use crate::frame::Frame;
use crate::hand_scale::HandScale;
use crate::picture::Form;
use crate::provenance::SourceInstance;
use crate::spool::{Belongs, NewTakeRecords, RecordFault, RecordReader};
use echo_dicom::write::{Frame as WrittenFrame, FrameFault, Frames};
use echo_dicom::{Picture, PixelForm};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, ImageFormat};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::io;
use std::num::NonZeroUsize;
use std::path::Path;
use wire::region::Region;
use wire::{CaptureTime, ClipId, FrameIndex, RtpTime, StreamId};

/// Source instances named at most; a folder of short clips may bring several into one take.
const MAX_SOURCES: usize = 64;

/// Everything about a take but its pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct TakeHead {
    pub(super) clip: ClipId,
    /// The relay's name of the stream when it was taken.
    pub(super) stream: StreamId,
    /// One frame was asked for, not a clip.
    pub(super) still: bool,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) gray: bool,
    /// Capture time and RTP time of each frame.
    pub(super) times: Vec<(CaptureTime, RtpTime)>,
    pub(super) view: Option<String>,
    /// A person saw that nothing in pictures like these names the patient.
    pub(super) hidden: bool,
    /// The source was lossy.
    pub(super) lossy: bool,
    pub(super) regions: Vec<Region>,
    /// The depth scale that somebody marked, where the source states none.
    #[serde(default)]
    pub(super) scale: Option<HandScale>,
    /// Instances that the frames were played from.
    pub(super) sources: Vec<SourceInstance>,
    pub(super) visit: Visit,
    /// Where its clip may go; what was taken before anybody noted it waits.
    #[serde(default)]
    pub(super) belongs: Belongs,
}

impl TakeHead {
    /// The head of a take of these frames, which are alike; nothing when there is none.
    pub(super) fn of(
        frames: &[Frame],
        clip: ClipId,
        still: bool,
        view: Option<String>,
        hidden: bool,
        scale: Option<HandScale>,
        (stream, visit, belongs): (StreamId, Visit, Belongs),
    ) -> Option<Self> {
        let newest = frames.last()?;
        let mut sources: Vec<SourceInstance> = Vec::new();
        for instance in frames
            .iter()
            .filter_map(|it| it.provenance.instance.as_ref())
        {
            if !sources.contains(instance) && sources.len() < MAX_SOURCES {
                sources.push(instance.clone());
            }
        }
        let size = (newest.picture.width(), newest.picture.height());
        Some(Self {
            clip,
            stream,
            still,
            width: size.0,
            height: size.1,
            gray: newest.picture.form() == Form::Gray8,
            times: frames
                .iter()
                .map(|it| (it.stamp.captured_at, it.stamp.rtp_time))
                .collect(),
            view,
            hidden,
            lossy: frames.iter().any(|it| it.provenance.lossy),
            regions: newest.provenance.regions.clone(),
            scale: scale.filter(|scale| scale.holds_for(size, &newest.provenance)),
            sources,
            visit,
            belongs,
        })
    }
}

/// Writes head and frames. `threads` of them code at a time, two frames each.
pub(super) fn write(
    records: &mut NewTakeRecords,
    head: &TakeHead,
    frames: Vec<Frame>,
    threads: NonZeroUsize,
) -> io::Result<()> {
    records.add(&serde_json::to_vec(head)?)?;
    let mut frames = frames.into_iter().peekable();
    while frames.peek().is_some() {
        let batch: Vec<Frame> = frames.by_ref().take(threads.get() * 2).collect();
        for coded in code(&batch, threads)? {
            records.add(&coded)?;
        }
    }
    Ok(())
}

/// Codes frames side by side; they come back in order.
fn code(batch: &[Frame], threads: NonZeroUsize) -> io::Result<Vec<Vec<u8>>> {
    let share = batch.len().div_ceil(threads.get()).max(1);
    std::thread::scope(|scope| {
        let running: Vec<_> = batch
            .chunks(share)
            .map(|frames| {
                let work = || frames.iter().map(png).collect::<io::Result<Vec<_>>>();
                std::thread::Builder::new()
                    .name("take".to_owned())
                    .spawn_scoped(scope, work)
            })
            .collect();
        let mut coded = Vec::with_capacity(batch.len());
        for thread in running {
            let part = thread?
                .join()
                .map_err(|_| io::Error::other("a thread panicked"))?;
            coded.extend(part?);
        }
        Ok(coded)
    })
}

fn png(frame: &Frame) -> io::Result<Vec<u8>> {
    let picture = &frame.picture;
    let colour = match picture.form() {
        Form::Gray8 => ExtendedColorType::L8,
        Form::Rgb8 => ExtendedColorType::Rgb8,
    };
    let mut coded = Vec::with_capacity(picture.rows().len() / 2);
    PngEncoder::new_with_quality(&mut coded, CompressionType::Fast, FilterType::Up)
        .write_image(picture.rows(), picture.width(), picture.height(), colour)
        .map_err(io::Error::other)?;
    Ok(coded)
}

/// A take that is read again.
pub(super) struct Take {
    pub(super) head: TakeHead,
    records: RecordReader,
}

impl Take {
    /// Opens it and checks that its head fits its frames.
    pub(super) fn open(path: &Path, clip: ClipId) -> Result<Self, RecordFault> {
        let records = RecordReader::open(path)?;
        let damaged = |_| RecordFault::Damaged("its head makes no sense");
        let head: TakeHead = serde_json::from_slice(&records.record(0)?).map_err(damaged)?;
        if head.clip != clip || head.times.len() + 1 != records.count() || head.times.is_empty() {
            return Err(RecordFault::Damaged("its head belongs to other frames"));
        }
        Ok(Self { head, records })
    }

    /// One frame as it was captured.
    pub(super) fn picture(&self, index: usize) -> Result<Picture, RecordFault> {
        let coded = self.records.record(index + 1)?;
        let decoded = image::load_from_memory_with_format(&coded, ImageFormat::Png)
            .map_err(|_| RecordFault::Damaged("a frame is no PNG"))?;
        let (form, is_form) = if self.head.gray {
            (PixelForm::Gray8, decoded.as_luma8().is_some())
        } else {
            (PixelForm::Rgb8, decoded.as_rgb8().is_some())
        };
        let size = (decoded.width(), decoded.height());
        if !is_form || size != (self.head.width, self.head.height) {
            return Err(RecordFault::Damaged(
                "a frame is another than its head says",
            ));
        }
        Ok(Picture {
            width: self.head.width,
            height: self.head.height,
            form,
            rows: decoded.into_bytes(),
        })
    }
}

impl Frames for Take {
    fn count(&self) -> usize {
        self.head.times.len()
    }

    fn frame(&self, index: FrameIndex) -> Result<WrittenFrame<'_>, FrameFault> {
        let picture = self.picture(index.0 as usize)?;
        Ok(WrittenFrame::Picture(Cow::Owned(picture)))
    }
}
