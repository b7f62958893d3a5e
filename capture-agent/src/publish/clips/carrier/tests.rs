//! The carrier against a relay that is played here: from offer to the copy that goes, also with a cut in between.

use super::*;
use crate::publish::clips::fixture::{self, spool};
use crate::spool::Belongs;
use bandwidth::BitRate;
use tokio::sync::mpsc;
use wire::clip::{ClipGap, ClipHead};
use wire::original::Digest;

/// More than one window and not a multiple of a piece.
const BYTES: usize = WINDOW_BYTES + 3 * CLIP_PIECE_BYTES + 17;

#[derive(Debug)]
enum Sent {
    Text(String),
    Bytes(Vec<u8>),
}

struct Wire {
    to_relay: mpsc::UnboundedSender<Sent>,
    from_relay: tokio::sync::Mutex<mpsc::UnboundedReceiver<Event>>,
}

#[async_trait::async_trait]
impl Channel for Wire {
    async fn event(&self) -> Option<Event> {
        self.from_relay.lock().await.recv().await
    }

    async fn text(&self, text: &str) -> Result<(), Closed> {
        self.to_relay
            .send(Sent::Text(text.to_owned()))
            .map_err(|_| Closed)
    }

    async fn bytes(&self, bytes: BytesMut) -> Result<(), Closed> {
        self.to_relay
            .send(Sent::Bytes(bytes.to_vec()))
            .map_err(|_| Closed)
    }
}

/// The relay's end of one connection.
struct Relay {
    heard: mpsc::UnboundedReceiver<Sent>,
    say: mpsc::UnboundedSender<Event>,
    carrying: tokio::task::JoinHandle<()>,
    original: watch::Sender<bool>,
    _round_trip: watch::Sender<Option<Duration>>,
}

impl Relay {
    fn connect(spool: &Arc<Spool>) -> Self {
        Self::connect_as(spool, None, Spare::plenty())
    }

    fn connect_for(spool: &Arc<Spool>, patient: Option<&str>) -> Self {
        Self::connect_as(spool, patient, Spare::plenty())
    }

    fn connect_over(spool: &Arc<Spool>, spare: Spare) -> Self {
        Self::connect_as(spool, None, spare)
    }

    fn connect_as(spool: &Arc<Spool>, patient: Option<&str>, spare: Spare) -> Self {
        let (to_relay, heard) = mpsc::unbounded_channel();
        let (say, from_relay) = mpsc::unbounded_channel();
        let (original_sender, original) = watch::channel(false);
        let (_round_trip, round_trip) = watch::channel(None);
        let channel = Wire {
            to_relay,
            from_relay: tokio::sync::Mutex::new(from_relay),
        };
        let carrier = Carrier {
            channel,
            spool: Arc::clone(spool),
            consult: consult(),
            visit: visit(patient),
            original,
            round_trip,
            spare,
        };
        let carrying = tokio::spawn(carrier.run());
        say.send(Event::Open).unwrap();
        Self {
            heard,
            say,
            carrying,
            original: original_sender,
            _round_trip,
        }
    }

    fn say(&self, word: ClipToAgent) {
        let text = serde_json::to_vec(&word).unwrap();
        self.say.send(Event::Text(text)).unwrap();
    }

    async fn hears(&mut self) -> Sent {
        let heard = tokio::time::timeout(Duration::from_secs(10), self.heard.recv());
        heard.await.expect("something was said in time").unwrap()
    }

    async fn hears_an_offer(&mut self) -> ClipHead {
        let Sent::Text(text) = self.hears().await else {
            panic!("bytes before the offer was answered");
        };
        let ClipFromAgent::Offer { head, .. } = serde_json::from_str(&text).unwrap();
        head
    }

    /// Takes pieces from `offset` on until so many bytes are there.
    async fn takes(&mut self, clip: ClipId, offset: usize, until: usize) -> Vec<u8> {
        let mut taken = Vec::new();
        while offset + taken.len() < until {
            let Sent::Bytes(message) = self.hears().await else {
                panic!("a text instead of a piece");
            };
            let piece = ClipPiece::parse(&message).unwrap();
            assert_eq!(piece.clip, clip);
            assert_eq!(piece.offset, (offset + taken.len()) as u64);
            taken.extend_from_slice(piece.bytes);
        }
        taken
    }

    /// Lengths of the next messages until they carried so many bytes.
    async fn lengths(&mut self, bytes: usize) -> Vec<usize> {
        let mut lengths = Vec::new();
        while lengths.iter().sum::<usize>() < bytes {
            let Sent::Bytes(message) = self.hears().await else {
                panic!("a text instead of a piece");
            };
            lengths.push(message.len());
        }
        lengths
    }

