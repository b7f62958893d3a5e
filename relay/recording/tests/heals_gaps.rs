//! From a journal and a recording with gaps to a recording that is equal to the journal.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use proptest::prelude::*;
use recording::{
    DigestBuilder, Frame, FrameEntry, FrameHash, FrameTable, Held, Lane, Missing, Record,
    Recording, Run, SegmentId, Tick,
};
use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::{Duration, Instant};
use support::{Faulty, bounds, frames, record, stream, writer};
use wire::RtpTime;

const ALL: RangeInclusive<Tick> = Tick(0)..=Tick(u64::MAX);

fn recorded<'a>(folder: &Path, lane: Lane, frames: impl IntoIterator<Item = &'a Frame<'static>>) {
    let mut writer = writer(folder, &Faulty::default(), lane, bounds());
    let frames: Vec<_> = frames.into_iter().cloned().collect();
    record(&mut writer, &frames, Instant::now());
    writer.close(Instant::now() + Duration::from_secs(60));
}

fn opened(folder: &Path) -> Recording {
    Recording::open(folder, stream()).unwrap()
}

#[test]
fn back_filled_frames_make_the_recording_hash_equal_to_the_journal() {
    let frames = frames(500, 1, 100);
    assert!(
        frames[0].rtp_time.0 > frames[499].rtp_time.0,
        "RTP time comes round in the middle"
    );
    let (device, relay) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    recorded(device.path(), Lane::Live, &frames);
    // A lift, single losses, and the last frames, during which the link went away.
    let arrived = |n: usize| !(100..460).contains(&n) && n % 17 != 3 && n < 490;
    let live = frames.iter().enumerate().filter(|(n, _)| arrived(*n));
    recorded(relay.path(), Lane::Live, live.map(|(_, frame)| frame));

    let (mut journal, recording) = (opened(device.path()), opened(relay.path()));
    let missing = journal.table().missing_from(recording.table());
    assert!(missing.differing.is_empty());
    let expected = (0..500).filter(|n| !arrived(*n)).count();
    assert_eq!(missing.frames(), expected as u64);
    let longest = missing.runs.iter().max_by_key(|run| run.frames).unwrap();
    assert_eq!(
        (longest.first, longest.last, longest.frames),
        (frames[100].tick(), frames[459].tick(), 360)
    );
    let order: Vec<_> = journal.table().to_send(&missing).copied().collect();
    assert!(order.is_sorted_by_key(|entry| entry.at), "oldest first");

    // Fingerprints tell where the two differ, and a list of times there is as good as a table.
    let minute = frames[90].tick()..=frames[120].tick();
    let begin = frames[18].tick()..=frames[19].tick();
    let print = |table: &FrameTable, span: &RangeInclusive<Tick>| table.fingerprint(span.clone());
    assert_eq!(
        print(journal.table(), &begin),
        print(recording.table(), &begin)
    );
    assert_ne!(
        print(journal.table(), &minute),
        print(recording.table(), &minute)
    );
    let times: Vec<RtpTime> = recording
        .table()
        .range(minute.clone())
        .map(|it| it.at.rtp_time())
        .collect();
    let told = journal
        .table()
        .missing_in(minute, |it| match times.contains(&it.at.rtp_time()) {
            true => Held::Some,
            false => Held::No,
        });
    assert_eq!(
        told.frames(),
        (90..=120).filter(|n| !arrived(*n)).count() as u64
    );

    // They go in three turns, with a restart of the relay in between, and some twice.
    for turn in [&order[..150], &order[120..300], &order[300..]] {
        let sent: Vec<_> = turn.iter().map(|it| journal.read(it).unwrap()).collect();
        recorded(relay.path(), Lane::Fill, &sent);
    }
    let mut recording = opened(relay.path());
    assert!(journal.table().missing_from(recording.table()).is_empty());
    assert!(recording.table().conflicts().is_empty());
    assert_eq!(print(journal.table(), &ALL), print(recording.table(), &ALL));
    let theirs = recording.digest(ALL).unwrap();
    assert_eq!(theirs, journal.digest(ALL).unwrap());
    assert_eq!(theirs.frames, 500);
    let mut plain = DigestBuilder::default();
    for frame in &frames {
        plain.add(frame.tick(), &frame.unit);
    }
    assert_eq!(theirs, plain.finish(), "whatever the segments are");
}

