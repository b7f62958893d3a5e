//! Values that the messages are filled with.

use uuid::Uuid;
use wire::agent::{SourceHealth, SourceState};
use wire::clip::{ClipCoding, ClipHead, ClipOrigin, ClipSpan, MarkerSide};
use wire::http::ConsultSummary;
use wire::link::{Adequacy, LinkCause, LinkHints, LinkLevel, LinkSeen, UplinkState};
use wire::log::{LogEntry, LogEvent};
use wire::mark::{Anchor, Annotation, DrawnOn, Pen, Point, Shape};
use wire::measure::{DepthScale, Gauge, GaugeScale, MeasureKind, ScaleRef, ScaleState};
use wire::original::{
    BeatFrame, Digest, FrameFacts, Original, PatientKey, PixelForm, VideoPicture,
};
use wire::people::{Author, Page, Participant, Role};
use wire::region::{Region, RegionBounds, RegionFormat, RegionUnit};
use wire::{
    AnnotationId, CaptureTime, ClipId, ConsentId, ConsultId, Fraction, FrameIndex, PersonId,
    RelayTime, RtpTime, ScaleId, Seq, SessionId, StreamId,
};

pub(crate) fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

pub(crate) fn point(x: f64, y: f64) -> Point {
    Point {
        x: Fraction::new(x).unwrap(),
        y: Fraction::new(y).unwrap(),
    }
}

pub(crate) fn anchor() -> Anchor {
    Anchor::Live {
        stream: StreamId::from_uuid(uuid(2)),
        rtp_time: RtpTime(4_294_967_295),
    }
}

pub(crate) fn original() -> Original {
    Original {
        width: 800,
        height: 600,
        form: PixelForm::Gray8,
        pixels: Digest::from_bytes([0xab; 32]),
        blob: Digest::from_bytes([0xcd; 32]),
        bytes: 150_690,
    }
}

pub(crate) fn beat_frame() -> BeatFrame {
    BeatFrame {
        rtp_time: RtpTime(4_294_964_295),
        original: original(),
    }
}

pub(crate) fn consent() -> ConsentId {
    ConsentId::from_uuid(uuid(12))
}

pub(crate) fn clip() -> ClipId {
    ClipId::from_uuid(uuid(11))
}

/// Three frames across the wrap of RTP time.
pub(crate) fn clip_times() -> Vec<RtpTime> {
    vec![RtpTime(4_294_964_295), RtpTime(0), RtpTime(3_000)]
}

pub(crate) fn clip_head() -> ClipHead {
    ClipHead {
        clip: clip(),
        instance: "2.25.329800735698586629295641978511506172918".into(),
        bytes: 6_291_456,
        digest: Digest::from_bytes([0xef; 32]),
        frames: 3,
        width: 800,
        height: 600,
        coding: ClipCoding::Jpeg,
        origin: ClipOrigin::Captured,
        taken_at: CaptureTime(1_795_000_000_000_000),
        span_us: 66_667,
        view: Some("A4C".into()),
        marker: Some(MarkerSide::Right),
        captured: Some(ClipSpan {
            stream: StreamId::from_uuid(uuid(2)),
            first: RtpTime(4_294_964_295),
            last: RtpTime(3_000),
        }),
    }
}

pub(crate) fn imported_head() -> ClipHead {
    ClipHead {
        coding: ClipCoding::Other,
        origin: ClipOrigin::Imported,
        view: None,
        marker: None,
        captured: None,
        ..clip_head()
    }
}

pub(crate) fn mark(shape: Shape) -> Annotation {
    Annotation {
        id: AnnotationId::from_uuid(uuid(3)),
        anchor: anchor(),
        shape,
        pen: Pen::Green,
        drawn_on: DrawnOn::Running,
        replaces: None,
    }
}

pub(crate) fn stroke() -> Annotation {
    mark(Shape::Stroke {
        points: vec![point(0.25, 0.5), point(0.2604, 0.5125)],
    })
}

pub(crate) fn caliper() -> Annotation {
    Annotation {
        drawn_on: DrawnOn::Freeze,
        ..mark(Shape::Measure {
            what: MeasureKind::Caliper {},
            points: vec![point(0.25, 0.5), point(0.325, 0.633_333)],
            by: ScaleRef::Depth {
                scale: ScaleId::from_uuid(uuid(11)),
            },
        })
    }
}

