//! What a page reads of a clip: its table, its frames in their right colours, its file; also while it arrives.

use crate::clip_device::{Device, Sample, phantom, stored_frame, video};
use crate::support::{Entered, Relay, consult, other_consult};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use echo_dicom::{Picture, PixelForm};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use wire::clip::{ClipGap, ClipStage, ClipToAgent};
use wire::people::Role;
use wire::{ClipId, FrameIndex, RtpTime};

async fn get(relay: &Relay, who: &Entered, path: &str) -> reqwest::Response {
    relay.asks(who, "GET", path).send().await.unwrap()
}

async fn get_owned(relay: &Relay, who: &Entered, path: String) -> reqwest::Response {
    get(relay, who, &path).await
}

fn kind(answer: &reqwest::Response) -> String {
    answer.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned()
}

/// The frame is what `echo-dicom` decodes: bit for bit as PNG, or the stored bytes as they are.
async fn is_the_frame(relay: &Relay, who: &Entered, sample: &Sample, index: u32) -> String {
    let answer = get(relay, who, &format!("{}/frames/{index}", sample.path())).await;
    assert_eq!(answer.status(), 200);
    let kind = kind(&answer);
    let bytes = answer.bytes().await.unwrap();
    let clip = sample.opened();
    if kind == "image/jpeg" {
        assert!(clip.jpeg_frame(FrameIndex(index)).unwrap() == bytes);
    } else {
        let shown = image::load_from_memory(&bytes).unwrap();
        let held: Picture = clip.frame(FrameIndex(index)).unwrap();
        assert_eq!((shown.width(), shown.height()), (held.width, held.height));
        let rows = match held.form {
            PixelForm::Gray8 => shown.into_luma8().into_raw(),
            PixelForm::Rgb8 => shown.into_rgb8().into_raw(),
        };
        assert!(rows == held.rows, "frame {index}");
    }
    kind
}

#[tokio::test]
async fn a_kept_clip_is_read_frame_by_frame_and_as_a_file() {
    let relay = Relay::start().await;
    let device = Device::connect(&relay).await;
    let who = relay.enter(Role::Observer).await;
    let sample = Sample::captured(phantom("plax_small.dcm"));
    device.brings(&sample).await;
    let table = sample.table(&relay, &who).await;
    assert_eq!(
        (table.head, table.stage),
        (sample.head.clone(), ClipStage::Kept)
    );
    assert_eq!(table.regions.len(), sample.opened().header().regions.len());
    for ((index, frame), time) in (0..).zip(&table.frames).zip(&sample.times) {
        let at = sample.opened().header().frame_times.at(FrameIndex(index));
        assert_eq!(
            (u128::from(frame.at_us), frame.rtp_time),
            (at.as_micros(), Some(*time))
        );
        assert!(frame.here);
        is_the_frame(&relay, &who, &sample, index).await;
    }
    let beyond = get(
        &relay,
        &who,
        &format!("{}/frames/{}", sample.path(), table.frames.len()),
    )
    .await;
    assert_eq!(beyond.status(), 404);
    the_file_is_right(&relay, &who, &sample).await;
    // Nobody of another consult, under its own name or under theirs.
    let stranger = relay.enter_at(Role::Cardiologist, other_consult()).await;
    for consult in [consult(), other_consult()] {
        for rest in ["", "/frames/0", "/file", "/marks", "/measurements"] {
            let path = format!("consults/{consult}/clips/{}{rest}", sample.head.clip);
            assert_eq!(get(&relay, &stranger, &path).await.status(), 404, "{path}");
        }
    }
}

