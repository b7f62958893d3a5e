//! A running media part, its events, and the short ways to publish and watch.

use super::DEADLINE;
use super::client::{Client, Kind};
use super::frames::Frames;
use relay::sfu::{MediaSessionId, Publish, Sfu, SfuConfig, SfuError, SfuEvent, SfuStats, Watch};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;
use wire::agent::LOW_LAYER_ATTRIBUTE;
use wire::{ConsultId, StreamId};

/// A media part on a free port of loopback.
pub struct World {
    pub sfu: Sfu,
    pub consult: ConsultId,
    pub stream: StreamId,
    events: Arc<Mutex<Vec<SfuEvent>>>,
    happened: Arc<Notify>,
}

impl World {
    pub fn start() -> Self {
        Self::with(SfuConfig::on(([127, 0, 0, 1], 0).into()))
    }

    pub fn with(config: SfuConfig) -> Self {
        let (sender, mut receiver) = mpsc::channel(1_024);
        let sfu = Sfu::start(&config, sender).unwrap();
        let events = Arc::new(Mutex::new(Vec::new()));
        let happened = Arc::new(Notify::new());
        let (list, bell) = (Arc::clone(&events), Arc::clone(&happened));
        tokio::spawn(async move {
            while let Some(event) = receiver.recv().await {
                list.lock().unwrap().push(event);
                bell.notify_waiters();
            }
        });
        Self {
            sfu,
            consult: ConsultId::random(),
            stream: StreamId::random(),
            events,
            happened,
        }
    }

    /// Waits for an event, past ones included.
    pub async fn event<T>(&self, what: &str, pick: impl Fn(&SfuEvent) -> Option<T>) -> T {
        let found = self.event_within(DEADLINE, pick).await;
        found.unwrap_or_else(|| panic!("{what}: not within {DEADLINE:?}; {:?}", self.happenings()))
    }

    pub async fn event_within<T>(
        &self,
        time: Duration,
        pick: impl Fn(&SfuEvent) -> Option<T>,
    ) -> Option<T> {
        let wait = async {
            loop {
                let happened = self.happened.notified();
                if let Some(found) = self.events.lock().unwrap().iter().find_map(&pick) {
                    return found;
                }
                happened.await;
            }
        };
        tokio::time::timeout(time, wait).await.ok()
    }

    /// Events so far without the reports of the flow.
    pub fn happenings(&self) -> Vec<SfuEvent> {
        let events = self.events.lock().unwrap();
        let told = events
            .iter()
            .filter(|event| !matches!(event, SfuEvent::PictureFlow { .. }));
        told.cloned().collect()
    }

    pub fn forget_events(&self) {
        self.events.lock().unwrap().clear();
    }

    /// Waits until the counters satisfy a condition.
    pub async fn stats(&self, what: &str, check: impl Fn(&SfuStats) -> bool) -> SfuStats {
        let wait = async {
            loop {
                let stats = self.sfu.stats().await.unwrap();
                if check(&stats) {
                    return stats;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        match tokio::time::timeout(DEADLINE, wait).await {
            Ok(stats) => stats,
            Err(_) => panic!("{what}: {:?}", self.sfu.stats().await),
        }
    }

    /// Publishes and waits for the connection.
    pub async fn publish(&self, kind: Kind) -> Publisher {
        let publisher = self.try_publish(kind).await.unwrap();
        publisher.client.connected().await;
        publisher
    }

    pub async fn try_publish(&self, kind: Kind) -> Result<Publisher, SfuError> {
        let mut client = Client::new(kind.clone()).await;
        let session = session();
        let request = Publish {
            consult: self.consult,
            stream: self.stream,
            session,
            offer: match kind.low_layer {
                Some(source) => {
                    // As our agent does: its repairs come on a source of their own too, if the picture's do.
                    let repair = kind.repairs_on.map(|_| format!(" {}", source + 1));
                    let repair = repair.unwrap_or_default();
                    client.offer.replacen(
                        "a=rtcp-mux",
                        &format!("a={LOW_LAYER_ATTRIBUTE}:{source}{repair}\r\na=rtcp-mux"),
                        1,
                    )
                }
                None => client.offer.clone(),
            },
            tap: None,
        };
        let answer = self.sfu.publish(request).await?;
        client.accept(answer.clone());
        Ok(Publisher {
            frames: Frames {
                ssrc: kind.publishes.unwrap(),
                payload_type: kind.payload_type,
                seq: 65_000,
            },
            client,
            session,
            answer,
        })
    }

    /// Watches and waits for the connection.
    pub async fn watch(&self, kind: Kind) -> Viewer {
        let viewer = self.try_watch(kind).await.unwrap();
        viewer.client.connected().await;
        viewer
    }

    pub async fn try_watch(&self, kind: Kind) -> Result<Viewer, SfuError> {
        let mut client = Client::new(kind).await;
        let session = session();
        let request = Watch {
            consult: self.consult,
            session,
            offer: client.offer.clone(),
        };
        let answer = self.sfu.watch(request).await?;
        client.accept(answer.clone());
        Ok(Viewer {
            client,
            session,
            answer,
        })
    }
}

pub fn session() -> MediaSessionId {
    MediaSessionId::from_uuid(Uuid::new_v4())
}

pub struct Publisher {
    pub client: Client,
    pub session: MediaSessionId,
    pub answer: String,
    pub frames: Frames,
}

impl Publisher {
    /// Sends a keyframe and waits until the relay has told of the stream.
    pub async fn begin(&mut self, world: &World, timestamp: u32) {
        self.key(timestamp);
        let session = self.session;
        world
            .event("the stream started", |event| match event {
                SfuEvent::StreamStarted { session: of, .. } if *of == session => Some(()),
                _ => None,
            })
            .await;
    }

    pub fn key(&mut self, timestamp: u32) {
        let packets = self.frames.frame(timestamp, true);
        self.client.send(packets);
    }

    pub fn delta(&mut self, timestamp: u32) {
        let packets = self.frames.frame(timestamp, false);
        self.client.send(packets);
    }
}

pub struct Viewer {
    pub client: Client,
    pub session: MediaSessionId,
    pub answer: String,
}

impl Viewer {
    /// Waits for a packet of this timestamp.
    pub async fn sees(&self, timestamp: u32) {
        self.client
            .until(&format!("a packet of {timestamp}"), |seen| {
                let found = |packet: &rtc::rtp::Packet| packet.header.timestamp == timestamp;
                seen.packets.iter().any(found).then_some(())
            })
            .await;
    }

    /// The value after a colon of the first line that begins so.
    pub fn answer_line(&self, start: &str) -> Option<&str> {
        self.answer
            .lines()
            .find_map(|line| line.strip_prefix(start))
    }
}
