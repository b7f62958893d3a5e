//! How the picture arrives at one page is shown on the others and kept in the log, thinned; a page cannot flood either.

use crate::support::{Relay, entries};
use serde_json::{Value, json};
use wire::people::Role;

fn seen(level: &str, fps: u16) -> Value {
    json!({ "type": "linkSeen", "seen": {
        "level": level, "cause": "own", "fps": fps, "ageMs": 180, "kbps": 420, "lossPercent": 3.5,
        "width": 800, "height": 600, "pauses": 1, "pausedMs": 640,
        "hints": { "ef": "notAdequate", "ivc": "adequate", "effusion": "adequate", "colour": "notAdequate" }
    } })
}

fn is_sample(entry: &Value) -> bool {
    entry["event"]["type"] == "linkSample"
}

#[tokio::test]
async fn a_weak_link_is_seen_on_the_other_page_and_stands_in_the_log_with_its_hints() {
    let relay = Relay::start().await;
    let doctor = relay.enter(Role::Cardiologist).await;
    let (mut weak, _) = relay.page_of(&doctor, None).await;
    let mut bedside = relay.page(Role::VisitingPhysician).await;
    weak.says(&seen("choppy", 12)).await;

    // Presence does not wait for the disk, so the two come in either order.
    let (mut shown, mut kept) = (None, None);
    while shown.is_none() || kept.is_none() {
        let message = bedside.next().await.unwrap();
        kept = kept.or(entries(&message).find(|entry| is_sample(entry)).cloned());
        if message["type"] == "links" {
            shown = Some(message["links"].clone());
        }
    }
    let session = json!(doctor.grant.session);
    let expected = seen("choppy", 12)["seen"].clone();
    assert_eq!(
        shown,
        Some(json!([{ "session": session, "seen": expected }]))
    );
    let kept = kept.unwrap();
    assert_eq!(kept["author"]["session"], session);
    assert_eq!(kept["event"]["seen"], expected);

    let late = relay.enter(Role::Observer).await;
    let (mut late, _) = relay.page_of(&late, None).await;
    let links = late.hears("links").await;
    assert_eq!(links["links"][0]["seen"]["level"], "choppy");
}

#[tokio::test]
async fn a_page_that_says_it_all_the_time_is_shown_now_and_then_and_writes_one_sample() {
    let relay = Relay::start().await;
    let mut flood = relay.page(Role::Cardiologist).await;
    let mut other = relay.page(Role::VisitingPhysician).await;
    for n in 0..200 {
        let level = if n % 2 == 0 { "good" } else { "choppy" };
        flood.says(&seen(level, n)).await;
    }
    flood.says(&json!({ "type": "ping", "id": 1 })).await;
    flood.hears("pong").await;
    other.says(&json!({ "type": "ping", "id": 1 })).await;
    let (mut shown, mut kept, mut answered) = (0, 0, false);
    while !answered {
        let message = other.next().await.unwrap();
        kept += entries(&message).filter(|entry| is_sample(entry)).count();
        shown += usize::from(message["type"] == "links");
        answered = message["type"] == "pong";
    }
    assert!(shown <= 4, "shown {shown} times");
    assert!(kept <= 1, "{kept} samples");
    // Dropped, not refused: the page is no worse off for it.
    flood.draws().await;
}

#[tokio::test]
async fn what_cannot_be_true_is_refused() {
    let relay = Relay::start().await;
    let mut page = relay.page(Role::Cardiologist).await;
    let mut wrong = seen("good", 30);
    wrong["seen"]["lossPercent"] = json!(250.0);
    page.says(&wrong).await;
    assert_eq!(page.hears("refused").await["code"], "messageRefused");
    wrong["seen"]["hints"]["person"] = json!("someone");
    page.says(&wrong).await;
    assert_eq!(page.hears("refused").await["code"], "messageRefused");
    page.draws().await;
}
