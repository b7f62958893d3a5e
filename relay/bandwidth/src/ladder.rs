//! What the encoder should do with a target: bit rate live, then resolution, then frame rate.
//!
//! A lower resolution costs detail, a lower frame rate costs motion, and a heart moves: resolution goes first, down to a
//! half, and frames are left out only there. Each change of resolution costs a keyframe, so changes wait in both
//! directions and going up needs clearly more than going down left. Called with each new target; knows no encoder.

use crate::units::BitRate;
use std::time::{Duration, Instant};

/// At 800 x 600 and 30 frames/s speckle is smeared below 0.5 Mbit/s and marginal at 1 (media reference, 3): in between a
/// smaller picture carries more.
const LEFT_BELOW: BitRate = BitRate::from_kbps(700);
/// Near transparent: more bits show nothing.
const ENOUGH: BitRate = BitRate::from_kbps(8000);
/// The picture those two are for.
const MEASURED_PIXELS: f64 = 800.0 * 600.0;
const MEASURED_FRAME_RATE: f64 = 30.0;
/// Twice the frames at equal rate cost 2.4 dB, half the rate 3 dB.
const FRAME_RATE_POWER: f64 = 0.8;
/// Going up needs this multiple of what going down left at: beyond ±10 % noise and the 0.85 of a congested link.
const UP_MARGIN: f64 = 1.4;
/// A target below has to stay so long: a queue that drains is shorter.
const DOWN_AFTER: Duration = Duration::from_millis(1500);
/// ... or so long when it is below this share.
const FAR_BELOW: f64 = 0.4;
const FAR_DOWN_AFTER: Duration = Duration::from_millis(800);
/// A target above has to stay so long.
const UP_AFTER: Duration = Duration::from_secs(6);
/// And so long nothing changed.
const SETTLED: Duration = Duration::from_secs(8);
/// Shares of the frame rate at half resolution, and the least of them that is kept by the rule.
const FRAME_SHARES: [f64; 3] = [2.0 / 3.0, 0.5, 1.0 / 3.0];
const LEAST_FRAME_RATE: f64 = 15.0;
/// The last resort.
const LAST_FRAME_RATE: f64 = 10.0;

/// What the source gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Picture {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Frames per second.
    pub frame_rate: f64,
}

/// Resolution against the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scale {
    /// As it comes.
    Full,
    /// Three quarters of width and height.
    ThreeQuarters,
    /// Half of both: the floor.
    Half,
}

impl Scale {
    /// Factor on width and height.
    #[must_use]
    pub const fn factor(self) -> f64 {
        match self {
            Self::Full => 1.0,
            Self::ThreeQuarters => 0.75,
            Self::Half => 0.5,
        }
    }

    /// A length of the source at this scale, even as 4:2:0 needs it.
    #[must_use]
    pub fn of(self, length: u32) -> u32 {
        let scaled = (f64::from(length) * self.factor()).round() as u32;
        (scaled & !1).max(2)
    }
}

/// What to encode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Encoding {
    /// Target of the encoder.
    pub bit_rate: BitRate,
    /// Resolution.
    pub scale: Scale,
    /// Frames per second.
    pub frame_rate: f64,
}

#[derive(Debug, Clone, Copy)]
struct Rung {
    scale: Scale,
    frame_rate: f64,
    left_below: BitRate,
    enough: BitRate,
}

/// The ladder of one stream.
#[derive(Debug)]
pub struct Ladder {
    /// From the best down; never empty.
    rungs: Vec<Rung>,
    at: usize,
    changed: Option<Instant>,
    /// Since when the target is below this rung, and the highest since.
    below: Option<(Instant, BitRate)>,
    /// Since when it is above the next better rung, and the lowest since.
    above: Option<(Instant, BitRate)>,
    target: BitRate,
}

impl Ladder {
    /// Begins on the rung that fits `target`.
    #[must_use]
    pub fn new(picture: Picture, target: BitRate) -> Self {
        let rungs = rungs(picture);
        let at = best(&rungs, target, 1.0);
        Self {
            rungs,
            at,
            changed: None,
            below: None,
            above: None,
            target,
        }
    }

