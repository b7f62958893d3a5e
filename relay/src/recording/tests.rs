//! The recorder with its thread and its disk, a publisher that loses packets, and an agent that answers.

use super::{Recorders, RecordersParts};
use crate::clock::Clock;
use crate::consult::RecordingInput;
use crate::metrics::Metrics;
use crate::sfu::{BackfillPart, MediaSessionId, Tap, TappedPacket};
use bytes::Bytes;
use recording::{
    DigestBuilder, FrameEntry, FrameHash, FrameTable, Lane, Recording, SegmentId, Tick, UnitBuilder,
};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use uuid::Uuid;
use wire::backfill::{BackfillFromAgent, BackfillToAgent, FrameHead, read_held_hashes};
use wire::{CaptureTime, ConsultId, RtpTime, StreamId};

const BEGIN: CaptureTime = CaptureTime(1_795_000_000_000_000);
const FRAME_US: u64 = 33_334;
/// Packets of a frame at most.
const MOST_PACKETS: u64 = 3;
/// Longest answer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// One captured frame: its payloads and what they spell.
struct Captured {
    captured_at: CaptureTime,
    payloads: Vec<Bytes>,
    unit: Vec<u8>,
}

impl Captured {
    fn rtp_time(&self) -> RtpTime {
        RtpTime::of(self.captured_at)
    }

    fn tick(&self) -> Tick {
        Tick::of(self.rtp_time(), self.captured_at)
    }
}

fn captured(at: u64) -> Captured {
    let mut payloads: Vec<Bytes> = Vec::new();
    let kind = if at == 0 { 5 } else { 1 };
    if at == 0 {
        payloads.push(Bytes::from_static(&[
            0x78, 0, 4, 0x67, 0x42, 0xe0, 0x1f, 0, 2, 0x68, 3,
        ]));
    }
    payloads.push(vec![0x7c, 0x80 | kind, at as u8, 1].into());
    payloads.push(
        [&[0x7c, 0x40 | kind][..], &vec![9; 400 * at as usize]]
            .concat()
            .into(),
    );
    let mut builder = UnitBuilder::default();
    payloads.iter().for_each(|payload| builder.add(payload));
    Captured {
        captured_at: CaptureTime(BEGIN.0 + at * FRAME_US),
        unit: builder.finish().unwrap().bytes,
        payloads,
    }
}

/// All frames of a visit, as the agent's journal has them.
struct Journal(Vec<Captured>);

impl Journal {
    fn table(&self) -> FrameTable {
        let entry = |frame: &Captured| FrameEntry {
            at: frame.tick(),
            segment: SegmentId {
                lane: Lane::Live,
                number: 1,
            },
            offset: 0,
            length: frame.unit.len() as u32,
            hash: FrameHash::of(&frame.unit),
            keyframe: false,
            index: None,
        };
        self.0.iter().map(entry).collect()
    }

    fn digest(&self) -> recording::RecordingDigest {
        let mut builder = DigestBuilder::default();
        self.0
            .iter()
            .for_each(|frame| builder.add(frame.tick(), &frame.unit));
        builder.finish()
    }
}

struct Here {
    folder: tempfile::TempDir,
    recorders: Recorders,
    said: Receiver<String>,
    news: mpsc::Receiver<(ConsultId, StreamId, RecordingInput)>,
    consult: ConsultId,
    stream: StreamId,
    session: MediaSessionId,
    metrics: Arc<Metrics>,
}

impl Here {
    fn new(reserve: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (say, said) = channel();
        let (tell, news) = mpsc::channel(16);
        let metrics: Arc<Metrics> = Arc::default();
        let recorders = Recorders::new(RecordersParts {
            folder: folder.path().join("recordings"),
            reserve,
            clock: Arc::new(Clock::default()),
            metrics: Arc::clone(&metrics),
            say: Arc::new(move |_, text| say.send(text).is_ok()),
            news: tell,
        });
        Self {
            folder,
            recorders,
            said,
            news,
            consult: ConsultId::random(),
            stream: StreamId::random(),
            session: MediaSessionId::from_uuid(Uuid::from_u128(1)),
            metrics,
        }
    }

    /// Frames arrive, except those that get lost.
    fn arrive(&self, journal: &Journal, is_lost: impl Fn(u64) -> bool) {
        self.arrive_over(&self.tap(), (&journal.0, 0), is_lost);
    }

    fn tap(&self) -> Tap {
        let tap = self.recorders.tap(self.consult, self.stream, self.session);
        tap.unwrap()
    }

