//! One connection, PDU by PDU, for either side.
//!
//! Owns the connection and what came of the next PDU. Every wait has an end that the caller names.

use crate::framing::{FrameFault, Framing, put_fragment, put_whole};
use crate::limits::{ANSWER_WITHIN, LINGER};
use crate::stream::{Stream, linger};
use crate::tls::TlsFault;
use dicom_ul::pdu::{Pdu, write_pdu};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

/// There is no next PDU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineFault {
    /// The peer went.
    Left,
    /// It said nothing for too long.
    Silent,
    /// TLS ended: what is wrong with our certificate is heard behind the handshake only (RFC 8446 section 4.4.2.4).
    Tls(TlsFault),
    /// It said what is no PDU.
    Frame(FrameFault),
}

impl LineFault {
    fn of(error: &io::Error) -> Self {
        TlsFault::within(error).map_or(Self::Left, Self::Tls)
    }
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
    stream: Stream,
    framing: Framing,
}

impl Line {
    pub(crate) fn over(stream: Stream) -> Self {
        Self {
            stream,
            framing: Framing::default(),
        }
    }

    /// The next PDU, whole by then.
    pub(crate) async fn next(&mut self, by: Instant) -> Result<Pdu, LineFault> {
        loop {
            if let Some(pdu) = self.framing.next().map_err(LineFault::Frame)? {
                return Ok(pdu);
            }
            match timeout_at(by, self.stream.read_buf(self.framing.room())).await {
                Ok(Ok(0)) => return Err(LineFault::Left),
                Ok(Err(error)) => return Err(LineFault::of(&error)),
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
        let sending = async {
            self.stream.write_all(bytes).await?;
            // TLS holds back what the socket does not take at once.
            self.stream.flush().await
        };
        match timeout(ANSWER_WITHIN, sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(LineFault::of(&error)),
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

    pub(crate) async fn linger(&mut self) {
        linger(&mut self.stream).await;
    }

    /// Says that nothing more comes.
    pub(crate) async fn close(&mut self) {
        let _ = timeout(LINGER, self.stream.shutdown()).await;
    }
}