#[test]
fn the_journals_frame_takes_the_place_of_what_a_weak_link_left_of_it() {
    let frames = frames(30, 1, 100);
    let (device, relay) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    recorded(device.path(), Lane::Live, &frames);
    let mut arrived = frames.clone();
    arrived[7].unit = Cow::Owned(frames[8].unit.to_vec());
    recorded(relay.path(), Lane::Live, &arrived);
    let mut journal = opened(device.path());
    let missing = journal.table().missing_from(opened(relay.path()).table());
    assert_eq!(
        (missing.frames(), &missing.differing[..]),
        (0, &[frames[7].tick()][..])
    );
    let mut recording = opened(relay.path());
    let stands: Vec<_> = recording.frames(ALL).map(Result::unwrap).collect();
    assert_eq!(stands, arrived, "until the better one is durable");

    recorded(relay.path(), Lane::Fill, &frames[7..8]);
    let mut recording = opened(relay.path());
    let stands: Vec<_> = recording.frames(ALL).map(Result::unwrap).collect();
    assert_eq!(stands, frames);
    assert_eq!(recording.digest(ALL).unwrap(), journal.digest(ALL).unwrap());
    assert!(journal.table().missing_from(recording.table()).is_empty());
    // What arrived is still there: nothing that was recorded is ever taken back.
    let conflicts = recording.table().conflicts();
    assert_eq!(conflicts.len(), 1);
    let read = |entry: &FrameEntry, from: &mut Recording| from.read(entry).unwrap();
    assert_eq!(read(&conflicts[0].versions[0], &mut recording), frames[7]);
    assert_eq!(read(&conflicts[0].versions[1], &mut recording), arrived[7]);
}

#[test]
fn a_copy_with_the_same_bytes_stands_in_for_one_that_the_disk_spoilt() {
    let frames = frames(10, 1, 100);
    let folder = tempfile::tempdir().unwrap();
    recorded(folder.path(), Lane::Live, &frames);
    recorded(folder.path(), Lane::Fill, &frames[4..6]);
    let mut recording = opened(folder.path());
    let entry = *recording.table().at(frames[4].tick()).unwrap();
    assert_eq!(entry.segment.lane, Lane::Fill);
    let path = entry.segment.path(folder.path());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[entry.offset as usize + 70] ^= 4;
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(recording.read(&entry).unwrap(), frames[4]);
    assert_eq!(recording.digest(ALL).unwrap().frames, 10);
    recording.apply(&recording::Event::Removed {
        segment: entry.segment,
        bytes: 0,
    });
    assert_eq!(recording.table().count(), 10, "copies elsewhere stay");
}

#[test]
fn a_frame_is_found_by_its_rtp_time_before_and_after_the_round() {
    let frames = frames(500, 1, 20);
    let folder = tempfile::tempdir().unwrap();
    recorded(folder.path(), Lane::Live, &frames);
    let recording = opened(folder.path());
    let table = recording.table();
    for frame in &frames {
        assert_eq!(table.find(frame.rtp_time).unwrap().index, frame.index);
        assert!(
            table
                .find(RtpTime(frame.rtp_time.0.wrapping_add(1)))
                .is_none()
        );
    }
    let indices = |first: usize, last: usize| {
        let span = table.between(frames[first].rtp_time, frames[last].rtp_time);
        span.map(|it| it.index.unwrap().0 as usize)
            .collect::<Vec<_>>()
    };
    assert_eq!(indices(0, 499), (0..500).collect::<Vec<_>>());
    assert_eq!(indices(120, 320), (120..=320).collect::<Vec<_>>());
    assert!(indices(320, 120).is_empty());
    assert!(FrameTable::default().find(RtpTime(0)).is_none());
}

#[test]
fn days_of_one_stream_sort_although_rtp_time_came_round_many_times() {
    let day: Vec<_> = (0..72u64)
        .map(|hour| entry(1_795_000_000 * 90_000 + hour * 3_600 * 90_000, 1, 1))
        .collect();
    let table: FrameTable = day.iter().rev().copied().collect();
    assert!(table.frames().copied().eq(day.iter().copied()));
    let last = day[71].at;
    assert_eq!(table.find(last.rtp_time()).unwrap().at, last);
    assert_eq!(table.find(day[2].at.rtp_time()).unwrap().at, day[2].at);
}

