//! The writer under faults: a crash or a power cut at any step, a disk that fails, a disk that is full.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use recording::{
    Bounds, Event, FrameTable, Lane, Record, Recording, Refused, SYNC_AFTER, SYNC_WITHIN, Tick,
    Why, WriteFault,
};
use std::path::Path;
use std::time::{Duration, Instant};
use support::{Chance, FRAME_US, Faulty, bounds, durable, frames, record, stream, writer};

/// Segments so small that a few seconds have several.
const SMALL: Bounds = Bounds {
    total_bytes: u64::MAX,
    spare_room_bytes: 0,
    segment_bytes: 9_000,
    segment_span: Duration::from_secs(2),
};

fn opened(folder: &Path) -> Recording {
    Recording::open(folder, stream()).unwrap()
}

/// Whatever is found has the bytes that were written.
fn assert_true(recording: &mut Recording, written: &[recording::Frame<'_>]) {
    assert!(recording.table().conflicts().is_empty());
    for frame in recording.frames(Tick(0)..=Tick(u64::MAX)) {
        let frame = frame.unwrap();
        let index = frame.index.unwrap().0 as usize;
        assert_eq!(frame, written[index]);
    }
}

#[test]
fn a_crash_at_any_step_keeps_every_frame_that_was_said_to_be_durable() {
    let frames = frames(150, 1, 150);
    let mut chance = Chance(0x9e0);
    for power in [false, true] {
        for operations in 1.. {
            let folder = tempfile::tempdir().unwrap();
            let files = Faulty::default();
            files.set(|fate| fate.left = Some(operations));
            let begin = Instant::now();
            let mut writer = writer(folder.path(), &files, Lane::Live, SMALL);
            let events = record(&mut writer, &frames, begin);
            // The program is gone, with what it had in memory.
            drop(writer);
            if power {
                files.cut_power(&mut chance);
            }
            let mut recording = opened(folder.path());
            for entry in durable(&events) {
                let found = recording.read(&entry).unwrap();
                assert_eq!(found, frames[entry.index.unwrap().0 as usize]);
                assert!(recording.table().copies(entry.at).any(|it| *it == entry));
            }
            assert_true(&mut recording, &frames);
            if !files.is_dead() {
                assert!(operations > 40, "the steps were counted");
                break;
            }
        }
    }
}

#[test]
fn at_every_moment_only_the_last_quarter_of_a_second_is_at_risk() {
    let frames = frames(200, 2, 300);
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(folder.path(), &Faulty::default(), Lane::Live, SMALL);
    let begin = Instant::now();
    let mut safe = 0;
    let mut longest = Duration::ZERO;
    for (n, frame) in frames.iter().enumerate() {
        let now = begin + Duration::from_micros(n as u64 * FRAME_US);
        // A caller whose timer is late by up to 30 ms, on a disk that takes 40 ms.
        let late = Duration::from_millis(30);
        if let Some(due) = writer.due().filter(|due| *due + late <= now) {
            let at_risk = u32::try_from(n - safe).unwrap() * Duration::from_micros(FRAME_US);
            longest = longest.max(at_risk);
            safe += durable(&writer.tick(due + late)).len();
        }
        writer.append(&Record::Frame(frame.clone()), now).unwrap();
        let oldest = begin + Duration::from_micros(safe as u64 * FRAME_US);
        assert!(now.saturating_duration_since(oldest) <= SYNC_WITHIN);
    }
    assert!(
        longest >= SYNC_AFTER,
        "groups, not single frames: {longest:?}"
    );
    assert!(SYNC_AFTER + late_and_slow() <= SYNC_WITHIN);
}

/// A late timer and a slow disk.
const fn late_and_slow() -> Duration {
    Duration::from_millis(30 + 40)
}

#[test]
fn a_failed_sync_gives_the_segment_up_and_loses_nothing() {
    for bad_syncs in [1, 2, 5] {
        let frames = frames(300, 3, 100);
        let folder = tempfile::tempdir().unwrap();
        let files = Faulty::default();
        let mut writer = writer(folder.path(), &files, Lane::Live, bounds());
        let begin = Instant::now();
        let mut events = record(&mut writer, &frames[..60], begin);
        files.set(|fate| fate.bad_syncs = bad_syncs);
        let later = begin + Duration::from_micros(60 * FRAME_US);
        events.extend(record(&mut writer, &frames[60..], later));
        events.extend(writer.close(later + Duration::from_secs(60)));
        let given_up = |event: &&Event| matches!(event, Event::GivenUp { .. });
        let stopped = |event: &&Event| matches!(event, Event::Stopped { .. });
        let count = events.iter().filter(given_up).count();
        assert_eq!(count, bad_syncs as usize, "each failed file is left");
        assert_eq!(
            events.iter().filter(stopped).count(),
            usize::from(bad_syncs > 1)
        );
        // Nothing was said to be durable by a file whose sync had failed.
        for event in &events {
            if let Event::GivenUp { segment, fault } = event {
                assert!(matches!(
                    fault,
                    WriteFault::Step {
                        step: "made durable",
                        ..
                    }
                ));
                let of_it = durable(&events)
                    .iter()
                    .filter(|it| it.segment == *segment)
                    .count();
                assert!(
                    of_it == 0 || segment.number == 1,
                    "{segment} was used again"
                );
            }
        }
        assert_eq!(durable(&events).len(), frames.len());
        files.cut_power(&mut Chance(8));
        let mut recording = opened(folder.path());
        assert_eq!(recording.table().count(), frames.len());
        assert_true(&mut recording, &frames);
    }
}

#[test]
fn a_full_disk_stops_the_writer_and_room_lets_it_go_on_without_a_hole() {
    for tells_room in [false, true] {
        let frames = frames(400, 5, 100);
        let folder = tempfile::tempdir().unwrap();
        let files = Faulty::default();
        files.set(|fate| (fate.room, fate.tells_room) = (Some(12_345), tells_room));
        let mut writer = writer(folder.path(), &files, Lane::Live, SMALL);
        let begin = Instant::now();
        let mut events = record(&mut writer, &frames[..250], begin);
        assert!(writer.is_stopped());
        let full = |event: &&Event| {
            let Event::Stopped { fault } = event else {
                return false;
            };
            matches!(fault, WriteFault::NoRoom)
        };
        assert_eq!(events.iter().filter(full).count(), 1, "said once");
        files.set(|fate| fate.room = None);
        let later = begin + Duration::from_micros(250 * FRAME_US);
        events.extend(record(&mut writer, &frames[250..], later));
        assert!(!writer.is_stopped());
        events.extend(writer.close(later + Duration::from_secs(60)));
        let resumed = |event: &&Event| matches!(event, Event::Resumed { refused: 0 });
        assert_eq!(events.iter().filter(resumed).count(), 1);
        let mut recording = opened(folder.path());
        assert_eq!(recording.table().count(), frames.len());
        assert_true(&mut recording, &frames);
        let told: FrameTable = durable(&events).into_iter().collect();
        assert_eq!(told.count(), frames.len());
    }
}

#[test]
fn beyond_memory_frames_are_refused_and_a_note_stands_in_their_place() {
    let frames = frames(40, 6, 1_000_000);
    let folder = tempfile::tempdir().unwrap();
    let files = Faulty::default();
    files.set(|fate| (fate.room, fate.tells_room) = (Some(0), true));
    let mut writer = writer(folder.path(), &files, Lane::Live, bounds());
    let begin = Instant::now();
    let mut refused = Vec::new();
    for (n, frame) in frames[..39].iter().enumerate() {
        let now = begin + Duration::from_micros(n as u64 * FRAME_US);
        writer.tick(now);
        match writer.append(&Record::Frame(frame.clone()), now) {
            Ok(()) => {}
            Err(Refused::NoRoom) => refused.push(n),
            Err(other) => panic!("{other}"),
        }
    }
    assert!(!refused.is_empty());
    files.set(|fate| fate.room = None);
    let later = begin + Duration::from_secs(30);
    let mut events = writer.tick(later);
    writer
        .append(&Record::Frame(frames[39].clone()), later)
        .unwrap();
    events.extend(writer.close(later));
    let told = events.iter().find_map(|event| match event {
        Event::Resumed { refused } => Some(*refused),
        _ => None,
    });
    assert_eq!(told, Some(refused.len() as u64));
    let mut recording = opened(folder.path());
    assert_eq!(recording.table().count(), 40 - refused.len());
    assert_true(&mut recording, &frames);
    let last_note = recording.notes().last().unwrap();
    assert_eq!(
        (last_note.after, last_note.why),
        (frames[39].rtp_time, Why::Disk)
    );
}

#[test]
fn a_writer_that_is_closed_on_a_full_disk_says_what_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let files = Faulty::default();
    files.set(|fate| fate.room = Some(0));
    let mut writer = writer(folder.path(), &files, Lane::Live, bounds());
    let begin = Instant::now();
    for frame in frames(7, 1, 10) {
        writer.append(&Record::Frame(frame), begin).unwrap();
    }
    let events = writer.close(begin);
    assert!(matches!(events.last(), Some(Event::Lost { records: 7 })));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
