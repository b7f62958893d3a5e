//! Others on the link: a second consult, a download. Nobody starves.

use crate::link::Link;
use crate::sender::Setup;
use crate::world::World;

#[test]
fn two_consults_on_one_link_share_it() {
    for seed in [1, 11, 21] {
        let late = Setup {
            from: 15.0,
            ..Setup::default()
        };
        let world = World::new(Link::of(4000.0, 25.0), &[Setup::default(), late], seed).run(90.0);
        world.print("two");
        let (one, two) = (
            world.sent_kbps(0, 45.0, 90.0),
            world.sent_kbps(1, 45.0, 90.0),
        );
        let p95 = world.waited_ms(95.0, &[(18.0, 90.0)]);
        println!("two: {one:.0} and {two:.0} kbit/s, queue p95 {p95:.0} ms");
        assert!(one.min(two) > 0.25 * (one + two), "{one} {two}");
        assert!(one + two > 2800.0, "{one} {two}");
        assert!(p95 < 150.0, "{p95}");
    }
}

#[test]
fn a_download_takes_its_part_and_leaves_a_picture() {
    for seed in [1, 2, 3] {
        let link = Link {
            queue_ms: 250.0,
            ..Link::of(5000.0, 20.0)
        };
        let world = World::new(link, &[Setup::default()], seed)
            .with_download(15.0, 60.0)
            .run(90.0);
        world.print("download");
        let during = world.sent_kbps(0, 25.0, 60.0);
        let after = world.sent_kbps(0, 70.0, 90.0);
        println!(
            "download: {during:.0} kbit/s beside {:.0} of TCP, {after:.0} after it",
            world.download_bits / 45_000.0
        );
        assert!(during > 1000.0, "{during}");
        assert!(after > 3500.0, "{after}");
    }
}
