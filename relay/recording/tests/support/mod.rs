//! Frames to record, a seeded source of chance, and a file system that fails on demand.
//!
//! The file system writes real files below a temporary folder and remembers what was synced, so that a power cut can take
//! the rest away.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "shared by tests, which fail by panicking and use what they need"
)]

use recording::{
    Bounds, Codec, Disk, Event, Files, Frame, FrameEntry, Lane, Opening, Record, Recording,
    SegmentFile, Voice, VoiceSource, VoiceTime, Writer,
};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use uuid::Uuid;
use wire::{CaptureTime, FrameIndex, RelayTime, RtpTime, SessionId, StreamId};

/// Beginning of the test recordings, eight seconds before RTP time comes round.
pub(crate) const BEGIN_US: u64 = 1_795_009_990_574_934;
/// 30 frames a second.
pub(crate) const FRAME_US: u64 = 33_333;
/// A keyframe every so many frames.
pub(crate) const GROUP: usize = 40;

/// Chance from a seed (SplitMix64).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }
}

/// Frames with units of random bytes, on average so long.
pub(crate) fn frames(count: usize, seed: u64, length: usize) -> Vec<Frame<'static>> {
    let mut chance = Chance(seed);
    (0..count)
        .map(|n| {
            let captured_at = CaptureTime(BEGIN_US + n as u64 * FRAME_US);
            let mut unit = vec![0, 0, 0, 1, if n % GROUP == 0 { 0x65 } else { 0x41 }];
            let more = 1 + chance.below(2 * length);
            unit.extend((0..more).map(|_| chance.next().to_le_bytes()[0]));
            Frame {
                rtp_time: RtpTime::of(captured_at),
                captured_at,
                index: Some(FrameIndex(u32::try_from(n).unwrap())),
                keyframe: n % GROUP == 0,
                unit: Cow::Owned(unit),
            }
        })
        .collect()
}

pub(crate) fn stream() -> StreamId {
    "0b9f8a0e-2f57-4f0e-9d0a-5f2f3c1d7e44".parse().unwrap()
}

pub(crate) fn opening(lane: Lane) -> Opening {
    Opening {
        stream: stream(),
        lane,
        codec: Codec::H264 {
            profile_level: [0x42, 0xe0, 0x1f],
            width: 800,
            height: 600,
        },
        salt: 0x5a17,
    }
}

/// A speaker of the test recordings.
pub(crate) fn speaker(n: u128) -> SessionId {
    SessionId::from_uuid(Uuid::from_u128(n))
}

/// What two people say by turns, in packets of random bytes.
pub(crate) fn voices(count: usize, seed: u64) -> Vec<Voice<'static>> {
    let mut chance = Chance(seed);
    (0..count)
        .map(|n| {
            let at = u32::try_from(n).unwrap();
            let length = 1 + chance.below(120);
            Voice {
                session: speaker(n as u128 % 2),
                arrived_at: RelayTime(BEGIN_US + n as u64 * 20_000),
                // Time comes round in the middle.
                rtp_time: VoiceTime(at.wrapping_mul(960).wrapping_sub(960 * 100)),
                source: VoiceSource(7 + at % 2),
                number: at as u16,
                opus: (0..length)
                    .map(|_| chance.next().to_le_bytes()[0])
                    .collect::<Vec<_>>()
                    .into(),
            }
        })
        .collect()
}

/// A writer of voices.
pub(crate) fn voice_writer(folder: &Path, files: Arc<dyn Files>) -> Writer {
    let opening = Opening {
        codec: Codec::Opus,
        ..opening(Lane::Live)
    };
    Writer::open(folder, files, opening, bounds()).unwrap()
}

/// All packets that a folder gives back, by their number.
pub(crate) fn voices_in(folder: &Path) -> Vec<Voice<'static>> {
    let recording = Recording::open(folder, stream()).unwrap();
    let tracks = recording.voice_tracks().unwrap();
    let mut all: Vec<_> = tracks.into_iter().flat_map(|it| it.packets).collect();
    all.sort_by_key(|it| it.arrived_at);
    all
}

/// Bounds without a say of the machine's real disk.
pub(crate) fn bounds() -> Bounds {
    Bounds {
        spare_room_bytes: 0,
        ..Bounds::recorder()
    }
}

pub(crate) fn writer(folder: &Path, files: &Faulty, lane: Lane, bounds: Bounds) -> Writer {
    Writer::open(folder, Arc::new(files.clone()), opening(lane), bounds).unwrap()
}

