//! WHIP over HTTP (RFC 9725): publish, restart ICE, end; and whether the relay is there at all.
//!
//! Knows HTTP only. Bodies are read up to a limit, redirects are followed as the RFC asks, but never from HTTPS to
//! HTTP. A session's address is what the relay gave in `Location`; it is opaque and never logged.

use crate::publish::ice_servers::{TurnServer, turn_servers};
use crate::publish::refusal::{Asked, Refusal, refusal};
use crate::publish::sdp_fragment;
use crate::publish::tickets::Ticket;
use reqwest::header::{CONTENT_TYPE, IF_MATCH, LOCATION};
use reqwest::{Certificate, Client, Method, Response, StatusCode, Url, redirect};
use rustls::pki_types::CertificateDer;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use wire::ConsultId;
use wire::http::MAX_SDP_BYTES;

/// A relay in the same hospital answers in milliseconds, over LTE in a second; then it is away.
const CONNECT: Duration = Duration::from_secs(3);
/// For a whole request.
const REQUEST: Duration = Duration::from_secs(6);
/// For one part of a clip, a little longer than the relay gives it.
const PART: Duration = Duration::from_secs(140);
/// For saying goodbye.
const GOODBYE: Duration = Duration::from_secs(1);
/// For asking whether a session still exists.
const GLANCE: Duration = Duration::from_secs(2);
/// Content type of a fragment (RFC 8840 §9).
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";
/// Redirects followed.
const REDIRECTS: usize = 3;

/// HTTP towards one relay.
#[derive(Clone)]
pub(super) struct Http {
    pub(super) client: Client,
    /// Certificates to trust beside those of the system.
    pub(super) authorities: Vec<CertificateDer<'static>>,
    relay: Url,
}

impl Http {
    /// Prepares a client.
    pub(super) fn new(
        relay: Url,
        authorities: Vec<CertificateDer<'static>>,
    ) -> Result<Self, Refusal> {
        // Requests are seconds apart and matter most after a change of network, when a kept connection is a dead one
        // that swallows them until their time is up.
        Self::with(relay, authorities, (REQUEST, 0))
    }

    /// One for clips: request follows request, and each may take long.
    pub(super) fn for_clips(
        relay: Url,
        authorities: Vec<CertificateDer<'static>>,
    ) -> Result<Self, Refusal> {
        Self::with(relay, authorities, (PART, 1))
    }

