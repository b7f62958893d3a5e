//! A program of somebody else's on the consult socket: it may say anything, and hears what the relay answers.
//!
//! Owns one WebSocket with the session of a real ticket, but none of the viewer's manners. Callers: stories about roles
//! and wrong messages.

use crate::door::Entered;
use crate::story::Story;
use crate::wait::secs;
use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use wire::people::Role;
use wire::{StreamId, WIRE_VERSION};

/// A socket without manners.
#[derive(Debug)]
pub struct Stranger {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Who it is to the relay.
    pub entered: Entered,
}

impl Stranger {
    /// Enters with a fresh ticket and says hello.
    ///
    /// # Errors
    /// When the relay does not welcome it.
    pub async fn enters(story: &Story, role: Role) -> Result<Self> {
        let mut stranger = Self::connects(story, role).await?;
        let hello = json!({ "type": "hello", "version": WIRE_VERSION, "page": "consult", "afterSeq": null });
        stranger.says(&hello).await?;
        stranger
            .hears_within(secs(5), |message| message["type"] == "welcome")
            .await?;
        Ok(stranger)
    }

    /// Enters and opens the socket, but says nothing.
    ///
    /// # Errors
    /// When the handshake fails.
    pub async fn connects(story: &Story, role: Role) -> Result<Self> {
        let entered = story.door().enter(role, story.consult()).await?;
        let address = story
            .door()
            .api(&format!("consults/{}/socket", story.consult()))
            .replacen("http", "ws", 1);
        let mut request =
            format!("{address}?session={}", entered.grant.session).into_client_request()?;
        request
            .headers_mut()
            .insert("cookie", HeaderValue::from_str(&entered.cookie)?);
        request
            .headers_mut()
            .insert("origin", HeaderValue::from_str(story.door().origin())?);
        let (socket, _) = connect_async(request).await.context("open the socket")?;
        Ok(Self { socket, entered })
    }

    /// Sends JSON.
    ///
    /// # Errors
    /// When the socket is closed.
    pub async fn says(&mut self, message: &Value) -> Result<()> {
        self.says_text(message.to_string()).await
    }

    /// Sends any text.
    ///
    /// # Errors
    /// When the socket is closed.
    pub async fn says_text(&mut self, text: String) -> Result<()> {
        self.send(Message::Text(Utf8Bytes::from(text))).await
    }

    /// Sends any bytes as a binary message.
    ///
    /// # Errors
    /// When the socket is closed.
    pub async fn says_bytes(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.send(Message::Binary(bytes.into())).await
    }

    async fn send(&mut self, message: Message) -> Result<()> {
        use futures_util::SinkExt;
        Ok(self.socket.send(message).await?)
    }

    /// Waits for a message that `wanted` accepts; others are passed over.
    ///
    /// # Errors
    /// When it does not come in time or the socket closes first.
    pub async fn hears_within(
        &mut self,
        within: Duration,
        mut wanted: impl FnMut(&Value) -> bool,
    ) -> Result<Value> {
        let hearing = async {
            loop {
                match self.next().await? {
                    Some(message) if wanted(&message) => return Ok(message),
                    Some(_) => {}
                    None => bail!("the relay closed the socket"),
                }
            }
        };
        tokio::time::timeout(within, hearing)
            .await
            .map_err(|_| anyhow!("nothing of the kind within {within:?}"))?
    }

    /// Waits for a refusal and gives its code.
    ///
    /// # Errors
    /// When none comes in time.
    pub async fn is_refused_within(&mut self, within: Duration) -> Result<String> {
        let refusal = self
            .hears_within(within, |message| message["type"] == "refused")
            .await?;
        Ok(refusal["code"].as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the relay has closed the socket; gives the code that it said first, if it said one.
    ///
    /// # Errors
    /// When the socket is still open after `within`.
    pub async fn is_closed_within(&mut self, within: Duration) -> Result<Option<String>> {
        let mut said = None;
        let closing = async {
            while let Ok(Some(message)) = self.next().await {
                if message["type"] == "closing" || message["type"] == "refused" {
                    said = message["code"].as_str().map(str::to_owned);
                }
            }
        };
        let closed = tokio::time::timeout(within, closing).await;
        closed.map_err(|_| anyhow!("the socket is still open after {within:?}"))?;
        Ok(said)
    }

    async fn next(&mut self) -> Result<Option<Value>> {
        use futures_util::StreamExt;
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return Ok(Some(serde_json::from_str(&text)?)),
                Some(Ok(Message::Close(_))) | None => return Ok(None),
                Some(Ok(_)) => {}
                Some(Err(
                    Error::ConnectionClosed
                    | Error::AlreadyClosed
                    | Error::Protocol(_)
                    | Error::Io(_),
                )) => {
                    return Ok(None);
                }
                Some(Err(other)) => return Err(other.into()),
            }
        }
    }

    /// A stroke of so many points on a frame of `stream`, as JSON.
    #[must_use]
    pub fn a_mark(&self, stream: StreamId, points: usize) -> Value {
        let point = |n: usize| json!({ "x": 0.2 + 0.6 * ((n % 97) as f64) / 97.0, "y": 0.5 });
        json!({
            "id": uuid::Uuid::new_v4(),
            "anchor": { "type": "live", "stream": stream, "rtpTime": 1 },
            "shape": { "type": "stroke", "points": (0..points).map(point).collect::<Vec<_>>() },
            "pen": "white",
            "drawnOn": "running",
        })
    }
}
