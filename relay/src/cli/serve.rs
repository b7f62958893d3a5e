//! Runs the relay: opens the doors when everything behind them works, closes them in order.

use super::fault::Fault;
use crate::app::App;
use crate::archive::Objects;
use crate::config::{Config, Dicom};
use crate::dicom_door::DicomDoor;
use crate::forward::{Couriers, ForwardParts, Secrets};
use crate::http::accept::{Door, serve as accept};
use crate::http::tls;
use crate::metrics::Present;
use crate::store::{self, Blobs, ClipFiles, DataFolder, Store};
use crate::{demo, logging, router};
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use dimse::Port;
use dimse::tls::Connector;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Open requests get this long to end.
const LAST_REQUESTS: Duration = Duration::from_millis(800);

/// Serves until told to stop.
pub(super) fn serve(config: &Config, announce: bool) -> Result<(), Fault> {
    logging::start(&config.log, config.log_form)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Fault::Runtime)?;
    let done = runtime.block_on(run(config, announce));
    // Connections that still linger are the kernel's.
    runtime.shutdown_timeout(Duration::from_millis(200));
    done
}

async fn run(config: &Config, announce: bool) -> Result<(), Fault> {
    let acceptor = config.tls.as_ref().map(tls::acceptor).transpose()?;
    let (dicom_acceptor, connector) = config.dicom_tls.read()?;
    let folder = DataFolder::at(&config.data)?;
    let _serving = folder.serve()?;
    let store = Store::open(&folder.database()?)?;
    let measuring = config.settings.measuring;
    store
        .write("note whether measuring is on", move |db| {
            store::started_measuring(db, measuring)
        })
        .await?;
    if config.demo {
        demo::seed(&store, &folder, crate::clock::Clock::default().now()).await?;
    }
    let listener = listen("the pages", config.http).await?;
    let metrics = listen("the metrics", config.metrics).await?;
    let dicom = match &config.dicom {
        Some(dicom) => {
            let port = Port {
                listener: listen_dicom(dicom.listen).await?,
                acceptor: dicom_acceptor,
                connector: connector.clone(),
            };
            Some((port, dicom))
        }
        None => None,
    };
    let blobs = Blobs::open(&folder)?;
    let arriving = store
        .read("find clips that arrive", |db| {
            store::arriving_clips(db, wire::RelayTime(u64::MAX))
        })
        .await?;
    let clips = ClipFiles::open(&folder, &arriving.into_iter().collect())?;
    let app = App::start(config, store, (blobs, clips), &folder)
        .await
        .map_err(|error| Fault::of_start(error, (config.media, config.media_tcp)))?;
    let addresses = Addresses {
        http: local(&listener, config.http),
        media: app.sfu.local_addr(),
        tcp_media: app.sfu.local_tcp_addr(),
        metrics: local(&metrics, config.metrics),
        dicom: dicom
            .as_ref()
            .map(|(port, dicom)| local(&port.listener, dicom.listen)),
    };
    let (stop, stopping) = watch::channel(false);
    let pages = Door {
        listener,
        tls: acceptor,
        router: router::router(app.clone()),
    };
    let counts = Door {
        listener: metrics,
        tls: None,
        router: Router::new()
            .route("/metrics", get(counted))
            .with_state(app.clone()),
    };
    tokio::spawn(accept(app.clone(), pages, stopping.clone()));
    let (stop_dicom, dicom_stops) = watch::channel(false);
    let taking = dicom.map(|door| tokio::spawn(take_objects(&app, &folder, door, dicom_stops)));
    tokio::spawn(accept(app.clone(), counts, stopping));
    let couriers = send_on(&app, &folder, config, connector).await?;
    ready(&addresses, config, announce);
    let asked = told_to_stop().await;
    tracing::info!(
        signal = asked,
        "the relay goes down; pages and agents come back by themselves"
    );
    drop(couriers);
    // Before the store: what is answered by then is in it.
    let _ = stop_dicom.send(true);
    if let Some(taking) = taking {
        let _ = tokio::time::timeout(LAST_REQUESTS, taking).await;
    }
    app.stop().await;
    // The receivers are there as long as connections are.
    let _ = stop.send(true);
    let idle = async {
        while app.connections.load(Ordering::Relaxed) > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let _ = tokio::time::timeout(LAST_REQUESTS, idle).await;
    tracing::info!("the relay is down");
    Ok(())
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Addresses {
    http: SocketAddr,
    media: SocketAddr,
    /// None when media is not taken over TCP.
    #[serde(skip_serializing_if = "Option::is_none")]
    tcp_media: Option<SocketAddr>,
    metrics: SocketAddr,
    /// None when no DICOM objects are taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    dicom: Option<SocketAddr>,
}

fn ready(addresses: &Addresses, config: &Config, announce: bool) {
    if announce {
        // One line for the program that started this one; it is the only thing on standard output.
        println!("{}", serde_json::to_string(addresses).unwrap_or_default());
    }
    let Addresses {
        http,
        media,
        tcp_media,
        metrics,
        dicom,
    } = addresses;
    let dicom = dicom.map_or_else(|| "off".to_owned(), |at| at.to_string());
    let tcp_media = tcp_media.map_or_else(|| "off".to_owned(), |at| at.to_string());
    tracing::info!(%http, %media, tcp_media, %metrics, dicom, tls = config.tls.is_some(), demo = config.demo, "the relay is ready");
}

async fn listen(what: &'static str, address: SocketAddr) -> Result<TcpListener, Fault> {
    TcpListener::bind(address)
        .await
        .map_err(|source| Fault::Listen {
            what,
            address,
            source,
        })
}

async fn listen_dicom(address: SocketAddr) -> Result<TcpListener, Fault> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| Fault::ListenDicom { address, source })
}

