//! What the rest of the relay calls.
//!
//! Owns the way from async tasks to the media thread: a bounded queue of commands and a reply for each. Offers are judged
//! here, beside the thread. Dropping the last handle ends the thread and says goodbye to all peers; so does `shutdown`.
//! When the thread ends, its events end too.
//!
//! ```no_run
//! # async fn example(offer: String) -> Result<(), relay::sfu::SfuError> {
//! use relay::sfu::{MediaSessionId, Publish, Sfu, SfuConfig};
//! let (events, mut happened) = tokio::sync::mpsc::channel(1_024);
//! let sfu = Sfu::start(&SfuConfig::on(([127, 0, 0, 1], 0).into()), events)?;
//! let answer = sfu
//!     .publish(Publish {
//!         consult: wire::ConsultId::random(),
//!         stream: wire::StreamId::random(),
//!         session: MediaSessionId::from_uuid(uuid::Uuid::new_v4()),
//!         offer,
//!         tap: None,
//!     })
//!     .await?;
//! # let _ = (answer, happened.recv().await);
//! # Ok(())
//! # }
//! ```

use super::negotiate::Negotiator;
use super::random;
use super::socket::{MediaSocket, Waker};
use super::tcp::Tcp;
use super::thread::{Command, MediaThread};
use crate::sfu::edge::{Channel, RtcMaker};
use crate::sfu::engine::{Engine, NewPeer};
use crate::sfu::error::SfuError;
use crate::sfu::event::{MediaSessionId, SfuEvent, SfuStats};
use crate::sfu::limits::{
    DEFAULT_MAX_PEERS, MAX_DATA_MESSAGE_BYTES, MAX_NEGOTIATIONS_AT_ONCE, MAX_QUEUED_COMMANDS,
};
use crate::sfu::sdp::answer::{Candidates, write_restart};
use crate::sfu::sdp::fragment::Fragment;
use crate::sfu::tap::{Tap, VoiceTap};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::sync::{Semaphore, mpsc, oneshot};
use wire::{ConsultId, StreamId};

/// Where and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SfuConfig {
    /// Where the media socket is bound; port 0 takes a free one.
    pub udp: SocketAddr,
    /// Where TCP connections for media are taken, for networks that let no UDP through; port 0 takes a free one.
    pub tcp: Option<SocketAddr>,
    /// Addresses that clients are told, with the ports of both. Empty means the bound address, which must then be one
    /// address. Behind a one-to-one NAT this is the outer address.
    pub public_addresses: Vec<IpAddr>,
    /// Most peer connections at the same time.
    pub max_peers: usize,
}

impl SfuConfig {
    /// The defaults on this address.
    #[must_use]
    pub const fn on(udp: SocketAddr) -> Self {
        Self {
            udp,
            tcp: None,
            public_addresses: Vec::new(),
            max_peers: DEFAULT_MAX_PEERS,
        }
    }
}

/// Somebody wants to publish.
#[derive(Debug, Clone)]
pub struct Publish {
    /// In this consult.
    pub consult: ConsultId,
    /// As this stream; the same again when the same publisher comes back.
    pub stream: StreamId,
    /// In this new session.
    pub session: MediaSessionId,
    /// With this offer.
    pub offer: String,
    /// Who records it; none when it is not recorded.
    pub tap: Option<Tap>,
}

/// Somebody wants to watch.
#[derive(Debug, Clone)]
pub struct Watch {
    /// This consult.
    pub consult: ConsultId,
    /// In this new session.
    pub session: MediaSessionId,
    /// With this offer.
    pub offer: String,
}

/// Somebody wants to speak and hear the others.
#[derive(Debug, Clone)]
pub struct Talk {
    /// In this consult.
    pub consult: ConsultId,
    /// In this new session.
    pub session: MediaSessionId,
    /// Whether their voice is taken; they hear the others in any case.
    pub may_speak: bool,
    /// With this offer.
    pub offer: String,
    /// Where its voice goes besides, if somebody may record it.
    pub tap: Option<VoiceTap>,
}

