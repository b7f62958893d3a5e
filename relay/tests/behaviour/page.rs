//! What a page says and hears on its socket, and the marks that it draws.

use crate::support::{LIMIT, Relay, stream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use wire::http::SessionGrant;
use wire::mark::{Anchor, Annotation, DrawnOn, Pen, Point, Shape};
use wire::people::Role;
use wire::{AnnotationId, Fraction, RtpTime, WIRE_VERSION};

/// Somebody with a session.
#[derive(Clone)]
pub struct Entered {
    pub grant: SessionGrant,
    pub cookie: String,
}

/// A page's socket.
pub struct Page {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The last entry heard.
    pub seq: u64,
}

impl Page {
    pub async fn hello(&mut self, after: Option<u64>) {
        self.says(&json!({ "type": "hello", "version": WIRE_VERSION, "page": "consult", "afterSeq": after })).await;
    }

    pub async fn says(&mut self, message: &Value) {
        self.says_text(&message.to_string()).await;
    }

    pub async fn says_text(&mut self, text: &str) {
        self.socket
            .send(Message::Text(Utf8Bytes::from(text)))
            .await
            .unwrap();
    }

    /// The next message; none when the relay closed the socket.
    pub async fn next(&mut self) -> Option<Value> {
        let reading = async {
            loop {
                match self.socket.next().await? {
                    Ok(Message::Text(text)) => return serde_json::from_str(&text).ok(),
                    Ok(Message::Close(_)) | Err(_) => return None,
                    Ok(_) => {}
                }
            }
        };
        tokio::time::timeout(LIMIT, reading)
            .await
            .expect("something is heard")
    }

    /// The next message of a kind.
    pub async fn hears(&mut self, kind: &str) -> Value {
        self.hears_where(|message| message["type"] == kind).await
    }

    pub async fn hears_where(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.next().await.expect("the socket is open");
            self.note(&message);
            if wanted(&message) {
                return message;
            }
        }
    }

    /// What it hears until the socket is closed.
    pub async fn hears_until_closed(&mut self) -> Vec<Value> {
        let mut heard = Vec::new();
        while let Some(message) = self.next().await {
            heard.push(message);
        }
        heard
    }

    /// The code with which the relay closed it.
    pub async fn is_closed_with(&mut self) -> String {
        let heard = self.hears_until_closed().await;
        let closing = heard
            .iter()
            .find(|message| message["type"] == "closing")
            .unwrap_or_else(|| panic!("{heard:?}"));
        closing["code"].as_str().unwrap().to_owned()
    }

    /// Draws and waits until it is in the log.
    pub async fn draws(&mut self) -> Annotation {
        let mark = stroke(3);
        self.marks(&mark).await;
        self.sees(mark.id).await;
        mark
    }

    pub async fn marks(&mut self, mark: &Annotation) {
        self.says(&json!({ "type": "mark", "mark": mark })).await;
    }

    pub async fn sees(&mut self, mark: AnnotationId) -> Value {
        let wanted = Value::String(mark.to_string());
        self.hears_where(|message| {
            assert!(
                message["type"] != "refused" || message["mark"] != wanted,
                "{message}"
            );
            entries(message).any(|entry| entry["event"]["mark"]["id"] == wanted)
        })
        .await
    }

    /// Keeps `seq` and checks that nothing is missed and nothing comes twice.
    pub fn note(&mut self, message: &Value) {
        if message["type"] == "snapshot" {
            self.seq = message["seq"].as_u64().unwrap();
        }
        for entry in entries(message) {
            let seq = entry["seq"].as_u64().unwrap();
            assert_eq!(seq, self.seq + 1, "a gap or a repeat");
            self.seq = seq;
        }
    }
}

/// A page in a consult while something else happens to the relay: it draws now and then, and nobody makes it wait.
pub struct Steady {
    page: Page,
    drew: Instant,
}

impl Steady {
    /// More often a page may not draw for long.
    const BETWEEN: Duration = Duration::from_millis(50);
    /// What a mark may take on a machine that does something else too.
    const PROMPT: Duration = Duration::from_secs(2);

    pub async fn of(relay: &Relay) -> Self {
        let page = relay.page(Role::Cardiologist).await;
        let drew = Instant::now();
        Self { page, drew }
    }

    pub async fn goes_on(&mut self) {
        let began = Instant::now();
        if began < self.drew + Self::BETWEEN {
            return;
        }
        self.page.draws().await;
        self.drew = Instant::now();
        assert!(began.elapsed() < Self::PROMPT, "{:?}", began.elapsed());
    }
}

/// The entries of a message.
pub fn entries(message: &Value) -> impl Iterator<Item = &Value> {
    let entries = if message["type"] == "entries" {
        message["entries"].as_array()
    } else {
        None
    };
    entries.into_iter().flatten()
}

/// A stroke on the known stream.
pub fn stroke(points: u32) -> Annotation {
    let at = |n: u32| Fraction::new(f64::from(n % 1_000) / 1_000.0).unwrap();
    Annotation {
        id: AnnotationId::random(),
        anchor: anchor(),
        shape: Shape::Stroke {
            points: (0..points)
                .map(|n| Point {
                    x: at(n),
                    y: at(n * 7),
                })
                .collect(),
        },
        pen: Pen::Green,
        drawn_on: DrawnOn::Running,
        replaces: None,
    }
}

pub fn anchor() -> Anchor {
    Anchor::Live {
        stream: stream(),
        rtp_time: RtpTime(90_000),
    }
}
