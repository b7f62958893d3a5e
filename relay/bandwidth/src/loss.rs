//! Is loss a sign of too high a rate?
//!
//! Radio loses packets at any rate, so loss by itself says little: up to 10 % at constant delay is no congestion. Loss
//! together with a queue is, and so is loss beyond that, as a policer without a queue makes it, unless lowering the rate
//! did not help: then the loss is the link's own (the idea of Chromium's second loss controller). The draft's loss
//! controller (draft-ietf-rmcat-gcc-02 §6) cuts at 10 % whatever the delay.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Loss is read over this span, or over this many packets when fewer than that were sent in it.
const WINDOW: Duration = Duration::from_secs(2);
const FEWEST_PACKETS: u64 = 100;
const LONGEST_WINDOW: Duration = Duration::from_secs(6);
/// Below this number of packets nothing is said.
const LEAST_PACKETS: u64 = 20;
/// With a queue this much is congestion.
const WITH_QUEUE: f64 = 0.05;
/// A queue worth the name, in milliseconds and beyond one packet: buffers of 30 ms exist, and bursts leave a third of one
/// standing.
const QUEUE_MS: f64 = 6.0;
/// Above the link's own loss by this much the rate does not grow ...
const HOLD: f64 = 0.10;
/// ... and by this much it falls.
const CUT: f64 = 0.16;
/// After a fall loss is read anew; when this much of it is left, it is the link's own.
const REMAINS: f64 = 0.7;
/// More than before by this factor after a fall is worse.
const WORSE: f64 = 1.3;
/// A link that loses more than this by itself carries no picture: beyond it loss cuts in any case.
const MOST_OWN: f64 = 0.3;
/// For how long the link's own loss is believed.
const OWN_BELIEVED: Duration = Duration::from_secs(30);

/// What loss says about the rate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing.
    #[default]
    Fine,
    /// It should not grow.
    Hold,
    /// It is too high.
    Cut,
    /// It is too high, and a queue says so too.
    CutWithQueue,
}

/// Watches loss.
#[derive(Debug, Default)]
pub(crate) struct Loss {
    /// Time, lost, reported.
    batches: VecDeque<(Instant, u64, u64)>,
    lost: u64,
    reported: u64,
    /// Loss before the last fall, and when that was.
    cut: Option<(f64, Instant)>,
    /// The link's own loss, and when that was found.
    own: Option<(f64, Instant)>,
}

impl Loss {
    pub(crate) fn take(&mut self, now: Instant, lost: u64, received: u64) {
        let reported = lost + received;
        if reported == 0 {
            return;
        }
        self.batches.push_back((now, lost, reported));
        self.lost += lost;
        self.reported += reported;
        while let Some((at, lost, reported)) = self.batches.front().copied() {
            let age = now.saturating_duration_since(at);
            let enough = self.reported - reported >= FEWEST_PACKETS;
            if !(age > LONGEST_WINDOW || age > WINDOW && enough) {
                break;
            }
            self.batches.pop_front();
            self.lost -= lost;
            self.reported -= reported;
        }
    }

    /// Share of packets lost of late.
    pub(crate) fn share(&self) -> f64 {
        self.lost as f64 / self.reported.max(1) as f64
    }

    /// Whether more than this is lost, as far as enough packets tell.
    pub(crate) fn is_above(&self, share: f64) -> bool {
        self.reported >= LEAST_PACKETS && self.share() > share
    }

    /// The link's own loss as far as known: what a measure of rate may be corrected by.
    pub(crate) fn own_share(&self) -> f64 {
        self.own
            .map_or_else(|| self.share().min(HOLD), |(own, _)| own)
    }

