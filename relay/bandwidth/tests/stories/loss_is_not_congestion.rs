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
    let link = Link {
        feedback_loss: 0.2,
        ..Link::of(4000.0, 30.0)
    };
    let world = World::new(
        link,
        &[Setup {
            report_every: 0.1,
            ..Setup::default()
        }],
        6,
    )
    .run(60.0);
    world.print("feedback loss");
    let used = world.sent_kbps(0, 10.0, 60.0) / 4000.0;
    let p95 = world.waited_ms(95.0, &[(5.0, 60.0)]);
    println!("feedback loss: use {used:.2}, queue p95 {p95:.0} ms");
    assert!(used > 0.75, "{used}");
    assert!(p95 < 120.0, "{p95}");
}
