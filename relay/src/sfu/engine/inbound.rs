//! From the network into the engine: datagrams to peers, and what peers make of them.
//!
//! Owns the way in. STUN goes by the name we chose, everything else by an address that passed a check; viewers' RTP and
//! undeclared sources end here, before any decryption. Called by the loop for each datagram, then `settle` once for the
//! whole batch.

use super::core::{Engine, Flush, Outgoing};
use super::peer::{Peer, Role};
use super::stream::{Stream, Taken};
use crate::sfu::edge::{BackfillPart, ClipPart, EdgeEvent, OriginalPart, RtpIn};
use crate::sfu::event::{GoneReason, SfuEvent, StopReason};
use crate::sfu::limits::{MAX_DATAGRAM_BYTES, MAX_TEXTS_AT_ONCE};
use crate::sfu::net::ice::{Check, Path};
use crate::sfu::net::route::{Kind, PeerId};
use crate::sfu::net::stun::Request;
use crate::sfu::picture::LayerName;
use bytes::BytesMut;
use std::time::Instant;

impl Engine {
    /// Takes a datagram that arrives now.
    pub(crate) fn take_datagram(&mut self, now: Instant, from: Path, datagram: &[u8]) {
        self.take_arrived(now, now, from, datagram);
    }

    /// Takes a datagram that arrived a little before. Only media cares: its publisher is told when it came (TWCC), and judges
    /// the link by it.
    pub(crate) fn take_arrived(
        &mut self,
        now: Instant,
        arrived: Instant,
        from: Path,
        datagram: &[u8],
    ) {
        self.stats.datagrams_in += 1;
        if datagram.len() > MAX_DATAGRAM_BYTES {
            self.stats.dropped_oversize += 1;
            return;
        }
        let kind = Kind::of(datagram);
        if kind == Kind::Stun {
            self.take_stun(now, from, datagram);
            return;
        }
        let Some(id) = self.router.by_address(from.origin()) else {
            self.stats.dropped_unknown += 1;
            return;
        };
        if self.admits(id, kind, datagram) {
            let is_media = matches!(kind, Kind::Rtp(_));
            let arrived = if is_media { arrived } else { now };
            self.take_secured(now, arrived, id, from, datagram);
        }
    }

    fn take_stun(&mut self, now: Instant, from: Path, datagram: &[u8]) {
        let request = Request::read(datagram);
        let named = request.and_then(|request| {
            let id = self.router.by_name(request.local_name()?)?;
            Some((request, id))
        });
        let Some((request, id)) = named else {
            self.stats.dropped_stun += 1;
            return;
        };
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        let Check::Passed {
            answer,
            learnt,
            forgotten,
        } = peer.ice.take_check(now, from, &request)
        else {
            self.stats.dropped_stun += 1;
            return;
        };
        peer.heard = now;
        self.out.push(Outgoing {
            path: from,
            bytes: BytesMut::from(&answer[..]),
        });
        if let Some(address) = forgotten {
            self.router.forget(address, id);
        }
        if learnt {
            let (consult, is_new_viewer) = (peer.consult, peer.is_viewer() && !peer.connected);
            self.router.learn(from.origin(), id);
            // The keyframe is on its way while DTLS still talks.
            if is_new_viewer && let Some(stream) = self.streams.get_mut(&consult) {
                if stream.full.cache.join_point(now).is_none() {
                    stream.full.keyframes.want();
                }
                self.touch(consult);
            }
        }
    }

    /// A connection that carried datagrams has ended.
    pub(crate) fn lose_way(&mut self, way: Path) {
        let origin = way.origin();
        if let Some(id) = self.router.by_address(origin) {
            self.router.forget(origin, id);
            if let Some(peer) = self.peers.get_mut(&id) {
                peer.ice.lose(origin);
            }
        }
    }

    /// Whether a datagram may reach the connection's decryption.
    fn admits(&mut self, id: PeerId, kind: Kind, datagram: &[u8]) -> bool {
        let Some(peer) = self.peers.get_mut(&id) else {
            return false;
        };
        match (kind, &mut peer.role) {
            (Kind::Dtls, _) => {
                let admits = peer.handshake.admits(datagram, peer.connected);
                self.stats.dropped_handshake += u64::from(!admits);
                admits
            }
            (Kind::Rtp(_), Role::Viewer(_)) => {
                self.stats.dropped_viewer_rtp += 1;
                false
            }
            (Kind::Rtp(ssrc), Role::Publisher(publisher)) => {
                let admits = publisher.sources.admits(ssrc);
                self.stats.dropped_undeclared += u64::from(!admits);
                admits
            }
            (Kind::Rtp(ssrc), Role::Talker(talker)) => {
                let admits = talker.voice.is_some() && talker.sources.admits(ssrc);
                self.stats.dropped_undeclared += u64::from(!admits);
                admits
            }
            (Kind::Rtcp(ssrc), _) => {
                let admits = peer.rtcp_sources.admits(ssrc);
                self.stats.dropped_undeclared += u64::from(!admits);
                admits
            }
            (Kind::Stun | Kind::Junk, _) => {
                self.stats.dropped_unknown += 1;
                false
            }
        }
    }

