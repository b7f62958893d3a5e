//! Which captured frames a clip holds (pure).
//!
//! Owns the rule: a clip ends at the newest frame and goes back as long as frames have one size, one pixel form and the
//! same regions and may show the same patient, at most so many. A frame of another kind ends it, because one object has one
//! size, one calibration and one patient: where the probe's picture changed, the clip begins after the change.

use crate::frame::Frame;
use std::sync::Arc;
use wire::clip::MAX_CLIP_FRAMES;

/// The longest run of like frames that ends at the last one. Frames come oldest first.
#[must_use]
pub fn run_of(mut frames: Vec<Frame>) -> Vec<Frame> {
    let Some(newest) = frames.last().cloned() else {
        return frames;
    };
    let run = frames
        .iter()
        .rev()
        .take(MAX_CLIP_FRAMES as usize)
        .take_while(|frame| is_like(frame, &newest))
        .count();
    frames.drain(..frames.len() - run);
    frames
}

fn is_like(one: &Frame, other: &Frame) -> bool {
    let kind = |frame: &Frame| {
        let picture = &frame.picture;
        (picture.width(), picture.height(), picture.form())
    };
    let (here, there) = (&one.provenance, &other.provenance);
    let same_facts = Arc::ptr_eq(here, there)
        || (here.patient == there.patient && here.regions == there.regions);
    kind(one) == kind(other) && same_facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Form, Picture};
    use crate::provenance::Provenance;
    use wire::agent::FrameStamp;
    use wire::region::Region;
    use wire::{CaptureTime, FrameIndex, RtpTime, StreamId};

    fn frame(index: u32, width: u32, form: Form, provenance: &Arc<Provenance>) -> Frame {
        let captured_at = CaptureTime(u64::from(index) * 33_333);
        let rows = vec![0; width as usize * form.bytes()];
        Frame {
            stamp: FrameStamp {
                stream: StreamId::random(),
                index: FrameIndex(index),
                captured_at,
                rtp_time: RtpTime::of(captured_at),
            },
            picture: Arc::new(Picture::from_rows(width, 1, form, rows).unwrap()),
            provenance: Arc::clone(provenance),
        }
    }

    fn indices(frames: Vec<Frame>) -> Vec<u32> {
        run_of(frames).iter().map(|it| it.stamp.index.0).collect()
    }

    fn scaled() -> Arc<Provenance> {
        let region = echo_dicom::UltrasoundRegion::new(
            echo_dicom::SpatialFormat::TwoD,
            Some(1),
            echo_dicom::RegionBounds {
                min_x: 0,
                min_y: 0,
                max_x: 1,
                max_y: 0,
            },
        );
        Arc::new(Provenance {
            regions: vec![Region::from(&region)],
            ..Provenance::default()
        })
    }

    #[test]
    fn like_frames_stay_together() {
        let plain = Arc::default();
        let frames = (0..5).map(|n| frame(n, 8, Form::Gray8, &plain)).collect();
        assert_eq!(indices(frames), [0, 1, 2, 3, 4]);
        assert!(run_of(Vec::new()).is_empty());
    }

    #[test]
    fn a_change_of_size_form_or_calibration_begins_the_clip() {
        let (plain, scaled) = (Arc::default(), scaled());
        let kinds = [
            (8, Form::Gray8, &plain),
            (4, Form::Gray8, &plain),
            (8, Form::Rgb8, &plain),
            (8, Form::Gray8, &scaled),
        ];
        for (width, form, provenance) in kinds.iter().skip(1) {
            let mut frames: Vec<_> = (0..3).map(|n| frame(n, 8, Form::Gray8, &plain)).collect();
            frames.extend((3..5).map(|n| frame(n, *width, *form, provenance)));
            assert_eq!(indices(frames), [3, 4]);
        }
    }

    #[test]
    fn a_clip_never_shows_two_patients() {
        let shows = |patient: u32| {
            let patient = wire::original::PatientKey(patient);
            Arc::new(Provenance {
                patient,
                ..Provenance::default()
            })
        };
        let frames = vec![
            frame(0, 8, Form::Gray8, &shows(1)),
            frame(1, 8, Form::Gray8, &shows(2)),
            frame(2, 8, Form::Gray8, &shows(2)),
        ];
        assert_eq!(indices(frames), [1, 2]);
    }

    #[test]
    fn two_files_with_the_same_calibration_may_share_a_clip() {
        let frames = vec![
            frame(0, 8, Form::Gray8, &scaled()),
            frame(1, 8, Form::Gray8, &scaled()),
        ];
        assert_eq!(indices(frames), [0, 1]);
    }
}
