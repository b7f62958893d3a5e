//! From a stream to its viewers.
//!
//! Owns the hot path: one burst of packets, each viewer in turn, all its packets written and then drained once, so that
//! its datagrams stand together for one system call; they are flushed every few viewers, while they are warm in the
//! cache and their memory can be used again. Nothing is logged or locked here. Also answers reports of loss and
//! passes requests up to the publisher.

use super::core::{Engine, Flush, Outgoing};
use super::peer::Role;
use super::stream::Stream;
use crate::sfu::limits::VIEWER_SILENT;
use crate::sfu::net::route::PeerId;
use crate::sfu::picture::Packet;
use std::time::Instant;
use wire::ConsultId;

/// Datagrams that leave together: about five viewers' share of a frame, 70 kB, well inside a core's own cache.
const FLUSH_AT: usize = 64;

/// What one viewer's turn came to.
enum Turn {
    /// Nothing to send.
    Idle,
    /// It needs a keyframe.
    Waits,
    /// So many packets were written, so many lost inside; it began with this burst.
    Wrote {
        packets: u64,
        lost: u64,
        began: bool,
    },
    /// Its connection's code failed.
    Faulted,
}

impl Engine {
    /// Forwards what came in since the last time, and asks for what is missing.
    pub(super) fn forward(&mut self, now: Instant, consult: ConsultId, flush: &mut Flush<'_>) {
        let mut faulted = Vec::new();
        if let Some(stream) = self.streams.get_mut(&consult) {
            stream.touched = false;
            let join = stream.cache.join_point(now);
            let mut waiting = false;
            for at in 0..stream.viewers.len() {
                let Some(id) = stream.viewers.get(at).copied() else {
                    break;
                };
                let Some(peer) = self.peers.get_mut(&id) else {
                    continue;
                };
                self.stats.turns += 1;
                match turn(now, peer, stream, join, &mut self.out) {
                    Turn::Idle => {}
                    Turn::Waits => waiting = true,
                    Turn::Wrote {
                        packets,
                        lost,
                        began,
                    } => {
                        self.stats.packets_out += packets;
                        self.stats.lost_inside += lost;
                        self.stats.joined_from_cache += u64::from(began);
                    }
                    Turn::Faulted => faulted.push(id),
                }
                if self.out.len() >= FLUSH_AT {
                    flush(&mut self.out, &mut self.stats);
                }
            }
            stream.burst.clear();
            if waiting {
                stream.keyframes.want();
            }
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
        let Some(stream) = self.streams.get_mut(&consult) else {
            return;
        };
        let Some(live) = stream.live else { return };
        let missing: Vec<u16> = stream
            .gaps
            .due(now)
            .into_iter()
            .filter_map(|number| stream.publishers_seq(number))
            .collect();
        if stream.repair_failed() {
            stream.keyframes.want();
        }
        let keyframe = stream.keyframes.ask(now);
        if !keyframe && missing.is_empty() {
            return;
        }
        self.stats.keyframes_asked += u64::from(keyframe);
        self.stats.asked_again += missing.len() as u64;
        let Some(peer) = self.peers.get_mut(&live.peer) else {
            return;
        };
        let path = peer.ice.path();
        let out = &mut self.out;
        let asked = peer.guarded_publisher(|edge| {
            if keyframe {
                edge.ask_keyframe(now, live.ssrc);
            }
            if !missing.is_empty() {
                edge.ask_again(now, live.ssrc, &missing);
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
            for seq in missing {
                let number = viewer.leg.stream_seq(*seq);
                let Some(packet) = number.and_then(|number| stream.cache.get(number)) else {
                    continue;
                };
                if !viewer.retransmits.take(now) {
                    break;
                }
                if let Some(packet) = viewer.leg.retransmit(packet) {
                    lost += u64::from(!viewer.edge.write_rtp(&packet));
                    sent += 1;
                }
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

/// One viewer's turn.
fn turn(
    now: Instant,
    peer: &mut super::peer::Peer,
    stream: &Stream,
    join: Option<u64>,
    out: &mut Vec<Outgoing>,
) -> Turn {
    let Some(path) = peer.ice.path().filter(|_| peer.connected) else {
        return Turn::Idle;
    };
    let quiet = now.saturating_duration_since(peer.heard) > VIEWER_SILENT;
    let Role::Viewer(viewer) = &mut peer.role else {
        return Turn::Idle;
    };
    if quiet {
        // RFC 7675: no picture to somebody who may not be there any more. It begins anew when it is heard.
        viewer.leg.pause();
        return Turn::Idle;
    }
    let begins = !viewer.leg.is_live();
    if begins {
        let Some(first) = join else {
            return Turn::Waits;
        };
        viewer.leg.start(first);
    } else if stream.burst.is_empty() {
        return Turn::Idle;
    }
    let wrote = peer.guarded_viewer(|viewer| {
        let (mut packets, mut lost) = (0, 0);
        let mut write = |packet: &Packet| {
            if let Some(packet) = viewer.leg.rewrite(packet) {
                lost += u64::from(!viewer.edge.write_rtp(&packet));
                packets += 1;
            }
        };
        match join.filter(|_| begins) {
            Some(first) => stream.cache.from(first).for_each(&mut write),
            None => stream
                .burst
                .iter()
                .filter_map(|seq| stream.cache.get(*seq))
                .for_each(&mut write),
        }
        while let Some(bytes) = viewer.edge.poll_datagram() {
            out.push(Outgoing { path, bytes });
        }
        (packets, lost)
    });
    match wrote {
        Ok(Some((packets, lost))) => Turn::Wrote {
            packets,
            lost,
            began: begins,
        },
        Ok(None) => Turn::Idle,
        Err(_) => Turn::Faulted,
    }
}
