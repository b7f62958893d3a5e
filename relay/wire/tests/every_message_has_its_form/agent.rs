//! The control channel of a capture agent, both ways.

use crate::each;
use crate::samples::{
    caliper, clip, depth_scale, facts, gauge, original, person, point, scale_state, source, uuid,
};
use wire::agent::{AgentToRelay, FrameStamp, MarkWord, RelayToAgent};
use wire::clip::{ClipGap, SaveWhat};
use wire::original::{BeatPlace, OriginalGap, OriginalHead};
use wire::socket::MarkState;
use wire::{
    AnnotationId, CaptureTime, ConsultId, FrameIndex, RelayTime, RtpTime, ScaleId, StreamId,
};

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
    let said = each(
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
            (
                "beat-missing",
                AgentToRelay::BeatMissing {
                    rtp_time: RtpTime(7),
                    reason: OriginalGap::NotCoded,
                },
            ),
            (
                "clip-missing",
                AgentToRelay::ClipMissing {
                    clip: clip(),
                    reason: ClipGap::DeviceStorage,
                },
            ),
            ("marks-held", AgentToRelay::MarksHeld { revision: 4 }),
            (
                "scale",
                AgentToRelay::Scale {
                    scale: Some(depth_scale()),
                },
            ),
            ("scale-none", AgentToRelay::Scale { scale: None }),
            (
                "scale-gone",
                AgentToRelay::ScaleGone {
                    scale: ScaleId::from_uuid(uuid(11)),
                },
            ),
        ],
    );
    every_variant!(
        said,
        AgentToRelay {
            Hello,
            Ping,
            Stamp,
            State,
            OriginalMissing,
            BeatMissing,
            ClipMissing,
            MarksHeld,
            Scale,
            ScaleGone
        }
    );
    let mut said = each(
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
                    step: -1,
                },
            ),
            (
                "original-kept",
                RelayToAgent::OriginalKept {
                    rtp_time: RtpTime(7),
                },
            ),
            (
                "send-beat",
                RelayToAgent::SendBeat {
                    rtp_time: RtpTime(7),
                },
            ),
            (
                "stop-beat",
                RelayToAgent::StopBeat {
                    rtp_time: RtpTime(7),
                },
            ),
            (
                "save-clip",
                RelayToAgent::SaveClip {
                    clip: clip(),
                    what: SaveWhat::Last { seconds: 6 },
                    view: Some("A4C".into()),
                },
            ),
        ],
    );
    said.extend(what_it_hears_of_marks());
    every_variant!(
        said,
        RelayToAgent {
            Welcome,
            Pong,
            SendOriginal,
            OriginalKept,
            SendBeat,
            StopBeat,
            SaveClip,
            Marks,
            LowLayer
        }
    );
}

fn what_it_hears_of_marks() -> Vec<RelayToAgent> {
    let mark = AnnotationId::from_uuid(uuid(3));
    let held = MarkState {
        mark: caliper(),
        author: person(),
        at: RelayTime(1_795_000_000_100_000),
        pinned: false,
        gauge: Some(gauge()),
    };
    let word = |word| RelayToAgent::Marks { revision: 2, word };
    let points = vec![point(0.5, 0.25)];
    each(
        "relay-to-agent",
        vec![
            (
                "marks-anew",
                word(MarkWord::Anew {
                    measuring: true,
                    quick_mark_seconds: 8,
                    words: 3,
                }),
            ),
            (
                "marks-mark",
                word(MarkWord::Mark {
                    held: Box::new(held),
                    more: 1,
                }),
            ),
            ("marks-points", word(MarkWord::Points { points })),
            ("marks-gone", word(MarkWord::Gone { mark })),
            ("low-layer", RelayToAgent::LowLayer { wanted: true }),
            (
                "marks-scale",
                word(MarkWord::Scale {
                    held: Some(Box::new(scale_state())),
                }),
            ),
            ("marks-scale-none", word(MarkWord::Scale { held: None })),
            (
                "marks-scale-gone",
                word(MarkWord::ScaleGone {
                    scale: ScaleId::from_uuid(uuid(11)),
                }),
            ),
        ],
    )
}

#[test]
fn what_goes_before_the_blob_of_an_original() {
    let head = OriginalHead {
        rtp_time: RtpTime(7),
        asked: RtpTime(9),
        original: original(),
        facts: facts(),
        beat: None,
    };
    let of_a_beat = OriginalHead {
        beat: Some(BeatPlace {
            of: 90,
            last: false,
        }),
        ..head.clone()
    };
    each(
        "original-head",
        vec![("alone", head), ("of-a-beat", of_a_beat)],
    );
}
