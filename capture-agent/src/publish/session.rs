//! One publication, from the offer to its end.
//!
//! Brings the connection up, lets the encode thread send to it and tidies up; `mending` watches over it meanwhile. It makes
//! one attempt; whoever calls decides about the next. Every task it starts ends with it.

use crate::orders::{CodedFrame, OUTLET_FRAMES};
use crate::publish::backfill::Filler;
use crate::publish::budget::Throttle;
use crate::publish::clips::Carrier;
use crate::publish::control::Control;
use crate::publish::mending::{After, RELAY_AWAY, SESSION_GONE, comes_up, watch_over};
use crate::publish::originals::{MAX_ASKED, Originals};
use crate::publish::peer::{Peer, Sending, WireNames};
use crate::publish::publisher::Parts;
use crate::publish::refusal::Refusal;
use crate::publish::tickets::Ticket;
use crate::publish::uplink::chain::Shared;
use crate::publish::uplink::{LastTarget, Uplink};
use crate::publish::whip::{Http, WhipSession};
use crate::publish::writer::{LastSent, Packets, write_frames};
use crate::status::Link;
use crate::sync::held;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use webrtc::media_stream::track_local::{TrackLocal, TrackLocalEvent};
use wire::ConsultId;

/// From the answer to a connection through which packets go.
const CONNECTING: Duration = Duration::from_secs(8);

/// How a publication ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The program stops.
    Stopped,
    /// It was live and is no longer.
    Lost(&'static str),
    /// It never came up.
    Failed(Refusal),
}

/// Publishes once.
pub(super) async fn publish(
    parts: &Parts,
    http: &Http,
    consult: ConsultId,
    (ticket, after): (&Ticket, After),
    bind: Vec<SocketAddr>,
    last_target: &LastTarget,
) -> Ended {
    let local = |error: webrtc::error::Error| Ended::Failed(Refusal::Local(error.to_string()));
    let uplink: Shared = Arc::new(Mutex::new(Uplink::new(
        std::time::Instant::now(),
        Arc::clone(&parts.orders),
        parts.board.clone(),
        *held(last_target),
    )));
    held(&uplink).carries_low(parts.low.clone());
    let mut peer = match Peer::new(
        bind,
        (parts.saver.is_some(), parts.journal.is_some()),
        parts.clock,
        Arc::clone(&parts.stats),
        Some(Sending {
            uplink: &uplink,
            low: parts.low.clone(),
        }),
    )
    .await
    {
        Ok(peer) => peer,
        Err(error) => {
            held(&uplink).end();
            return local(error);
        }
    };
    let ended = match connect(&mut peer, http, consult, ticket).await {
        Ok(mut whip) => {
            let ended = tokio::select! {
                ended = serve(parts, consult, &mut peer, &mut whip, (&uplink, after)) => ended,
                () = parts.stop.stopped() => Ended::Stopped,
            };
            let target = held(&uplink).end();
            *held(last_target) = Some(target);
            parts.orders.detach();
            parts.low.detach();
            if !matches!(ended, Ended::Lost(RELAY_AWAY | SESSION_GONE)) {
                whip.end().await;
            }
            ended
        }
        Err(refusal) => {
            held(&uplink).end();
            Ended::Failed(refusal)
        }
    };
    peer.close().await;
    ended
}

async fn connect(
    peer: &mut Peer,
    http: &Http,
    consult: ConsultId,
    ticket: &Ticket,
) -> Result<WhipSession, Refusal> {
    let local = |error: webrtc::error::Error| Refusal::Local(error.to_string());
    let offer = peer.offer().await.map_err(local)?;
    let (whip, answer) = http.publish(consult, ticket, offer).await?;
    peer.learn_turn(whip.turn(), &http.authorities);
    if let Err(error) = peer.accept(&answer).await {
        whip.end().await;
        return Err(Refusal::Nonsense(error.to_string()));
    }
    if !comes_up(peer, CONNECTING).await {
        whip.end().await;
        return Err(Refusal::NoMedia(CONNECTING.as_secs()));
    }
    Ok(whip)
}

