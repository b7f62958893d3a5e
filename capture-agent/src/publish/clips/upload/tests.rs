//! Uploading to a relay that is played here: from where it has the clip, over cuts, beside nothing that is live.

use super::*;
use crate::encode::BitRate;
use crate::publish::clips::fixture;
use crate::spool::Belongs;
use crate::sync::held;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::put;
use axum::{Json, Router};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Mutex;
use tokio::sync::watch;
use wire::ConsultId;
use wire::clip::ClipGap;

const BYTES: usize = 900_001;
const LIMIT: Duration = Duration::from_secs(30);

/// What goes wrong with the next part.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// Half of it comes, and the relay has to go.
    Cut,
    /// Another one brought some of the clip meanwhile.
    Elsewhere,
    /// It hangs until the other side lets go.
    Hang,
    /// What it had of the clip is swept away.
    Gone,
    /// It does not like the clip.
    Refuse(ClipGap),
}

#[derive(Default)]
struct Seen {
    whole: Option<u64>,
    /// The consult in the address.
    consult: String,
    held: Vec<u8>,
    faults: VecDeque<Fault>,
    parts: usize,
}

/// The relay.
#[derive(Clone, Default)]
struct Relay {
    seen: Arc<Mutex<Seen>>,
    hanging: watch::Sender<usize>,
}

type Named = Path<(String, String, ClipId)>;

async fn offer(
    State(relay): State<Relay>,
    Path((_, consult, clip)): Named,
    Json(offer): Json<ClipFromAgent>,
) -> Json<ClipToAgent> {
    let ClipFromAgent::Offer { head, .. } = offer;
    let mut seen = held(&relay.seen);
    (seen.whole, seen.consult) = (Some(head.bytes), consult);
    let offset = seen.held.len() as u64;
    Json(ClipToAgent::Wanted { clip, offset })
}

async fn part(
    State(relay): State<Relay>,
    Path((_, _, clip)): Named,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    assert_eq!(headers["authorization"], "Bearer device-key");
    assert_eq!(headers["content-type"], PARTIAL_UPLOAD);
    let from: usize = headers[UPLOAD_OFFSET].to_str().unwrap().parse().unwrap();
    let fault = held(&relay.seen).faults.pop_front();
    if fault == Some(Fault::Hang) {
        relay.hanging.send_modify(|count| *count += 1);
        let _gone = LetGo(&relay.hanging);
        std::future::pending::<()>().await;
    }
    let mut seen = held(&relay.seen);
    let seen = &mut *seen;
    seen.parts += 1;
    let offset = seen.held.len() as u64;
    let elsewhere = Json(ClipToAgent::Wanted { clip, offset });
    if from != seen.held.len() {
        return (StatusCode::CONFLICT, elsewhere).into_response();
    }
    match fault {
        Some(Fault::Cut) => {
            seen.held.extend_from_slice(&bytes[..bytes.len() / 2]);
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        Some(Fault::Elsewhere) => {
            seen.held.extend_from_slice(&bytes[..1_000]);
            let offset = seen.held.len() as u64;
            let word = Json(ClipToAgent::Wanted { clip, offset });
            return (StatusCode::CONFLICT, word).into_response();
        }
        Some(Fault::Gone) => {
            seen.held.clear();
            return StatusCode::GONE.into_response();
        }
        Some(Fault::Refuse(reason)) => {
            return Json(ClipToAgent::Refused { clip, reason }).into_response();
        }
        _ => seen.held.extend_from_slice(&bytes),
    }
    let offset = seen.held.len() as u64;
    Json(match seen.whole {
        Some(whole) if whole == offset => ClipToAgent::Kept { clip },
        _ => ClipToAgent::Durable { clip, offset },
    })
    .into_response()
}

/// Counts down when the other side let go.
struct LetGo<'a>(&'a watch::Sender<usize>);

impl Drop for LetGo<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// A device with one clip.
struct World {
    relay: Relay,
    address: SocketAddr,
    spool: Arc<Spool>,
    board: StatusBoard,
    stop: Stop,
    bytes: Vec<u8>,
    _folder: tempfile::TempDir,
}

