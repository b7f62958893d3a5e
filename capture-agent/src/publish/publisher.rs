//! Publishes for ever: attempt after attempt, with the right wait in between.
//!
//! A relay that is away is asked again all the time by a bare TCP connection, so that the picture is back within two
//! seconds after it answers. A relay that is there and fails gets back-off. A refusal that only a person can solve
//! ends it when the ticket was a one-shot, and is tried again slowly with a device key (a revoked key may come back). Beside
//! that, clips are uploaded while nothing is live.

use crate::backoff::{self, Backoff};
use crate::clip::Saver;
use crate::clock::CaptureClock;
use crate::frame::StreamName;
use crate::hand_scale::ScaleInForce;
use crate::journal::Journal;
use crate::low_layer::LowLayer;
use crate::marks_board::MarksBoard;
use crate::orders::Orders;
use crate::publish::clips::Uploader;
use crate::publish::mending::After;
use crate::publish::refusal::Refusal;
use crate::publish::session::{self, Ended};
use crate::publish::tickets::Entry;
use crate::publish::uplink::LastTarget;
use crate::publish::whip::{Http, is_loopback};
use crate::ring::Ring;
use crate::stats::Stats;
use crate::status::{Link, StatusBoard};
use crate::sync::Stop;
use reqwest::Url;
use rustls::pki_types::CertificateDer;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wire::ConsultId;

/// First and longest wait after an attempt that the relay answered.
const ANSWERED: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));
/// Time between looks whether the relay is there. Two TCP connections a second cost nobody anything.
const LOOK: (Duration, Duration) = (Duration::from_millis(250), Duration::from_millis(500));

/// Where and how to publish.
#[derive(Debug, Clone)]
pub struct RelaySettings {
    /// Address of the relay.
    pub relay: Url,
    /// Which consult.
    pub consult: ConsultId,
    /// The way in.
    pub entry: Entry,
    /// Local address for media; none lets the agent choose.
    pub bind: Option<IpAddr>,
    /// Certificates to trust beside those of the system.
    pub authorities: Vec<CertificateDer<'static>>,
}

/// What the publisher shares with the rest of the agent.
#[derive(Clone)]
pub struct Parts {
    /// For stamps and measuring.
    pub clock: CaptureClock,
    /// Learns the relay's name of the stream.
    pub stream: StreamName,
    /// To the encode thread.
    pub orders: Arc<Orders>,
    /// Originals of the last seconds.
    pub ring: Arc<Mutex<Ring>>,
    /// Saves clips; nothing when there is no spool.
    pub saver: Option<Saver>,
    /// What was coded; nothing when there is no journal.
    pub journal: Option<Journal>,
    /// Every frame once more, small, while the relay asks for it.
    pub low: LowLayer,
    /// What is to be seen over the picture.
    pub marks: MarksBoard,
    /// The depth scale that was marked on this device.
    pub scale: ScaleInForce,
    /// Where the state is shown.
    pub board: StatusBoard,
    /// Where times are counted.
    pub stats: Arc<Stats>,
    /// Ends it.
    pub stop: Stop,
}

/// The publisher.
pub struct Publisher {
    settings: RelaySettings,
    parts: Parts,
    /// How fast the last connection went.
    last_target: LastTarget,
}

impl Publisher {
    /// Prepares it; nothing happens before `run`.
    #[must_use]
    pub fn new(settings: RelaySettings, parts: Parts) -> Self {
        Self {
            settings,
            parts,
            last_target: LastTarget::default(),
        }
    }

