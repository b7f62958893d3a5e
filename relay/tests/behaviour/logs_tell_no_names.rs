//! Nothing that names a person, opens a door or tells where somebody sits gets into a log.

use crate::support::{Relay, code, consult};
use serde_json::json;
use wire::people::Role;

#[tokio::test]
async fn a_whole_consult_leaves_no_name_no_ticket_no_words_and_no_address_in_the_log() {
    let mut relay = Relay::with(&["--log", "trace"]).await;
    // From an address that nothing but people has.
    let from: std::net::IpAddr = "127.0.0.2".parse().unwrap();
    relay.client = reqwest::Client::builder()
        .local_address(from)
        .no_proxy()
        .build()
        .unwrap();
    let ticket = relay.ticket(Role::Cardiologist, consult()).await;
    let enters = |ticket: String| {
        relay
            .client
            .post(relay.api("sessions"))
            .json(&json!({ "ticket": ticket }))
            .send()
    };
    let answer = enters(ticket.clone()).await.unwrap();
    let cookie = answer.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .split(['=', ';'])
        .nth(1)
        .unwrap()
        .to_owned();
    assert_eq!(
        code(enters(ticket.clone()).await.unwrap()).await.1,
        "ticketUsed"
    );
    assert_eq!(
        code(enters("planted-ticket".to_owned()).await.unwrap())
            .await
            .1,
        "ticketUnknown"
    );
    let mut page = relay.page(Role::VisitingPhysician).await;
    let mut label = crate::support::stroke(1);
    let at = wire::mark::Point {
        x: wire::Fraction::new(0.5).unwrap(),
        y: wire::Fraction::new(0.5).unwrap(),
    };
    label.shape = wire::mark::Shape::Label {
        at,
        text: "planted-words".to_owned(),
    };
    page.marks(&label).await;
    page.sees(label.id).await;
    page.says_text("{\"type\":\"planted-type\",\"name\":\"planted-name\"}")
        .await;
    page.hears("refused").await;
    let query = format!(
        "{}?planted-query=1&ticket=planted-ticket",
        relay.api("consults")
    );
    relay
        .client
        .get(query)
        .header("x-planted", "planted-header\u{1b}[2J")
        .send()
        .await
        .ok();
    drop(page);
    relay.stop().await;
    let log = relay.log();
    assert!(
        log.contains("session opened") && log.contains("socket open"),
        "the log says too little to prove anything:\n{log}"
    );
    for name in [
        "田中",
        "佐藤",
        "誠",
        "律子",
        &ticket,
        &cookie,
        "planted",
        "127.0.0.2",
        "訪問 1",
    ] {
        let line = log.lines().find(|line| line.contains(name));
        assert!(
            line.is_none(),
            "{name:?} is in the log: {}",
            line.unwrap_or_default()
        );
    }
    for line in log.lines() {
        assert!(
            serde_json::from_str::<serde_json::Value>(line).is_ok(),
            "not one JSON line: {line}"
        );
    }
}
