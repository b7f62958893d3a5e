//! Media by a detour, for networks that let no UDP through: a bridge on this device.
//!
//! ```text
//! our sockets ──UDP on loopback──► bridge ──► tcp    the relay's own TCP port
//!                                         └─► turn   a TURN server, over a `pipe` of UDP, TCP or TLS
//! ```
//!
//! Owns a UDP socket on loopback, which the connection is offered as one more candidate, and a connection for each of our own
//! sockets that sends to it. The `webrtc` crate can call a passive TCP candidate itself, but writes to that connection inside its event
//! loop: a link that stalls would stop its timers and every channel until it goes on (decision record 0021); TURN it knows over
//! UDP only (0023). Here a connection that takes nothing costs the newest datagrams and nobody's time. Called by `peer`. Invariants:
//! little waits, because a late picture is worth nothing; a connection that breaks is made anew when something is to be sent, not
//! oftener than `AGAIN`; dropping the bridge ends everything.

mod pipe;
mod tcp;
mod turn;

pub(super) use turn::Route as TurnRoute;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// Largest datagram that WebRTC sends, and some.
const DATAGRAM_BYTES: usize = 2_048;
/// Datagrams that wait for one connection: half a second at 2 Mbit/s.
const WAITING: usize = 100;
/// Bytes that the kernel holds of one connection; what lies there grows old and cannot be given up.
const KERNEL_BUFFER_BYTES: u32 = 64 * 1024;
/// Datagrams written in one go.
const AT_ONCE: usize = 16;
/// One address that does not answer is left for the next.
const CONNECT: Duration = Duration::from_millis(1_500);
/// Between two attempts for one of our sockets: checks come every 50 ms.
const AGAIN: Duration = Duration::from_millis(500);
/// Our own sockets: one for each address of this device, before and after a restart.
const MOST_SOCKETS: usize = 32;

/// Over what.
#[derive(Clone)]
enum Way {
    /// The relay's own port.
    Tcp(Arc<[SocketAddr]>),
    /// A TURN server.
    Turn(TurnRoute),
}

/// A running bridge.
pub(super) struct Bridge {
    local: SocketAddr,
    way: Way,
    /// Ends with this.
    _task: JoinSet<()>,
}

impl Bridge {
    /// Opens it on this loopback address to a relay with these TCP candidates; nothing is connected before something is to be sent.
    pub(super) async fn over_tcp(relay: Vec<SocketAddr>, on: IpAddr) -> io::Result<Self> {
        Self::open(Way::Tcp(relay.into()), on).await
    }

    /// The same over TURN servers.
    pub(super) async fn over_turn(route: TurnRoute, on: IpAddr) -> io::Result<Self> {
        Self::open(Way::Turn(route), on).await
    }

    async fn open(way: Way, on: IpAddr) -> io::Result<Self> {
        let socket = Arc::new(UdpSocket::bind((on, 0)).await?);
        let local = socket.local_addr()?;
        let mut task = JoinSet::new();
        task.spawn(carry(socket, way.clone()));
        Ok(Self {
            local,
            way,
            _task: task,
        })
    }

    /// It as a candidate behind all others; the detour over a TURN server behind that over TCP.
    pub(super) fn candidate(&self) -> String {
        // RFC 8445 §5.1.2.1: type preference, lowest local preference, component 1.
        let (name, preference) = match self.way {
            Way::Tcp(_) => ("tcpbridge", 126u32),
            Way::Turn(_) => ("turnbridge", 1),
        };
        let priority = (preference << 24) + 255;
        let (ip, port) = (self.local.ip(), self.local.port());
        format!("candidate:{name} 1 udp {priority} {ip} {port} typ host")
    }
}

/// One of our sockets, as the bridge knows it.
struct Line {
    datagrams: mpsc::Sender<Vec<u8>>,
    since: Instant,
}

/// Takes what our sockets send, and gives each a connection.
async fn carry(socket: Arc<UdpSocket>, way: Way) {
    let mut lines: HashMap<SocketAddr, Line> = HashMap::new();
    let mut tasks = JoinSet::new();
    let mut buffer = vec![0; DATAGRAM_BYTES];
    loop {
        // An answer that one of our sockets did not wait for is an error of this one, once.
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else {
            continue;
        };
        while tasks.try_join_next().is_some() {}
        let resting = |line: &Line| line.since.elapsed() < AGAIN;
        let needs_one = match lines.get(&from) {
            Some(line) if !line.datagrams.is_closed() => false,
            Some(line) if resting(line) => continue,
            _ => true,
        };
        if needs_one {
            lines.retain(|_, line| !line.datagrams.is_closed() || resting(line));
            if lines.len() >= MOST_SOCKETS {
                continue;
            }
            let (datagrams, waiting) = mpsc::channel(WAITING);
            let since = Instant::now();
            lines.insert(from, Line { datagrams, since });
            tasks.spawn(run(way.clone(), Arc::clone(&socket), from, waiting));
        }
        if let (Some(line), Some(bytes)) = (lines.get(&from), buffer.get(..length)) {
            // Full: the newest is lost, and mended like any loss.
            let _ = line.datagrams.try_send(bytes.to_vec());
        }
    }
}

