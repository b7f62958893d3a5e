//! TCP connections over a link: rate, delay and cuts, but never a loss, because TCP repairs those by itself.
//!
//! Owns the copying of one connection. Callers: `http` for requests and sockets, `running` for media over TCP. Invariant:
//! bytes keep their order, and an end arrives after the bytes before it.

use super::Way;
use super::lines::Lines;
use anyhow::Result;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

/// One segment on Ethernet.
const PIECE_BYTES: usize = 1_448;
/// Pieces on their way on one connection: TCP's own window is as deep.
const MOST_PIECES: usize = 256;

/// Whether a connection shares the link's rate and delay with the media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// It does.
    Shares,
    /// It passes at once, unless nothing passes.
    Free,
}

/// Copies both directions until both have ended or one fails.
pub(super) async fn carry<A, B>(client: A, relay: B, lines: &Lines, share: Share) -> Result<()>
where
    A: AsyncRead + AsyncWrite,
    B: AsyncRead + AsyncWrite,
{
    let (client_says, client_hears) = tokio::io::split(client);
    let (relay_says, relay_hears) = tokio::io::split(relay);
    tokio::try_join!(
        pump(client_says, relay_hears, lines, share, Way::Up),
        pump(relay_says, client_hears, lines, share, Way::Down),
    )?;
    Ok(())
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    lines: &Lines,
    share: Share,
    way: Way,
) -> Result<()> {
    let (pieces, mut due) = mpsc::channel::<(Duration, Vec<u8>)>(MOST_PIECES);
    let takes = async move {
        let mut buffer = vec![0; PIECE_BYTES];
        loop {
            let length = from.read(&mut buffer).await?;
            let piece = buffer.get(..length).unwrap_or_default();
            if piece.is_empty() {
                return Ok::<(), anyhow::Error>(());
            }
            let at = match share {
                Share::Shares => lines.turn(way, length).await,
                Share::Free => lines.now(),
            };
            pieces.send((at, piece.to_vec())).await?;
        }
    };
    let gives = async {
        while let Some((at, piece)) = due.recv().await {
            lines.sleep_until(at).await;
            lines.is_whole().await;
            to.write_all(&piece).await?;
            to.flush().await?;
        }
        // An end travels like bytes do.
        lines.is_whole().await;
        Ok(to.shutdown().await?)
    };
    tokio::try_join!(takes, gives)?;
    Ok(())
}
