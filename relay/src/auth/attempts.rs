//! Slows guessing: so many failures from one place, then a pause.
//!
//! Sans-IO. A place is an IPv4 address or an IPv6 /64, because one customer gets a whole /64. Successes cost nothing, so
//! a clinic behind one address is never locked out by its own people. Invariant: at most `MAX_PLACES` are remembered.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use wire::RelayTime;

/// Failures at once before a pause: a ward behind one address mistypes less often, a guesser more.
const BURST: u32 = 20;
/// One more failure is allowed each this many microseconds.
const REFILL_US: u64 = 3_000_000;
/// Failures in a row from everywhere together before everybody new has to wait: somebody guesses from many places.
const BURST_OF_ALL: u32 = 2_000;
/// As `REFILL_US`, for all together.
const REFILL_OF_ALL_US: u64 = 10_000;
/// Places remembered: 10,000 × about 64 B.
const MAX_PLACES: usize = 10_000;

/// Failures of one place, forgotten at a constant rate.
#[derive(Debug, Clone, Copy)]
struct Leak {
    failures: u32,
    since: RelayTime,
}

impl Leak {
    fn at(self, now: RelayTime, refill_us: u64) -> Self {
        let forgotten = now.0.saturating_sub(self.since.0) / refill_us;
        let failures = self
            .failures
            .saturating_sub(u32::try_from(forgotten).unwrap_or(u32::MAX));
        Self {
            failures,
            since: RelayTime(
                self.since
                    .0
                    .saturating_add(forgotten.saturating_mul(refill_us))
                    .min(now.0),
            ),
        }
    }
}

/// Failed attempts to enter.
#[derive(Debug)]
pub struct Attempts {
    places: HashMap<IpAddr, Leak>,
    all: Leak,
}

impl Default for Attempts {
    fn default() -> Self {
        Self {
            places: HashMap::new(),
            all: Leak {
                failures: 0,
                since: RelayTime(0),
            },
        }
    }
}

impl Attempts {
    /// Whether somebody from here may try now.
    pub fn may_try(&self, from: IpAddr, now: RelayTime) -> bool {
        let here = self
            .places
            .get(&place(from))
            .is_none_or(|leak| leak.at(now, REFILL_US).failures < BURST);
        here && self.all.at(now, REFILL_OF_ALL_US).failures < BURST_OF_ALL
    }

    /// Somebody from here failed.
    pub fn failed(&mut self, from: IpAddr, now: RelayTime) {
        if self.places.len() >= MAX_PLACES {
            self.places
                .retain(|_, leak| leak.at(now, REFILL_US).failures > 0);
        }
        if self.places.len() >= MAX_PLACES {
            self.places.clear(); // All of them guess right now; the count of all together holds them.
        }
        let here = self.places.entry(place(from)).or_insert(Leak {
            failures: 0,
            since: now,
        });
        *here = here.at(now, REFILL_US);
        here.failures += 1;
        self.all = self.all.at(now, REFILL_OF_ALL_US);
        self.all.failures = self.all.failures.saturating_add(1);
    }
}

/// Where somebody is, as far as an address tells it: one customer's addresses are one place.
pub fn place(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn ten_thousand_guesses_come_to_twenty() {
        let mut attempts = Attempts::default();
        let now = RelayTime(1_000_000_000);
        let mut checked = 0;
        for _ in 0..10_000 {
            if attempts.may_try(ip("192.0.2.7"), now) {
                checked += 1;
                attempts.failed(ip("192.0.2.7"), now);
            }
        }
        assert_eq!(checked, 20);
        assert!(
            attempts.may_try(ip("192.0.2.8"), now),
            "a neighbour is not punished"
        );
        assert!(
            attempts.may_try(ip("192.0.2.7"), RelayTime(now.0 + REFILL_US)),
            "the pause ends"
        );
    }

    #[test]
    fn one_customer_of_ipv6_is_one_place() {
        let mut attempts = Attempts::default();
        let now = RelayTime(0);
        for host in 0..BURST {
            attempts.failed(ip(&format!("2001:db8:1:2::{host:x}")), now);
        }
        assert!(!attempts.may_try(ip("2001:db8:1:2:ffff::1"), now));
        assert!(attempts.may_try(ip("2001:db8:1:3::1"), now));
        for _ in 0..BURST {
            attempts.failed(ip("::ffff:192.0.2.1"), now);
        }
        assert!(
            !attempts.may_try(ip("192.0.2.1"), now),
            "a mapped address is the same place"
        );
    }

    #[test]
    fn guessing_from_everywhere_is_held_and_memory_is_bounded() {
        let mut attempts = Attempts::default();
        let now = RelayTime(5);
        for n in 0..30_000u32 {
            attempts.failed(IpAddr::V4(n.into()), now);
        }
        assert!(attempts.places.len() <= MAX_PLACES);
        assert!(!attempts.may_try(ip("198.51.100.1"), now));
    }
}
