//! Recorded voices with their thread and their disk: who gets in, what comes back, and what is left after a discard.

use super::{VoiceRecorders, VoicesParts, recorded_voices};
use crate::clock::Clock;
use crate::consult::VoiceFilesInput;
use crate::metrics::Metrics;
use crate::sfu::{MediaSessionId, TappedVoice, VoiceTap};
use bytes::Bytes;
use recording::VoiceTrack;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use uuid::Uuid;
use wire::{ConsentId, ConsultId, SessionId};

const CONSENT: ConsentId = ConsentId::from_uuid(Uuid::from_u128(0xA));
/// Longest answer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

struct Here {
    _folder: tempfile::TempDir,
    voices: PathBuf,
    recorders: VoiceRecorders,
    news: mpsc::Receiver<(ConsultId, VoiceFilesInput)>,
    metrics: Arc<Metrics>,
    consult: ConsultId,
}

impl Here {
    fn new(records: bool, reserve: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let voices = folder.path().join("voices");
        let (tell, news) = mpsc::channel(16);
        let metrics: Arc<Metrics> = Arc::default();
        let recorders = VoiceRecorders::new(VoicesParts {
            records,
            folder: voices.clone(),
            reserve,
            clock: Arc::new(Clock::default()),
            metrics: Arc::clone(&metrics),
            news: tell,
        });
        Self {
            _folder: folder,
            voices,
            recorders,
            news,
            metrics,
            consult: ConsultId::random(),
        }
    }

    fn tap(&self, speaker: u128) -> Option<VoiceTap> {
        let line = MediaSessionId::from_uuid(Uuid::from_u128(speaker + 100));
        self.recorders.tap(self.consult, speaker_of(speaker), line)
    }

    fn record(&self, speakers: &[u128]) {
        let sessions: Vec<SessionId> = speakers.iter().copied().map(speaker_of).collect();
        self.recorders
            .record(self.consult, Some((CONSENT, &sessions)));
    }

    fn hears(&mut self) -> VoiceFilesInput {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Ok((consult, news)) = self.news.try_recv() {
                assert_eq!(consult, self.consult);
                return news;
            }
            assert!(Instant::now() < end, "nothing is told");
            std::thread::yield_now();
        }
    }

    /// What is on the disk after all is written.
    fn tracks(&self) -> Vec<VoiceTrack> {
        self.recorders.close();
        let found = recorded_voices(&self.voices, self.consult).unwrap();
        let tracks = found
            .iter()
            .map(|(_, recording)| recording.voice_tracks().unwrap());
        tracks.flatten().collect()
    }
}

fn speaker_of(number: u128) -> SessionId {
    SessionId::from_uuid(Uuid::from_u128(number))
}

fn said(speaker: u128, n: u16) -> Vec<u8> {
    (0..40 + n % 50)
        .map(|at| (at as u8).wrapping_mul(31) ^ n as u8 ^ speaker as u8)
        .collect()
}

fn speaks(tap: &VoiceTap, speaker: u128, numbers: std::ops::Range<u16>) {
    for n in numbers {
        tap.give(TappedVoice {
            ssrc: speaker as u32,
            seq: n,
            timestamp: u32::from(n) * 960,
            is_red: false,
            payload: Bytes::from(said(speaker, n)),
        });
    }
}

fn heard(tracks: &[VoiceTrack]) -> Vec<(SessionId, Vec<u16>)> {
    tracks
        .iter()
        .map(|track| {
            let speaker = track.session.uuid().as_u128();
            let numbers = track.packets.iter().map(|packet| {
                assert_eq!(*packet.opus, *said(speaker, packet.number), "byte for byte");
                assert_eq!(packet.rtp_time.0, u32::from(packet.number) * 960);
                packet.number
            });
            (track.session, numbers.collect())
        })
        .collect()
}

