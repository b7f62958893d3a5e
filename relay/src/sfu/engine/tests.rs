//! The engine in virtual time, with connections that do what a test says.

use super::core::Engine;
use super::peer::{NewPeer, NewRole};
use crate::sfu::edge::terms::ExtensionIds;
use crate::sfu::edge::{Connection, EdgeEvent, PublisherEdge, RtpIn, RtpOut, ViewerEdge};
use crate::sfu::error::{EdgeError, SfuError};
use crate::sfu::event::{GoneReason, MediaSessionId, SfuEvent, StopReason};
use crate::sfu::limits::{
    CONNECT_WITHIN, KEYFRAME_REPEAT, MAX_QUEUED_EVENTS, PEER_EXPIRES, PUBLISHER_SILENT,
    VIEWER_SILENT,
};
use crate::sfu::net::ice::{IceLite, Path};
use crate::sfu::net::stun::{Key, request};
use crate::sfu::picture::leg::Leg;
use crate::sfu::sdp::codec::Codec;
use crate::sfu::sdp::fragment::Fragment;
use crate::sfu::sdp::offer::Credentials;
use bytes::{Bytes, BytesMut};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use uuid::Uuid;
use wire::{ConsultId, StreamId};

const MS: Duration = Duration::from_millis(1);
const KEY: &[u8] = &[0x65, 1];
const DELTA: &[u8] = &[0x61, 1];
const H264: Codec = Codec::H264 {
    profile_level: [0x42, 0xe0, 0x1f],
    fragmented: true,
};
/// Looks like DTLS.
const DTLS: [u8; 13] = [22; 13];

/// What a connection did, and what it is to report.
#[derive(Default)]
struct Script {
    report: Vec<EdgeEvent>,
    texts: Vec<String>,
    /// Timestamps of the packets written.
    wrote: Vec<u32>,
    keyframes_asked: usize,
    asked_again: Vec<u16>,
    datagrams: usize,
    panics_on_write: bool,
    closed: bool,
}

#[derive(Clone, Default)]
struct Fake(Arc<Mutex<Script>>);

impl Fake {
    fn with<T>(&self, run: impl FnOnce(&mut Script) -> T) -> T {
        run(&mut self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner()))
    }
}

impl Connection for Fake {
    fn take_datagram(&mut self, _: Instant, _: BytesMut) {
        self.with(|script| script.datagrams += 1);
    }
    fn take_timeout(&mut self, _: Instant) {}
    fn next_timeout(&mut self) -> Option<Instant> {
        None
    }
    fn poll_datagram(&mut self) -> Option<BytesMut> {
        None
    }
    fn poll_event(&mut self, take_data: bool) -> Option<EdgeEvent> {
        self.with(|script| {
            if !script.report.is_empty() {
                return Some(script.report.remove(0));
            }
            let text = (take_data && !script.texts.is_empty()).then(|| script.texts.remove(0));
            text.map(EdgeEvent::ControlText)
        })
    }
    fn close(&mut self, _: Instant) {
        self.with(|script| script.closed = true);
    }
}

impl PublisherEdge for Fake {
    fn ask_keyframe(&mut self, _: Instant, _: u32) {
        self.with(|script| script.keyframes_asked += 1);
    }
    fn ask_again(&mut self, _: Instant, _: u32, missing: &[u16]) {
        self.with(|script| script.asked_again.extend(missing));
    }
    fn send_text(&mut self, _: Instant, _: &str) -> Result<(), EdgeError> {
        Ok(())
    }
}

impl ViewerEdge for Fake {
    fn write_rtp(&mut self, packet: &RtpOut<'_>) -> bool {
        self.with(|script| {
            assert!(!script.panics_on_write, "as the test wants");
            script.wrote.push(packet.timestamp);
        });
        true
    }
}

/// One peer as a test holds it.
struct Held {
    edge: Fake,
    session: MediaSessionId,
    address: Path,
    name: String,
}

/// An engine, its clock, one consult.
struct World {
    engine: Engine,
    now: Instant,
    consult: ConsultId,
    peers: u16,
}

