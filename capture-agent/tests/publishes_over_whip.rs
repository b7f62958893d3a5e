//! What arrives at the other end of the wire: RTP times, play-out delay, keyframes on request, control messages.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use capture_agent::agent::{Agent, AgentSettings};
use capture_agent::encode::annexb::{Nal, nals};
use std::time::Duration;
use support::relay::{CLOCK_AHEAD_US, PLAYOUT_DELAY, Received, Relay};
use support::{settings, ticket, to_relay, until};
use wire::RtpTime;
use wire::agent::{AgentToRelay, SourceHealth};

struct Running {
    stop: capture_agent::sync::Stop,
    task: tokio::task::JoinHandle<(Agent, Result<(), capture_agent::agent::AgentError>)>,
}

fn run(settings: AgentSettings) -> Running {
    let mut agent = Agent::start(settings).unwrap();
    let stop = agent.stop.clone();
    let task = tokio::spawn(async move {
        let outcome = agent.run().await;
        (agent, outcome)
    });
    Running { stop, task }
}

fn live(source: &str) -> (Relay, Running) {
    let relay = Relay::start();
    let running = run(AgentSettings {
        relay: Some(to_relay(&relay.address, ticket())),
        ..settings(source)
    });
    (relay, running)
}

/// NAL types that start in a frame's packets (RFC 6184 §5.2).
fn units(frame: &[Received]) -> Vec<Nal> {
    let mut found = Vec::new();
    for received in frame {
        let payload = &received.packet.payload;
        match payload[0] & 0x1f {
            24 => {
                let mut at = 1;
                while at + 2 < payload.len() {
                    let size = usize::from(payload[at]) << 8 | usize::from(payload[at + 1]);
                    found.extend(nals(&[&[0, 0, 1], &payload[at + 2..]].concat()[..4]));
                    at += 2 + size;
                }
            }
            28 if payload[1] & 0x80 != 0 => found.extend(nals(&[0, 0, 1, payload[1] & 0x1f])),
            28 => {}
            _ => found.extend(nals(&[0, 0, 1, payload[0]])),
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rtp_time_on_the_wire_is_the_frame_s_own() {
    let (relay, running) = live("test:fps=30,size=800x600");
    for _ in 0..5 {
        relay.frame().await;
    }
    let frame = relay.frame().await;
    let time = frame[0].packet.header.timestamp;
    assert!(
        frame
            .iter()
            .all(|received| received.packet.header.timestamp == time),
        "one time for all packets of a frame"
    );
    running.stop.set();
    let (agent, outcome) = running.task.await.unwrap();
    outcome.unwrap();
    let original = agent
        .original(RtpTime(time))
        .expect("the ring knows the frame by its time on the wire");
    assert_eq!(RtpTime::of(original.stamp.captured_at), RtpTime(time));
    let told = capture_agent::barcode::read(&original.picture).unwrap();
    assert_eq!(told, capture_agent::barcode::Reading::of(&original.stamp));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_of_ipv6_alone_gets_the_picture_over_ipv6() {
    let relay = Relay::start_at("[::1]:0");
    let _running = run(AgentSettings {
        relay: Some(to_relay(&relay.address, ticket())),
        ..settings("test:")
    });
    relay.frame().await;
    for said in [&relay.shared.offers, &relay.shared.answers] {
        let said = said.lock().unwrap()[0].clone();
        let candidates: Vec<&str> = said
            .lines()
            .filter(|line| line.starts_with("a=candidate:"))
            .collect();
        let over_ipv6 = |line: &&str| line.contains(" ::1 ");
        assert!(
            !candidates.is_empty() && candidates.iter().all(over_ipv6),
            "{candidates:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn playout_delay_is_offered_and_says_zero_on_every_packet() {
    let (relay, _running) = live("test:");
    let frame = relay.frame().await;
    let answer = relay.shared.answers.lock().unwrap()[0].clone();
    let offer = relay.shared.offers.lock().unwrap()[0].clone();
    assert!(offer.contains(PLAYOUT_DELAY) && answer.contains(PLAYOUT_DELAY));
    let line = answer
        .lines()
        .find(|line| line.contains(PLAYOUT_DELAY))
        .unwrap();
    let id: u8 = line
        .trim_start_matches("a=extmap:")
        .split(['/', ' '])
        .next()
        .unwrap()
        .parse()
        .unwrap();
    for received in &frame {
        assert_eq!(
            received.packet.header.get_extension(id).as_deref(),
            Some(&[0u8, 0, 0][..])
        );
    }
    assert!(
        offer.contains("a=sendonly")
            && offer.contains("profile-level-id=42e01f")
            && !offer.contains(".local")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_frame_can_be_decoded_and_a_request_brings_another_such_frame() {
    let (relay, _running) = live("test:fps=30");
    let first = units(&relay.frame().await);
    assert!(
        first.contains(&Nal::Sps) && first.contains(&Nal::Pps) && first.contains(&Nal::Idr),
        "{first:?}"
    );
    for _ in 0..20 {
        let next = units(&relay.frame().await);
        assert!(!next.contains(&Nal::Idr), "nobody asked for it");
    }
    relay.ask_for_keyframe().await;
    for n in 0..20 {
        let next = units(&relay.frame().await);
        if next.contains(&Nal::Idr) {
            assert!(next.contains(&Nal::Sps) && next.contains(&Nal::Pps));
            assert!(n <= 3, "it came {n} frames after the request");
            return;
        }
    }
    panic!("no keyframe within 20 frames after the request");
}

/// The relay's stack puts a repair together again; that it came by a source of its own is the agent's rule, which lets nothing
/// go twice by the picture's.
#[tokio::test(flavor = "multi_thread")]
async fn a_packet_that_the_relay_asks_for_again_comes_by_rtx_as_it_was() {
    let (relay, _running) = live("test:");
    let first = relay.frame().await.remove(0).packet;
    let offer = relay.shared.offers.lock().unwrap()[0].clone();
    let answer = relay.shared.answers.lock().unwrap()[0].clone();
    assert!(offer.contains("a=ssrc-group:FID "), "{offer}");
    assert!(answer.contains("a=fmtp:103 apt=102"), "{answer}");
    relay.ask_again(first.header.sequence_number).await;
    let again = loop {
        let next = relay.packet().await.packet;
        if next.header.sequence_number == first.header.sequence_number {
            break next;
        }
    };
    assert_eq!(again.payload, first.payload);
    let told = |packet: &rtc::rtp::Packet| {
        let header = &packet.header;
        (header.ssrc, header.payload_type, header.timestamp)
    };
    assert_eq!(told(&again), told(&first));
    assert_ne!(
        again.header.extensions, first.header.extensions,
        "a transport-wide number of its own: on the picture's source it would be another packet under the same nonce"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_relay_hears_hello_stamps_and_state() {
    let relay = Relay::start();
    let mut agent = Agent::start(AgentSettings {
        relay: Some(to_relay(&relay.address, ticket())),
        ..settings("test:fps=30")
    })
    .unwrap();
    // The hello says what the source is where it is known; with the source open first, it is.
    until("an open source", Duration::from_secs(5), || {
        agent.board.now().source.health == SourceHealth::Running
    })
    .await;
    let _running = tokio::spawn(async move { agent.run().await });
    let stream = relay.shared.stream;
    let stamped = |said: &AgentToRelay| {
        matches!(
            said,
            AgentToRelay::Stamp {
                clock_offset_us: Some(_),
                ..
            }
        )
    };
    until("a stamp with a clock", Duration::from_secs(5), || {
        relay.heard.lock().unwrap().iter().any(stamped)
    })
    .await;
    let heard = relay.heard.lock().unwrap().clone();
    assert!(
        matches!(&heard[0], AgentToRelay::Hello { source, .. } if source == "test pattern"),
        "{:?}",
        heard[0]
    );
    for said in &heard {
        if let AgentToRelay::Stamp { stamp, .. } = said {
            assert_eq!(
                stamp.stream, stream,
                "no stamp before the relay named the stream"
            );
        }
    }
    let stamp = heard.iter().rev().find(|said| stamped(said)).unwrap();
    let AgentToRelay::Stamp {
        stamp,
        clock_offset_us,
        clock_error_us,
    } = stamp
    else {
        unreachable!()
    };
    assert_eq!(stamp.stream, stream);
    assert_eq!(stamp.rtp_time, RtpTime::of(stamp.captured_at));
    let wrong_by = clock_offset_us
        .unwrap()
        .abs_diff(CLOCK_AHEAD_US.cast_signed());
    assert!(
        wrong_by < 50_000,
        "the relay's clock is {CLOCK_AHEAD_US} µs ahead, told {clock_offset_us:?} ± {clock_error_us}"
    );
    let running = |said: &&AgentToRelay| matches!(said, AgentToRelay::State { source } if source.health == SourceHealth::Running && source.encoder == "libx264" && source.width == 800);
    assert!(heard.iter().any(|said| running(&said)), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_says_goodbye_to_the_relay() {
    let (relay, running) = live("test:");
    relay.frame().await;
    running.stop.set();
    let (_, outcome) = running.task.await.unwrap();
    outcome.unwrap();
    assert!(
        relay
            .shared
            .deleted
            .load(std::sync::atomic::Ordering::SeqCst)
    );
}
