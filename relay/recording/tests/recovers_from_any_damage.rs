//! A journal that was cut or spoilt anywhere: what is whole comes back exactly, and nothing else does.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use recording::{Frame, Lane, Record, Recording, Scanner, SegmentFault, SegmentId, Tally, Tick};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;
use support::{
    Chance, Faulty, bounds, frames, record, stream, voice_writer, voices, voices_in, writer,
};
use tempfile::TempDir;

const FRAMES: usize = 300;
const CUTS: usize = 10_000;
const FLIPS: usize = 2_000;
const BLOCKS: usize = 2_000;
/// Enough for a look through the whole folder, which is slower.
const CUTS_ON_DISK: usize = 300;
const FIRST: SegmentId = SegmentId {
    lane: Lane::Live,
    number: 1,
};

struct Journal {
    folder: TempDir,
    frames: Vec<Frame<'static>>,
    bytes: Vec<u8>,
    /// Where each frame's record ends.
    ends: Vec<usize>,
}

impl Journal {
    /// One segment with `frames`, ended properly.
    fn of(frames: Vec<Frame<'static>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = writer(folder.path(), &Faulty::default(), Lane::Live, bounds());
        let begin = Instant::now();
        record(&mut writer, &frames, begin);
        writer.close(begin);
        let bytes = std::fs::read(FIRST.path(folder.path())).unwrap();
        let mut recording = Recording::open(folder.path(), stream()).unwrap();
        assert!(recording.reports()[0].tally.ended);
        let ends = recording
            .table()
            .frames()
            .map(|entry| entry.offset as usize + 28 + 32 + entry.length as usize)
            .collect();
        let back: Vec<_> = recording
            .frames(Tick(0)..=Tick(u64::MAX))
            .map(Result::unwrap)
            .collect();
        assert_eq!(back, frames);
        Self {
            folder,
            frames,
            bytes,
            ends,
        }
    }

    fn usual() -> Self {
        Self::of(frames(FRAMES, 4, 250))
    }

    /// How many frames end at or before this byte.
    fn whole_at(&self, cut: usize) -> usize {
        self.ends.iter().filter(|end| **end <= cut).count()
    }
}

fn scanned(bytes: &[u8]) -> Result<(Vec<Frame<'static>>, Tally), SegmentFault> {
    let (_, mut scanner) = Scanner::begin(bytes)?;
    let mut found = Vec::new();
    while let Some(scanned) = scanner.next_record()? {
        if let Record::Frame(frame) = scanned.record {
            found.push(frame.into_owned());
        }
    }
    Ok((found, scanner.tally()))
}

#[test]
fn ten_thousand_cuts_each_leave_all_frames_up_to_the_last_whole_one() {
    let journal = Journal::usual();
    let mut chance = Chance(0xc07);
    for _ in 0..CUTS {
        let cut = chance.below(journal.bytes.len() + 1);
        let whole = journal.whole_at(cut);
        match scanned(&journal.bytes[..cut]) {
            Ok((found, tally)) => {
                assert_eq!(found, journal.frames[..whole], "cut at {cut}");
                assert_eq!(tally.lost, 0, "a torn tail is no loss in the middle");
            }
            Err(_) => assert!(cut < 64, "only a cut header has no frames: {cut}"),
        }
    }
}

