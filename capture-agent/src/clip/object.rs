//! From a take to its DICOM object.
//!
//! Owns which facts of a take go where, and that a take which is no video is written as JPEG when H.264 is wished. The instance's UID is the clip's id, so a crash in the middle gives the same
//! instance again; the number within the series is the time of day, so nothing needs counting. A region that cannot
//! belong to the picture is left out rather than the clip.

use super::take::{Take, TakeHead};
use super::video;
use super::visit::VisitFault;
use crate::spool::{RecordFault, Spool, SpoolError};
use crate::sync::Stop;
use echo_dicom::UltrasoundRegion;
use echo_dicom::write::{
    ClipFacts, ClipWriter, Context, Frame, FrameFault, Frames, JpegQuality, Origin, PixelCoding,
    Reference, ScaleByHand, Uid, ViewLabel, WriteError,
};
use std::num::NonZeroUsize;
use std::time::Duration;
use wire::clip::{ClipCoding, ClipHead, ClipOrigin, ClipSpan, VIEW_OTHER};
use wire::{CaptureTime, ClipId, FrameIndex, RtpTime};

/// Microseconds in a tenth of a second, the unit of the instance number.
const TENTH_US: u64 = 100_000;
/// Tenths of a second in a day.
const DAY_TENTHS: u64 = 864_000;

/// How objects store their pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Coding {
    /// JPEG baseline of this quality.
    #[default]
    Jpeg,
    /// RLE, without loss.
    Rle,
    /// As they are, without loss.
    Plain,
    /// H.264, High profile; what is no video as JPEG.
    H264,
}

impl Coding {
    const fn pixels(self) -> PixelCoding {
        match self {
            Self::Jpeg | Self::H264 => PixelCoding::Jpeg(JpegQuality::HIGH),
            Self::Rle => PixelCoding::Rle,
            Self::Plain => PixelCoding::Uncompressed,
        }
    }

    /// What is written where there is no video.
    const fn without_video(self) -> Self {
        match self {
            Self::H264 => Self::Jpeg,
            other => other,
        }
    }

    const fn wire(self) -> ClipCoding {
        match self {
            Self::Jpeg => ClipCoding::Jpeg,
            Self::Rle | Self::Plain => ClipCoding::Lossless,
            Self::H264 => ClipCoding::Video,
        }
    }
}

/// Why there is no object.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum ObjectFault {
    /// The program ends; it is written after the next start.
    #[error("the program ends")]
    Stopped,
    /// The take is not what was written.
    #[error("the take is of no use: {0}")]
    Take(#[from] RecordFault),
    /// The spool could not store it.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The facts do not fit.
    #[error(transparent)]
    Visit(#[from] VisitFault),
    /// The writer could not write it.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// What would be said of it makes no sense.
    #[error(transparent)]
    Head(#[from] wire::clip::ClipFault),
}

/// Writes the object of a take and presents it.
pub(super) fn write(
    spool: &Spool,
    clip: ClipId,
    coding: Coding,
    threads: NonZeroUsize,
    stop: &Stop,
) -> Result<(), ObjectFault> {
    let take = Take::open(&spool.take_path(clip), clip)?;
    let head = &take.head;
    let context = head.visit.context()?;
    let frames = Stoppable { take: &take, stop };
    let facts = placed(&context, facts(head, coding)?, head, &frames)?;
    let video = match coding {
        Coding::H264 => video(&take, &facts, threads, stop)?,
        _ => None,
    };
    let raw = u64::from(head.width) * u64::from(head.height) * if head.gray { 1 } else { 3 };
    let mut object = spool.begin_object(clip, raw * head.times.len() as u64)?;
    let coding = if let Some(video) = video {
        video.write_to(head, &context, &facts, &mut object.out)?;
        coding
    } else {
        let writer = writer(&context, &facts, head, &frames)?.parallelism(threads);
        writer
            .write_seekable(&mut object.out)
            .map_err(|error| stopped(error, stop))?;
        coding.without_video()
    };
    let sealed = spool.seal(object)?;
    let times: Vec<RtpTime> = head.times.iter().map(|(_, rtp_time)| *rtp_time).collect();
    let said = said(head, &facts, coding, (sealed.bytes, sealed.digest));
    said.check(&times)?;
    spool.present(sealed, said, times, head.belongs)?;
    Ok(())
}

/// The take as a video; nothing when it is none, which is told to the log.
fn video(
    take: &Take,
    facts: &ClipFacts,
    threads: NonZeroUsize,
    stop: &Stop,
) -> Result<Option<video::CodedTake>, ObjectFault> {
    match video::coded(take, &facts.times, threads, stop)? {
        Ok(video) => Ok(Some(video)),
        Err(why) => {
            let clip = take.head.clip;
            tracing::info!(%clip, %why, "a clip is written as JPEG instead of H.264");
            Ok(None)
        }
    }
}

fn writer<'a>(
    context: &'a Context,
    facts: &'a ClipFacts,
    head: &TakeHead,
    frames: &'a Stoppable<'a>,
) -> Result<ClipWriter<'a, Stoppable<'a>>, WriteError> {
    if head.still {
        ClipWriter::still(context, facts, frames)
    } else {
        ClipWriter::clip(context, facts, frames)
    }
}

/// The facts without the regions that the writer refuses.
fn placed<'a>(
    context: &'a Context,
    mut facts: ClipFacts,
    head: &TakeHead,
    frames: &'a Stoppable<'a>,
) -> Result<ClipFacts, ObjectFault> {
    loop {
        match writer(context, &facts, head, frames) {
            Ok(_) => return Ok(facts),
            Err(WriteError::Region { index, fault }) if index < facts.regions.len() => {
                tracing::warn!(
                    index,
                    fault,
                    "a region of the source is left out of the clip"
                );
                facts.regions.remove(index);
                facts.hand_scale = None;
            }
            Err(error) => return Err(stopped(error, frames.stop)),
        }
    }
}

