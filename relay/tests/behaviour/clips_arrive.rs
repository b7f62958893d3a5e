//! A clip on its way from a press to the archive, as pages and the device see it.

use crate::clip_device::{Device, Sample, phantom};
use crate::media::frames::Frames;
use crate::support::{Relay, entries};
use serde_json::{Value, json};
use std::time::Duration;
use wire::ClipId;
use wire::clip::ClipToAgent;
use wire::people::Role;

/// The event of an entry about a clip.
fn event<'a>(message: &'a Value, kind: &str) -> Option<&'a Value> {
    entries(message)
        .find(|entry| entry["event"]["type"] == kind)
        .map(|entry| &entry["event"])
}

#[tokio::test]
async fn pages_see_a_clip_from_the_offer_to_its_end_and_late_joiners_too() {
    let relay = Relay::start().await;
    let mut page = relay.page(Role::Cardiologist).await;
    let device = Device::connect(&relay).await;
    let sample = Sample::captured(phantom("a4c_small_uncompressed.dcm"));
    device.brings(&sample).await;
    let saved = page
        .hears_where(|said| event(said, "clipSaved").is_some())
        .await;
    assert_eq!(
        event(&saved, "clipSaved").unwrap()["head"],
        serde_json::to_value(&sample.head).unwrap()
    );
    page.hears_where(|said| event(said, "clipKept").is_some())
        .await;
    let late = relay.enter(Role::Trainer).await;
    let (_, heard) = relay.page_of(&late, None).await;
    let clips = heard[0]["state"]["clips"].as_array().unwrap();
    assert_eq!(clips.len(), 1);
    assert_eq!(clips[0]["stage"]["stage"], "kept");
    assert_eq!(relay.metric("hibiki_clips_total").await, 1.0);
    assert_eq!(
        relay.metric("hibiki_clip_bytes_total").await,
        sample.head.bytes as f64
    );
    // Said again, as after a reconnect that lost the answer: kept, and nothing new in the log.
    let again = Device::connect(&relay).await;
    again.offers(&sample);
    let clip = sample.head.clip;
    assert_eq!(again.hears(clip).await, ClipToAgent::Kept { clip });
    let mut renamed = sample.clone();
    renamed.head.clip = ClipId::random();
    again.offers(&renamed);
    let clip = renamed.head.clip;
    assert_eq!(again.hears(clip).await, ClipToAgent::Kept { clip });
    let (_, heard) = relay.page_of(&late, None).await;
    assert_eq!(heard[0]["state"]["clips"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_press_reaches_the_agent_and_without_one_the_page_hears_it() {
    let relay = Relay::start().await;
    let mut page = relay.page(Role::VisitingPhysician).await;
    let clip = ClipId::random();
    let press = json!({ "type": "saveClip", "clip": clip, "what": { "type": "last", "seconds": 6 }, "view": "A4C" });
    page.says(&press).await;
    let refused = page.hears("refused").await;
    assert_eq!(
        (&refused["code"], &refused["clip"]),
        (&json!("noDevice"), &json!(clip))
    );
    let device = Device::connect(&relay).await;
    let mut frames = Frames {
        ssrc: 9,
        payload_type: 98,
        seq: 1,
    };
    for n in 0..20u32 {
        device.client.send(frames.frame(90_000 + n * 3_000, n == 0));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    page.hears_where(|said| event(said, "streamStarted").is_some())
        .await;
    page.says(&press).await;
    page.hears_where(|said| event(said, "clipAsked").is_some())
        .await;
    let asked = device
        .client
        .until("the agent is asked", |seen| {
            let texts = seen.texts.iter();
            let mut words = texts.filter_map(|text| serde_json::from_str::<Value>(text).ok());
            words.find(|word| word["type"] == "saveClip")
        })
        .await;
    assert_eq!(
        (&asked["clip"], &asked["view"]),
        (&json!(clip), &json!("A4C"))
    );
    let answer = json!({ "type": "clipMissing", "clip": clip, "reason": "gone" });
    device.client.send_text(&answer.to_string());
    let missing = page
        .hears_where(|said| event(said, "clipMissing").is_some())
        .await;
    assert_eq!(event(&missing, "clipMissing").unwrap()["reason"], "gone");
}
