//! Whether an object is what was offered.
//!
//! Owns the comparison: instance, frames, size, and the times of a captured clip against the RTP times of its frames.
//! What cannot be read here (video that is not H.264 in one MP4 file, codings that `echo-dicom` does not know), or not in the time that
//! reading may take, is kept as it is, because it is somebody's record; its digest is what was offered. Called where blocking is allowed, before a clip is kept.

use echo_dicom::write::kept_apart;
use echo_dicom::{ClipError, ClipHeader};
use guarded::Guard;
use std::path::Path;
use thiserror::Error;
use wire::clip::{ClipCoding, ClipGap, ClipHead};
use wire::frames::FrameMap;
use wire::{FrameIndex, RtpTime};

/// A clip whose frames are nearly even is written with one interval, which puts a frame at most one per cent of it from its
/// true time; twice that is tolerated…
const TIME_PER_CENT: u64 = 2;
/// …and this much for the rounding of both clocks.
const TIME_US: u64 = 100;

/// The step at which a file took too long to be read.
const LATE: &str = "reader-late";

/// An object is not what was said of it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Disagreement {
    /// It cannot be read, although it was said to be of a coding that can.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] ClipError),
    /// Another instance.
    #[error("it is another instance than was offered")]
    Instance,
    /// Another number of frames.
    #[error("it has {held} frames, {said} were offered")]
    Frames {
        /// In the object.
        held: u32,
        /// In the offer.
        said: u32,
    },
    /// Another size.
    #[error("its frames have another size than was offered")]
    Size,
    /// Other times.
    #[error("frame {shown} is {held_us} us after the first, its capture time says {said_us}", shown = u64::from(*index) + 1)]
    Times {
        /// Which, from 0.
        index: u32,
        /// In the object.
        held_us: u64,
        /// In the offer.
        said_us: u64,
    },
}

impl Disagreement {
    /// What whoever brought the object hears. What nobody could read is offered again.
    #[must_use]
    pub fn gap(&self) -> ClipGap {
        match self {
            Self::Unreadable(error) => gap_of(error),
            _ => ClipGap::Refused,
        }
    }

    /// Whether reading it took too long: a busy machine's fault, or its own when it happens again and again.
    #[must_use]
    pub fn is_late(&self) -> bool {
        matches!(self, Self::Unreadable(error) if error.step() == LATE)
    }
}

/// What whoever brought a file hears when it was not read: what may pass says nothing of the file.
#[must_use]
pub fn gap_of(error: &ClipError) -> ClipGap {
    if guarded::may_pass(error) {
        ClipGap::RelayStorage
    } else {
        ClipGap::Refused
    }
}

