//! One JSON snapshot per message, so that a change of the wire is seen in review; and each reads back as written.
//!
//! `INSTA_UPDATE=always cargo test -p wire` accepts a wanted change. The hello of the consult socket never changes.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use uuid::Uuid;
use wire::agent::{AgentToRelay, FrameStamp, RelayToAgent, SourceHealth, SourceState};
use wire::http::{
    ConsultList, ConsultSummary, DemoDoor, DemoPerson, DemoTicketRequest, SessionGrant,
    SessionRequest, TicketGrant, TicketRequest,
};
use wire::log::{LogEntry, LogEvent, StreamEnd};
use wire::mark::{Anchor, Annotation, DrawnOn, Pen, Point, Shape};
use wire::original::{Digest, Original, OriginalGap, PixelForm};
use wire::people::{Author, Page, Participant, Rights, Role};
use wire::problem::{Problem, ProblemCode};
use wire::socket::{
    ConsultState, FlowState, FreezeState, FromRelay, MarkState, OriginalState, Pointer, Settings,
    Sketch, SketchForm, StreamState, ToRelay,
};
use wire::{
    AnnotationId, CaptureTime, ConsultId, DeviceId, Fraction, FrameIndex, FreezeId, PersonId,
    RelayTime, RtpTime, Seq, SessionId, StreamId,
};

fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn point(x: f64, y: f64) -> Point {
    Point {
        x: Fraction::new(x).unwrap(),
        y: Fraction::new(y).unwrap(),
    }
}

fn anchor() -> Anchor {
    Anchor::Live {
        stream: StreamId::from_uuid(uuid(2)),
        rtp_time: RtpTime(4_294_967_295),
    }
}

fn original() -> Original {
    Original {
        width: 800,
        height: 600,
        form: PixelForm::Gray8,
        pixels: Digest::from_bytes([0xab; 32]),
        blob: Digest::from_bytes([0xcd; 32]),
        bytes: 150_690,
    }
}

fn mark(shape: Shape) -> Annotation {
    Annotation {
        id: AnnotationId::from_uuid(uuid(3)),
        anchor: anchor(),
        shape,
        pen: Pen::Green,
        drawn_on: DrawnOn::Running,
        replaces: None,
    }
}

fn stroke() -> Annotation {
    mark(Shape::Stroke {
        points: vec![point(0.25, 0.5), point(0.2604, 0.5125)],
    })
}

fn person() -> Author {
    Author::Person {
        session: SessionId::from_uuid(uuid(4)),
        person: PersonId::from_uuid(uuid(5)),
        name: "佐藤 花".into(),
        initials: "佐".into(),
        role: Role::Cardiologist,
    }
}

fn participant() -> Participant {
    Participant {
        session: SessionId::from_uuid(uuid(4)),
        person: PersonId::from_uuid(uuid(5)),
        name: "佐藤 花".into(),
        initials: "佐".into(),
        role: Role::Cardiologist,
        page: Page::Consult,
    }
}

fn summary() -> ConsultSummary {
    ConsultSummary {
        consult: ConsultId::from_uuid(uuid(1)),
        alias: "訪問 1".into(),
        picture: true,
        people: 2,
        opened_at: RelayTime(1_795_000_000_000_000),
    }
}

fn source() -> SourceState {
    SourceState {
        health: SourceHealth::Running,
        fps: 29.5,
        width: 800,
        height: 600,
        target_kbps: 2000,
        frames_skipped: 1,
        encoder: "libx264".into(),
    }
}

fn entry(event: LogEvent, author: Author) -> LogEntry {
    LogEntry {
        seq: Seq(7),
        at: RelayTime(1_795_000_000_100_000),
        author,
        event,
    }
}

/// Snapshots every value under its name and reads it back.
fn each<T: Serialize + DeserializeOwned + PartialEq + Debug>(
    direction: &str,
    messages: Vec<(&str, T)>,
) {
    for (name, message) in messages {
        insta::assert_json_snapshot!(format!("{direction}-{name}"), message);
        let json = serde_json::to_string(&message).unwrap();
        assert_eq!(serde_json::from_str::<T>(&json).unwrap(), message);
    }
}

