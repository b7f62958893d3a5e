//! Datagrams: one port in front for all clients, and towards the relay a socket for each.
//!
//! Owns the sockets. The relay so sees as many addresses as there are clients, and `change_addresses` gives each a new one, as
//! a network does when a telephone changes its cell. A TURN server stands on the relay's side of the link, so what it relays passes at
//! once. Caller: `running`.

use super::Way;
use super::lines::{Datagram, Due, Lines};
use anyhow::{Context, Result};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

/// Largest datagram that WebRTC sends, and some.
const DATAGRAM_BYTES: usize = 2_048;
/// A browser asks from each of its addresses; a story has a handful of people.
const MOST_CLIENTS: usize = 256;

/// From where the lab's TURN server relays; clients have other addresses of loopback.
pub(crate) const TURN_RELAYS_FROM: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3));

/// The sockets of a link.
#[derive(Debug)]
pub(super) struct Sockets {
    front: Arc<UdpSocket>,
    /// The relay's port.
    media: SocketAddr,
    backs: Mutex<HashMap<SocketAddr, Back>>,
    lines: Arc<Lines>,
}

/// What one client is to the relay.
#[derive(Debug)]
struct Back {
    socket: Arc<UdpSocket>,
    /// Reads it, until this is dropped.
    _reads: JoinSet<()>,
}

impl Sockets {
    pub(super) async fn open(media: SocketAddr, lines: Arc<Lines>) -> Result<Self> {
        Ok(Self {
            front: Arc::new(UdpSocket::bind("127.0.0.1:0").await.context("a UDP port")?),
            media,
            backs: Mutex::default(),
            lines,
        })
    }

    /// Where clients send to.
    pub(super) fn address(&self) -> Result<SocketAddr> {
        Ok(self.front.local_addr()?)
    }

    /// Hands in what clients send.
    pub(super) async fn hear(&self) {
        let mut buffer = vec![0; DATAGRAM_BYTES];
        while let Ok((length, client)) = self.front.recv_from(&mut buffer).await {
            let bytes = buffer.get(..length).unwrap_or_default();
            if client.ip() == TURN_RELAYS_FROM {
                if let Ok(back) = self.back(client) {
                    let _ = back.send(bytes).await;
                }
                continue;
            }
            let bytes = bytes.to_vec();
            self.lines.take(Way::Up, Datagram { client, bytes });
        }
    }

    /// Carries out what is due upwards.
    pub(super) async fn carry_up(&self, mut due: Due) {
        while let Some((at, Datagram { client, bytes })) = due.recv().await {
            self.lines.sleep_until(at).await;
            if !self.lines.passes(Way::Up).await {
                continue;
            }
            if let Ok(back) = self.back(client) {
                // A relay that is away is the client's to notice.
                let _ = back.send(&bytes).await;
            }
        }
    }

    /// Carries out what is due downwards.
    pub(super) async fn carry_down(&self, mut due: Due) {
        while let Some((at, Datagram { client, bytes })) = due.recv().await {
            self.lines.sleep_until(at).await;
            if self.lines.passes(Way::Down).await {
                let _ = self.front.send_to(&bytes, client).await;
            }
        }
    }

    /// Gives every client another address towards the relay; what comes to the old one is lost.
    pub(super) fn change_addresses(&self) -> Result<()> {
        let mut backs = self.backs();
        let clients: Vec<SocketAddr> = backs.keys().copied().collect();
        for client in clients {
            // The old one is closed last: its port is not given again.
            let fresh = self.open_back(client)?;
            backs.insert(client, fresh);
        }
        Ok(())
    }

    /// Addresses that the relay sees.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        let backs = self.backs();
        backs
            .values()
            .filter_map(|back| back.socket.local_addr().ok())
            .collect()
    }

    fn back(&self, client: SocketAddr) -> Result<Arc<UdpSocket>> {
        let mut backs = self.backs();
        if let Some(back) = backs.get(&client) {
            return Ok(Arc::clone(&back.socket));
        }
        anyhow::ensure!(backs.len() < MOST_CLIENTS, "too many clients");
        let back = self.open_back(client)?;
        let socket = Arc::clone(&back.socket);
        backs.insert(client, back);
        Ok(socket)
    }

    fn open_back(&self, client: SocketAddr) -> Result<Back> {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").context("a UDP port")?;
        socket
            .connect(self.media)
            .context("the relay's media port")?;
        socket.set_nonblocking(true)?;
        let socket = Arc::new(UdpSocket::from_std(socket)?);
        let (answers, lines) = (Arc::clone(&socket), Arc::clone(&self.lines));
        let front = Arc::clone(&self.front);
        let mut reads = JoinSet::new();
        reads.spawn(async move {
            let mut buffer = vec![0; DATAGRAM_BYTES];
            loop {
                // An answer that nobody waits for is an error of this socket, once.
                if let Ok(length) = answers.recv(&mut buffer).await {
                    let bytes = buffer.get(..length).unwrap_or_default();
                    if client.ip() == TURN_RELAYS_FROM {
                        let _ = front.send_to(bytes, client).await;
                        continue;
                    }
                    let bytes = bytes.to_vec();
                    lines.take(Way::Down, Datagram { client, bytes });
                }
            }
        });
        Ok(Back {
            socket,
            _reads: reads,
        })
    }

    fn backs(&self) -> MutexGuard<'_, HashMap<SocketAddr, Back>> {
        self.backs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
