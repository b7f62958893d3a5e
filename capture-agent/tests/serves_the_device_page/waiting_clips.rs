//! Clips that may be another patient's: the page lists them, and one that a person sends belongs to this consult.

use super::*;
use capture_agent::agent::SavingSettings;
use capture_agent::clip::{Coding, DeviceFacts, PatientFacts};
use capture_agent::spool::{AfterKept, SpoolBounds};
use std::num::NonZeroUsize;
use std::path::Path;
use support::{ticket, to_relay};
use wire::ConsultId;

/// An agent for a consult that it does not reach, with what is in this spool.
pub(crate) fn out_of_reach(spool: &Path, consult: ConsultId) -> AgentSettings {
    let mut relay = to_relay("http://127.0.0.1:9", ticket());
    relay.consult = consult;
    let saving = SavingSettings {
        folder: spool.to_owned(),
        bounds: SpoolBounds {
            bytes: 1 << 30,
            after_kept: AfterKept::Delete,
        },
        import: None,
        coding: Coding::Jpeg,
        threads: NonZeroUsize::MIN,
        patient: PatientFacts::default(),
        device: DeviceFacts::default(),
        facts: None,
        utc_offset_minutes: 540,
    };
    AgentSettings {
        saving: Some(saving),
        relay: Some(relay),
        ..page("test:", None)
    }
}

#[tokio::test]
async fn a_clip_of_an_earlier_consult_waits_until_a_person_sends_it_to_this_one() {
    let spool = tempfile::tempdir().unwrap();
    let (earlier, this) = (ConsultId::random(), ConsultId::random());
    let page = open(out_of_reach(spool.path(), earlier)).await;
    page.newest().await;
    let last = json!({ "type": "last", "seconds": 1 });
    let saved = page.ask(Method::POST, "saves", last).await;
    assert_eq!(saved.status(), StatusCode::ACCEPTED);
    let state = page
        .state_when("a clip", |state| {
            state["saves"][0]["stage"]["type"] == "finished"
        })
        .await;
    assert_eq!(state["waiting"], json!([]), "it goes to its own consult");
    let clip = state["saves"][0]["clip"].clone();
    page.stop.set();
    drop(page.agent.lock().await);
    drop(page);

    let end = Instant::now() + BOUND;
    // The threads of the first one let go of the folder when they have ended.
    let settings = loop {
        let opened = std::fs::File::open(spool.path().join("lock")).unwrap();
        if opened.try_lock().is_ok() {
            break out_of_reach(spool.path(), this);
        }
        assert!(Instant::now() < end, "the first agent does not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let page = open(settings).await;
    let state = page.state().await;
    assert_eq!(state["waiting"][0]["clip"], clip);
    assert_eq!(state["waiting"][0]["exported"], false);
    assert_eq!(state["clips"]["waiting"], 1);
    let sent = page
        .ask(Method::POST, "waiting", json!({ "clip": clip }))
        .await;
    assert_eq!(sent.status(), StatusCode::ACCEPTED);
    let state = page.state().await;
    assert_eq!(state["waiting"], json!([]));
    assert_eq!(state["clips"]["unsent"], 1, "it is on its way");
    let sidecar = format!("clips/{}.json", clip.as_str().unwrap());
    let noted = std::fs::read_to_string(spool.path().join(sidecar)).unwrap();
    assert!(noted.contains(&this.to_string()), "{noted}");
    let again = page
        .ask(Method::POST, "waiting", json!({ "clip": clip }))
        .await;
    assert_eq!(again.status(), StatusCode::ACCEPTED, "pressed twice");
}
