//! One JSON snapshot per message, so that a change of the wire is seen in review; and each reads back as written. A variant
//! without one fails.
//!
//! `INSTA_UPDATE=always cargo test -p wire` accepts a wanted change. The hello of the consult socket never changes.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

/// Fails where a variant has no snapshot among `$said`. It does not compile until a new variant is named.
macro_rules! every_variant {
    ($said:expr, $kind:ident { $($variant:ident),+ $(,)? }) => {{
        let name = |said: &$kind| match said {
            $( $kind::$variant { .. } => stringify!($variant), )+
        };
        let names: Vec<&str> = $said.iter().map(name).collect();
        for variant in [ $( stringify!($variant) ),+ ] {
            assert!(names.contains(&variant), "{} {variant} has no snapshot", stringify!($kind));
        }
    }};
}

mod agent;
mod backfill;
mod case;
mod check;
mod clip;
mod device;
mod http;
mod log;
mod replay;
mod samples;

use crate::samples::{
    anchor, beat_frame, caliper, clip, clip_head, consent, entry, facts, gauge, link_seen, mark,
    original, participant, person, point, scale_state, source, stroke, summary, uuid,
    video_picture,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use wire::clip::{ClipStage, ClipState, SaveWhat};
use wire::link::PersonLink;
use wire::log::LogEvent;
use wire::mark::{Anchor, Annotation, Pen, Shape};
use wire::original::{BeatFrame, MAX_BEAT_FRAMES, MAX_ORIGINAL_BYTES, MAX_ORIGINAL_SIDE, Original};
use wire::people::{Page, Rights};
use wire::problem::ProblemCode;
use wire::socket::{
    BeatNews, BeatState, ConsultState, FlowState, FreezeState, FromRelay, MAX_MESSAGE_BYTES,
    MarkState, OriginalState, Pointer, RecordingGap, RecordingState, Settings, Sketch, SketchForm,
    StreamState, ToRelay,
};
use wire::voice::{ConsentBy, KeptVoice, Voice, VoiceConsent, VoiceRecording, VoiceState};
use wire::{
    AnnotationId, CaptureTime, FreezeId, RelayTime, RtpTime, ScaleId, Seq, SessionId, StreamId,
};

/// Snapshots every value under its name, reads it back and gives them all.
pub(crate) fn each<T: Serialize + DeserializeOwned + PartialEq + Debug>(
    direction: &str,
    messages: Vec<(&str, T)>,
) -> Vec<T> {
    let mut said = Vec::new();
    for (name, message) in messages {
        insta::assert_json_snapshot!(format!("{direction}-{name}"), message);
        let json = serde_json::to_string(&message).unwrap();
        assert_eq!(serde_json::from_str::<T>(&json).unwrap(), message);
        said.push(message);
    }
    said
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
    let said = each(
        "to-relay",
        vec![
            (
                "hello",
                ToRelay::Hello {
                    version: 1,
                    page: Page::Consult,
                    after_seq: None,
                },
            ),
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
            ("mark-caliper", ToRelay::Mark { mark: caliper() }),
            (
                "calibrate",
                ToRelay::Calibrate {
                    scale: ScaleId::from_uuid(uuid(11)),
                    freeze,
                    from: point(0.9, 0.1),
                    to: point(0.9, 0.6),
                    centimetres: 10.0,
                },
            ),
            (
                "withdraw-calibration",
                ToRelay::WithdrawCalibration {
                    scale: ScaleId::from_uuid(uuid(11)),
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
            ("step", ToRelay::Step { freeze, by: -1 }),
            (
                "doubt-original",
                ToRelay::DoubtOriginal {
                    freeze,
                    rtp_time: None,
                },
            ),
            (
                "beat",
                ToRelay::Beat {
                    freeze,
                    shown: true,
                },
            ),
            (
                "save-clip",
                ToRelay::SaveClip {
                    clip: clip(),
                    what: SaveWhat::Last { seconds: 6 },
                    view: Some("A4C".into()),
                },
            ),
            (
                "save-still",
                ToRelay::SaveClip {
                    clip: clip(),
                    what: SaveWhat::Frame { anchor: anchor() },
                    view: None,
                },
            ),
            ("mute-voice", ToRelay::MuteVoice { muted: true }),
            (
                "consent-to-voice",
                ToRelay::ConsentToVoice {
                    consent: consent(),
                    by: ConsentBy::Patient,
                },
            ),
            (
                "withdraw-voice-consent",
                ToRelay::WithdrawVoiceConsent {
                    consent: consent(),
                    discard: true,
                },
            ),
            ("discard-voice", ToRelay::DiscardVoice {}),
            ("link-seen", ToRelay::LinkSeen { seen: link_seen() }),
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
    every_variant!(
        said,
        ToRelay {
            Hello,
            Ping,
            Mark,
            Withdraw,
            Pin,
            Freeze,
            Step,
            Release,
            Calibrate,
            WithdrawCalibration,
            SaveClip,
            MuteVoice,
            ConsentToVoice,
            WithdrawVoiceConsent,
            DiscardVoice,
            LinkSeen,
            Point,
            DoubtOriginal,
            Beat,
            Sketch
        }
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
        save: true,
        speak: true,
        record_voice: false,
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
                facts: facts(),
            },
            beat: Some(BeatState {
                shown: true,
                author: person(),
                news: BeatNews::Kept {
                    frames: vec![beat_frame()],
                    of: 90,
                },
            }),
            from_video: Some(video_picture()),
        }),
        marks: vec![
            MarkState {
                mark: stroke(),
                author: person(),
                at,
                pinned: false,
                gauge: None,
            },
            MarkState {
                mark: caliper(),
                author: person(),
                at,
                pinned: false,
                gauge: Some(gauge()),
            },
        ],
        scales: vec![scale_state()],
        clips: vec![ClipState {
            clip: clip(),
            author: person(),
            at,
            head: Some(clip_head()),
            stage: ClipStage::Arriving,
        }],
        recordings: vec![RecordingState {
            stream,
            on: true,
            gaps: vec![RecordingGap {
                before: RtpTime(7),
                after: RtpTime(1_080_007),
                percent: Some(40),
            }],
            filled: 1,
            filled_ms: 12_000,
            weak_from: Some(RtpTime(2_000_000)),
            whole_until: None,
        }],
        voice_recording: VoiceRecording {
            consent: Some(VoiceConsent {
                consent: consent(),
                by: ConsentBy::Family,
                author: person(),
                at,
            }),
            written: Some(true),
            kept: KeptVoice::Kept,
        },
    };
    let said = each(
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
                        phone: Some("042-000-0000".into()),
                        voice_recording: true,
                    },
                    head: Seq(7),
                },
            ),
            (
                "snapshot",
                FromRelay::Snapshot {
                    seq: Seq(7),
                    state: Box::new(state),
                },
            ),
            (
                "entries",
                FromRelay::Entries {
                    entries: vec![entry(
                        LogEvent::Marked {
                            mark: stroke(),
                            gauge: None,
                        },
                        person(),
                    )],
                },
            ),
            (
                "links",
                FromRelay::Links {
                    links: vec![PersonLink {
                        session: SessionId::from_uuid(uuid(4)),
                        seen: link_seen(),
                    }],
                },
            ),
            (
                "people",
                FromRelay::People {
                    participants: vec![participant()],
                },
            ),
            (
                "voices",
                FromRelay::Voices {
                    voices: vec![Voice {
                        session: SessionId::from_uuid(uuid(3)),
                        state: VoiceState::Speaking,
                    }],
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
            ("layer", FromRelay::Layer { low: true }),
            (
                "beat-frames",
                FromRelay::BeatFrames {
                    freeze: FreezeId::from_uuid(uuid(6)),
                    frames: vec![beat_frame()],
                    of: 90,
                },
            ),
            (
                "clip-progress",
                FromRelay::ClipProgress {
                    clip: clip(),
                    have: 1_048_576,
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
                    clip: None,
                },
            ),
            (
                "refused-clip",
                FromRelay::Refused {
                    code: ProblemCode::NoDevice,
                    mark: None,
                    freeze: None,
                    clip: Some(clip()),
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
    every_variant!(
        said,
        FromRelay {
            Voices,
            Links,
            Welcome,
            Snapshot,
            Entries,
            People,
            Pointers,
            Sketches,
            Stamp,
            Flow,
            Layer,
            BeatFrames,
            ClipProgress,
            Pong,
            Refused,
            Known,
            Closing
        }
    );
}

/// What is said of a beat of the most frames there may be fits into one message, with the longest numbers.
#[test]
fn a_beat_of_the_most_frames_fits_into_one_message() {
    let longest = BeatFrame {
        rtp_time: RtpTime(u32::MAX),
        original: Original {
            width: MAX_ORIGINAL_SIDE,
            height: MAX_ORIGINAL_SIDE,
            bytes: MAX_ORIGINAL_BYTES,
            ..original()
        },
    };
    let kept = LogEvent::BeatKept {
        freeze: FreezeId::from_uuid(uuid(6)),
        frames: vec![longest; MAX_BEAT_FRAMES],
        of: u32::MAX,
    };
    let entries = FromRelay::Entries {
        entries: vec![entry(kept, person())],
    };
    assert!(serde_json::to_string(&entries).unwrap().len() <= MAX_MESSAGE_BYTES);
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