/// Records frames at their pace, ticking whenever the writer asks for it; gives all events.
pub(crate) fn record(writer: &mut Writer, frames: &[Frame<'_>], begin: Instant) -> Vec<Event> {
    let mut events = Vec::new();
    for (n, frame) in frames.iter().enumerate() {
        let now = begin + Duration::from_micros(n as u64 * FRAME_US);
        while let Some(due) = writer.due().filter(|due| *due <= now) {
            events.extend(writer.tick(due));
        }
        // Refused is refused: the events tell the rest.
        let _ = writer.append(&Record::Frame(frame.clone()), now);
    }
    events
}

/// The frames that were said to be durable.
pub(crate) fn durable(events: &[Event]) -> Vec<FrameEntry> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Durable { frames } => Some(frames.clone()),
            _ => None,
        })
        .flatten()
        .collect()
}

/// What the faulty layer knows.
#[derive(Default)]
pub(crate) struct Fate {
    /// Operations until everything fails; none never fails.
    pub(crate) left: Option<u32>,
    /// Bytes that the disk still takes; none without end.
    pub(crate) room: Option<u64>,
    /// Syncs that fail from now on.
    pub(crate) bad_syncs: u32,
    /// Whether the system tells how much room there is.
    pub(crate) tells_room: bool,
    /// What was written and what of it is durable.
    written: BTreeMap<PathBuf, Durability>,
}

#[derive(Default, Clone, Copy)]
struct Durability {
    written: u64,
    synced: u64,
    is_named: bool,
}

/// A disk with a fate.
#[derive(Clone, Default)]
pub(crate) struct Faulty(pub(crate) Arc<Mutex<Fate>>);

impl Faulty {
    pub(crate) fn set(&self, change: impl FnOnce(&mut Fate)) {
        change(&mut self.0.lock().unwrap());
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.0.lock().unwrap().left == Some(0)
    }

    fn step(&self) -> io::Result<()> {
        match &mut self.0.lock().unwrap().left {
            Some(0) => Err(io::Error::other("crashed")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Of what was never synced anything may be left: a part, zeros, other bytes, nothing, not even the name.
    pub(crate) fn cut_power(&self, chance: &mut Chance) {
        for (path, file) in std::mem::take(&mut self.0.lock().unwrap().written) {
            if !file.is_named && chance.below(2) == 0 {
                let _ = std::fs::remove_file(&path);
                continue;
            }
            let Ok(mut bytes) = std::fs::read(&path) else {
                continue;
            };
            let synced = usize::try_from(file.synced).unwrap();
            let kept = synced + chance.below(bytes.len() - synced + 1);
            match chance.below(3) {
                0 => bytes.truncate(kept),
                1 => bytes[kept..].fill(0),
                _ => bytes[kept..].fill_with(|| chance.next().to_le_bytes()[0]),
            }
            std::fs::write(&path, bytes).unwrap();
        }
    }
}

struct FaultyFile {
    inner: File,
    path: PathBuf,
    faulty: Faulty,
}

impl Write for FaultyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.faulty.step()?;
        let mut fate = self.faulty.0.lock().unwrap();
        let mut taken = bytes.len();
        if let Some(room) = &mut fate.room {
            // A disk that fills up takes a part first.
            taken = taken.min(usize::try_from(*room).unwrap());
            if taken == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            *room -= taken as u64;
        }
        self.inner.write_all(&bytes[..taken])?;
        fate.written.entry(self.path.clone()).or_default().written += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl SegmentFile for FaultyFile {
    fn sync(&mut self) -> io::Result<()> {
        self.faulty.step()?;
        let mut fate = self.faulty.0.lock().unwrap();
        if fate.bad_syncs > 0 {
            fate.bad_syncs -= 1;
            return Err(io::Error::other("input/output error"));
        }
        let file = fate.written.entry(self.path.clone()).or_default();
        file.synced = file.written;
        Ok(())
    }
}

impl Files for Faulty {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        self.step()?;
        let inner = File::create_new(path)?;
        let mut fate = self.0.lock().unwrap();
        fate.written.insert(path.to_owned(), Durability::default());
        Ok(Box::new(FaultyFile {
            inner,
            path: path.to_owned(),
            faulty: self.clone(),
        }))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.step()?;
        for (path, file) in &mut self.0.lock().unwrap().written {
            file.is_named |= path.parent() == Some(folder);
        }
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        self.0.lock().unwrap().written.remove(path);
        let bytes = std::fs::metadata(path).map_or(0, |it| it.len());
        Disk.remove(path)?;
        if let Some(room) = &mut self.0.lock().unwrap().room {
            *room += bytes;
        }
        Ok(())
    }

    fn room(&self, _folder: &Path) -> io::Result<u64> {
        let fate = self.0.lock().unwrap();
        Ok(fate.room.filter(|_| fate.tells_room).unwrap_or(u64::MAX))
    }
}