/// Keeps a connection going until it is lost.
async fn serve(
    parts: &Parts,
    consult: ConsultId,
    peer: &mut Peer,
    whip: &mut WhipSession,
    (uplink, after): (&Shared, After),
) -> Ended {
    let names = match peer.wire_names().await {
        Ok(names) => names,
        Err(error) => return Ended::Failed(Refusal::Nonsense(error.to_string())),
    };
    if !names.reports_arrivals {
        tracing::info!("this server says nothing of what arrives: the bit rate stays as it is set");
        held(uplink).run_free();
    }
    let (outlet, frames) = mpsc::channel(OUTLET_FRAMES);
    let (heard, mut last_heard) = watch::channel(None);
    let last_sent = LastSent::default();
    let track: Arc<dyn TrackLocal> = Arc::clone(&peer.track) as Arc<dyn TrackLocal>;
    // Dropped at the end of this function, and its tasks with it.
    let mut tasks = JoinSet::new();
    let packets = Packets::new(names, any_sequence());
    let (writing, sent) = (Arc::clone(&track), Arc::clone(&last_sent));
    tasks.spawn(async move {
        if let Err(error) = write_frames(frames, writing, packets, sent).await {
            tracing::warn!(error = %error, "packets cannot be written any more");
        }
    });
    if let Some(names) = peer.low_names(names) {
        let (outlet, frames) = mpsc::channel(OUTLET_FRAMES);
        tasks.spawn(write_low(frames, Arc::clone(&track), names));
        parts.low.attach(outlet);
    }
    let (ask, asked) = mpsc::channel(MAX_ASKED);
    let (busy, original) = watch::channel(false);
    let originals = Originals {
        channel: Arc::clone(&peer.originals),
        control: Arc::clone(&peer.control),
        ring: Arc::clone(&parts.ring),
        asked,
        busy,
        throttle: Throttle::new(Arc::clone(uplink)),
    };
    let unread = Arc::clone(&peer.originals);
    tasks.spawn(async move {
        // Nothing of it matters, and all of it must be taken: the stack holds 256 events of a channel, then it stops reading
        // every channel of the connection, and each filling of the buffer is an event.
        while unread.poll().await.is_some() {}
        std::future::pending::<()>().await;
    });
    let (round_trip, round_trips) = watch::channel(None);
    if let (Some(journal), Some(channel)) = (&parts.journal, &peer.backfill) {
        let filler = Filler {
            channel: Arc::clone(channel),
            journal: journal.clone(),
            original: original.clone(),
            round_trip: round_trips.clone(),
            spare: held(uplink).spare(),
        };
        tasks.spawn(async move {
            filler.run().await;
            // A relay that records nothing is welcome.
            std::future::pending::<()>().await;
        });
    }
    if let (Some(saver), Some(channel)) = (&parts.saver, &peer.clips) {
        let carrier = Carrier {
            channel: Arc::clone(channel),
            spool: saver.spool(),
            consult,
            visit: saver.visit(),
            original,
            round_trip: round_trips,
            spare: held(uplink).spare(),
        };
        tasks.spawn(async move {
            carrier.run().await;
            // A relay that takes no clips is welcome; they stay here and the picture goes on.
            std::future::pending::<()>().await;
        });
    }
    tasks.spawn(async move {
        originals.run().await;
        // Nobody asks any more; the picture goes on.
        std::future::pending::<()>().await;
    });
    tasks.spawn(pass_on_keyframe_requests(track, Arc::clone(&parts.orders)));
    tasks.spawn(allow_padding(heard.subscribe(), Arc::clone(uplink)));
    let control = Control {
        consult,
        channel: Arc::clone(&peer.control),
        clock: parts.clock,
        stream: parts.stream.clone(),
        board: parts.board.clone(),
        last_sent,
        heard,
        originals: ask,
        saver: parts.saver.clone(),
        marks: parts.marks.clone(),
        scale: parts.scale.clone(),
        round_trip,
        uplink: Arc::clone(uplink),
    };
    tasks.spawn(async move {
        control.run().await;
        // A WHIP server without our control channel is welcome; the picture goes on without it.
        std::future::pending::<()>().await;
    });
    parts.orders.attach(outlet);
    parts.board.update(|status| {
        status.link = Link::Live {
            since: std::time::Instant::now(),
        }
    });
    tracing::info!("live: the picture goes out");
    watch_over(parts, peer, whip, &mut last_heard, &mut tasks, after).await
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "any start will do (RFC 3550 §5.1)"
)]
fn any_sequence() -> u16 {
    crate::backoff::random() as u16
}

/// Writes the low layer. Its end is no reason to end the publication.
async fn write_low(
    frames: mpsc::Receiver<CodedFrame>,
    track: Arc<dyn TrackLocal>,
    names: WireNames,
) {
    let packets = Packets::new(names, any_sequence());
    if let Err(error) = write_frames(frames, track, packets, LastSent::default()).await {
        tracing::warn!(error = %error, "packets of the low layer cannot be written any more");
    }
    std::future::pending::<()>().await;
}

async fn pass_on_keyframe_requests(track: Arc<dyn TrackLocal>, orders: Arc<crate::orders::Orders>) {
    // Only keyframe requests are marked for delivery, so any feedback is one.
    while let Some(TrackLocalEvent::OnRtcpPacket(_)) = track.poll().await {
        orders.request_keyframe();
    }
    // The track ends with the connection; the writer notices that.
    std::future::pending::<()>().await;
}

/// Whoever speaks on the control channel is our relay, which knows padding when it sees it.
async fn allow_padding(mut heard: watch::Receiver<Option<tokio::time::Instant>>, uplink: Shared) {
    if heard.wait_for(Option::is_some).await.is_ok() {
        held(&uplink).may_pad(std::time::Instant::now());
    }
    std::future::pending::<()>().await;
}
