//! The door: takes connections, one task for each, and no more than may be.
//!
//! Owns the bounds on connections and on associations. A task that fails takes nobody with it.

use crate::association::{Association, End, Shared};
use crate::limits::{MAX_HANDSHAKES, MAX_REFUSED_AT_ONCE};
use crate::line::Line;
use crate::negotiation::Policy;
use crate::shelf::Shelf;
use crate::stream::Stream;
use crate::tls::{Acceptor, Connector, Unsecured};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// When the system has no more descriptors, those that end give some back.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// What happened since the start.
#[derive(Debug, Default)]
pub struct Counts {
    /// Objects stored.
    pub objects_stored: AtomicU64,
    /// Objects given to who asked for them, or sent where it wanted them.
    pub objects_given: AtomicU64,
    /// Objects answered with a failure.
    pub objects_refused: AtomicU64,
    /// Connections that ended before an association, because TLS was not, or was, what this port speaks, or because of a certificate.
    pub tls_refused: AtomicU64,
    /// Associations rejected.
    pub associations_refused: AtomicU64,
    /// Connections closed without a word, because even those to be refused were too many.
    pub connections_dropped: AtomicU64,
    /// Associations now, with those that are being refused.
    pub open: AtomicU64,
}

/// A port.
#[derive(Debug)]
pub struct Port {
    /// Bound.
    pub listener: TcpListener,
    /// With TLS, and then nothing else; none means without.
    pub acceptor: Option<Acceptor>,
    /// For calls to move destinations.
    pub connector: Connector,
}

/// Serves until `stop` becomes true or its sender is gone; then ends every association. An object that is not answered by then is
/// the sender's to send again.
pub async fn serve<S: Shelf>(
    port: Port,
    policy: Policy,
    shelf: S,
    counts: Arc<Counts>,
    mut stop: watch::Receiver<bool>,
) {
    let most = policy.associations + MAX_REFUSED_AT_ONCE;
    let shared = Arc::new(Shared {
        seats: Arc::new(Semaphore::new(policy.associations)),
        policy,
        shelf,
        counts: Arc::clone(&counts),
        acceptor: port.acceptor,
        handshakes: Semaphore::new(MAX_HANDSHAKES),
        connector: port.connector,
    });
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            accepted = port.listener.accept() => match accepted {
                Ok((socket, from)) if tasks.len() < most => {
                    tasks.spawn(connection(socket, from.ip(), Arc::clone(&shared)));
                }
                Ok(_) => {
                    counts.connections_dropped.fetch_add(1, Relaxed);
                }
                Err(error) => {
                    tracing::warn!(%error, "a DICOM connection was not taken");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
            },
            Some(ended) = tasks.join_next() => match ended {
                Ok(End::Released | End::Left) => {}
                Ok(End::Refused(why)) => tracing::warn!(why, "a DICOM association was refused"),
                Ok(End::Unsecured(why)) => {
                    counts.tls_refused.fetch_add(1, Relaxed);
                    tracing::warn!(why, "a DICOM connection was refused");
                }
                Ok(End::NoTls(fault)) => {
                    counts.tls_refused.fetch_add(1, Relaxed);
                    tracing::warn!(why = %fault, "a DICOM connection was refused");
                }
                Ok(End::Dropped) => {
                    counts.connections_dropped.fetch_add(1, Relaxed);
                }
                Ok(End::Aborted(why)) => tracing::warn!(why, "a DICOM association was aborted"),
                Err(error) => tracing::error!(%error, "fault in a DICOM association; the others go on"),
            },
            () = stopped(&mut stop) => break,
        }
        counts.open.store(tasks.len() as u64, Relaxed);
    }
    tasks.shutdown().await;
    counts.open.store(0, Relaxed);
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stopping| *stopping).await;
}

/// One connection, from its first byte.
async fn connection<S: Shelf>(socket: TcpStream, from: IpAddr, shared: Arc<Shared<S>>) -> End {
    // Messages are small and waited for; without this each costs a delayed acknowledgement of 40 ms.
    let _ = socket.set_nodelay(true);
    let stream = match &shared.acceptor {
        None => Stream::Plain(socket),
        Some(acceptor) => {
            let Ok(_one_of_few) = shared.handshakes.try_acquire() else {
                return End::Dropped;
            };
            match acceptor.accept(socket).await {
                Ok(stream) => stream,
                Err(Unsecured::Left) => return End::Left,
                Err(Unsecured::Plain) => {
                    return End::Unsecured("it speaks DICOM without TLS, at a port with TLS");
                }
                Err(Unsecured::Fault(fault)) => return End::NoTls(fault),
            }
        }
    };
    Association::new(Line::over(stream), from, shared)
        .run()
        .await
}
