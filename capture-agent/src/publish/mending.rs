//! Watches over a connection that is live, and mends it by ICE restart.
//!
//! Owns the looking: the connection's own state, the relay's answers to pings, and which network the device is on. A connection
//! that fell silent is mended after its ICE noticed; another network is mended at once, because the addresses of the old one
//! are gone and nothing needs to be waited for. Called by `session`. Invariant: the session at the relay stays the same, and
//! with it the stream, as long as the relay keeps it; only when that is impossible is the connection given up.

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
/// It is tried again this soon: names and routes of a network that just came take a moment.
const AGAIN: Duration = Duration::from_millis(200);
/// It is tried for this long. The relay keeps a session that it does not hear for 30 s (RFC 7675 §5.1), then it says so itself.
const KEPT: Duration = Duration::from_secs(35);
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

/// What can follow a connection that is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// Another publication, with a fresh ticket.
    FreshTicket,
    /// Nothing: the ticket was used, and whoever gave it has to give another.
    Nothing,
}

/// Why one attempt to mend it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failed {
    /// The relay knows the session no more.
    Gone,
    /// Nobody listens at the relay's address, or there is no way there.
    RelayAway,
    /// The relay did not answer, or not now.
    NoAnswer,
    /// It answered, and nothing is heard all the same.
    NoMedia,
    /// What was agreed is of no use to this side.
    Here,
}

/// Keeps a live connection going; returns when it is lost.
pub(super) async fn watch_over(
    parts: &Parts,
    peer: &mut Peer,
    whip: &mut WhipSession,
    last_heard: &mut watch::Receiver<Option<Instant>>,
    tasks: &mut JoinSet<()>,
    after: After,
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
            if let Err(reason) = mend(peer, whip, why, after).await {
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
                        Pulse::RelayAway if after == After::FreshTicket => {
                            return Ended::Lost(RELAY_AWAY);
                        }
                        Pulse::RelayAway | Pulse::There | Pulse::Unclear => {}
                    }
                }
            }
        }
    }
}

/// Mends it, or says why that is impossible. With a fresh ticket a new publication is as good and comes sooner where the relay
/// is not there or lets nothing through; without one everything is tried for as long as the session may still be kept.
async fn mend(
    peer: &mut Peer,
    whip: &mut WhipSession,
    why: Why,
    after: After,
) -> Result<(), &'static str> {
    let until = Instant::now() + KEPT;
    loop {
        let Err(failed) = attempt(peer, whip, why).await else {
            tracing::info!("the connection is mended");
            return Ok(());
        };
        let is_over = Instant::now() >= until;
        match failed {
            Failed::Gone => return Err(SESSION_GONE),
            Failed::RelayAway if is_over || after == After::FreshTicket => return Err(RELAY_AWAY),
            Failed::NoMedia | Failed::Here if is_over || after == After::FreshTicket => {
                return Err(BEYOND_MENDING);
            }
            Failed::NoAnswer if is_over => return Err(RELAY_AWAY),
            _ => tracing::debug!(?failed, "not mended yet; it is tried again"),
        }
        sleep(AGAIN).await;
    }
}

/// Tries once: is the session still there, and does a restart of ICE on the addresses that exist now help?
async fn attempt(peer: &mut Peer, whip: &mut WhipSession, why: Why) -> Result<(), Failed> {
    if why == Why::Silent {
        match whip.pulse().await {
            Pulse::Gone => return Err(Failed::Gone),
            _ if *peer.state.borrow() == State::Connected => return Ok(()), // It came back while we asked.
            Pulse::RelayAway => return Err(Failed::RelayAway),
            Pulse::Unclear => return Err(Failed::NoAnswer),
            Pulse::There => {}
        }
    }
    let offer = peer.restart_offer().await.map_err(|_| Failed::Here)?;
    let answer = match whip.restart(&offer).await {
        Ok(answer) => answer,
        Err(Refusal::Away(_) | Refusal::Passing { .. }) => return Err(Failed::NoAnswer),
        Err(Refusal::Refused {
            status: 404 | 410, ..
        }) => return Err(Failed::Gone),
        Err(_) => return Err(Failed::Here),
    };
    peer.learn_again(whip.turn());
    peer.accept(&answer).await.map_err(|_| Failed::Here)?;
    if comes_up(peer, MENDING).await {
        Ok(())
    } else {
        Err(Failed::NoMedia)
    }
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
