//! A page that comes back gets what it missed, once and in order, from wherever it was.

use crate::support::{Relay, entries};
use serde_json::Value;
use wire::people::Role;

#[tokio::test]
async fn every_resume_point_leads_to_the_same_state() {
    let relay = Relay::start().await;
    let mut cardiologist = relay.page(Role::Cardiologist).await;
    for _ in 0..12 {
        cardiologist.draws().await;
    }
    let mark = cardiologist.draws().await;
    cardiologist
        .says(&serde_json::json!({ "type": "withdraw", "mark": mark.id }))
        .await;
    cardiologist
        .hears_where(|m| entries(m).any(|entry| entry["event"]["type"] == "withdrawn"))
        .await;
    let trainer = relay.enter(Role::Trainer).await;
    let (_, heard) = relay.page_of(&trainer, None).await;
    let whole: Vec<Value> = heard[0]["state"]["marks"].as_array().unwrap().clone();
    assert_eq!(whole.len(), 12);
    for after in 0..cardiologist.seq {
        // `note` inside checks that entries come without gap and repeat up to the head.
        let (page, heard) = relay.page_of(&trainer, Some(after)).await;
        assert!(
            heard.iter().all(|message| message["type"] == "entries"),
            "{after}"
        );
        assert!(page.seq >= cardiologist.seq);
    }
}

#[tokio::test]
async fn a_page_that_knows_too_much_is_told_and_begins_anew() {
    let relay = Relay::start().await;
    let who = relay.enter(Role::Trainer).await;
    for after in [u64::MAX, 1 << 53, 1_000_000] {
        let mut page = relay.socket(&who).await.unwrap();
        page.hello(Some(after)).await;
        let snapshot = page.hears("snapshot").await;
        assert!(snapshot["seq"].as_u64().unwrap() < 1_000);
        assert_eq!(page.hears("refused").await["code"], "resumeAhead");
    }
}

#[tokio::test]
async fn a_log_too_long_for_a_snapshot_comes_in_pages() {
    let relay = Relay::start().await;
    let mut pages = [
        relay.page(Role::Cardiologist).await,
        relay.page(Role::Trainer).await,
        relay.page(Role::VisitingPhysician).await,
    ];
    let mut count = 0;
    for _ in 0..14 {
        for page in &mut pages {
            let mark = crate::support::stroke(1_200);
            page.marks(&mark).await;
            page.sees(mark.id).await;
            count += 1;
        }
    }
    let late = relay.enter(Role::Observer).await;
    let (page, heard) = relay.page_of(&late, None).await;
    assert_eq!(heard[0]["type"], "snapshot");
    assert_eq!(
        heard[0]["seq"], 0,
        "the state did not fit, so it begins from nothing"
    );
    let marks = heard
        .iter()
        .flat_map(entries)
        .filter(|entry| entry["event"]["type"] == "marked")
        .count();
    assert_eq!(marks, count);
    assert!(page.seq > count as u64);
    let largest = heard
        .iter()
        .map(|message| message.to_string().len())
        .max()
        .unwrap();
    assert!(
        largest <= wire::socket::MAX_MESSAGE_BYTES + 1_024,
        "{largest}"
    );
}

#[tokio::test]
async fn a_late_joiner_misses_nothing_while_marks_flow() {
    let relay = Relay::start().await;
    let mut cardiologist = relay.page(Role::Cardiologist).await;
    let drawing = async {
        for _ in 0..60 {
            cardiologist.draws().await;
        }
        cardiologist.seq
    };
    let joining = async {
        let mut pages = Vec::new();
        for role in [
            Role::Trainer,
            Role::Trainee,
            Role::Observer,
            Role::VisitingPhysician,
        ] {
            pages.push(relay.page(role).await);
        }
        pages
    };
    let (drawn, pages) = tokio::join!(drawing, joining);
    for mut page in pages {
        while page.seq < drawn {
            let message = page.next().await.unwrap();
            page.note(&message);
        }
    }
}

#[tokio::test]
async fn a_second_tab_of_the_same_session_takes_over() {
    let relay = Relay::start().await;
    let who = relay.enter(Role::Cardiologist).await;
    let (mut first, _) = relay.page_of(&who, None).await;
    let (mut second, _) = relay.page_of(&who, None).await;
    assert_eq!(first.is_closed_with().await, "connectedElsewhere");
    second.draws().await;
}

#[tokio::test]
async fn one_session_has_four_sockets_at_most() {
    let relay = Relay::start().await;
    let who = relay.enter(Role::Cardiologist).await;
    let mut open = Vec::new();
    for _ in 0..4 {
        open.push(relay.socket(&who).await.unwrap());
    }
    assert!(relay.socket(&who).await.is_err());
    drop(open.pop());
    let end = std::time::Instant::now() + crate::support::LIMIT;
    while relay.socket(&who).await.is_err() {
        assert!(
            std::time::Instant::now() < end,
            "a place that was left is not given again"
        );
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
