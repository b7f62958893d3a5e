//! Takes connections: so many in all and from one address, each with deadlines.
//!
//! HTTP/1.1 only. A head must come whole within five seconds and fit into 64 KiB; an idle connection is closed. Out of
//! descriptors the relay keeps the old connections and takes no new ones for a moment. When it stops, open requests end
//! in order. Forwarding headers are not read: the caller is who connected.

use super::stream::Guarded;
use crate::app::App;
use crate::redact::Redacted;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

/// The head of a request is there within this, also on a connection that was idle.
const HEAD: Duration = Duration::from_secs(5);
/// A TLS handshake is done within this.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Largest head.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Header lines of one request; browsers send about 20.
const MAX_HEADERS: usize = 100;
/// Connections in all: 2,000 people with a socket and a request each.
const MAX_CONNECTIONS: usize = 4_096;
/// Connections from one address: a whole hospital may sit behind one.
const MAX_CONNECTIONS_PER_ADDRESS: usize = 512;
/// After a failed accept, for example without descriptors.
const BREATH: Duration = Duration::from_millis(50);

/// Who connected.
#[derive(Debug, Clone)]
pub struct Caller(pub Redacted<IpAddr>);

/// A door: where it listens and what stands behind it.
pub struct Door {
    /// Bound.
    pub listener: TcpListener,
    /// None for plain HTTP.
    pub tls: Option<TlsAcceptor>,
    /// What it leads to.
    pub router: Router,
}

/// Open connections by address.
#[derive(Debug, Default)]
struct Crowd(Mutex<HashMap<IpAddr, usize>>);

/// Counts one connection while it lives.
struct Permit {
    app: App,
    crowd: Arc<Crowd>,
    from: IpAddr,
}

impl Permit {
    fn take(app: &App, crowd: &Arc<Crowd>, from: IpAddr) -> Option<Self> {
        let mut counts = crowd.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full = app.connections.load(Ordering::Relaxed) >= MAX_CONNECTIONS;
        let count = counts.entry(from).or_default();
        if full || *count >= MAX_CONNECTIONS_PER_ADDRESS {
            if *count == 0 {
                counts.remove(&from);
            }
            return None;
        }
        *count += 1;
        app.connections.fetch_add(1, Ordering::Relaxed);
        Some(Self {
            app: app.clone(),
            crowd: Arc::clone(crowd),
            from,
        })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.app.connections.fetch_sub(1, Ordering::Relaxed);
        let mut counts = self.crowd.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.from) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.from);
            }
        }
    }
}

/// Takes connections until `stop` says so.
pub async fn serve(app: App, door: Door, mut stop: watch::Receiver<bool>) {
    let crowd = Arc::new(Crowd::default());
    loop {
        let accepted = tokio::select! {
            accepted = door.listener.accept() => accepted,
            () = stopped(&mut stop) => return,
        };
        let Ok((tcp, from)) = accepted else {
            tokio::time::sleep(BREATH).await;
            continue;
        };
        let from = from.ip().to_canonical();
        // Without room the connection is closed at once; whoever is in stays in.
        let Some(permit) = Permit::take(&app, &crowd, from) else {
            continue;
        };
        tokio::spawn(connection(
            tcp,
            permit,
            door.tls.clone(),
            door.router.clone(),
            stop.clone(),
        ));
    }
}

async fn connection(
    tcp: TcpStream,
    permit: Permit,
    tls: Option<TlsAcceptor>,
    router: Router,
    stop: watch::Receiver<bool>,
) {
    let from = permit.from;
    // Marks and pointers are small and must not wait for company.
    if tcp.set_nodelay(true).is_err() {
        return;
    }
    let guarded = Guarded::new(tcp, permit);
    match tls {
        None => exchange(guarded, from, router, stop).await,
        Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.accept(guarded)).await {
            Ok(Ok(encrypted)) => exchange(encrypted, from, router, stop).await,
            Ok(Err(_)) | Err(_) => tracing::debug!("a TLS handshake failed"),
        },
    }
}

async fn exchange(
    io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    from: IpAddr,
    router: Router,
    mut stop: watch::Receiver<bool>,
) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Caller(Redacted::new(from)));
        let answering = router.clone().oneshot(request.map(Body::new));
        async move { Ok::<_, Infallible>(answering.await.unwrap_or_else(|never| match never {})) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(io), service)
        .with_upgrades();
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => Some(ended),
        () = stopped(&mut stop) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(
            timeout = error.is_timeout(),
            parse = error.is_parse(),
            "a connection ended early"
        );
    }
}

/// Waits until the relay stops, or nobody is left who could say so.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
