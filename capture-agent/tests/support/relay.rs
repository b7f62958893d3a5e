//! A WHIP server with a receiving peer: the stand-in for a relay.

use super::receiver::answer;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::{PeerConnection, RTCSessionDescription};
use wire::agent::AgentToRelay;
use wire::http::{TicketGrant, TicketRequest};
use wire::problem::{Problem, ProblemCode};
use wire::{ConsultId, RelayTime, StreamId};

pub const PLAYOUT_DELAY: &str = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";

/// How far this relay's clock is ahead of the machine's.
pub const CLOCK_AHEAD_US: u64 = 3_000_000;

/// A received packet.
#[derive(Debug, Clone)]
pub struct Received {
    pub at: Instant,
    pub packet: rtc::rtp::Packet,
}

/// What tests look at and set.
pub struct Relay {
    pub address: String,
    pub packets: tokio::sync::Mutex<mpsc::Receiver<Received>>,
    pub heard: Arc<Mutex<Vec<AgentToRelay>>>,
    pub shared: Arc<Shared>,
    /// All of it runs here, so that ending this ends everything at once, as a killed process does.
    runtime: Option<tokio::runtime::Runtime>,
}

pub struct Shared {
    /// Where media is taken: a free port beside the pages.
    pub media: SocketAddr,
    pub stream: StreamId,
    /// Status to refuse publishing with; 0 accepts.
    pub refuse: AtomicU16,
    pub refuse_code: Mutex<ProblemCode>,
    pub offers: Mutex<Vec<String>>,
    pub answers: Mutex<Vec<String>>,
    pub deleted: AtomicBool,
    pub restarts: AtomicU32,
    pub tickets_given: AtomicU32,
    pub tickets_seen: Mutex<Vec<String>>,
    /// SSRC of the newest publication.
    pub ssrc: AtomicU32,
    pub tracks: Mutex<Vec<Arc<dyn TrackRemote>>>,
    peers: tokio::sync::Mutex<HashMap<u32, Arc<dyn PeerConnection>>>,
    next: AtomicU32,
    pub packets: mpsc::Sender<Received>,
    pub heard: Arc<Mutex<Vec<AgentToRelay>>>,
}

impl Relay {
    pub fn start() -> Self {
        Self::start_at("127.0.0.1:0")
    }

