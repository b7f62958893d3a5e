//! A link with a name from the field between an agent and the relay: what it carries in a second is bounded.
//!
//! HTTP goes through unhindered, but for the relay's media address in answers, which becomes the link's: so all media goes
//! through the link's UDP port, in both directions. Packets keep their order, each takes as long as its bits do, and what does
//! not fit into the queue is lost, as at a real bottleneck. Callers: stories and the bench. Dropping it ends it.

use anyhow::{Context, Result};
use reqwest::Client;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// What a link does to packets, each way.
#[derive(Debug, Clone, Copy)]
pub struct LinkKind {
    /// Bits per second.
    pub bits_per_s: u32,
    /// How long a packet may wait for those before it.
    pub queue: Duration,
    /// How long it travels.
    pub delay: Duration,
}

impl LinkKind {
    /// A telephone's upload in the country: 2 Mbit/s, 20 ms one way, a queue of 300 ms.
    pub const LTE_RURAL: Self = Self {
        bits_per_s: 2_000_000,
        queue: Duration::from_millis(300),
        delay: Duration::from_millis(20),
    };
}

/// Longest head of a request that passes.
const MAX_HEAD_LINES: usize = 100;
/// Largest datagram that WebRTC sends, and some.
const DATAGRAM_BYTES: usize = 2_048;
/// Bytes of IPv4 and UDP headers, which the link carries too.
const HEADER_BYTES: usize = 28;
/// Packets that may wait: the queue is bounded by time, and small packets are many.
const MAX_PACKETS: usize = 4_096;

/// A running link.
#[derive(Debug)]
pub struct WeakLink {
    origin: String,
    _tasks: JoinSet<()>,
}

impl WeakLink {
    /// To a relay with this origin and media address.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn to(relay: &str, media: SocketAddr, kind: LinkKind) -> Result<Self> {
        let mut tasks = JoinSet::new();
        let front = Arc::new(UdpSocket::bind("127.0.0.1:0").await.context("a UDP port")?);
        let back = Arc::new(UdpSocket::bind("127.0.0.1:0").await.context("a UDP port")?);
        back.connect(media)
            .await
            .context("the relay's media port")?;
        let own = front.local_addr()?.port();
        carry(&mut tasks, front, back, kind);
        let door = TcpListener::bind("127.0.0.1:0").await.context("a port")?;
        let origin = format!("http://{}", door.local_addr()?);
        let client = Client::builder().no_proxy().build()?;
        let (relay, theirs) = (relay.to_owned(), media.port());
        tasks.spawn(async move {
            while let Ok((stream, _)) = door.accept().await {
                let (client, relay) = (client.clone(), relay.clone());
                tokio::spawn(async move {
                    // A request that does not pass is the asker's to notice.
                    let _ = pass(stream, &client, &relay, (theirs, own)).await;
                });
            }
        });
        Ok(Self {
            origin,
            _tasks: tasks,
        })
    }

    /// The relay's origin as seen through the link.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

/// Both directions between whoever speaks to `front` and the relay behind `back`.
fn carry(tasks: &mut JoinSet<()>, front: Arc<UdpSocket>, back: Arc<UdpSocket>, kind: LinkKind) {
    let (who, agent) = tokio::sync::watch::channel(None::<SocketAddr>);
    let (up, mut upward) = mpsc::channel::<(Instant, Vec<u8>)>(MAX_PACKETS);
    let (down, mut downward) = mpsc::channel::<(Instant, Vec<u8>)>(MAX_PACKETS);
    let (hears, speaks) = (Arc::clone(&front), front);
    let (asks, answers) = (Arc::clone(&back), back);
    tasks.spawn(async move {
        let (mut buffer, mut wire) = (vec![0; DATAGRAM_BYTES], Wire::of(kind));
        while let Ok((length, from)) = hears.recv_from(&mut buffer).await {
            who.send_replace(Some(from));
            wire.take(buffer.get(..length).unwrap_or_default(), &up);
        }
    });
    tasks.spawn(async move {
        while let Some((due, packet)) = upward.recv().await {
            tokio::time::sleep_until(due).await;
            let _ = asks.send(&packet).await;
        }
    });
    tasks.spawn(async move {
        let (mut buffer, mut wire) = (vec![0; DATAGRAM_BYTES], Wire::of(kind));
        loop {
            // An answer that nobody waits for is an error of this socket, once.
            if let Ok(length) = answers.recv(&mut buffer).await {
                wire.take(buffer.get(..length).unwrap_or_default(), &down);
            }
        }
    });
    tasks.spawn(async move {
        while let Some((due, packet)) = downward.recv().await {
            tokio::time::sleep_until(due).await;
            let to = *agent.borrow();
            if let Some(to) = to {
                let _ = speaks.send_to(&packet, to).await;
            }
        }
    });
}

/// One direction.
struct Wire {
    kind: LinkKind,
    /// When the last packet has left.
    free_at: Instant,
}

impl Wire {
    fn of(kind: LinkKind) -> Self {
        Self {
            kind,
            free_at: Instant::now(),
        }
    }

    /// Puts a packet behind those before it, or loses it.
    fn take(&mut self, packet: &[u8], queue: &mpsc::Sender<(Instant, Vec<u8>)>) {
        let now = Instant::now();
        let begins = self.free_at.max(now);
        if begins - now > self.kind.queue {
            return;
        }
        let bits = u32::try_from((packet.len() + HEADER_BYTES) * 8).unwrap_or(u32::MAX);
        let takes = Duration::from_secs_f64(f64::from(bits) / f64::from(self.kind.bits_per_s));
        self.free_at = begins + takes;
        let _ = queue.try_send((self.free_at + self.kind.delay, packet.to_vec()));
    }
}

/// One request and its answer; media addresses in the answer are changed from the relay's port to the link's.
async fn pass(stream: TcpStream, client: &Client, relay: &str, ports: (u16, u16)) -> Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let mut words = line.split_whitespace();
    let method = words.next().context("a method")?.parse()?;
    let path = words.next().context("a path")?.to_owned();
    let mut request = client.request(method, format!("{relay}{path}"));
    let mut length = 0;
    for _ in 0..MAX_HEAD_LINES {
        let mut header = String::new();
        stream.read_line(&mut header).await?;
        let Some((name, value)) = header.trim_end().split_once(": ") else {
            break;
        };
        let name = name.to_ascii_lowercase();
        if name == "content-length" {
            length = value.parse()?;
        } else if name != "host" && name != "connection" {
            request = request.header(name, value);
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let answer = request.body(body).send().await?;
    let mut head = format!("HTTP/1.1 {}\r\nconnection: close\r\n", answer.status());
    for (name, value) in answer.headers() {
        if !matches!(
            name.as_str(),
            "content-length" | "connection" | "transfer-encoding"
        ) {
            head += &format!("{name}: {}\r\n", value.to_str()?);
        }
    }
    let (theirs, own) = ports;
    let text = answer.text().await?;
    let text = text.replace(&format!(" {theirs} typ "), &format!(" {own} typ "));
    head += &format!("content-length: {}\r\n\r\n", text.len());
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(text.as_bytes()).await?;
    Ok(stream.flush().await?)
}
