//! Where the page listens: loopback only, so many connections, each with deadlines.
//!
//! HTTP/1.1 only. A head must come whole within five seconds; whatever an answer waits for, it comes or ends within ten.
//! Forwarding headers are not read. A port that is taken costs the page, never the capture.

use super::checking::Checking;
use super::desk::Desk;
use super::files;
use super::guard::Lock;
use super::key::Key;
use super::routes::{FILES, router};
use crate::clip::Arrivals;
use crate::sync::Stop;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::IntoResponse;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Deserialize;
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, TcpListener as StdListener};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt;

/// The head of a request is there within this, also on a connection that was idle.
const HEAD: Duration = Duration::from_secs(5);
/// An answer begins within this; the longest wait of an action is a second.
const ANSWER: Duration = Duration::from_secs(10);
/// Largest head.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// Header lines of one request; browsers send about 20.
const MAX_HEADERS: usize = 64;
/// Connections in all: a browser opens six.
const MAX_CONNECTIONS: usize = 32;
/// After a failed accept, for example without descriptors.
const BREATH: Duration = Duration::from_millis(50);

/// Where the page is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "PortText")]
pub enum Port {
    /// Nowhere.
    Off,
    /// Wherever there is room.
    #[default]
    Free,
    /// Here.
    At(u16),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum PortText {
    Number(u16),
    Word(String),
}

impl TryFrom<PortText> for Port {
    type Error = String;

    fn try_from(text: PortText) -> Result<Self, String> {
        match text {
            PortText::Number(number) => number.to_string().parse(),
            PortText::Word(word) => word.parse(),
        }
    }
}

impl FromStr for Port {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "off" => Ok(Self::Off),
            "free" => Ok(Self::Free),
            other => match other.parse() {
                Ok(port) if port >= 1_024 => Ok(Self::At(port)),
                _ => Err(format!(
                    "\"{other}\" is no place for the device page: use off, free, or a port from 1024 on"
                )),
            },
        }
    }
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DevicePageError {
    /// The port cannot be used.
    #[error(
        "the device page cannot listen on 127.0.0.1:{port}: {source}; choose another port or \"free\""
    )]
    Listen {
        /// As asked.
        port: u16,
        /// The system's word.
        source: io::Error,
    },
    /// No key could be made.
    #[error("the system gave no random bytes for the device page's key")]
    NoRandomness,
}

/// The page's address with its key: for the person at this device only, so it is displayed but never debugged.
#[derive(Clone)]
pub struct Address(String);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

/// A page that listens.
pub struct DevicePage {
    listener: StdListener,
    lock: Lock,
    desk: Arc<Desk>,
    checking: Arc<Checking>,
    arrivals: Option<Arrivals>,
}

impl DevicePage {
    /// Begins to listen; nothing when it is off.
    ///
    /// # Errors
    /// `DevicePageError` says what to change.
    pub fn open(
        port: Port,
        desk: Arc<Desk>,
        checking: Arc<Checking>,
        arrivals: Option<Arrivals>,
    ) -> Result<Option<Self>, DevicePageError> {
        let port = match port {
            Port::Off => return Ok(None),
            Port::Free => 0,
            Port::At(port) => port,
        };
        let refused = |source| DevicePageError::Listen { port, source };
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let port = listener.local_addr().map_err(refused)?.port();
        let key = Key::make().ok_or(DevicePageError::NoRandomness)?;
        let lock = Lock { port, key };
        Ok(Some(Self {
            listener,
            lock,
            desk,
            checking,
            arrivals,
        }))
    }

    /// Where a person opens it.
    #[must_use]
    pub fn address(&self) -> Address {
        let Lock { port, key } = &self.lock;
        // A fragment stays in the browser: it is in no request and no log.
        Address(format!("http://127.0.0.1:{port}/#key={}", key.text()))
    }

    /// Serves until `stop`.
    pub async fn serve(self, stop: Stop) {
        let router = router(self.desk, self.checking, self.arrivals, self.lock);
        let listener = match TcpListener::from_std(self.listener) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::error!(%error, "the device page cannot be served; capture goes on");
                return;
            }
        };
        let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stop.stopped() => return,
            };
            let Ok((tcp, _)) = accepted else {
                tokio::time::sleep(BREATH).await;
                continue;
            };
            // Without room the connection is closed at once; whoever is in stays in.
            let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
                continue;
            };
            let (router, stop) = (router.clone(), stop.clone());
            tokio::spawn(async move {
                connection(tcp, router, stop).await;
                drop(permit);
            });
        }
    }
}

async fn connection(tcp: TcpStream, router: Router, stop: Stop) {
    let service = service_fn(move |request: Request<Incoming>| {
        // A whole clip comes before its answer; it has deadlines of its own.
        let within = match request.uri().path() == FILES {
            true => files::WITHIN,
            false => ANSWER,
        };
        let answering = router.clone().oneshot(request.map(Body::new));
        async move {
            let answered = tokio::time::timeout(within, answering).await;
            Ok::<_, Infallible>(match answered {
                Ok(answer) => answer.unwrap_or_else(|never| match never {}),
                Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
            })
        }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(tcp), service);
    tokio::select! {
        // A connection that ends early is the browser's business.
        _ = serving => {}
        () = stop.stopped() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_off_free_or_a_port() {
        assert_eq!("off".parse(), Ok(Port::Off));
        assert_eq!("free".parse(), Ok(Port::Free));
        assert_eq!("8095".parse(), Ok(Port::At(8095)));
        for wrong in ["", "0", "80", "70000", "127.0.0.1:1", "on"] {
            let told = wrong.parse::<Port>().unwrap_err();
            assert!(told.contains("off, free"), "{told}");
        }
    }
}
