//! The agent's state as its page is told (pure).
//!
//! Owns what counts as trouble, worst first. The page has the words.

use crate::clock::CaptureClock;
use crate::frame::Frame;
use crate::hand_scale::HandScale;
use crate::mask::Mask;
use crate::ring::{Ring, RingBounds};
use crate::source::SourceSpec;
use crate::status::{Link, Share, Status};
use std::time::Instant;
use wire::agent::SourceHealth;
use wire::device::{
    DeviceClips, DeviceFrame, DeviceHealth, DeviceJournal, DeviceLink, DeviceRing, DeviceScale,
    DeviceSource, DeviceTrouble, MaskRectangle,
};

pub(super) fn frame(frame: &Frame, clock: CaptureClock) -> DeviceFrame {
    let age_us = clock.now().0.saturating_sub(frame.stamp.captured_at.0);
    DeviceFrame {
        index: frame.stamp.index,
        rtp_time: frame.stamp.rtp_time,
        age_ms: u32::try_from(age_us / 1_000).unwrap_or(u32::MAX),
        scale_stated: !frame.provenance.regions.is_empty(),
    }
}

pub(super) fn source(status: &Status, spec: &SourceSpec) -> DeviceSource {
    let source = &status.source;
    DeviceSource {
        health: match source.health {
            SourceHealth::Running => DeviceHealth::Running,
            SourceHealth::Opening => DeviceHealth::Opening,
            SourceHealth::Failed => DeviceHealth::Failed,
        },
        spec: spec.to_string(),
        trouble: source.trouble.clone(),
        fps: (source.fps * 10.0).round() / 10.0,
        width: source.width,
        height: source.height,
    }
}

pub(super) fn link(status: &Status, now: Instant) -> DeviceLink {
    match &status.link {
        Link::Off => DeviceLink::Off,
        Link::Connecting => DeviceLink::Connecting,
        Link::Live { since } => {
            let seconds = now.saturating_duration_since(*since).as_secs();
            DeviceLink::Live {
                seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
                uplink: status.uplink.as_ref().map(Share::for_people),
            }
        }
        Link::Mending => DeviceLink::Mending,
        Link::Waiting { reason, .. } => DeviceLink::Waiting {
            reason: reason.clone(),
        },
        Link::Refused { reason } => DeviceLink::Refused {
            reason: reason.clone(),
        },
    }
}

pub(super) fn ring(ring: &Ring, bounds: RingBounds) -> DeviceRing {
    let seconds = |us: u64| us as f32 / 1e6;
    DeviceRing {
        frames: u32::try_from(ring.len()).unwrap_or(u32::MAX),
        seconds: (seconds(ring.span_us()) * 10.0).round() / 10.0,
        bytes: ring.bytes() as u64,
        most_seconds: seconds(bounds.span_us),
        most_bytes: bounds.bytes as u64,
    }
}

/// In fractions of the picture; as long as there is none, only what was given in fractions.
pub(super) fn mask(mask: &Mask, status: &Status) -> Vec<MaskRectangle> {
    let (width, height) = (status.source.width, status.source.height);
    let rectangles = mask.rectangles().iter();
    rectangles
        .filter_map(|one| one.in_fractions(width, height))
        .map(|one| MaskRectangle {
            x: one.x,
            y: one.y,
            width: one.width,
            height: one.height,
        })
        .collect()
}

pub(super) fn scale(scale: HandScale) -> DeviceScale {
    DeviceScale {
        from: scale.scale.from,
        to: scale.scale.to,
        centimetres: scale.scale.centimetres,
        set_at: scale.set_at,
        by: scale.by,
    }
}

pub(super) fn clips(status: &Status, waiting: usize) -> Option<DeviceClips> {
    let clips = status.clips.as_ref()?;
    let counts = clips.counts;
    Some(DeviceClips {
        safe: counts.takes,
        unsent: counts.unsent,
        sent: counts.sent,
        bytes: counts.bytes,
        exports_waiting: clips.exports.as_ref().map_or(0, |exports| exports.count),
        left_out: clips.left_out,
        refused_arrivals: clips.refused_arrivals,
        waiting: u32::try_from(waiting).unwrap_or(u32::MAX),
    })
}

