//! A lift: nothing passes for twelve seconds, then everything does again.

use crate::link::Link;
use crate::sender::Setup;
use crate::world::World;

#[test]
fn after_a_lift_the_rate_is_back_within_two_seconds() {
    for (kbps, seed) in [(4000.0, 1), (20_000.0, 2), (1000.0, 3)] {
        let link = Link {
            cut: Some((20.0, 32.0)),
            ..Link::of(kbps, 30.0)
        };
        let world = World::new(link, &[Setup::default()], seed).run(60.0);
        world.print("lift");
        let before = world.mean_target(0, 15.0, 20.0);
        let during = world.mean_target(0, 28.0, 32.0);
        let back = world.target_above_after(0, 32.0, before.min(kbps) * 0.7);
        let p95 = world.waited_ms(95.0, &[(34.0, 60.0)]);
        println!(
            "lift {kbps}: {before:.0} before, {during:.0} during, back after {back} s, queue p95 {p95:.0} ms"
        );
        assert!(during < 200.0, "{during}");
        assert!(back <= 2.0, "{back}");
        assert!(p95 < 120.0, "{p95}");
    }
}
