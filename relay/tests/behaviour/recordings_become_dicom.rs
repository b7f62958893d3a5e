//! The recording of a consult becomes DICOM when it is closed: the very pictures, cut where frames are missing, with the patient of
//! the clips that were saved of them, and with what was drawn on them.

use crate::clip_device::{Device, Sample, phantom};
use crate::support::{Relay, consult, stream, stroke};
use crate::tools_change_the_rows::tool;
use echo_dicom::{Clip, Provenance, TransferSyntax};
use recording::{Bounds, Codec, Disk, Frame, GapNote, Lane, Opening, Record, Why, Writer};
use relay::store::Store;
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;
use wire::mark::{Anchor, Annotation};
use wire::people::Role;
use wire::{CaptureTime, RtpTime};

const BEGIN_US: u64 = 1_795_000_000_000_000;
const STEP_US: u64 = 40_000;
/// Frames of the video, and a key frame each so many.
const FRAMES: usize = 100;
const GROUP: usize = 40;

/// What a live link carries: Constrained Baseline, one slice a frame. Access units in the journal's spelling.
fn coded(folder: &Path) -> (PathBuf, Vec<Vec<u8>>) {
    let file = folder.join("live.h264");
    let parameters = format!(
        "keyint={GROUP}:min-keyint={GROUP}:scenecut=0:bframes=0:aud=0:slices=1:sliced-threads=0:threads=1"
    );
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i"])
        .arg("testsrc=size=320x240:rate=25:duration=4")
        .args(["-pix_fmt", "yuv420p", "-c:v", "libx264", "-profile:v"])
        .args(["baseline", "-preset", "ultrafast", "-x264-params"])
        .args([&parameters, "-f", "h264"])
        .arg(&file)
        .status()
        .unwrap();
    assert!(status.success());
    let bytes = std::fs::read(&file).unwrap();
    let mut units: Vec<Vec<u8>> = vec![Vec::new()];
    for nal in nal_units(&bytes) {
        let unit = units.last_mut().unwrap();
        unit.extend([0, 0, 0, 1]);
        unit.extend_from_slice(nal);
        if matches!(nal[0] & 0x1f, 1 | 5) {
            units.push(Vec::new());
        }
    }
    units.pop();
    assert_eq!(units.len(), FRAMES);
    (file, units)
}

fn nal_units(bytes: &[u8]) -> Vec<&[u8]> {
    let starts: Vec<usize> = (0..bytes.len() - 3)
        .filter(|at| bytes[*at..at + 3] == [0, 0, 1])
        .map(|at| at + 3)
        .collect();
    let ends = starts
        .iter()
        .skip(1)
        .map(|start| start - 3)
        .chain([bytes.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| {
            let nal = &bytes[*start..end];
            let zeros = nal.iter().rev().take_while(|byte| **byte == 0).count();
            &nal[..nal.len() - zeros]
        })
        .collect()
}

fn rtp_time(number: usize) -> RtpTime {
    RtpTime::of(CaptureTime(BEGIN_US + number as u64 * STEP_US))
}

fn record(relay: &Relay, lane: Lane, units: &[Vec<u8>], numbers: impl IntoIterator<Item = usize>) {
    let folder = relay.data.join("recordings").join(consult().to_string());
    let folder = folder.join(stream().to_string());
    std::fs::create_dir_all(&folder).unwrap();
    let now = Instant::now();
    let opening = Opening {
        stream: stream(),
        lane,
        codec: Codec::H264 {
            profile_level: [0x42, 0xc0, 0x0d],
            width: 320,
            height: 240,
        },
        salt: 3,
    };
    let mut writer = Writer::open(&folder, Arc::new(Disk), opening, Bounds::recorder()).unwrap();
    let mut before: Option<usize> = None;
    for number in numbers {
        if let Some(before) = before.filter(|before| before + 1 < number) {
            let note = GapNote {
                before: rtp_time(before),
                after: rtp_time(number),
                why: Why::Link,
            };
            writer.append(&Record::Gap(note), now).unwrap();
        }
        before = Some(number);
        let frame = Frame {
            rtp_time: rtp_time(number),
            captured_at: CaptureTime(BEGIN_US + number as u64 * STEP_US),
            index: None,
            keyframe: number.is_multiple_of(GROUP),
            unit: Cow::Borrowed(&units[number]),
        };
        writer.append(&Record::Frame(frame), now).unwrap();
    }
    writer.close(now);
}

fn closes(relay: &Relay) -> String {
    let consult = consult().to_string();
    tool(
        relay,
        &["consult", "close", "--recording", "--consult", &consult],
    )
}

/// Objects of the consult beside those that were there, by their first frame.
fn made(relay: &Relay, there: &[PathBuf]) -> Vec<PathBuf> {
    let folder = relay.data.join("clips").join(consult().to_string());
    let files = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = files
        .map(|entry| entry.unwrap().path())
        // What is about a clip has two endings.
        .filter(|path| Path::new(path.file_stem().unwrap()).extension().is_none())
        .filter(|path| path.extension().unwrap() == "dcm" && !there.contains(path))
        .collect();
    files.sort_by_key(|path| std::fs::metadata(path).unwrap().modified().unwrap());
    files
}

/// A digest of each picture that FFmpeg decodes from a file.
fn pictures(file: &Path) -> Vec<String> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(file)
        .args(["-fps_mode", "passthrough", "-f", "framemd5", "-"])
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.rsplit(',').next().unwrap().trim().to_owned())
        .collect()
}

