//! A relay that is away for more than a week: clips that are saved before it, in it and after it arrive once each, the oldest first, over two
//! kills of the agent, and the device's copies stay until the relay has them, and for their week from then on.
//!
//! The waits of the uploader are added up instead of being waited for, and files grow old by their times. An agent that is killed is
//! a process of its own: this program once more.

use super::*;
use crate::encode::BitRate;
use crate::publish::clips::fixture;
use crate::spool::{
    AfterKept, Belongs, Clock, Disk, KEPT_FOR, MachineClock, Moment, Recovered, SpoolBounds,
};
use crate::sync::held;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::put;
use axum::{Json, Router};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use tokio::net::TcpSocket;
use tokio::sync::watch;
use wire::{CaptureTime, ConsultId};

const DAY: Duration = Duration::from_secs(24 * 3_600);
/// Each of the two agents that are killed lives so long.
const LIVES: Duration = DAY.saturating_mul(4);
/// Each saves as many in its first day and after it, and leaves one unfinished.
const EARLY: u64 = 2;
const LATER: u64 = 2;
const LIMIT: Duration = Duration::from_secs(60);
/// What a killed agent is told.
const TOLD: &str = "HIBIKI_WEEK_AWAY";
const STANDS: &str = "the agent stands";

/// What the relay saw.
#[derive(Default)]
struct Seen {
    /// In the order of their offers, with their lengths.
    offers: Vec<(ClipId, u64)>,
    held: BTreeMap<ClipId, Vec<u8>>,
    kept: Vec<ClipId>,
}

type Relay = Arc<Mutex<Seen>>;
type Named = Path<(String, String, ClipId)>;

async fn offer(
    State(relay): State<Relay>,
    Path((_, _, clip)): Named,
    Json(ClipFromAgent::Offer { head, .. }): Json<ClipFromAgent>,
) -> Json<ClipToAgent> {
    held(&relay).offers.push((clip, head.bytes));
    Json(ClipToAgent::Wanted { clip, offset: 0 })
}

async fn part(
    State(relay): State<Relay>,
    Path((_, _, clip)): Named,
    bytes: Bytes,
) -> Json<ClipToAgent> {
    let mut seen = held(&relay);
    let whole = seen.offers.iter().rfind(|(of, _)| *of == clip).unwrap().1;
    let held = seen.held.entry(clip).or_default();
    held.extend_from_slice(&bytes);
    let offset = held.len() as u64;
    if offset < whole {
        return Json(ClipToAgent::Durable { clip, offset });
    }
    seen.kept.push(clip);
    Json(ClipToAgent::Kept { clip })
}

/// A clock that shows a later time.
#[derive(Default)]
struct Later(Mutex<Duration>);

impl Clock for Later {
    fn now(&self) -> Moment {
        let (now, later) = (MachineClock.now(), *held(&self.0));
        Moment {
            wall: now.wall + later,
            steady: now.steady + later,
        }
    }
}

fn opens(folder: &std::path::Path) -> (Arc<Spool>, Recovered) {
    opens_by(Arc::new(MachineClock), folder)
}

fn opens_by(clock: Arc<dyn Clock>, folder: &std::path::Path) -> (Arc<Spool>, Recovered) {
    let bounds = SpoolBounds {
        bytes: 1 << 30,
        after_kept: AfterKept::Keep,
    };
    Spool::open_by(clock, folder, bounds, Arc::new(Disk)).unwrap()
}

/// The nth clip of all: each has its own bytes, and is newer than the one before.
fn saves(spool: &Spool, consult: ConsultId, nth: u64) -> ClipId {
    let content = fixture::content(10_000 + nth as usize);
    let belongs = Belongs::Consult(consult);
    fixture::finished_of(spool, &content, belongs, CaptureTime(1 + nth))
}

/// The agent's uploader; `passed` says how long it has rested, and it rests for good from `until` on.
fn uploads(
    (spool, stop): (Arc<Spool>, Stop),
    (consult, relay): (ConsultId, SocketAddr),
    passed: watch::Sender<Duration>,
    until: Duration,
) {
    let settings = RelaySettings {
        relay: format!("http://{relay}").parse().unwrap(),
        consult,
        entry: Entry::Device {
            device: DeviceId::random(),
            key: DeviceKey::new("device-key").unwrap(),
        },
        bind: None,
        authorities: Vec::new(),
    };
    let board = StatusBoard::new(BitRate::from_kbps(2000).unwrap());
    let clips = (spool, fixture::visit(consult, None));
    let ends = stop.clone();
    let uploader = Uploader::new(&settings, clips, (board, stop));
    let mut uploader = uploader.unwrap().unwrap();
    let rest = async move |wait: Duration| {
        passed.send_modify(|passed| *passed += wait);
        if *passed.borrow() >= until {
            std::future::pending::<()>().await;
        }
        tokio::task::yield_now().await;
    };
    std::thread::spawn(move || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        runtime.block_on(async {
            tokio::select! {
                () = uploader.carry_all(&rest) => {}
                () = ends.stopped() => {}
            }
        });
    });
}