#[test]
fn ten_thousand_cuts_of_recorded_voices_leave_all_packets_up_to_the_last_whole_one() {
    let folder = tempfile::tempdir().unwrap();
    let said = voices(FRAMES, 5);
    let mut writer = voice_writer(folder.path(), Arc::new(Faulty::default()));
    for packet in &said {
        let record = Record::Voice(packet.clone());
        writer.append(&record, Instant::now()).unwrap();
    }
    writer.close(Instant::now());
    let bytes = std::fs::read(FIRST.path(folder.path())).unwrap();
    let mut ends = Vec::new();
    for packet in &said {
        let begin = ends.last().copied().unwrap_or(128);
        ends.push(begin + 28 + 34 + packet.opus.len());
    }
    let mut chance = Chance(0xc07);
    for _ in 0..CUTS {
        let cut = chance.below(bytes.len() + 1);
        let whole = ends.iter().filter(|end| **end <= cut).count();
        let Ok((_, mut scanner)) = Scanner::begin(&bytes[..cut]) else {
            assert!(cut < 64, "only a cut header has no packets: {cut}");
            continue;
        };
        let mut found = 0;
        while let Some(scanned) = scanner.next_record().unwrap() {
            assert_eq!(scanned.record, Record::Voice(said[found].clone()));
            found += 1;
        }
        assert_eq!(found, whole, "cut at {cut}");
    }
    for _ in 0..CUTS_ON_DISK {
        let cut = chance.below(bytes.len() + 1);
        std::fs::write(FIRST.path(folder.path()), &bytes[..cut]).unwrap();
        let whole = ends.iter().filter(|end| **end <= cut).count();
        assert_eq!(voices_in(folder.path()), said[..whole], "cut at {cut}");
    }
}

#[test]
fn a_cut_file_on_disk_is_opened_read_and_written_beside() {
    let journal = Journal::usual();
    let mut chance = Chance(0xd15c);
    let path = FIRST.path(journal.folder.path());
    for _ in 0..CUTS_ON_DISK {
        let cut = chance.below(journal.bytes.len() + 1);
        std::fs::write(&path, &journal.bytes[..cut]).unwrap();
        let mut recording = Recording::open(journal.folder.path(), stream()).unwrap();
        let found: Vec<_> = recording
            .frames(Tick(0)..=Tick(u64::MAX))
            .map(Result::unwrap)
            .collect();
        assert_eq!(found, journal.frames[..journal.whole_at(cut)]);
    }
    // A new run begins a segment of its own and never touches what a crash left.
    std::fs::write(&path, &journal.bytes[..5_000]).unwrap();
    let rest = &journal.frames[journal.whole_at(5_000)..];
    let mut writer = writer(
        journal.folder.path(),
        &Faulty::default(),
        Lane::Live,
        bounds(),
    );
    record(&mut writer, rest, Instant::now());
    writer.close(Instant::now());
    assert_eq!(std::fs::read(&path).unwrap(), &journal.bytes[..5_000]);
    let mut recording = Recording::open(journal.folder.path(), stream()).unwrap();
    let found: Vec<_> = recording
        .frames(Tick(0)..=Tick(u64::MAX))
        .map(Result::unwrap)
        .collect();
    assert_eq!(found, journal.frames);
    let report = &recording.reports()[0];
    assert!(!report.tally.ended && report.torn_bytes() > 0);
}

#[test]
fn two_thousand_spoilt_bits_cost_at_most_their_own_frame_and_never_give_out_a_wrong_one() {
    let journal = Journal::usual();
    let mut chance = Chance(0xb17);
    let mut bytes = journal.bytes.clone();
    for _ in 0..FLIPS {
        let (at, bit) = (chance.below(bytes.len()), 1 << chance.below(8));
        bytes[at] ^= bit;
        let (found, tally) = scanned(&bytes).unwrap();
        bytes[at] ^= bit;
        let spoilt = journal.ends.iter().position(|end| at < *end);
        let is_header = at < 128;
        let mut expected = journal.frames.clone();
        if let Some(spoilt) = spoilt.filter(|_| !is_header) {
            expected.remove(spoilt);
            assert_eq!(tally.lost, 1, "byte {at}");
        }
        assert_eq!(found, expected, "byte {at}");
    }
}

