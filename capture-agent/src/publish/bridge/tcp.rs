//! One of our sockets' connection to the relay's TCP port: each datagram with its length before it (RFC 4571, RFC 6544).
//!
//! Called by the bridge. Invariant: it ends when the connection does, and another one is made when something is to be sent.

use super::{AT_ONCE, DATAGRAM_BYTES, connected};
use rtc::shared::tcp_framing::{TcpFrameDecoder, frame_packet};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;

pub(super) async fn run(
    relay: Arc<[SocketAddr]>,
    socket: Arc<UdpSocket>,
    ours: SocketAddr,
    waiting: mpsc::Receiver<Vec<u8>>,
) {
    let Some(stream) = connected(&relay).await else {
        tracing::debug!("the relay takes no TCP connection for media");
        return;
    };
    let (says, hears) = stream.into_split();
    tokio::select! {
        () = write(hears, waiting) => {}
        () = read(says, &socket, ours) => {}
    }
}

async fn write(mut to: OwnedWriteHalf, mut waiting: mpsc::Receiver<Vec<u8>>) {
    let mut datagrams = Vec::with_capacity(AT_ONCE);
    while waiting.recv_many(&mut datagrams, AT_ONCE).await > 0 {
        let framed: Vec<u8> = datagrams
            .drain(..)
            .flat_map(|one| frame_packet(&one))
            .collect();
        if to.write_all(&framed).await.is_err() {
            return;
        }
    }
}

async fn read(mut from: OwnedReadHalf, socket: &UdpSocket, ours: SocketAddr) {
    let mut decoder = TcpFrameDecoder::new();
    let mut buffer = vec![0; 8 * DATAGRAM_BYTES];
    loop {
        let bytes = match from.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(length) => buffer.get(..length).unwrap_or_default(),
        };
        decoder.extend_from_slice(bytes);
        while let Some(datagram) = decoder.next_packet() {
            // A socket of ours that is closed needs nothing any more.
            let _ = socket.send_to(&datagram, ours).await;
        }
    }
}