impl World {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            engine: Engine::new(now, 100),
            now,
            consult: ConsultId::random(),
            peers: 0,
        }
    }

    fn add(&mut self, role: impl FnOnce(Fake) -> NewRole) -> Result<Held, SfuError> {
        self.peers += 1;
        let name = format!("peer{}", self.peers);
        let edge = Fake::default();
        let session = MediaSessionId::from_uuid(Uuid::from_u128(self.peers.into()));
        let credentials = |name: &str| Credentials {
            ufrag: name.to_owned(),
            pwd: format!("{name}-password-of-some-length"),
        };
        let new = NewPeer {
            session,
            consult: self.consult,
            ice: IceLite::new(credentials(&name), credentials("theirs")),
            mid: "0".to_owned(),
            candidates: 0,
            role: role(edge.clone()),
        };
        self.engine.add(self.now, new)?;
        let peer = SocketAddr::from(([192, 0, 2, 1], 1_000 + self.peers));
        Ok(Held {
            edge,
            session,
            address: Path { peer, local: None },
            name,
        })
    }

    fn publisher(&mut self) -> Held {
        let held = self.add(|edge| NewRole::Publisher {
            edge: Box::new(edge),
            stream: StreamId::random(),
            codec: H264,
            extensions: ExtensionIds::default(),
            sources: vec![7],
            has_data: true,
        });
        let held = held.unwrap();
        self.check(&held);
        self.report(&held, EdgeEvent::Connected);
        held
    }

    fn viewer(&mut self) -> Held {
        let held = self.add(|edge| NewRole::Viewer {
            edge: Box::new(edge),
            leg: Leg::new(1, 96, ExtensionIds::default(), None, 0),
            codec: H264,
        });
        let held = held.unwrap();
        self.check(&held);
        self.report(&held, EdgeEvent::Connected);
        held
    }

    /// A good ICE check from the peer's address.
    fn check(&mut self, held: &Held) {
        let key = Key::new(&format!("{}-password-of-some-length", held.name));
        let check = request([1; 12], &format!("{}:theirs", held.name), true, &key);
        self.engine.take_datagram(self.now, held.address, &check);
        self.settle();
    }

    /// The connection reports something, because a datagram came.
    fn report(&mut self, held: &Held, event: EdgeEvent) {
        held.edge.with(|script| script.report.push(event));
        self.engine.take_datagram(self.now, held.address, &DTLS);
        self.settle();
    }

    fn rtp(&mut self, held: &Held, seq: u16, timestamp: u32, payload: &'static [u8]) {
        let packet = RtpIn {
            ssrc: 7,
            seq,
            timestamp,
            marker: true,
            extensions: Vec::new(),
            payload: Bytes::from_static(payload),
        };
        self.report(held, EdgeEvent::Rtp(packet));
    }

    fn settle(&mut self) {
        self.engine.settle(self.now, &mut |out, _| out.clear());
    }

    /// Lets time pass in the engine's own steps.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while self.engine.next_timeout() <= end {
            self.now = self.engine.next_timeout().max(self.now);
            self.engine.take_timeout(self.now);
            self.settle();
        }
        self.now = end;
    }

    fn events(&mut self) -> Vec<SfuEvent> {
        let events: Vec<_> = std::iter::from_fn(|| self.engine.poll_event()).collect();
        let told = events.into_iter();
        told.filter(|event| !matches!(event, SfuEvent::PictureFlow { .. }))
            .collect()
    }

    fn gone(&mut self) -> Vec<(MediaSessionId, GoneReason)> {
        let events = self.events().into_iter();
        events
            .filter_map(|event| match event {
                SfuEvent::WatcherGone {
                    session, reason, ..
                }
                | SfuEvent::PublisherGone {
                    session, reason, ..
                } => Some((session, reason)),
                _ => None,
            })
            .collect()
    }
}

fn wrote(held: &Held) -> Vec<u32> {
    held.edge.with(|script| script.wrote.clone())
}

