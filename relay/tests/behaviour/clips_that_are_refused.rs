//! What a device may send and does not get into the archive, each for its reason; the rest goes on.

use crate::clip_device::{Device, Sample, digest, phantom};
use crate::dicom_sender::{CLIP, EXPLICIT, Object, Sender, relay, rows, stored_data_set};
use crate::objects_are_sent_on::until;
use crate::support::{Relay, entries};
use serde_json::Value;
use wire::ClipId;
use wire::clip::{CLIP_PIECE_BYTES, ClipCoding, ClipGap, ClipToAgent};
use wire::people::Role;

async fn log_says_missing(relay: &Relay, reason: &str) {
    let who = relay.enter(Role::Trainer).await;
    let mut page = relay.page_of(&who, Some(0)).await;
    let is = |entry: &Value| {
        entry["event"]["type"] == "clipMissing" && entry["event"]["reason"] == reason
    };
    if !page.1.iter().flat_map(entries).any(is) {
        page.0.hears_where(|said| entries(said).any(is)).await;
    }
}

async fn is_not_there(relay: &Relay, sample: &Sample) {
    let who = relay.enter(Role::Cardiologist).await;
    for path in ["", "/frames/0", "/file"] {
        let path = format!("{}{path}", sample.path());
        let answer = relay.asks(&who, "GET", &path).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn bytes_that_are_not_what_was_offered_are_altered() {
    let relay = Relay::start().await;
    let device = Device::connect(&relay).await;
    let sample = Sample::captured(phantom("plax_small.dcm"));
    let mut altered = sample.clone();
    let last = altered.bytes.len() - 100;
    altered.bytes[last] ^= 1;
    device.is_wanted(&altered).await;
    let said = device.sends_up_to(&altered, 0, altered.head.bytes).await;
    let (clip, reason) = (sample.head.clip, ClipGap::Altered);
    assert_eq!(said, ClipToAgent::Refused { clip, reason });
    log_says_missing(&relay, "altered").await;
    is_not_there(&relay, &sample).await;
    // The device has it right: the same clip, sent as it is, is taken.
    device.brings(&sample).await;
}

#[tokio::test]
async fn another_object_under_the_same_uid_is_kept_beside_it_and_flagged() {
    let mut relay = Relay::start().await;
    let device = Device::connect(&relay).await;
    let sample = Sample::captured(phantom("plax_small.dcm"));
    device.brings(&sample).await;
    let other = sample.with_another_pixel();
    let clip = other.head.clip;
    assert_eq!(device.is_wanted(&other).await, 0);
    let said = device.sends_up_to(&other, 0, other.head.bytes).await;
    assert_eq!(said, ClipToAgent::KeptBeside { clip });
    log_says_missing(&relay, "conflict").await;
    is_not_there(&relay, &other).await;
    is_served(&relay, &sample).await;
    // The one that came later is the one with the flag, and its data set is unaltered.
    let kept = rows(&relay, &sample.head.instance).await;
    assert_eq!(kept.len(), 2);
    for ((row, flagged), of) in kept.iter().zip([&sample, &other]) {
        assert_eq!(*flagged, of.head.clip == clip);
        assert!(of.bytes.ends_with(&stored_data_set(&relay, row)));
    }
    let folder = relay.data.join("clips-beside");
    assert_eq!(walk(&folder), Vec::<std::path::PathBuf>::new());
    // Said again it is there, also after a restart.
    relay.kill();
    relay.start_again().await;
    let device = Device::connect(&relay).await;
    device.offers(&other);
    assert_eq!(device.hears(clip).await, ClipToAgent::KeptBeside { clip });
}

#[tokio::test]
async fn a_clip_whose_uid_an_object_of_the_archive_has_is_kept_beside_it_and_not_sent_on() {
    // Nobody listens there: what is queued stays and can be counted.
    let flags = [
        "--forward-to",
        "pacs=HIBIKI@127.0.0.1:9",
        "--forward-title",
        "PROBE",
        "--forward-everything",
        "pacs",
    ];
    let relay = relay(&flags).await;
    let first = Object::phantom("plax_small.dcm");
    let mut sender = Sender::associated(&relay, &first.class, &first.syntax);
    assert_eq!(sender.stores(&first), 0);
    let device = Device::connect(&relay).await;
    let same = Sample::captured(phantom("plax_small.dcm"));
    let other = same.with_another_pixel();
    let clip = other.head.clip;
    assert_eq!(device.is_wanted(&other).await, 0);
    let said = device.sends_up_to(&other, 0, other.head.bytes).await;
    assert_eq!(said, ClipToAgent::KeptBeside { clip });
    log_says_missing(&relay, "conflict").await;
    is_not_there(&relay, &other).await;
    let kept = rows(&relay, &first.instance).await;
    assert!(stored_data_set(&relay, &kept[0].0) == first.data_set);
    assert!(kept.len() == 2 && !kept[0].1 && kept[1].1);
    // What the handheld sent is the clip, when the device brings it too.
    device.brings(&same).await;
    is_served(&relay, &same).await;
    assert_eq!(rows(&relay, &first.instance).await.len(), 2);
    let next = Object::small("1.2.3.9", "the queue is looked at after it");
    let mut sender = Sender::associated(&relay, CLIP, EXPLICIT);
    assert_eq!(sender.stores(&next), 0);
    let waiting = "hibiki_forwards_waiting";
    until(&relay, "two objects, each once", waiting, |n| n == 2.0).await;
}

#[tokio::test]
async fn a_clip_with_the_uid_of_one_that_is_no_object_for_the_archive_is_kept_and_flagged() {
    let relay = Relay::start().await;
    let device = Device::connect(&relay).await;
    let sample = Sample::imported(phantom("plax_small.dcm"));
    let mut letter = sample.clone();
    letter.bytes = b"a letter, which is kept because it is somebody's record".to_vec();
    letter.head.clip = ClipId::random();
    letter.head.bytes = letter.bytes.len() as u64;
    letter.head.digest = digest(&letter.bytes);
    letter.head.coding = ClipCoding::Other;
    device.brings(&letter).await;
    assert_eq!(device.is_wanted(&sample).await, 0);
    let said = device.sends_up_to(&sample, 0, sample.head.bytes).await;
    let clip = sample.head.clip;
    assert_eq!(said, ClipToAgent::KeptBeside { clip });
    log_says_missing(&relay, "conflict").await;
    is_served(&relay, &letter).await;
    let kept = rows(&relay, &sample.head.instance).await;
    assert!(kept.len() == 1 && kept[0].1);
    assert!(sample.bytes.ends_with(&stored_data_set(&relay, &kept[0].0)));
}

#[tokio::test]
async fn the_same_data_set_in_another_file_is_the_same_clip() {
    let relay = Relay::start().await;
    let device = Device::connect(&relay).await;
    let sample = Sample::captured(phantom("plax_small.dcm"));
    device.brings(&sample).await;
    let again = sample.with_another_preamble();
    device.brings(&again).await;
    is_not_there(&relay, &again).await;
    is_served(&relay, &sample).await;
    assert_eq!(relay.metric("hibiki_clips_beside_total").await, 0.0);
    assert_eq!(relay.metric("hibiki_clips_total").await, 1.0);
}

#[tokio::test]
async fn a_clip_that_was_only_spoken_of_holds_no_place_and_comes_beside_in_the_end() {
    let relay = Relay::start().await;
    let device = Device::connect(&relay).await;
    let sample = Sample::captured(phantom("plax_small.dcm"));
    let spoken = sample.with_another_pixel();
    device.is_wanted(&spoken).await;
    device.brings(&sample).await;
    is_served(&relay, &sample).await;
    // Its sender comes after all: its place is taken, and it is another object of that UID.
    let said = device.sends_up_to(&spoken, 0, spoken.head.bytes).await;
    let (clip, reason) = (spoken.head.clip, ClipGap::RelayStorage);
    assert_eq!(said, ClipToAgent::Refused { clip, reason });
    assert_eq!(device.is_wanted(&spoken).await, 0);
    let said = device.sends_up_to(&spoken, 0, spoken.head.bytes).await;
    assert_eq!(said, ClipToAgent::KeptBeside { clip });
    is_served(&relay, &sample).await;
    let files = walk(&relay.data.join("clips"));
    assert_eq!(files.len(), 1, "one clip and no other file: {files:?}");
    assert_eq!(rows(&relay, &sample.head.instance).await.len(), 2);
}

async fn is_served(relay: &Relay, sample: &Sample) {
    let who = relay.enter(Role::Cardiologist).await;
    let path = format!("{}/file", sample.path());
    let whole = relay.asks(&who, "GET", &path).send().await.unwrap();
    assert!(digest(&whole.bytes().await.unwrap()) == sample.head.digest);
}

#[tokio::test]
async fn an_object_that_is_not_what_was_said_is_refused() {
    let relay = Relay::start().await;
    let device = Device::connect(&relay).await;
    let sample = Sample::captured(phantom("plax_small.dcm"));
    type Change = fn(&mut Sample);
    let changes: [(&str, Change); 4] = [
        ("frames", |it| {
            it.times.pop();
            it.head.frames -= 1;
            if let Some(span) = &mut it.head.captured {
                span.last = *it.times.last().unwrap();
            }
        }),
        ("size", |it| it.head.width += 1),
        ("instance", |it| it.head.instance = "1.2.3".into()),
        ("times", |it| {
            it.times[1].0 = it.times[1].0.wrapping_add(900)
        }),
    ];
    for (what, change) in changes {
        let mut wrong = sample.clone();
        wrong.head.clip = ClipId::random();
        change(&mut wrong);
        device.is_wanted(&wrong).await;
        let said = device.sends_up_to(&wrong, 0, wrong.head.bytes).await;
        let (clip, reason) = (wrong.head.clip, ClipGap::Refused);
        assert_eq!(said, ClipToAgent::Refused { clip, reason }, "{what}");
        is_not_there(&relay, &wrong).await;
    }
    log_says_missing(&relay, "refused").await;
    device.brings(&sample).await;
}

#[tokio::test]
async fn nonsense_is_counted_and_the_next_clip_is_taken() {
    let relay = Relay::start().await;
    let device = Device::connect(&relay).await;
    let sample = Sample::captured(phantom("plax_small.dcm"));
    for text in ["", "{", "{\"type\":\"offer\"}", &"[".repeat(60_000)] {
        device.says(text);
    }
    device.sends(ClipId::random(), 0, b"of no clip");
    device.sends(sample.head.clip, u64::MAX, b"far beyond");
    let mut empty = sample.clone();
    empty.head.bytes = 0;
    device.offers(&empty);
    assert_eq!(device.is_refused(&empty).await, ClipGap::Refused);
    // More than was offered ends that transfer.
    device.is_wanted(&sample).await;
    let mut long = sample.clone();
    long.bytes.push(0);
    let whole = usize::try_from(sample.head.bytes).unwrap();
    let cut = whole - CLIP_PIECE_BYTES / 2;
    device.sends_up_to(&sample, 0, cut as u64).await;
    device.sends(sample.head.clip, cut as u64, &long.bytes[cut..]);
    assert_eq!(device.is_refused(&sample).await, ClipGap::Altered);
    assert!(relay.metric("hibiki_clip_messages_refused_total").await >= 7.0);
    device.brings(&sample).await;
}

#[tokio::test]
async fn a_consult_that_is_full_says_so_and_goes_on() {
    let relay = Relay::with(&["--clips-mib", "1"]).await;
    let device = Device::connect(&relay).await;
    let large = Sample::captured(phantom("a4c_small_uncompressed.dcm"));
    device.offers(&large);
    assert_eq!(device.is_refused(&large).await, ClipGap::RelayStorage);
    log_says_missing(&relay, "relayStorage").await;
    device
        .brings(&Sample::captured(phantom("plax_small.dcm")))
        .await;
}

#[tokio::test]
async fn a_full_disk_refuses_clips_and_nothing_else() {
    let relay = Relay::with(&["--reserve-mib", "1000000000"]).await;
    let mut page = relay.page(Role::Cardiologist).await;
    let device = Device::connect(&relay).await;
    let sample = Sample::captured(phantom("plax_small.dcm"));
    device.offers(&sample);
    assert_eq!(device.is_refused(&sample).await, ClipGap::RelayStorage);
    is_not_there(&relay, &sample).await;
    page.draws().await;
    let halves = walk(&relay.data.join("clips"));
    assert_eq!(halves, Vec::<std::path::PathBuf>::new(), "nothing is left");
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for found in std::fs::read_dir(folder).into_iter().flatten() {
        let path = found.unwrap().path();
        if path.is_dir() {
            files.extend(walk(&path));
        } else {
            files.push(path);
        }
    }
    files
}
