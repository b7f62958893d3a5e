//! The capacity of the link changes: the target follows down at once and up soon, and the queue stays short.

use crate::link::{Link, Loss};
use crate::random::Dice;
use crate::sender::Setup;
use crate::world::World;

/// Issue 4: 3 -> 1 -> 6 Mbit/s.
fn bottleneck() -> Link {
    Link {
        rate: vec![(0.0, 3000.0), (20.0, 1000.0), (40.0, 6000.0)],
        ..Link::of(0.0, 20.0)
    }
}

const OUTSIDE_THE_DROP: [(f64, f64); 2] = [(3.0, 20.0), (22.0, 70.0)];

#[test]
fn three_to_one_to_six_megabit() {
    for (seed, setup) in [
        (1, Setup::default()),
        (
            2,
            Setup {
                report_every: 0.1,
                ..Setup::default()
            },
        ),
        (
            3,
            Setup {
                is_paced: false,
                ..Setup::default()
            },
        ),
    ] {
        let world = World::new(bottleneck(), &[setup], seed).run(70.0);
        world.print("bottleneck");
        let backoff = world.target_below_after(0, 20.0, 1000.0);
        let recover = world.target_above_after(0, 40.0, 4800.0);
        let p95 = world.waited_ms(95.0, &OUTSIDE_THE_DROP);
        let use_of_six = world.sent_kbps(0, 52.0, 70.0) / 6000.0;
        let use_of_one = world.sent_kbps(0, 24.0, 40.0) / 1000.0;
        println!(
            "bottleneck: below after {backoff} s, 80 % after {recover} s, queue p95 {p95:.0} ms, use {use_of_one:.2} {use_of_six:.2}"
        );
        assert!(backoff <= 1.2, "{backoff}");
        assert!(recover <= 9.0, "{recover}");
        assert!(p95 <= 110.0, "{p95}");
        assert!(
            use_of_six > 0.8 && use_of_one > 0.75,
            "{use_of_one} {use_of_six}"
        );
        // The queue of the drop is gone two seconds later.
        let after = world.waited_ms(95.0, &[(22.0, 26.0)]);
        assert!(after < 100.0, "{after}");
    }
}

/// Issue 4: 1 Mbit/s, 60 ms one way, 1 % bursts.
#[test]
fn rural_lte_settles_near_the_limit_without_a_queue() {
    for seed in 1..=3 {
        let link = Link {
            loss: Loss::Bursts {
                share: 0.01,
                length: 5.0,
            },
            jitter_ms: 5.0,
            ..Link::of(1000.0, 60.0)
        };
        let world = World::new(link, &[Setup::default()], seed).run(120.0);
        world.print("lte_rural");
        let used = world.sent_kbps(0, 10.0, 120.0);
        let p95 = world.waited_ms(95.0, &[(5.0, 120.0)]);
        let p50 = world.waited_ms(50.0, &[(5.0, 120.0)]);
        println!("lte_rural: {used:.0} kbit/s, queue p50 {p50:.0} p95 {p95:.0} ms");
        assert!((750.0..1000.0).contains(&used), "{used}");
        assert!(p95 < 120.0 && p50 < 50.0, "{p50} {p95}");
    }
}

#[test]
fn a_cell_handover_holds_everything_back_and_goes_on_at_another_rate() {
    for after in [1200.0, 5000.0] {
        let link = Link {
            rate: vec![(0.0, 3000.0), (20.0, 0.0), (20.5, after)],
            detour: Some((20.5, 15.0)),
            ..Link::of(0.0, 30.0)
        };
        let world = World::new(link, &[Setup::default()], 5).run(50.0);
        world.print("cell_handover");
        let p95 = world.waited_ms(95.0, &[(23.0, 50.0)]);
        let used = world.sent_kbps(0, 30.0, 50.0) / after;
        println!("cell_handover to {after}: use {used:.2}, queue p95 {p95:.0} ms");
        assert!(p95 < 120.0, "{p95}");
        assert!(used > 0.75, "{used}");
    }
}

/// A synthetic trace: each second up to a third more or less, between 0.5 and 6 Mbit/s.
#[test]
fn a_link_that_wanders_is_followed() {
    for seed in 1..=3 {
        let mut dice = Dice::new(seed);
        let mut kbps = 1700.0_f64;
        let rate: Vec<(f64, f64)> = (0..60)
            .map(|second| {
                kbps = (kbps * dice.between(-0.3, 0.3).exp()).clamp(500.0, 6000.0);
                (f64::from(second), kbps)
            })
            .collect();
        let mean = rate.iter().map(|(_, kbps)| kbps).sum::<f64>() / 60.0;
        let link = Link {
            rate,
            ..Link::of(0.0, 40.0)
        };
        let world = World::new(link, &[Setup::default()], seed).run(60.0);
        world.print("wander");
        let used = world.sent_kbps(0, 5.0, 60.0) / mean;
        let p95 = world.waited_ms(95.0, &[(5.0, 60.0)]);
        println!("wander: use {used:.2}, queue p95 {p95:.0} ms");
        assert!(used > 0.75, "{used}");
        assert!(p95 < 150.0, "{p95}");
    }
}

/// Wi-Fi of a hospital: wide, but it stalls for a moment again and again, and delays vary.
#[test]
fn wifi_that_stalls_keeps_the_rate() {
    for seed in 1..=3 {
        let mut rate = vec![(0.0, 30_000.0)];
        for n in 1..15 {
            let at = f64::from(n) * 4.0;
            rate.extend([(at, 0.0), (at + 0.04 * f64::from(n % 5), 30_000.0)]);
        }
        let link = Link {
            rate,
            jitter_ms: 15.0,
            loss: Loss::Random(0.01),
            ..Link::of(0.0, 5.0)
        };
        let world = World::new(link, &[Setup::default()], seed).run(60.0);
        world.print("hospital_wifi");
        let kept = world.mean_target(0, 3.0, 60.0);
        println!("hospital_wifi: {kept:.0} kbit/s");
        assert!(kept > 7000.0, "{kept}");
    }
}

#[test]
fn a_receivers_clock_that_drifts_and_is_set_changes_nothing() {
    let quiet = Link::of(3000.0, 20.0);
    let strange = Link {
        drift_ppm: 100.0,
        clock_set: vec![(15.0, 0.4), (25.0, 3600.0), (35.0, -3000.0), (45.0, -0.3)],
        ..quiet.clone()
    };
    let one = World::new(quiet, &[Setup::default()], 8).run(60.0);
    let other = World::new(strange, &[Setup::default()], 8).run(60.0);
    other.print("clock");
    let (used, with) = (one.sent_kbps(0, 10.0, 60.0), other.sent_kbps(0, 10.0, 60.0));
    let p95 = other.waited_ms(95.0, &[(5.0, 60.0)]);
    println!("clock: {used:.0} and {with:.0} kbit/s, queue p95 {p95:.0} ms");
    assert!(with > used * 0.9, "{used} {with}");
    let stats = other.senders[0].estimator.stats();
    assert!(
        stats.acknowledged.is_some(),
        "measured again after the last jump"
    );
    assert!(p95 < 110.0, "{p95}");
}