    fn with(
        relay: Url,
        authorities: Vec<CertificateDer<'static>>,
        (request, kept): (Duration, usize),
    ) -> Result<Self, Refusal> {
        // Fails only when a provider was installed before, and then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let local = |error: reqwest::Error| Refusal::Local(error.to_string());
        let trusted: Result<Vec<Certificate>, _> = authorities
            .iter()
            .map(|one| Certificate::from_der(one))
            .collect();
        let loopback = is_loopback(&relay);
        let mut builder = Client::builder()
            .user_agent(concat!("hibiki-capture-agent/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .timeout(request)
            .redirect(redirect::Policy::limited(REDIRECTS))
            .pool_max_idle_per_host(kept)
            .https_only(relay.scheme() == "https")
            .tls_certs_merge(trusted.map_err(local)?);
        if loopback {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(local)?;
        Ok(Self {
            client,
            authorities,
            relay,
        })
    }

    /// Address of a path on the relay.
    pub(super) fn address(&self, path: &str) -> Result<Url, Refusal> {
        self.relay
            .join(path)
            .map_err(|error| Refusal::Local(error.to_string()))
    }

    /// Where the relay is now.
    pub(super) async fn resolve(&self) -> Result<Vec<SocketAddr>, Refusal> {
        let host = self
            .relay
            .host_str()
            .unwrap_or_default()
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let port = self.relay.port_or_known_default().unwrap_or(443);
        let found = tokio::time::timeout(CONNECT, lookup_host((host, port))).await;
        let found =
            found.map_err(|_| Refusal::Away("its name was not resolved in time".to_owned()))?;
        let addresses: Vec<SocketAddr> = found
            .map_err(|_| Refusal::Away("its name is not known".to_owned()))?
            .collect();
        if addresses.is_empty() {
            Err(Refusal::Away("its name is not known".to_owned()))
        } else {
            Ok(addresses)
        }
    }

    /// Whether somebody listens there: a TCP connection, nothing more.
    pub(super) async fn is_there(&self) -> bool {
        let Ok(addresses) = self.resolve().await else {
            return false;
        };
        for address in addresses {
            if matches!(
                tokio::time::timeout(CONNECT, TcpStream::connect(address)).await,
                Ok(Ok(_))
            ) {
                return true;
            }
        }
        false
    }

    /// Publishes: offer in, answer and session out.
    pub(super) async fn publish(
        &self,
        consult: ConsultId,
        ticket: &Ticket,
        offer: String,
    ) -> Result<(WhipSession, String), Refusal> {
        let address = self.address(&format!("/api/v1/consults/{consult}/whip"))?;
        let request = self
            .client
            .post(address)
            .bearer_auth(ticket.secret())
            .header(CONTENT_TYPE, "application/sdp")
            .body(offer);
        let response = request.send().await.map_err(|error| away(&error))?;
        let status = response.status();
        let location = response
            .headers()
            .get(LOCATION)
            .and_then(|value| value.to_str().ok());
        let session = location.and_then(|location| response.url().join(location).ok());
        let turn = turn_servers(response.headers());
        let body = read_limited(response, MAX_SDP_BYTES).await?;
        if !status.is_success() {
            return Err(refusal(Asked::Publish, status, &body));
        }
        let answer = String::from_utf8(body)
            .map_err(|_| Refusal::Nonsense("the answer is no text".to_owned()))?;
        let address =
            session.ok_or_else(|| Refusal::Nonsense("no Location in the answer".to_owned()))?;
        Ok((
            WhipSession {
                client: self.client.clone(),
                address,
                ticket: ticket.clone(),
                answer: answer.clone(),
                turn,
            },
            answer,
        ))
    }
}

/// Whether this address means this machine.
pub(crate) fn is_loopback(address: &Url) -> bool {
    match address.host_str() {
        Some("localhost") => true,
        Some(host) => host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}

/// Whether a session is still known to the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pulse {
    /// It is, or the relay is there and says nothing to the contrary.
    There,
    /// The relay is there and does not know it: it was restarted.
    Gone,
    /// Nobody listens at the relay's address.
    RelayAway,
    /// No answer: a bad link.
    Unclear,
}

/// A publication as the relay knows it.
pub(super) struct WhipSession {
    client: Client,
    address: Url,
    ticket: Ticket,
    /// The answer as given; ICE restarts lay theirs over it.
    answer: String,
    /// TURN servers that came with it, or with the newest restart.
    turn: Vec<TurnServer>,
}

impl WhipSession {
    /// TURN servers for this session.
    pub(super) fn turn(&self) -> &[TurnServer] {
        &self.turn
    }

    /// The answer as it stands.
    pub(super) fn answer(&self) -> &str {
        &self.answer
    }

    /// Restarts ICE with this offer; gives the full new answer.
    pub(super) async fn restart(&mut self, offer: &str) -> Result<String, Refusal> {
        let request = self
            .client
            .patch(self.address.clone())
            .bearer_auth(self.ticket.secret())
            .header(CONTENT_TYPE, FRAGMENT)
            .header(IF_MATCH, "\"*\"") // RFC 9725 §4.3.3: any earlier ICE session.
            .timeout(CONNECT)
            .body(sdp_fragment::fragment(offer));
        let response = request.send().await.map_err(|error| away(&error))?;
        let status = response.status();
        let turn = turn_servers(response.headers());
        let body = read_limited(response, MAX_SDP_BYTES).await?;
        if status != StatusCode::OK {
            return Err(refusal(Asked::Publish, status, &body));
        }
        let fragment = String::from_utf8(body)
            .map_err(|_| Refusal::Nonsense("the fragment is no text".to_owned()))?;
        let answer = sdp_fragment::merged(&self.answer, &fragment);
        self.turn = turn;
        self.answer = answer
            .ok_or_else(|| Refusal::Nonsense("the fragment names no ICE credentials".to_owned()))?;
        Ok(self.answer.clone())
    }

    /// Asks whether the relay still knows this session. RFC 9725 §4.2 has it answer 405 to `HEAD` while it does.
    pub(super) async fn pulse(&self) -> Pulse {
        let request = self
            .client
            .request(Method::HEAD, self.address.clone())
            .bearer_auth(self.ticket.secret());
        match request.timeout(GLANCE).send().await {
            Ok(response) => match response.status() {
                StatusCode::NOT_FOUND | StatusCode::GONE => Pulse::Gone,
                _ => Pulse::There,
            },
            Err(error) if error.is_connect() && !error.is_timeout() => Pulse::RelayAway,
            Err(_) => Pulse::Unclear,
        }
    }

    /// Ends the publication, so that viewers learn it at once.
    pub(super) async fn end(&self) {
        let request = self
            .client
            .delete(self.address.clone())
            .bearer_auth(self.ticket.secret())
            .timeout(GOODBYE);
        if let Err(error) = request.send().await {
            tracing::debug!(reason = %away(&error), "the relay was not told goodbye");
        }
    }
}

/// What a failed request means, without the address in the words.
pub(super) fn away(error: &reqwest::Error) -> Refusal {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let words = if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        cause.to_string()
    };
    Refusal::Away(words)
}

/// Reads a body of at most `limit` bytes.
pub(super) async fn read_limited(mut response: Response, limit: usize) -> Result<Vec<u8>, Refusal> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|error| away(&error))? {
        if body.len() + part.len() > limit {
            return Err(Refusal::Nonsense("the answer is far too long".to_owned()));
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}