    /// What to encode now.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        let rung = self.rungs.get(self.at).copied().unwrap_or(Rung {
            scale: Scale::Full,
            frame_rate: MEASURED_FRAME_RATE,
            left_below: BitRate::ZERO,
            enough: ENOUGH,
        });
        Encoding {
            bit_rate: self.target.min(rung.enough),
            scale: rung.scale,
            frame_rate: rung.frame_rate,
        }
    }

    /// Takes what the picture may use: the estimator's target without voice and repair.
    pub fn on_target(&mut self, now: Instant, target: BitRate) -> Encoding {
        self.target = target;
        self.note(now, target);
        if let Some(at) = self.way_down(now, target).or_else(|| self.way_up(now)) {
            self.at = at;
            self.changed = Some(now);
            (self.below, self.above) = (None, None);
        }
        self.encoding()
    }

    fn note(&mut self, now: Instant, target: BitRate) {
        let is_below = self
            .rungs
            .get(self.at)
            .is_some_and(|rung| target < rung.left_below);
        self.below = is_below.then(|| {
            let (since, highest) = self.below.unwrap_or((now, target));
            (since, highest.max(target))
        });
        let better = self.at.checked_sub(1).and_then(|at| self.rungs.get(at));
        let is_above = better.is_some_and(|rung| target > rung.left_below.scaled(UP_MARGIN));
        self.above = is_above.then(|| {
            let (since, lowest) = self.above.unwrap_or((now, target));
            (since, lowest.min(target))
        });
    }

    fn way_down(&self, now: Instant, target: BitRate) -> Option<usize> {
        let (since, highest) = self.below?;
        let far = self.rungs.get(self.at)?.left_below.scaled(FAR_BELOW);
        let wait = if target < far && highest < far {
            FAR_DOWN_AFTER
        } else {
            DOWN_AFTER
        };
        let waited = now.saturating_duration_since(since) >= wait;
        let to = best(&self.rungs, highest, 1.0);
        (waited && to > self.at).then_some(to)
    }

    fn way_up(&self, now: Instant) -> Option<usize> {
        let (since, lowest) = self.above?;
        let waited = now.saturating_duration_since(since) >= UP_AFTER;
        let settled = self
            .changed
            .is_none_or(|at| now.saturating_duration_since(at) >= SETTLED);
        let to = best(&self.rungs, lowest, UP_MARGIN);
        (waited && settled && to < self.at).then_some(to)
    }
}

/// The best rung that `target` reaches with this margin; else the last.
fn best(rungs: &[Rung], target: BitRate, margin: f64) -> usize {
    rungs
        .iter()
        .position(|rung| target >= rung.left_below.scaled(margin))
        .unwrap_or(rungs.len().saturating_sub(1))
}