    /// On a given address, for a relay that comes back.
    pub fn start_at(address: &str) -> Self {
        let (sender, packets) = mpsc::channel(10_000);
        let heard: Arc<Mutex<Vec<AgentToRelay>>> = Arc::default();
        let listener = std::net::TcpListener::bind(address).unwrap();
        let media = SocketAddr::new(listener.local_addr().unwrap().ip(), 0);
        let shared = Arc::new(Shared {
            media,
            stream: StreamId::random(),
            refuse: AtomicU16::new(0),
            refuse_code: Mutex::new(ProblemCode::TicketExpired),
            offers: Mutex::default(),
            answers: Mutex::default(),
            deleted: AtomicBool::new(false),
            restarts: AtomicU32::new(0),
            tickets_given: AtomicU32::new(0),
            tickets_seen: Mutex::default(),
            ssrc: AtomicU32::new(0),
            tracks: Mutex::default(),
            peers: tokio::sync::Mutex::default(),
            next: AtomicU32::new(1),
            packets: sender,
            heard: Arc::clone(&heard),
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/api/v1/consults/{consult}/whip", post(whip))
            .route("/api/v1/devices/{device}/tickets", post(give_ticket))
            .route(
                "/session/{id}",
                axum::routing::patch(restart).delete(end).get(exists),
            )
            .with_state(Arc::clone(&shared));
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
        Self {
            address,
            packets: tokio::sync::Mutex::new(packets),
            heard,
            shared,
            runtime: Some(runtime),
        }
    }

    /// Dies as a killed process does: nobody is told.
    pub async fn kill(mut self) {
        let runtime = self.runtime.take().unwrap();
        let ending =
            tokio::task::spawn_blocking(move || runtime.shutdown_timeout(Duration::from_secs(1)));
        ending.await.unwrap();
    }

    /// It keeps no session any more.
    pub async fn forgets_sessions(&self) {
        self.shared.peers.lock().await.clear();
    }

    /// Nothing of it runs for this long: neither HTTP nor media.
    pub fn stand_still(&self, time: Duration) {
        let runtime = self.runtime.as_ref().unwrap();
        runtime.spawn(async move {
            capture_agent::sync::Stop::default().wait(time);
        });
    }

    /// The next packet.
    pub async fn packet(&self) -> Received {
        let next = async { self.packets.lock().await.recv().await };
        tokio::time::timeout(Duration::from_secs(10), next)
            .await
            .expect("a packet within 10 s")
            .unwrap()
    }

    /// Packets of the next whole frame, by marker.
    pub async fn frame(&self) -> Vec<Received> {
        let mut frame = Vec::new();
        loop {
            let received = self.packet().await;
            let last = received.packet.header.marker;
            frame.push(received);
            if last {
                return frame;
            }
        }
    }

    /// Says that a packet did not come.
    pub async fn ask_again(&self, sequence_number: u16) {
        let track = self
            .shared
            .tracks
            .lock()
            .unwrap()
            .last()
            .cloned()
            .expect("a track");
        let nack = rtc::rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack {
            sender_ssrc: 1,
            media_ssrc: self.shared.ssrc.load(Ordering::SeqCst),
            nacks: rtc::rtcp::transport_feedbacks::transport_layer_nack::nack_pairs_from_sequence_numbers(&[sequence_number]),
        };
        track.write_rtcp(vec![Box::new(nack)]).await.unwrap();
    }

    /// Asks for a keyframe by PLI.
    pub async fn ask_for_keyframe(&self) {
        let track = self
            .shared
            .tracks
            .lock()
            .unwrap()
            .last()
            .cloned()
            .expect("a track");
        let media_ssrc = track.ssrcs().await.first().copied().unwrap();
        let pli = rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication {
            sender_ssrc: 0,
            media_ssrc,
        };
        track.write_rtcp(vec![Box::new(pli)]).await.unwrap();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn problem(code: ProblemCode, status: u16) -> Response {
    let body = Json(Problem {
        status,
        ..Problem::from(code)
    });
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

fn bearer(headers: &HeaderMap) -> String {
    let value = headers
        .get(header::AUTHORIZATION)
        .map(|value| value.to_str().unwrap().to_owned());
    value
        .unwrap_or_default()
        .trim_start_matches("Bearer ")
        .to_owned()
}

async fn give_ticket(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Json(request): Json<TicketRequest>,
) -> Response {
    if bearer(&headers) != "device-key" {
        return problem(ProblemCode::NoEntry, 401);
    }
    let n = shared.tickets_given.fetch_add(1, Ordering::SeqCst) + 1;
    Json(TicketGrant {
        ticket: format!("ticket-{n}"),
        consult: request.consult,
        expires_at: RelayTime(u64::MAX >> 12),
    })
    .into_response()
}

async fn whip(
    State(shared): State<Arc<Shared>>,
    Path(_): Path<ConsultId>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let refuse = shared.refuse.load(Ordering::SeqCst);
    if refuse != 0 {
        return problem(*shared.refuse_code.lock().unwrap(), refuse);
    }
    shared.tickets_seen.lock().unwrap().push(bearer(&headers));
    shared.offers.lock().unwrap().push(body.clone());
    let (peer, answer) = answer(&shared, body).await;
    shared.answers.lock().unwrap().push(answer.clone());
    let id = shared.next.fetch_add(1, Ordering::SeqCst);
    shared.peers.lock().await.insert(id, peer);
    let headers = [
        (header::LOCATION, format!("/session/{id}")),
        (header::CONTENT_TYPE, "application/sdp".to_owned()),
    ];
    (StatusCode::CREATED, headers, answer).into_response()
}

/// ICE restart: only the ICE lines come, so they are laid over the first offer.
async fn restart(State(shared): State<Arc<Shared>>, Path(id): Path<u32>, body: Bytes) -> Response {
    let Some(peer) = shared.peers.lock().await.get(&id).cloned() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let fragment = String::from_utf8(body.to_vec()).unwrap();
    let offer = shared.offers.lock().unwrap().last().cloned().unwrap();
    let value = |text: &str, name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name).map(str::to_owned))
            .unwrap()
    };
    let mut full = String::new();
    for line in offer
        .lines()
        .filter(|line| !line.starts_with("a=candidate"))
    {
        let line = match line {
            l if l.starts_with("a=ice-ufrag:") => {
                format!("a=ice-ufrag:{}", value(&fragment, "a=ice-ufrag:"))
            }
            l if l.starts_with("a=ice-pwd:") => {
                format!("a=ice-pwd:{}", value(&fragment, "a=ice-pwd:"))
            }
            l if l.starts_with("a=mid:0") => {
                let candidates: Vec<&str> = fragment
                    .lines()
                    .filter(|line| line.starts_with("a=candidate"))
                    .collect();
                format!("{l}\r\n{}", candidates.join("\r\n"))
            }
            l => l.to_owned(),
        };
        full.push_str(&line);
        full.push_str("\r\n");
    }
    peer.set_remote_description(RTCSessionDescription::offer(full).unwrap())
        .await
        .unwrap();
    let made = peer.create_answer(None).await.unwrap();
    peer.set_local_description(made).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let answer = peer.local_description().await.unwrap().sdp;
    let ice = |line: &&str| {
        line.starts_with("a=ice-")
            || line.starts_with("a=candidate")
            || line.starts_with("m=")
            || line.starts_with("a=mid")
    };
    let reply: Vec<&str> = answer.lines().filter(ice).collect();
    shared.restarts.fetch_add(1, Ordering::SeqCst);
    (
        StatusCode::OK,
        [(header::CONTENT_TYPE, "application/trickle-ice-sdpfrag")],
        reply.join("\r\n") + "\r\n",
    )
        .into_response()
}

/// RFC 9725 §4.2: a session answers GET and HEAD with 405.
async fn exists(State(shared): State<Arc<Shared>>, Path(id): Path<u32>) -> StatusCode {
    match shared.peers.lock().await.contains_key(&id) {
        true => StatusCode::METHOD_NOT_ALLOWED,
        false => StatusCode::NOT_FOUND,
    }
}

async fn end(State(shared): State<Arc<Shared>>, Path(id): Path<u32>) -> StatusCode {
    shared.deleted.store(true, Ordering::SeqCst);
    if let Some(peer) = shared.peers.lock().await.remove(&id) {
        peer.close().await.unwrap();
    }
    StatusCode::OK
}
