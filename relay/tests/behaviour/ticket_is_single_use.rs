//! A ticket opens one session, once, soon, for one person in one consult.

use crate::support::{Relay, code, consult, other_consult};
use serde_json::json;
use std::time::Duration;
use wire::people::Role;

async fn offer(relay: &Relay, ticket: &str) -> (u16, String) {
    code(
        relay
            .client
            .post(relay.api("sessions"))
            .json(&json!({ "ticket": ticket }))
            .send()
            .await
            .unwrap(),
    )
    .await
}

#[tokio::test]
async fn a_ticket_works_once() {
    let relay = Relay::start().await;
    let ticket = relay.ticket(Role::Cardiologist, consult()).await;
    assert_eq!(offer(&relay, &ticket).await.0, 201);
    assert_eq!(offer(&relay, &ticket).await, (401, "ticketUsed".to_owned()));
}

#[tokio::test]
async fn of_ten_that_use_a_ticket_at_once_one_gets_in() {
    let relay = Relay::start().await;
    let ticket = relay.ticket(Role::Cardiologist, consult()).await;
    let tries = (0..10).map(|_| offer(&relay, &ticket));
    let got = futures_util::future::join_all(tries).await;
    assert_eq!(
        got.iter().filter(|(status, _)| *status == 201).count(),
        1,
        "{got:?}"
    );
    assert_eq!(
        got.iter().filter(|(_, code)| code == "ticketUsed").count(),
        9
    );
}

#[tokio::test]
async fn a_ticket_that_is_old_or_unknown_opens_nothing() {
    let relay = Relay::with(&["--ticket-seconds", "1"]).await;
    let ticket = relay.ticket(Role::Cardiologist, consult()).await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(
        offer(&relay, &ticket).await,
        (401, "ticketExpired".to_owned())
    );
    for wrong in ["", "x", "two words", &"A".repeat(43), &"A".repeat(60_000)] {
        assert_eq!(
            offer(&relay, wrong).await,
            (401, "ticketUnknown".to_owned()),
            "{} characters",
            wrong.len()
        );
    }
}

#[tokio::test]
async fn a_ticket_survives_a_restart_and_a_used_one_stays_used() {
    let mut relay = Relay::start().await;
    let (used, fresh) = (
        relay.ticket(Role::Trainer, consult()).await,
        relay.ticket(Role::Trainer, consult()).await,
    );
    assert_eq!(offer(&relay, &used).await.0, 201);
    relay.kill();
    relay.start_again().await;
    assert_eq!(offer(&relay, &used).await, (401, "ticketUsed".to_owned()));
    assert_eq!(offer(&relay, &fresh).await.0, 201);
}

#[tokio::test]
async fn guessing_is_slowed_and_those_who_know_still_get_in_later() {
    let relay = Relay::start().await;
    let mut codes = Vec::new();
    for n in 0..40 {
        codes.push(offer(&relay, &format!("guess-{n}")).await.1);
    }
    assert!(
        codes.iter().filter(|code| *code == "ticketUnknown").count() <= 22,
        "{codes:?}"
    );
    assert_eq!(codes.last().unwrap(), "tooFast");
}

#[tokio::test]
async fn a_session_is_for_the_consult_of_its_ticket() {
    let relay = Relay::start().await;
    let here = relay.enter(Role::Cardiologist).await;
    assert_eq!(here.grant.consult, consult());
    let path = format!("consults/{}/whep", other_consult());
    let elsewhere = relay
        .asks(&here, "POST", &path)
        .header("content-type", "application/sdp")
        .body("v=0")
        .send()
        .await
        .unwrap();
    assert_eq!(code(elsewhere).await, (404, "notFound".to_owned()));
}

#[tokio::test]
async fn an_ended_session_opens_nothing_more() {
    let relay = Relay::start().await;
    let (who, other) = (
        relay.enter(Role::Cardiologist).await,
        relay.enter(Role::Trainer).await,
    );
    let (mut page, _) = relay.page_of(&who, None).await;
    let own = format!("sessions/{}", who.grant.session);
    assert_eq!(
        relay.asks(&who, "GET", &own).send().await.unwrap().status(),
        200
    );
    assert_eq!(
        code(relay.asks(&other, "GET", &own).send().await.unwrap())
            .await
            .0,
        404,
        "somebody else's is not there"
    );
    let ended = relay.asks(&who, "DELETE", &own).send().await.unwrap();
    assert_eq!(ended.status(), 204);
    assert!(
        ended.headers()["set-cookie"]
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
    assert_eq!(page.is_closed_with().await, "sessionExpired");
    assert_eq!(
        code(relay.asks(&who, "GET", &own).send().await.unwrap()).await,
        (401, "sessionExpired".to_owned())
    );
    assert!(relay.socket(&who).await.is_err());
}