/// Takes objects into the archive, and gives them to readers, until told to stop.
fn take_objects(
    app: &App,
    folder: &DataFolder,
    (port, dicom): (Port, &Dicom),
    stop: watch::Receiver<bool>,
) -> impl Future<Output = ()> + use<> {
    let door = DicomDoor {
        archive: app.archive.clone(),
        readings: app.readings.clone(),
        clock: std::sync::Arc::clone(&app.clock),
        objects: Objects::beside(folder),
        readers: dicom.readers.clone(),
        destinations: dicom.destinations.clone(),
    };
    dimse::serve(
        port,
        dicom.policy.clone(),
        door,
        std::sync::Arc::clone(&app.dicom),
        stop,
    )
}

/// Writes down what goes where by itself, and starts to send on what waits.
async fn send_on(
    app: &App,
    folder: &DataFolder,
    config: &Config,
    connector: Connector,
) -> Result<Option<Couriers>, Fault> {
    let Some(forward) = &config.forward else {
        return Ok(None);
    };
    let secrets = Secrets::read(forward.secrets_file.as_deref(), &forward.destinations)?;
    let rules = forward.rules.clone();
    app.store
        .write("note what is sent on", move |db| {
            store::set_forward_rules(db, &rules)
        })
        .await?;
    let parts = ForwardParts {
        store: app.store.clone(),
        clock: std::sync::Arc::clone(&app.clock),
        objects: Objects::beside(folder),
        clips: ClipFiles::beside(folder),
        counts: std::sync::Arc::clone(&app.forwards),
        ours: forward.ours.clone(),
        connector,
    };
    let couriers = Couriers::start(&forward.destinations, &secrets, &parts)?;
    Ok(Some(couriers))
}

fn local(listener: &TcpListener, asked: SocketAddr) -> SocketAddr {
    listener.local_addr().unwrap_or(asked)
}

async fn told_to_stop() -> &'static str {
    let wait = async |kind| match signal(kind) {
        Ok(mut signals) => {
            signals.recv().await;
        }
        // Then the process can only be killed, which it survives.
        Err(_) => std::future::pending().await,
    };
    tokio::select! {
        () = wait(SignalKind::terminate()) => "SIGTERM",
        () = wait(SignalKind::interrupt()) => "SIGINT",
    }
}

/// `GET /metrics`, at an address of its own.
async fn counted(State(app): State<App>) -> String {
    let live = app.hub.all_live();
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let present = Present {
        consults_live: count(
            live.iter()
                .filter(|consult| consult.picture || consult.people > 0)
                .count(),
        ),
        pictures: count(live.iter().filter(|consult| consult.picture).count()),
        participants: live.iter().map(|consult| u64::from(consult.people)).sum(),
        connections: count(app.connections.load(Ordering::Relaxed)),
    };
    let mut text = app.metrics.text(present);
    dicom_counts(&app, &mut text);
    forward_counts(&app, &mut text).await;
    if let Ok(stats) = app.sfu.stats().await {
        for (name, help, value) in [
            (
                "packets_received_total",
                "RTP packets taken from publishers.",
                stats.packets_in,
            ),
            (
                "packets_forwarded_total",
                "RTP packets written to viewers.",
                stats.packets_out,
            ),
            (
                "packets_sent_again_total",
                "Packets sent again because a viewer missed them.",
                stats.retransmitted,
            ),
            (
                "packets_asked_again_total",
                "Lost packets asked for again from publishers.",
                stats.asked_again,
            ),
            (
                "packets_lost_in_relay_total",
                "Packets that the relay itself lost; must stay 0.",
                stats.lost_inside,
            ),
            (
                "packets_dropped_backlog_total",
                "Datagrams dropped because the network did not take them.",
                stats.dropped_backlog,
            ),
            (
                "tcp_connections_refused_total",
                "TCP connections for media that were refused: too many, or not speaking it.",
                stats.tcp_refused,
            ),
            (
                "datagrams_from_strangers_total",
                "Datagrams that belonged to nobody or were refused.",
                stats.dropped_unknown + stats.dropped_stun + stats.dropped_handshake,
            ),
            (
                "keyframes_asked_total",
                "Keyframes asked for from publishers.",
                stats.keyframes_asked,
            ),
            (
                "viewers_joined_from_cache_total",
                "Viewers that got their first picture from the cache.",
                stats.joined_from_cache,
            ),
            (
                "media_faults_total",
                "Media connections ended by a fault of their own code.",
                stats.faults,
            ),
        ] {
            text.value(name, "counter", help, value);
        }
        text.value(
            "tcp_connections",
            "gauge",
            "TCP connections that carry media, for want of UDP.",
            stats.tcp_lines,
        );
        text.value(
            "publishers",
            "gauge",
            "Publishers connected or connecting.",
            stats.publishers,
        );
        text.value(
            "viewers",
            "gauge",
            "Viewers connected or connecting.",
            stats.viewers,
        );
    }
    text.finish()
}

