//! Segments end where they should, the oldest ones go, and folders may be shared.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use recording::{
    Bounds, Codec, Event, Lane, Opening, Record, Recording, SegmentId, Tick, Voice, VoiceSource,
    Writer,
};
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::{
    Faulty, bounds, durable, frames, opening, record, speaker, stream, voice_writer, voices, writer,
};
use wire::StreamId;

#[test]
fn a_segment_ends_at_the_first_keyframe_after_its_time() {
    let bounds = Bounds {
        segment_span: Duration::from_secs(2),
        ..bounds()
    };
    let folder = tempfile::tempdir().unwrap();
    let frames = frames(400, 1, 20);
    let mut writer = writer(folder.path(), &Faulty::default(), Lane::Live, bounds);
    record(&mut writer, &frames, Instant::now());
    writer.close(Instant::now());
    let recording = Recording::open(folder.path(), stream()).unwrap();
    // A keyframe every 40 frames, 60 frames in two seconds: the second keyframe each time.
    assert_eq!(recording.reports().len(), 5);
    for report in recording.reports() {
        let mut of_it = recording
            .table()
            .frames()
            .filter(|it| it.segment == report.segment);
        assert!(of_it.next().unwrap().keyframe);
        assert_eq!(report.tally.frames, 80);
        assert!(report.tally.ended && report.torn_bytes() == 0 && report.tally.lost == 0);
    }
}

#[test]
fn without_keyframes_a_segment_ends_at_its_length() {
    let bounds = Bounds {
        segment_bytes: 5_000,
        ..bounds()
    };
    let folder = tempfile::tempdir().unwrap();
    let mut frames = frames(200, 1, 300);
    for frame in &mut frames {
        frame.keyframe = false;
    }
    let mut writer = writer(folder.path(), &Faulty::default(), Lane::Live, bounds);
    record(&mut writer, &frames, Instant::now());
    writer.close(Instant::now());
    let mut recording = Recording::open(folder.path(), stream()).unwrap();
    assert!(recording.reports().len() > 10);
    // Its end mark comes on top.
    assert!(recording.reports().iter().all(|it| it.bytes <= 5_000 + 32));
    let found: Vec<_> = recording
        .frames(Tick(0)..=Tick(u64::MAX))
        .map(Result::unwrap)
        .collect();
    assert_eq!(found, frames);
}

#[test]
fn over_the_bound_the_oldest_whole_segments_go_and_the_caller_is_told() {
    let bounds = Bounds {
        total_bytes: 40_000,
        ..bounds()
    };
    let folder = tempfile::tempdir().unwrap();
    let frames = frames(600, 1, 150);
    let mut writer = writer(folder.path(), &Faulty::default(), Lane::Live, bounds);
    let begin = Instant::now();
    let mut follower = Recording::open(folder.path(), stream()).unwrap();
    let mut removed = 0;
    for (n, part) in frames.chunks(30).enumerate() {
        let events = record(&mut writer, part, begin + Duration::from_secs(n as u64));
        for event in &events {
            follower.apply(event);
            removed += u32::from(matches!(event, Event::Removed { .. }));
        }
        assert!(writer.bytes() <= bounds.total_bytes);
    }
    for event in writer.close(begin + Duration::from_secs(60)) {
        follower.apply(&event);
    }
    assert!(removed > 5);
    let recording = Recording::open(folder.path(), stream()).unwrap();
    let on_disk: u64 = recording.reports().iter().map(|it| it.bytes).sum();
    assert!((30_000..=40_000).contains(&on_disk), "{on_disk}");
    assert_eq!(recording.table(), follower.table(), "the events tell all");
    assert_eq!(recording.table().last_tick(), Some(frames[599].tick()));
    // After a restart what is there counts to the bound, and the numbers go on although low ones are free again.
    let mut again = support::writer(folder.path(), &Faulty::default(), Lane::Live, bounds);
    assert_eq!(again.bytes(), on_disk);
    again
        .append(&Record::Frame(frames[0].clone()), begin)
        .unwrap();
    let told = durable(&again.close(begin));
    let last = recording.reports().last().unwrap().segment;
    assert_eq!(told[0].segment.number, last.number + 1);
}

#[test]
fn a_new_run_goes_on_with_the_numbers_and_two_lanes_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let frames = frames(90, 1, 50);
    for (part, lane) in frames.chunks(30).zip([Lane::Live, Lane::Fill, Lane::Live]) {
        let mut writer = writer(folder.path(), &Faulty::default(), lane, bounds());
        record(&mut writer, part, Instant::now());
        writer.close(Instant::now());
    }
    let mut recording = Recording::open(folder.path(), stream()).unwrap();
    let ids: Vec<_> = recording.reports().iter().map(|it| it.segment).collect();
    let id = |lane, number| SegmentId { lane, number };
    assert_eq!(
        ids,
        [id(Lane::Fill, 1), id(Lane::Live, 1), id(Lane::Live, 2)]
    );
    let found: Vec<_> = recording
        .frames(Tick(0)..=Tick(u64::MAX))
        .map(Result::unwrap)
        .collect();
    assert_eq!(found, frames);
}