#[test]
fn each_speaker_comes_back_as_they_spoke_and_nothing_from_before_or_after() {
    let mut here = Here::new(true, 0);
    let taps = [1, 2].map(|speaker| here.tap(speaker).unwrap());
    speaks(&taps[0], 1, 0..50);
    assert!(
        !here.voices.exists(),
        "nothing is recorded before a consent"
    );
    here.record(&[1, 2]);
    speaks(&taps[0], 1, 50..60);
    speaks(&taps[1], 2, 7..9);
    assert_eq!(here.hears(), VoiceFilesInput::Written { on: true });
    here.recorders.record(here.consult, None);
    speaks(&taps[0], 1, 60..70);
    let tracks = here.tracks();
    let all: Vec<u16> = (50..60).collect();
    assert_eq!(
        heard(&tracks),
        [(speaker_of(1), all), (speaker_of(2), vec![7, 8])]
    );
    let arrived = |track: &VoiceTrack| track.packets.iter().map(|it| it.arrived_at).collect();
    let arrived: Vec<_> = arrived(&tracks[0]);
    assert!(arrived.is_sorted(), "on the clock that the log has");
    assert_eq!(here.metrics.voice_recorded.get(), 12);
}

#[test]
fn whoever_is_not_named_is_not_recorded_and_may_be_later() {
    let here = Here::new(true, 0);
    let taps = [1, 2].map(|speaker| here.tap(speaker).unwrap());
    here.record(&[1]);
    speaks(&taps[0], 1, 0..3);
    speaks(&taps[1], 2, 0..3);
    here.record(&[2]);
    speaks(&taps[0], 1, 3..6);
    speaks(&taps[1], 2, 3..6);
    // Who joins while it runs is recorded once the consult names them.
    let third = here.tap(3).unwrap();
    speaks(&third, 3, 0..3);
    here.record(&[2, 3]);
    speaks(&third, 3, 3..5);
    let one = |speaker, numbers: std::ops::Range<u16>| (speaker_of(speaker), numbers.collect());
    let mut found = heard(&here.tracks());
    found.sort();
    assert_eq!(found, [one(1, 0..3), one(2, 3..6), one(3, 3..5)]);
}

#[test]
fn a_connection_that_is_gone_brings_nothing_more() {
    let here = Here::new(true, 0);
    let tap = here.tap(1).unwrap();
    here.record(&[1]);
    speaks(&tap, 1, 0..3);
    here.recorders
        .gone(MediaSessionId::from_uuid(Uuid::from_u128(101)));
    speaks(&tap, 1, 3..6);
    assert_eq!(heard(&here.tracks()), [(speaker_of(1), vec![0, 1, 2])]);
}

#[test]
fn what_is_discarded_is_gone_from_the_disk_before_it_is_said_to_be() {
    let mut here = Here::new(true, 0);
    let tap = here.tap(1).unwrap();
    here.record(&[1]);
    speaks(&tap, 1, 0..30);
    assert_eq!(here.hears(), VoiceFilesInput::Written { on: true });
    assert!(here.voices.join(here.consult.to_string()).exists());
    // What waits for the disk goes too.
    speaks(&tap, 1, 30..60);
    here.recorders.discard(here.consult);
    speaks(&tap, 1, 60..90);
    assert_eq!(here.hears(), VoiceFilesInput::Discarded);
    assert!(!here.voices.join(here.consult.to_string()).exists());
    here.record(&[1]);
    speaks(&tap, 1, 90..93);
    assert_eq!(heard(&here.tracks()), [(speaker_of(1), vec![90, 91, 92])]);
}

#[test]
fn an_installation_that_forbids_it_records_nobody_and_discards_all_the_same() {
    let mut here = Here::new(false, 0);
    assert!(here.tap(1).is_none());
    here.record(&[1]);
    std::fs::create_dir_all(here.voices.join(here.consult.to_string())).unwrap();
    here.recorders.discard(here.consult);
    assert_eq!(here.hears(), VoiceFilesInput::Discarded);
    assert!(!here.voices.join(here.consult.to_string()).exists());
}

#[test]
fn a_full_disk_is_told_and_giving_goes_on_without_waiting() {
    let mut here = Here::new(true, u64::MAX / 2);
    let tap = here.tap(1).unwrap();
    here.record(&[1]);
    speaks(&tap, 1, 0..20);
    assert_eq!(here.hears(), VoiceFilesInput::Written { on: false });
    let before = Instant::now();
    speaks(&tap, 1, 20..20_000);
    assert!(before.elapsed() < PATIENCE / 2, "nobody waits for the disk");
    assert_eq!(here.metrics.voice_recordings_stopped.get(), 1);
    assert!(heard(&here.tracks()).is_empty());
}