async fn the_file_is_right(relay: &Relay, who: &Entered, sample: &Sample) {
    let path = format!("{}/file", sample.path());
    let answer = get(relay, who, &path).await;
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/dicom");
    assert_eq!(header("content-length"), sample.head.bytes.to_string());
    assert!(header("cache-control").starts_with("private"));
    let name = format!("attachment; filename=\"clip-{}.dcm\"", sample.head.clip);
    assert_eq!(header("content-disposition"), name);
    let tag = header("etag");
    assert!(answer.bytes().await.unwrap() == sample.bytes);
    let asks = |name: &'static str, value: String| {
        relay.asks(who, "GET", &path).header(name, value).send()
    };
    assert_eq!(asks("if-none-match", tag).await.unwrap().status(), 304);
    let part = asks("range", "bytes=100-199".into()).await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(
        part.headers()["content-range"].to_str().unwrap(),
        format!("bytes 100-199/{}", sample.head.bytes)
    );
    assert!(part.bytes().await.unwrap() == sample.bytes[100..200]);
    let beyond = asks("range", format!("bytes={}-", sample.head.bytes))
        .await
        .unwrap();
    assert_eq!(beyond.status(), 416);
    let frame = get(relay, who, &format!("{}/frames/0", sample.path())).await;
    let tag = frame.headers()["etag"].to_str().unwrap().to_owned();
    let again = relay.asks(who, "GET", &format!("{}/frames/0", sample.path()));
    assert_eq!(
        again
            .header("if-none-match", tag)
            .send()
            .await
            .unwrap()
            .status(),
        304
    );
}

/// Read only: a page has no request that changes what is stored, whoever sends it, and a player asks for nothing else than these.
#[tokio::test]
async fn no_page_can_change_a_stored_clip() {
    let relay = Relay::start().await;
    let device = Device::connect(&relay).await;
    let sample = Sample::captured(phantom("plax_small.dcm"));
    device.brings(&sample).await;
    for role in [Role::VisitingPhysician, Role::Cardiologist, Role::Trainer] {
        let who = relay.enter(role).await;
        let before = sample.table(&relay, &who).await;
        for rest in ["", "/frames/0", "/file", "/marks", "/measurements"] {
            let path = format!("{}{rest}", sample.path());
            for method in ["POST", "PUT", "PATCH", "DELETE"] {
                let asked = relay.asks(&who, method, &path).body("other bytes");
                let status = asked.send().await.unwrap().status();
                assert_eq!(status, 405, "{method} {path} by a {role:?}");
            }
        }
        let file = get_owned(&relay, &who, format!("{}/file", sample.path())).await;
        assert!(file.bytes().await.unwrap() == sample.bytes);
        assert_eq!(sample.table(&relay, &who).await, before);
    }
}

#[tokio::test]
async fn a_clip_is_played_while_it_still_arrives() {
    let relay = Relay::start().await;
    let device = Device::connect(&relay).await;
    let who = relay.enter(Role::Cardiologist).await;
    for name in ["plax_small.dcm", "a4c_small_uncompressed.dcm"] {
        let sample = Sample::captured(phantom(name));
        device.is_wanted(&sample).await;
        let middle = sample.head.bytes / 2;
        device.sends_up_to(&sample, 0, middle).await;
        let table = sample.table(&relay, &who).await;
        assert_eq!(table.stage, ClipStage::Arriving);
        let here = table.frames.iter().take_while(|frame| frame.here).count();
        assert!(
            here > 0 && here < table.frames.len(),
            "{here} frames of {name}"
        );
        assert!(table.frames[here..].iter().all(|frame| !frame.here));
        let last = u32::try_from(here).unwrap() - 1;
        for index in [0, last] {
            is_the_frame(&relay, &who, &sample, index).await;
        }
        let next = get(
            &relay,
            &who,
            &format!("{}/frames/{}", sample.path(), last + 1),
        )
        .await;
        assert_eq!(next.status(), 404);
        let file = get(&relay, &who, &format!("{}/file", sample.path())).await;
        assert_eq!(file.status(), 404, "what is not kept is no file yet");
        let said = device.sends_up_to(&sample, middle, sample.head.bytes).await;
        assert_eq!(
            said,
            ClipToAgent::Kept {
                clip: sample.head.clip
            }
        );
        assert!(
            sample
                .table(&relay, &who)
                .await
                .frames
                .iter()
                .all(|frame| frame.here)
        );
        is_the_frame(&relay, &who, &sample, table.head.frames - 1).await;
    }
}

