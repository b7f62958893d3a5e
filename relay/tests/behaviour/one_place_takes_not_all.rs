//! Callers of one address, who hold all the media sessions that one place may have, take no places of others and lose nothing that
//! they have: the connection check on a hundred pages of a hospital is such a crowd.

use crate::media::client::{Client, Kind};
use crate::one_publisher::{SSRC, opens};
use crate::support::{Entered, Relay, code, consult};
use relay::http::media_sessions::{MAX_OF_A_PAGE, MAX_OF_A_PLACE};
use reqwest::StatusCode;
use wire::people::Role;

/// Connections of one publisher at the same time; one more closes the oldest.
const CLAIMS: usize = 4;

async fn asks_for(
    relay: &Relay,
    door: &str,
    ticket: &str,
    offer: &str,
) -> (StatusCode, (u16, String)) {
    let path = relay.api(&format!("consults/{}/{door}", consult()));
    let request = relay.client.post(path).bearer_auth(ticket);
    let request = request.header("content-type", "application/sdp");
    let answer = request.body(offer.to_owned()).send().await.unwrap();
    (answer.status(), code(answer).await)
}

/// As the connection check of one page; gives what the last answer was.
async fn checks(relay: &Relay, page: &Entered, offer: &str) -> Option<(u16, String)> {
    for _ in 0..MAX_OF_A_PAGE {
        let path = format!("consults/{}/voice", consult());
        let request = relay.asks(page, "POST", &path);
        let request = request.header("content-type", "application/sdp");
        let answer = request.body(offer.to_owned()).send().await.unwrap();
        if answer.status() != StatusCode::CREATED {
            return Some(code(answer).await);
        }
    }
    None
}

#[tokio::test]
async fn a_place_that_is_full_is_told_so_and_loses_no_picture_for_asking() {
    let relay = Relay::start().await;
    let physician = || relay.ticket(Role::VisitingPhysician, consult());
    let ticket = physician().await;
    let first = opens(&relay, "whip", &ticket, Kind::publisher(SSRC)).await;
    let offer = Client::new(Kind::publisher(SSRC)).await.offer.clone();
    for _ in 1..CLAIMS {
        let (status, _) = asks_for(&relay, "whip", &physician().await, &offer).await;
        assert_eq!(status, StatusCode::CREATED);
    }

    let listens = Client::new(Kind::listener()).await.offer.clone();
    let mut refused = None;
    for _ in 0..MAX_OF_A_PLACE / MAX_OF_A_PAGE + 1 {
        let page = relay.enter(Role::Observer).await;
        refused = checks(&relay, &page, &listens).await;
        if refused.is_some() {
            break;
        }
    }
    let full = (503, "tooMany".to_owned());
    assert_eq!(refused.as_ref(), Some(&full));

    let again = physician().await;
    for _ in 0..2 {
        let (_, refused) = asks_for(&relay, "whip", &again, &offer).await;
        assert_eq!(refused, full, "its ticket stays good");
    }
    let url = format!("{}{}", relay.origin(), first.location);
    let head = relay.client.head(&url).bearer_auth(&ticket);
    assert_eq!(
        head.send().await.unwrap().status(),
        StatusCode::NO_CONTENT,
        "what runs goes on"
    );
    let end = relay.client.delete(&url).bearer_auth(&ticket);
    assert_eq!(end.send().await.unwrap().status(), StatusCode::OK);
    let (status, _) = asks_for(&relay, "whip", &again, &offer).await;
    assert_eq!(status, StatusCode::CREATED, "one is over");
}