impl World {
    async fn with(belongs: Belongs) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let spool = fixture::spool(folder.path());
        let bytes = fixture::content(BYTES);
        fixture::finished(&spool, &bytes, belongs);
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Self {
            relay: Relay::default(),
            address: free.local_addr().unwrap(),
            spool,
            board: StatusBoard::new(BitRate::from_kbps(2000).unwrap()),
            stop: Stop::default(),
            bytes,
            _folder: folder,
        }
    }

    async fn listens(&self) {
        let routes = Router::new()
            .route(
                "/api/v1/devices/{device}/consults/{consult}/clips/{clip}",
                put(offer).patch(part),
            )
            .with_state(self.relay.clone());
        let listener = tokio::net::TcpListener::bind(self.address).await.unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await });
    }

    fn uploads(&self, here: ConsultId) {
        let settings = RelaySettings {
            relay: format!("http://{}", self.address).parse().unwrap(),
            consult: here,
            entry: Entry::Device {
                device: DeviceId::random(),
                key: DeviceKey::new("device-key").unwrap(),
            },
            bind: None,
            authorities: Vec::new(),
        };
        let visit = fixture::visit(here, None);
        let around = (self.board.clone(), self.stop.clone());
        let clips = (Arc::clone(&self.spool), visit);
        let uploader = Uploader::new(&settings, clips, around).unwrap().unwrap();
        tokio::spawn(uploader.run());
    }

    /// The relay has it byte for byte, and the copy is gone.
    async fn is_kept(&self) {
        let mut counts = self.spool.counts();
        let gone = counts.wait_for(|counts| counts.unsent == 0);
        tokio::time::timeout(LIMIT, gone).await.unwrap().unwrap();
        assert!(held(&self.relay.seen).held == self.bytes);
        self.stop.set();
    }
}

#[tokio::test]
async fn a_clip_of_an_earlier_consult_goes_there_from_where_the_relay_has_it() {
    let before = ConsultId::random();
    let world = World::with(Belongs::Consult(before)).await;
    // What the data channel brought.
    held(&world.relay.seen).held = world.bytes[..123_456].to_vec();
    world.listens().await;
    world.uploads(ConsultId::random());
    world.is_kept().await;
    assert_eq!(held(&world.relay.seen).consult, before.to_string());
}

#[tokio::test]
async fn a_cut_a_wrong_place_and_a_relay_that_is_away_cost_time_and_nothing_else() {
    let here = ConsultId::random();
    let world = World::with(Belongs::Consult(here)).await;
    let faults = [Fault::Elsewhere, Fault::Cut];
    held(&world.relay.seen).faults.extend(faults);
    world.uploads(here);
    // Nobody listens at first.
    tokio::time::sleep(QUIET + Duration::from_millis(500)).await;
    world.listens().await;
    world.is_kept().await;
}

#[tokio::test]
async fn what_was_swept_away_at_the_relay_goes_up_again_from_its_start_at_once() {
    let here = ConsultId::random();
    let world = World::with(Belongs::Consult(here)).await;
    world.listens().await;
    held(&world.relay.seen).held = world.bytes[..300_000].to_vec();
    held(&world.relay.seen).faults.push_back(Fault::Gone);
    world.uploads(here);
    world.is_kept().await;
    assert!(held(&world.relay.seen).held == world.bytes);
}

#[tokio::test]
async fn a_part_on_its_way_is_given_up_for_a_picture_and_goes_on_after_it() {
    let here = ConsultId::random();
    let world = World::with(Belongs::Consult(here)).await;
    held(&world.relay.seen).faults.push_back(Fault::Hang);
    world.listens().await;
    world.uploads(here);
    let mut hanging = world.relay.hanging.subscribe();
    let mut is = async |count| {
        let hangs = hanging.wait_for(|now| *now == count);
        tokio::time::timeout(LIMIT, hangs).await.unwrap().unwrap();
    };
    is(1).await;
    let since = Instant::now();
    world
        .board
        .update(|status| status.link = Link::Live { since });
    is(0).await;
    assert_eq!(held(&world.relay.seen).parts, 0);
    world.board.update(|status| status.link = Link::Connecting);
    world.is_kept().await;
}

#[tokio::test]
async fn what_the_relay_refuses_stays_and_says_so_and_what_waits_for_a_person_is_not_offered() {
    let here = ConsultId::random();
    let world = World::with(Belongs::Consult(here)).await;
    let refuse = Fault::Refuse(ClipGap::Conflict);
    held(&world.relay.seen).faults.push_back(refuse);
    world.listens().await;
    world.uploads(here);
    let mut counts = world.spool.counts();
    let refused = counts.wait_for(|counts| counts.refused == 1);
    tokio::time::timeout(LIMIT, refused).await.unwrap().unwrap();
    world.stop.set();
    let world = World::with(Belongs::Unsaid).await;
    let mut queue = Queue::default();
    let next = queue.next(&world.spool.unsent(), (here, None), Instant::now());
    assert_eq!(next, None);
}
