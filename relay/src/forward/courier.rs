//! Brings what waits to one destination, group after group, for as long as the relay runs.
//!
//! Owns a task for each destination. What waits lies in the database, so a courier that is killed begins where the last left off; an
//! item whose answer was lost is sent again and is the same object there. Called by `cli::serve`.

use super::by_stow::{self, Web};
use super::destination::{Destination, Place};
use super::items::{ItemFault, Items};
use super::secrets::Secrets;
use super::verdict::{LONGEST_WAIT, Tried, Verdict, wait};
use super::{ForwardError, by_store};
use crate::archive::Objects;
use crate::clock::Clock;
use crate::store::{
    ClipFiles, ForwardRow, ForwardState, Store, StoreError, due_forwards, note_forward,
};
use dimse::tls::Connector;
use dimse::{AeTitle, Station};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::task::JoinSet;
use wire::RelayTime;

/// Items of one association.
const MAX_GROUP: u32 = 32;
/// How often the queue is looked at while nothing waits: the time that a clip may wait for no reason.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What happened since the start.
#[derive(Debug, Default)]
pub struct ForwardCounts {
    /// Items that a destination has.
    pub sent: AtomicU64,
    /// Items that a destination will never take.
    pub refused: AtomicU64,
    /// Tries that have to be made again.
    pub failed: AtomicU64,
}

/// What couriers work with.
#[derive(Clone)]
pub struct ForwardParts {
    /// The queue.
    pub store: Store,
    /// For waits.
    pub clock: Arc<Clock>,
    /// Objects of the archive.
    pub objects: Objects,
    /// Clips of consults.
    pub clips: ClipFiles,
    /// For the metrics.
    pub counts: Arc<ForwardCounts>,
    /// Our title.
    pub ours: AeTitle,
    /// For destinations with TLS.
    pub connector: Connector,
}

/// The tasks; dropping this ends them.
#[derive(Debug)]
pub struct Couriers {
    _tasks: JoinSet<()>,
}

impl Couriers {
    /// Starts one for each destination.
    ///
    /// # Errors
    /// When there is no TLS for those over HTTPS.
    pub fn start(
        destinations: &[Destination],
        secrets: &Secrets,
        parts: &ForwardParts,
    ) -> Result<Self, ForwardError> {
        let mut tasks = JoinSet::new();
        for destination in destinations {
            let reach = match &destination.place {
                Place::Station(station) => Reach::Association(station.clone()),
                Place::Web(base) => Reach::Web(Web::at(base, secrets.of_name(&destination.name))?),
            };
            let courier = Courier {
                name: destination.name.clone(),
                reach,
                items: Items {
                    objects: parts.objects.clone(),
                    clips: parts.clips.clone(),
                },
                parts: parts.clone(),
                failures: 0,
            };
            tasks.spawn(courier.run());
        }
        Ok(Self { _tasks: tasks })
    }
}

/// How a destination is reached.
enum Reach {
    /// By C-STORE.
    Association(Station),
    /// By STOW-RS.
    Web(Web),
}

struct Courier {
    name: String,
    reach: Reach,
    items: Items,
    parts: ForwardParts,
    /// Associations that failed since the last that worked.
    failures: u32,
}

impl Courier {
    async fn run(mut self) {
        loop {
            let rest = match self.round().await {
                Ok(rest) => rest,
                Err(fault) => {
                    tracing::error!(%fault, "the queue to another archive cannot be read or written");
                    LONGEST_WAIT.min(wait(self.failures.max(1), chance()))
                }
            };
            tokio::time::sleep(rest).await;
        }
    }

