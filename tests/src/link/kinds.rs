//! Links with a name from the field: what each does to packets.
//!
//! Numbers are those of the issues and of published measurements, so that a figure or a failure can be told in a word.
//! CONTRIBUTING.md lists the names. Callers: stories and the bench; nothing runs here.

use super::jitter::Jitter;
use super::loss::Losses;
use super::path::Meanwhile;
use super::trace::Rate;
use std::time::Duration;

/// What one direction does to packets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PathKind {
    /// How much it carries.
    pub rate: Rate,
    /// How long a packet may wait for those before it.
    pub queue: Duration,
    /// How long it travels.
    pub delay: Duration,
    /// How much longer, now and then.
    pub jitter: Jitter,
    /// What is lost on the way.
    pub losses: Losses,
    /// Whether datagrams pass at all.
    pub carries_udp: bool,
}

/// What happens to a link when a story says so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trouble {
    /// For how long nothing passes: at least and at most.
    pub lasts: (Duration, Duration),
    /// What becomes of packets meanwhile.
    pub meanwhile: Meanwhile,
    /// Whether the client has another address afterwards.
    pub new_address: bool,
    /// What the link is afterwards, if not what it was.
    pub then: Option<&'static LinkKind>,
}

/// What a link does to packets, each way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkKind {
    /// How stories and figures call it.
    pub name: &'static str,
    /// From the client to the relay.
    pub up: PathKind,
    /// From the relay to the client.
    pub down: PathKind,
    /// Whether pages, requests and sockets share all this with the media; else they pass at once.
    pub shares: bool,
    /// Whether connections to the relay's TCP port for media get anywhere.
    pub carries_tcp_media: bool,
    /// What may happen to it.
    pub trouble: Option<Trouble>,
}

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A queue as deep as those in front of a radio: longer ones only make a picture old.
const QUEUE: Duration = ms(300);
/// One way, as the targets of the issues say it.
const TWENTY_MS: Duration = ms(20);
/// From the first to the last floor of a hospital.
pub const LIFT_CUT: Duration = Duration::from_secs(12);
/// When the bottleneck becomes narrow: an encoder and an estimator are warm by then.
pub const BOTTLENECK_DROPS_AT: Duration = Duration::from_secs(15);
/// When it becomes wide: long enough to see whether the rate holds.
pub const BOTTLENECK_RISES_AT: Duration = Duration::from_secs(35);
/// Bits per second of the bottleneck.
const BOTTLENECK: Rate = Rate::Steps(&[
    (Duration::ZERO, 3_000_000),
    (BOTTLENECK_DROPS_AT, 1_000_000),
    (BOTTLENECK_RISES_AT, 6_000_000),
]);

impl PathKind {
    /// Nothing is in the way.
    pub const CLEAR: Self = Self {
        rate: Rate::Unlimited,
        queue: QUEUE,
        delay: Duration::ZERO,
        jitter: Jitter::NONE,
        losses: Losses::NONE,
        carries_udp: true,
    };

    /// A wireless network with many others on it.
    const WIFI: Self = Self {
        rate: Rate::Steady(20_000_000),
        jitter: Jitter {
            least: ms(5),
            most: ms(15),
            every: ms(20),
        },
        losses: Losses::in_bursts(0.005, 4.0),
        ..Self::CLEAR
    };

    /// A telephone, one way.
    const fn cell(mean: u64, swing: f64, delay: Duration) -> Self {
        Self {
            rate: Rate::Wanders { mean, swing },
            delay,
            jitter: Jitter {
                least: Duration::ZERO,
                most: ms(3),
                every: ms(10),
            },
            ..Self::CLEAR
        }
    }

    const fn losing(share: f64) -> Self {
        Self {
            delay: TWENTY_MS,
            losses: Losses::alone(share),
            ..Self::CLEAR
        }
    }

    const fn narrow(rate: Rate) -> Self {
        Self {
            rate,
            delay: TWENTY_MS,
            ..Self::CLEAR
        }
    }
}

impl LinkKind {
    /// The same both ways, shared by everything.
    #[must_use]
    pub const fn both(name: &'static str, path: PathKind) -> Self {
        Self {
            name,
            up: path,
            down: path,
            shares: true,
            carries_tcp_media: true,
            trouble: None,
        }
    }

