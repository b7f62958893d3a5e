//! Who is listed is here: a page that died goes soon, and whoever comes back is listed once.

use crate::support::Relay;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use wire::people::Role;

/// Names listed in a message about who is here; none when it is about something else.
fn listed(message: &Value) -> Option<Vec<&str>> {
    let participants = message["participants"].as_array()?;
    let sessions = participants.iter().map(|one| one["session"].as_str());
    (message["type"] == "people").then(|| sessions.flatten().collect())
}

#[tokio::test]
async fn a_page_that_died_is_listed_for_twelve_seconds_at_most() {
    let relay = Relay::start().await;
    // Its connection stays open and nothing answers any more: a tablet without power.
    let _died = relay.page(Role::Trainer).await;
    let died_at = Instant::now();
    let mut doctor = relay.page(Role::Cardiologist).await;
    doctor
        .hears_where(|message| listed(message).is_some_and(|here| here.len() == 2))
        .await;
    let alone = |message: &Value| listed(message).is_some_and(|here| here.len() == 1);
    loop {
        doctor.says(&json!({ "type": "ping", "id": 1 })).await;
        let heard = doctor
            .hears_where(|message| alone(message) || message["type"] == "pong")
            .await;
        if alone(&heard) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let took = died_at.elapsed();
    assert!(took < Duration::from_secs(12), "{took:?}");
}

#[tokio::test]
async fn whoever_comes_back_by_another_ticket_is_listed_once_unless_both_pages_live() {
    let relay = Relay::start().await;
    let mut others = relay.page(Role::Trainer).await;
    let before = relay.enter(Role::Cardiologist).await;
    let (mut silent, _) = relay.page_of(&before, None).await;
    let again = relay.enter(Role::Cardiologist).await;
    assert_ne!(again.grant.session, before.grant.session);
    let _page = relay.page_of(&again, None).await;
    let (before, again) = (
        before.grant.session.to_string(),
        again.grant.session.to_string(),
    );
    let told = others
        .hears_where(|message| listed(message).is_some_and(|here| here.contains(&&*again)))
        .await;
    assert!(!listed(&told).unwrap().contains(&&*before), "{told}");

    // The first page was on another device of theirs and answers.
    let answers = async { while silent.next().await.is_some() {} };
    tokio::select! {
        () = answers => panic!("the first page was closed"),
        told = others.hears_where(|message| listed(message).is_some_and(|here| here.contains(&&*before))) => {
            assert!(listed(&told).unwrap().contains(&&*again), "{told}");
        }
    }
}
