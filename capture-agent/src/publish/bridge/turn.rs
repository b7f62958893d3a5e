//! One of our sockets' place at a TURN server (RFC 8656), for networks that let out nothing but TLS.
//!
//! Owns asking for the place, the permission for the relay's address, and carrying datagrams both ways. All servers are asked at once
//! and the first that has a place is used: which of them a network lets through is not known before. The `webrtc` crate asks TURN
//! servers over UDP only (decision record 0023), so its sans-IO client is driven here over whatever way there is. Called by the bridge.
//! Invariant: the place goes with the connection to the server, so nothing is left there.

use super::pipe::Pipe;
use crate::publish::ice_servers::{TurnServer, Way};
use rtc::sansio::Protocol;
use rtc::shared::{TransportContext, TransportMessage, TransportProtocol};
use rtc::turn::client::{Client, ClientConfig, Event};
use rustls::pki_types::CertificateDer;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};
use tokio_rustls::TlsConnector;

/// Name, connection, TLS, and two requests, each over a bad link.
const OPENING: Duration = Duration::from_secs(4);
/// Until a request is sent again over UDP.
const UDP_AGAIN_MS: u64 = 300;
/// A stream loses nothing; a request that comes twice there is only answered twice.
const STREAM_AGAIN_MS: u64 = 3_000;
/// Between looks at the clock while nothing is due.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// Where to and over which servers.
#[derive(Clone)]
pub(in crate::publish) struct Route {
    pub(super) servers: Arc<[TurnServer]>,
    /// The relay's address for media, as the servers reach it.
    pub(super) relay: SocketAddr,
    pub(super) tls: TlsConnector,
}

impl Route {
    /// To a relay over these servers, with certificates to trust beside those of the system.
    pub(in crate::publish) fn new(
        servers: Vec<TurnServer>,
        relay: SocketAddr,
        authorities: Vec<CertificateDer<'static>>,
    ) -> Result<Self, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(
            authorities,
            Arc::clone(&provider),
        )?;
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Self {
            servers: servers.into(),
            relay,
            tls: TlsConnector::from(Arc::new(tls)),
        })
    }
}

pub(super) async fn run(
    route: Route,
    socket: Arc<UdpSocket>,
    ours: SocketAddr,
    waiting: mpsc::Receiver<Vec<u8>>,
) {
    let mut asked = JoinSet::new();
    for server in route.servers.iter() {
        let (server, route) = (server.clone(), route.clone());
        asked.spawn(async move {
            let opened = timeout(OPENING, Place::open(&server, &route)).await;
            opened.unwrap_or_else(|_| Err(Refused("no answer in time".to_owned())))
        });
    }
    while let Some(opened) = asked.join_next().await {
        match opened {
            Ok(Ok(place)) => {
                asked.abort_all();
                tracing::debug!("media goes over a TURN server");
                place.carry(&socket, ours, waiting).await;
                return;
            }
            Ok(Err(Refused(reason))) => tracing::debug!(%reason, "a TURN server has no place"),
            Err(_) => {}
        }
    }
}

/// Why a server is of no use.
#[derive(Debug)]
struct Refused(String);

impl<E: std::error::Error> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// A place at a server.
struct Place {
    pipe: Pipe,
    client: Client,
    /// The relay's address for media.
    relay: SocketAddr,
    /// The place itself, once there is one.
    at: Option<SocketAddr>,
    /// The server carries to and from the relay.
    permitted: bool,
}

impl Place {
    async fn open(server: &TurnServer, route: &Route) -> Result<Self, Refused> {
        let pipe = Pipe::to(server, &route.tls).await?;
        let config = ClientConfig {
            turn_serv_addr: pipe.server.to_string(),
            local_addr: pipe.local,
            username: server.username.clone(),
            password: server.credential.clone(),
            rto_in_ms: match server.way {
                Way::Udp => UDP_AGAIN_MS,
                Way::Tcp | Way::Tls => STREAM_AGAIN_MS,
            },
            ..ClientConfig::default()
        };
        let mut client = Client::new(config, rtc::crypto::default_provider()?)?;
        client.allocate(Instant::now())?;
        let mut place = Self {
            pipe,
            client,
            relay: route.relay,
            at: None,
            permitted: false,
        };
        while !place.permitted {
            // Nothing comes over it before the relay is permitted.
            place.settle()?;
            if place.permitted {
                break;
            }
            place.hear().await?;
        }
        Ok(place)
    }

    /// Carries until the way to the server ends or nobody sends any more.
    async fn carry(
        mut self,
        socket: &UdpSocket,
        ours: SocketAddr,
        mut waiting: mpsc::Receiver<Vec<u8>>,
    ) {
        loop {
            let Ok(came) = self.settle() else { return };
            for datagram in came {
                // A socket of ours that is closed needs nothing any more.
                let _ = socket.send_to(&datagram, ours).await;
            }
            let going = tokio::select! {
                heard = self.hear() => match heard {
                    Ok(()) => continue,
                    Err(_) => return,
                },
                going = waiting.recv() => going,
            };
            let Some(datagram) = going else { return };
            self.send(&datagram);
        }
    }

    fn send(&mut self, datagram: &[u8]) {
        let Some(at) = self.at else { return };
        if let Ok(mut place) = self.client.relay(at) {
            // A permission that is being renewed costs a datagram, mended like any loss.
            let _ = place.send_to(Instant::now(), datagram, self.relay);
        }
    }

    /// Waits for the server or for the clock.
    async fn hear(&mut self) -> Result<(), Refused> {
        let now = Instant::now();
        let due = self.client.poll_timeout().unwrap_or(now + LONGEST_REST);
        tokio::select! {
            heard = self.pipe.receive() => {
                let message = heard.ok_or_else(|| Refused("the server ended it".to_owned()))?;
                let transport = TransportContext {
                    local_addr: self.pipe.local,
                    peer_addr: self.pipe.server,
                    transport_protocol: TransportProtocol::UDP,
                    ecn: None,
                };
                let message = TransportMessage { now: Instant::now(), transport, message: message.as_slice().into() };
                // What makes no sense is not for us.
                let _ = self.client.handle_read(message);
            }
            () = sleep_until(due.into()) => self.client.handle_timeout(Instant::now())?,
        }
        Ok(())
    }

    /// Sends what is to be sent and takes what happened; gives the datagrams that came.
    fn settle(&mut self) -> Result<Vec<Vec<u8>>, Refused> {
        let mut came = Vec::new();
        while let Some(event) = self.client.poll_event() {
            match event {
                Event::AllocateResponse(_, at) => {
                    self.at = Some(at);
                    let mut place = self.client.relay(at)?;
                    place.create_permission(Instant::now(), self.relay)?;
                }
                Event::CreatePermissionResponse(..) => self.permitted = true,
                Event::DataIndicationOrChannelData(_, from, bytes) if from == self.relay => {
                    came.push(bytes.to_vec());
                }
                Event::AllocateError(_, error) | Event::CreatePermissionError(_, error) => {
                    return Err(error.into());
                }
                Event::TransactionTimeout(_) => {
                    return Err(Refused("the server does not answer".to_owned()));
                }
                _ => {}
            }
        }
        while let Some(out) = self.client.poll_write() {
            self.pipe.send(out.message.to_vec());
        }
        Ok(came)
    }
}
