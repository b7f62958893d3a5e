//! Clips that are still on the device when their consult is closed.

use crate::clip_device::{Sample, phantom};
use crate::clips_are_uploaded::{Uploader, large};
use crate::dicom_sender::rows;
use crate::objects_are_sent_on::until;
use crate::support::{LIMIT, Relay, code, consult};
use crate::tools_change_the_rows::tool;
use std::time::Duration;
use wire::clip::ClipToAgent;

#[tokio::test]
async fn what_a_device_still_holds_when_its_consult_is_closed_comes_to_relay_archive_and_pacs() {
    // Nobody listens there: what is queued stays and can be counted.
    let flags = [
        "--forward-to",
        "pacs=HIBIKI@127.0.0.1:9",
        "--forward-title",
        "PROBE",
        "--forward-consults",
        "pacs",
    ];
    let mut relay = Relay::with(&flags).await;
    let half = large();
    let middle = half.head.bytes / 2;
    let uploader = Uploader::of(&relay);
    uploader.is_wanted(&half).await;
    uploader.sends(&half, 0, middle).await;
    let named = consult().to_string();
    let closes = |relay: &Relay| tool(relay, &["consult", "close", "--consult", &named]);
    let told = closes(&relay);
    assert!(told.contains("not here yet: 1 clips"), "{told}");
    assert!(told.contains(&half.head.clip.to_string()), "{told}");
    // Nobody is in the consult any more: a relay that begins anew has no place where it runs.
    relay.kill();
    relay.start_again().await;
    let uploader = Uploader::of(&relay);
    assert_eq!(uploader.has(&half).await, middle);
    uploader.brings(&half).await;
    let whole = Sample::imported(phantom("plax_small.dcm"));
    uploader.brings(&whole).await;
    let again = uploader.offers(&whole).await;
    let word: ClipToAgent = again.json().await.unwrap();
    let clip = whole.head.clip;
    assert_eq!(word, ClipToAgent::Kept { clip }, "its answer was lost");
    for sample in [&half, &whole] {
        let is_there = async {
            while rows(&relay, &sample.head.instance).await.is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let came = tokio::time::timeout(LIMIT, is_there).await;
        came.expect("it is in the archive");
    }
    let waiting = "hibiki_forwards_waiting";
    until(&relay, "both go on", waiting, |n| n == 2.0).await;
    assert!(!closes(&relay).contains("not here yet"));
    tool(&relay, &["device", "revoke", "--device", &uploader.device]);
    let after = code(uploader.offers(&half).await).await;
    assert_eq!(after.0, 401, "a device that is revoked brings nothing");
}
