//! What carries a client's datagrams: a UDP socket, or a TCP connection to the relay's port with a length before each.

use std::net::SocketAddr;
use std::sync::Mutex;
use tokio::net::{TcpStream, UdpSocket};

pub(super) enum Carrier {
    Udp(UdpSocket),
    Tcp {
        stream: TcpStream,
        relay: SocketAddr,
        /// What was read and is not whole yet.
        read: Mutex<Vec<u8>>,
    },
}

impl Carrier {
    pub(super) async fn udp(bind: &str) -> Self {
        Self::Udp(UdpSocket::bind(bind).await.unwrap())
    }

    /// Over the TCP candidate of an answer. To the client's own engine it looks like one of UDP.
    pub(super) async fn tcp(answer: &str) -> (Self, String) {
        let line = answer.lines().find(|line| line.contains(" tcp "));
        let line = line.expect("the answer has a TCP candidate");
        assert!(line.ends_with("typ host tcptype passive"), "{line}");
        let words: Vec<&str> = line.split_whitespace().collect();
        let relay = SocketAddr::new(words[4].parse().unwrap(), words[5].parse().unwrap());
        let stream = TcpStream::connect(relay).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let kept = answer.lines().filter(|line| !line.contains(" udp "));
        let seen = kept.map(|line| match line.strip_suffix(" tcptype passive") {
            Some(line) => format!("{}\r\n", line.replace(" tcp ", " udp ")),
            None => format!("{line}\r\n"),
        });
        let read = Mutex::default();
        let carrier = Self::Tcp {
            stream,
            relay,
            read,
        };
        (carrier, seen.collect())
    }

    pub(super) fn local(&self) -> SocketAddr {
        match self {
            Self::Udp(socket) => socket.local_addr().unwrap(),
            Self::Tcp { stream, .. } => stream.local_addr().unwrap(),
        }
    }

    /// The next datagram; what was read of one stays when this is given up.
    pub(super) async fn receive(&self, buffer: &mut [u8]) -> std::io::Result<(usize, SocketAddr)> {
        if let Self::Udp(socket) = self {
            return socket.recv_from(buffer).await;
        }
        loop {
            match self.try_receive(buffer) {
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                other => return other,
            }
            let Self::Tcp { stream, .. } = self else {
                continue;
            };
            stream.readable().await?;
        }
    }

    pub(super) fn try_receive(&self, buffer: &mut [u8]) -> std::io::Result<(usize, SocketAddr)> {
        let (stream, relay, read) = match self {
            Self::Udp(socket) => return socket.try_recv_from(buffer),
            Self::Tcp {
                stream,
                relay,
                read,
            } => (stream, relay, read),
        };
        let mut read = read.lock().unwrap();
        loop {
            if let Some([high, low]) = read.first_chunk::<2>() {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                if read.len() >= 2 + length {
                    buffer[..length].copy_from_slice(&read[2..2 + length]);
                    read.drain(..2 + length);
                    return Ok((length, *relay));
                }
            }
            let mut more = [0; 4_096];
            match stream.try_read(&mut more)? {
                0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                count => read.extend_from_slice(&more[..count]),
            }
        }
    }

    pub(super) async fn send(&self, datagram: &[u8], to: SocketAddr) {
        match self {
            Self::Udp(socket) => {
                let _ = socket.send_to(datagram, to).await;
            }
            Self::Tcp { stream, .. } => {
                let mut framed = (datagram.len() as u16).to_be_bytes().to_vec();
                framed.extend_from_slice(datagram);
                let mut rest = &framed[..];
                while !rest.is_empty() && stream.writable().await.is_ok() {
                    match stream.try_write(rest) {
                        Ok(count) => rest = &rest[count..],
                        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                        Err(_) => return,
                    }
                }
            }
        }
    }
}
