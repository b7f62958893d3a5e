//! One group to an archive by STOW-RS (PS3.18 section 10.5), each object in a request of its own, as stored.
//!
//! Owns the HTTP client of one destination and the form of a request. What an answer means is `verdict`'s. Invariants: a file is never
//! whole in memory; what goes to one address follows no redirection to another.

use super::ForwardError;
use super::items::Item;
use super::verdict::{ANSWER_WITHIN, Tried, Verdict, of_stow};
use crate::redact::Redacted;
use crate::store::ForwardRow;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Response, Url, redirect};
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;

/// A destination has to take the connection in this time.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Half a megabit: what is slower is broken off and tried again.
const SLOWEST_BYTES_A_SECOND: u64 = 64 * 1024;
/// Read from a file at once…
const PIECE_BYTES: usize = 256 * 1024;
/// …and so many pieces ahead.
const MAX_PIECES: usize = 2;
/// Longest answer that is read: some hundred bytes name one object.
const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// No object has this between its bytes by accident.
const BOUNDARY: &str = "hibiki-7f1c0f54-6b8e-4f5d-9d8e-5d2f3c1d7e44";

/// A destination.
#[derive(Debug)]
pub(super) struct Web {
    http: Client,
    studies: Url,
    authorization: Option<Redacted<String>>,
}

impl Web {
    /// Below a base such as `https://pacs.example.jp/dicom-web`.
    pub(super) fn at(
        base: &Url,
        authorization: Option<Redacted<String>>,
    ) -> Result<Self, ForwardError> {
        // Fails only when a provider was installed before, and then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut studies = base.clone();
        studies.set_path(&format!("{}/studies", base.path().trim_end_matches('/')));
        let http = Client::builder()
            .user_agent(concat!("hibiki-relay/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_WITHIN)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .https_only(base.scheme() == "https")
            .build()
            .map_err(ForwardError::Tls)?;
        Ok(Self {
            http,
            studies,
            authorization,
        })
    }

    async fn send(&self, item: Item) -> (Verdict, bool) {
        let instance = item.facts.instance.clone();
        let whole = item.head.len() as u64 + item.bytes;
        let within = ANSWER_WITHIN + Duration::from_secs(whole / SLOWEST_BYTES_A_SECOND);
        let content = format!("multipart/related; type=\"application/dicom\"; boundary={BOUNDARY}");
        let mut request = self
            .http
            .post(self.studies.clone())
            .timeout(within)
            .header(CONTENT_TYPE, content)
            .header(ACCEPT, "application/dicom+json")
            .body(reqwest::Body::wrap(Related::of(item)));
        if let Some(authorization) = &self.authorization
            && let Ok(mut value) = HeaderValue::from_str(authorization.reveal())
        {
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        match request.send().await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                of_stow(status, &read(answer).await, &instance)
            }
            // Its words would name the address with whatever stands in it.
            Err(error) if error.is_timeout() => later("the destination says nothing"),
            Err(error) if error.is_connect() => later("the destination cannot be reached"),
            Err(_) => later("the destination ended the connection"),
        }
    }
}

fn later(why: &str) -> (Verdict, bool) {
    (Verdict::Later(why.to_owned()), false)
}

/// What is too long or breaks off says nothing.
async fn read(mut answer: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(piece)) = answer.chunk().await {
        if body.len() + piece.len() > MAX_ANSWER_BYTES {
            return Vec::new();
        }
        body.extend_from_slice(&piece);
    }
    body
}

pub(super) async fn deliver(web: &Web, ready: Vec<(ForwardRow, Item)>) -> Tried {
    let mut tried = Tried::default();
    for (row, item) in ready {
        let (verdict, goes_on) = web.send(item).await;
        tried.verdicts.push((row.id, row.tries, verdict));
        if !goes_on {
            return tried;
        }
    }
    tried.reached = true;
    tried
}

/// A body of one part, read while it is sent.
struct Related {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    /// Bytes that are not sent yet: known before, because not every archive takes a body of unknown length.
    left: u64,
}

impl Related {
    fn of(item: Item) -> Self {
        let head = format!("--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n");
        let end = format!("\r\n--{BOUNDARY}--\r\n");
        let whole = item.head.len() as u64 + item.bytes;
        let left = head.len() as u64 + whole + end.len() as u64;
        let (sender, pieces) = mpsc::channel(MAX_PIECES);
        tokio::task::spawn_blocking(move || {
            // Who sends it may be gone; then nobody wants the rest.
            let _ = read_all(item, (head, end), &sender);
        });
        Self { pieces, left }
    }
}

/// Head and data set between the lines of their part.
fn read_all(
    mut item: Item,
    (head, end): (String, String),
    sender: &mpsc::Sender<io::Result<Bytes>>,
) -> Result<(), mpsc::error::SendError<io::Result<Bytes>>> {
    let say = |piece: io::Result<Bytes>| sender.blocking_send(piece);
    say(Ok(head.into()))?;
    say(Ok(item.head.into()))?;
    let mut left = item.bytes;
    while left > 0 {
        let now = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE_BYTES);
        let mut piece = vec![0; now];
        if let Err(error) = item.file.read_exact(&mut piece) {
            return say(Err(error));
        }
        left -= now as u64;
        say(Ok(piece.into()))?;
    }
    say(Ok(end.into()))
}

impl Body for Related {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let body = self.get_mut();
        body.pieces.poll_recv(context).map(|piece| {
            let piece = piece?;
            if let Ok(piece) = &piece {
                body.left = body.left.saturating_sub(piece.len() as u64);
            }
            Some(piece.map(Frame::data))
        })
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
