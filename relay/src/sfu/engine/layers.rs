//! Who needs which layer, and what is asked of the agent for it.
//!
//! Owns the round over the viewers of each picture, ten times a second, and what their reports lead to: the low layer is
//! asked for while somebody needs it, a viewer is told when it gets less, padding goes out when a probe wants it. What a link
//! carries is judged in `downlink`, the going over happens in `turn`.

use super::core::{Engine, Outgoing};
use super::peer::{Peer, Role, Viewer};
use super::stream::Stream;
use crate::sfu::downlink::Need;
use crate::sfu::edge::{Arrivals, Reception};
use crate::sfu::event::SfuEvent;
use crate::sfu::net::route::PeerId;
use crate::sfu::picture::LayerName;
use bandwidth::BitRate;
use std::time::Instant;
use wire::ConsultId;

/// A full layer below this is little already: a low one beside it would help nobody ...
const WORTH_IT: BitRate = BitRate::from_kbps(800);
/// ... and whoever has it keeps it until here.
const STILL_WORTH_IT: BitRate = BitRate::from_kbps(550);

impl Engine {
    /// A look at every link.
    pub(super) fn look_at_links(&mut self, now: Instant, consult: ConsultId) {
        let Some(stream) = self.streams.get_mut(&consult) else {
            return;
        };
        let (mut is_needed, mut told, mut probed) = (false, Vec::new(), Vec::new());
        for id in &stream.viewers {
            let Some(peer) = self.peers.get_mut(id).filter(|peer| peer.connected) else {
                continue;
            };
            let session = peer.session;
            let Role::Viewer(viewer) = &mut peer.role else {
                continue;
            };
            let need = need(now, stream, viewer.layer);
            viewer.downlink.tick(now, need);
            let is_low = viewer.layer == LayerName::Low;
            is_needed |= is_low || viewer.downlink.aim() == LayerName::Low;
            if std::mem::replace(&mut viewer.told_low, is_low) != is_low {
                told.push((session, is_low));
            }
            if viewer.downlink.next_padding().is_some() {
                probed.push(*id);
            }
        }
        let word = stream.low.needs(now, is_needed);
        if let (Some(wanted), Some(live)) = (word, stream.live) {
            self.tell(SfuEvent::LowLayer {
                consult,
                stream: live.stream,
                session: live.session,
                wanted,
            });
        }
        for (session, low) in told {
            self.tell(SfuEvent::WatcherLayer {
                consult,
                session,
                low,
            });
        }
        for id in probed {
            self.pad(now, id);
        }
    }

    /// A viewer says how the picture arrives.
    pub(super) fn on_reception(&mut self, now: Instant, id: PeerId, reception: Reception) {
        if let Some(viewer) = self.peers.get_mut(&id).and_then(Peer::viewer_mut) {
            viewer.downlink.on_reception(now, reception);
        }
    }

    /// A viewer says what arrived and when.
    pub(super) fn on_arrivals(&mut self, now: Instant, id: PeerId, arrivals: &Arrivals) {
        if let Some(viewer) = self.peers.get_mut(&id).and_then(Peer::viewer_mut) {
            viewer.downlink.on_arrivals(now, arrivals);
            if viewer.downlink.next_padding().is_some() {
                self.pad(now, id);
            }
        }
    }

    /// A viewer needs a keyframe of what it gets. One that goes over to the low layer never asks it of the full one.
    pub(super) fn on_keyframe_wanted(&mut self, now: Instant, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        let consult = peer.consult;
        let (Some(viewer), Some(stream)) = (peer.viewer_mut(), self.streams.get_mut(&consult))
        else {
            return;
        };
        let goes_down = viewer.downlink.aim() == LayerName::Low && stream.low.flows(now);
        let name = if viewer.layer == LayerName::Low || goes_down {
            LayerName::Low
        } else {
            LayerName::Full
        };
        let may_ask = name == LayerName::Low || viewer.downlink.asks_for_keyframe(now);
        // Only the publisher has to do with it: one that asks without end costs the other viewers nothing.
        if let Some(layer) = stream.layer_mut(name).filter(|_| may_ask) {
            layer.keyframes.want();
            self.ask_publisher(now, consult);
        }
    }

    /// Sends the padding that is due and notes when the next is.
    pub(super) fn pad(&mut self, now: Instant, id: PeerId) {
        self.padding.retain(|(_, waits)| *waits != id);
        let Some(peer) = self.peers.get_mut(&id).filter(|peer| peer.connected) else {
            return;
        };
        let Some(path) = peer.ice.path() else { return };
        let out = &mut self.out;
        let padded = peer.guarded_viewer(|viewer| {
            let (sent, lost) = send_padding(now, viewer);
            while let Some(bytes) = viewer.edge.poll_datagram() {
                out.push(Outgoing { path, bytes });
            }
            (sent, lost, viewer.downlink.next_padding())
        });
        match padded {
            Ok(Some((sent, lost, next))) => {
                self.stats.padded += sent;
                self.stats.lost_inside += lost;
                self.padding.extend(next.map(|next| (next, id)));
            }
            Ok(None) => {}
            Err(_) => self.fault(now, id),
        }
    }
}

fn send_padding(now: Instant, viewer: &mut Viewer) -> (u64, u64) {
    let (mut sent, mut lost) = (0, 0);
    while viewer.leg.is_live()
        && let Some(padding) = viewer.downlink.padding(now)
    {
        lost += u64::from(!viewer.pad(now, padding));
        sent += 1;
    }
    (sent, lost)
}

/// What the picture takes, and whether its low layer is to be had for a viewer that gets this one.
fn need(now: Instant, stream: &Stream, gets: LayerName) -> Need {
    let full = stream.full.rate().unwrap_or_default();
    let has_low = match gets {
        LayerName::Full => full >= WORTH_IT,
        LayerName::Low => full >= STILL_WORTH_IT && stream.low.flows(now),
    };
    let is_offered = stream.live.is_some_and(|live| live.low_ssrc.is_some());
    Need {
        full,
        has_low: has_low && is_offered,
    }
}