/// An agent that is to be killed: what it is told comes with the environment.
#[tokio::test]
#[ignore = "is started by the test below, which kills it"]
async fn the_agent_that_is_killed() {
    let told = std::env::var(TOLD).unwrap();
    let [folder, consult, relay, first] = told.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let consult: ConsultId = consult.parse().unwrap();
    let first: u64 = first.parse().unwrap();
    let (spool, _) = opens(std::path::Path::new(folder));
    for nth in first..first + EARLY {
        saves(&spool, consult, nth);
    }
    let (passed, mut shown) = watch::channel(Duration::ZERO);
    let ours = (Arc::clone(&spool), Stop::default());
    uploads(ours, (consult, relay.parse().unwrap()), passed, LIVES);
    shown.wait_for(|passed| *passed >= DAY).await.unwrap();
    for nth in first + EARLY..first + EARLY + LATER {
        saves(&spool, consult, nth);
    }
    shown.wait_for(|passed| *passed >= LIVES).await.unwrap();
    let mut half = spool.begin_take(ClipId::random(), 400).unwrap();
    half.records.add(b"a frame").unwrap();
    println!("{STANDS}");
    std::future::pending::<()>().await;
}

/// Starts such an agent and kills it after its time.
fn an_agent_lives(folder: &std::path::Path, consult: ConsultId, relay: SocketAddr, first: u64) {
    let name = module_path!().split_once("::").unwrap().1;
    let name = format!("{name}::the_agent_that_is_killed");
    let mut agent = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", &name])
        .env(
            TOLD,
            format!("{} {consult} {relay} {first}", folder.display()),
        )
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(agent.stdout.take().unwrap()).lines();
    let stands = lines.map_while(Result::ok).any(|it| it.contains(STANDS));
    // SIGKILL: it lets nothing go and finishes nothing.
    agent.kill().unwrap();
    agent.wait().unwrap();
    assert!(stands, "the agent ended by itself");
}

/// Days go by for what lies on the disk, but for the lock: an agent that lived through them has looked at its clock.
fn grows_old(folder: &std::path::Path, by: Duration) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            grows_old(&path, by);
        } else if !path.ends_with("lock") {
            let file = std::fs::File::options().write(true).open(path).unwrap();
            let before = file.metadata().unwrap().modified().unwrap();
            file.set_modified(before - by).unwrap();
        }
    }
}

fn copies(folder: &std::path::Path) -> usize {
    std::fs::read_dir(folder.join("kept")).unwrap().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_clip_arrives_once_and_stays_its_week_after_the_relay_was_away_for_more_than_one() {
    let (folder, consult) = (tempfile::tempdir().unwrap(), ConsultId::random());
    // Its place is taken, and it does not listen there.
    let away = TcpSocket::new_v4().unwrap();
    away.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let relay = away.local_addr().unwrap();
    {
        // One that the relay had before all this: its week goes by.
        let (spool, _) = opens(folder.path());
        let before = saves(&spool, consult, 0);
        spool.let_go(before).unwrap();
        assert_eq!(copies(folder.path()), 1);
    }
    for nth in 0..2 {
        let (root, first) = (folder.path().to_owned(), nth * (EARLY + LATER));
        let lives = move || an_agent_lives(&root, consult, relay, first);
        tokio::task::spawn_blocking(lives).await.unwrap();
        grows_old(folder.path(), LIVES);
    }

    // The third one is there when the relay comes.
    let clock = Arc::new(Later::default());
    let (spool, recovered) = opens_by(Arc::clone(&clock) as Arc<dyn Clock>, folder.path());
    let saved = 2 * (EARLY + LATER);
    let found = (
        recovered.unsent as u64,
        recovered.cleared,
        recovered.damaged,
    );
    assert_eq!(found, (saved, 1, 0));
    assert_eq!(copies(folder.path()), 0, "the week of that one is over");
    let (passed, mut shown) = watch::channel(Duration::ZERO);
    let stop = Stop::default();
    let ours = (Arc::clone(&spool), stop.clone());
    uploads(ours, (consult, relay), passed, Duration::MAX);
    shown.wait_for(|passed| *passed >= DAY).await.unwrap();
    let seen = Relay::default();
    let routes = Router::new()
        .route(
            "/api/v1/devices/{device}/consults/{consult}/clips/{clip}",
            put(offer).patch(part),
        )
        .with_state(Arc::clone(&seen));
    let listener = away.listen(16).unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let mut counts = spool.counts();
    let sent = counts.wait_for(|counts| counts.sent > 0);
    tokio::time::timeout(LIMIT, sent).await.unwrap().unwrap();
    saves(&spool, consult, saved);
    let all = counts.wait_for(|counts| u64::from(counts.sent) == saved + 1 && counts.unsent == 0);
    tokio::time::timeout(LIMIT, all).await.unwrap().unwrap();

    let seen = held(&seen);
    let offered: Vec<ClipId> = seen.offers.iter().map(|(clip, _)| *clip).collect();
    assert_eq!(offered, seen.kept, "each once, one after the other");
    let arrived = seen.kept.iter().map(|clip| &seen.held[clip]);
    let true_ones = (0..=saved).map(|nth| fixture::content(10_000 + nth as usize));
    assert!(
        arrived.eq(&true_ones.collect::<Vec<_>>()),
        "the oldest first, whole"
    );
    assert_eq!(copies(folder.path()), seen.kept.len());
    let minute = Duration::from_secs(60);
    *held(&clock.0) = KEPT_FOR - minute;
    spool.sweep_kept();
    assert_eq!(
        copies(folder.path()),
        seen.kept.len(),
        "a week from then on"
    );
    *held(&clock.0) = KEPT_FOR + minute;
    spool.sweep_kept();
    assert_eq!(copies(folder.path()), 0);
    stop.set();
}
