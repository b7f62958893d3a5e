//! The filler against a relay that is played here: what it says of the journal, what it sends, and when it waits.

use super::*;
use bandwidth::BitRate;
use recording::{Bounds, Codec, Disk, Lane, Opening, Record, Recording, Writer};
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use wire::backfill::{BACKFILL_WINDOW_BYTES, held_hashes};
use wire::original::Digest;
use wire::{CaptureTime, RtpTime, StreamId};

const BEGIN: CaptureTime = CaptureTime(1_795_000_000_000_000);
const FRAME_US: u64 = 33_334;
/// Three messages each.
const UNIT_BYTES: usize = 40_000;

#[derive(Debug)]
enum Sent {
    Text(BackfillFromAgent),
    Bytes(Vec<u8>),
}

struct Wire {
    to_relay: mpsc::UnboundedSender<Sent>,
    from_relay: tokio::sync::Mutex<mpsc::UnboundedReceiver<ChannelEvent>>,
}

#[async_trait::async_trait]
impl Channel for Wire {
    async fn event(&self) -> Option<ChannelEvent> {
        self.from_relay.lock().await.recv().await
    }

    async fn text(&self, text: &str) -> Result<(), Closed> {
        let word = serde_json::from_str(text).unwrap();
        self.to_relay.send(Sent::Text(word)).map_err(|_| Closed)
    }

    async fn bytes(&self, bytes: BytesMut) -> Result<(), Closed> {
        self.to_relay
            .send(Sent::Bytes(bytes.to_vec()))
            .map_err(|_| Closed)
    }
}

/// The relay's end.
struct Relay {
    heard: mpsc::UnboundedReceiver<Sent>,
    say: mpsc::UnboundedSender<ChannelEvent>,
    _original: watch::Sender<bool>,
    _round_trip: watch::Sender<Option<Duration>>,
}

impl Relay {
    async fn connect(journal: Journal) -> Self {
        Self::connect_over(journal, Spare::plenty()).await
    }

    async fn connect_over(journal: Journal, spare: Spare) -> Self {
        let (to_relay, heard) = mpsc::unbounded_channel();
        let (say, from_relay) = mpsc::unbounded_channel();
        let (_original, original) = watch::channel(false);
        let (_round_trip, round_trip) = watch::channel(None);
        let filler = Filler {
            channel: Wire {
                to_relay,
                from_relay: tokio::sync::Mutex::new(from_relay),
            },
            journal,
            original,
            round_trip,
            spare,
        };
        tokio::spawn(filler.run());
        say.send(ChannelEvent::Open).unwrap();
        let mut relay = Self {
            heard,
            say,
            _original,
            _round_trip,
        };
        let first = relay.hears().await;
        assert!(matches!(first, Sent::Text(BackfillFromAgent::Here {})));
        relay
    }

    fn say(&self, word: &BackfillToAgent) {
        let text = serde_json::to_vec(word).unwrap();
        self.say.send(ChannelEvent::Text(text)).unwrap();
    }

    async fn hears(&mut self) -> Sent {
        let heard = tokio::time::timeout(Duration::from_secs(10), self.heard.recv());
        heard.await.expect("something in time").unwrap()
    }

    /// Lengths of the next messages until they carried so many bytes; nothing is taken.
    async fn lengths(&mut self, bytes: usize) -> Vec<usize> {
        let mut lengths = Vec::new();
        while lengths.iter().sum::<usize>() < bytes {
            let Sent::Bytes(message) = self.hears().await else {
                panic!("not all was sent");
            };
            lengths.push(message.len());
        }
        lengths
    }

    /// The stamps of what is sent until it is said that all was.
    async fn takes(&mut self) -> (Vec<RtpTime>, BackfillFromAgent) {
        let (mut stamps, mut bytes, mut left) = (Vec::new(), 0, 0);
        loop {
            match self.hears().await {
                Sent::Text(word) => return (stamps, word),
                Sent::Bytes(message) => {
                    assert!(message.len() <= BACKFILL_PIECE_BYTES);
                    bytes += weight(message.len());
                    if left == 0 {
                        let (head, rest) = FrameHead::read(&message).unwrap();
                        stamps.push(head.rtp_time);
                        left = head.length as usize - rest.len();
                    } else {
                        left -= message.len();
                    }
                    self.say(&BackfillToAgent::Taken { bytes });
                }
            }
        }
    }
}

