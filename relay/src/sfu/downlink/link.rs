//! One viewer's link: what was sent over it, what is known of it, and which layer follows.
//!
//! Puts the parts of this folder together. The engine tells it what leaves and what is reported, and asks for numbers,
//! padding and the layer. Without transport-wide numbers or a retransmission source (padding needs one) nothing can be
//! measured, and the viewer keeps the full layer.

use super::choice::{Choice, Seen};
use super::lag::Lag;
use super::numbered::Numbered;
use super::probing::Probing;
use super::suspicion::Suspicion;
use super::{LEAST_KBPS, MOST_KBPS};
use crate::sfu::edge::{Arrivals, Reception};
use crate::sfu::picture::LayerName;
use bandwidth::{BitRate, Estimator, Limits};
use std::time::Instant;

/// From this multiple of what the full layer takes on nothing more is looked for.
const ENOUGH: f64 = 1.6;

/// What the pictures of a consult take.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Need {
    /// The full layer, on the wire.
    pub(crate) full: BitRate,
    /// There is a low layer beside it, and it is worth it.
    pub(crate) has_low: bool,
}

/// The link.
#[derive(Debug)]
pub(crate) struct Downlink {
    /// Arrivals can be asked for, and padding sent.
    can_measure: bool,
    lag: Lag,
    suspicion: Suspicion,
    numbered: Numbered,
    /// Judges while arrivals are asked for.
    estimator: Option<Estimator>,
    probing: Probing,
    choice: Choice,
    need: Need,
}

impl Downlink {
    pub(crate) fn new(can_measure: bool) -> Self {
        Self {
            can_measure,
            lag: Lag::default(),
            suspicion: Suspicion::default(),
            numbered: Numbered::default(),
            estimator: None,
            probing: Probing::default(),
            choice: Choice::new(),
            need: Need::default(),
        }
    }

    /// The viewer is there, or back.
    pub(crate) fn begins(&mut self, now: Instant) {
        self.suspicion.begins(now);
        self.lag.forget();
    }

    /// The layer that it should get.
    pub(crate) fn aim(&self) -> LayerName {
        self.choice.aim()
    }

    /// A packet of this size leaves now. Gives its number, when arrivals are asked for.
    pub(crate) fn leaves(&mut self, now: Instant, bytes: usize) -> Option<u16> {
        self.estimator.as_ref()?;
        let probe = self.probing.leaves(now, bytes);
        Some(self.numbered.leaves(now, bytes, probe))
    }

    /// A burst has left that ended at this sequence number.
    pub(crate) fn sent(&mut self, now: Instant, seq: u16) {
        self.lag.sent(now, seq);
    }

    /// An ordinary report came.
    pub(crate) fn on_reception(&mut self, now: Instant, reception: Reception) {
        let late = self.lag.reported(now, reception.highest);
        self.suspicion.reported(now, late, reception.lost);
    }

    /// A report of arrivals came.
    pub(crate) fn on_arrivals(&mut self, now: Instant, arrivals: &Arrivals) {
        let Some(estimator) = &mut self.estimator else {
            return;
        };
        let reports = self.numbered.read(arrivals);
        estimator.on_reports(now, &reports);
        self.look(now);
    }

    /// Time passed, or what the pictures take changed.
    pub(crate) fn tick(&mut self, now: Instant, need: Need) {
        self.need = need;
        if !need.has_low {
            self.choice.only_full(now);
        }
        if self.choice.aim() == LayerName::Low {
            self.suspicion.stays(now);
        }
        let is_on = self.can_measure && need.has_low && self.suspicion.is_on(now);
        match (&mut self.estimator, is_on) {
            (None, true) => self.estimator = Some(fresh(need.full)),
            (Some(_), false) => {
                self.estimator = None;
                self.probing.stop();
            }
            (Some(estimator), true) => {
                if estimator.poll_timeout().is_some_and(|at| at <= now) {
                    estimator.on_timeout(now);
                }
                self.look(now);
            }
            (None, false) => {}
        }
    }

    /// It asks for a keyframe of the full layer. Gives whether that may be passed on.
    pub(crate) fn asks_for_keyframe(&mut self, now: Instant) -> bool {
        !(self.need.has_low && self.can_measure) || self.choice.asks_for_keyframe(now)
    }

    /// Padding that is due: bytes within its packet.
    pub(crate) fn padding(&mut self, now: Instant) -> Option<usize> {
        self.probing.due(now)
    }

    /// When padding is due.
    pub(crate) fn next_padding(&self) -> Option<Instant> {
        self.probing.next()
    }

    fn look(&mut self, now: Instant) {
        let Some(estimator) = &mut self.estimator else {
            return;
        };
        let stats = estimator.stats();
        // Nothing is heard: the picture may be cut, and another layer would not help.
        if stats.silent || stats.round_trip.is_none() {
            return;
        }
        let seen = Seen {
            full: self.need.full,
            link: stats.target,
            queue: stats.queueing_delay,
            loss: stats.loss_share,
        };
        self.choice.sees(now, &seen);
        if stats.target < self.need.full {
            self.suspicion.stays(now);
        }
        // On the full layer the picture itself shows what there is.
        let looks_for_room = self.choice.aim() == LayerName::Low
            && stats.target < self.need.full.scaled(ENOUGH)
            && self.probing.next().is_none();
        if looks_for_room && let Some(probe) = estimator.wants_probe(now) {
            self.probing.begins(now, probe);
        }
    }
}

fn fresh(full: BitRate) -> Estimator {
    let limits = Limits {
        min: BitRate::from_kbps(LEAST_KBPS),
        max: BitRate::from_kbps(MOST_KBPS),
    };
    // It has carried the picture until now, or gets it in any case: a lower guess would be taken for a narrow link.
    Estimator::new(limits, full)
}
