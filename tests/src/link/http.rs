//! Requests, pages and sockets over a link.
//!
//! Owns one connection for each request. Heads pass as they are: on loopback a relay takes any port for its own as long as
//! `Host` and `Origin` agree, so pages and cookies that came through the link stay valid. Changed are session descriptions,
//! and `Connection`: a connection carries one request. A WebSocket becomes a tunnel after its heads. Caller: `running`.

use super::lines::Lines;
use super::sdp::{Ports, is_description, through, without_candidates};
use super::tcp::{Share, carry};
use anyhow::{Context, Result, bail, ensure};
use std::fmt::Write as _;
use std::net::SocketAddr;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader,
};
use tokio::net::TcpStream;

/// Longest head that passes.
const MOST_HEAD_BYTES: u64 = 64 * 1024;
/// Longest session description that passes.
const MOST_SDP_BYTES: usize = 256 * 1024;
/// Between the changing of heads and the line.
const PIPE_BYTES: usize = 64 * 1024;

/// Serves one connection of a client.
pub(super) async fn serve(
    client: TcpStream,
    relay: SocketAddr,
    lines: &Lines,
    share: Share,
    ports: Ports,
) -> Result<()> {
    client.set_nodelay(true)?;
    let relay = TcpStream::connect(relay).await.context("the relay")?;
    relay.set_nodelay(true)?;
    let (near, far) = tokio::io::duplex(PIPE_BYTES);
    let (passed, _) = tokio::join!(pass(client, near, ports), carry(far, relay, lines, share));
    passed
}

/// One request and its answer, or a tunnel.
async fn pass<C, R>(client: C, relay: R, ports: Ports) -> Result<()>
where
    C: AsyncRead + AsyncWrite,
    R: AsyncRead + AsyncWrite,
{
    let (client_says, mut client_hears) = tokio::io::split(client);
    let (relay_says, mut relay_hears) = tokio::io::split(relay);
    let mut client_says = BufReader::new(client_says);
    let mut relay_says = BufReader::new(relay_says);
    let Some(mut request) = Head::read(&mut client_says).await? else {
        return Ok(());
    };
    if request.field("upgrade").is_none() {
        request.set("connection", "close");
    }
    request
        .forward(&mut client_says, &mut relay_hears, |offer| {
            without_candidates(offer)
        })
        .await?;
    let rest = async {
        // What the client still sends, and that it went away.
        let _ = tokio::io::copy_buf(&mut client_says, &mut relay_hears).await;
        let _ = relay_hears.shutdown().await;
        std::future::pending::<()>().await;
    };
    let answer = async {
        let Some(answer) = Head::read(&mut relay_says).await? else {
            bail!("the relay gave no answer");
        };
        answer
            .forward(&mut relay_says, &mut client_hears, |text| {
                through(text, ports)
            })
            .await?;
        tokio::io::copy_buf(&mut relay_says, &mut client_hears).await?;
        Ok(client_hears.shutdown().await?)
    };
    tokio::select! {
        done = answer => done,
        () = rest => Ok(()),
    }
}

/// The first lines of a request or an answer.
#[derive(Debug)]
struct Head {
    first: String,
    fields: Vec<(String, String)>,
}

impl Head {
    /// None when the other side ended before it began.
    async fn read(from: &mut (impl AsyncBufRead + Unpin)) -> Result<Option<Self>> {
        let mut from = from.take(MOST_HEAD_BYTES);
        let mut first = String::new();
        if from.read_line(&mut first).await? == 0 {
            return Ok(None);
        }
        let mut fields = Vec::new();
        loop {
            let mut line = String::new();
            ensure!(from.read_line(&mut line).await? > 0, "half a head");
            if line.trim_end().is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').context("a field has a name")?;
            fields.push((name.to_owned(), value.trim().to_owned()));
        }
        let first = first.trim_end().to_owned();
        Ok(Some(Self { first, fields }))
    }

    fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let found = fields.find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    fn set(&mut self, name: &str, value: &str) {
        self.fields
            .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.fields.push((name.to_owned(), value.to_owned()));
    }

    /// Writes this head on, and its body if that is a session description, changed; any other body is left to the caller.
    async fn forward(
        mut self,
        from: &mut (impl AsyncBufRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
        change: impl FnOnce(&str) -> String,
    ) -> Result<()> {
        let mut body = String::new();
        let length: usize = self.field("content-length").unwrap_or("0").parse()?;
        if length > 0 && self.field("content-type").is_some_and(is_description) {
            ensure!(length <= MOST_SDP_BYTES, "a description of {length} bytes");
            let mut bytes = vec![0; length];
            from.read_exact(&mut bytes).await?;
            body = change(std::str::from_utf8(&bytes)?);
            self.set("content-length", &body.len().to_string());
        }
        let mut text = format!("{}\r\n", self.first);
        for (name, value) in &self.fields {
            write!(text, "{name}: {value}\r\n")?;
        }
        text += "\r\n";
        text += &body;
        to.write_all(text.as_bytes()).await?;
        Ok(to.flush().await?)
    }
}
