//! What a replay is told.

use crate::each;
use crate::samples::{entry, person, uuid};
use wire::log::LogEvent;
use wire::mark::Point;
use wire::people::Role;
use wire::replay::{
    ReplayAbout, ReplayCoding, ReplayFrames, ReplayList, ReplayLog, ReplayMove, ReplayPerson,
    ReplayPicture, ReplayPointers, ReplaySummary, ReplayVoice,
};
use wire::{ConsultId, Fraction, PersonId, RelayTime, Seq, SessionId, StreamId};

#[test]
fn what_a_replay_is_told() {
    let (consult, session) = (ConsultId::from_uuid(uuid(1)), SessionId::from_uuid(uuid(4)));
    let at = RelayTime(1_795_000_300_000_000);
    let summary = ReplaySummary {
        consult,
        alias: "訪問 1".into(),
        opened_at: at,
        closed_at: Some(at),
        people: vec![ReplayPerson {
            person: PersonId::from_uuid(uuid(5)),
            name: "佐藤 花".into(),
            role: Role::Cardiologist,
        }],
        views: vec!["A4C".into()],
        findings: vec!["心のう液なし".into()],
    };
    each(
        "replay",
        vec![(
            "list",
            ReplayList {
                consults: vec![summary],
                more: false,
            },
        )],
    );
    let picture = ReplayPicture {
        stream: StreamId::from_uuid(uuid(2)),
        frames: 2,
        first: 161_550_000_000_000,
        last: 161_550_000_003_000,
        spoilt: 1,
        growing: true,
        whole_until: Some(161_550_000_000_000),
    };
    let voice = ReplayVoice {
        track: format!("{session}.0000004d"),
        session,
        spoken: vec![(at, RelayTime(at.0 + 20_000))],
    };
    each(
        "replay",
        vec![(
            "about",
            ReplayAbout {
                consult,
                alias: "訪問 1".into(),
                opened_at: at,
                closed_at: None,
                head: Seq(9),
                quick_mark_seconds: 6,
                pictures: vec![picture],
                voices: vec![voice],
                pointers: 2,
            },
        )],
    );
    each(
        "replay",
        vec![(
            "frames",
            ReplayFrames {
                first: 161_550_000_000_000,
                steps: vec![0, 3_000],
                bytes: vec![40_000, 900],
                keys: vec![0],
                filled: vec![(1, 1)],
                codings: vec![ReplayCoding {
                    from: 0,
                    codec: "avc1.42c01f".into(),
                    width: 800,
                    height: 600,
                }],
                next: None,
            },
        )],
    );
    let half = Fraction::new(0.5).unwrap();
    let moved = |place| ReplayMove { at, session, place };
    each(
        "replay",
        vec![(
            "pointers",
            ReplayPointers {
                moves: vec![moved(Some(Point { x: half, y: half })), moved(None)],
                next: Some(RelayTime(at.0 + 100_000)),
            },
        )],
    );
    let log = ReplayLog {
        entries: vec![entry(LogEvent::Left { session }, person())],
        head: Seq(1),
    };
    each("replay", vec![("log", log)]);
}
