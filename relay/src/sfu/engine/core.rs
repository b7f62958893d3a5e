//! The engine's state, and what the rest of the relay asks of it: add, patch, close, send, count.
//!
//! Owns all peers and streams. It forwards nothing here: that is `inbound`, `forward` and `keep`, on the same state.
//! Invariant: a peer is in `peers`, `sessions` and the router together or not at all; `remove` is the only way out.

use super::peer::{NewPeer, NewRole, Peer, Role};
use super::stream::Stream;
use crate::sfu::edge::Channel;
use crate::sfu::error::{OfferError, SfuError};
use crate::sfu::event::{GoneReason, MediaSessionId, SfuEvent, SfuStats, StopReason};
use crate::sfu::limits::{HOUSEKEEPING, MAX_CANDIDATES, MAX_QUEUED_EVENTS};
use crate::sfu::net::ice::{LineId, Path, Via};
use crate::sfu::net::route::{PeerId, Router};
use crate::sfu::net::timers::Timers;
use crate::sfu::sdp::codec::Codec;
use crate::sfu::sdp::fragment::Fragment;
use crate::sfu::sdp::offer::Credentials;
use bytes::BytesMut;
use std::collections::{HashMap, VecDeque};
use std::time::Instant;
use wire::ConsultId;

/// A datagram for the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outgoing {
    /// Where to, and from which address of ours.
    pub(crate) path: Path,
    /// Its bytes.
    pub(crate) bytes: BytesMut,
}

/// Gives datagrams to the network and empties the list, counting what came of it.
pub(crate) type Flush<'a> = dyn FnMut(&mut Vec<Outgoing>, &mut SfuStats) + 'a;

/// The engine.
pub(crate) struct Engine {
    /// Most peers at the same time.
    max_peers: usize,
    /// All peers.
    pub(super) peers: HashMap<PeerId, Peer>,
    /// Their sessions.
    sessions: HashMap<MediaSessionId, PeerId>,
    /// Whose datagram it is.
    pub(super) router: Router,
    /// When each peer wants to be called.
    pub(super) timers: Timers,
    /// Pictures by consult.
    pub(super) streams: HashMap<ConsultId, Stream>,
    /// Those who speak or listen, by consult, in the order of coming.
    pub(super) voices: HashMap<ConsultId, Vec<PeerId>>,
    /// Peers to drain.
    pub(super) dirty: Vec<PeerId>,
    /// Streams to forward.
    pub(super) touched: Vec<ConsultId>,
    /// Streams that wait for something from their publisher, and when to ask again.
    pub(super) asking: Vec<(Instant, ConsultId)>,
    /// Viewers to whom padding is due, and when.
    pub(super) padding: Vec<(Instant, PeerId)>,
    /// Datagrams for the network.
    pub(super) out: Vec<Outgoing>,
    /// Connections whose peer is gone.
    left: Vec<LineId>,
    /// Events for the relay.
    events: VecDeque<SfuEvent>,
    /// Counters.
    pub(super) stats: SfuStats,
    /// Next look at silence and statistics.
    pub(super) housekeeping: Instant,
    next_id: u64,
}

impl Engine {
    /// An engine without peers.
    pub(crate) fn new(now: Instant, max_peers: usize) -> Self {
        Self {
            max_peers,
            peers: HashMap::new(),
            sessions: HashMap::new(),
            router: Router::default(),
            timers: Timers::default(),
            streams: HashMap::new(),
            voices: HashMap::new(),
            dirty: Vec::new(),
            touched: Vec::new(),
            asking: Vec::new(),
            padding: Vec::new(),
            out: Vec::new(),
            left: Vec::new(),
            events: VecDeque::new(),
            stats: SfuStats::default(),
            housekeeping: now + HOUSEKEEPING,
            next_id: 0,
        }
    }

    /// The codec that viewers of a consult need, while somebody publishes there.
    pub(crate) fn codec(&self, consult: ConsultId) -> Option<Codec> {
        let live = self.streams.get(&consult)?.live.as_ref()?;
        live.announced.then_some(live.codec)
    }

    /// Adds a peer.
    ///
    /// # Errors
    /// Too many peers, the session exists, or the stream of a viewer has gone or changed meanwhile.
    pub(crate) fn add(&mut self, now: Instant, new: NewPeer) -> Result<(), SfuError> {
        if self.peers.len() >= self.max_peers {
            return Err(SfuError::TooManyPeers);
        }
        if self.sessions.contains_key(&new.session) {
            return Err(SfuError::SessionExists);
        }
        let id = PeerId(self.next_id);
        if let NewRole::Talker { speaks, .. } = &new.role {
            self.sit_in(new.consult, id, *speaks)?;
        }
        if let NewRole::Viewer { codec, .. } = &new.role {
            if !self
                .codec(new.consult)
                .is_some_and(|live| codec.continues_as(live))
            {
                return Err(SfuError::NoStream);
            }
            let stream = self.streams.entry(new.consult);
            stream.or_insert_with(|| Stream::new(now)).viewers.push(id);
        }
        self.next_id += 1;
        self.sessions.insert(new.session, id);
        self.router.name(new.ice.local_name(), id);
        self.peers.insert(id, Peer::new(now, new));
        self.mark(id);
        Ok(())
    }

