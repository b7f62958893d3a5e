//! Trouble on the way: relay away, killed, restarted, refusing; tickets used up; a connection interrupted.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use capture_agent::agent::{Agent, AgentError, AgentSettings};
use capture_agent::publish::{DeviceKey, Entry};
use capture_agent::status::{Link, StatusBoard};
use capture_agent::sync::Stop;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use support::relay::Relay;
use support::{settings, ticket, to_relay, until};
use wire::problem::ProblemCode;
use wire::{DeviceId, RtpTime};

/// The way to a relay's pages, which can be cut.
struct Door {
    address: String,
    relay: String,
    open: tokio::task::JoinHandle<()>,
}

impl Door {
    async fn of(relay: &str) -> Self {
        let relay = relay.trim_start_matches("http://").to_owned();
        let address = free_address();
        let open = Self::opened(&address, &relay).await;
        Self {
            address,
            relay,
            open,
        }
    }

    async fn opened(address: &str, relay: &str) -> tokio::task::JoinHandle<()> {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let relay = relay.to_owned();
        tokio::spawn(async move {
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                let mut far = tokio::net::TcpStream::connect(&relay).await.unwrap();
                tokio::spawn(async move {
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                });
            }
        })
    }

    /// Nobody comes through.
    async fn shut(&mut self) {
        self.open.abort();
        let _ = (&mut self.open).await;
    }

    async fn reopen(&mut self) {
        self.open = Self::opened(&self.address, &self.relay).await;
    }
}

struct Running {
    board: StatusBoard,
    stop: Stop,
    task: tokio::task::JoinHandle<Result<(), AgentError>>,
}

fn run(address: &str, entry: Entry) -> Running {
    let settings = AgentSettings {
        relay: Some(to_relay(address, entry)),
        ..settings("test:fps=30,size=800x64")
    };
    let mut agent = Agent::start(settings).unwrap();
    let (board, stop) = (agent.board.clone(), agent.stop.clone());
    let task = tokio::spawn(async move { agent.run().await });
    Running { board, stop, task }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.set();
    }
}

fn device() -> Entry {
    Entry::Device {
        device: DeviceId::random(),
        key: DeviceKey::new("device-key").unwrap(),
    }
}

fn is_live(running: &Running) -> bool {
    matches!(running.board.now().link, Link::Live { .. })
}