    /// `queue_ms` is what stands in the queue beyond one packet.
    pub(crate) fn judge(&mut self, now: Instant, queue_ms: f64) -> Verdict {
        if self
            .own
            .is_some_and(|(_, at)| now.saturating_duration_since(at) > OWN_BELIEVED)
        {
            self.own = None;
        }
        self.learn(now);
        if self.reported < LEAST_PACKETS {
            return Verdict::Fine;
        }
        let own = self.own.map_or(0.0, |(own, _)| own);
        let share = self.share() - own;
        if share > WITH_QUEUE && queue_ms > QUEUE_MS {
            Verdict::CutWithQueue
        } else if share > CUT {
            // A fall that is still being judged is not followed by another, unless things got worse.
            let judged = self
                .cut
                .is_none_or(|(before, _)| self.share() > before * WORSE);
            if judged { Verdict::Cut } else { Verdict::Hold }
        } else if share > HOLD {
            Verdict::Hold
        } else {
            Verdict::Fine
        }
    }

    /// The rate fell because of loss alone.
    pub(crate) fn note_cut(&mut self, now: Instant) {
        self.cut = Some((self.share(), now));
        self.forget();
    }

    /// Starts to count anew.
    pub(crate) fn forget(&mut self) {
        self.batches.clear();
        (self.lost, self.reported) = (0, 0);
    }

    fn learn(&mut self, now: Instant) {
        let Some((before, at)) = self.cut else {
            return;
        };
        if now.saturating_duration_since(at) < WINDOW || self.reported < FEWEST_PACKETS {
            return;
        }
        self.cut = None;
        if self.share() > before * REMAINS {
            self.own = Some((self.share().min(MOST_OWN), now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: Duration = Duration::from_millis(100);

    /// Reports for `seconds` of ten packets each, of which so many are lost; gives the verdicts.
    fn run(
        loss: &mut Loss,
        now: &mut Instant,
        seconds: u32,
        lost: &[u64],
        queue_ms: f64,
    ) -> Vec<Verdict> {
        (0..seconds * 10)
            .zip(lost.iter().cycle())
            .map(|(_, lost)| {
                *now += REPORT;
                loss.take(*now, *lost, 10 - lost);
                loss.judge(*now, queue_ms)
            })
            .collect()
    }

    #[test]
    fn random_loss_at_constant_delay_is_no_congestion() {
        let (mut loss, mut now) = (Loss::default(), Instant::now());
        let seen = run(&mut loss, &mut now, 20, &[0, 1, 0, 2, 1, 0], 3.0);
        assert!(
            seen.iter().all(|verdict| *verdict == Verdict::Fine),
            "{seen:?}"
        );
        assert!((loss.share() - 0.066).abs() < 0.02, "{}", loss.share());
    }

    #[test]
    fn the_same_loss_with_a_queue_is() {
        let (mut loss, mut now) = (Loss::default(), Instant::now());
        let seen = run(&mut loss, &mut now, 20, &[0, 1, 0, 2, 1, 0], 60.0);
        assert!(seen.contains(&Verdict::CutWithQueue));
    }

    #[test]
    fn a_burst_holds_the_rate_at_most() {
        let (mut loss, mut now) = (Loss::default(), Instant::now());
        run(&mut loss, &mut now, 5, &[0], 3.0);
        let seen = run(
            &mut loss,
            &mut now,
            1,
            &[10, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            3.0,
        );
        assert!(!seen.contains(&Verdict::Cut), "{seen:?}");
    }

    #[test]
    fn heavy_loss_cuts_and_is_the_links_own_when_cutting_does_not_help() {
        let (mut loss, mut now) = (Loss::default(), Instant::now());
        assert!(run(&mut loss, &mut now, 3, &[3], 3.0).contains(&Verdict::Cut));
        loss.note_cut(now);
        run(&mut loss, &mut now, 3, &[3], 3.0);
        let later = run(&mut loss, &mut now, 5, &[3], 3.0);
        assert!(loss.own_share() > 0.25);
        assert!(
            later.iter().all(|verdict| *verdict == Verdict::Fine),
            "{later:?}"
        );
    }
}
