//! A consult begins: what the link has is found by probes, not by patience; and what the encoder does not use is not lost.

use crate::link::Link;
use crate::sender::Setup;
use crate::world::World;

#[test]
fn a_wide_link_is_found_at_once() {
    for (delay_ms, seed) in [(2.0, 1), (30.0, 2), (60.0, 3)] {
        let world = World::new(Link::of(100_000.0, delay_ms), &[Setup::default()], seed).run(20.0);
        world.print("start");
        let full = world.target_above_after(0, 0.0, 8000.0);
        let p95 = world.waited_ms(95.0, &[(0.0, 20.0)]);
        println!("start, {delay_ms} ms away: 8 Mbit/s after {full} s, queue p95 {p95:.1} ms");
        assert!(full <= 2.0, "{full}");
        assert!(p95 < 5.0, "{p95}");
    }
}

#[test]
fn an_encoder_that_uses_little_keeps_a_target_that_probes_have_proved() {
    let setup = Setup {
        encoder_kbps: 500.0,
        ..Setup::default()
    };
    let world = World::new(Link::of(5000.0, 20.0), &[setup], 2).run(60.0);
    world.print("application limited");
    let target = world.mean_target(0, 10.0, 60.0);
    let padding = world.senders[0].padding_bits / 60_000.0;
    println!("application limited: target {target:.0}, padding {padding:.0} kbit/s");
    assert!((3000.0..5500.0).contains(&target), "{target}");
    assert!(padding < 50.0, "{padding}");
}

/// The demo runs relay, agent and browser on two cores: timers are late.
#[test]
fn a_machine_that_wakes_late_finds_the_link_too() {
    for wakes_every in [0.003, 0.005, 0.01] {
        let setup = Setup {
            wakes_every,
            start_kbps: 500,
            ..Setup::default()
        };
        let world = World::new(Link::of(6000.0, 20.0), &[setup], 3).run(40.0);
        world.print("late");
        let found = world.target_above_after(0, 0.0, 4800.0);
        let used = world.sent_kbps(0, 10.0, 40.0) / 6000.0;
        let p95 = world.waited_ms(95.0, &[(3.0, 40.0)]);
        println!(
            "late by {wakes_every} s: 80 % after {found} s, use {used:.2}, queue p95 {p95:.0} ms"
        );
        assert!(found <= 8.0, "{wakes_every}: {found}");
        assert!(used > 0.8, "{used}");
        assert!(p95 < 100.0, "{p95}");
    }
}

/// Half a second of queue is what a start at 1 Mbit/s makes here: the keyframe and the first probe come before any report.
#[test]
fn a_low_start_spares_a_weak_link() {
    let setup = Setup {
        start_kbps: 300,
        ..Setup::default()
    };
    let world = World::new(Link::of(500.0, 50.0), &[setup], 4).run(30.0);
    let p95 = world.waited_ms(95.0, &[(0.0, 5.0)]);
    println!("low start: queue p95 of the first five seconds {p95:.0} ms");
    assert!(p95 < 150.0, "{p95}");
}

#[test]
fn on_a_wide_link_frames_leave_at_once() {
    let setup = Setup {
        encoder_kbps: 4000.0,
        most_kbps: 40_000,
        ..Setup::default()
    };
    let world = World::new(Link::of(100_000.0, 2.0), &[setup], 2).run(20.0);
    let waiting = world.senders[0]
        .pacing_ms
        .iter()
        .skip(100)
        .copied()
        .fold(0.0, f64::max);
    println!("wide: at most {waiting:.1} ms in the pacer");
    assert!(waiting < 1.0, "{waiting}");
}
