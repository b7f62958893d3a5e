//! How fast this publication may send, and what the encoder makes of it.
//!
//! ```text
//! leg      estimator, pacer and probes of one connection: packets in, packets out when their time has come
//! wishes   a target becomes orders to the encode thread (bits, resolution, frames) and words on the status board
//! low      whether there is room for the low layer beside the picture
//! spare    what voice and picture leave to clips, originals and back-fill
//! chain    the places in the WebRTC connection where packets and reports pass by
//! ```
//!
//! `leg` and `wishes` take time as an argument and know no connection; only `chain` names the WebRTC crate. Everything here
//! lives as long as one connection; what is worth knowing for the next one is its last target.

pub(super) mod chain;
mod leg;
mod low;
mod spare;
mod wishes;

pub(in crate::publish) use spare::piece_bytes;
pub(crate) use spare::{Spare, Travelling};

use crate::encode::BitRate as Coded;
use crate::low_layer::LowLayer;
use crate::orders::Orders;
use crate::publish::uplink::leg::{Leg, Sent};
use crate::publish::uplink::low::LowShare;
use crate::publish::uplink::spare::{CHANNEL_OVERHEAD, SpareSource};
use crate::publish::uplink::wishes::Wishes;
use crate::status::StatusBoard;
use bandwidth::{BitRate, Class, Limits};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Nothing is known of the link: enough for a first keyframe in little time, little enough for the edge of a cell. Probes
/// lift it in half a second.
const UNKNOWN: BitRate = BitRate::from_kbps(500);
/// Less than this is asked of no link: the encoder makes no less.
const LEAST: BitRate = BitRate::from_kbps(100);
/// Beyond this multiple of what people allow the picture the link is wide: the pacer lets frames leave at once, and ...
const TIMES: f64 = 4.0;
/// ... an original of 150 kB takes a tenth of a second.
const WIDE: BitRate = BitRate::from_kbps(12_000);
/// What is begun with when the link was known: it may be another one after a while.
const REMEMBERED_SHARE: f64 = 0.7;

/// A link that leaves less than this beside the picture is weak: a still of 150 kB would take more than 300 ms.
const WEAK_BELOW: BitRate = BitRate::from_kbps(4_000);
/// What the picture keeps of its bits while an original travels over a weak link: the heart still beats, and people look at
/// the frozen frame.
const KEPT_SHARE: f64 = 0.1;
/// Of the link so much is used in all: the estimate is not exact, and nobody wants a queue.
const FILLED: f64 = 0.9;
/// Clips and back-fill get at least this share together: a clip of 6 MB arrives within minutes, or in twice the time while
/// both travel.
const LEAST_SPARE: f64 = 0.1;

/// The last target of the connection before, if there was one.
pub(super) type LastTarget = Arc<Mutex<Option<BitRate>>>;

/// One connection's uplink.
pub(super) struct Uplink<T> {
    leg: Leg<T>,
    wishes: Wishes,
    orders: Arc<Orders>,
    board: StatusBoard,
    /// The picture makes way for an original.
    makes_way: bool,
    /// What clips and back-fill may use.
    spare: SpareSource,
    /// The low layer, and its share.
    low: Option<LowLayer>,
    low_share: LowShare,
    /// Nothing passes, and the encode thread knows.
    is_cut: bool,
    /// As fast as is looked.
    most: BitRate,
    /// Nothing is decided: the publication is over, and the connection may outlive it for a moment; or nothing is known.
    ended: bool,
}

impl<T> Uplink<T> {
    /// Begins, and tells the encode thread what it may use at first.
    pub(super) fn new(
        now: Instant,
        orders: Arc<Orders>,
        board: StatusBoard,
        last: Option<BitRate>,
    ) -> Self {
        let allowed = board.allowed();
        let limits = Limits {
            min: LEAST,
            max: of_coded(allowed).scaled(TIMES).max(WIDE),
        };
        let start = last.map_or(UNKNOWN, |last| {
            last.scaled(REMEMBERED_SHARE).clamp(UNKNOWN, limits.max)
        });
        let mut uplink = Self {
            leg: Leg::new(now, limits, start),
            wishes: Wishes::new(Arc::clone(&orders), board.clone()),
            orders,
            board,
            makes_way: false,
            spare: SpareSource::default(),
            low: None,
            low_share: LowShare::default(),
            is_cut: false,
            most: limits.max,
            ended: false,
        };
        uplink.decide(now);
        uplink
    }

    /// This connection can carry the low layer.
    pub(super) fn carries_low(&mut self, low: LowLayer) {
        self.low = Some(low);
    }