    /// The same over a connection that was there before; the first frame has this place.
    fn arrive_over(
        &self,
        tap: &Tap,
        (frames, first): (&[Captured], u64),
        is_lost: impl Fn(u64) -> bool,
    ) {
        let mut seq = first * MOST_PACKETS;
        for (at, frame) in (first..).zip(frames) {
            for (part, payload) in frame.payloads.iter().enumerate() {
                seq += 1;
                let packet = TappedPacket {
                    seq,
                    rtp_time: frame.rtp_time(),
                    marker: part + 1 == frame.payloads.len(),
                    ours: true,
                    payload: payload.clone(),
                };
                if !is_lost(at) {
                    tap.give(packet);
                }
            }
        }
        let after = frames.last().unwrap().captured_at.0 + 5_000_000;
        self.recorders
            .clock(self.stream, self.session, CaptureTime(after));
    }

    fn say(&self, word: &BackfillFromAgent) {
        let text = serde_json::to_string(word).unwrap();
        self.recorders
            .backfill(self.stream, self.session, BackfillPart::Text(text));
    }

    /// Plays the agent until the recording says what the journal says.
    fn heal_from(&self, journal: &Journal) {
        self.say(&BackfillFromAgent::Here {});
        let table = journal.table();
        let kept_until = table.last_tick().map(|last| last.0);
        loop {
            let text = self.said.recv_timeout(PATIENCE).expect("it asks");
            match serde_json::from_str(&text).unwrap() {
                BackfillToAgent::Compare { ask, slices } => {
                    let differs = |slice: &wire::backfill::Slice| {
                        let found = table.fingerprint(Tick(slice.from)..=Tick(slice.until));
                        (found.frames, found.digest) != (slice.frames, slice.digest)
                    };
                    let differing: Vec<u32> = (0..)
                        .zip(&slices)
                        .filter(|(_, slice)| differs(slice))
                        .map(|(at, _)| at)
                        .collect();
                    let is_equal = differing.is_empty();
                    self.say(&BackfillFromAgent::Compared {
                        ask,
                        differing,
                        kept_until,
                    });
                    if is_equal {
                        return;
                    }
                }
                BackfillToAgent::Send {
                    ask,
                    from,
                    until,
                    held,
                    hashes,
                } => {
                    let (mut at, mut holds) = (from, HashMap::new());
                    let hashes = read_held_hashes(&hashes, held.len()).unwrap_or_default();
                    let mut hashes = hashes.into_iter();
                    for step in held {
                        at += u64::from(step);
                        holds.insert(at, hashes.next());
                    }
                    let is_lacking = |it: &&Captured| {
                        let told = holds.get(&it.tick().0);
                        let hash = FrameHash::of(&it.unit).0;
                        (from..=until).contains(&it.tick().0)
                            && told.is_none_or(|told| {
                                told.is_some_and(|told| !hash.starts_with(&told))
                            })
                    };
                    let lacking = journal.0.iter().filter(is_lacking);
                    let frames = lacking.map(|frame| self.send(frame)).count() as u32;
                    self.say(&BackfillFromAgent::Sent {
                        ask,
                        frames,
                        lost: 0,
                        kept_until,
                    });
                }
                BackfillToAgent::Taken { .. } => {}
            }
        }
    }

