//! What a check before a visit finds.

use crate::each;
use wire::check::{CheckAction, CheckFinding, CheckLevel, CheckSays, CheckSubject, DeviceCheck};

fn said() -> Vec<CheckSays> {
    let detail = String::from("no picture within 8 s");
    let name = String::from("libx264");
    vec![
        CheckSays::Pictures {
            width: 800,
            height: 600,
            fps: 30,
        },
        CheckSays::NoPicture {
            detail: detail.clone(),
        },
        CheckSays::AtWorkElsewhere,
        CheckSays::Codes {
            name: name.clone(),
            ms: Some(6),
        },
        CheckSays::Codes { name, ms: None },
        CheckSays::CodesNothing,
        CheckSays::NoEncoder {
            detail: detail.clone(),
        },
        CheckSays::NoSpool,
        CheckSays::Room {
            mib: 102_400,
            sync_ms: 5,
        },
        CheckSays::DiskRefused {
            detail: detail.clone(),
        },
        CheckSays::Versions {
            agent: "0.1.0".into(),
            libraries: "FFmpeg 5.1".into(),
        },
        CheckSays::NoRelay,
        CheckSays::Answers { ms: 12 },
        CheckSays::NotReady,
        CheckSays::Refused {
            detail: detail.clone(),
        },
        CheckSays::SameTime,
        CheckSays::OffBy {
            seconds: 61,
            ahead: true,
        },
        CheckSays::NoTime,
        CheckSays::Passes { ms: 80 },
        CheckSays::Blocked {
            detail: detail.clone(),
        },
        CheckSays::Sending,
        CheckSays::NotSending { detail },
        CheckSays::TicketOnce,
    ]
}

#[test]
fn what_a_check_finds() {
    let said = said();
    every_variant!(
        said,
        CheckSays {
            Pictures,
            NoPicture,
            AtWorkElsewhere,
            Codes,
            CodesNothing,
            NoEncoder,
            NoSpool,
            Room,
            DiskRefused,
            Versions,
            NoRelay,
            Answers,
            NotReady,
            Refused,
            SameTime,
            OffBy,
            NoTime,
            Passes,
            Blocked,
            Sending,
            NotSending,
            TicketOnce
        }
    );
    let findings = said.into_iter().map(|says| CheckFinding {
        what: CheckSubject::LinkTurn,
        level: CheckLevel::Attention,
        says,
        action: Some(CheckAction::LetUdpThrough),
    });
    let check = DeviceCheck {
        running: false,
        findings: findings.collect(),
        took_ms: Some(3_200),
    };
    each("device", vec![("check", check)]);
}
