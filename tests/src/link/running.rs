//! A link that runs between clients and one relay, and what a story does to it.
//!
//! Owns the ports and the tasks. What becomes of a packet is decided by `path`, what a description says by `sdp`. Callers: `story` and
//! the bench. Invariant: dropping it ends everything that goes through it.

use super::Way;
use super::http::serve;
use super::kinds::LinkKind;
use super::lines::Lines;
use super::meter::{Counts, Passages};
use super::path::Meanwhile;
use super::random::{Purpose, Random};
use super::sdp::Ports;
use super::tcp::{Share, carry};
use super::udp::Sockets;
use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Where a relay listens.
#[derive(Debug, Clone, Copy)]
pub struct Ends {
    /// Pages and requests.
    pub http: SocketAddr,
    /// Media over UDP.
    pub media: SocketAddr,
    /// Media over TCP, if it has that.
    pub tcp_media: Option<SocketAddr>,
}

/// A running link.
#[derive(Debug)]
pub struct Link {
    origin: String,
    lines: Arc<Lines>,
    sockets: Arc<Sockets>,
    kind: Mutex<LinkKind>,
    /// How long troubles last.
    chance: Mutex<Random>,
    _tasks: JoinSet<()>,
}

impl Link {
    /// To a relay; all chance comes from the seed.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn to(relay: Ends, kind: LinkKind, seed: u64) -> Result<Self> {
        let (lines, upward, downward) = Lines::new(kind, seed);
        let lines = Arc::new(lines);
        let sockets = Arc::new(Sockets::open(relay.media, Arc::clone(&lines)).await?);
        let door = TcpListener::bind("127.0.0.1:0").await.context("a port")?;
        let origin = format!("http://{}", door.local_addr()?);
        let mut tasks = JoinSet::new();
        let tcp = match relay.tcp_media {
            Some(media) => {
                let carries = kind.carries_tcp_media.then_some(media);
                Some(forward_tcp(&mut tasks, carries, Arc::clone(&lines)).await?)
            }
            None => None,
        };
        let ports = Ports {
            udp: sockets.address()?,
            tcp,
        };
        let share = if kind.shares {
            Share::Shares
        } else {
            Share::Free
        };
        let over = Arc::clone(&lines);
        tasks.spawn(each(door, move |client| {
            let over = Arc::clone(&over);
            async move {
                // A request that does not pass is the asker's to notice.
                let _ = serve(client, relay.http, &over, share, ports).await;
            }
        }));
        let (hears, ups, downs) = (
            Arc::clone(&sockets),
            Arc::clone(&sockets),
            Arc::clone(&sockets),
        );
        tasks.spawn(async move { hears.hear().await });
        tasks.spawn(async move { ups.carry_up(upward).await });
        tasks.spawn(async move { downs.carry_down(downward).await });
        Ok(Self {
            origin,
            lines,
            sockets,
            kind: Mutex::new(kind),
            chance: Mutex::new(Random::new(seed, Purpose::Trouble)),
            _tasks: tasks,
        })
    }

    /// The relay's origin as seen through the link.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What it is now.
    #[must_use]
    pub fn kind(&self) -> LinkKind {
        *self.kind.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing passes until `restore`; what comes meanwhile is lost, or waits if that is the kind of this link's trouble.
    pub fn cut(&self) {
        let trouble = self.kind().trouble;
        let meanwhile = trouble.map_or(Meanwhile::Lost, |trouble| trouble.meanwhile);
        self.lines.cut(meanwhile);
    }

    /// Everything passes again.
    pub fn restore(&self) {
        self.lines.restore();
    }

    /// From now on every client has another address as the relay sees it; what was sent to the old ones is lost.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn change_address(&self) -> Result<()> {
        self.lines.forget_downward();
        self.sockets.change_addresses()
    }

    /// Becomes another kind; traces begin anew. Whether requests share the link stays as it was.
    pub fn set(&self, kind: LinkKind) {
        *self.kind.lock().unwrap_or_else(PoisonError::into_inner) = kind;
        self.lines.set(kind);
    }

    /// Lets the trouble happen that this kind of link has, and gives how long nothing passed; without one nothing happens.
    ///
    /// # Errors
    /// When there is no free port for a new address.
    pub async fn trouble(&self) -> Result<Duration> {
        let Some(trouble) = self.kind().trouble else {
            return Ok(Duration::ZERO);
        };
        let (least, most) = trouble.lasts;
        let part = {
            let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
            chance.unit()
        };
        let lasts = least + most.saturating_sub(least).mul_f64(part);
        self.cut();
        tokio::time::sleep(lasts).await;
        if trouble.new_address {
            self.change_address()?;
        }
        if let Some(then) = trouble.then {
            self.set(*then);
        }
        self.restore();
        Ok(lasts)
    }

    /// How long it runs: the clock of `passages`.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.lines.now()
    }

    /// What passed since it began.
    #[must_use]
    pub fn counts(&self, way: Way) -> Counts {
        self.lines.counts(way)
    }

    /// The datagrams of a span of its time: their rate, losses and how long they waited.
    #[must_use]
    pub fn passages(&self, way: Way, span: Range<Duration>) -> Passages {
        self.lines.passages(way, span)
    }

    /// Addresses from which the relay hears its clients.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.sockets.addresses()
    }
}

/// A port of the link's own for media over TCP. Where none passes, a connection there stands and nothing comes of it.
async fn forward_tcp(
    tasks: &mut JoinSet<()>,
    media: Option<SocketAddr>,
    lines: Arc<Lines>,
) -> Result<SocketAddr> {
    let front = TcpListener::bind("127.0.0.1:0").await.context("a port")?;
    let address = front.local_addr()?;
    tasks.spawn(each(front, move |client| {
        let lines = Arc::clone(&lines);
        async move {
            let carried = async {
                let Some(media) = media else {
                    return std::future::pending().await;
                };
                client.set_nodelay(true)?;
                let relay = TcpStream::connect(media).await?;
                relay.set_nodelay(true)?;
                carry(client, relay, &lines, Share::Shares).await
            };
            // A connection that ends is its owners' to notice.
            let _: Result<()> = carried.await;
        }
    }));
    Ok(address)
}

/// Serves each connection in a task of its own; all end with this one.
async fn each<F, Fut>(door: TcpListener, serve: F)
where
    F: Fn(TcpStream) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let mut served = JoinSet::new();
    while let Ok((client, _)) = door.accept().await {
        while served.try_join_next().is_some() {}
        served.spawn(serve(client));
    }
}

#[cfg(test)]
#[path = "running_tests.rs"]
mod tests;