    /// A wire in the house: nothing but the lab itself is in the way.
    pub const LAN: Self = Self::both("lan", PathKind::CLEAR);
    /// 20 Mbit/s, 5 to 15 ms, 0.5 % lost in bursts of four.
    pub const HOSPITAL_WIFI: Self = Self::both("hospital_wifi", PathKind::WIFI);
    /// 10 Mbit/s up and 30 down that wander by a fifth, 25 ms and up to 3 more.
    pub const LTE_GOOD: Self = Self {
        down: PathKind::cell(30_000_000, 0.2, ms(25)),
        ..Self::both("lte_good", PathKind::cell(10_000_000, 0.2, ms(25)))
    };
    /// A telephone in the country: 1 Mbit/s that wanders a little, 60 ms, 1 % lost in bursts of three.
    pub const LTE_RURAL: Self = Self::both(
        "lte_rural",
        PathKind {
            jitter: Jitter::NONE,
            losses: Losses::in_bursts(0.01, 3.0),
            ..PathKind::cell(1_000_000, 0.15, ms(60))
        },
    );
    /// A good telephone in a lift: its trouble is a cut of 12 s, in which everything is lost.
    pub const LIFT: Self = Self {
        name: "lift",
        trouble: Some(Trouble {
            lasts: (LIFT_CUT, LIFT_CUT),
            meanwhile: Meanwhile::Lost,
            new_address: false,
            then: None,
        }),
        ..Self::LTE_GOOD
    };
    /// A hospital's network that lets no UDP through; TCP passes, 5 ms each way.
    pub const UDP_BLOCKED: Self = Self::both(
        "udp_blocked",
        PathKind {
            carries_udp: false,
            delay: ms(5),
            ..PathKind::CLEAR
        },
    );
    /// A network that lets out nothing but requests over TLS: media passes over a TURN server on that port only.
    pub const TLS_ONLY: Self = Self {
        name: "tls_only",
        carries_tcp_media: false,
        ..Self::UDP_BLOCKED
    };
    /// A good telephone on the move: its trouble is a pause of 0.5 to 1 s, a new address and a slower cell.
    pub const CELL_HANDOVER: Self = Self {
        name: "cell_handover",
        trouble: Some(Trouble {
            lasts: (ms(500), ms(1_000)),
            meanwhile: Meanwhile::Waits,
            new_address: true,
            then: Some(&Self::NEXT_CELL),
        }),
        ..Self::LTE_GOOD
    };
    /// Where a handover ends: 4 Mbit/s up and 12 down, 35 ms.
    pub const NEXT_CELL: Self = Self {
        down: PathKind::cell(12_000_000, 0.2, ms(35)),
        ..Self::both("next_cell", PathKind::cell(4_000_000, 0.2, ms(35)))
    };
    /// 3 Mbit/s, from `BOTTLENECK_DROPS_AT` on 1, from `BOTTLENECK_RISES_AT` on 6; 20 ms. To be set again when all is warm.
    pub const BOTTLENECK_3_1_6: Self = Self::both("bottleneck_3_1_6", PathKind::narrow(BOTTLENECK));
    /// 2 % lost one by one, 20 ms.
    pub const LOSS_2: Self = Self::both("loss_2", PathKind::losing(0.02));
    /// 5 % lost one by one, 20 ms.
    pub const LOSS_5: Self = Self::both("loss_5", PathKind::losing(0.05));
    /// 2 Mbit/s, 20 ms; requests pass at once. The figures of originals on a weak link are taken on it.
    pub const TWO_MEGABITS: Self = Self {
        shares: false,
        ..Self::both("two_megabits", PathKind::narrow(Rate::Steady(2_000_000)))
    };

    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::LAN,
        Self::HOSPITAL_WIFI,
        Self::LTE_GOOD,
        Self::LTE_RURAL,
        Self::LIFT,
        Self::UDP_BLOCKED,
        Self::TLS_ONLY,
        Self::CELL_HANDOVER,
        Self::NEXT_CELL,
        Self::BOTTLENECK_3_1_6,
        Self::LOSS_2,
        Self::LOSS_5,
        Self::TWO_MEGABITS,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_has_a_name_of_its_own_and_is_told_to_contributors() {
        let told = include_str!("../../../CONTRIBUTING.md");
        for (n, kind) in LinkKind::ALL.iter().enumerate() {
            let before = &LinkKind::ALL[..n];
            assert!(!before.iter().any(|other| other.name == kind.name));
            let row = format!("| `{}` |", kind.name);
            assert!(told.contains(&row), "CONTRIBUTING.md lacks {}", kind.name);
        }
    }
}