    /// The connection breaks.
    async fn breaks(self) {
        drop(self.say);
        self.carrying.await.unwrap();
    }
}

fn content() -> Vec<u8> {
    fixture::content(BYTES)
}

/// The consult of all connections.
fn consult() -> ConsultId {
    ConsultId::from_uuid(uuid::Uuid::from_u128(7))
}

/// The visit of an agent for that consult, with this patient.
fn visit(patient: Option<&str>) -> CurrentVisit {
    fixture::visit(consult(), patient)
}

/// A finished clip of this consult in the spool.
fn finished(spool: &Spool) -> ClipId {
    finished_of(spool, Belongs::Consult(consult()))
}

fn finished_of(spool: &Spool, belongs: Belongs) -> ClipId {
    fixture::finished(spool, &content(), belongs)
}

#[tokio::test]
async fn a_clip_is_offered_sent_and_let_go_when_it_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let clip = finished(&spool);
    let mut relay = Relay::connect(&spool);
    let head = relay.hears_an_offer().await;
    assert_eq!((head.clip, head.bytes), (clip, BYTES as u64));
    relay.say(ClipToAgent::Wanted { clip, offset: 0 });
    let taken = relay.takes(clip, 0, BYTES).await;
    assert!(taken == content());
    let mut counts = spool.counts();
    assert_eq!(
        counts.borrow().unsent,
        1,
        "it stays until the relay keeps it"
    );
    relay.say(ClipToAgent::Durable {
        clip,
        offset: BYTES as u64,
    });
    relay.say(ClipToAgent::Kept { clip });
    counts.wait_for(|counts| counts.unsent == 0).await.unwrap();
    assert_eq!(spool.holds(clip), Some(crate::spool::Held::Gone));
    assert!(Outgoing::open(&spool, clip).is_err(), "the copy is gone");
}

#[tokio::test]
async fn after_a_cut_it_goes_on_where_the_relay_is() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let clip = finished(&spool);
    let mut relay = Relay::connect(&spool);
    relay.hears_an_offer().await;
    relay.say(ClipToAgent::Wanted { clip, offset: 0 });
    let have = 2 * CLIP_PIECE_BYTES;
    let mut taken = relay.takes(clip, 0, have).await;
    relay.breaks().await;
    let mut relay = Relay::connect(&spool);
    assert_eq!(relay.hears_an_offer().await.clip, clip);
    let offset = taken.len() as u64;
    relay.say(ClipToAgent::Wanted { clip, offset });
    taken.extend(relay.takes(clip, have, BYTES).await);
    assert!(taken == content());
    assert_eq!(head_digest(&spool, clip), digest_of(&taken));
}

#[tokio::test]
async fn a_clip_saved_while_connected_is_offered_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let mut relay = Relay::connect(&spool);
    let first = finished(&spool);
    assert_eq!(relay.hears_an_offer().await.clip, first);
    let second = finished(&spool);
    assert_eq!(relay.hears_an_offer().await.clip, second);
}

#[tokio::test]
async fn a_refused_clip_stays_and_is_offered_on_the_next_connection() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let clip = finished(&spool);
    let mut relay = Relay::connect(&spool);
    relay.hears_an_offer().await;
    let reason = ClipGap::RelayStorage;
    relay.say(ClipToAgent::Refused { clip, reason });
    let mut counts = spool.counts();
    counts.wait_for(|counts| counts.refused == 1).await.unwrap();
    relay.breaks().await;
    let mut relay = Relay::connect(&spool);
    assert_eq!(relay.hears_an_offer().await.clip, clip);
    assert_eq!(spool.counts().borrow().unsent, 1);
}

#[tokio::test]
async fn a_clip_of_another_consult_is_offered_only_when_a_person_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let other = finished_of(&spool, Belongs::Consult(ConsultId::random()));
    let unsaid = finished_of(&spool, Belongs::Unsaid);
    let mine = finished(&spool);
    let mut relay = Relay::connect(&spool);
    assert_eq!(relay.hears_an_offer().await.clip, mine, "the others stay");
    assert!(spool.assign(other, consult()).unwrap());
    assert_eq!(relay.hears_an_offer().await.clip, other, "at once");
    relay.breaks().await;
    drop(spool);
    let spool = fixture::spool(folder.path());
    let mut relay = Relay::connect(&spool);
    let mut offered = [
        relay.hears_an_offer().await.clip,
        relay.hears_an_offer().await.clip,
    ];
    let mut expected = [other, mine];
    offered.sort_unstable();
    expected.sort_unstable();
    assert_eq!(offered, expected, "also after a restart");
    relay.breaks().await;
    assert!(spool.holds(unsaid).is_some(), "nothing is lost");
}