/// Compares a whole object with its offer. Blocks.
///
/// # Errors
/// The first thing that is not as it was said.
pub fn check(path: &Path, head: &ClipHead, times: &[RtpTime]) -> Result<(), Disagreement> {
    match Guard::of_this_program().open(path) {
        Ok(clip) => compare(clip.header(), head, times),
        Err(error) if is_kept_unread(&error, head.coding) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn is_kept_unread(error: &ClipError, coding: ClipCoding) -> bool {
    let is_unknown = matches!(coding, ClipCoding::Video | ClipCoding::Other);
    is_unknown && (error.step() == LATE || !guarded::may_pass(error))
}

/// Compares what an object says with what was offered.
pub(super) fn compare(
    held: &ClipHeader,
    head: &ClipHead,
    times: &[RtpTime],
) -> Result<(), Disagreement> {
    if held.sop_instance_uid != head.instance {
        return Err(Disagreement::Instance);
    }
    if held.frames != head.frames {
        return Err(Disagreement::Frames {
            held: held.frames,
            said: head.frames,
        });
    }
    if (held.layout.columns, held.layout.rows) != (head.width, head.height) {
        return Err(Disagreement::Size);
    }
    let Some(map) = FrameMap::new(head, times).filter(|_| head.frames > 1) else {
        return Ok(());
    };
    let said: Vec<u64> = (0..head.frames)
        .map(|index| map.after_first_us(FrameIndex(index)).unwrap_or_default())
        .collect();
    let said = kept_apart(&said);
    let mean_us = said.last().copied().unwrap_or_default() / u64::from(head.frames - 1);
    let tolerated = mean_us * TIME_PER_CENT / 100 + TIME_US;
    for (index, said_us) in (0..).zip(said) {
        let held_us = at_us(held, FrameIndex(index));
        if held_us.abs_diff(said_us) > tolerated {
            return Err(Disagreement::Times {
                index,
                held_us,
                said_us,
            });
        }
    }
    Ok(())
}

/// Microseconds after the first frame, by the object.
pub(super) fn at_us(held: &ClipHeader, index: FrameIndex) -> u64 {
    u64::try_from(held.frame_times.at(index).as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use echo_dicom::write::{
        ClipFacts, ClipWriter, Context, Date, Equipment, LocalTime, Patient, Series, Study, Uid,
        UtcOffset,
    };
    use echo_dicom::{Clip, Picture, PixelForm};
    use std::time::Duration;
    use wire::clip::{ClipOrigin, ClipSpan};
    use wire::original::Digest;
    use wire::{CaptureTime, ClipId, StreamId};

    #[test]
    fn what_nobody_could_read_is_offered_again_and_what_is_no_clip_is_not() {
        let refused = |step| ClipError::Refused {
            step,
            words: String::new(),
            help: "",
        };
        let gone = || ClipError::from(std::io::Error::from(std::io::ErrorKind::NotFound));
        for error in [refused("no-reader"), refused("reader-late"), gone()] {
            assert_eq!(gap_of(&error), ClipGap::RelayStorage, "{error}");
            assert_eq!(Disagreement::from(error).gap(), ClipGap::RelayStorage);
        }
        for error in [refused("reader-ended"), ClipError::Preamble("a letter")] {
            assert_eq!(Disagreement::from(error).gap(), ClipGap::Refused);
        }
        assert_eq!(Disagreement::Size.gap(), ClipGap::Refused);
        // A video is kept without being read, but not when its file could not be.
        let clip = written(&[0]);
        let (mut head, times) = offer(&clip, &[0]);
        head.coding = ClipCoding::Video;
        let away = check(Path::new("/nowhere/at/all"), &head, &times).unwrap_err();
        assert_eq!(away.gap(), ClipGap::RelayStorage);
    }

    #[test]
    fn what_takes_too_long_is_kept_unread_only_where_it_need_not_be_read() {
        let refused = |step| ClipError::Refused {
            step,
            words: String::new(),
            help: "",
        };
        for coding in [ClipCoding::Video, ClipCoding::Other] {
            assert!(is_kept_unread(&refused("reader-late"), coding));
            assert!(is_kept_unread(&refused("video"), coding));
            assert!(!is_kept_unread(&refused("no-reader"), coding));
        }
        assert!(!is_kept_unread(&refused("reader-late"), ClipCoding::Jpeg));
        assert!(Disagreement::from(refused("reader-late")).is_late());
        assert!(!Disagreement::from(refused("no-reader")).is_late());
    }

    /// A clip with these frame times as the writer writes it.
    fn written(after_us: &[u64]) -> Clip {
        let picture = Picture {
            width: 16,
            height: 8,
            form: PixelForm::Gray8,
            rows: vec![7; 128],
        };
        let pictures = vec![picture; after_us.len()];
        let context = Context {
            patient: Patient::default(),
            study: Study::new(Uid::from_uuid(1)),
            series: Series {
                uid: Uid::from_uuid(2),
                number: 1,
                began_at: None,
                description: String::new(),
            },
            equipment: Equipment::default(),
            utc_offset: UtcOffset::JAPAN,
        };
        let day = Date::new(2026, 1, 2).unwrap();
        let taken_at = LocalTime::new(day, 9, 0, 0, 0).unwrap();
        let times = after_us.iter().map(|us| Duration::from_micros(*us));
        let facts = ClipFacts {
            times: times.collect(),
            ..ClipFacts::new(Uid::from_uuid(3), 1, taken_at)
        };
        let mut file = std::io::Cursor::new(Vec::new());
        let writer = ClipWriter::clip(&context, &facts, &pictures[..]).unwrap();
        writer.write_seekable(&mut file).unwrap();
        Clip::from_bytes(file.into_inner()).unwrap()
    }

    fn offer(clip: &Clip, after_us: &[u64]) -> (ClipHead, Vec<RtpTime>) {
        let time = |us: &u64| RtpTime::of(CaptureTime(1_795_000_000_000_000 + us));
        let times: Vec<RtpTime> = after_us.iter().map(time).collect();
        let head = ClipHead {
            clip: ClipId::random(),
            instance: clip.header().sop_instance_uid.clone(),
            bytes: 1,
            digest: Digest::from_bytes([0; 32]),
            frames: clip.header().frames,
            width: 16,
            height: 8,
            coding: ClipCoding::Jpeg,
            origin: ClipOrigin::Captured,
            taken_at: CaptureTime(0),
            span_us: 0,
            view: None,
            marker: None,
            captured: Some(ClipSpan {
                stream: StreamId::random(),
                first: times[0],
                last: times[times.len() - 1],
            }),
        };
        (head, times)
    }

    #[test]
    fn frames_captured_almost_at_once_agree_however_many_they_are() {
        let stall = 800_000;
        let burst = (0..60).map(|n| stall + n * 12);
        let after_us: Vec<u64> = (0..10)
            .map(|n| n * 33_000)
            .chain(burst)
            .chain((0..10).map(|n| stall + 33_000 + n * 33_000))
            .collect();
        let clip = written(&after_us);
        let (head, mut times) = offer(&clip, &after_us);
        compare(clip.header(), &head, &times).unwrap();
        // A frame somewhere else is still seen.
        times[75] = RtpTime(times[75].0.wrapping_add(900));
        let error = compare(clip.header(), &head, &times).unwrap_err();
        assert!(
            matches!(error, Disagreement::Times { index: 75, .. }),
            "{error}"
        );
    }
}
