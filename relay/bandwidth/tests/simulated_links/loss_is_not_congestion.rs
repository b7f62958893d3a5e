//! Radio loses packets at any rate: the rate stays. A link that drops because it is full is another matter.

use crate::link::{Link, Loss};
use crate::sender::Setup;
use crate::world::World;

#[test]
fn random_loss_is_not_taken_for_congestion() {
    for share in [0.02, 0.05, 0.10] {
        for seed in 1..=3 {
            let link = Link {
                loss: Loss::Random(share),
                ..Link::of(20_000.0, 20.0)
            };
            let world = World::new(link, &[Setup::default()], seed).run(60.0);
            world.print("loss");
            let reached = world.target_above_after(0, 0.0, 7500.0);
            let kept = world.mean_target(0, 10.0, 60.0);
            println!("loss {share}: full after {reached} s, then {kept:.0} kbit/s");
            assert!(reached <= 5.0, "{share}: {reached}");
            assert!(kept > 7500.0, "{share}: {kept}");
        }
    }
}

#[test]
fn random_loss_on_a_narrow_link_costs_little_of_it() {
    for share in [0.02, 0.05] {
        let link = Link {
            loss: Loss::Random(share),
            ..Link::of(2000.0, 20.0)
        };
        let world = World::new(link, &[Setup::default()], 4).run(60.0);
        let used = world.sent_kbps(0, 10.0, 60.0) / 2000.0;
        let p95 = world.waited_ms(95.0, &[(5.0, 60.0)]);
        println!("loss {share} on 2 Mbit/s: use {used:.2}, queue p95 {p95:.0} ms");
        assert!(used > 0.75, "{share}: {used}");
        assert!(p95 < 110.0, "{p95}");
    }
}

/// Beyond 16 % the rate falls once; when that does not help, the loss is the link's own.
#[test]
fn heavy_random_loss_is_found_to_be_the_links_own() {
    for (share, seed) in [(0.2, 1), (0.2, 2), (0.3, 3)] {
        let link = Link {
            loss: Loss::Random(share),
            ..Link::of(20_000.0, 30.0)
        };
        let world = World::new(link, &[Setup::default()], seed).run(60.0);
        world.print("heavy loss");
        let kept = world.mean_target(0, 10.0, 60.0);
        println!("heavy loss {share}: {kept:.0} kbit/s");
        assert!(kept > 6000.0, "{share}: {kept}");
    }
}

#[test]
fn a_buffer_of_thirty_milliseconds_is_not_kept_full() {
    let link = Link {
        queue_ms: 30.0,
        ..Link::of(6000.0, 20.0)
    };
    let world = World::new(link, &[Setup::default()], 4).run(60.0);
    world.print("shallow");
    let used = world.sent_kbps(0, 10.0, 60.0) / 6000.0;
    println!("shallow: use {used:.2}");
    assert!((0.75..1.05).contains(&used), "{used}");
}

#[test]
fn a_link_that_drops_instead_of_queueing_is_congested() {
    let link = Link {
        rate: vec![(0.0, 6000.0), (15.0, 1000.0)],
        queue_ms: 40.0,
        ..Link::of(0.0, 20.0)
    };
    let world = World::new(link, &[Setup::default()], 4).run(40.0);
    world.print("policer");
    let below = world.target_below_after(0, 15.0, 1250.0);
    let mean = world.mean_target(0, 20.0, 40.0);
    println!("policer: near the limit after {below} s, then {mean:.0} kbit/s");
    assert!(below < 3.0, "{below}");
    assert!((600.0..1100.0).contains(&mean), "{mean}");
    assert!(world.senders[0].estimator.stats().loss_share < 0.1);
}

#[test]
fn feedback_that_gets_lost_is_not_loss() {
    for share in [0.1, 0.3] {
        let link = Link {
            feedback_loss: share,
            ..Link::of(4000.0, 30.0)
        };
        let setup = Setup {
            report_every: 0.1,
            ..Setup::default()
        };
        let world = World::new(link, &[setup], 6).run(60.0);
        world.print("feedback loss");
        let used = world.sent_kbps(0, 10.0, 60.0) / 4000.0;
        let p95 = world.waited_ms(95.0, &[(5.0, 60.0)]);
        println!("feedback loss {share}: use {used:.2}, queue p95 {p95:.0} ms");
        assert!(used > 0.75, "{share}: {used}");
        assert!(p95 < 120.0, "{p95}");
    }
}
