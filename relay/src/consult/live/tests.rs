//! What happens to live consults when the disk or the rules fail: only what must.

use super::agents::Agents;
use super::hub::{Hub, HubParts};
use super::log::{ConsultLog, Opened};
use super::outbox::{Inbox, Next, outbox};
use super::pages::Admission;
use crate::consult::samples::{cardiologist, picture, stroke, trainer};
use crate::consult::{Input, Newcomer, PictureInput, SocketKey};
use crate::metrics::Metrics;
use crate::recording::VoiceRecorders;
use crate::store::StoreError;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wire::log::LogEntry;
use wire::mark::Annotation;
use wire::problem::ProblemCode;
use wire::socket::{FromRelay, Settings, ToRelay};
use wire::{ConsultId, RelayTime, Seq};

const LIMIT: Duration = Duration::from_secs(10);
const WORKS: u8 = 0;
const IS_FULL: u8 = 1;
const PANICS: u8 = 2;

/// A log in memory whose disk fails on command.
#[derive(Clone, Default)]
struct Memory {
    entries: Arc<Mutex<HashMap<ConsultId, Vec<LogEntry>>>>,
    disk: Arc<AtomicU8>,
}

impl ConsultLog for Memory {
    async fn opened(&self, _: ConsultId) -> Result<Option<Opened>, StoreError> {
        Ok(Some(Opened {
            alias: "訪問 1".to_owned(),
            opened_at: RelayTime(1),
        }))
    }

    async fn append(&self, consult: ConsultId, entries: Vec<LogEntry>) -> Result<(), StoreError> {
        match self.disk.load(Ordering::SeqCst) {
            IS_FULL => return Err(StoreError::Behind { step: "append" }),
            PANICS => panic!("planted"),
            _ => {}
        }
        self.entries
            .lock()
            .unwrap()
            .entry(consult)
            .or_default()
            .extend(entries);
        Ok(())
    }

    async fn after(&self, consult: ConsultId, after: Seq) -> Result<Vec<LogEntry>, StoreError> {
        let all = self.entries.lock().unwrap();
        let page = all
            .get(&consult)
            .into_iter()
            .flatten()
            .filter(|entry| entry.seq > after);
        Ok(page.take(3).cloned().collect())
    }

    async fn set_running(&self, _: ConsultId, _: bool) -> Result<(), StoreError> {
        Ok(())
    }
}

struct World {
    hub: Hub<Memory>,
    log: Memory,
    metrics: Arc<Metrics>,
}

impl World {
    fn new() -> Self {
        let (log, metrics) = (Memory::default(), Arc::new(Metrics::default()));
        let settings = Settings {
            quick_mark_seconds: 6,
            measuring: false,
            phone: None,
            voice_recording: true,
        };
        let hub = Hub::new(HubParts {
            log: log.clone(),
            clock: Arc::default(),
            metrics: Arc::clone(&metrics),
            settings,
            agents: Agents::deaf(),
            lines: Arc::default(),
            voices: VoiceRecorders::off(),
        });
        Self { hub, log, metrics }
    }

    /// A consult with a picture and somebody in it.
    async fn meet(&self, who: Newcomer) -> (ConsultId, Page) {
        let consult = ConsultId::random();
        self.hub
            .tell(
                consult,
                Input::Picture(picture().stream, PictureInput::Started(picture())),
            )
            .await
            .unwrap();
        (consult, self.join(consult, who).await)
    }

    async fn join(&self, consult: ConsultId, who: Newcomer) -> Page {
        let (out, inbox) = outbox();
        let (socket, admission) = self.hub.join(consult, who, out).await.unwrap();
        Page {
            socket,
            inbox,
            admission,
        }
    }

    async fn marks(&self, consult: ConsultId, page: &Page, mark: &Annotation) {
        self.hub
            .tell(
                consult,
                Input::Said(page.socket, ToRelay::Mark { mark: mark.clone() }),
            )
            .await
            .unwrap();
    }
}

struct Page {
    socket: SocketKey,
    inbox: Inbox,
    admission: Admission,
}

impl Page {
    async fn next(&mut self) -> Next {
        let next = tokio::time::timeout(LIMIT, self.inbox.next())
            .await
            .expect("something is said");
        if let Next::Line(line) = &next {
            self.inbox.written(line);
        }
        next
    }

    async fn hears<T>(&mut self, pick: impl Fn(&FromRelay) -> Option<T>) -> T {
        let until = tokio::time::Instant::now() + LIMIT;
        loop {
            assert!(
                tokio::time::Instant::now() < until,
                "much is said, but not what is waited for"
            );
            match self.next().await {
                Next::Line(line) => {
                    if let Some(found) = pick(&serde_json::from_str(&line).unwrap()) {
                        return found;
                    }
                }
                Next::Question => {}
                Next::Goodbye(goodbye) => panic!("closed: {goodbye:?}"),
            }
        }
    }