    fn take_secured(
        &mut self,
        now: Instant,
        arrived: Instant,
        id: PeerId,
        from: Path,
        datagram: &[u8],
    ) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        peer.heard = now;
        let bytes = BytesMut::from(datagram);
        match peer.guarded(|edge| edge.take_datagram(arrived, bytes)) {
            Ok(authentic) => {
                if authentic {
                    peer.ice.heard(now, from.origin());
                }
                self.mark(id);
            }
            Err(_) => self.fault(now, id),
        }
    }

    /// Brings everything that was taken to its end: drains peers, forwards packets, asks for what is missing. `flush`
    /// empties the list of datagrams; it is called in between, so that they leave while they are warm in the cache.
    pub(crate) fn settle(&mut self, now: Instant, flush: &mut Flush<'_>) {
        // Draining one peer may mark another (a keyframe request, a goodbye); it ends because marks need datagrams.
        while let Some(id) = self.dirty.pop() {
            self.drain(now, id);
        }
        while let Some(consult) = self.touched.pop() {
            self.forward(now, consult, flush);
        }
        flush(&mut self.out, &mut self.stats);
    }

    /// Empties one peer.
    fn drain(&mut self, now: Instant, id: PeerId) {
        let takes_data = self.takes_data();
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        peer.dirty = false;
        let path = peer.ice.path();
        let (mut events, mut texts) = (Vec::new(), 0);
        let out = &mut self.out;
        let drained = peer.guarded(|edge| {
            loop {
                while let Some(bytes) = edge.poll_datagram() {
                    out.extend(path.map(|path| Outgoing { path, bytes }));
                }
                match edge.poll_event(takes_data && texts < MAX_TEXTS_AT_ONCE) {
                    Some(event) => {
                        let is_data = matches!(
                            event,
                            EdgeEvent::ControlText(_)
                                | EdgeEvent::Original(_)
                                | EdgeEvent::Clip(_)
                                | EdgeEvent::Backfill(_)
                        );
                        texts += usize::from(is_data);
                        events.push(event);
                    }
                    None => return edge.next_timeout(),
                }
            }
        });
        match drained {
            Ok(Some(at)) => self.timers.set(id, at),
            Ok(None) => {}
            Err(_) => {
                self.fault(now, id);
                return;
            }
        }
        for event in events {
            self.on_event(now, id, event);
        }
    }

    /// One match, each arm one call.
    fn on_event(&mut self, now: Instant, id: PeerId, event: EdgeEvent) {
        match event {
            EdgeEvent::Rtp(rtp) => self.on_rtp(now, id, rtp),
            EdgeEvent::Connected => self.on_connected(id),
            EdgeEvent::Closed { in_order } => self.on_closed(now, id, in_order),
            EdgeEvent::KeyframeWanted => self.on_keyframe_wanted(now, id),
            EdgeEvent::Missing(missing) => self.retransmit(now, id, &missing),
            EdgeEvent::Reception(reception) => self.on_reception(now, id, reception),
            EdgeEvent::Arrivals(arrivals) => self.on_arrivals(now, id, &arrivals),
            EdgeEvent::ControlOpen => self.on_control_open(id),
            EdgeEvent::ControlText(text) => self.on_control_text(id, text),
            EdgeEvent::Original(part) => self.on_original(id, part),
            EdgeEvent::Clip(part) => self.on_clip(id, part),
            EdgeEvent::Backfill(part) => self.on_backfill(id, part),
            EdgeEvent::DataRefused => self.stats.dropped_data += 1,
        }
    }

    fn on_connected(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        peer.connected = true;
        let (consult, session) = (peer.consult, peer.session);
        match &peer.role {
            Role::Viewer(_) => {
                self.tell(SfuEvent::WatcherConnected { consult, session });
                self.touch(consult);
            }
            Role::Talker(talker) => {
                let speaks = talker.voice.is_some();
                self.tell(SfuEvent::TalkerConnected {
                    consult,
                    session,
                    speaks,
                });
            }
            Role::Publisher(_) => {}
        }
    }

    fn on_closed(&mut self, now: Instant, id: PeerId, in_order: bool) {
        let reason = if in_order {
            GoneReason::ClosedByPeer
        } else {
            GoneReason::Fault
        };
        self.remove(now, id, reason);
    }

    fn on_control_open(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get(&id) else {
            return;
        };
        if let Some(publisher) = peer.publisher() {
            let event = SfuEvent::ControlOpen {
                consult: peer.consult,
                stream: publisher.stream,
                session: peer.session,
            };
            self.tell(event);
        }
    }

    fn on_control_text(&mut self, id: PeerId, text: String) {
        let Some(peer) = self.peers.get(&id) else {
            return;
        };
        if let Some(publisher) = peer.publisher() {
            let event = SfuEvent::ControlMessage {
                consult: peer.consult,
                stream: publisher.stream,
                session: peer.session,
                text,
            };
            self.tell(event);
        }
    }

    fn on_original(&mut self, id: PeerId, part: OriginalPart) {
        let Some(peer) = self.peers.get(&id) else {
            return;
        };
        if let Some(publisher) = peer.publisher() {
            let event = SfuEvent::Original {
                consult: peer.consult,
                stream: publisher.stream,
                session: peer.session,
                part,
            };
            self.tell(event);
        }
    }

    fn on_clip(&mut self, id: PeerId, part: ClipPart) {
        let Some(peer) = self.peers.get(&id) else {
            return;
        };
        if let Some(publisher) = peer.publisher() {
            let event = SfuEvent::Clip {
                consult: peer.consult,
                stream: publisher.stream,
                session: peer.session,
                part,
            };
            self.tell(event);
        }
    }

    fn on_backfill(&mut self, id: PeerId, part: BackfillPart) {
        let Some(peer) = self.peers.get(&id) else {
            return;
        };
        if let Some(publisher) = peer.publisher() {
            let event = SfuEvent::Backfill {
                consult: peer.consult,
                stream: publisher.stream,
                session: peer.session,
                part,
            };
            self.tell(event);
        }
    }

    fn on_rtp(&mut self, now: Instant, id: PeerId, rtp: RtpIn) {
        let Some(peer) = self.peers.get(&id) else {
            return;
        };
        let (consult, session) = (peer.consult, peer.session);
        let Some(publisher) = peer.publisher() else {
            self.on_voice(now, id, &rtp);
            return;
        };
        let (stream, ids) = (publisher.stream, publisher.extensions);
        let low = publisher.low_ssrc;
        let terms = (publisher.codec, publisher.has_data, low);
        self.stats.packets_in += 1;
        let live = self.streams.get(&consult).and_then(|stream| stream.live);
        match live {
            Some(live) if live.peer == id => {}
            // A publication that was replaced still has packets on the way.
            Some(live) if live.peer > id => return,
            // A publication begins with its picture.
            _ if low == Some(rtp.ssrc) => return,
            old => {
                if let Some(old) = old {
                    self.stop_stream(consult, old.peer, StopReason::Replaced);
                    self.remove(now, old.peer, GoneReason::Replaced);
                }
                let tap = self.peers.get(&id).and_then(Peer::publisher);
                let tap = tap.and_then(|publisher| publisher.tap.clone());
                let entry = self.streams.entry(consult);
                let entry = entry.or_insert_with(|| Stream::new(now));
                entry.begin(now, (id, session, stream), terms, &rtp);
                entry.record_with(tap);
                self.start_over(now, consult);
            }
        }
        let Some(entry) = self.streams.get_mut(&consult) else {
            return;
        };
        if let Taken::AfterBreak(layer) = entry.take(now, rtp, ids) {
            self.pause_viewers(consult, layer);
        }
        self.announce(consult);
        self.touch(consult);
    }

    /// Viewers of a new publication wait for its first keyframe; those who cannot decode it must join again.
    fn start_over(&mut self, now: Instant, consult: wire::ConsultId) {
        let Some(stream) = self.streams.get(&consult) else {
            return;
        };
        let Some(live) = stream.live else { return };
        let mut misfits = Vec::new();
        for viewer in &stream.viewers {
            let Some(peer) = self.peers.get_mut(viewer) else {
                continue;
            };
            if let Role::Viewer(role) = &mut peer.role {
                role.leg.pause();
                role.layer = LayerName::Full;
                role.behind.clear();
                if !role.codec.continues_as(live.codec) {
                    misfits.push(*viewer);
                }
            }
        }
        for viewer in misfits {
            self.remove(now, viewer, GoneReason::CodecChanged);
        }
    }

    /// What follows in a layer cannot be decoded: its viewers wait for the next keyframe, and their numbering goes on from there.
    pub(super) fn pause_viewers(&mut self, consult: wire::ConsultId, name: LayerName) {
        let Some(stream) = self.streams.get_mut(&consult) else {
            return;
        };
        if let Some(layer) = stream.layer_mut(name) {
            layer.keyframes.want();
        }
        for viewer in &stream.viewers {
            let viewer = self.peers.get_mut(viewer).and_then(Peer::viewer_mut);
            if let Some(viewer) = viewer.filter(|viewer| viewer.layer == name) {
                viewer.leg.pause();
                viewer.behind.clear();
            }
        }
    }

    /// Tells that a picture runs, once per publication and again after a silence.
    fn announce(&mut self, consult: wire::ConsultId) {
        let Some(stream) = self.streams.get_mut(&consult) else {
            return;
        };
        let Some(live) = stream.live.as_mut() else {
            return;
        };
        if !std::mem::replace(&mut live.announced, true) {
            // What was asked of it while it was silent it did not hear.
            stream.full.keyframes.reset();
            let event = SfuEvent::StreamStarted {
                consult,
                stream: live.stream,
                session: live.session,
                codec: live.codec.kind(),
                ours: live.ours,
                rtp_offset: live.rtp_offset,
            };
            self.tell(event);
        }
    }
}
