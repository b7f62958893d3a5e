//! A stretch of a recording as one DICOM video: the pictures as they were coded, in another wrapping.
//!
//! Owns that wrapping: parameter sets move from the key frames into the head of an MP4 file, lengths stand in front of NAL units in
//! place of start codes, and the set says High Profile. Nothing is decoded or coded anew. Blocks.

use super::cuts::Coding;
use echo_dicom::write::{
    ClipFacts, Context, LocalTime, Mp4, Uid, UtcOffset, Video, VideoMatrix, WriteError, Written,
    as_high_profile,
};
use recording::{FrameEntry, ReadFault, Recording, Tick};
use std::io::Write;
use std::time::Duration;
use thiserror::Error;
use wire::CaptureTime;
use wire::units::RTP_CLOCK_HZ;

/// Stands before each NAL unit of an access unit (ITU-T H.264 annex B); no NAL unit holds it.
const START_CODE: [u8; 4] = [0, 0, 0, 1];
const SEQUENCE: u8 = 7;
const PICTURE: u8 = 8;
/// Pictures that are this high have the colours of high definition, as the encoders of live links take it.
const HIGH_DEFINITION_ROWS: u16 = 720;

/// A stretch cannot become a video.
#[derive(Debug, Error)]
pub(super) enum VideoFault {
    /// A frame cannot be read.
    #[error("a frame of the recording cannot be read: {0}")]
    Read(#[from] ReadFault),
    /// Its form does not fit DICOM.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Its parameter sets change between key frames, or there are none.
    #[error("its parameter sets do not stand")]
    Sets,
}

/// A stretch, ready to be written.
pub(super) struct RecordedVideo {
    head: Vec<u8>,
    media: Vec<u8>,
    coding: Coding,
    times: Vec<Duration>,
    /// When its first frame was captured.
    pub(super) taken_at: CaptureTime,
}

impl RecordedVideo {
    /// Reads frames that stand on each other, the first a key frame. They lie in memory: the caller bounds them.
    pub(super) fn read(
        recording: &mut Recording,
        frames: &[FrameEntry],
        coding: Coding,
    ) -> Result<Self, VideoFault> {
        let mut sets = Sets::default();
        let (mut media, mut sizes, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        let mut taken_at = None;
        for (entry, number) in frames.iter().zip(0_u32..) {
            let frame = recording.read(entry)?;
            taken_at.get_or_insert(frame.captured_at);
            let before = media.len();
            for unit in nal_units(&frame.unit) {
                sets.take(unit, &mut media)?;
            }
            if entry.keyframe {
                keys.push(number);
            }
            // A clip is bounded far below.
            sizes.push(u32::try_from(media.len() - before).unwrap_or(u32::MAX));
        }
        let (Some(sequence), Some(picture)) = (sets.sequence, sets.picture) else {
            return Err(VideoFault::Sets);
        };
        let first = frames.first().map_or(Tick(0), |frame| frame.at);
        let times: Vec<Duration> = frames
            .iter()
            .map(|frame| duration(frame.at.after(first)))
            .collect();
        let mp4 = Mp4 {
            columns: coding.width,
            rows: coding.height,
            matrix: if coding.height < HIGH_DEFINITION_ROWS {
                VideoMatrix::Bt601
            } else {
                VideoMatrix::Bt709
            },
            sequence: &as_high_profile(&sequence)?,
            picture: &picture,
            sizes: &sizes,
            times: &times,
            keys: &keys,
        };
        Ok(Self {
            head: mp4.head()?,
            media,
            coding,
            times,
            taken_at: taken_at.unwrap_or(CaptureTime(0)),
        })
    }

    /// From its first to its last frame.
    pub(super) fn span(&self) -> Duration {
        self.times.last().copied().unwrap_or_default()
    }

    /// Writes the object.
    pub(super) fn write_to(
        &self,
        context: &Context,
        instance: (Uid, u32),
        out: &mut impl Write,
    ) -> Result<Written, VideoFault> {
        let taken_at = LocalTime::at(self.taken_at, context.utc_offset);
        let taken_at = taken_at.or_else(|| LocalTime::at(CaptureTime(0), UtcOffset::UTC));
        let taken_at = taken_at.ok_or(VideoFault::Sets)?;
        let facts = ClipFacts {
            times: self.times.clone(),
            lossy_before: true,
            ..ClipFacts::new(instance.0, instance.1, taken_at)
        };
        let video = Video {
            mp4: &[&self.head, &self.media],
            columns: self.coding.width.into(),
            rows: self.coding.height.into(),
        };
        Ok(video.write_to(context, &facts, out)?)
    }
}

/// The parameter sets of a stretch: one of each kind.
#[derive(Default)]
struct Sets {
    sequence: Option<Vec<u8>>,
    picture: Option<Vec<u8>>,
}

impl Sets {
    /// Takes a NAL unit: a set stands for the whole stretch, everything else goes behind its length.
    fn take(&mut self, unit: &[u8], media: &mut Vec<u8>) -> Result<(), VideoFault> {
        let kind = unit.first().map_or(0, |first| first & 0x1f);
        let set = match kind {
            SEQUENCE => &mut self.sequence,
            PICTURE => &mut self.picture,
            _ => {
                let length = u32::try_from(unit.len()).map_err(|_| VideoFault::Sets)?;
                media.extend(length.to_be_bytes());
                media.extend_from_slice(unit);
                return Ok(());
            }
        };
        match set {
            Some(known) if known == unit => Ok(()),
            Some(_) => Err(VideoFault::Sets),
            None => {
                *set = Some(unit.to_vec());
                Ok(())
            }
        }
    }
}

fn nal_units(access_unit: &[u8]) -> impl Iterator<Item = &[u8]> {
    let starts: Vec<usize> = access_unit
        .windows(START_CODE.len())
        .enumerate()
        .filter_map(|(at, bytes)| (bytes == START_CODE).then_some(at))
        .collect();
    let ends = starts
        .iter()
        .copied()
        .skip(1)
        .chain([access_unit.len()])
        .collect::<Vec<_>>();
    starts
        .into_iter()
        .zip(ends)
        .filter_map(|(start, end)| access_unit.get(start + START_CODE.len()..end))
}

fn duration(ticks: u64) -> Duration {
    Duration::from_nanos(ticks.saturating_mul(1_000_000_000) / RTP_CLOCK_HZ)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_unit_falls_into_its_nal_units() {
        let unit = [
            0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 0, 0, 0, 1, 0x65, 9, 9,
        ];
        let found: Vec<&[u8]> = nal_units(&unit).collect();
        assert_eq!(found, [&[0x67, 1][..], &[0x68], &[0x65, 9, 9]]);
        assert_eq!(nal_units(&[1, 2, 3]).count(), 0);
    }

    #[test]
    fn sets_that_change_are_no_clip() {
        let (mut sets, mut media) = (Sets::default(), Vec::new());
        sets.take(&[0x67, 1], &mut media).unwrap();
        sets.take(&[0x67, 1], &mut media).unwrap();
        assert!(media.is_empty());
        sets.take(&[0x65, 7], &mut media).unwrap();
        assert_eq!(media, [0, 0, 0, 2, 0x65, 7]);
        assert!(sets.take(&[0x67, 2], &mut media).is_err());
    }
}
