//! Who gets in, who goes, what is told of it, and that nothing is left behind.

use super::super::peer::NewRole;
use super::world::{DELTA, DTLS, H264, KEY, MS, World};
use crate::sfu::edge::EdgeEvent;
use crate::sfu::edge::terms::ExtensionIds;
use crate::sfu::error::SfuError;
use crate::sfu::event::{GoneReason, SfuEvent, StopReason};
use crate::sfu::limits::{CONNECT_WITHIN, MAX_QUEUED_EVENTS, PEER_EXPIRES, PUBLISHER_SILENT};
use crate::sfu::net::ice::{LineId, Path, Via};
use crate::sfu::net::stun::{Key, request};
use crate::sfu::picture::leg::Leg;
use crate::sfu::sdp::fragment::Fragment;
use crate::sfu::sdp::offer::Credentials;
use std::net::SocketAddr;
use std::time::Duration;

#[test]
fn nothing_is_left_of_peers_that_are_gone() {
    let mut world = World::new();
    let publisher = world.publisher();
    world.rtp(&publisher, 1, 10, KEY);
    let viewers = [world.viewer(), world.viewer(), world.viewer()];
    assert_eq!(world.engine.table_sizes(), [4, 4, 4, 4, 1, 0]);
    for held in viewers.iter().chain([&publisher]) {
        world.engine.close(world.now, held.session).unwrap();
        assert!(held.edge.with(|script| script.closed), "it is told");
    }
    assert_eq!(world.engine.table_sizes(), [0; 6]);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.engine.table_sizes(), [0; 6]);
}

#[test]
fn only_an_address_that_proved_itself_reaches_a_connection() {
    let mut world = World::new();
    let publisher = world.publisher();
    let stranger = Path {
        peer: SocketAddr::from(([203, 0, 113, 9], 9)),
        local: None,
        via: Via::Udp,
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
    assert_eq!(world.engine.table_sizes(), [0; 6]);
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
fn a_peer_over_tcp_is_heard_until_its_connection_ends_and_the_connection_goes_with_it() {
    let mut world = World::new();
    let mut publisher = world.publisher();
    let over_udp = publisher.address;
    let over_tcp = |line| Path {
        via: Via::Tcp(LineId(line)),
        ..over_udp
    };
    for line in [1, 2] {
        publisher.address = over_tcp(line);
        world.check(&publisher);
    }
    world.rtp(&publisher, 1, 10, KEY);
    assert_eq!(world.engine.table_sizes()[3], 3, "one by UDP, two by TCP");
    world.engine.lose_way(over_tcp(2));
    let before = publisher.edge.with(|script| script.datagrams);
    world.engine.take_datagram(world.now, over_tcp(2), &DTLS);
    assert_eq!(publisher.edge.with(|script| script.datagrams), before);
    world.engine.take_datagram(world.now, over_tcp(1), &DTLS);
    assert_eq!(publisher.edge.with(|script| script.datagrams), before + 1);
    world.engine.close(world.now, publisher.session).unwrap();
    assert_eq!(world.engine.take_left(), [LineId(1)]);
    assert_eq!(world.engine.table_sizes(), [0; 6]);
}
