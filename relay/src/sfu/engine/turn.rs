//! One viewer's turn: what it gets of a burst, and of which layer.
//!
//! Owns the going over from one layer to the other. It happens at a keyframe whose timestamp is later than all that the viewer
//! got: receivers drop what is not. The agent codes the full frame first, so a viewer that waits for the low layer gets its
//! frames one behind: then the low keyframe of a frame finds its full one not yet sent. Numbers go on, timestamps are the
//! publisher's. Nobody else's turn is touched.

use super::core::Outgoing;
use super::layer::Layer;
use super::peer::{Peer, Role, Viewer};
use super::stream::Stream;
use crate::sfu::limits::{MAX_BEHIND, VIEWER_SILENT};
use crate::sfu::net::ice::Path;
use crate::sfu::picture::{LayerName, Packet, StreamSeq};
use std::time::Instant;

/// What one viewer's turn came to.
pub(super) enum Turn {
    /// Nothing to send.
    Idle,
    /// It gets nothing before a keyframe of this layer.
    Waits(LayerName),
    /// So many packets were written, so many lost inside; it began with this burst; it waits for a keyframe of this layer to
    /// go over to it.
    Wrote {
        packets: u64,
        lost: u64,
        began: bool,
        waits: Option<LayerName>,
    },
    /// Its connection's code failed.
    Faulted,
}

/// Where somebody may begin.
#[derive(Debug, Clone, Copy)]
struct Join {
    first: StreamSeq,
    timestamp: u32,
}

/// Where somebody may begin now, in each layer.
pub(super) struct Joins {
    full: Option<Join>,
    low: Option<Join>,
    /// The low layer comes.
    low_flows: bool,
    /// It comes, or may come any moment.
    low_may_come: bool,
}

impl Joins {
    pub(super) fn of(now: Instant, stream: &Stream) -> Self {
        let join = |layer: &Layer| {
            Some(Join {
                first: layer.cache.join_point(now)?,
                timestamp: layer.cache.join_timestamp(now)?,
            })
        };
        Self {
            full: join(&stream.full),
            low: stream.low.layer.as_ref().and_then(join),
            low_flows: stream.low.flows(now),
            low_may_come: stream.low.may_come(now),
        }
    }

    const fn at(&self, layer: LayerName) -> Option<Join> {
        match layer {
            LayerName::Full => self.full,
            LayerName::Low => self.low,
        }
    }
}

/// What a viewer does now.
enum Step {
    /// It begins here, or goes over to the other layer.
    Begins(LayerName, StreamSeq),
    /// It goes on with what it gets; it waits for a keyframe of this layer.
    GoesOn(Option<LayerName>),
    /// It gets nothing before a keyframe of this layer.
    Waits(LayerName),
}

impl Viewer {
    fn step(&self, joins: &Joins) -> Step {
        let aim = self.downlink.aim();
        if !self.leg.is_live() {
            let layer = if joins.low_flows {
                aim
            } else {
                LayerName::Full
            };
            return match joins.at(layer) {
                Some(join) => Step::Begins(layer, join.first),
                None => Step::Waits(layer),
            };
        }
        if aim == self.layer {
            return Step::GoesOn(None);
        }
        let later = joins
            .at(aim)
            .filter(|join| self.leg.is_later(join.timestamp));
        match later {
            Some(join) => Step::Begins(aim, join.first),
            // Of a low layer that does not come no keyframe is asked: the agent begins with one.
            None if aim == LayerName::Low && !joins.low_flows => Step::GoesOn(None),
            None => Step::GoesOn(Some(aim)),
        }
    }

    /// Whether it gets its frames one behind.
    fn is_kept_behind(&self, joins: &Joins) -> bool {
        let goes_down = self.downlink.aim() == LayerName::Low && self.layer == LayerName::Full;
        goes_down && joins.low_may_come
    }
}

/// One viewer's turn.
pub(super) fn turn(
    now: Instant,
    peer: &mut Peer,
    stream: &Stream,
    joins: &Joins,
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
        viewer.behind.clear();
        return Turn::Idle;
    }
    let step = viewer.step(joins);
    let (began, waits) = match step {
        Step::Waits(layer) => return Turn::Waits(layer),
        Step::Begins(layer, first) => {
            if !viewer.leg.is_live() {
                viewer.downlink.begins(now);
            }
            viewer.begin(layer, first);
            (Some(first), None)
        }
        Step::GoesOn(waits) => (None, waits),
    };
    let Some(layer) = stream.layer(viewer.layer) else {
        return Turn::Idle;
    };
    let is_behind = viewer.is_kept_behind(joins);
    if began.is_none() && layer.burst.is_empty() && (is_behind || viewer.behind.is_empty()) {
        return waits.map_or(Turn::Idle, |waits| Turn::Wrote {
            packets: 0,
            lost: 0,
            began: false,
            waits: Some(waits),
        });
    }
    let wrote =
        peer.guarded_viewer(|viewer| write(now, viewer, layer, began, is_behind, path, out));
    match wrote {
        Ok(Some((packets, lost))) => Turn::Wrote {
            packets,
            lost,
            began: began.is_some(),
            waits,
        },
        Ok(None) => Turn::Idle,
        Err(_) => Turn::Faulted,
    }
}

/// Writes what the viewer is to get and drains it. Gives how many packets, and how many of them were lost inside.
fn write(
    now: Instant,
    viewer: &mut Viewer,
    layer: &Layer,
    began: Option<StreamSeq>,
    is_behind: bool,
    path: Path,
    out: &mut Vec<Outgoing>,
) -> (u64, u64) {
    let (mut packets, mut lost) = (0, 0);
    let mut put = |viewer: &mut Viewer, packet: &Packet| {
        if let Some(written) = viewer.write(now, packet) {
            lost += u64::from(!written);
            packets += 1;
        }
    };
    match began {
        Some(first) => {
            for packet in layer.cache.from(first) {
                put(viewer, packet);
            }
        }
        None if is_behind || !viewer.behind.is_empty() => {
            let mut all = std::mem::take(&mut viewer.behind);
            all.extend(&layer.burst);
            let newest = if is_behind && all.len() < MAX_BEHIND {
                layer.cache.newest_timestamp()
            } else {
                None
            };
            for seq in all {
                match layer.cache.get(seq) {
                    Some(packet) if Some(packet.timestamp) == newest => viewer.behind.push(seq),
                    Some(packet) => put(viewer, packet),
                    None => {}
                }
            }
        }
        None => {
            for packet in layer.burst.iter().filter_map(|seq| layer.cache.get(*seq)) {
                put(viewer, packet);
            }
        }
    }
    if packets > 0
        && let Some(highest) = viewer.leg.highest()
    {
        viewer.downlink.sent(now, highest);
    }
    while let Some(bytes) = viewer.edge.poll_datagram() {
        out.push(Outgoing { path, bytes });
    }
    (packets, lost)
}