#[test]
fn the_hello_never_changes() {
    let hello = ToRelay::Hello {
        version: 1,
        page: Page::Bedside,
        after_seq: None,
    };
    assert_eq!(
        serde_json::to_string(&hello).unwrap(),
        r#"{"type":"hello","version":1,"page":"bedside","afterSeq":null}"#
    );
    let resumed = ToRelay::Hello {
        version: 1,
        page: Page::Consult,
        after_seq: Some(Seq(41)),
    };
    assert_eq!(
        serde_json::to_string(&resumed).unwrap(),
        r#"{"type":"hello","version":1,"page":"consult","afterSeq":41}"#
    );
}

#[test]
fn what_a_page_says() {
    let id = AnnotationId::from_uuid(uuid(3));
    let freeze = FreezeId::from_uuid(uuid(6));
    let arrow = Shape::Arrow {
        from: point(0.0, 1.0),
        to: point(0.5, 0.5),
    };
    let label = Shape::Label {
        at: point(0.1, 0.1),
        text: "中隔".into(),
    };
    each(
        "to-relay",
        vec![
            ("ping", ToRelay::Ping { id: 9 }),
            ("mark-stroke", ToRelay::Mark { mark: stroke() }),
            ("mark-arrow", ToRelay::Mark { mark: mark(arrow) }),
            (
                "mark-label",
                ToRelay::Mark {
                    mark: Annotation {
                        replaces: Some(AnnotationId::from_uuid(uuid(8))),
                        ..mark(label)
                    },
                },
            ),
            ("withdraw", ToRelay::Withdraw { mark: id }),
            (
                "pin",
                ToRelay::Pin {
                    mark: id,
                    pinned: true,
                },
            ),
            (
                "freeze",
                ToRelay::Freeze {
                    freeze,
                    anchor: anchor(),
                },
            ),
            ("release", ToRelay::Release { freeze }),
            ("doubt-original", ToRelay::DoubtOriginal { freeze }),
            (
                "point",
                ToRelay::Point {
                    at: Some(point(0.5, 0.5)),
                    rtp_time: Some(RtpTime(90_000)),
                },
            ),
            (
                "point-away",
                ToRelay::Point {
                    at: None,
                    rtp_time: None,
                },
            ),
            (
                "sketch",
                ToRelay::Sketch {
                    mark: id,
                    anchor: anchor(),
                    pen: Pen::Orange,
                    form: SketchForm::Stroke,
                    from: 12,
                    points: vec![point(0.5, 0.5)],
                },
            ),
        ],
    );
}

#[test]
fn what_the_relay_says_to_a_page() {
    let stream = StreamId::from_uuid(uuid(2));
    let at = RelayTime(1_795_000_000_100_000);
    let rights = Rights {
        point: true,
        draw: true,
        pin: true,
        freeze: true,
        release_any: false,
    };
    let state = ConsultState {
        streams: vec![StreamState {
            stream,
            stamped: true,
            codec: "H264".into(),
            live: true,
        }],
        freeze: Some(FreezeState {
            freeze: FreezeId::from_uuid(uuid(6)),
            anchor: anchor(),
            author: person(),
            at,
            original: OriginalState::Kept {
                original: original(),
            },
        }),
        marks: vec![MarkState {
            mark: stroke(),
            author: person(),
            at,
            pinned: false,
        }],
    };
    each(
        "from-relay",
        vec![
            (
                "welcome",
                FromRelay::Welcome {
                    version: 1,
                    relay_time: at,
                    you: participant(),
                    rights,
                    consult: summary(),
                    settings: Settings {
                        quick_mark_seconds: 8,
                        measuring: true,
                    },
                    head: Seq(7),
                },
            ),
            ("snapshot", FromRelay::Snapshot { seq: Seq(7), state }),
            (
                "entries",
                FromRelay::Entries {
                    entries: vec![entry(LogEvent::Marked { mark: stroke() }, person())],
                },
            ),
            (
                "people",
                FromRelay::People {
                    participants: vec![participant()],
                },
            ),
            (
                "pointers",
                FromRelay::Pointers {
                    pointers: vec![Pointer {
                        session: SessionId::from_uuid(uuid(4)),
                        at: Some(point(0.5, 0.25)),
                        rtp_time: Some(RtpTime(90_000)),
                    }],
                },
            ),
            (
                "sketches",
                FromRelay::Sketches {
                    sketches: vec![Sketch {
                        session: SessionId::from_uuid(uuid(4)),
                        mark: AnnotationId::from_uuid(uuid(3)),
                        anchor: anchor(),
                        pen: Pen::Violet,
                        form: SketchForm::Arrow,
                        from: 0,
                        points: vec![point(0.5, 0.5)],
                    }],
                },
            ),
            (
                "stamp",
                FromRelay::Stamp {
                    stream,
                    rtp_time: RtpTime(90_000),
                    captured_at: CaptureTime(1_795_000_000_000_000),
                    captured_relay: RelayTime(1_795_000_000_000_250),
                    error_us: 120,
                },
            ),
            (
                "flow",
                FromRelay::Flow {
                    stream,
                    state: FlowState::Live,
                    fps: 29.5,
                    kbps: 1980,
                    silent_ms: 12,
                    source: Some(source()),
                },
            ),
            (
                "pong",
                FromRelay::Pong {
                    id: 9,
                    relay_time: at,
                },
            ),
            (
                "refused",
                FromRelay::Refused {
                    code: ProblemCode::NotYourMark,
                    mark: Some(AnnotationId::from_uuid(uuid(3))),
                    freeze: None,
                },
            ),
            (
                "known",
                FromRelay::Known {
                    mark: AnnotationId::from_uuid(uuid(3)),
                },
            ),
            (
                "closing",
                FromRelay::Closing {
                    code: ProblemCode::ShuttingDown,
                    retry_ms: Some(500),
                },
            ),
        ],
    );
}