/// The media part. Cheap to clone.
#[derive(Clone)]
pub struct Sfu {
    shared: Arc<Shared>,
}

struct Shared {
    local: SocketAddr,
    local_tcp: Option<SocketAddr>,
    negotiator: Negotiator,
    negotiations: Semaphore,
    commands: mpsc::Sender<Command>,
    waker: Arc<Waker>,
    thread: std::sync::Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        // The queue closes with `commands`, which is dropped after this: ask, so that the thread looks.
        let _ = self.commands.try_send(Command::Shutdown);
        self.waker.wake();
    }
}

impl Sfu {
    /// Opens the sockets and starts the thread.
    ///
    /// # Errors
    /// The sockets, the addresses, the certificate or the thread; the step is named.
    pub fn start(config: &SfuConfig, events: mpsc::Sender<SfuEvent>) -> Result<Self, SfuError> {
        let socket = MediaSocket::open(config.udp).map_err(SfuError::OpenSocket)?;
        let waker = Arc::new(Waker::new().map_err(SfuError::StartThread)?);
        let tcp = Tcp::open(config.tcp, Instant::now()).map_err(SfuError::OpenTcp)?;
        let (local, local_tcp) = (socket.local(), tcp.local());
        let negotiator = Negotiator {
            maker: Box::new(RtcMaker::new().map_err(SfuError::MakeCertificate)?),
            candidates: candidates(config, local, local_tcp)?,
        };
        let (commands, queue) = mpsc::channel(MAX_QUEUED_COMMANDS);
        let thread = MediaThread {
            engine: Engine::new(Instant::now(), config.max_peers),
            socket,
            tcp,
            waker: Arc::clone(&waker),
            commands: queue,
            events,
        };
        let thread = std::thread::Builder::new()
            .name("media".to_owned())
            .spawn(move || thread.run())
            .map_err(SfuError::StartThread)?;
        Ok(Self {
            shared: Arc::new(Shared {
                local,
                local_tcp,
                negotiator,
                negotiations: Semaphore::new(MAX_NEGOTIATIONS_AT_ONCE),
                commands,
                waker,
                thread: std::sync::Mutex::new(Some(thread)),
            }),
        })
    }