#[test]
fn blocks_that_are_lost_doubled_moved_or_overwritten_never_give_out_a_wrong_frame() {
    let journal = Journal::usual();
    let mut chance = Chance(0xb10c);
    for _ in 0..BLOCKS {
        let mut bytes = journal.bytes.clone();
        let from = 128 + chance.below(bytes.len() - 128);
        let until = (from + 1 + chance.below(6_000)).min(bytes.len());
        let block = bytes[from..until].to_vec();
        let elsewhere = 128 + chance.below(bytes.len() - 128);
        match chance.below(5) {
            0 => bytes[from..until].fill(0),
            1 => bytes[from..until].fill_with(|| chance.next().to_le_bytes()[0]),
            2 => drop(bytes.drain(from..until)),
            3 => drop(bytes.splice(elsewhere..elsewhere, block)),
            _ => {
                let end = (elsewhere + block.len()).min(bytes.len());
                bytes[elsewhere..end].copy_from_slice(&block[..end - elsewhere]);
            }
        }
        let (found, _) = scanned(&bytes).unwrap();
        let mut indices: BTreeSet<usize> = BTreeSet::new();
        for frame in &found {
            let index = frame.index.unwrap().0 as usize;
            assert_eq!(*frame, journal.frames[index]);
            indices.insert(index);
        }
        // Only the records that the block or its new place touches are gone.
        assert!(
            indices.len() + 40 > FRAMES,
            "{} frames are left",
            indices.len()
        );
    }
}

#[test]
fn a_place_that_is_spoilt_after_opening_is_said_to_be_damaged() {
    let journal = Journal::usual();
    let mut chance = Chance(0xdead);
    let mut recording = Recording::open(journal.folder.path(), stream()).unwrap();
    let entries: Vec<_> = recording.table().frames().copied().collect();
    for _ in 0..300 {
        let spoilt = chance.below(entries.len());
        let (from, until) = (entries[spoilt].offset as usize, journal.ends[spoilt]);
        let mut bytes = journal.bytes.clone();
        bytes[from + chance.below(until - from)] ^= 1 << chance.below(8);
        std::fs::write(FIRST.path(journal.folder.path()), bytes).unwrap();
        for near in [
            spoilt.saturating_sub(1),
            spoilt,
            (spoilt + 1).min(FRAMES - 1),
        ] {
            match recording.read(&entries[near]) {
                Ok(frame) => assert_eq!(frame, journal.frames[near]),
                Err(_) => assert_eq!(near, spoilt),
            }
        }
        assert!(recording.read(&entries[spoilt]).is_err());
    }
}

#[test]
fn what_is_no_segment_gives_nothing_and_takes_no_memory() {
    let mut chance = Chance(7);
    for length in [0, 1, 63, 64, 127, 128, 4_096, 1 << 20] {
        let noise: Vec<u8> = (0..length)
            .map(|_| chance.next().to_le_bytes()[0])
            .collect();
        assert!(scanned(&noise).is_err());
        assert!(scanned(&vec![0; length]).is_err());
        // Behind a good header noise is a torn tail.
        let mut bytes = Journal::of(Vec::from([frames(1, 1, 5).remove(0)])).bytes;
        bytes.truncate(128);
        bytes.extend(&noise);
        let (found, tally) = scanned(&bytes).unwrap();
        assert!(found.is_empty());
        assert_eq!(tally.whole_until, 128);
    }
}

#[test]
fn a_record_that_somebody_made_up_inside_a_frame_does_not_count() {
    // He knows the form but not the salt.
    let made_up = {
        let folder = tempfile::tempdir().unwrap();
        let opening = recording::Opening {
            salt: 1,
            ..support::opening(Lane::Live)
        };
        let files = std::sync::Arc::new(Faulty::default());
        let mut writer = recording::Writer::open(folder.path(), files, opening, bounds()).unwrap();
        record(&mut writer, &frames(3, 99, 40), Instant::now());
        writer.close(Instant::now());
        std::fs::read(FIRST.path(folder.path())).unwrap()
    };
    let mut honest = frames(5, 5, 40);
    let mut unit = honest[2].unit.to_vec();
    unit.extend(&made_up);
    honest[2].unit = Cow::Owned(unit);
    let journal = Journal::of(honest);
    let mut bytes = journal.bytes.clone();
    // The head of the frame that holds it is spoilt, so reading looks for the next record inside of it.
    bytes[journal.ends[1] + 9] ^= 1;
    let (found, tally) = scanned(&bytes).unwrap();
    let expected = [0, 1, 3, 4].map(|n| journal.frames[n].clone());
    assert_eq!(found, expected);
    assert_eq!(tally.lost, 1);
}
