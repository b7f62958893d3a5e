//! Takes the objects of handhelds that send DICOM over the network (C-STORE, C-ECHO), as if they had exported them.
//!
//! Owns the address and when it is tried again; the rules of the network are `dimse`'s, what an object becomes is `shelf`'s and
//! `clip`'s. Off unless an address is set. Nothing here touches the picture, and a door that cannot be opened costs nothing but itself
//! and is told on the device page.

mod shelf;

use crate::clip::Arrivals;
use crate::status::StatusBoard;
use crate::sync::Stop;
use dimse::tls::{Acceptor, Connector, TlsFiles};
use dimse::{Counts, Policy, Port};
use shelf::Handhelds;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use wire::clip::MAX_CLIP_BYTES;

/// An address of a network that is not up yet is tried again so often.
const OPEN_AGAIN: Duration = Duration::from_secs(10);
/// Largest data set: with its head it is a clip.
pub(crate) const MAX_OBJECT_BYTES: u64 = MAX_CLIP_BYTES - dimse::MAX_FILE_HEAD_BYTES;

/// Who may send, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DicomDoor {
    /// Where.
    pub listen: SocketAddr,
    /// For whom.
    pub policy: Policy,
    /// By which certificates, if with TLS.
    pub tls: Option<TlsFiles>,
}

/// Serves until the program stops.
pub(crate) async fn serve(door: DicomDoor, arrivals: Arrivals, board: StatusBoard, stop: Stop) {
    let (stopping, told) = watch::channel(false);
    let serving = async {
        let (listener, acceptor) = opened(&door, &board).await;
        tracing::info!("handhelds may send DICOM objects");
        let shelf = Handhelds { arrivals, board };
        let port = Port {
            listener,
            acceptor,
            connector: Connector::default(),
        };
        dimse::serve(port, door.policy, shelf, Arc::<Counts>::default(), told).await;
    };
    tokio::select! {
        () = serving => {}
        () = stop.stopped() => {}
    }
    drop(stopping);
}

async fn opened(door: &DicomDoor, board: &StatusBoard) -> (TcpListener, Option<Acceptor>) {
    let listen = door.listen;
    let tell = |trouble: Option<String>| {
        board.update(|status| {
            if let Some(clips) = &mut status.clips {
                clips.door_trouble = trouble;
            }
        });
    };
    loop {
        let acceptor = door.tls.as_ref().map(TlsFiles::acceptor).transpose();
        let acceptor = match acceptor {
            Ok(acceptor) => acceptor,
            Err(error) => {
                tracing::error!(%error, "handhelds cannot send with TLS; it is tried again");
                tell(Some(error.to_string()));
                tokio::time::sleep(OPEN_AGAIN).await;
                continue;
            }
        };
        match TcpListener::bind(listen).await {
            Ok(listener) => {
                tell(None);
                return (listener, acceptor);
            }
            Err(error) => {
                tracing::error!(%error, "the address for handhelds (dicom.listen) cannot be opened; it is tried again");
                tell(Some(format!(
                    "{listen} cannot be opened: {error}; look at dicom.listen and whether another program uses it"
                )));
                tokio::time::sleep(OPEN_AGAIN).await;
            }
        }
    }
}