/// An entry at a tick, with a hash and in a segment.
fn entry(at: u64, hash: u8, segment: u8) -> FrameEntry {
    let lane = if segment.is_multiple_of(2) {
        Lane::Fill
    } else {
        Lane::Live
    };
    FrameEntry {
        at: Tick(at),
        segment: SegmentId {
            lane,
            number: u32::from(segment),
        },
        offset: u32::from(segment) * 100,
        length: 10,
        hash: FrameHash([hash; 16]),
        keyframe: false,
        index: None,
    }
}

fn entries() -> impl Strategy<Value = Vec<FrameEntry>> {
    let one = (0u64..60, 0u8..3, 0u8..4);
    prop::collection::vec(
        one.prop_map(|(at, hash, segment)| entry(at, hash, segment)),
        0..80,
    )
}

fn table(entries: &[FrameEntry]) -> FrameTable {
    entries.iter().copied().collect()
}

fn merged(tables: &[&[FrameEntry]]) -> FrameTable {
    let mut all = FrameTable::default();
    for one in tables {
        all.merge(&table(one));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: proptest::test_runner::RngSeed::Fixed(0x0006_a95e),
        ..ProptestConfig::default()
    })]

    /// Order, grouping and repetition of merging change nothing; each moment has one frame, and no version gets lost.
    #[test]
    fn merging_is_idempotent_and_knows_no_order(a in entries(), b in entries(), c in entries()) {
        let all = merged(&[&a, &b, &c]);
        prop_assert_eq!(&all, &merged(&[&c, &a, &b, &a, &c]));
        prop_assert_eq!(&all, &merged(&[&merged(&[&b, &c]).frames().copied().collect::<Vec<_>>(), &a, &b, &c]));
        let moments: std::collections::BTreeSet<_> = [&a, &b, &c].into_iter().flatten().map(|it| it.at).collect();
        prop_assert!(all.frames().map(|it| it.at).eq(moments.iter().copied()));
        prop_assert_eq!(all.count(), moments.len());
        let versions = |at: Tick| {
            let of_it = [&a, &b, &c].into_iter().flatten().filter(|it| it.at == at);
            of_it.map(|it| it.hash).collect::<std::collections::BTreeSet<_>>()
        };
        let conflicts = all.conflicts();
        prop_assert_eq!(conflicts.len(), moments.iter().filter(|at| versions(**at).len() > 1).count());
        for conflict in conflicts {
            let told: std::collections::BTreeSet<_> = conflict.versions.iter().map(|it| it.hash).collect();
            prop_assert_eq!(told, versions(conflict.at));
            prop_assert_eq!(Some(&conflict.versions[0]), all.at(conflict.at));
        }
    }

    /// Sending what is missing leaves nothing missing; the runs hold exactly the missing frames.
    #[test]
    fn what_is_missing_is_exactly_what_is_not_there(journal in entries(), recording in entries()) {
        let (journal, mut recording) = (table(&journal), table(&recording));
        let missing = journal.missing_from(&recording);
        let sent: Vec<_> = journal.to_send(&missing).copied().collect();
        let expected: Vec<_> = journal.frames().filter(|it| recording.at(it.at).is_none()).copied().collect();
        prop_assert_eq!(&sent, &expected);
        prop_assert_eq!(missing.frames(), sent.len() as u64);
        prop_assert_eq!(missing.runs.iter().map(|it| it.bytes).sum::<u64>(), sent.len() as u64 * 10);
        recording.extend(sent);
        let left = journal.missing_from(&recording);
        prop_assert_eq!(left, Missing { runs: Vec::<Run>::new(), differing: missing.differing });
        prop_assert!(journal.missing_where(|_| Held::Some).is_empty());
    }
}

#[test]
fn a_journal_is_read_while_it_is_written() {
    let frames = frames(90, 1, 100);
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(folder.path(), &Faulty::default(), Lane::Live, bounds());
    let mut journal = opened(folder.path());
    let begin = Instant::now();
    for (n, frame) in frames.iter().enumerate() {
        let now = begin + Duration::from_millis(33 * n as u64);
        for event in writer.tick(now) {
            journal.apply(&event);
        }
        writer.append(&Record::Frame(frame.clone()), now).unwrap();
        let found: Vec<_> = journal.frames(ALL).map(Result::unwrap).collect();
        assert_eq!(found, frames[..found.len()]);
        assert!(found.len() + 8 > n, "at most a quarter of a second behind");
    }
}
