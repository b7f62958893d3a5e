//! Which packets are lost on the air.
//!
//! Single losses are independent; bursts follow Gilbert's two states, of which the bad one loses everything (Elliott's form,
//! with the single losses as those of the good state). Caller: `path`.

use super::random::{Purpose, Random};

/// How a path loses packets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Losses {
    /// The part that is lost one by one.
    pub alone: f64,
    /// What is lost together.
    pub bursts: Option<Bursts>,
}

/// Packets lost one after the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bursts {
    /// The part of all packets that bursts take.
    pub share: f64,
    /// How many packets a burst takes on average.
    pub packets: f64,
}

impl Losses {
    /// Nothing is lost.
    pub const NONE: Self = Self::alone(0.0);

    /// A part is lost, one by one.
    #[must_use]
    pub const fn alone(alone: f64) -> Self {
        Self {
            alone,
            bursts: None,
        }
    }

    /// A part is lost in bursts of so many packets on average.
    #[must_use]
    pub const fn in_bursts(share: f64, packets: f64) -> Self {
        Self {
            alone: 0.0,
            bursts: Some(Bursts { share, packets }),
        }
    }
}

/// Losses over time.
#[derive(Debug, Clone)]
pub(super) struct Losing {
    losses: Losses,
    alone: Random,
    bursts: Random,
    /// In the bad state.
    bad: bool,
}

impl Losing {
    pub(super) fn new(losses: Losses, seed: u64) -> Self {
        Self {
            losses,
            alone: Random::new(seed, Purpose::Alone),
            bursts: Random::new(seed, Purpose::Bursts),
            bad: false,
        }
    }

    /// Goes on with the same sequences and other shares.
    pub(super) const fn set(&mut self, losses: Losses) {
        self.losses = losses;
        self.bad = false;
    }

    /// Whether the next packet is lost.
    pub(super) fn loses(&mut self) -> bool {
        // Both are asked for each packet: what the one says does not move the other.
        let alone = self.alone.happens(self.losses.alone);
        self.is_in_burst() || alone
    }

    fn is_in_burst(&mut self) -> bool {
        let Some(Bursts { share, packets }) = self.losses.bursts else {
            return false;
        };
        let ends = 1.0 / packets.max(1.0);
        // The stationary share of the bad state is begins / (begins + ends).
        let begins = share * ends / (1.0 - share).max(f64::EPSILON);
        let changes = if self.bad { ends } else { begins };
        self.bad ^= self.bursts.happens(changes);
        self.bad
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKETS: usize = 10_000;

    fn of(losses: Losses, seed: u64) -> Vec<bool> {
        let mut losing = Losing::new(losses, seed);
        std::iter::repeat_with(|| losing.loses())
            .take(PACKETS)
            .collect()
    }

    fn share(lost: &[bool]) -> f64 {
        lost.iter().filter(|lost| **lost).count() as f64 / lost.len() as f64
    }

    fn mean_burst(lost: &[bool]) -> f64 {
        let bursts = lost
            .split(|lost| !lost)
            .filter(|burst| !burst.is_empty())
            .count();
        lost.iter().filter(|lost| **lost).count() as f64 / bursts as f64
    }

    #[test]
    fn single_losses_keep_their_share_and_hardly_touch() {
        for seed in 1..5 {
            let lost = of(Losses::alone(0.05), seed);
            let share = share(&lost);
            assert!((0.042..0.058).contains(&share), "seed {seed}: {share}");
            assert!(mean_burst(&lost) < 1.2);
        }
    }

    #[test]
    fn bursts_keep_their_share_and_their_length() {
        for seed in 1..5 {
            let lost = of(Losses::in_bursts(0.05, 5.0), seed);
            let (share, length) = (share(&lost), mean_burst(&lost));
            assert!((0.03..0.07).contains(&share), "seed {seed}: {share}");
            assert!((3.8..6.2).contains(&length), "seed {seed}: {length}");
        }
    }

    #[test]
    fn one_seed_loses_the_same_packets_again() {
        let kind = Losses {
            alone: 0.02,
            ..Losses::in_bursts(0.01, 3.0)
        };
        assert_eq!(of(kind, 4), of(kind, 4));
        assert_ne!(of(kind, 4), of(kind, 5));
        assert!(!of(Losses::NONE, 4).contains(&true));
    }
}
