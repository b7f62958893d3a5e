//! The door: takes connections, one task for each, and no more than may be.
//!
//! Owns the bounds on connections and on associations. A task that fails takes nobody with it.

use crate::association::{Association, End, Shared};
use crate::limits::MAX_REFUSED_AT_ONCE;
use crate::negotiation::Policy;
use crate::shelf::Shelf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::net::TcpListener;
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
    /// Associations rejected.
    pub associations_refused: AtomicU64,
    /// Connections closed without a word, because even those to be refused were too many.
    pub connections_dropped: AtomicU64,
    /// Associations now, with those that are being refused.
    pub open: AtomicU64,
}

/// Serves until `stop` becomes true or its sender is gone; then ends every association. An object that is not answered by then is
/// the sender's to send again.
pub async fn serve<S: Shelf>(
    listener: TcpListener,
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
    });
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, from)) if tasks.len() < most => {
                    let association = Association::new(socket, from.ip(), Arc::clone(&shared));
                    tasks.spawn(association.run());
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