    /// The relay asks for the low layer, or says that nobody needs it.
    pub(super) fn want_low(&mut self, now: Instant, wanted: bool) {
        self.low_share.want(wanted);
        self.decide(now);
    }

    /// How fast everything together may go.
    fn target(&self) -> BitRate {
        self.leg.stats().target
    }

    /// The other side knows padding when it sees some.
    pub(super) fn may_pad(&mut self, now: Instant) {
        self.leg.may_pad(now);
    }

    /// An original begins to travel. Says whether the link is weak: then the picture makes way.
    pub(super) fn make_way(&mut self, now: Instant) -> bool {
        let (stats, picture) = (self.leg.stats(), self.picture(now));
        let link = stats.capacity.unwrap_or_default().max(stats.target);
        self.makes_way = !self.ended && link.scaled(FILLED).less(picture) < WEAK_BELOW;
        self.decide(now);
        self.makes_way
    }

    /// How fast an original may go now; none when the link has room for everything.
    pub(super) fn way(&mut self, now: Instant) -> Option<BitRate> {
        let kept = self.picture(now).scaled(KEPT_SHARE);
        let left = self.target().scaled(FILLED / CHANNEL_OVERHEAD).less(kept);
        self.makes_way.then(|| left.max(LEAST))
    }

    /// No original travels any more.
    pub(super) fn way_is_free(&mut self, now: Instant) {
        if std::mem::take(&mut self.makes_way) {
            self.decide(now);
        }
    }

    /// For those who send over data channels.
    pub(super) fn spare(&self) -> Spare {
        self.spare.spare()
    }

    /// What the picture uses: what the link leaves, as far as people allow it.
    fn picture(&mut self, now: Instant) -> BitRate {
        let allowed = of_coded(self.board.allowed());
        let may_use = self.leg.for_the_picture(now);
        self.low_share.left(may_use).min(allowed)
    }

    fn on_reports(&mut self, now: Instant, reports: impl Iterator<Item = Sent>) {
        self.leg.carried_beside(self.spare.carried_since());
        self.leg.on_reports(now, reports);
        self.decide(now);
    }

    fn on_timeout(&mut self, now: Instant) {
        if self.leg.on_timeout(now) {
            self.decide(now);
        }
    }

    /// Takes a packet; false when too much waits and it is left out.
    fn push(&mut self, now: Instant, class: Class, bytes: usize, item: T) -> bool {
        self.leg.push(now, class, bytes, item)
    }

    /// The next packet whose time has come.
    fn pop(&mut self, now: Instant) -> Option<T> {
        self.leg.pop(now)
    }

    /// The other side will report nothing: nothing is held back, nothing is decided.
    pub(super) fn run_free(&mut self) {
        self.leg.run_free();
        self.end();
    }

    /// The publication is over: nobody is held back any more. Gives the last target.
    pub(super) fn end(&mut self) -> BitRate {
        self.ended = true;
        self.orders.make_room(None);
        self.set_cut(false);
        self.orders.set_backlog(Duration::ZERO);
        self.spare.leave(None);
        self.wishes.end();
        if let Some(low) = &self.low {
            low.set_on(false);
        }
        self.target()
    }

    /// Everything that may leave has left: the encode thread learns how much waits.
    fn told(&self) {
        if !self.ended {
            self.orders.set_backlog(self.leg.waiting());
        }
    }

    fn set_cut(&mut self, is_cut: bool) {
        if self.is_cut != is_cut {
            self.is_cut = is_cut;
            self.orders.set_cut(is_cut);
        }
    }

    fn decide(&mut self, now: Instant) {
        if self.ended {
            return;
        }
        self.set_cut(self.leg.is_cut(now));
        let (stats, both) = (self.leg.stats(), self.leg.for_the_picture(now));
        let is_on = self.low_share.judge(both);
        if let Some(low) = &self.low {
            low.set_on(is_on);
        }
        let may_use = self.low_share.left(both);
        let share = if self.makes_way { KEPT_SHARE } else { 1.0 };
        if stats.silent {
            self.wishes.unsettle(now);
        } else {
            self.wishes.follow(now, may_use, share, &stats);
        }
        let live = self.picture(now).plus(both.less(may_use));
        let spare = stats.target.scaled(FILLED / CHANNEL_OVERHEAD).less(live);
        let spare = spare.max(stats.target.scaled(LEAST_SPARE));
        let is_wide = stats.target >= self.most.scaled(FILLED);
        self.spare.leave((!is_wide).then_some(spare));
        self.told();
    }
}

/// The estimator's units from the encoder's.
fn of_coded(rate: Coded) -> BitRate {
    BitRate::from_bps(rate.bps().into())
}

#[cfg(test)]
mod tests;