fn rungs(picture: Picture) -> Vec<Rung> {
    let rate = picture.frame_rate.clamp(1.0, 240.0);
    let mut steps: Vec<(Scale, f64)> = [Scale::Full, Scale::ThreeQuarters, Scale::Half]
        .map(|scale| (scale, rate))
        .into();
    let fewer = FRAME_SHARES.map(|share| rate * share);
    steps.extend(
        fewer
            .iter()
            .filter(|rate| **rate >= LEAST_FRAME_RATE)
            .map(|rate| (Scale::Half, *rate)),
    );
    if rate > LAST_FRAME_RATE {
        steps.push((Scale::Half, LAST_FRAME_RATE));
    }
    steps
        .into_iter()
        .map(|(scale, frame_rate)| {
            let pixels = f64::from(scale.of(picture.width)) * f64::from(scale.of(picture.height));
            let cost = pixels / MEASURED_PIXELS
                * (frame_rate / MEASURED_FRAME_RATE).powf(FRAME_RATE_POWER);
            Rung {
                scale,
                frame_rate,
                left_below: LEFT_BELOW.scaled(cost),
                enough: ENOUGH.scaled(cost),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PICTURE: Picture = Picture {
        width: 800,
        height: 600,
        frame_rate: 30.0,
    };
    const REPORT: Duration = Duration::from_millis(100);

    /// Runs through these rates, each for so many seconds; gives each change with its second.
    fn run(ladder: &mut Ladder, course: &[(u64, u32)]) -> Vec<(f64, Scale, f64)> {
        let mut changes = Vec::new();
        let (mut now, mut ticks) = (Instant::now(), 0_u32);
        let mut before = ladder.encoding();
        for (kbps, seconds) in course {
            for _ in 0..seconds * 10 {
                (now, ticks) = (now + REPORT, ticks + 1);
                let encoding = ladder.on_target(now, BitRate::from_kbps(*kbps));
                if (encoding.scale, encoding.frame_rate) != (before.scale, before.frame_rate) {
                    changes.push((f64::from(ticks) / 10.0, encoding.scale, encoding.frame_rate));
                }
                before = encoding;
            }
        }
        changes
    }

    #[test]
    fn resolution_goes_before_frames() {
        let ladder = Ladder::new(PICTURE, BitRate::from_kbps(2000));
        let mut lowest = Scale::Full;
        for rung in &ladder.rungs {
            assert!(rung.scale >= lowest);
            lowest = rung.scale;
            if rung.frame_rate < 30.0 {
                assert_eq!(rung.scale, Scale::Half);
            }
        }
        let rates: Vec<f64> = ladder.rungs.iter().map(|rung| rung.frame_rate).collect();
        assert_eq!(rates, [30.0, 30.0, 30.0, 20.0, 15.0, 10.0]);
    }

    #[test]
    fn the_rural_link_keeps_resolution_and_frames() {
        let mut ladder = Ladder::new(PICTURE, BitRate::from_kbps(1000));
        assert_eq!(run(&mut ladder, &[(850, 60)]), []);
        assert_eq!(ladder.encoding().bit_rate.kbps(), 850);
    }

    #[test]
    fn a_queue_that_drains_changes_nothing_and_a_weak_link_does() {
        let mut ladder = Ladder::new(PICTURE, BitRate::from_kbps(2000));
        assert_eq!(run(&mut ladder, &[(2000, 5), (600, 1), (2000, 5)]), []);
        let changes = run(&mut ladder, &[(300, 4)]);
        // The first target below came after 0.1 s.
        assert_eq!(changes, [(1.6, Scale::Half, 30.0)]);
    }

    #[test]
    fn the_way_up_waits_longer_than_the_way_down() {
        let mut ladder = Ladder::new(PICTURE, BitRate::from_kbps(300));
        let changes = run(&mut ladder, &[(300, 5), (900, 20), (2000, 20)]);
        assert_eq!(
            changes,
            [
                (11.1, Scale::ThreeQuarters, 30.0),
                (31.1, Scale::Full, 30.0)
            ]
        );
    }

    #[test]
    fn sizes_are_even_and_never_nothing() {
        assert_eq!(
            (Scale::ThreeQuarters.of(800), Scale::ThreeQuarters.of(602)),
            (600, 452)
        );
        assert_eq!(Scale::Half.of(1), 2);
    }

    proptest! {
        #[test]
        fn a_constant_target_with_ten_percent_of_noise_changes_at_most_once(
            kbps in 50_u64..4000,
            start in 50_u64..4000,
            noise in prop::collection::vec(0.9_f64..1.1, 1200),
        ) {
            let mut ladder = Ladder::new(PICTURE, BitRate::from_kbps(start));
            let (mut now, mut changes) = (Instant::now(), Vec::new());
            let mut before = ladder.encoding();
            for factor in noise {
                now += REPORT;
                let encoding = ladder.on_target(now, BitRate::from_kbps(kbps).scaled(factor));
                if (encoding.scale, encoding.frame_rate) != (before.scale, before.frame_rate) {
                    changes.push(now);
                }
                before = encoding;
            }
            // One to find the rung, and one more when noise lay across its edge just then.
            prop_assert!(changes.len() <= 2, "{changes:?}");
            prop_assert!(changes.windows(2).all(|pair| pair[1] - pair[0] >= DOWN_AFTER));
        }
    }
}