pub(super) fn journal(status: &Status) -> Option<DeviceJournal> {
    let journal = status.journal.as_ref()?;
    let most = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Some(DeviceJournal {
        bytes: journal.bytes,
        seconds: most(journal.seconds),
        missed: most(journal.missed),
    })
}

pub(super) fn troubles(
    status: &Status,
    mask: &Mask,
    (scale_taken_back, keeps): (bool, bool),
) -> Vec<DeviceTrouble> {
    let refused = matches!(status.link, Link::Refused { .. });
    // Trying again is no link yet: the words should not come and go with each attempt.
    let no_link = matches!(
        status.link,
        Link::Connecting | Link::Waiting { .. } | Link::Mending
    );
    let saving_failed = status
        .clips
        .as_ref()
        .is_some_and(|clips| clips.trouble.is_some());
    let exports_wait = status
        .clips
        .as_ref()
        .is_some_and(|clips| clips.exports.is_some());
    let door_closed = status
        .clips
        .as_ref()
        .is_some_and(|clips| clips.door_trouble.is_some());
    let journal_stopped = status
        .journal
        .as_ref()
        .is_some_and(|journal| journal.trouble.is_some());
    [
        (
            status.source.health == SourceHealth::Failed,
            DeviceTrouble::SourceFailed,
        ),
        (mask.is_empty(), DeviceTrouble::NoMask),
        (saving_failed, DeviceTrouble::SavingFailed),
        (journal_stopped, DeviceTrouble::JournalStopped),
        (exports_wait, DeviceTrouble::ExportsWait),
        (door_closed, DeviceTrouble::DicomClosed),
        (scale_taken_back, DeviceTrouble::ScaleTakenBack),
        (refused, DeviceTrouble::Refused),
        (no_link, DeviceTrouble::NoLink),
        (!keeps, DeviceTrouble::NotStored),
    ]
    .into_iter()
    .filter_map(|(is_so, trouble)| is_so.then_some(trouble))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::BitRate;
    use crate::status::{ClipStatus, ExportsWaiting, StatusBoard};

    #[test]
    fn exports_that_wait_are_counted_and_told_until_they_are_taken_in() {
        let board = StatusBoard::new(BitRate::from_kbps(2000).unwrap());
        let banner = Mask::new(vec!["0,0,1,0.1".parse().unwrap()]);
        let mut waiting = ClipStatus {
            exports: Some(ExportsWaiting {
                count: 3,
                why: "it cannot be read: the card is away".into(),
            }),
            ..ClipStatus::default()
        };
        board.update(|status| status.clips = Some(waiting.clone()));
        let status = board.now();
        assert_eq!(
            troubles(&status, &banner, (false, true)),
            [DeviceTrouble::ExportsWait]
        );
        assert_eq!(clips(&status, 0).unwrap().exports_waiting, 3);
        waiting.exports = None;
        board.update(|status| status.clips = Some(waiting));
        let status = board.now();
        assert_eq!(troubles(&status, &banner, (false, true)), []);
        assert_eq!(clips(&status, 0).unwrap().exports_waiting, 0);
    }

    #[test]
    fn the_worst_trouble_comes_first_and_a_covered_running_agent_has_none() {
        let board = StatusBoard::new(BitRate::from_kbps(2000).unwrap());
        board.update(|status| status.source.health = SourceHealth::Running);
        let banner = Mask::new(vec!["0,0,1,0.1".parse().unwrap()]);
        assert_eq!(troubles(&board.now(), &banner, (false, true)), []);
        board.update(|status| {
            status.source.health = SourceHealth::Failed;
            status.link = Link::Mending;
        });
        assert_eq!(
            troubles(&board.now(), &Mask::default(), (true, false)),
            [
                DeviceTrouble::SourceFailed,
                DeviceTrouble::NoMask,
                DeviceTrouble::ScaleTakenBack,
                DeviceTrouble::NoLink,
                DeviceTrouble::NotStored
            ]
        );
    }
}