/// The MP4 file inside of an object.
fn video_of(object: &Path) -> PathBuf {
    let bytes = std::fs::read(object).unwrap();
    let at = bytes.windows(4).position(|four| four == b"ftyp").unwrap() - 4;
    let file = object.with_extension("mp4");
    std::fs::write(&file, &bytes[at..]).unwrap();
    file
}

fn profile(file: &Path) -> String {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-show_entries", "stream=profile,level"])
        .args(["-of", "csv=p=0"])
        .arg(file)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[tokio::test]
async fn a_closed_consults_recording_is_kept_as_the_very_pictures_and_again_when_it_is_whole() {
    let relay = Relay::start().await;
    let device = Device::connect(&relay).await;
    let who = relay.enter(Role::Cardiologist).await;
    let (mut page, _) = relay.page_of(&who, None).await;
    let folder = tempfile::tempdir().unwrap();
    let (live, units) = coded(folder.path());
    record(&relay, Lane::Live, &units, (0..60).chain(70..FRAMES));
    let said = closes(&relay);
    assert!(
        said.contains("0 frames kept"),
        "nobody said whose it is: {said}"
    );

    let saved = Sample::captured(phantom("plax_small.dcm"));
    device.brings(&saved).await;
    let mark = Annotation {
        anchor: Anchor::Live {
            stream: stream(),
            rtp_time: rtp_time(7),
        },
        ..stroke(3)
    };
    page.marks(&mark).await;
    page.sees(mark.id).await;
    let before = made(&relay, &[]);
    assert_eq!(before.len(), 1);
    let said = closes(&relay);
    assert!(
        said.contains("80 frames kept as DICOM in 2 clips"),
        "{said}"
    );
    assert!(said.contains("marks of 1"), "{said}");

    let objects = made(&relay, &before);
    let shown: Vec<Vec<String>> = objects.iter().map(|it| pictures(&video_of(it))).collect();
    let all = pictures(&live);
    assert_eq!(all.len(), FRAMES);
    assert_eq!(shown, [all[..60].to_vec(), all[80..].to_vec()]);
    let whose = Provenance::read(&before[0]).unwrap();
    for object in &objects {
        assert_eq!(profile(&object.with_extension("mp4")), "High,13");
        let found = Provenance::read(object).unwrap();
        assert_eq!(found.study.uid, whose.study.uid);
        assert!(found.patient.id == whose.patient.id && found.patient.name == whose.patient.name);
        let clip = Clip::open(object).unwrap();
        assert_eq!(clip.header().transfer_syntax, TransferSyntax::H264Level41);
        let judged = Command::new("dciodvfy").arg(object).output().unwrap();
        let judged = String::from_utf8_lossy(&judged.stderr).into_owned();
        assert!(!judged.contains("Error"), "{judged}");
    }

    // What was missing comes, and the group that it belongs to is kept with all of it; what is kept stays as it is.
    let files: Vec<Vec<u8>> = objects
        .iter()
        .map(|it| std::fs::read(it).unwrap())
        .collect();
    assert!(
        closes(&relay).contains("0 frames kept"),
        "nothing is made twice"
    );
    // Neither is it where the rows no longer say which frames are in a clip of that name.
    let changes = async |sql: &'static str| {
        let store = Store::open(&relay.data.join("relay.db")).unwrap();
        let changed = store.write("change rows", move |db| db.execute_batch(sql));
        changed.await.unwrap();
        store.close();
    };
    changes(
        "CREATE TABLE said (clip TEXT, times TEXT); INSERT INTO said SELECT clip, times FROM clips; \
         UPDATE clips SET times = '[]' WHERE times <> '[]'",
    )
    .await;
    assert!(closes(&relay).contains("0 frames kept"));
    for (object, before) in objects.iter().zip(&files) {
        assert!(
            std::fs::read(object).unwrap() == *before,
            "it was written over"
        );
    }
    changes(
        "UPDATE clips SET times = (SELECT times FROM said WHERE said.clip = clips.clip); DROP TABLE said",
    )
    .await;
    record(&relay, Lane::Fill, &units, 60..70);
    assert!(closes(&relay).contains("40 frames kept as DICOM in 1 clips"));
    let there = [before, objects.clone()].concat();
    let again = made(&relay, &there);
    assert_eq!(pictures(&video_of(&again[0])), all[40..80]);
    assert!(files[0] == std::fs::read(&objects[0]).unwrap());
    let drawn_on = objects[0].with_extension("marks.dcm");
    assert!(
        drawn_on.exists(),
        "what was drawn on its frames is beside it"
    );
}

/// With another Study Instance UID (0020,000D) of the same length.
fn of_another_study(mut bytes: Vec<u8>) -> Vec<u8> {
    let tag = [0x20, 0, 0x0d, 0, b'U', b'I'];
    let at = bytes.windows(6).position(|bytes| bytes == tag).unwrap();
    let digit = &mut bytes[at + 10];
    *digit = if *digit == b'7' { b'8' } else { b'7' };
    bytes
}

#[tokio::test]
async fn a_picture_that_two_people_are_in_stays_a_recording() {
    let relay = Relay::start().await;
    let device = Device::connect(&relay).await;
    let folder = tempfile::tempdir().unwrap();
    let (_, units) = coded(folder.path());
    record(&relay, Lane::Live, &units, 0..FRAMES);
    let another = of_another_study(phantom("a4c_small_uncompressed.dcm"));
    for bytes in [phantom("plax_small.dcm"), another] {
        device.brings(&Sample::captured(bytes)).await;
    }
    let said = closes(&relay);
    assert!(said.contains("0 frames kept as DICOM in 0 clips"), "{said}");
}
