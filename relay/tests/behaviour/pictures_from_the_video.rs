//! Where the publisher keeps no originals, whoever froze supplies the frame as it came with the video.

use crate::support::{Entered, Page, Relay, anchor, code, entries};
use image::{ImageFormat, RgbaImage};
use serde_json::{Value, json};
use std::io::Cursor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use wire::FreezeId;
use wire::http::SESSION_HEADER;
use wire::original::MAX_VIDEO_PICTURE_BYTES;
use wire::people::Role;

fn png() -> Vec<u8> {
    let mut bytes = Vec::new();
    RgbaImage::from_pixel(8, 4, image::Rgba([1, 2, 3, 255]))
        .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
        .unwrap();
    bytes
}

async fn supplies(
    relay: &Relay,
    who: &Entered,
    freeze: FreezeId,
    (kind, bytes): (&str, Vec<u8>),
) -> reqwest::Response {
    let path = format!("consults/{}/freezes/{freeze}/picture", who.grant.consult);
    let request = relay.asks(who, "PUT", &path).header("content-type", kind);
    request.body(bytes).send().await.unwrap()
}

/// Somebody freezes; gives who, their page and the freeze.
async fn frozen(relay: &Relay) -> (Entered, Page, FreezeId) {
    let who = relay.enter(Role::Cardiologist).await;
    let (mut page, _) = relay.page_of(&who, None).await;
    let freeze = FreezeId::random();
    page.says(&json!({ "type": "freeze", "freeze": freeze, "anchor": anchor() }))
        .await;
    heard(&mut page, "originalMissing").await;
    (who, page, freeze)
}

async fn heard(page: &mut Page, event: &str) -> Value {
    let of = |entry: &&Value| entry["event"]["type"] == event;
    let message = page
        .hears_where(|message| entries(message).any(|entry| of(&entry)))
        .await;
    entries(&message).find(of).cloned().unwrap()
}

#[tokio::test]
async fn it_reaches_everybody_late_joiners_too_and_is_never_an_original() {
    let relay = Relay::of_a_stranger().await;
    let (who, mut page, freeze) = frozen(&relay).await;
    let taken = supplies(&relay, &who, freeze, ("image/png", png())).await;
    assert_eq!(taken.status(), 204);
    let entry = heard(&mut page, "videoPictureKept").await;
    assert_eq!(entry["author"]["person"], json!(who.grant.person));
    let late = relay.enter(Role::Observer).await;
    let (_, snapshot) = relay.page_of(&late, None).await;
    let held = &snapshot[0]["state"]["freeze"];
    let picture = &held["fromVideo"];
    assert_eq!(picture, &entry["event"]["picture"]);
    assert_eq!(
        (&picture["width"], &picture["height"]),
        (&json!(8), &json!(4))
    );
    assert_eq!(held["original"]["state"], "missing");
    let blob = picture["blob"].as_str().unwrap();
    let path = format!("consults/{}/blobs/{blob}", late.grant.consult);
    let shown = relay.asks(&late, "GET", &path).send().await.unwrap();
    assert_eq!(shown.headers()["content-type"], "image/png");
    assert!(shown.bytes().await.unwrap() == png());
    // Said again, it changes nothing.
    let again = supplies(&relay, &who, freeze, ("image/png", png())).await;
    assert_eq!(again.status(), 204);
}

#[tokio::test]
async fn what_is_no_such_picture_and_whoever_did_not_freeze_is_refused() {
    let relay = Relay::of_a_stranger().await;
    let (who, _page, freeze) = frozen(&relay).await;
    for (kind, bytes, refused) in [
        ("image/png", b"<svg/>".to_vec(), (415, "wrongContent")),
        ("image/png", png()[..40].to_vec(), (415, "wrongContent")),
        ("image/svg+xml", png(), (415, "wrongContent")),
    ] {
        let (status, code) = code(supplies(&relay, &who, freeze, (kind, bytes)).await).await;
        assert_eq!((status, code.as_str()), refused);
    }
    assert!(
        too_large(&relay, &who, freeze)
            .await
            .starts_with("HTTP/1.1 413")
    );
    let other = relay.enter(Role::Trainer).await;
    let (_, refused) = code(supplies(&relay, &other, freeze, ("image/png", png())).await).await;
    assert_eq!(refused, "notAllowed");
    let nowhere = FreezeId::random();
    let (_, refused) = code(supplies(&relay, &who, nowhere, ("image/png", png())).await).await;
    assert_eq!(refused, "notFrozen");
}

/// What is answered to the head of a request whose body is too large, before a byte of it.
async fn too_large(relay: &Relay, who: &Entered, freeze: FreezeId) -> String {
    let (consult, session) = (who.grant.consult, who.grant.session);
    let head = format!(
        "PUT /api/v1/consults/{consult}/freezes/{freeze}/picture HTTP/1.1\r\nHost: {}\r\nOrigin: {}\r\nCookie: {}\r\n\
         {SESSION_HEADER}: {session}\r\nContent-Type: image/png\r\nContent-Length: {}\r\n\r\n",
        relay.http,
        relay.origin(),
        who.cookie,
        MAX_VIDEO_PICTURE_BYTES + 1
    );
    let mut line = TcpStream::connect(relay.http).await.unwrap();
    line.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn where_our_agent_keeps_originals_no_page_supplies_one() {
    let relay = Relay::start().await;
    let (who, _page, freeze) = frozen(&relay).await;
    let (_, refused) = code(supplies(&relay, &who, freeze, ("image/png", png())).await).await;
    assert_eq!(refused, "notAllowed");
}