fn dicom_counts(app: &App, text: &mut crate::metrics::Text) {
    let counts = &app.dicom;
    for (name, kind, help, count) in [
        (
            "dicom_objects_stored_total",
            "counter",
            "DICOM objects taken in.",
            &counts.objects_stored,
        ),
        (
            "dicom_objects_given_total",
            "counter",
            "DICOM objects given to other systems that fetched them.",
            &counts.objects_given,
        ),
        (
            "dicom_objects_refused_total",
            "counter",
            "DICOM objects answered with a failure.",
            &counts.objects_refused,
        ),
        (
            "dicom_associations_refused_total",
            "counter",
            "DICOM associations rejected: unknown titles, or too many at once.",
            &counts.associations_refused,
        ),
        (
            "dicom_tls_refused_total",
            "counter",
            "DICOM connections refused before an association: a certificate, or TLS at a port without, or none at a port with.",
            &counts.tls_refused,
        ),
        (
            "dicom_connections_dropped_total",
            "counter",
            "DICOM connections closed without a word: far too many at once.",
            &counts.connections_dropped,
        ),
        (
            "dicom_associations",
            "gauge",
            "DICOM associations now.",
            &counts.open,
        ),
        (
            "dicom_index_entries_total",
            "counter",
            "DICOM objects that became searchable.",
            &app.archive.index_counts().made,
        ),
        (
            "dicom_headers_refused",
            "gauge",
            "DICOM objects in the archive whose header cannot be read; they are given as they are.",
            &app.archive.index_counts().refused,
        ),
        (
            "dicom_headers_waiting",
            "gauge",
            "DICOM objects in the archive whose header could not be read for now; they are tried again.",
            &app.archive.index_counts().waiting,
        ),
        (
            "archive_clips_waiting",
            "gauge",
            "Clips of consults that the archive could not take because of the disk; they are tried again.",
            &app.archive.collect_counts().waiting,
        ),
        (
            "archive_clips_refused_total",
            "counter",
            "Clips of consults whose objects the archive does not take; they stay with their consults.",
            &app.archive.collect_counts().refused,
        ),
    ] {
        text.value(name, kind, help, count.load(Ordering::Relaxed));
    }
}

/// What the database counts, and what was sent on.
async fn forward_counts(app: &App, text: &mut crate::metrics::Text) {
    let counts = &app.forwards;
    for (name, help, count) in [
        (
            "forwards_sent_total",
            "Objects and clips that another archive took.",
            &counts.sent,
        ),
        (
            "forwards_refused_total",
            "Objects and clips that another archive will never take.",
            &counts.refused,
        ),
        (
            "forwards_failed_total",
            "Tries to send something on that are made again.",
            &counts.failed,
        ),
    ] {
        text.value(name, "counter", help, count.load(Ordering::Relaxed));
    }
    let conflicts = app.store.read("count conflicts", store::count_conflicts);
    if let Ok((same_instance, other_patient)) = conflicts.await {
        let help = "DICOM objects kept beside another of their UID; see relay archive conflicts.";
        text.value("archive_conflicts", "gauge", help, same_instance);
        let help =
            "Instances that name another patient than their study; see relay archive conflicts.";
        text.value("archive_other_patients", "gauge", help, other_patient);
    }
    let waiting = app.store.read("count what waits to be sent on", |db| {
        store::count_forwards(db, store::ForwardState::Waiting)
    });
    if let Ok(waiting) = waiting.await {
        let help = "Objects and clips that wait to be sent on to another archive.";
        text.value("forwards_waiting", "gauge", help, waiting);
    }
}
