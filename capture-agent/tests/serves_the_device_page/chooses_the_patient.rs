//! The patient of the visit is chosen on the page, from the hospital's worklist (dcmtk's), as on the command line.

use super::*;
use crate::hospital::{IN_JIS, Step, worklist};
use capture_agent::clock::CaptureClock;
use capture_agent::config::cli::RunArgs;
use capture_agent::config::{check, merge, read_file, today};
use std::path::Path;

/// An agent by its file, which asks that worklist.
fn by_file(folder: &Path, server: &str) -> AgentSettings {
    let path = folder.join("agent.toml");
    let text = format!(
        "source = \"test:\" # ours\n[spool]\nfolder = \"{}\"\n[patient]\nid = \"P-0\"\n[worklist]\nserver = \"MWL@{server}\"\ntitle = \"HIBIKI1\"\n",
        folder.join("spool").display()
    );
    std::fs::write(&path, text).unwrap();
    let args = RunArgs {
        config: Some(path.clone()),
        ..RunArgs::default()
    };
    let checked = check(merge(args, read_file(&path).unwrap(), None));
    checked.ok().unwrap().agent
}

#[tokio::test]
async fn a_scheduled_patient_is_chosen_and_nothing_of_the_one_before_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let now = CaptureClock::start().at(Instant::now());
    let day = today(540, now).unwrap();
    let step = |accession, id, day| Step {
        sets: "\\ISO 2022 IR 87",
        name: IN_JIS,
        id,
        accession,
        station: "HIBIKI1",
        day,
    };
    let steps = [
        step("A-17", "P-1", day.as_str()),
        step("A-18", "P-2", "20010101"),
        step("A-20", "P-3", &day),
        step("A-20", "P-4", &day),
        step("A-21", "P-5", &day),
    ];
    let Some(server) = worklist(folder.path(), &steps) else {
        return;
    };
    let page = open(by_file(folder.path(), &server.address)).await;
    let before = page.newest().await;
    let state = page.state().await;
    assert_eq!(state["worklist"], true);
    assert_eq!(state["visit"]["id"], "P-0");
    let asked = page.ask(Method::GET, "worklist", Value::Null).await;
    assert_eq!(asked.status(), StatusCode::OK);
    let list: Value = asked.json().await.unwrap();
    let entries = list["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 4, "today's: {list}");
    assert_eq!(list["day"], day);
    let of = |entry: &Value, fact: &str| entry["patient"][fact].as_str().unwrap().to_owned();
    assert_eq!(of(&entries[0], "nameIdeographic"), "山田^太郎");
    assert_eq!(of(&entries[0], "birthDate"), "1941-02-28");
    assert_eq!(
        (&entries[0]["time"], &entries[0]["step"]),
        (&json!("09:30"), &json!("TTE"))
    );
    let number = list["list"].as_u64().unwrap();
    let takes = async |list: u64, key: &str| {
        let wish = json!({ "list": list, "key": key });
        page.ask(Method::PUT, "visit", wish).await
    };
    let config = folder.path().join("agent.toml");
    let written = std::fs::read_to_string(&config).unwrap();
    for (list, key, status, fault) in [
        (number + 1, "A-17", 410, "listGone"),
        (number, "A-18", 410, "listGone"),
        (number, "A-20", 409, "notOnePatient"),
    ] {
        assert_eq!(
            code(takes(list, key).await).await,
            (status, fault.to_owned())
        );
    }
    assert_eq!(std::fs::read_to_string(&config).unwrap(), written);
    assert_eq!(page.state().await["visit"]["id"], "P-0");

    assert!((page.ring)(before).is_some());
    let frozen = page
        .ask(Method::POST, "freeze", json!({ "rtpTime": before }))
        .await;
    assert_eq!(frozen.status(), StatusCode::NO_CONTENT);
    assert_eq!(takes(number, "A-17").await.status(), StatusCode::NO_CONTENT);
    assert!((page.ring)(before).is_none(), "frames of before are let go");
    let state = page.state().await;
    assert_eq!(state["visit"]["id"], "P-1");
    assert_eq!(state["visit"]["nameIdeographic"], "山田^太郎");
    assert!(state["frozen"].is_null());
    let after = std::fs::read_to_string(&config).unwrap();
    for fact in [
        "A-17",
        "study_uid = \"1.2.392.99.1\"",
        "# ours",
        "[worklist]",
    ] {
        assert!(after.contains(fact), "{fact} in {after}");
    }
    assert!(!after.contains("P-0"), "{after}");

    // Every entry of this hospital is in one study: the next patient's cannot be used, and the page does not say that it is.
    let unusable = takes(number, "A-21").await;
    assert_eq!(code(unusable).await, (409, "visitUnusable".to_owned()));
    assert!(page.state().await["visit"].is_null());
    assert_eq!(takes(number, "A-17").await.status(), StatusCode::NO_CONTENT);
    assert_eq!(page.state().await["visit"]["id"], "P-1");
}

#[tokio::test]
async fn a_worklist_that_is_away_or_not_there_is_told_by_name_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap().to_string();
    drop(nobody);
    let page = open(by_file(folder.path(), &address)).await;
    let asked = page.ask(Method::GET, "worklist", Value::Null).await;
    assert_eq!(code(asked).await, (502, "worklistAway".to_owned()));
    let wish = json!({ "list": 0, "key": "A-17" });
    let taken = page.ask(Method::PUT, "visit", wish).await;
    assert_eq!(code(taken).await, (410, "listGone".to_owned()));
    let url = format!("{}/api/v1/worklist", page.origin);
    let stranger = page.client.get(&url).send().await.unwrap();
    assert_eq!(code(stranger).await, (401, "locked".to_owned()));
    let without = open(super::page("test:", None)).await;
    assert_eq!(without.state().await["worklist"], false);
    let asked = without.ask(Method::GET, "worklist", Value::Null).await;
    assert_eq!(code(asked).await, (404, "noWorklist".to_owned()));
}
