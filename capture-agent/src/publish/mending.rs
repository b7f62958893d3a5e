//! Watches over a connection that is live, and mends it by ICE restart.
//!
//! Owns the looking: the connection's own state, the relay's answers to pings, and which network the device is on. A connection
//! that fell silent is mended after its ICE noticed; another network is mended at once, because the addresses of the old one
//! are gone and nothing needs to be waited for. Called by `session`. Invariant: the session at the relay stays the same, and
//! with it the stream; only when that is impossible is the connection given up.

use crate::publish::network::Network;
use crate::publish::peer::Peer;
use crate::publish::publisher::Parts;
use crate::publish::refusal::Refusal;
use crate::publish::session::Ended;
use crate::publish::whip::{Pulse, WhipSession};
use crate::status::Link;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, timeout};
use webrtc::peer_connection::RTCPeerConnectionState as State;

/// From an ICE restart to a connection that works again.
const MENDING: Duration = Duration::from_secs(5);
/// UDP has this long before TCP is tried beside it: checks and handshake take about six times the way to the relay.
const UDP_ALONE: Duration = Duration::from_millis(600);
/// And TCP this long before a TURN server is: a connection has to be made first.
const TCP_BESIDE: Duration = Duration::from_millis(1_000);
/// A network that just came is asked again this soon: its names and routes take a moment.
const AGAIN: Duration = Duration::from_millis(200);
/// A relay that answered pings and is silent for this long gets a question over HTTP: two pings were not answered.
const SILENCE: Duration = Duration::from_millis(1_000);
/// Time between looks at that, and at the network.
const LOOK: Duration = Duration::from_millis(250);

pub(super) const RELAY_AWAY: &str = "the relay went away";
pub(super) const SESSION_GONE: &str = "the relay was restarted";
const BEYOND_MENDING: &str = "the connection could not be mended";

/// Why a connection is mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// Nothing is heard over it.
    Silent,
    /// The device is on another network.
    AnotherNetwork,
}

/// Keeps a live connection going; returns when it is lost.
pub(super) async fn watch_over(
    parts: &Parts,
    peer: &mut Peer,
    whip: &mut WhipSession,
    last_heard: &mut watch::Receiver<Option<Instant>>,
    tasks: &mut JoinSet<()>,
) -> Ended {
    let mut look = interval(LOOK);
    let mut state = peer.state.clone();
    let mut network = Network::of(whip.answer());
    loop {
        let now = *state.borrow_and_update();
        let why = match now {
            State::Closed => return Ended::Lost("the connection was closed"),
            State::Disconnected | State::Failed => Some(Why::Silent),
            _ if network.as_mut().is_some_and(Network::is_another) => Some(Why::AnotherNetwork),
            _ => None,
        };
        if let Some(why) = why {
            tracing::info!(?why, "the connection is interrupted; it is mended");
            parts.board.update(|status| status.link = Link::Mending);
            if let Err(reason) = mend(peer, whip, why).await {
                return Ended::Lost(reason);
            }
            parts.orders.request_keyframe();
            parts.board.update(|status| {
                status.link = Link::Live {
                    since: std::time::Instant::now(),
                }
            });
            continue;
        }
        tokio::select! {
            changed = state.changed() => if changed.is_err() {
                return Ended::Lost("the connection ended");
            },
            _ = tasks.join_next() => return Ended::Lost("the connection ended"),
            _ = look.tick() => {
                let silent = last_heard.borrow().is_some_and(|heard| heard.elapsed() >= SILENCE);
                if silent {
                    match whip.pulse().await {
                        Pulse::Gone => return Ended::Lost(SESSION_GONE),
                        Pulse::RelayAway => return Ended::Lost(RELAY_AWAY),
                        Pulse::There | Pulse::Unclear => {}
                    }
                }
            }
        }
    }
}

/// Mends it, or says why that is impossible.
async fn mend(peer: &mut Peer, whip: &mut WhipSession, why: Why) -> Result<(), &'static str> {
    if why == Why::Silent {
        match whip.pulse().await {
            Pulse::Gone => return Err(SESSION_GONE),
            Pulse::RelayAway => return Err(RELAY_AWAY),
            Pulse::There | Pulse::Unclear => {}
        }
        if *peer.state.borrow() == State::Connected {
            return Ok(()); // It came back while we asked.
        }
    }
    restart(peer, whip, why).await.ok_or(BEYOND_MENDING)?;
    tracing::info!("the connection is mended");
    Ok(())
}

/// Restarts ICE on the addresses that exist now.
async fn restart(peer: &mut Peer, whip: &mut WhipSession, why: Why) -> Option<()> {
    let until = Instant::now() + MENDING;
    let offer = peer.restart_offer().await.ok()?;
    let answer = loop {
        match whip.restart(&offer).await {
            Ok(answer) => break answer,
            Err(Refusal::Away(_)) if why == Why::AnotherNetwork && Instant::now() < until => {
                sleep(AGAIN).await;
            }
            Err(_) => return None,
        }
    };
    peer.learn_again(whip.turn());
    peer.accept(&answer).await.ok()?;
    comes_up(peer, MENDING).await.then_some(())
}

/// Whether the connection works within `time`. Where UDP seems not to pass, TCP is tried beside it, and then a TURN server.
pub(super) async fn comes_up(peer: &mut Peer, time: Duration) -> bool {
    if reached(&mut peer.state, UDP_ALONE).await {
        return true;
    }
    if let Err(error) = peer.offer_tcp().await {
        tracing::debug!(%error, "the way over TCP could not be offered");
    }
    let rest = time.saturating_sub(UDP_ALONE);
    if !peer.knows_turn() {
        return reached(&mut peer.state, rest).await;
    }
    if reached(&mut peer.state, TCP_BESIDE).await {
        return true;
    }
    if let Err(error) = peer.offer_turn().await {
        tracing::debug!(%error, "the way over a TURN server could not be offered");
    }
    reached(&mut peer.state, rest.saturating_sub(TCP_BESIDE)).await
}

/// Whether it works within `time`, over what it has.
pub(super) async fn reached(state: &mut watch::Receiver<State>, time: Duration) -> bool {
    let over = |state: &State| matches!(state, State::Connected | State::Closed);
    match timeout(time, state.wait_for(over)).await {
        Ok(Ok(state)) => *state == State::Connected,
        _ => false,
    }
}