fn frame(at: u64) -> Frame<'static> {
    let captured_at = CaptureTime(BEGIN.0 + at * FRAME_US);
    Frame {
        rtp_time: RtpTime::of(captured_at),
        captured_at,
        index: None,
        keyframe: at == 0,
        unit: Cow::Owned(vec![at as u8; UNIT_BYTES]),
    }
}

fn journal(folder: &Path, frames: u64) -> Journal {
    let stream = StreamId::random();
    let codec = Codec::H264 {
        profile_level: [0x42, 0xe0, 0x1f],
        width: 64,
        height: 48,
    };
    let opening = Opening {
        stream,
        lane: Lane::Live,
        codec,
        salt: 7,
    };
    let bounds = Bounds {
        spare_room_bytes: 0,
        ..Bounds::journal(1 << 30)
    };
    let mut writer = Writer::open(folder, Arc::new(Disk), opening, bounds).unwrap();
    for at in 0..frames {
        writer
            .append(&Record::Frame(frame(at)), Instant::now())
            .unwrap();
    }
    writer.close(Instant::now());
    Journal::of(Recording::open(folder, stream).unwrap())
}

#[tokio::test]
async fn what_the_relay_holds_is_compared_and_what_it_lacks_is_sent_oldest_first() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(folder.path(), 30);
    let (from, until) = (frame(0).tick(), frame(29).tick());
    let equal = journal.fingerprint(from..=until).unwrap();
    let slice = |digest| Slice {
        from: from.0,
        until: until.0,
        frames: 30,
        digest,
    };
    let mut relay = Relay::connect(journal).await;
    let slices = vec![slice(equal.digest), slice(Digest::from_bytes([0; 32]))];
    relay.say(&BackfillToAgent::Compare { ask: 1, slices });
    let Sent::Text(compared) = relay.hears().await else {
        panic!("bytes that nobody asked for");
    };
    let kept_until = Some(until.0);
    assert_eq!(
        compared,
        BackfillFromAgent::Compared {
            ask: 1,
            differing: vec![1],
            kept_until
        }
    );

    let holds = [0_u64, 1, 2, 20];
    let mut at = from;
    let held = holds.map(|n| {
        let step = frame(n).tick().after(at);
        at = frame(n).tick();
        step as u32
    });
    relay.say(&BackfillToAgent::Send {
        ask: 2,
        from: from.0,
        until: until.0,
        held: held.to_vec(),
        hashes: String::new(),
    });
    let (stamps, word) = relay.takes().await;
    let lacking = (0..30).filter(|n| !holds.contains(n));
    let expected: Vec<_> = lacking.map(|n| frame(n).rtp_time).collect();
    assert_eq!(stamps, expected);
    let sent = BackfillFromAgent::Sent {
        ask: 2,
        frames: 26,
        lost: 0,
        kept_until,
    };
    assert_eq!(word, sent);
}

#[tokio::test]
async fn frames_that_a_weak_link_spoilt_are_sent_when_the_relay_says_what_it_holds_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut relay = Relay::connect(journal(folder.path(), 10)).await;
    let (from, until) = (frame(0).tick(), frame(9).tick());
    let (mut at, mut held, mut hashes) = (from, Vec::new(), Vec::new());
    // The fourth is missing, the eighth was coded for a weak link.
    for n in (0..10).filter(|n| *n != 3) {
        held.push(frame(n).tick().after(at) as u32);
        at = frame(n).tick();
        let unit = if n == 7 { frame(1).unit } else { frame(n).unit };
        hashes.push(FrameHash::of(&unit).0);
    }
    for (ask, hashes, expected) in [
        (1, String::new(), &[3][..]),
        (2, held_hashes(&hashes), &[3, 7]),
    ] {
        relay.say(&BackfillToAgent::Send {
            ask,
            from: from.0,
            until: until.0,
            held: held.clone(),
            hashes,
        });
        let (stamps, _) = relay.takes().await;
        let expected: Vec<_> = expected.iter().map(|n| frame(*n).rtp_time).collect();
        assert_eq!(stamps, expected, "question {ask}");
    }
}

