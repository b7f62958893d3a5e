//! One stretch of a recording as the file of a clip, and what is said of it.
//!
//! Owns names and numbers: they follow from the consult, the picture and the frames, so that the same stretch is the same
//! object. Blocks. The file is durable when this answers; the row that makes it a clip is the caller's.

use super::cuts::Coding;
use super::video::{RecordedVideo, VideoFault};
use crate::named::uuid_of;
use crate::store::{ClipFault, ClipFiles};
use echo_dicom::Provenance;
use echo_dicom::write::{Context, Equipment, Series, Uid, UtcOffset};
use recording::{FrameEntry, Recording};
use std::io::{self, BufWriter, Write as _};
use thiserror::Error;
use uuid::Uuid;
use wire::clip::{ClipCoding, ClipHead, ClipOrigin, ClipSpan};
use wire::{ClipId, ConsultId, RtpTime, StreamId};

/// Far from the numbers that devices give, and from those of marks.
const SERIES: u32 = 9_003;
const BUFFER_BYTES: usize = 256 << 10;

/// A stretch is not kept.
#[derive(Debug, Error)]
pub(super) enum KeepFault {
    #[error(transparent)]
    Video(#[from] VideoFault),
    #[error(transparent)]
    Files(#[from] ClipFault),
    #[error("write it: {0}")]
    Disk(#[from] io::Error),
}

/// The clip that a stretch becomes.
pub(super) fn clip_of(frames: &[FrameEntry], of: (ConsultId, StreamId)) -> ClipId {
    ClipId::from_uuid(name(frames, of, "clip"))
}

fn name(frames: &[FrameEntry], (consult, stream): (ConsultId, StreamId), kind: &str) -> Uuid {
    let [first, last] =
        [frames.first(), frames.last()].map(|frame| frame.map_or(0, |it| it.at.0).to_string());
    uuid_of(&[
        kind,
        &consult.to_string(),
        &stream.to_string(),
        &first,
        &last,
    ])
}

/// Writes it, over what lies there: no clip of that name may be kept. It is the consult's clip of this picture with that number.
pub(super) fn keep(
    recording: &mut Recording,
    (frames, coding): (&[FrameEntry], Coding),
    files: &ClipFiles,
    (consult, stream, number): (ConsultId, StreamId, u32),
    whose: &Provenance,
) -> Result<(ClipHead, Vec<RtpTime>), KeepFault> {
    let video = RecordedVideo::read(recording, frames, coding)?;
    let times: Vec<RtpTime> = frames.iter().map(|frame| frame.at.rtp_time()).collect();
    let clip = clip_of(frames, (consult, stream));
    let instance = Uid::from_uuid(name(frames, (consult, stream), "instance").as_u128());
    let context = Context {
        patient: whose.patient.clone(),
        study: whose.study.clone(),
        series: Series {
            uid: Uid::from_uuid(
                uuid_of(&["series", &consult.to_string(), &stream.to_string()]).as_u128(),
            ),
            number: SERIES,
            began_at: None,
            description: "Recording".to_owned(),
        },
        equipment: Equipment {
            manufacturer: "Hibiki".to_owned(),
            model: "Hibiki relay".to_owned(),
            software_versions: env!("CARGO_PKG_VERSION").to_owned(),
            ..Equipment::default()
        },
        utc_offset: whose.utc_offset.unwrap_or(UtcOffset::UTC),
    };
    let instance_of = (instance.clone(), number);
    files.replace_whole(consult, clip, |file| -> Result<(), KeepFault> {
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, file);
        video.write_to(&context, instance_of, &mut out)?;
        Ok(out.flush()?)
    })?;
    let (bytes, digest) = files.measured(consult, clip)?;
    let ends = (times.first().copied(), times.last().copied());
    let none = RtpTime(0);
    let head = ClipHead {
        clip,
        instance: instance.as_str().to_owned(),
        bytes,
        digest,
        frames: u32::try_from(times.len()).unwrap_or(u32::MAX),
        width: coding.width.into(),
        height: coding.height.into(),
        coding: ClipCoding::Video,
        origin: ClipOrigin::Recorded,
        taken_at: video.taken_at,
        span_us: u64::try_from(video.span().as_micros()).unwrap_or(u64::MAX),
        view: None,
        marker: None,
        captured: Some(ClipSpan {
            stream,
            first: ends.0.unwrap_or(none),
            last: ends.1.unwrap_or(none),
        }),
    };
    Ok((head, times))
}
