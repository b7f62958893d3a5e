//! From a stream to its viewers.
//!
//! Owns the hot path: one burst of packets, each viewer in turn, all its packets written and then drained once, so that
//! its datagrams stand together for one system call; they are flushed every few viewers, while they are warm in the
//! cache and their memory can be used again. Nothing is logged or locked here. Also answers reports of loss and
//! passes requests up to the publisher.

use super::core::{Engine, Flush, Outgoing};
use super::stream::Stream;
use super::turn::{Joins, Turn, turn};
use crate::sfu::net::route::PeerId;
use crate::sfu::picture::LayerName;
use std::time::Instant;
use wire::ConsultId;

/// Datagrams that leave together: about five viewers' share of a frame, 70 kB, well inside a core's own cache.
const FLUSH_AT: usize = 64;

impl Engine {
    /// Forwards what came in since the last time, and asks for what is missing.
    pub(super) fn forward(&mut self, now: Instant, consult: ConsultId, flush: &mut Flush<'_>) {
        let mut faulted = Vec::new();
        if let Some(stream) = self.streams.get_mut(&consult) {
            stream.touched = false;
            let joins = Joins::of(now, stream);
            let mut waits = [false; 2];
            for at in 0..stream.viewers.len() {
                let Some(id) = stream.viewers.get(at).copied() else {
                    break;
                };
                let Some(peer) = self.peers.get_mut(&id) else {
                    continue;
                };
                self.stats.turns += 1;
                match turn(now, peer, stream, &joins, &mut self.out) {
                    Turn::Idle => {}
                    Turn::Waits(layer) => note(&mut waits, layer),
                    Turn::Wrote {
                        packets,
                        lost,
                        began,
                        waits: layer,
                    } => {
                        self.stats.packets_out += packets;
                        self.stats.lost_inside += lost;
                        self.stats.joined_from_cache += u64::from(began);
                        if let Some(layer) = layer {
                            note(&mut waits, layer);
                        }
                    }
                    Turn::Faulted => faulted.push(id),
                }
                if self.out.len() >= FLUSH_AT {
                    flush(&mut self.out, &mut self.stats);
                }
            }
            end_burst(stream, waits);
        }
        for id in faulted {
            self.fault(now, id);
        }
        self.ask_publisher(now, consult);
    }

    /// Sends due keyframe requests and reports of loss to the publisher, and notes when to ask again.
    pub(super) fn ask_publisher(&mut self, now: Instant, consult: ConsultId) {
        self.ask(now, consult);
        let next = self
            .streams
            .get(&consult)
            .and_then(|stream| stream.next_question(now));
        let Some(next) = next else { return };
        // Streams that wait are few, and the wait is short.
        match self.asking.iter_mut().find(|(_, waits)| *waits == consult) {
            Some((at, _)) => *at = next,
            None => self.asking.push((next, consult)),
        }
    }

    fn ask(&mut self, now: Instant, consult: ConsultId) {
        for name in [LayerName::Full, LayerName::Low] {
            self.ask_for(now, consult, name);
        }
    }

    fn ask_for(&mut self, now: Instant, consult: ConsultId, name: LayerName) {
        let Some(stream) = self.streams.get_mut(&consult) else {
            return;
        };
        let Some(live) = stream.live else { return };
        let Some(layer) = stream.layer_mut(name) else {
            return;
        };
        let missing: Vec<u16> = layer
            .gaps
            .due(now)
            .into_iter()
            .filter_map(|number| layer.publishers_seq(number))
            .collect();
        if layer.repair_failed() {
            layer.keyframes.want();
        }
        let keyframe = layer.keyframes.ask(now);
        if !keyframe && missing.is_empty() {
            return;
        }
        let ssrc = layer.ssrc;
        self.stats.keyframes_asked += u64::from(keyframe);
        self.stats.asked_again += missing.len() as u64;
        let Some(peer) = self.peers.get_mut(&live.peer) else {
            return;
        };
        let path = peer.ice.path();
        let out = &mut self.out;
        let asked = peer.guarded_publisher(|edge| {
            if keyframe {
                edge.ask_keyframe(now, ssrc);
            }
            if !missing.is_empty() {
                edge.ask_again(now, ssrc, &missing);
            }
            while let Some(bytes) = edge.poll_datagram() {
                out.extend(path.map(|path| Outgoing { path, bytes }));
            }
        });
        if asked.is_err() {
            self.fault(now, live.peer);
        }
    }

    /// Answers a viewer's report of loss from the cache.
    pub(super) fn retransmit(&mut self, now: Instant, id: PeerId, missing: &[u16]) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        let Some(stream) = self.streams.get(&peer.consult) else {
            return;
        };
        let path = peer.ice.path();
        let out = &mut self.out;
        let sent = peer.guarded_viewer(|viewer| {
            let (mut sent, mut lost) = (0, 0);
            let Some(layer) = stream.layer(viewer.layer) else {
                return (0, 0);
            };
            for seq in missing {
                let number = viewer.leg.stream_seq(*seq);
                let Some(packet) = number.and_then(|number| layer.cache.get(number)) else {
                    continue;
                };
                if !viewer.retransmits.take(now) {
                    break;
                }
                lost += u64::from(!viewer.write_again(now, packet));
                sent += 1;
            }
            while let Some(bytes) = viewer.edge.poll_datagram() {
                out.extend(path.map(|path| Outgoing { path, bytes }));
            }
            (sent, lost)
        });
        match sent {
            Ok(Some((sent, lost))) => {
                self.stats.retransmitted += sent;
                self.stats.packets_out += sent;
                self.stats.lost_inside += lost;
            }
            Ok(None) => {}
            Err(_) => self.fault(now, id),
        }
    }
}

fn note(waits: &mut [bool; 2], layer: LayerName) {
    if let Some(waits) = waits.get_mut(layer as usize) {
        *waits = true;
    }
}

/// Everybody had the burst; those who wait for a keyframe are one request.
fn end_burst(stream: &mut Stream, waits: [bool; 2]) {
    for (name, waits) in [LayerName::Full, LayerName::Low].into_iter().zip(waits) {
        if let Some(layer) = stream.layer_mut(name) {
            layer.burst.clear();
            if waits {
                layer.keyframes.want();
            }
        }
    }
}