pub(crate) fn video_picture() -> VideoPicture {
    VideoPicture {
        width: 800,
        height: 600,
        blob: original().blob,
        bytes: 480_000,
    }
}

pub(crate) fn depth_scale() -> DepthScale {
    DepthScale {
        patient: Some(PatientKey(7)),
        id: ScaleId::from_uuid(uuid(11)),
        stream: StreamId::from_uuid(uuid(2)),
        width: 800,
        height: 600,
        from: point(0.9, 0.1),
        to: point(0.9, 0.6),
        centimetres: 10.0,
        rtp_time: Some(RtpTime(7)),
        since: Some(RtpTime(7)),
    }
}

pub(crate) fn scale_state() -> ScaleState {
    ScaleState {
        scale: depth_scale(),
        author: person(),
        at: RelayTime(1_795_000_000_050_000),
    }
}

pub(crate) fn gauge() -> Gauge {
    Gauge {
        frame: Some(FrameIndex(41)),
        width: 800,
        height: 600,
        scale: GaugeScale::Depth { by: scale_state() },
        patient: Some(PatientKey(7)),
    }
}

pub(crate) fn facts() -> FrameFacts {
    let region = Region {
        spatial_format: RegionFormat::TwoD,
        data_type: Some(1),
        flags: 0,
        bounds: Some(RegionBounds {
            min_x: 0,
            min_y: 0,
            max_x: 799,
            max_y: 599,
        }),
        units_x: RegionUnit::Centimetre,
        units_y: RegionUnit::Centimetre,
        delta_x: Some(0.03),
        delta_y: Some(0.02),
        reference_pixel: None,
        reference_value_x: None,
        reference_value_y: None,
        doppler_correction_angle: None,
        transducer_frequency: None,
        pulse_repetition_frequency: None,
    };
    FrameFacts {
        index: Some(FrameIndex(41)),
        regions: vec![region],
        patient: Some(PatientKey(7)),
    }
}

pub(crate) fn person() -> Author {
    Author::Person {
        session: SessionId::from_uuid(uuid(4)),
        person: PersonId::from_uuid(uuid(5)),
        name: "佐藤 花".into(),
        initials: "佐".into(),
        role: Role::Cardiologist,
    }
}

pub(crate) fn participant() -> Participant {
    Participant {
        session: SessionId::from_uuid(uuid(4)),
        person: PersonId::from_uuid(uuid(5)),
        name: "佐藤 花".into(),
        initials: "佐".into(),
        role: Role::Cardiologist,
        page: Page::Consult,
    }
}

pub(crate) fn summary() -> ConsultSummary {
    ConsultSummary {
        consult: ConsultId::from_uuid(uuid(1)),
        alias: "訪問 1".into(),
        picture: true,
        people: 2,
        opened_at: RelayTime(1_795_000_000_000_000),
    }
}

pub(crate) fn source() -> SourceState {
    SourceState {
        health: SourceHealth::Running,
        fps: 29.5,
        width: 800,
        height: 600,
        target_kbps: 2000,
        frames_skipped: 1,
        encoder: "libx264".into(),
        uplink: Some(uplink()),
    }
}

pub(crate) fn uplink() -> UplinkState {
    UplinkState {
        target_kbps: 310,
        scale_percent: 50,
        frame_rate: Some(20),
        lost_percent: 2,
        queue_ms: 35,
        round_trip_ms: None,
    }
}

pub(crate) fn link_seen() -> LinkSeen {
    LinkSeen {
        level: LinkLevel::Choppy,
        cause: LinkCause::Own,
        fps: Some(12),
        age_ms: Some(180),
        kbps: Some(420),
        loss_percent: Some(3.5),
        width: 800,
        height: 600,
        pauses: 1,
        paused_ms: 640,
        hints: LinkHints {
            ef: Adequacy::NotAdequate,
            ivc: Adequacy::Adequate,
            effusion: Adequacy::Limited,
            colour: Adequacy::Unknown,
        },
    }
}

pub(crate) fn entry(event: LogEvent, author: Author) -> LogEntry {
    LogEntry {
        seq: Seq(7),
        at: RelayTime(1_795_000_000_100_000),
        author,
        event,
    }
}
