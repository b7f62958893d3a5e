//! Whole messages to and from one TURN server, over UDP, TCP or TLS.
//!
//! Owns the socket with its two tasks, and where a message ends in a stream (RFC 8656 §12.5): a STUN message says its length, channel
//! data is padded to four bytes. Called by `turn`. Invariants: what cannot leave soon is dropped, not kept, because a late picture is
//! worth nothing and STUN asks again; a stream that makes no sense ends.

use super::{AT_ONCE, DATAGRAM_BYTES, WAITING, connected};
use crate::publish::ice_servers::{TurnServer, Way};
use rustls::pki_types::ServerName;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{UdpSocket, lookup_host};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

/// Head of channel data, and the first bytes of a STUN message that tell its length.
const HEAD_BYTES: usize = 4;
/// A STUN message has this more than it says (RFC 8489 §5).
const STUN_HEAD_BYTES: usize = 20;

/// A running pipe.
pub(super) struct Pipe {
    /// Our own end.
    pub(super) local: SocketAddr,
    /// The server's.
    pub(super) server: SocketAddr,
    to: mpsc::Sender<Vec<u8>>,
    from: mpsc::Receiver<Vec<u8>>,
    /// End with this.
    _tasks: JoinSet<()>,
}

impl Pipe {
    /// Connects to a server.
    pub(super) async fn to(server: &TurnServer, tls: &TlsConnector) -> io::Result<Self> {
        let found = lookup_host((server.host.as_str(), server.port)).await?;
        let addresses: Vec<SocketAddr> = found.collect();
        match server.way {
            Way::Udp => Self::datagrams(&addresses).await,
            Way::Tcp | Way::Tls => {
                let nobody = || io::Error::from(io::ErrorKind::ConnectionRefused);
                let stream = connected(&addresses).await.ok_or_else(nobody)?;
                let ends = (stream.local_addr()?, stream.peer_addr()?);
                if server.way == Way::Tcp {
                    return Ok(Self::stream(ends, stream));
                }
                let name = ServerName::try_from(server.host.clone()).map_err(io::Error::other)?;
                Ok(Self::stream(ends, tls.connect(name, stream).await?))
            }
        }
    }

    /// Hands a message over; what has no room is lost.
    pub(super) fn send(&self, message: Vec<u8>) {
        let _ = self.to.try_send(message);
    }

    /// The next message; none when the way to the server has ended.
    pub(super) async fn receive(&mut self) -> Option<Vec<u8>> {
        self.from.recv().await
    }

    async fn datagrams(addresses: &[SocketAddr]) -> io::Result<Self> {
        let server = *addresses.first().ok_or(io::ErrorKind::NotFound)?;
        let any: SocketAddr = match server {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any).await?;
        socket.connect(server).await?;
        let ends = (socket.local_addr()?, server);
        let (says, hears) = (Arc::new(socket), mpsc::channel::<Vec<u8>>(WAITING));
        let ((to, mut waiting), (give, from)) = (hears, mpsc::channel(WAITING));
        let mut tasks = JoinSet::new();
        let writes = Arc::clone(&says);
        tasks.spawn(async move {
            while let Some(message) = waiting.recv().await {
                // An error of before: nobody listened; the next one may be heard.
                let _ = writes.send(&message).await;
            }
        });
        tasks.spawn(async move {
            let mut buffer = vec![0; DATAGRAM_BYTES];
            loop {
                let Ok(length) = says.recv(&mut buffer).await else {
                    return;
                };
                let message = buffer.get(..length).unwrap_or_default().to_vec();
                if give.send(message).await.is_err() {
                    return;
                }
            }
        });
        Ok(Self::of(ends, to, from, tasks))
    }