    /// Where the socket is bound.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.shared.local
    }

    /// Where TCP connections are taken, if they are.
    #[must_use]
    pub fn local_tcp_addr(&self) -> Option<SocketAddr> {
        self.shared.local_tcp
    }

    /// Takes a publisher's offer. Its picture replaces the consult's picture when its first packet comes.
    ///
    /// # Errors
    /// The offer, the number of peers, or the connection; the step is named.
    pub async fn publish(&self, request: Publish) -> Result<String, SfuError> {
        let made = self.negotiate(move |negotiator| negotiator.publish(&request));
        self.add(made.await?).await
    }

    /// Takes a viewer's offer.
    ///
    /// # Errors
    /// `NoStream` while nobody publishes; the offer, the number of peers, or the connection.
    pub async fn watch(&self, request: Watch) -> Result<String, SfuError> {
        let consult = request.consult;
        let codec = self.ask(|reply| Command::Codec { consult, reply }).await?;
        let codec = codec.ok_or(SfuError::NoStream)?;
        let made = self.negotiate(move |negotiator| negotiator.watch(&request, codec));
        self.add(made.await?).await
    }

    /// Takes the offer of a page's voice.
    ///
    /// # Errors
    /// `TooManyVoices`; the offer, the number of peers, or the connection.
    pub async fn talk(&self, request: Talk) -> Result<String, SfuError> {
        let made = self.negotiate(move |negotiator| negotiator.talk(&request));
        self.add(made.await?).await
    }

    /// Takes the body of a PATCH: None for trickled candidates, the fragment to send back for an ICE restart.
    ///
    /// # Errors
    /// The fragment, or the session is unknown.
    pub async fn trickle_or_restart(
        &self,
        session: MediaSessionId,
        sdp_fragment: String,
    ) -> Result<Option<String>, SfuError> {
        let fragment = Fragment::read(&sdp_fragment).map_err(SfuError::Fragment)?;
        let fresh = random::credentials().map_err(SfuError::OpenPeer)?;
        let restarted = self
            .ask(|reply| Command::Patch {
                session,
                fragment,
                fresh,
                reply,
            })
            .await??;
        let candidates = &self.shared.negotiator.candidates;
        Ok(restarted.map(|(mid, credentials)| write_restart(&mid, &credentials, candidates)))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// It is unknown, perhaps because it ended by itself.
    pub async fn close(&self, session: MediaSessionId) -> Result<(), SfuError> {
        self.ask(|reply| Command::Close { session, reply }).await?
    }

    /// Sends a text over a publisher's channel. It is dropped and counted when the channel is not open or does
    /// not take it.
    ///
    /// # Errors
    /// The text is too long, or the thread is busy or has ended.
    pub fn send_to_publisher(
        &self,
        session: MediaSessionId,
        channel: Channel,
        text: String,
    ) -> Result<(), SfuError> {
        if text.len() > MAX_DATA_MESSAGE_BYTES {
            return Err(SfuError::SendText(crate::sfu::error::EdgeError::new(
                "write to a data channel",
                "the message is too long",
            )));
        }
        let sent = self.shared.commands.try_send(Command::SendText {
            session,
            channel,
            text,
        });
        self.shared.waker.wake();
        sent.map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => SfuError::Busy,
            mpsc::error::TrySendError::Closed(_) => SfuError::Stopped,
        })
    }

    /// Counters and present size.
    ///
    /// # Errors
    /// The thread has ended.
    pub async fn stats(&self) -> Result<SfuStats, SfuError> {
        self.ask(|reply| Command::Stats { reply }).await
    }

    /// Says goodbye to all peers and ends the thread.
    pub async fn shutdown(&self) {
        // The thread may be gone already.
        let _ = self.shared.commands.send(Command::Shutdown).await;
        self.shared.waker.wake();
        let thread = match self.shared.thread.lock() {
            Ok(mut thread) => thread.take(),
            Err(_) => None,
        };
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }

    /// Runs a negotiation beside the thread, a few at a time. A panic in foreign code becomes an error.
    async fn negotiate(
        &self,
        run: impl FnOnce(&Negotiator) -> Result<(NewPeer, String), SfuError> + Send + 'static,
    ) -> Result<(NewPeer, String), SfuError> {
        let Ok(_permit) = self.shared.negotiations.acquire().await else {
            return Err(SfuError::Stopped);
        };
        let shared = Arc::clone(&self.shared);
        tokio::task::spawn_blocking(move || run(&shared.negotiator))
            .await
            .unwrap_or_else(|_| {
                Err(SfuError::OpenPeer(crate::sfu::error::EdgeError::new(
                    "negotiate",
                    "the engine failed",
                )))
            })
    }

    async fn add(&self, (peer, answer): (NewPeer, String)) -> Result<String, SfuError> {
        let peer = Box::new(peer);
        self.ask(|reply| Command::Add { peer, reply }).await??;
        Ok(answer)
    }

    /// Asks the thread and waits for its reply.
    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, SfuError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.shared.commands.send(command(reply)).await;
        self.shared.waker.wake();
        sent.map_err(|_| SfuError::Stopped)?;
        answer.await.map_err(|_| SfuError::Stopped)
    }
}

/// The addresses to announce.
fn candidates(
    config: &SfuConfig,
    udp: SocketAddr,
    tcp: Option<SocketAddr>,
) -> Result<Candidates, SfuError> {
    let announced = |bound: SocketAddr| -> Result<Vec<SocketAddr>, SfuError> {
        let ips = match config.public_addresses.as_slice() {
            [] if bound.ip().is_unspecified() => return Err(SfuError::NoPublicAddress),
            [] => vec![bound.ip()],
            addresses => addresses.to_vec(),
        };
        let with_port = ips.into_iter().map(|ip| SocketAddr::new(ip, bound.port()));
        Ok(with_port.collect())
    };
    Ok(Candidates {
        udp: announced(udp)?,
        tcp: tcp.map(announced).transpose()?.unwrap_or_default(),
    })
}
