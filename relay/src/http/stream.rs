//! One TCP connection with two guards.
//!
//! A write that makes no progress for `STUCK` fails, so that somebody who never reads holds nothing. And a connection is
//! not cut while the other side still sends: the kernel would throw our last words away (RFC 9112 §9.6), so what comes is
//! read and dropped for a moment first. Below TLS, so it serves both.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// Nobody's link stands still for this long and recovers.
const STUCK: Duration = Duration::from_secs(10);
/// How long what still comes is dropped before the connection is cut.
const LINGER: Duration = Duration::from_secs(2);
/// How much of it.
const MAX_LINGER_BYTES: usize = 16 * 1024 * 1024;

/// A guarded connection; `P` is held until it is really closed.
pub(super) struct Guarded<P: Send + 'static> {
    /// Taken when dropped.
    tcp: Option<TcpStream>,
    permit: Option<P>,
    stuck: Option<Pin<Box<Sleep>>>,
}

impl<P: Send + 'static> Guarded<P> {
    pub(super) const fn new(tcp: TcpStream, permit: P) -> Self {
        Self {
            tcp: Some(tcp),
            permit: Some(permit),
            stuck: None,
        }
    }

    fn tcp(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        self.tcp
            .as_mut()
            .map(Pin::new)
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Whether a write that got nowhere has done so for too long.
    fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.stuck = None;
            return polled;
        }
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(sleep(STUCK)));
        ready!(stuck.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<P: Send + Unpin + 'static> AsyncRead for Guarded<P> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.tcp()?.poll_read(context, buffer)
    }
}

impl<P: Send + Unpin + 'static> AsyncWrite for Guarded<P> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = self.tcp()?.poll_write(context, bytes);
        self.watch(context, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = self.tcp()?.poll_write_vectored(context, bytes);
        self.watch(context, polled)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp()?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp()?.poll_shutdown(context)
    }
}

impl<P: Send + 'static> Drop for Guarded<P> {
    fn drop(&mut self) {
        let (Some(tcp), Some(permit)) = (self.tcp.take(), self.permit.take()) else {
            return;
        };
        // Outside the runtime the process is ending, and the kernel closes.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(linger(tcp, permit));
        }
    }
}

async fn linger<P>(mut tcp: TcpStream, permit: P) {
    let dropping = async {
        tcp.shutdown().await?;
        let (mut sink, mut dropped) = (vec![0; 16 * 1024], 0);
        while dropped < MAX_LINGER_BYTES {
            match tcp.read(&mut sink).await? {
                0 => break,
                count => dropped += count,
            }
        }
        io::Result::Ok(())
    };
    // Whatever happens, it is closed now.
    let _ = tokio::time::timeout(LINGER, dropping).await;
    drop(permit);
}