    fn send(&self, frame: &Captured) {
        let head = FrameHead {
            rtp_time: frame.rtp_time(),
            captured_at: frame.captured_at,
            index: None,
            keyframe: false,
            length: frame.unit.len() as u32,
            hash: FrameHash::of(&frame.unit).0,
        };
        let whole = [&head.bytes()[..], &frame.unit].concat();
        for piece in whole.chunks(16 * 1024) {
            // As much as may be on the way at once; the agent's window sees to that.
            let piece = Bytes::copy_from_slice(piece);
            self.recorders
                .backfill(self.stream, self.session, BackfillPart::Piece(piece));
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }

    fn recording(&self) -> Recording {
        let folder = self.folder.path().join("recordings");
        let folder = folder
            .join(self.consult.to_string())
            .join(self.stream.to_string());
        Recording::open(Path::new(&folder), self.stream).unwrap()
    }
}

fn journal(frames: u64) -> Journal {
    Journal((0..frames).map(captured).collect())
}

#[test]
fn what_was_lost_is_fetched_and_both_sides_hold_the_same_bytes() {
    let mut here = Here::new(0);
    let journal = journal(90);
    assert_eq!(here.recorders.fed(here.stream), None, "nobody publishes");
    here.arrive(&journal, |at| (30..60).contains(&at) || at == 75);
    assert_eq!(
        here.recorders.fed(here.stream),
        Some(None),
        "not compared yet"
    );
    here.heal_from(&journal);
    let is_whole = |fed: Option<Option<Tick>>| {
        fed.flatten()
            .is_some_and(|until| until > journal.0[89].tick())
    };
    let end = Instant::now() + PATIENCE;
    while !is_whole(here.recorders.fed(here.stream)) {
        assert!(Instant::now() < end, "it is whole");
        std::thread::park_timeout(Duration::from_millis(5));
    }
    let mut heard = Vec::new();
    while !heard
        .iter()
        .any(|news| matches!(news, RecordingInput::Filled { .. }))
    {
        heard.push(here.news.blocking_recv().unwrap().2);
    }
    // How far it is depends on whether the hole is seen before it is filled.
    heard.retain(|news| !matches!(news, RecordingInput::Filling { .. }));
    here.recorders.close();
    let mut recording = here.recording();
    let span = Tick(0)..=Tick(u64::MAX);
    assert_eq!(recording.digest(span).unwrap(), journal.digest());
    assert!(recording.table().conflicts().is_empty());
    // Of the frame behind the lost ones nobody can know whether it is whole.
    let (before, after) = (journal.0[29].rtp_time(), journal.0[61].rtp_time());
    assert_eq!(
        heard,
        [
            RecordingInput::Recorded { on: true },
            RecordingInput::Gap { before, after },
            RecordingInput::Filled {
                before,
                after,
                frames: 31,
                ms: 1_066
            }
        ]
    );
}

#[test]
fn a_picture_that_stopped_and_runs_again_over_the_same_connection_is_said_to_be_recorded_again() {
    let mut here = Here::new(0);
    let all = journal(60);
    let heard = |here: &mut Here| loop {
        if let RecordingInput::Recorded { on } = here.news.blocking_recv().unwrap().2 {
            return on;
        }
    };
    let tap = here.tap();
    here.arrive_over(&tap, (&all.0[..30], 0), |_| false);
    assert!(heard(&mut here));
    here.recorders.stopped(here.stream);
    here.arrive_over(&tap, (&all.0[30..], 30), |_| false);
    assert!(heard(&mut here));
    here.recorders.close();
}

#[test]
fn what_a_weak_link_let_through_gives_way_to_the_journals_frames() {
    let mut here = Here::new(0);
    let journal = journal(90);
    // The link had less for the second half, and no place for some frames of it.
    let mut sent = self::journal(90);
    for frame in &mut sent.0[45..] {
        let last = frame.payloads.last_mut().unwrap();
        *last = last.slice(..last.len() / 2);
    }
    here.arrive(&sent, |at| (50..55).contains(&at));
    here.heal_from(&journal);
    here.recorders.close();
    let mut recording = here.recording();
    let span = Tick(0)..=Tick(u64::MAX);
    assert_eq!(recording.digest(span).unwrap(), journal.digest());
    // 45 frames without the five that were lost, and the one behind them, of which nobody can know whether it is whole.
    assert_eq!(
        recording.table().conflicts().len(),
        39,
        "what arrived stays"
    );
    let on = here.news.try_recv().unwrap().2;
    assert!(matches!(on, RecordingInput::Recorded { on: true }));
    let more = here.news.try_recv();
    assert!(
        more.is_err(),
        "what is replaced so soon needs no word: {more:?}"
    );
}

#[test]
fn a_recorder_that_comes_up_again_goes_on_where_the_other_one_was_killed() {
    let here = Here::new(0);
    let journal = journal(60);
    here.arrive(&journal, |at| at >= 30);
    here.recorders.close();
    assert_eq!(here.recording().table().count(), 30);
    here.arrive(&journal, |at| at < 45);
    here.heal_from(&journal);
    here.recorders.close();
    let found = here.recording().digest(Tick(0)..=Tick(u64::MAX)).unwrap();
    assert_eq!(found, journal.digest());
}

#[test]
fn stamps_that_jump_and_frames_that_nobody_asked_for_are_not_recorded() {
    let here = Here::new(0);
    let mut wild = journal(20);
    for at in [5, 11] {
        wild.0[at].captured_at.0 += 3_600_000_000 * at as u64;
    }
    here.arrive(&wild, |_| false);
    here.send(&captured(70));
    let misdated = &here.metrics.frames_misdated;
    while misdated.get() < 2 || here.metrics.backfill_refused.get() < 1 {
        std::thread::park_timeout(Duration::from_millis(5));
    }
    here.recorders.close();
    let recording = here.recording();
    assert_eq!(recording.table().count(), 18);
    let last = wild.0[19].tick();
    assert_eq!(recording.table().last_tick(), Some(last));
}

#[test]
fn a_disk_without_room_stops_the_recording_and_nothing_else() {
    let here = Here::new(u64::MAX);
    here.arrive(&journal(30), |_| false);
    while here.metrics.recordings_stopped.get() == 0 {
        std::thread::park_timeout(Duration::from_millis(5));
    }
    assert_eq!(here.metrics.packets_unrecorded.get(), 0);
    here.recorders.close();
    assert_eq!(here.recording().table().count(), 0);
}
