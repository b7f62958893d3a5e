//! A consult around one clip, in words.

use super::super::said::ConsultSaid;
use super::MadeUids;
use crate::store::ClipRow;
use uuid::Uuid;
use wire::case_log::CaseAuthor;
use wire::clip::{ClipCoding, ClipHead, ClipOrigin, ClipSpan, SaveWhat};
use wire::link::{Adequacy, LinkCause, LinkHints, LinkLevel, LinkSeen};
use wire::log::{LogEntry, LogEvent};
use wire::mark::{Anchor, Annotation, DrawnOn, Pen, Point, Shape};
use wire::original::Digest;
use wire::people::{Author, Role};
use wire::{
    AnnotationId, CaptureTime, ClipId, DeviceId, Fraction, FreezeId, PersonId, RelayTime, RtpTime,
    Seq, SessionId, StreamId,
};

/// When the first frame was captured, by the relay's clock: 2026-11-27.
pub(super) const BEGIN_US: u64 = 1_795_800_000_000_000;
/// RTP time wraps within the clip.
pub(super) const FIRST: u32 = u32::MAX - 3_000;
/// 40 ms in ticks.
pub(super) const FRAME: u32 = 3_600;
pub(super) const FRAMES: u32 = 10;

pub(super) fn id(n: u128) -> Uuid {
    Uuid::from_u128(0xfeed_0000_0000_0000_0000_0000_0000_0000 + n)
}

pub(super) fn stream() -> StreamId {
    StreamId::from_uuid(id(1))
}

pub(super) fn clip() -> ClipId {
    ClipId::from_uuid(id(2))
}

pub(super) fn rtp(frame: u32) -> RtpTime {
    RtpTime(FIRST.wrapping_add(frame * FRAME))
}

pub(super) fn on(frame: u32) -> Anchor {
    Anchor::Live {
        stream: stream(),
        rtp_time: rtp(frame),
    }
}

pub(super) fn row() -> ClipRow {
    ClipRow {
        head: ClipHead {
            clip: clip(),
            instance: "1.2.392.200036.4711".into(),
            bytes: 1,
            digest: Digest::from_bytes([7; 32]),
            frames: FRAMES,
            width: 4,
            height: 4,
            coding: ClipCoding::Jpeg,
            origin: ClipOrigin::Captured,
            taken_at: CaptureTime(BEGIN_US),
            span_us: u64::from(FRAMES - 1) * 40_000,
            view: Some("Yamada's heart".into()),
            marker: None,
            captured: Some(ClipSpan {
                stream: stream(),
                first: rtp(0),
                last: rtp(FRAMES - 1),
            }),
        },
        times: (0..FRAMES).map(rtp).collect(),
        kept: true,
    }
}

pub(super) fn doctor(n: u128) -> Author {
    Author::Person {
        session: SessionId::from_uuid(id(100 + n)),
        person: PersonId::from_uuid(id(200 + n)),
        name: "Sakakibara".into(),
        initials: "榊".into(),
        role: Role::Cardiologist,
    }
}

pub(super) fn device() -> Author {
    Author::Device {
        device: DeviceId::from_uuid(id(300)),
        name: "BEDSIDE-9".into(),
    }
}

pub(super) fn told(role: Role, number: u32) -> CaseAuthor {
    CaseAuthor::Person { role, number }
}

pub(super) fn point() -> Point {
    let half = Fraction::new(0.5).unwrap();
    Point { x: half, y: half }
}

pub(super) fn mark(n: u128, frame: u32, shape: Shape) -> LogEvent {
    LogEvent::Marked {
        mark: Annotation {
            id: AnnotationId::from_uuid(id(400 + n)),
            anchor: on(frame),
            shape,
            pen: Pen::White,
            drawn_on: DrawnOn::Freeze,
            replaces: None,
        },
        gauge: None,
    }
}

pub(super) fn stroke(n: u128, frame: u32) -> LogEvent {
    let points = vec![point()];
    mark(n, frame, Shape::Stroke { points })
}

pub(super) fn withdrawn(n: u128) -> LogEvent {
    LogEvent::Withdrawn {
        mark: AnnotationId::from_uuid(id(400 + n)),
    }
}

pub(super) fn freeze(n: u128) -> FreezeId {
    FreezeId::from_uuid(id(500 + n))
}

pub(super) fn frozen(n: u128, frame: u32) -> LogEvent {
    LogEvent::Frozen {
        freeze: freeze(n),
        anchor: on(frame),
    }
}

pub(super) fn stepped(n: u128, frame: u32) -> LogEvent {
    LogEvent::Stepped {
        freeze: freeze(n),
        anchor: on(frame),
    }
}

pub(super) fn released(n: u128) -> LogEvent {
    LogEvent::Released { freeze: freeze(n) }
}

pub(super) fn asked() -> LogEvent {
    LogEvent::ClipAsked {
        clip: clip(),
        what: SaveWhat::Last { seconds: 6 },
    }
}

pub(super) fn saved() -> LogEvent {
    LogEvent::ClipSaved {
        head: Box::new(row().head),
    }
}

/// Said 40 ms after a frame was captured that lies so many frames before the first one.
pub(super) fn timed(before: u32) -> LogEvent {
    LogEvent::StreamTimed {
        stream: stream(),
        rtp_time: RtpTime(FIRST.wrapping_sub(before * FRAME)),
        captured_relay: RelayTime(BEGIN_US - u64::from(before) * 40_000),
        error_us: 100,
    }
}

pub(super) fn seen(level: LinkLevel, age_ms: Option<u32>) -> LogEvent {
    let known = Adequacy::Adequate;
    let hints = LinkHints {
        ef: known,
        ivc: known,
        effusion: known,
        colour: known,
    };
    LogEvent::LinkSample {
        seen: LinkSeen {
            level,
            cause: LinkCause::Nothing,
            fps: Some(30),
            age_ms,
            kbps: None,
            loss_percent: None,
            width: 4,
            height: 4,
            pauses: 0,
            paused_ms: 0,
            hints,
        },
    }
}

/// A consult of these words, each so many milliseconds after the clip's first frame.
pub(super) fn consult(words: Vec<(i64, Author, LogEvent)>) -> ConsultSaid {
    let mut all = ConsultSaid::default();
    for (seq, (ms, author, event)) in (1..).zip(words) {
        all.take(&LogEntry {
            seq: Seq(seq),
            at: RelayTime(BEGIN_US.saturating_add_signed(ms * 1_000)),
            author,
            event,
        });
    }
    all
}

pub(super) fn uids() -> MadeUids {
    MadeUids {
        clip: "2.25.1".into(),
        marks: Some("2.25.2".into()),
        measurements: None,
    }
}
