//! Trickle and ICE restart by PATCH (RFC 9725 §4.3) with real peers: the picture goes on over the new ICE session.

use crate::media::client::Kind;
use crate::one_publisher::{Published, SSRC, event, opens, plays};
use crate::support::{Relay, consult};
use reqwest::Response;
use wire::people::Role;

const FRAGMENT: &str = "application/trickle-ice-sdpfrag";
/// Packets after a restart that no queue of before can have held.
const MANY: usize = 40;

/// The value of an attribute that stands in a description.
fn value<'a>(text: &'a str, name: &str) -> &'a str {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap_or_else(|| panic!("no {name} in {text}"))
}

/// The ICE part of an offer, as RFC 8840 §4.4 wants it.
fn fragment(offer: &str) -> String {
    const KEPT: [&str; 5] = ["a=ice-ufrag:", "a=ice-pwd:", "m=", "a=mid:", "a=candidate:"];
    offer
        .lines()
        .filter(|line| KEPT.iter().any(|kept| line.starts_with(kept)))
        .flat_map(|line| [line, "\r\n"])
        .collect()
}

/// The answer of before with the credentials of a fragment.
fn answer_again(before: &str, fragment: &str) -> String {
    const NAMES: [&str; 2] = ["a=ice-ufrag:", "a=ice-pwd:"];
    let renewed = |line: &str| match NAMES.iter().find(|name| line.starts_with(**name)) {
        Some(name) => format!("{name}{}\r\n", value(fragment, name)),
        None => format!("{line}\r\n"),
    };
    before.lines().map(renewed).collect()
}

async fn patch(relay: &Relay, held: &Published, ticket: &str, tag: &str, body: String) -> Response {
    let request = relay
        .client
        .patch(format!("{}{}", relay.origin(), held.location))
        .bearer_auth(ticket)
        .header("if-match", tag);
    request
        .header("content-type", FRAGMENT)
        .body(body)
        .send()
        .await
        .unwrap()
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers()[name].to_str().unwrap()
}

async fn asks(relay: &Relay, method: reqwest::Method, held: &Published, ticket: &str) -> u16 {
    let address = format!("{}{}", relay.origin(), held.location);
    let request = relay.client.request(method, address).bearer_auth(ticket);
    request.send().await.unwrap().status().as_u16()
}

/// Closing the connection ends the session, and the `DELETE` that follows finds it ended: both in any order, and again.
async fn ends(relay: &Relay, held: &Published, ticket: &str, another: &str) {
    held.client.close();
    let is_gone = async {
        while asks(relay, reqwest::Method::HEAD, held, ticket).await != 404 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(crate::support::LIMIT, is_gone)
        .await
        .unwrap();
    for _ in 0..2 {
        let ended = asks(relay, reqwest::Method::DELETE, held, ticket).await;
        assert_eq!(ended, 200, "to end it twice is no fault");
    }
    let ended = asks(relay, reqwest::Method::DELETE, held, another).await;
    assert_eq!(ended, 404, "for others it never was");
}

/// Candidates first, then new credentials; waits until the new ICE session is in use.
async fn trickles_and_restarts(relay: &Relay, held: &Published, ticket: &str) {
    let trickle = fragment(&held.client.offer);
    let answer = patch(relay, held, ticket, &held.tag, trickle).await;
    assert_eq!(answer.status(), 204, "candidates of this ICE session");

    let offer = held.client.restarts().await;
    let restart = fragment(&offer);
    let answer = patch(relay, held, ticket, &held.tag, restart.clone()).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(header(&answer, "content-type"), FRAGMENT);
    let tag = header(&answer, "etag").to_owned();
    assert_ne!(tag, held.tag, "another ICE session is another entity");
    let theirs = answer.text().await.unwrap();
    for name in ["a=ice-ufrag:", "a=ice-pwd:"] {
        assert_ne!(value(&theirs, name), value(&held.answer, name));
    }
    assert_eq!(value(&theirs, "a=mid:"), value(&held.answer, "a=mid:"));

    let late = patch(relay, held, ticket, &held.tag, restart.clone()).await;
    assert_eq!(late.status(), 412, "the ICE session of before is over");
    assert_eq!(header(&late, "etag"), tag);
    let again = patch(relay, held, ticket, &tag, restart).await;
    assert_eq!(again.status(), 204, "these credentials are in force");

    held.client
        .accept_restart(answer_again(&held.answer, &theirs));
    held.client.connected().await;
}

#[tokio::test]
async fn candidates_are_taken_and_an_ice_restart_keeps_the_picture_going_on_both_sides() {
    let relay = Relay::start().await;
    let mut page = relay.page(Role::Cardiologist).await;
    let sends = relay.ticket(Role::VisitingPhysician, consult()).await;
    let sees = relay.ticket(Role::Cardiologist, consult()).await;
    let publisher = opens(&relay, "whip", &sends, Kind::publisher(SSRC)).await;
    tokio::select! {
        () = plays(&publisher.client) => {}
        () = async {
            page.hears_where(|message| event(message, "streamStarted")).await;
            let watcher = opens(&relay, "whep", &sees, Kind::viewer()).await;
            watcher.client.until("a picture", |seen| (seen.rtp_count > 0).then_some(())).await;
            for (held, ticket) in [(&publisher, &sends), (&watcher, &sees)] {
                trickles_and_restarts(&relay, held, ticket).await;
                let before = watcher.client.seen(|seen| seen.rtp_count);
                watcher
                    .client
                    .until("the picture after a restart", |seen| (seen.rtp_count > before + MANY).then_some(()))
                    .await;
            }
            ends(&relay, &watcher, &sees, &sends).await;
        } => {}
    }
}