#[test]
fn two_writers_of_one_lane_never_share_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let files = Faulty::default();
    let frames = frames(2, 1, 50);
    let mut first = writer(folder.path(), &files, Lane::Live, bounds());
    let mut second = writer(folder.path(), &files, Lane::Live, bounds());
    let now = Instant::now();
    first
        .append(&Record::Frame(frames[0].clone()), now)
        .unwrap();
    second
        .append(&Record::Frame(frames[1].clone()), now)
        .unwrap();
    let told: Vec<_> = [first.close(now), second.close(now)]
        .iter()
        .flat_map(|it| durable(it))
        .collect();
    assert_ne!(told[0].segment, told[1].segment);
    assert_eq!(
        Recording::open(folder.path(), stream())
            .unwrap()
            .table()
            .count(),
        2
    );
}

#[test]
fn segments_of_another_stream_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let other = Opening {
        stream: StreamId::random(),
        ..opening(Lane::Live)
    };
    let now = Instant::now();
    for opening in [other, opening(Lane::Live)] {
        let files = Arc::new(Faulty::default());
        let mut writer = Writer::open(folder.path(), files, opening, bounds()).unwrap();
        record(&mut writer, &frames(10, 1, 50), now);
        writer.close(now + Duration::from_secs(1));
    }
    let recording = Recording::open(folder.path(), stream()).unwrap();
    assert_eq!(recording.table().count(), 10);
    assert_eq!(recording.reports().len(), 1);
    assert!(
        recording
            .scan(SegmentId {
                lane: Lane::Live,
                number: 1
            })
            .is_err()
    );
}

#[test]
fn another_size_of_picture_begins_a_segment() {
    let folder = tempfile::tempdir().unwrap();
    let frames = frames(20, 1, 50);
    let now = Instant::now();
    let mut writer = writer(folder.path(), &Faulty::default(), Lane::Live, bounds());
    record(&mut writer, &frames[..10], now);
    let smaller = Codec::H264 {
        profile_level: [0x42, 0xe0, 0x1f],
        width: 400,
        height: 300,
    };
    let events = writer.set_codec(smaller, now);
    assert_eq!(
        durable(&events).len(),
        10 - 6,
        "the first six were due before"
    );
    record(&mut writer, &frames[10..], now);
    writer.close(now);
    let recording = Recording::open(folder.path(), stream()).unwrap();
    let codecs: Vec<_> = recording
        .reports()
        .iter()
        .filter_map(|it| it.codec)
        .collect();
    assert_eq!(codecs, [opening(Lane::Live).codec, smaller]);
    assert_eq!(recording.table().count(), 20);
}

#[test]
fn voices_come_back_as_one_track_for_each_speaker_and_source_in_the_order_they_were_said() {
    let folder = tempfile::tempdir().unwrap();
    let said = voices(400, 3);
    let now = Instant::now();
    let mut writer = voice_writer(folder.path(), Arc::new(Faulty::default()));
    // Two came the wrong way round, one came twice.
    let mut came = said.clone();
    came.swap(10, 12);
    came.insert(51, said[50].clone());
    for packet in &came {
        writer.append(&Record::Voice(packet.clone()), now).unwrap();
    }
    assert!(
        durable(&writer.close(now)).is_empty(),
        "only frames are listed"
    );
    let recording = Recording::open(folder.path(), stream()).unwrap();
    assert!(recording.table().is_empty());
    let tracks = recording.voice_tracks().unwrap();
    for (at, track) in tracks.iter().enumerate() {
        let of_it: Vec<_> = said.iter().skip(at).step_by(2).cloned().collect();
        assert_eq!(track.session, speaker(at as u128));
        assert_eq!(track.source, VoiceSource(7 + at as u32));
        assert_eq!(track.packets, of_it, "byte for byte, over the wrap of time");
    }
    assert_eq!(tracks.len(), 2);
    // Somebody who comes anew has a source of their own, and a track.
    let mut writer = voice_writer(folder.path(), Arc::new(Faulty::default()));
    let anew = Voice {
        source: VoiceSource(99),
        ..said[0].clone()
    };
    writer.append(&Record::Voice(anew), now).unwrap();
    writer.close(now);
    let recording = Recording::open(folder.path(), stream()).unwrap();
    assert_eq!(recording.voice_tracks().unwrap().len(), 3);
}