    /// A fragment came for a session. `fresh` are the credentials to use if it restarts ICE; they come back with the mid
    /// to answer for when they are taken.
    ///
    /// # Errors
    /// The session is unknown or has had too many candidates.
    pub(crate) fn patch(
        &mut self,
        session: MediaSessionId,
        fragment: Fragment,
        fresh: Credentials,
    ) -> Result<Option<(String, Credentials)>, SfuError> {
        let id = self.id(session)?;
        let peer = self.peers.get_mut(&id).ok_or(SfuError::NoSession)?;
        let restart = fragment
            .credentials
            .filter(|remote| !peer.ice.is_current(remote));
        // A restart begins a new generation of candidates (RFC 8838 §14).
        let before = restart.as_ref().map_or(peer.candidates, |_| 0);
        if before + fragment.candidates > MAX_CANDIDATES {
            return Err(SfuError::Fragment(OfferError::TooMany("candidates")));
        }
        peer.candidates = before + fragment.candidates;
        let Some(remote) = restart else {
            return Ok(None);
        };
        self.router.unname(peer.ice.local_name());
        self.router.name(&fresh.ufrag, id);
        peer.ice.restart(fresh.clone(), remote);
        Ok(Some((peer.mid.clone(), fresh)))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// It is unknown.
    pub(crate) fn close(&mut self, now: Instant, session: MediaSessionId) -> Result<(), SfuError> {
        let id = self.id(session)?;
        self.remove(now, id, GoneReason::Deleted);
        Ok(())
    }

    /// Ends all sessions.
    pub(crate) fn shutdown(&mut self, now: Instant) {
        let all: Vec<PeerId> = self.peers.keys().copied().collect();
        for id in all {
            self.remove(now, id, GoneReason::Shutdown);
        }
    }

    /// Sends a text on a publisher's channel.
    ///
    /// # Errors
    /// The session is unknown, its channel is not open, or too much waits in it.
    pub(crate) fn send_text(
        &mut self,
        now: Instant,
        session: MediaSessionId,
        channel: Channel,
        text: &str,
    ) -> Result<(), SfuError> {
        let id = self.id(session)?;
        let peer = self.peers.get_mut(&id).ok_or(SfuError::NoSession)?;
        let sent = peer.guarded_publisher(|edge| edge.send_text(now, channel, text));
        match sent {
            Ok(Some(sent)) => {
                self.mark(id);
                sent.map_err(SfuError::SendText)
            }
            Ok(None) => Err(SfuError::NoSession),
            Err(_) => {
                self.fault(now, id);
                Err(SfuError::NoSession)
            }
        }
    }

    /// Counters and present size.
    pub(crate) fn stats(&self) -> SfuStats {
        let count =
            |is: fn(&Peer) -> bool| self.peers.values().filter(|peer| is(peer)).count() as u64;
        SfuStats {
            viewers: count(Peer::is_viewer),
            publishers: count(|peer| peer.publisher().is_some()),
            talkers: count(|peer| peer.talker().is_some()),
            streams: self.streams.len() as u64,
            ..self.stats.clone()
        }
    }

    /// Counters that the network side keeps.
    pub(crate) fn stats_mut(&mut self) -> &mut SfuStats {
        &mut self.stats
    }

    /// Connections whose peer is gone since this was asked last: they are to be ended.
    pub(crate) fn take_left(&mut self) -> Vec<LineId> {
        std::mem::take(&mut self.left)
    }

    /// The next event.
    pub(crate) fn poll_event(&mut self) -> Option<SfuEvent> {
        self.events.pop_front()
    }

    /// An event that could not be handed over yet goes back to the front.
    pub(crate) fn unpoll_event(&mut self, event: SfuEvent) {
        self.events.push_front(event);
    }

    /// Notes an event. Statistics are dropped when nobody reads; what happened to a session is always told, and there
    /// are only so many sessions.
    pub(super) fn tell(&mut self, event: SfuEvent) {
        let crowded = self.events.len() >= MAX_QUEUED_EVENTS;
        if crowded && matches!(event, SfuEvent::PictureFlow { .. }) {
            self.stats.dropped_events += 1;
        } else {
            self.events.push_back(event);
        }
    }

    /// Whether control messages may be read: half the queue is kept free for what must be told.
    pub(super) fn takes_data(&self) -> bool {
        self.events.len() < MAX_QUEUED_EVENTS / 2
    }

    /// A peer wants to be drained.
    pub(super) fn mark(&mut self, id: PeerId) {
        if let Some(peer) = self.peers.get_mut(&id)
            && !std::mem::replace(&mut peer.dirty, true)
        {
            self.dirty.push(id);
        }
    }

    /// A stream wants to be forwarded.
    pub(super) fn touch(&mut self, consult: ConsultId) {
        if let Some(stream) = self.streams.get_mut(&consult)
            && !std::mem::replace(&mut stream.touched, true)
        {
            self.touched.push(consult);
        }
    }

    fn id(&self, session: MediaSessionId) -> Result<PeerId, SfuError> {
        self.sessions
            .get(&session)
            .copied()
            .ok_or(SfuError::NoSession)
    }

    /// A connection's code panicked: the peer goes, nobody else notices.
    pub(super) fn fault(&mut self, now: Instant, id: PeerId) {
        self.stats.faults += 1;
        self.remove(now, id, GoneReason::Fault);
    }

    /// Takes a peer out of everything and says goodbye to it.
    pub(super) fn remove(&mut self, now: Instant, id: PeerId, reason: GoneReason) {
        let Some(mut peer) = self.peers.remove(&id) else {
            return;
        };
        self.sessions.remove(&peer.session);
        self.timers.remove(id);
        self.padding.retain(|(_, padded)| *padded != id);
        self.router.unname(peer.ice.local_name());
        for origin in peer.ice.known() {
            self.router.forget(origin, id);
            if let Via::Tcp(line) = origin.via {
                self.left.push(line);
            }
        }
        let silent = matches!(reason, GoneReason::Fault | GoneReason::Expired);
        if let (false, Some(path)) = (silent, peer.ice.path()) {
            let out = &mut self.out;
            let _ = peer.guarded(|edge| {
                edge.close(now);
                while let Some(bytes) = edge.poll_datagram() {
                    out.push(Outgoing { path, bytes });
                }
            });
        }
        // What a faulty connection does when it is dropped must not take the others along either.
        self.tell_gone(id, &peer, reason);
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || drop(peer)));
    }

    fn tell_gone(&mut self, id: PeerId, peer: &Peer, reason: GoneReason) {
        let (consult, session) = (peer.consult, peer.session);
        match &peer.role {
            Role::Viewer(viewer) => {
                if let Some(stream) = self.streams.get_mut(&consult) {
                    stream.viewers.retain(|viewer| *viewer != id);
                }
                if viewer.told_low {
                    let low = false;
                    self.tell(SfuEvent::WatcherLayer {
                        consult,
                        session,
                        low,
                    });
                }
                self.tell(SfuEvent::WatcherGone {
                    consult,
                    session,
                    reason,
                });
            }
            Role::Talker(_) => {
                self.stand_up(consult, id);
                self.tell(SfuEvent::TalkerGone {
                    consult,
                    session,
                    reason,
                });
            }
            Role::Publisher(_) => {
                self.stop_stream(consult, id, stop_reason(reason));
                self.tell(SfuEvent::PublisherGone {
                    consult,
                    session,
                    reason,
                });
            }
        }
        if self.streams.get(&consult).is_some_and(Stream::is_idle) {
            self.streams.remove(&consult);
        }
    }

    /// Ends a consult's publication if this peer makes it.
    pub(super) fn stop_stream(&mut self, consult: ConsultId, id: PeerId, reason: StopReason) {
        let Some(stream) = self.streams.get_mut(&consult) else {
            return;
        };
        if stream.live.is_none_or(|live| live.peer != id) {
            return;
        }
        if let Some(live) = stream.end()
            && live.announced
        {
            self.tell(SfuEvent::StreamStopped {
                consult,
                stream: live.stream,
                session: live.session,
                reason,
            });
        }
    }

    /// Sizes of the tables, to see that nothing is left behind.
    #[cfg(test)]
    pub(crate) fn table_sizes(&self) -> [usize; 6] {
        let (names, addresses) = self.router.len();
        [
            self.peers.len(),
            self.sessions.len(),
            names,
            addresses,
            self.streams.len(),
            self.voices.len(),
        ]
    }
}

const fn stop_reason(reason: GoneReason) -> StopReason {
    match reason {
        GoneReason::Deleted | GoneReason::ClosedByPeer | GoneReason::Shutdown => StopReason::Closed,
        GoneReason::Replaced => StopReason::Replaced,
        GoneReason::Expired => StopReason::Silent,
        GoneReason::NeverConnected | GoneReason::CodecChanged | GoneReason::Fault => {
            StopReason::Failed
        }
    }
}