/// One connection, until it ends.
async fn run(way: Way, socket: Arc<UdpSocket>, ours: SocketAddr, waiting: mpsc::Receiver<Vec<u8>>) {
    match way {
        Way::Tcp(relay) => tcp::run(relay, socket, ours, waiting).await,
        Way::Turn(route) => turn::run(route, socket, ours, waiting).await,
    }
}

/// A connection to the first of these addresses that answers.
async fn connected(addresses: &[SocketAddr]) -> Option<TcpStream> {
    for address in addresses {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()
        } else {
            TcpSocket::new_v6()
        };
        let Ok(socket) = socket else { continue };
        // What the kernel refuses costs age on a slow link, not correctness.
        let _ = socket.set_send_buffer_size(KERNEL_BUFFER_BYTES);
        if let Ok(Ok(stream)) = timeout(CONNECT, socket.connect(*address)).await {
            let _ = stream.set_nodelay(true);
            return Some(stream);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use tokio::net::TcpListener;

    const SOON: Duration = Duration::from_secs(3);

    /// A relay that gives everything back.
    async fn echo(listener: &TcpListener) -> JoinSet<()> {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let (mut says, mut hears) = stream.split();
            let _ = tokio::io::copy(&mut says, &mut hears).await;
        });
        tasks
    }

    async fn hears(socket: &UdpSocket) -> Vec<u8> {
        let mut buffer = [0; DATAGRAM_BYTES];
        let length = timeout(SOON, socket.recv(&mut buffer)).await;
        buffer[..length.expect("an answer in time").unwrap()].to_vec()
    }

    async fn bridge() -> (TcpListener, Bridge) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let relay = listener.local_addr().unwrap();
        // An address where nobody listens stands before it.
        let nobody = {
            let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            taken.local_addr().unwrap()
        };
        let relays = vec![nobody, relay];
        let bridge = Bridge::over_tcp(relays, Ipv4Addr::LOCALHOST.into());
        let bridge = bridge.await.unwrap();
        (listener, bridge)
    }

    async fn client(bridge: &Bridge) -> UdpSocket {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        socket.connect(bridge.local).await.unwrap();
        socket
    }

    #[tokio::test]
    async fn each_of_our_sockets_has_its_own_connection_and_datagrams_stay_whole() {
        let (listener, bridge) = bridge().await;
        let (one, other) = (client(&bridge).await, client(&bridge).await);
        one.send(&[1; 1_200]).await.unwrap();
        let _first = echo(&listener).await;
        other.send(&[2; 3]).await.unwrap();
        let _second = echo(&listener).await;
        one.send(&[3; 1]).await.unwrap();
        assert_eq!(hears(&one).await, [1; 1_200]);
        assert_eq!(hears(&one).await, [3; 1]);
        assert_eq!(hears(&other).await, [2; 3]);
        let line = bridge.candidate();
        assert!(line.contains(" udp ") && line.contains(&bridge.local.port().to_string()));
    }

    #[tokio::test]
    async fn a_connection_that_breaks_is_made_anew_and_one_that_takes_nothing_holds_nobody_up() {
        let (listener, bridge) = bridge().await;
        let socket = client(&bridge).await;
        socket.send(b"first").await.unwrap();
        drop(echo(&listener).await);
        let began = Instant::now();
        let again = loop {
            assert!(began.elapsed() < SOON, "nobody called again");
            socket.send(b"again").await.unwrap();
            if let Ok(again) = timeout(Duration::from_millis(20), echo(&listener)).await {
                break again;
            }
        };
        assert_eq!(hears(&socket).await, b"again");
        drop(again);
        // A relay that accepts and never reads: others go on.
        let stuck = client(&bridge).await;
        for _ in 0..2_000 {
            stuck.send(&[9; 1_200]).await.unwrap();
        }
        let _never_read = listener.accept().await.unwrap();
        let fine = client(&bridge).await;
        fine.send(b"fine").await.unwrap();
        let _echo = echo(&listener).await;
        assert_eq!(hears(&fine).await, b"fine");
    }
}