#[tokio::test]
async fn a_relay_that_takes_nothing_gets_no_more_than_the_window_and_may_ask_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut relay = Relay::connect(journal(folder.path(), 30)).await;
    let (from, until) = (frame(0).tick().0, frame(29).tick().0);
    let send = |ask, held| BackfillToAgent::Send {
        ask,
        from,
        until,
        held,
        hashes: String::new(),
    };
    relay.say(&send(1, Vec::new()));
    let mut bytes = 0;
    while let Ok(more) = tokio::time::timeout(Duration::from_millis(200), relay.heard.recv()).await
    {
        let Some(Sent::Bytes(message)) = more else {
            panic!("not all was sent");
        };
        bytes += weight(message.len());
    }
    assert!(bytes <= BACKFILL_WINDOW_BYTES, "no more than the window");
    assert!(bytes + BACKFILL_PIECE_BYTES as u64 > BACKFILL_WINDOW_BYTES);
    // Nonsense changes nothing, and another question ends the answer to this one.
    relay.say.send(ChannelEvent::Text(b"{}".to_vec())).unwrap();
    relay.say(&send(2, vec![0]));
    relay.say(&BackfillToAgent::Taken { bytes });
    let mut last = bytes;
    loop {
        match relay.hears().await {
            Sent::Text(BackfillFromAgent::Sent { ask, frames, .. }) => {
                assert_eq!((ask, frames), (2, 29));
                return;
            }
            Sent::Text(word) => panic!("{word:?}"),
            Sent::Bytes(message) => {
                last += weight(message.len());
                relay.say(&BackfillToAgent::Taken { bytes: last });
            }
        }
    }
}

#[tokio::test]
async fn on_a_narrow_link_no_message_is_longer_than_twenty_milliseconds_of_its_share() {
    let folder = tempfile::tempdir().unwrap();
    let (rates, spare) = Spare::told(Some(BitRate::from_kbps(800)));
    let mut relay = Relay::connect_over(journal(folder.path(), 20), spare.clone()).await;
    relay.say(&all_of(20));
    let lengths = relay.lengths(20_000).await;
    assert!(lengths.iter().all(|length| *length == 2_000), "{lengths:?}");
    // A clip travels too; then the link widens. One message may be on its way yet, and the last one of a frame is shorter.
    let clip = spare.travels();
    let lengths = relay.lengths(10_000).await;
    assert!(lengths[1..].iter().all(|it| *it <= 1_100), "{lengths:?}");
    drop(clip);
    rates.send_replace(Some(BitRate::from_kbps(3_200)));
    let lengths = relay.lengths(100_000).await;
    assert!(lengths.iter().all(|it| *it <= 8_000), "{lengths:?}");
    assert!(lengths.contains(&8_000), "{lengths:?}");
}

#[tokio::test]
async fn a_filler_that_waits_for_the_relay_has_no_part_in_what_the_link_leaves() {
    let folder = tempfile::tempdir().unwrap();
    // As fast as it can, and yet not everything.
    let (_rates, spare) = Spare::told(Some(BitRate::from_kbps(60_000)));
    let mut relay = Relay::connect_over(journal(folder.path(), 30), spare.clone()).await;
    let clip = spare.travels();
    relay.say(&all_of(30));
    let full = BACKFILL_WINDOW_BYTES - BACKFILL_PIECE_BYTES as u64;
    relay.lengths(usize::try_from(full).unwrap()).await;
    let alone = async {
        while spare.rate() != Some(BitRate::from_kbps(60_000)) {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(10), alone).await;
    assert!(waited.is_ok(), "it holds its part and sends nothing");
    drop(clip);
}

/// Everything is lacking.
fn all_of(frames: u64) -> BackfillToAgent {
    BackfillToAgent::Send {
        ask: 1,
        from: frame(0).tick().0,
        until: frame(frames - 1).tick().0,
        held: Vec::new(),
        hashes: String::new(),
    }
}
