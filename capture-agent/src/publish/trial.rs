//! Tries the relay and the ways to it, without a picture.
//!
//! Owns one question over HTTP, and publications that end as soon as they are connected: nothing is sent over them, so no consult
//! tells of a stream. It judges nothing. Called by the pre-flight check. Invariant: whatever comes of it, the session is ended;
//! one that was given up half-way ends at the relay by itself, because nothing came over it.

use crate::clock::CaptureClock;
use crate::publish::Refusal;
use crate::publish::candidates::{without_any, without_udp};
use crate::publish::http_date;
use crate::publish::mending::reached;
use crate::publish::peer::Peer;
use crate::publish::publisher::{RelaySettings, local_addresses};
use crate::publish::whip::{Http, away};
use crate::stats::Stats;
use reqwest::header::DATE;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// A way that takes longer is none for a picture.
const CONNECTING: Duration = Duration::from_secs(4);

/// What carries media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// As it should.
    Udp,
    /// Where UDP is blocked.
    Tcp,
    /// Where nothing but TLS passes.
    Turn,
}

/// What the relay answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// It says that it can do its work.
    pub(crate) ready: bool,
    /// From the question to the answer, with the connection's set-up.
    pub(crate) round_trip: Duration,
    /// Its clock, to the second.
    pub(crate) date: Option<SystemTime>,
}

/// Tries one relay.
pub(crate) struct Trial {
    settings: RelaySettings,
    http: Http,
}

impl Trial {
    /// Prepares it.
    pub(crate) fn new(settings: RelaySettings) -> Result<Self, Refusal> {
        let http = Http::new(settings.relay.clone(), settings.authorities.clone())?;
        Ok(Self { settings, http })
    }

    /// Asks whether it can do its work.
    pub(crate) async fn relay(&self) -> Result<Answer, Refusal> {
        let asked = Instant::now();
        let request = self.http.client.get(self.http.address("/readyz")?);
        let response = request.send().await.map_err(|error| away(&error))?;
        let date = response.headers().get(DATE);
        Ok(Answer {
            ready: response.status().is_success(),
            round_trip: asked.elapsed(),
            date: date.and_then(|date| http_date::read(date.to_str().ok()?)),
        })
    }

    /// Connects over one way only; returns how long that took from the answer on.
    pub(crate) async fn over(&self, way: Way) -> Result<Duration, Refusal> {
        let local = |error: webrtc::error::Error| Refusal::Local(error.to_string());
        let bind = local_addresses(&self.settings, &self.http).await?;
        let entry = &self.settings.entry;
        let ticket = entry.ticket(&self.http, self.settings.consult).await?;
        let stats = Arc::new(Stats::default());
        let peer = Peer::new(bind, (false, false), CaptureClock::start(), stats, None);
        let mut peer = peer.await.map_err(local)?;
        let offer = peer.offer().await.map_err(local)?;
        let consult = self.settings.consult;
        let (whip, answer) = self.http.publish(consult, &ticket, offer).await?;
        peer.learn_turn(whip.turn(), &self.http.authorities);
        let asked = Instant::now();
        let tried = try_over(way, &mut peer, &answer).await;
        whip.end().await;
        peer.close().await;
        tried.map(|()| asked.elapsed())
    }
}

async fn try_over(way: Way, peer: &mut Peer, answer: &str) -> Result<(), Refusal> {
    let nonsense = |error: webrtc::error::Error| Refusal::Nonsense(error.to_string());
    match way {
        Way::Udp => peer.accept(answer).await.map_err(nonsense)?,
        Way::Tcp => {
            peer.accept(&without_udp(answer)).await.map_err(nonsense)?;
            if !peer.knows_tcp() {
                return Err(Refusal::NoTcp);
            }
            peer.offer_tcp().await.map_err(nonsense)?;
        }
        Way::Turn => {
            let told = without_any(answer);
            peer.accept_only(answer, &told).await.map_err(nonsense)?;
            if !peer.knows_turn() {
                return Err(Refusal::NoTurn);
            }
            peer.offer_turn().await.map_err(nonsense)?;
        }
    }
    if reached(&mut peer.state, CONNECTING).await {
        Ok(())
    } else {
        Err(Refusal::NoMedia(CONNECTING.as_secs()))
    }
}