#[test]
fn a_panic_in_one_connection_ends_that_peer_only() {
    let mut world = World::new();
    let publisher = world.publisher();
    world.rtp(&publisher, 1, 10, KEY);
    let (faulty, healthy) = (world.viewer(), world.viewer());
    faulty.edge.with(|script| script.panics_on_write = true);
    world.rtp(&publisher, 2, 20, DELTA);
    world.rtp(&publisher, 3, 30, DELTA);
    assert_eq!(wrote(&healthy), [10, 20, 30]);
    assert_eq!(world.gone(), [(faulty.session, GoneReason::Fault)]);
    assert_eq!(world.engine.stats().faults, 1);
}

#[test]
fn nothing_is_left_of_peers_that_are_gone() {
    let mut world = World::new();
    let publisher = world.publisher();
    world.rtp(&publisher, 1, 10, KEY);
    let viewers = [world.viewer(), world.viewer(), world.viewer()];
    assert_eq!(world.engine.table_sizes(), [4, 4, 4, 4, 1]);
    for held in viewers.iter().chain([&publisher]) {
        world.engine.close(world.now, held.session).unwrap();
        assert!(held.edge.with(|script| script.closed), "it is told");
    }
    assert_eq!(world.engine.table_sizes(), [0; 5]);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.engine.table_sizes(), [0; 5]);
}

#[test]
fn only_an_address_that_proved_itself_reaches_a_connection() {
    let mut world = World::new();
    let publisher = world.publisher();
    let stranger = Path {
        peer: SocketAddr::from(([203, 0, 113, 9], 9)),
        local: None,
    };
    world.engine.take_datagram(world.now, stranger, &DTLS);
    assert_eq!(publisher.edge.with(|script| script.datagrams), 1, "its own");
    world
        .engine
        .take_datagram(world.now, publisher.address, &DTLS);
    assert_eq!(publisher.edge.with(|script| script.datagrams), 2);
}

#[test]
fn a_name_that_nobody_chose_is_never_answered() {
    let mut world = World::new();
    let publisher = world.publisher();
    let key = Key::new("peer1-password-of-some-length");
    for name in ["nobody:theirs", "peer1:others", ":", "", "peer1"] {
        let check = request([1; 12], name, true, &key);
        world
            .engine
            .take_datagram(world.now, publisher.address, &check);
        assert!(world.engine.out.is_empty(), "{name}");
    }
    assert_eq!(world.engine.stats().dropped_stun, 5);
}

#[test]
fn the_keyframe_is_asked_for_while_the_viewer_still_connects() {
    let mut world = World::new();
    let publisher = world.publisher();
    world.rtp(&publisher, 1, 10, KEY);
    world.pass(2 * KEYFRAME_REPEAT);
    let before = publisher.edge.with(|script| script.keyframes_asked);
    let viewer = world.add(|edge| NewRole::Viewer {
        edge: Box::new(edge),
        leg: Leg::new(1, 96, ExtensionIds::default(), None, 0),
        codec: H264,
    });
    let viewer = viewer.unwrap();
    world.check(&viewer);
    assert_eq!(
        publisher.edge.with(|script| script.keyframes_asked),
        before + 1
    );
    // It comes while DTLS still talks, and is there when the viewer is.
    world.rtp(&publisher, 2, 20, KEY);
    world.pass(50 * MS);
    assert!(wrote(&viewer).is_empty());
    world.report(&viewer, EdgeEvent::Connected);
    assert_eq!(wrote(&viewer), [20]);
}

#[test]
fn the_requests_of_many_viewers_reach_the_publisher_as_one() {
    let mut world = World::new();
    let publisher = world.publisher();
    world.rtp(&publisher, 1, 10, KEY);
    let viewers: Vec<Held> = (0..50).map(|_| world.viewer()).collect();
    world.pass(2 * KEYFRAME_REPEAT);
    let before = publisher.edge.with(|script| script.keyframes_asked);
    for viewer in &viewers {
        world.report(viewer, EdgeEvent::KeyframeWanted);
    }
    let asked = || publisher.edge.with(|script| script.keyframes_asked) - before;
    assert_eq!(asked(), 1);
    world.pass(2 * KEYFRAME_REPEAT + MS);
    assert_eq!(asked(), 3, "again each 300 ms until one comes");
    world.rtp(&publisher, 2, 20, KEY);
    world.pass(4 * KEYFRAME_REPEAT);
    assert_eq!(asked(), 3);
}