    /// Publishes until the program stops.
    ///
    /// # Errors
    /// A refusal after which trying again is of no use.
    pub async fn run(self) -> Result<(), Refusal> {
        let parts = &self.parts;
        let uploader = match &parts.saver {
            Some(saver) => {
                let clips = (saver.spool(), saver.visit());
                let around = (parts.board.clone(), parts.stop.clone());
                Uploader::new(&self.settings, clips, around)?
            }
            None => None,
        };
        let uploading = async {
            if let Some(uploader) = uploader {
                uploader.run().await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            published = self.publish() => published,
            () = uploading => Ok(()),
        }
    }

    async fn publish(&self) -> Result<(), Refusal> {
        let http = Http::new(
            self.settings.relay.clone(),
            self.settings.authorities.clone(),
        )?;
        let mut answered = Backoff::new(ANSWERED.0, ANSWERED.1);
        let mut looks = Backoff::new(LOOK.0, LOOK.1);
        while !self.parts.stop.is_set() {
            self.show(Link::Connecting);
            match self.attempt(&http).await {
                Ended::Stopped => break,
                Ended::Lost(reason) => {
                    answered.succeeded();
                    looks.succeeded();
                    tracing::warn!(reason, "no longer live; it is published again");
                }
                Ended::Failed(Refusal::Away(reason)) => {
                    self.wait_for_relay(&http, &mut looks, Refusal::Away(reason))
                        .await
                }
                Ended::Failed(refusal)
                    if refusal.is_final() && matches!(self.settings.entry, Entry::Ticket(_)) =>
                {
                    self.show(Link::Refused {
                        reason: refusal.to_string(),
                    });
                    return Err(refusal);
                }
                Ended::Failed(refusal) => {
                    looks.succeeded();
                    self.wait(answered.after_failure(backoff::random()), &refusal)
                        .await;
                }
            }
        }
        Ok(())
    }

    async fn attempt(&self, http: &Http) -> Ended {
        let settings = &self.settings;
        let prepared = async {
            let bind = local_addresses(settings, http).await?;
            let ticket = settings.entry.ticket(http, settings.consult).await?;
            Ok::<_, Refusal>((bind, ticket))
        };
        let prepared = tokio::select! {
            prepared = prepared => prepared,
            () = self.parts.stop.stopped() => return Ended::Stopped,
        };
        match prepared {
            Ok((bind, ticket)) => {
                let after = match settings.entry {
                    Entry::Ticket(_) => After::Nothing,
                    Entry::Device { .. } => After::FreshTicket,
                };
                session::publish(
                    &self.parts,
                    http,
                    settings.consult,
                    (&ticket, after),
                    bind,
                    &self.last_target,
                )
                .await
            }
            Err(refusal) => Ended::Failed(refusal),
        }
    }

    /// Waits until somebody listens at the relay's address.
    async fn wait_for_relay(&self, http: &Http, looks: &mut Backoff, refusal: Refusal) {
        loop {
            self.wait(looks.after_failure(backoff::random()), &refusal)
                .await;
            let there = tokio::select! {
                there = http.is_there() => there,
                () = self.parts.stop.stopped() => true,
            };
            if there {
                return;
            }
        }
    }

    async fn wait(&self, time: Duration, refusal: &Refusal) {
        self.show(Link::Waiting {
            reason: refusal.to_string(),
            retry_in: time,
        });
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = self.parts.stop.stopped() => {}
        }
    }

    fn show(&self, link: Link) {
        self.parts.board.update(|status| status.link = link);
    }
}

/// Local addresses for media: loopback when the relay is here, else every interface of the relay's family that
/// exists when the connection is made or mended.
pub(super) async fn local_addresses(
    settings: &RelaySettings,
    http: &Http,
) -> Result<Vec<SocketAddr>, Refusal> {
    if let Some(address) = settings.bind {
        return Ok(vec![SocketAddr::new(address, 0)]);
    }
    let relay = http.resolve().await?;
    let (v4, v6) = (
        relay.iter().any(SocketAddr::is_ipv4),
        relay.iter().any(SocketAddr::is_ipv6),
    );
    let loopback =
        is_loopback(&settings.relay) || relay.iter().all(|address| address.ip().is_loopback());
    let chosen: [(bool, IpAddr); 2] = if loopback {
        [
            (v4, Ipv4Addr::LOCALHOST.into()),
            (v6 && !v4, Ipv6Addr::LOCALHOST.into()),
        ]
    } else {
        [
            (v4, Ipv4Addr::UNSPECIFIED.into()),
            (v6, Ipv6Addr::UNSPECIFIED.into()),
        ]
    };
    Ok(chosen
        .iter()
        .filter(|(wanted, _)| *wanted)
        .map(|(_, ip)| SocketAddr::new(*ip, 0))
        .collect())
}
