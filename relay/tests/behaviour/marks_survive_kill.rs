//! What was acknowledged is there after kill -9, and nothing else is.

use crate::support::{Relay, entries, stream};
use std::collections::HashSet;
use wire::people::Role;

#[tokio::test]
async fn no_acknowledged_mark_is_lost_however_often_the_relay_is_killed() {
    let mut relay = Relay::start().await;
    let who = relay.enter(Role::Cardiologist).await;
    let mut acknowledged = HashSet::new();
    for round in 0..5 {
        let (mut page, _) = relay.page_of(&who, None).await;
        // A flood that is in full flow when the relay dies.
        let sent: Vec<_> = (0..40).map(|_| crate::support::stroke(20)).collect();
        for mark in &sent {
            page.marks(mark).await;
        }
        // By what was acknowledged and not by a time, so that a busy machine cannot kill it before the first.
        let enough = acknowledged.len() + 4 + round * 3;
        while acknowledged.len() < enough {
            let message = page
                .next()
                .await
                .expect("acknowledged before the relay dies");
            acknowledged.extend(
                entries(&message)
                    .filter_map(|entry| entry["event"]["mark"]["id"].as_str().map(str::to_owned)),
            );
        }
        relay.kill();
        relay.start_again().await;
    }
    let (_, heard) = relay.page_of(&who, None).await;
    let kept: HashSet<String> = heard[0]["state"]["marks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mark| mark["mark"]["id"].as_str().unwrap().to_owned())
        .collect();
    let lost: Vec<_> = acknowledged.difference(&kept).collect();
    assert!(
        lost.is_empty(),
        "{} of {} lost",
        lost.len(),
        acknowledged.len()
    );
}

#[tokio::test]
async fn a_mark_that_is_sent_again_after_a_crash_is_there_once() {
    let mut relay = Relay::start().await;
    let who = relay.enter(Role::Cardiologist).await;
    let (mut page, _) = relay.page_of(&who, None).await;
    let mark = page.draws().await;
    relay.kill();
    relay.start_again().await;
    let (mut page, _) = relay.page_of(&who, Some(page.seq)).await;
    page.marks(&mark).await;
    page.draws().await;
    let (_, heard) = relay.page_of(&who, None).await;
    assert_eq!(heard[0]["state"]["marks"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_picture_that_was_cut_off_is_stopped_in_the_log() {
    let relay = Relay::start().await;
    let who = relay.enter(Role::Cardiologist).await;
    let mut page = relay.socket(&who).await.unwrap();
    page.hello(Some(1)).await;
    page.seq = 1;
    let heard = page.hears("entries").await;
    let first = entries(&heard).next().unwrap();
    assert_eq!(first["event"]["type"], "streamStopped");
    assert_eq!(first["event"]["reason"], "relayRestarted");
    assert_eq!(first["event"]["stream"], stream().to_string());
    assert_eq!(first["author"]["type"], "relay");
}

#[tokio::test]
async fn a_kill_and_return_is_no_leave_and_join() {
    let mut relay = Relay::start().await;
    let who = relay.enter(Role::Cardiologist).await;
    let (page, _) = relay.page_of(&who, None).await;
    let seq = page.seq;
    relay.kill();
    relay.start_again().await;
    let (mut page, _) = relay.page_of(&who, Some(seq)).await;
    page.draws().await;
    let (_, heard) = relay.page_of(&who, Some(0)).await;
    let joins = heard
        .iter()
        .flat_map(entries)
        .filter(|entry| entry["event"]["type"] == "joined")
        .count();
    assert_eq!(joins, 1);
}

#[tokio::test]
async fn a_second_relay_on_the_same_data_is_refused() {
    let relay = Relay::start().await;
    let mut second = crate::support::program();
    second
        .args([
            "serve",
            "--demo",
            "--announce",
            "--http",
            "127.0.0.1:0",
            "--metrics",
            "127.0.0.1:0",
            "--data",
        ])
        .arg(&relay.data);
    let (status, _, told) = crate::support::runs(&mut second);
    assert_eq!(status, 3);
    assert!(told.contains("another relay serves"), "{told}");
}