#[test]
fn a_missing_packet_is_asked_for_soon_although_a_keyframe_request_waits_longer() {
    let mut world = World::new();
    let publisher = world.publisher();
    world.rtp(&publisher, 1, 10, KEY);
    let viewer = world.viewer();
    world.pass(Duration::from_secs(1));
    world.report(&viewer, EdgeEvent::KeyframeWanted);
    world.rtp(&publisher, 2, 20, DELTA);
    world.rtp(&publisher, 4, 40, DELTA);
    world.pass(6 * MS);
    assert_eq!(
        publisher.edge.with(|script| script.asked_again.clone()),
        [3]
    );
}

#[test]
fn a_viewer_that_is_not_heard_gets_no_picture_until_it_is() {
    let mut world = World::new();
    let publisher = world.publisher();
    world.rtp(&publisher, 1, 10, KEY);
    let viewer = world.viewer();
    assert_eq!(wrote(&viewer), [10]);
    world.pass(VIEWER_SILENT + MS);
    world.rtp(&publisher, 2, 20, DELTA);
    assert_eq!(wrote(&viewer), [10]);
    world.check(&viewer);
    world.rtp(&publisher, 3, 30, DELTA);
    assert_eq!(wrote(&viewer), [10], "it must begin at a keyframe");
    world.rtp(&publisher, 4, 40, KEY);
    assert_eq!(wrote(&viewer), [10, 40]);
}

#[test]
fn silence_of_the_publisher_is_told_once_and_its_return_too() {
    let mut world = World::new();
    let publisher = world.publisher();
    world.rtp(&publisher, 1, 10, KEY);
    world.events();
    world.pass(PUBLISHER_SILENT - 100 * MS);
    assert_eq!(world.events(), []);
    world.pass(Duration::from_secs(3));
    let events = world.events();
    assert!(matches!(
        events[..],
        [SfuEvent::StreamStopped {
            reason: StopReason::Silent,
            ..
        }]
    ));
    assert!(world.engine.codec(world.consult).is_none());
    world.rtp(&publisher, 2, 20, DELTA);
    let events = world.events();
    assert!(matches!(events[..], [SfuEvent::StreamStarted { .. }]));
}

#[test]
fn peers_that_never_connect_or_are_not_heard_go_by_themselves() {
    let mut world = World::new();
    let publisher = world.publisher();
    world.report(&publisher, EdgeEvent::Connected);
    world.rtp(&publisher, 1, 10, KEY);
    let viewer = world.add(|edge| NewRole::Viewer {
        edge: Box::new(edge),
        leg: Leg::new(1, 96, ExtensionIds::default(), None, 0),
        codec: H264,
    });
    let viewer = viewer.unwrap();
    world.pass(CONNECT_WITHIN + Duration::from_secs(1));
    assert_eq!(world.gone(), [(viewer.session, GoneReason::NeverConnected)]);
    world.pass(PEER_EXPIRES);
    assert_eq!(world.gone(), [(publisher.session, GoneReason::Expired)]);
    assert_eq!(world.engine.table_sizes(), [0; 5]);
}

#[test]
fn the_newer_publication_takes_over_with_its_first_packet() {
    let mut world = World::new();
    let old = world.publisher();
    world.rtp(&old, 1, 10, KEY);
    let viewer = world.viewer();
    let new = world.publisher();
    world.rtp(&old, 2, 20, DELTA);
    assert_eq!(wrote(&viewer), [10, 20], "the old one goes on until then");
    world.rtp(&new, 900, 5_000, DELTA);
    world.rtp(&new, 901, 8_000, KEY);
    assert_eq!(world.gone(), [(old.session, GoneReason::Replaced)]);
    assert!(old.edge.with(|script| script.closed));
    assert_eq!(wrote(&viewer), [10, 20, 8_000], "it begins at its keyframe");
}

