//! Two viewers over real sockets, one of them behind a narrow link: it gets the low layer, the other one all of the picture.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod media;

use media::client::Kind;
use media::frames::Frames;
use media::world::{Publisher, Viewer, World};
use relay::sfu::SfuEvent;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};

const FULL: u32 = 0x1111;
const LOW: u32 = 0x2222;
/// A frame of the full layer; the low layer has one packet.
const FULL_PACKETS: usize = 7;
const FRAME: Duration = Duration::from_millis(33);
const TICKS: u32 = 2_970;
/// The low layer repeats its keyframe: nobody tells this agent of requests for it.
const LOW_KEYS_EVERY: u32 = 15;
const LONGEST: Duration = Duration::from_secs(30);

/// Sends the picture, and the low layer while it is asked for.
struct Agent {
    publisher: Publisher,
    low: Frames,
    frame: u32,
    keys_sent: usize,
    low_since: Option<u32>,
}

impl Agent {
    fn timestamp(&self) -> u32 {
        self.frame.wrapping_mul(TICKS)
    }

    fn sends(&mut self, world: &World) {
        self.frame += 1;
        let timestamp = self.timestamp();
        let asked = self.publisher.client.seen(|seen| seen.keyframe_requests);
        if std::mem::replace(&mut self.keys_sent, asked) == asked {
            let packets = self.publisher.frames.long_frame(timestamp, FULL_PACKETS);
            self.publisher.client.send(packets);
        } else {
            self.publisher.key(timestamp);
        }
        self.low_since = wants_low(world).then(|| self.low_since.unwrap_or(self.frame));
        if let Some(since) = self.low_since {
            let key = (self.frame - since).is_multiple_of(LOW_KEYS_EVERY);
            let packets = if key {
                self.low.frame(timestamp, true)
            } else {
                self.low.long_frame(timestamp, 1)
            };
            self.publisher.client.send(packets);
        }
    }

    /// Goes on until something holds.
    async fn sends_until(&mut self, world: &World, what: &str, holds: impl Fn() -> bool) {
        let mut frames = interval(FRAME);
        frames.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let end = Instant::now() + LONGEST;
        while !holds() {
            assert!(Instant::now() < end, "{what}: {:?}", world.happenings());
            frames.tick().await;
            self.sends(world);
        }
    }
}

fn wants_low(world: &World) -> bool {
    let said = world.happenings().into_iter().rev();
    let mut words = said.filter_map(|event| match event {
        SfuEvent::LowLayer { wanted, .. } => Some(wanted),
        _ => None,
    });
    words.next().unwrap_or(false)
}

fn is_low(world: &World, viewer: &Viewer) -> bool {
    let said = world.happenings().into_iter().rev();
    let mut layers = said.filter_map(|event| match event {
        SfuEvent::WatcherLayer { session, low, .. } if session == viewer.session => Some(low),
        _ => None,
    });
    layers.next().unwrap_or(false)
}

/// Packets of each frame that a viewer has, by timestamp.
fn frames(viewer: &Viewer) -> BTreeMap<u32, usize> {
    viewer.client.seen(|seen| {
        let mut frames = BTreeMap::new();
        for packet in &seen.packets {
            *frames.entry(packet.header.timestamp).or_default() += 1;
        }
        frames
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_weak_viewer_gets_the_low_layer_and_the_strong_one_loses_nothing() {
    let world = World::start();
    let publisher = world
        .publish(Kind {
            low_layer: Some(LOW),
            ..Kind::publisher(FULL)
        })
        .await;
    let payload_type = publisher.frames.payload_type;
    let mut agent = Agent {
        publisher,
        low: Frames {
            ssrc: LOW,
            payload_type,
            seq: 100,
        },
        frame: 1,
        keys_sent: 0,
        low_since: None,
    };
    let first = agent.timestamp();
    agent.publisher.begin(&world, first).await;
    let viewer = |kbps| Kind {
        reports_arrivals: true,
        kbps,
        ..Kind::viewer()
    };
    let strong = world.watch(viewer(None)).await;
    agent
        .sends_until(&world, "the strong one sees", || frames(&strong).len() > 30)
        .await;
    let weak = world.watch(viewer(Some(1_000))).await;
    agent
        .sends_until(&world, "the weak one gets the low layer", || {
            is_low(&world, &weak)
        })
        .await;

    // Once its queue is gone it shows frame after frame.
    let changed = agent.frame;
    let shown = || frames(&weak).range((changed + 30) * TICKS..).count();
    let began = Instant::now();
    agent
        .sends_until(&world, "it keeps its frames", || shown() >= 90)
        .await;
    assert!(
        began.elapsed() < Duration::from_secs(7),
        "{:?}",
        began.elapsed()
    );
    let last = agent.frame - 10;
    agent
        .sends_until(&world, "the strong one is there", || {
            frames(&strong).contains_key(&((last + 5) * TICKS))
        })
        .await;

    assert!(!is_low(&world, &strong));
    let (strong, weak) = (frames(&strong), frames(&weak));
    let since = (changed + 30) * TICKS..last * TICKS;
    for (timestamp, packets) in strong.range(since.clone()) {
        assert!(
            [5, FULL_PACKETS].contains(packets),
            "{timestamp}: {packets}"
        );
    }
    assert_eq!(
        strong.range(since.clone()).count() as u32,
        last - changed - 30
    );
    for (timestamp, packets) in weak.range(since) {
        assert!([5, 1].contains(packets), "{timestamp}: {packets}");
        assert!(strong.contains_key(timestamp), "it is the same frame");
    }
}

/// RFC 4588: the low layer's packets are repeated on a source of their own, and come as what they were.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repair_of_the_low_layer_is_taken_for_a_packet_of_it() {
    let world = World::start();
    let mut publisher = world
        .publish(Kind {
            low_layer: Some(LOW),
            repairs_on: Some(FULL + 1),
            ..Kind::publisher(FULL)
        })
        .await;
    publisher.begin(&world, 3_000).await;
    let payload_type = publisher.frames.payload_type;
    let mut low = Frames {
        ssrc: LOW,
        payload_type,
        seq: 100,
    };
    let begun = world
        .stats("the keyframe", |stats| stats.packets_in >= 5)
        .await;
    let before = begun.packets_in;
    publisher.client.send(low.frame(3_000, false));
    let mut repair = low.frame(6_000, false).remove(0);
    let original = repair.header.sequence_number.to_be_bytes();
    (repair.header.ssrc, repair.header.payload_type) = (LOW + 1, payload_type + 1);
    repair.payload = [&original[..], &repair.payload].concat().into();
    // Padding on that source is no packet of any layer.
    let mut padding = repair.clone();
    padding.header.sequence_number += 1;
    padding.payload.truncate(1);
    publisher.client.send(vec![padding, repair]);
    world
        .stats("a packet and its neighbour's repair", |stats| {
            stats.packets_in >= before + 2
        })
        .await;
    publisher.delta(9_000);
    let stats = world
        .stats("what followed", |stats| stats.packets_in >= before + 3)
        .await;
    assert_eq!(stats.packets_in, before + 3, "{stats:?}");
    assert_eq!(stats.dropped_undeclared, 0);
}