#[tokio::test]
async fn what_was_saved_outside_of_a_consult_goes_to_the_next_one_of_the_same_patient() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let whom = visit(Some("4711")).consult().unwrap().1.unwrap();
    let saved = finished_of(&spool, Belongs::Next(whom));
    for patient in [None, Some("5822")] {
        let mut relay = Relay::connect_for(&spool, patient);
        let mine = finished(&spool);
        assert_eq!(relay.hears_an_offer().await.clip, mine, "{patient:?}");
        spool.let_go(mine).unwrap();
        relay.breaks().await;
    }
    let mut relay = Relay::connect_for(&spool, Some("4711"));
    assert_eq!(relay.hears_an_offer().await.clip, saved);
}

#[tokio::test]
async fn an_original_goes_first() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let clip = finished(&spool);
    let mut relay = Relay::connect(&spool);
    relay.hears_an_offer().await;
    relay.original.send_replace(true);
    relay.say(ClipToAgent::Wanted { clip, offset: 0 });
    let early = tokio::time::timeout(Duration::from_millis(200), relay.heard.recv()).await;
    assert!(early.is_err(), "{early:?}");
    relay.original.send_replace(false);
    relay.takes(clip, 0, BYTES).await;
}

#[tokio::test]
async fn nonsense_and_words_about_strangers_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let clip = finished(&spool);
    let mut relay = Relay::connect(&spool);
    relay.hears_an_offer().await;
    for text in [
        &b"{"[..],
        b"",
        b"{\"type\":\"formatDisk\"}",
        &[0xFF; 70_000],
    ] {
        relay.say.send(Event::Text(text.to_vec())).unwrap();
    }
    let stranger = ClipId::random();
    relay.say(ClipToAgent::Kept { clip: stranger });
    relay.say(ClipToAgent::Wanted {
        clip: stranger,
        offset: 0,
    });
    relay.say(ClipToAgent::Wanted {
        clip,
        offset: u64::MAX,
    });
    relay.say(ClipToAgent::Wanted { clip, offset: 5 });
    let taken = relay.takes(clip, 5, BYTES).await;
    assert!(taken == content()[5..]);
}

#[tokio::test]
async fn on_a_narrow_link_no_message_is_longer_than_twenty_milliseconds_of_its_share() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let clip = finished(&spool);
    let (rates, spare) = Spare::told(Some(BitRate::from_kbps(800)));
    let mut relay = Relay::connect_over(&spool, spare.clone());
    relay.hears_an_offer().await;
    relay.say(ClipToAgent::Wanted { clip, offset: 0 });
    let lengths = relay.lengths(20_000).await;
    assert!(lengths.iter().all(|length| *length == 2_000), "{lengths:?}");
    // Back-fill travels too; then the link widens. One message may be on its way yet.
    let other = spare.travels();
    let lengths = relay.lengths(10_000).await;
    assert!(lengths[1..].iter().all(|it| *it <= 1_100), "{lengths:?}");
    drop(other);
    rates.send_replace(Some(BitRate::from_kbps(3_200)));
    let lengths = relay.lengths(40_000).await;
    assert!(lengths[1..].iter().all(|it| *it == 8_000), "{lengths:?}");
}

#[tokio::test]
async fn a_clip_that_waits_for_an_original_has_no_part_in_what_the_link_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let clip = finished(&spool);
    let (_rates, spare) = Spare::told(Some(BitRate::from_kbps(800)));
    let mut relay = Relay::connect_over(&spool, spare.clone());
    relay.hears_an_offer().await;
    relay.say(ClipToAgent::Wanted { clip, offset: 0 });
    let other = spare.travels();
    relay.lengths(4_000).await;
    assert_eq!(spare.rate(), Some(BitRate::from_kbps(400)));
    relay.original.send_replace(true);
    let alone = async {
        while spare.rate() != Some(BitRate::from_kbps(800)) {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(10), alone).await;
    assert!(waited.is_ok(), "it holds its part and sends nothing");
    drop(other);
}

fn head_digest(spool: &Spool, clip: ClipId) -> Digest {
    Outgoing::open(spool, clip).unwrap().head.digest
}

fn digest_of(bytes: &[u8]) -> Digest {
    use sha2::Digest as _;
    Digest::from_bytes(sha2::Sha256::digest(bytes).into())
}