/// The frames of a video leave as they are stored, also while it arrives, and the table says how to decode them.
#[tokio::test]
async fn a_video_is_served_frame_by_frame_for_a_decoder_elsewhere() {
    let relay = Relay::start().await;
    let device = Device::connect(&relay).await;
    let who = relay.enter(Role::Cardiologist).await;
    let sample = Sample::captured(video(50));
    device.is_wanted(&sample).await;
    let middle = sample.head.bytes / 2;
    device.sends_up_to(&sample, 0, middle).await;
    let table = sample.table(&relay, &who).await;
    let said = table.video.as_ref().unwrap();
    assert_eq!(said.codec, "avc1.640029");
    assert_eq!(said.keys, (0..50).step_by(4).collect::<Vec<u32>>());
    let held = sample.opened();
    assert_eq!(
        STANDARD.decode(&said.description).unwrap(),
        held.video().unwrap().description()
    );
    let here = table.frames.iter().take_while(|frame| frame.here).count() as u32;
    assert!(here > 10 && here < 40, "{here} frames");
    let frame = |index: u32| get_owned(&relay, &who, format!("{}/frames/{index}", sample.path()));
    assert_eq!(frame(here).await.status(), 404);
    is_stored(frame(here - 1).await, here - 1).await;
    device.sends_up_to(&sample, middle, sample.head.bytes).await;
    for index in 0..50 {
        let answer = frame(index).await;
        assert!(answer.headers().contains_key("etag"));
        is_stored(answer, index).await;
    }
    assert_eq!(frame(50).await.status(), 404);
    // What needs only the header goes on working: no marks, so nothing to tell.
    for rest in ["marks", "measurements"] {
        let answer = get_owned(&relay, &who, format!("{}/{rest}", sample.path())).await;
        assert_eq!(answer.status(), 404, "{rest}");
    }
}

async fn is_stored(answer: reqwest::Response, index: u32) {
    assert_eq!(answer.status(), 200);
    assert_eq!(kind(&answer), "video/h264");
    assert!(
        answer.bytes().await.unwrap() == stored_frame(index),
        "frame {index}"
    );
}

/// A video that does not say what its offer said is refused as any other clip.
#[tokio::test]
async fn a_video_with_other_frames_or_times_than_were_offered_is_refused() {
    let relay = Relay::start().await;
    let device = Device::connect(&relay).await;
    let whole = Sample::captured(video(20));
    let mut times = whole.clone();
    times.times[7] = RtpTime(times.times[7].0.wrapping_add(900));
    let mut size = whole.clone();
    size.head.width = 32;
    for mut sample in [times, size] {
        sample.head.clip = ClipId::random();
        let from = device.is_wanted(&sample).await;
        let last = device.sends_up_to(&sample, from, sample.head.bytes).await;
        assert!(
            matches!(
                last,
                ClipToAgent::Refused {
                    reason: ClipGap::Refused,
                    ..
                }
            ),
            "{last:?}"
        );
    }
    device.brings(&whole).await;
}

/// Real clips lie outside the repository; without them this test says so and proves nothing.
pub fn real_clips() -> Vec<PathBuf> {
    let root = std::env::var_os("HIBIKI_TEST_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/test-data"),
        PathBuf::from,
    );
    let Ok(found) = std::fs::read_dir(root.join("dicom")) else {
        assert!(
            std::env::var_os("HIBIKI_REQUIRE_TEST_DATA").is_none_or(|value| value != "1"),
            "no real clips at {}",
            root.display()
        );
        // Past the harness, which hides the output of passing tests.
        let mut past_the_harness = std::io::stderr();
        writeln!(
            past_the_harness,
            "SKIPPED: no real clips at {}; set HIBIKI_TEST_DATA",
            root.display()
        )
        .unwrap();
        return Vec::new();
    };
    let mut clips: Vec<PathBuf> = found.map(|entry| entry.unwrap().path()).collect();
    clips.retain(|path| path.extension().is_some_and(|end| end == "dcm"));
    clips.sort();
    clips
}

#[tokio::test]
async fn clips_of_real_devices_are_shown_in_their_true_colours() {
    let mut kinds = Vec::new();
    for path in real_clips() {
        // Some of them were stripped of their identity so well that they share one UID, which one relay refuses.
        let relay = Relay::start().await;
        let device = Device::connect(&relay).await;
        let who = relay.enter(Role::Cardiologist).await;
        let sample = Sample::imported(std::fs::read(&path).unwrap());
        device.brings(&sample).await;
        let table = sample.table(&relay, &who).await;
        assert_eq!(table.frames.len() as u32, sample.head.frames);
        for index in [0, sample.head.frames / 2, sample.head.frames - 1] {
            kinds.push(is_the_frame(&relay, &who, &sample, index).await);
        }
    }
    if !kinds.is_empty() {
        assert!(
            kinds.iter().any(|kind| kind == "image/jpeg")
                && kinds.iter().any(|kind| kind == "image/png")
        );
    }
}