    async fn sees(&mut self, mark: &Annotation) {
        let id = mark.id.to_string();
        self.hears(|message| {
            matches!(message, FromRelay::Entries { .. })
                .then(|| serde_json::to_string(message).unwrap())
                .filter(|text| text.contains(&id))
        })
        .await;
    }

    async fn is_refused(&mut self) -> ProblemCode {
        self.hears(|message| match message {
            FromRelay::Refused { code, .. } => Some(*code),
            _ => None,
        })
        .await
    }
}

#[tokio::test]
async fn a_fault_in_one_consult_brings_it_up_again_from_its_log_and_spares_the_others() {
    let world = World::new();
    let (here, mut page) = world.meet(cardiologist()).await;
    let (elsewhere, mut other) = world.meet(trainer()).await;
    let kept = stroke(3);
    world.marks(here, &page, &kept).await;
    page.sees(&kept).await;
    world.log.disk.store(PANICS, Ordering::SeqCst);
    world.marks(here, &page, &stroke(2)).await;
    let goodbye = loop {
        if let Next::Goodbye(goodbye) = page.next().await {
            break goodbye;
        }
    };
    world.log.disk.store(WORKS, Ordering::SeqCst);
    assert!(goodbye.code == ProblemCode::Internal && goodbye.retry_ms.is_some());
    let mark = stroke(4);
    world.marks(elsewhere, &other, &mark).await;
    other.sees(&mark).await;
    // The page comes back as it would by itself: what was acknowledged is there, the rest goes on.
    let end = tokio::time::Instant::now() + LIMIT;
    let mut back = loop {
        let (out, inbox) = outbox();
        match world.hub.join(here, cardiologist(), out).await {
            Ok((socket, admission)) => {
                break Page {
                    socket,
                    inbox,
                    admission,
                };
            }
            Err(_) => assert!(tokio::time::Instant::now() < end),
        }
    };
    assert!(format!("{:?}", back.admission.way).contains(&kept.id.to_string()));
    let again = stroke(2);
    world.marks(here, &back, &again).await;
    back.sees(&again).await;
    assert_eq!(world.metrics.consult_faults.get(), 1);
}

#[tokio::test]
async fn what_the_disk_does_not_take_is_refused_and_taken_when_there_is_room() {
    let world = World::new();
    let (consult, mut page) = world.meet(cardiologist()).await;
    world.log.disk.store(IS_FULL, Ordering::SeqCst);
    let mark = stroke(3);
    world.marks(consult, &page, &mark).await;
    assert_eq!(page.is_refused().await, ProblemCode::StorageFailed);
    // Pointers go on meanwhile, and people come and go.
    let mut late = world.join(consult, trainer()).await;
    let at = serde_json::from_str("{\"x\":0.5,\"y\":0.5}").unwrap();
    world
        .hub
        .tell(
            consult,
            Input::Said(
                late.socket,
                ToRelay::Point {
                    at: Some(at),
                    rtp_time: None,
                },
            ),
        )
        .await
        .unwrap();
    page.hears(|message| matches!(message, FromRelay::Pointers { .. }).then_some(()))
        .await;
    world.log.disk.store(WORKS, Ordering::SeqCst);
    let end = tokio::time::Instant::now() + LIMIT;
    loop {
        world.marks(consult, &page, &mark).await;
        let taken = page
            .hears(|message| match message {
                FromRelay::Refused { .. } => Some(false),
                FromRelay::Entries { .. } => serde_json::to_string(message)
                    .unwrap()
                    .contains(&mark.id.to_string())
                    .then_some(true),
                _ => None,
            })
            .await;
        if taken {
            break;
        }
        assert!(tokio::time::Instant::now() < end);
    }
    late.sees(&mark).await;
    let log = world.log.entries.lock().unwrap()[&consult].clone();
    for (number, entry) in (1..).zip(&log) {
        assert_eq!(entry.seq, Seq(number), "the log has a gap");
    }
    assert!(
        log.iter().any(|entry| entry.author == trainer().author()),
        "who came meanwhile is in the log"
    );
}

#[tokio::test]
async fn a_page_that_reads_nothing_is_closed_and_the_consult_goes_on() {
    let world = World::new();
    let (consult, mut page) = world.meet(cardiologist()).await;
    let mut deaf = world.join(consult, trainer()).await;
    for _ in 0..10 {
        let mark = stroke(1_500);
        world.marks(consult, &page, &mark).await;
        page.sees(&mark).await;
    }
    let goodbye = loop {
        if let Next::Goodbye(goodbye) = deaf.next().await {
            break goodbye;
        }
    };
    assert_eq!(goodbye.code, ProblemCode::TooSlow);
}
