//! One connection, PDU by PDU, for either side.
//!
//! Owns the socket and what came of the next PDU. Every wait has an end that the caller names.

use crate::framing::{FrameFault, Framing, put_fragment, put_whole};
use crate::limits::{ANSWER_WITHIN, LINGER, MAX_LINGER_BYTES};
use dicom_ul::pdu::{Pdu, write_pdu};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

/// There is no next PDU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineFault {
    /// The peer went.
    Left,
    /// It said nothing for too long.
    Silent,
    /// It said what is no PDU.
    Frame(FrameFault),
}

/// A message could not be sent whole; then the association is over.
#[derive(Debug)]
pub(crate) enum SendFault {
    /// The peer.
    Line(LineFault),
    /// Our own object.
    Source(io::Error),
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Line {
    socket: TcpStream,
    framing: Framing,
}

impl Line {
    pub(crate) fn over(socket: TcpStream) -> Self {
        // Messages are small and waited for; without this each costs a delayed acknowledgement of 40 ms.
        let _ = socket.set_nodelay(true);
        Self {
            socket,
            framing: Framing::default(),
        }
    }

    /// The next PDU, whole by then.
    pub(crate) async fn next(&mut self, by: Instant) -> Result<Pdu, LineFault> {
        loop {
            if let Some(pdu) = self.framing.next().map_err(LineFault::Frame)? {
                return Ok(pdu);
            }
            match timeout_at(by, self.socket.read_buf(self.framing.room())).await {
                Ok(Ok(0) | Err(_)) => return Err(LineFault::Left),
                Ok(Ok(_)) => {}
                Err(_) => return Err(LineFault::Silent),
            }
        }
    }

    pub(crate) async fn send(&mut self, pdu: &Pdu) -> Result<(), LineFault> {
        let mut bytes = Vec::new();
        write_pdu(&mut bytes, pdu).map_err(|_| LineFault::Left)?;
        self.send_bytes(&bytes).await
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) -> Result<(), LineFault> {
        match timeout(ANSWER_WITHIN, self.socket.write_all(bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(LineFault::Left),
            Err(_) => Err(LineFault::Silent),
        }
    }

    /// Sends a command set and the data set behind it, as it is read: `bytes` of it, in fragments of `most`.
    pub(crate) async fn send_message(
        &mut self,
        (context, most): (u8, usize),
        set: &[u8],
        (mut data_set, bytes): (impl AsyncRead + Unpin, u64),
    ) -> Result<(), SendFault> {
        let mut out = Vec::new();
        put_whole(&mut out, (context, most), true, set);
        let mut piece = vec![0; most];
        let mut left = bytes;
        loop {
            let now = usize::try_from(left).unwrap_or(usize::MAX).min(most);
            let bytes = piece.get_mut(..now).unwrap_or_default();
            let read = data_set.read_exact(bytes).await;
            read.map_err(SendFault::Source)?;
            left -= now as u64;
            put_fragment(&mut out, context, false, left == 0, bytes);
            self.send_bytes(&out).await.map_err(SendFault::Line)?;
            out.clear();
            if left == 0 {
                return Ok(());
            }
        }
    }

    /// Lets the peer close first (PS3.8 Table 9-10, state 13), or our last word may be lost with what we did not read.
    pub(crate) async fn linger(&mut self) {
        let mut left = MAX_LINGER_BYTES;
        let mut sink = [0; 4096];
        let draining = async {
            while let Ok(read @ 1..) = self.socket.read(&mut sink).await {
                left = left.saturating_sub(read);
                if left == 0 {
                    break;
                }
            }
        };
        let _ = timeout(LINGER, draining).await;
        let _ = self.socket.shutdown().await;
    }
}
