//! What viewers get to see, and what is asked of the publisher for it.

use super::super::peer::NewRole;
use super::world::{DELTA, H264, Held, KEY, MS, World, wrote};
use crate::sfu::edge::EdgeEvent;
use crate::sfu::edge::terms::ExtensionIds;
use crate::sfu::event::GoneReason;
use crate::sfu::limits::{CACHE_PACKETS, KEYFRAME_REPEAT, PUBLISHER_SILENT, VIEWER_SILENT};
use crate::sfu::picture::leg::Leg;
use crate::sfu::sdp::codec::Codec;
use std::time::Duration;
use wire::StreamId;

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
        sources: (Some(7), None),
        repairs: Vec::new(),
        has_data: false,
        tap: None,
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

#[test]
fn a_keyframe_is_asked_for_when_repair_failed_and_not_before() {
    let mut world = World::new();
    let publisher = world.publisher();
    world.rtp(&publisher, 1, 10, KEY);
    let _viewer = world.viewer();
    world.pass(2 * KEYFRAME_REPEAT);
    let before = publisher.edge.with(|script| script.keyframes_asked);
    let asked = || publisher.edge.with(|script| script.keyframes_asked) - before;
    world.rtp(&publisher, 3, 30, DELTA);
    world.pass(400 * MS);
    assert_eq!(asked(), 0, "it may still come");
    world.pass(600 * MS);
    assert!(asked() > 0, "nobody can decode what comes now");
    world.rtp(&publisher, 4, 40, KEY);
    let so_far = asked();
    world.rtp(&publisher, 5, 50, DELTA);
    world.pass(1_200 * MS);
    assert_eq!(asked(), so_far);
}

#[test]
fn what_is_given_up_before_a_keyframe_is_nobodys_loss() {
    let mut world = World::new();
    let publisher = world.publisher();
    world.rtp(&publisher, 1, 10, KEY);
    let _viewer = world.viewer();
    world.pass(2 * KEYFRAME_REPEAT);
    let before = publisher.edge.with(|script| script.keyframes_asked);
    world.rtp(&publisher, 3, 30, DELTA);
    world.rtp(&publisher, 4, 40, KEY);
    world.pass(1_200 * MS);
    assert_eq!(publisher.edge.with(|script| script.keyframes_asked), before);
}

#[test]
fn after_more_than_can_be_mended_viewers_wait_for_the_next_keyframe() {
    let mut world = World::new();
    let publisher = world.publisher();
    world.rtp(&publisher, 1, 10, KEY);
    let viewer = world.viewer();
    let asked = publisher.edge.with(|script| script.keyframes_asked);
    world.pass(KEYFRAME_REPEAT);
    world.rtp(&publisher, 500, 20, DELTA);
    world.rtp(&publisher, 501, 30, DELTA);
    assert_eq!(wrote(&viewer), [10], "nor is the old keyframe shown again");
    assert_eq!(
        publisher.edge.with(|script| script.keyframes_asked),
        asked + 1
    );
    world.rtp(&publisher, 502, 40, KEY);
    world.rtp(&publisher, 503, 50, DELTA);
    assert_eq!(wrote(&viewer), [10, 40, 50]);
}

#[test]
fn a_publisher_that_was_silent_is_shown_again_from_a_keyframe() {
    let mut world = World::new();
    let publisher = world.publisher();
    world.rtp(&publisher, 1, 10, KEY);
    let viewer = world.viewer();
    world.rtp(&publisher, 2, 20, DELTA);
    world.pass(PUBLISHER_SILENT + Duration::from_millis(200));
    world.check(&viewer);
    let asked = publisher.edge.with(|script| script.keyframes_asked);
    world.rtp(&publisher, 3, 30, DELTA);
    assert_eq!(wrote(&viewer), [10, 20]);
    let again = publisher.edge.with(|script| script.keyframes_asked);
    assert_eq!(again, asked + 1, "at once");
    world.rtp(&publisher, 4, 40, KEY);
    assert_eq!(wrote(&viewer), [10, 20, 40]);
}

/// RFC 4588: repeats come by a source of their own, so no replay window keeps a second one out. A viewer's source and number are
/// the nonce of its encryption (RFC 7714 §8.1).
#[test]
fn what_a_publisher_repeats_reaches_no_viewer_twice_however_old_it_is() {
    let mut world = World::new();
    let publisher = world.publisher();
    world.rtp(&publisher, 0, 0, KEY);
    let viewer = world.viewer();
    let kept = CACHE_PACKETS as u16;
    let last = 2 * kept;
    for seq in 1..=last {
        world.rtp(&publisher, seq, u32::from(seq), DELTA);
        for behind in [0, 1, kept - 1, kept, kept + 1] {
            if let Some(again) = seq.checked_sub(behind) {
                world.rtp(&publisher, again, u32::from(again), DELTA);
            }
        }
    }
    let all: Vec<u32> = (0..=u32::from(last)).collect();
    assert_eq!(wrote(&viewer), all, "each once, and none is waited for");
    let mut nonces = viewer.edge.with(|script| {
        let left = script.left.iter().map(|left| (left.ssrc, left.seq));
        left.collect::<Vec<_>>()
    });
    nonces.sort_unstable();
    nonces.dedup();
    assert_eq!(nonces.len(), all.len());
}
