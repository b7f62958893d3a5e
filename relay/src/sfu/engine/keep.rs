//! What happens because time passes: timeouts of connections, silence, repeated requests, reports.
//!
//! Owns the deadlines of the whole engine. Called by the loop when `next_timeout` has come, then `settle`.

use super::core::Engine;
use crate::sfu::event::{GoneReason, SfuEvent, StopReason};
use crate::sfu::limits::{
    CONNECT_WITHIN, FLOW_REPORT, HOUSEKEEPING, PEER_EXPIRES, PUBLISHER_SILENT,
};
use crate::sfu::net::route::PeerId;
use crate::sfu::picture::LayerName;
use std::time::Instant;
use wire::ConsultId;

impl Engine {
    /// When the engine wants to be called without a datagram.
    pub(crate) fn next_timeout(&self) -> Instant {
        let questions = self.asking.iter().map(|(at, _)| *at);
        let padding = self.padding.iter().map(|(at, _)| *at);
        questions
            .chain(padding)
            .chain(self.timers.next())
            .fold(self.housekeeping, Instant::min)
    }

    /// Time has come for somebody.
    pub(crate) fn take_timeout(&mut self, now: Instant) {
        while let Some(id) = self.timers.pop_due(now) {
            let Some(peer) = self.peers.get_mut(&id) else {
                continue;
            };
            match peer.guarded(|edge| edge.take_timeout(now)) {
                Ok(()) => self.mark(id),
                Err(_) => self.fault(now, id),
            }
        }
        let is_due = |(at, _): &mut (Instant, ConsultId)| *at <= now;
        let due: Vec<_> = self.asking.extract_if(.., is_due).collect();
        for (_, consult) in due {
            self.ask_publisher(now, consult);
        }
        let is_due = |(at, _): &&(Instant, PeerId)| *at <= now;
        let due: Vec<PeerId> = self
            .padding
            .iter()
            .filter(is_due)
            .map(|(_, id)| *id)
            .collect();
        for id in due {
            self.pad(now, id);
        }
        if self.housekeeping <= now {
            self.housekeeping = now + HOUSEKEEPING;
            self.keep_house(now);
        }
    }

    fn keep_house(&mut self, now: Instant) {
        let mut gone: Vec<(PeerId, GoneReason)> = Vec::new();
        let mut readers = Vec::new();
        for (id, peer) in &self.peers {
            if !peer.connected && now.saturating_duration_since(peer.since) > CONNECT_WITHIN {
                gone.push((*id, GoneReason::NeverConnected));
            } else if now.saturating_duration_since(peer.heard) > PEER_EXPIRES {
                gone.push((*id, GoneReason::Expired));
            }
            // Messages may wait that were not read while the queue of events was full.
            if peer.publisher().is_some_and(|publisher| publisher.has_data) {
                readers.push(*id);
            }
        }
        for (id, reason) in gone {
            self.remove(now, id, reason);
        }
        self.notice_voices(now);
        if self.takes_data() {
            readers.into_iter().for_each(|id| self.mark(id));
        }
        let consults: Vec<ConsultId> = self.streams.keys().copied().collect();
        for consult in consults {
            self.notice_silence(now, consult);
            self.report_flow(now, consult);
            self.look_at_links(now, consult);
            // Viewers that fell silent or came back change without a packet.
            self.touch(consult);
        }
    }

    fn notice_silence(&mut self, now: Instant, consult: ConsultId) {
        let Some(live) = self.streams.get_mut(&consult).and_then(|s| s.live.as_mut()) else {
            return;
        };
        let heard = self.peers.get(&live.peer).map(|peer| peer.heard);
        let silent = heard.is_none_or(|at| now.saturating_duration_since(at) > PUBLISHER_SILENT);
        if silent && std::mem::replace(&mut live.announced, false) {
            let event = SfuEvent::StreamStopped {
                consult,
                stream: live.stream,
                session: live.session,
                reason: StopReason::Silent,
            };
            self.tell(event);
            // It stopped anywhere in a frame, and what it sent meanwhile is lost.
            for layer in [LayerName::Full, LayerName::Low] {
                self.pause_viewers(consult, layer);
            }
        }
    }

    fn report_flow(&mut self, now: Instant, consult: ConsultId) {
        let Some(stream) = self.streams.get_mut(&consult) else {
            return;
        };
        let Some(live) = stream.live.filter(|live| live.announced) else {
            return;
        };
        let Some(flow) = stream.take_flow(now, FLOW_REPORT) else {
            return;
        };
        let event = SfuEvent::PictureFlow {
            consult,
            stream: live.stream,
            span: now.saturating_duration_since(flow.since),
            frames: flow.frames,
            keyframes: flow.keyframes,
            packets: flow.packets,
            bytes: flow.bytes,
            lost: stream.full.gaps.take_lost(),
            last_rtp_time: stream.newest(),
        };
        self.tell(event);
    }
}