#[test]
fn what_the_log_holds() {
    let (stream, freeze) = (StreamId::from_uuid(uuid(2)), FreezeId::from_uuid(uuid(6)));
    let (id, session) = (
        AnnotationId::from_uuid(uuid(3)),
        SessionId::from_uuid(uuid(4)),
    );
    let device = Author::Device {
        device: DeviceId::from_uuid(uuid(10)),
        name: "エコー 1".into(),
    };
    let joined = LogEvent::Joined {
        session,
        person: PersonId::from_uuid(uuid(5)),
        name: "佐藤 花".into(),
        role: Role::Cardiologist,
        page: Page::Consult,
    };
    each(
        "log",
        vec![
            ("joined", entry(joined, person())),
            ("left", entry(LogEvent::Left { session }, Author::Relay)),
            (
                "stream-started",
                entry(
                    LogEvent::StreamStarted {
                        stream,
                        stamped: true,
                        codec: "H264".into(),
                    },
                    device,
                ),
            ),
            (
                "stream-stopped",
                entry(
                    LogEvent::StreamStopped {
                        stream,
                        reason: StreamEnd::Lost,
                    },
                    Author::Relay,
                ),
            ),
            (
                "frozen",
                entry(
                    LogEvent::Frozen {
                        freeze,
                        anchor: anchor(),
                    },
                    person(),
                ),
            ),
            ("released", entry(LogEvent::Released { freeze }, person())),
            (
                "original-kept",
                entry(
                    LogEvent::OriginalKept {
                        stream,
                        rtp_time: RtpTime(7),
                        original: original(),
                    },
                    Author::Relay,
                ),
            ),
            (
                "original-missing",
                entry(
                    LogEvent::OriginalMissing {
                        stream,
                        rtp_time: RtpTime(7),
                        reason: OriginalGap::Gone,
                    },
                    Author::Relay,
                ),
            ),
            (
                "original-doubted",
                entry(
                    LogEvent::OriginalDoubted {
                        stream,
                        rtp_time: RtpTime(7),
                    },
                    person(),
                ),
            ),
            (
                "withdrawn",
                entry(LogEvent::Withdrawn { mark: id }, person()),
            ),
            (
                "pinned",
                entry(
                    LogEvent::Pinned {
                        mark: id,
                        pinned: true,
                    },
                    person(),
                ),
            ),
        ],
    );
}