    /// One group. Gives the time until the next.
    async fn round(&mut self) -> Result<Duration, StoreError> {
        let now = self.parts.clock.now();
        let name = self.name.clone();
        let due = self
            .parts
            .store
            .read("find what waits to be sent on", move |db| {
                let longest = RelayTime(micros(LONGEST_WAIT));
                due_forwards(db, &name, (now, longest), MAX_GROUP)
            });
        let due = due.await?;
        if due.is_empty() {
            return Ok(LOOK_EVERY);
        }
        let tried = self.deliver(due).await;
        let verdicts = tried.verdicts.clone();
        let at = self.parts.clock.now();
        let noted = self.parts.store.write("note what was sent on", move |db| {
            for (id, tries, verdict) in &verdicts {
                let (state, next_at, reason) = match verdict {
                    Verdict::Sent => (ForwardState::Sent, at, ""),
                    Verdict::Never(reason) => (ForwardState::Refused, at, reason.as_str()),
                    Verdict::Later(reason) => {
                        let wait = wait(tries.saturating_add(1), chance());
                        let next_at = RelayTime(at.0.saturating_add(micros(wait)));
                        (ForwardState::Waiting, next_at, reason.as_str())
                    }
                };
                note_forward(db, *id, state, (next_at, reason))?;
            }
            Ok(())
        });
        noted.await?;
        Ok(self.judge(&tried))
    }

    /// Counts and tells.
    fn judge(&mut self, tried: &Tried) -> Duration {
        let of = |is: fn(&Verdict) -> bool| {
            let count = tried.verdicts.iter().filter(|(.., verdict)| is(verdict));
            count.count() as u64
        };
        let sent = of(|verdict| *verdict == Verdict::Sent);
        let refused = of(|verdict| matches!(verdict, Verdict::Never(_)));
        let failed = of(|verdict| matches!(verdict, Verdict::Later(_)));
        let (name, counts) = (&self.name, &self.parts.counts);
        counts.sent.fetch_add(sent, Relaxed);
        counts.refused.fetch_add(refused, Relaxed);
        counts.failed.fetch_add(failed, Relaxed);
        if refused > 0 {
            tracing::warn!(destination = %name, refused, "an archive takes some objects never; see: relay forwards list --state refused");
        }
        if tried.reached {
            if self.failures > 0 {
                tracing::info!(destination = %name, after = self.failures, "an archive is back");
            }
            self.failures = 0;
            return Duration::ZERO;
        }
        if self.failures == 0 {
            let reason = tried
                .verdicts
                .iter()
                .find_map(|(.., verdict)| match verdict {
                    Verdict::Later(reason) => Some(reason.as_str()),
                    _ => None,
                });
            tracing::warn!(destination = %name, reason, "an archive cannot be reached; what waits for it is tried again");
        }
        self.failures = self.failures.saturating_add(1);
        wait(self.failures, chance())
    }

    async fn deliver(&self, due: Vec<ForwardRow>) -> Tried {
        let (mut verdicts, mut ready) = (Vec::new(), Vec::new());
        for row in due {
            let (items, item) = (self.items.clone(), row.item);
            let opened = tokio::task::spawn_blocking(move || items.open(item)).await;
            match opened.unwrap_or(Err(ItemFault::Inside)) {
                Ok(item) => ready.push((row, item)),
                Err(fault) if fault.may_pass() => {
                    verdicts.push((row.id, row.tries, Verdict::Later(fault.to_string())));
                }
                Err(fault) => verdicts.push((row.id, row.tries, Verdict::Never(fault.to_string()))),
            }
        }
        if ready.is_empty() {
            return Tried {
                verdicts,
                reached: true,
            };
        }
        let mut tried = match &self.reach {
            Reach::Association(station) => {
                let there = (station, &self.parts.connector);
                by_store::deliver(&self.parts.ours, there, ready).await
            }
            Reach::Web(web) => by_stow::deliver(web, ready).await,
        };
        tried.verdicts.append(&mut verdicts);
        tried
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Of waits; without any they are only less spread.
fn chance() -> u8 {
    let mut byte = [0];
    let _ = getrandom::fill(&mut byte);
    byte[0]
}