/// An address where nobody listens yet.
fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_away_at_the_start_is_found_when_it_comes() {
    let address = free_address();
    let running = run(&format!("http://{address}"), device());
    until("it waits", Duration::from_secs(5), || {
        matches!(running.board.now().link, Link::Waiting { .. })
    })
    .await;
    let Link::Waiting { reason, .. } = running.board.now().link else {
        panic!("not waiting")
    };
    assert!(
        reason.contains("does not answer") && reason.contains("capturing goes on"),
        "{reason}"
    );
    let relay = Relay::start_at(&address);
    until("it is live", Duration::from_secs(3), || is_live(&running)).await;
    relay.frame().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_relay_that_comes_back_has_the_picture_within_two_seconds_and_time_goes_on() {
    let address = free_address();
    let first = Relay::start_at(&address);
    let running = run(&format!("http://{address}"), device());
    let before = first.frame().await.last().unwrap().packet.header.timestamp;
    // Two pongs at least, so that silence means something.
    until("it is live", Duration::from_secs(3), || is_live(&running)).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    first.kill().await;
    let second = Relay::start_at(&address);
    let back = Instant::now();
    let after = second.frame().await;
    let took = back.elapsed();
    eprintln!("the picture was back {took:?} after the relay");
    assert!(
        took < Duration::from_secs(2),
        "the picture was back after {took:?}"
    );
    let gap = RtpTime(after[0].packet.header.timestamp).since(RtpTime(before));
    assert!(
        gap > 0 && gap < 90_000 * 10,
        "one time line across the restart: {gap} ticks"
    );
    assert_eq!(
        second.shared.tickets_given.load(Ordering::SeqCst),
        1,
        "with a ticket of its own"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_away_for_long_is_found_again_within_two_seconds() {
    let address = free_address();
    let first = Relay::start_at(&address);
    let running = run(&format!("http://{address}"), device());
    first.frame().await;
    first.kill().await;
    until("it waits", Duration::from_secs(8), || {
        matches!(running.board.now().link, Link::Waiting { .. })
    })
    .await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let second = Relay::start_at(&address);
    let back = Instant::now();
    second.frame().await;
    let took = back.elapsed();
    eprintln!("the picture was back {took:?} after the relay");
    assert!(
        took < Duration::from_secs(2),
        "the picture was back after {took:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_attempt_of_a_device_has_a_fresh_ticket() {
    let relay = Relay::start();
    relay.shared.refuse.store(401, Ordering::SeqCst);
    let running = run(&relay.address, device());
    let given = || relay.shared.tickets_given.load(Ordering::SeqCst);
    let waits = || matches!(running.board.now().link, Link::Waiting { .. });
    until("two attempts", Duration::from_secs(5), || {
        given() >= 2 && waits()
    })
    .await;
    let Link::Waiting { reason, .. } = running.board.now().link else {
        panic!("{:?}", running.board.now().link)
    };
    assert!(
        reason.contains("expired") && reason.contains("fresh ticket"),
        "{reason}"
    );
    relay.shared.refuse.store(0, Ordering::SeqCst);
    relay.frame().await;
    let expected = format!("ticket-{}", given());
    assert_eq!(
        relay.shared.tickets_seen.lock().unwrap().last(),
        Some(&expected)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_up_one_shot_ticket_ends_the_agent_with_what_to_do() {
    let relay = Relay::start();
    relay.shared.refuse.store(401, Ordering::SeqCst);
    *relay.shared.refuse_code.lock().unwrap() = ProblemCode::TicketUsed;
    let mut running = run(&relay.address, ticket());
    let error = (&mut running.task).await.unwrap().unwrap_err();
    let words = error.to_string();
    assert!(matches!(error, AgentError::Refused(_)), "{words}");
    assert!(
        words.contains("each one works once") && words.contains("ask for a fresh ticket"),
        "{words}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consult_with_another_publisher_is_tried_again() {
    let relay = Relay::start();
    relay.shared.refuse.store(409, Ordering::SeqCst);
    *relay.shared.refuse_code.lock().unwrap() = ProblemCode::PublisherPresent;
    let running = run(&relay.address, ticket());
    until("it waits", Duration::from_secs(5), || {
        matches!(running.board.now().link, Link::Waiting { .. })
    })
    .await;
    relay.shared.refuse.store(0, Ordering::SeqCst);
    relay.frame().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_no_relay_is_told() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new()
        .fallback(|| async { (axum::http::StatusCode::CREATED, "x".repeat(1_000_000)) });
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let running = run(&address, ticket());
    until("it waits", Duration::from_secs(5), || {
        matches!(running.board.now().link, Link::Waiting { .. })
    })
    .await;
    let Link::Waiting { reason, .. } = running.board.now().link else {
        panic!("not waiting")
    };
    assert!(
        reason.contains("not understood") && reason.contains("check that the address"),
        "{reason}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_connection_is_mended_by_ice_restart() {
    let relay = Relay::start();
    let running = run(&relay.address, ticket());
    relay.frame().await;
    until("it is live", Duration::from_secs(3), || is_live(&running)).await;
    // Nothing of the relay runs for a while: to the agent that is a link without a sound.
    relay.stand_still(Duration::from_millis(2_300));
    until("it was mended", Duration::from_secs(10), || {
        relay.shared.restarts.load(Ordering::SeqCst) >= 1
    })
    .await;
    until("it is live again", Duration::from_secs(10), || {
        is_live(&running)
    })
    .await;
    let resumed = Instant::now();
    while relay.packet().await.at < resumed {}
    assert_eq!(
        relay.shared.offers.lock().unwrap().len(),
        1,
        "the same publication"
    );
}

/// First nobody is at the relay's address, as behind a gateway without a line; then nothing answers, as in a basement.
#[tokio::test(flavor = "multi_thread")]
async fn a_cut_ends_no_publication_whose_ticket_was_used() {
    let relay = Relay::start();
    let mut door = Door::of(&relay.address).await;
    let running = run(&format!("http://{}", door.address), ticket());
    relay.frame().await;
    until("it is live", Duration::from_secs(3), || is_live(&running)).await;
    relay.shared.refuse.store(401, Ordering::SeqCst);
    *relay.shared.refuse_code.lock().unwrap() = ProblemCode::TicketUsed;

    door.shut().await;
    relay.stand_still(Duration::from_secs(7));
    until("it is mending", Duration::from_secs(4), || {
        matches!(running.board.now().link, Link::Mending)
    })
    .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    door.reopen().await;
    until("it was mended", Duration::from_secs(12), || {
        relay.shared.restarts.load(Ordering::SeqCst) >= 1 && is_live(&running)
    })
    .await;
    let resumed = Instant::now();
    while relay.packet().await.at < resumed {}
    assert!(!relay.shared.deleted.load(Ordering::SeqCst));
    assert_eq!(
        relay.shared.offers.lock().unwrap().len(),
        1,
        "the same publication"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_kept_no_session_ends_an_agent_whose_ticket_was_used_with_what_to_do() {
    let relay = Relay::start();
    let mut running = run(&relay.address, ticket());
    relay.frame().await;
    until("it is live", Duration::from_secs(3), || is_live(&running)).await;
    relay.shared.refuse.store(401, Ordering::SeqCst);
    *relay.shared.refuse_code.lock().unwrap() = ProblemCode::TicketUsed;
    relay.forgets_sessions().await;
    relay.stand_still(Duration::from_millis(2_300));
    let ended = tokio::time::timeout(Duration::from_secs(10), &mut running.task);
    let words = ended.await.unwrap().unwrap().unwrap_err().to_string();
    assert!(
        words.contains("each one works once") && words.contains("ask for a fresh ticket"),
        "{words}"
    );
}