fn stopped(error: WriteError, stop: &Stop) -> ObjectFault {
    if stop.is_set() {
        ObjectFault::Stopped
    } else {
        ObjectFault::Write(error)
    }
}

fn facts(head: &TakeHead, coding: Coding) -> Result<ClipFacts, ObjectFault> {
    let empty = || ObjectFault::Take(RecordFault::Damaged("it has no frames"));
    let (first, _) = *head.times.first().ok_or_else(empty)?;
    let taken_at = head.visit.local(first).ok_or(VisitFault::UtcOffset)?;
    let number = (first.0 / TENTH_US) % DAY_TENTHS + 1;
    let uid = Uid::from_uuid(head.clip.uuid().as_u128());
    let times = head
        .times
        .iter()
        .map(|(at, _)| Duration::from_micros(at.0.saturating_sub(first.0)))
        .collect();
    let sources: Vec<Reference> = head
        .sources
        .iter()
        .filter_map(|source| {
            Some(Reference {
                class_uid: Uid::parse(&source.class_uid)?,
                instance_uid: Uid::parse(&source.instance_uid)?,
                frames: Vec::new(),
            })
        })
        .collect();
    let facts = ClipFacts::new(uid, u32::try_from(number).unwrap_or(1), taken_at);
    let (regions, hand_scale) = scale_of(head);
    Ok(ClipFacts {
        times,
        regions,
        hand_scale,
        view: head.view.as_deref().and_then(view),
        marker: head.visit.marker(),
        origin: if sources.is_empty() {
            Origin::Captured
        } else {
            Origin::Derived(sources)
        },
        burned_in_annotation: head.hidden.then_some(false),
        lossy_before: head.lossy,
        coding: coding.pixels(),
        ..facts
    })
}

/// The regions of the source, else the one that follows from the depth scale that somebody marked, with who and when.
fn scale_of(head: &TakeHead) -> (Vec<UltrasoundRegion>, Option<ScaleByHand>) {
    let by_hand = head.scale.as_ref().filter(|_| head.regions.is_empty());
    if let Some(scale) = by_hand
        && let (Ok(region), Some(at)) = (scale.region(), head.visit.local(scale.set_at))
    {
        let by = scale.by.clone();
        return (vec![region], Some(ScaleByHand { at, by }));
    }
    let regions = head.regions.iter().map(UltrasoundRegion::from);
    (regions.collect(), None)
}

/// A view label as somebody said it; none when it says that no label fits.
fn view(text: &str) -> Option<ViewLabel> {
    let known = [
        ViewLabel::Plax,
        ViewLabel::Psax,
        ViewLabel::A4c,
        ViewLabel::A2c,
        ViewLabel::A3c,
        ViewLabel::Sc4c,
        ViewLabel::ScIvc,
    ];
    let found = known.into_iter().find(|it| it.label() == text);
    (text != VIEW_OTHER).then(|| found.unwrap_or_else(|| ViewLabel::Other(text.to_owned())))
}

fn said(
    head: &TakeHead,
    facts: &ClipFacts,
    coding: Coding,
    (bytes, digest): (u64, wire::original::Digest),
) -> ClipHead {
    let none = (CaptureTime(0), RtpTime(0));
    let first = head.times.first().copied().unwrap_or(none);
    let last = head.times.last().copied().unwrap_or(none);
    ClipHead {
        clip: head.clip,
        instance: facts.instance_uid.as_str().to_owned(),
        bytes,
        digest,
        frames: u32::try_from(head.times.len()).unwrap_or(u32::MAX),
        width: head.width,
        height: head.height,
        coding: coding.wire(),
        origin: ClipOrigin::Captured,
        taken_at: first.0,
        span_us: last.0.0.saturating_sub(first.0.0),
        view: head.view.clone(),
        marker: head.visit.marker(),
        captured: Some(ClipSpan {
            stream: head.stream,
            first: first.1,
            last: last.1,
        }),
    }
}

/// The frames of a take, until the program ends.
struct Stoppable<'a> {
    take: &'a Take,
    stop: &'a Stop,
}

impl Frames for Stoppable<'_> {
    fn count(&self) -> usize {
        self.take.count()
    }

    fn frame(&self, index: FrameIndex) -> Result<Frame<'_>, FrameFault> {
        if self.stop.is_set() {
            return Err("the program ends".into());
        }
        self.take.frame(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::clip::VIEWS;

    #[test]
    fn every_view_that_is_offered_has_a_code_and_none_of_these_is_no_view() {
        for offered in VIEWS {
            let label = view(offered).unwrap();
            assert!(label.code().is_some(), "{offered}");
        }
        assert_eq!(view(VIEW_OTHER), None);
        assert_eq!(view("PLAX-LV"), Some(ViewLabel::Other("PLAX-LV".into())));
    }
}