    fn stream<S>(ends: (SocketAddr, SocketAddr), stream: S) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (says, mut hears) = tokio::io::split(stream);
        let (to, mut waiting) = mpsc::channel::<Vec<u8>>(WAITING);
        let (give, from) = mpsc::channel(WAITING);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut messages = Vec::with_capacity(AT_ONCE);
            while waiting.recv_many(&mut messages, AT_ONCE).await > 0 {
                let bytes = messages.concat();
                messages.clear();
                if hears.write_all(&bytes).await.is_err() || hears.flush().await.is_err() {
                    return;
                }
            }
        });
        tasks.spawn(read(says, give));
        Self::of(ends, to, from, tasks)
    }

    fn of(
        (local, server): (SocketAddr, SocketAddr),
        to: mpsc::Sender<Vec<u8>>,
        from: mpsc::Receiver<Vec<u8>>,
        tasks: JoinSet<()>,
    ) -> Self {
        Self {
            local,
            server,
            to,
            from,
            _tasks: tasks,
        }
    }
}

async fn read(mut from: impl AsyncRead + Unpin, give: mpsc::Sender<Vec<u8>>) {
    let mut bytes = Vec::with_capacity(2 * DATAGRAM_BYTES);
    while matches!(from.read_buf(&mut bytes).await, Ok(1..)) {
        let mut begin = 0;
        loop {
            let rest = bytes.get(begin..).unwrap_or_default();
            match whole(rest) {
                Ok(Some(length)) => {
                    let message = rest.get(..length).unwrap_or_default().to_vec();
                    begin += length;
                    if give.send(message).await.is_err() {
                        return;
                    }
                }
                Ok(None) => break,
                Err(Nonsense) => return,
            }
        }
        bytes.drain(..begin);
    }
}

/// Bytes that are neither.
#[derive(Debug, PartialEq, Eq)]
struct Nonsense;

/// How long the message at the front is; nothing before all of it is there.
fn whole(bytes: &[u8]) -> Result<Option<usize>, Nonsense> {
    let Some([first, _, high, low]) = bytes.first_chunk::<HEAD_BYTES>() else {
        return Ok(None);
    };
    let said = usize::from(u16::from_be_bytes([*high, *low]));
    let length = match first >> 6 {
        0b00 if said % 4 == 0 => STUN_HEAD_BYTES + said,
        0b01 => HEAD_BYTES + said.next_multiple_of(4),
        _ => return Err(Nonsense),
    };
    if length > DATAGRAM_BYTES {
        return Err(Nonsense);
    }
    Ok((bytes.len() >= length).then_some(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_ends_where_it_says_and_channel_data_at_four_bytes() {
        let stun = [&[0x01, 0x03, 0, 8][..], &[0; 24]].concat();
        assert_eq!(whole(&stun), Ok(Some(28)));
        assert_eq!(whole(&stun[..27]), Ok(None));
        let channel = [0x40, 0x00, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0];
        assert_eq!(whole(&channel), Ok(Some(12)));
        assert_eq!(whole(&channel[..11]), Ok(None));
        assert_eq!(whole(&channel[..3]), Ok(None));
    }

    #[test]
    fn a_stream_of_something_else_ends() {
        for nonsense in [
            [0x80, 0, 0, 0],
            [0xff, 0, 0, 4],
            [0x00, 1, 0, 3],
            [0x40, 0, 0xff, 0xff],
        ] {
            assert_eq!(whole(&nonsense), Err(Nonsense));
        }
    }

    #[tokio::test]
    async fn messages_come_whole_whatever_pieces_a_stream_makes_of_them() {
        let (mut server, client) = tokio::io::duplex(64);
        let ends = ([127, 0, 0, 1], 1).into();
        let mut pipe = Pipe::stream((ends, ends), client);
        let stun = [&[0x01, 0x03, 0, 8][..], &[7; 24]].concat();
        let channel = vec![0x40, 0x00, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0];
        for piece in [&stun[..], &channel[..]].concat().chunks(5) {
            server.write_all(piece).await.unwrap();
        }
        assert_eq!(pipe.receive().await, Some(stun.clone()));
        assert_eq!(pipe.receive().await, Some(channel));
        pipe.send(stun.clone());
        let mut heard = vec![0; stun.len()];
        server.read_exact(&mut heard).await.unwrap();
        assert_eq!(heard, stun);
        drop(server);
        assert_eq!(pipe.receive().await, None);
    }
}