#[test]
fn control_messages_wait_in_the_connection_while_nobody_reads_events() {
    let mut world = World::new();
    let publisher = world.publisher();
    world.rtp(&publisher, 1, 10, KEY);
    let all = 2 * MAX_QUEUED_EVENTS;
    publisher
        .edge
        .with(|script| script.texts = (0..all).map(|n| n.to_string()).collect());
    for _ in 0..all {
        world.report(&publisher, EdgeEvent::DataRefused);
    }
    let waiting = publisher.edge.with(|script| script.texts.len());
    assert!(waiting >= all / 2, "{waiting} wait");
    let mut read = 0;
    while read < all {
        let texts = world.events().into_iter();
        read += texts
            .filter(|event| matches!(event, SfuEvent::ControlMessage { .. }))
            .count();
        world.check(&publisher);
        world.pass(200 * MS);
    }
    assert_eq!(read, all, "none is lost");
}

#[test]
fn reports_of_the_flow_are_dropped_first_when_nobody_reads() {
    let mut world = World::new();
    let publisher = world.publisher();
    for n in 0..4 * MAX_QUEUED_EVENTS as u16 {
        world.rtp(&publisher, n, u32::from(n), KEY);
        world.pass(500 * MS);
    }
    assert!(world.engine.stats().dropped_events > 0);
    world.engine.close(world.now, publisher.session).unwrap();
    let told = world.events();
    assert!(matches!(told.last(), Some(SfuEvent::PublisherGone { .. })));
}

#[test]
fn a_restart_changes_the_name_and_limits_candidates_per_generation() {
    let mut world = World::new();
    let publisher = world.publisher();
    let fresh = Credentials {
        ufrag: "fresh".to_owned(),
        pwd: "fresh-password-of-some-length".to_owned(),
    };
    let fragment = |ufrag: &str, candidates| Fragment {
        credentials: Some(Credentials {
            ufrag: ufrag.to_owned(),
            pwd: format!("{ufrag}-password-of-some-length"),
        }),
        candidates,
    };
    let mut patch = |fragment| {
        world
            .engine
            .patch(publisher.session, fragment, fresh.clone())
    };
    assert!(
        matches!(patch(fragment("theirs", 60)), Ok(None)),
        "a trickle"
    );
    assert!(matches!(
        patch(fragment("theirs", 5)),
        Err(SfuError::Fragment(_))
    ));
    let restarted = patch(fragment("theirs2", 1)).unwrap();
    assert_eq!(restarted.unwrap().1, fresh);
    assert!(matches!(patch(fragment("theirs2", 60)), Ok(None)));
    let check = request([1; 12], "fresh:theirs2", true, &Key::new(&fresh.pwd));
    world
        .engine
        .take_datagram(world.now, publisher.address, &check);
    assert_eq!(world.engine.out.len(), 1);
    assert_eq!(
        world.engine.table_sizes()[2],
        1,
        "the old name is forgotten"
    );
}

#[test]
fn a_viewer_that_cannot_decode_the_new_publication_must_join_again() {
    let mut world = World::new();
    let publisher = world.publisher();
    world.rtp(&publisher, 1, 10, KEY);
    let viewer = world.viewer();
    let next = world.add(|edge| NewRole::Publisher {
        edge: Box::new(edge),
        stream: StreamId::random(),
        codec: Codec::Vp8,
        extensions: ExtensionIds::default(),
        sources: vec![7],
        has_data: false,
    });
    let next = next.unwrap();
    world.check(&next);
    world.rtp(&next, 1, 10, KEY);
    let gone = world.gone();
    assert!(
        gone.contains(&(viewer.session, GoneReason::CodecChanged)),
        "{gone:?}"
    );
}
