//! Offers that are none get one clear word; a ticket whose use came to nothing for lack of a picture stays good.

use crate::support::{Relay, code, consult};
use wire::people::Role;

async fn posts(
    relay: &Relay,
    door: &str,
    kind: &str,
    body: impl Into<reqwest::Body>,
) -> (u16, String) {
    let who = relay.enter(Role::VisitingPhysician).await;
    let path = format!("consults/{}/{door}", consult());
    code(
        relay
            .asks(&who, "POST", &path)
            .header("content-type", kind)
            .body(body)
            .send()
            .await
            .unwrap(),
    )
    .await
}

#[tokio::test]
async fn an_offer_that_is_none_is_refused() {
    let relay = Relay::start().await;
    let sdp = "application/sdp";
    for wrong in [
        "",
        "v=0",
        "hello",
        "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n",
        "{\"sdp\":\"v=0\"}",
        "\u{0}",
    ] {
        assert_eq!(
            posts(&relay, "whip", sdp, wrong).await,
            (400, "badSdp".to_owned()),
            "{wrong:?}"
        );
    }
    assert_eq!(
        posts(&relay, "whip", sdp, vec![0xff, 0xfe]).await,
        (400, "badSdp".to_owned())
    );
    assert_eq!(
        posts(&relay, "whip", sdp, "x".repeat(1_000_000)).await,
        (413, "tooLarge".to_owned())
    );
    assert_eq!(
        posts(&relay, "whip", "text/plain", "v=0").await,
        (415, "wrongContent".to_owned())
    );
    assert_eq!(
        posts(&relay, "whep", sdp, "v=0").await,
        (409, "noPicture".to_owned())
    );
}

#[tokio::test]
async fn only_the_bedside_publishes() {
    let relay = Relay::start().await;
    for role in [
        Role::Cardiologist,
        Role::Trainer,
        Role::Trainee,
        Role::Observer,
    ] {
        let who = relay.enter(role).await;
        let path = format!("consults/{}/whip", consult());
        let answer = relay
            .asks(&who, "POST", &path)
            .header("content-type", "application/sdp")
            .body("v=0")
            .send()
            .await
            .unwrap();
        assert_eq!(
            code(answer).await,
            (403, "notAllowed".to_owned()),
            "{role:?}"
        );
    }
}

#[tokio::test]
async fn a_ticket_that_was_shown_too_early_is_not_used_up() {
    let relay = Relay::start().await;
    let ticket = relay.ticket(Role::Trainee, consult()).await;
    for _ in 0..3 {
        let request = relay
            .client
            .post(relay.api(&format!("consults/{}/whep", consult())))
            .bearer_auth(&ticket);
        let answer = request
            .header("content-type", "application/sdp")
            .body("v=0")
            .send()
            .await
            .unwrap();
        assert_eq!(code(answer).await, (409, "noPicture".to_owned()));
    }
}