#[test]
fn what_an_agent_says_and_hears() {
    let stream = StreamId::from_uuid(uuid(2));
    let sent_at = CaptureTime(1_795_000_000_000_000);
    let stamp = FrameStamp {
        stream,
        index: FrameIndex(30),
        captured_at: sent_at,
        rtp_time: RtpTime::of(sent_at),
    };
    each(
        "agent-to-relay",
        vec![
            (
                "hello",
                AgentToRelay::Hello {
                    version: 1,
                    software: "capture-agent 0.1.0".into(),
                    source: "DICOM clip".into(),
                },
            ),
            ("ping", AgentToRelay::Ping { sent_at }),
            (
                "stamp",
                AgentToRelay::Stamp {
                    stamp,
                    clock_offset_us: Some(-250),
                    clock_error_us: 120,
                },
            ),
            ("state", AgentToRelay::State { source: source() }),
            (
                "original-missing",
                AgentToRelay::OriginalMissing {
                    rtp_time: RtpTime(7),
                    reason: OriginalGap::Gone,
                },
            ),
        ],
    );
    each(
        "relay-to-agent",
        vec![
            (
                "welcome",
                RelayToAgent::Welcome {
                    version: 1,
                    consult: ConsultId::from_uuid(uuid(1)),
                    stream,
                },
            ),
            (
                "pong",
                RelayToAgent::Pong {
                    sent_at,
                    relay_time: RelayTime(1_795_000_000_000_250),
                },
            ),
            (
                "send-original",
                RelayToAgent::SendOriginal {
                    rtp_time: RtpTime(7),
                },
            ),
            (
                "original-kept",
                RelayToAgent::OriginalKept {
                    rtp_time: RtpTime(7),
                },
            ),
        ],
    );
}

#[test]
fn what_http_carries() {
    let (consult, person) = (ConsultId::from_uuid(uuid(1)), PersonId::from_uuid(uuid(5)));
    let expires_at = RelayTime(1_795_000_300_000_000);
    each(
        "http",
        vec![(
            "session-request",
            SessionRequest {
                ticket: "abc".into(),
            },
        )],
    );
    each(
        "http",
        vec![(
            "session-grant",
            SessionGrant {
                session: SessionId::from_uuid(uuid(4)),
                person,
                name: "佐藤 花".into(),
                initials: "佐".into(),
                role: Role::Cardiologist,
                consult,
                expires_at,
            },
        )],
    );
    each(
        "http",
        vec![(
            "consult-list",
            ConsultList {
                consults: vec![summary()],
            },
        )],
    );
    each("http", vec![("ticket-request", TicketRequest { consult })]);
    each(
        "http",
        vec![(
            "ticket-grant",
            TicketGrant {
                ticket: "abc".into(),
                consult,
                expires_at,
            },
        )],
    );
    let demo = DemoPerson {
        person,
        name: "佐藤 花".into(),
        role: Role::Cardiologist,
    };
    each(
        "http",
        vec![(
            "demo-door",
            DemoDoor {
                people: vec![demo],
                consults: vec![summary()],
            },
        )],
    );
    each(
        "http",
        vec![("demo-ticket-request", DemoTicketRequest { person, consult })],
    );
    each(
        "http",
        vec![("problem", Problem::from(ProblemCode::TicketUsed))],
    );
}

#[test]
fn a_page_cannot_name_an_author_or_a_time() {
    let mut forged = serde_json::to_value(ToRelay::Withdraw {
        mark: AnnotationId::from_uuid(uuid(3)),
    })
    .unwrap();
    forged["author"] = serde_json::json!({"type": "relay"});
    assert!(serde_json::from_value::<ToRelay>(forged).is_err());
    let mut forged = serde_json::to_value(ToRelay::Mark { mark: stroke() }).unwrap();
    forged["mark"]["at"] = serde_json::json!(0);
    assert!(serde_json::from_value::<ToRelay>(forged).is_err());
}

proptest::proptest! {
    /// Whatever is drawn reads back as drawn: no point moves on the wire.
    #[test]
    fn a_drawn_mark_reads_back_as_drawn(
        points in proptest::collection::vec((0.0..=1.0f64, 0.0..=1.0f64), 1..200),
        rtp_time: u32,
        id: u128,
    ) {
        let shape = Shape::Stroke { points: points.iter().map(|&(x, y)| point(x, y)).collect() };
        let anchor = Anchor::Live { stream: StreamId::from_uuid(uuid(2)), rtp_time: RtpTime(rtp_time) };
        let mark = Annotation { id: AnnotationId::from_uuid(uuid(id)), anchor, ..mark(shape) };
        let said = ToRelay::Mark { mark };
        let json = serde_json::to_string(&said).unwrap();
        proptest::prop_assert_eq!(serde_json::from_str::<ToRelay>(&json).unwrap(), said);
    }
}
