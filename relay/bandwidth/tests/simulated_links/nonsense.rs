//! Whatever a receiver reports, the target stays within the limits and nothing panics.

use bandwidth::{BitRate, Estimator, Fate, Limits, ProbeId, Report};
use proptest::prelude::*;
use std::time::{Duration, Instant};

const LIMITS: Limits = Limits {
    min: BitRate::from_kbps(100),
    max: BitRate::from_kbps(8000),
};

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        Just(Fate::Lost),
        Just(Fate::Untimed),
        Just(Fate::Arrived(Duration::MAX)),
        any::<u64>().prop_map(|micros| Fate::Arrived(Duration::from_micros(micros))),
        (0_u64..10_000).prop_map(|ms| Fate::Arrived(Duration::from_millis(ms))),
    ]
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![Just(0), Just(usize::MAX), 1_usize..1500]
}

prop_compose! {
    fn report(origin: Instant)(
        id in prop_oneof![any::<u64>(), 0_u64..500],
        bytes in size(),
        sent in 0_u64..100_000,
        fate in fate(),
        probe in prop::option::of((0_u32..5).prop_map(ProbeId)),
    ) -> Report {
        Report { id, bytes, sent_at: origin + Duration::from_millis(sent), fate, probe }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nonsense_moves_the_target_within_its_limits_only(
        rounds in prop::collection::vec(
            (0_u64..100_000, prop::collection::vec(report(Instant::now()), 0..40), any::<bool>()),
            1..40,
        )
    ) {
        let origin = Instant::now();
        let mut estimator = Estimator::new(LIMITS, BitRate::from_kbps(1000));
        for (at, reports, asks) in rounds {
            let now = origin + Duration::from_millis(at);
            estimator.on_reports(now, &reports);
            if asks {
                estimator.wants_probe(now);
            } else {
                estimator.on_timeout(now);
            }
            prop_assert!((LIMITS.min..=LIMITS.max).contains(&estimator.target()));
            prop_assert!(estimator.poll_timeout().is_none_or(|next| next > now));
            let stats = estimator.stats();
            prop_assert!((0.0..=1.0).contains(&stats.loss_share));
        }
    }

    #[test]
    fn time_that_runs_on_with_nonsense_in_it_neither(
        rounds in prop::collection::vec((1_u64..300, size(), fate(), 0_u64..1000), 1..400)
    ) {
        let mut now = Instant::now();
        let mut estimator = Estimator::new(LIMITS, BitRate::from_kbps(1000));
        for (id, (step, bytes, fate, ago)) in (0_u64..).zip(rounds) {
            now += Duration::from_millis(step);
            let sent_at = now.checked_sub(Duration::from_millis(ago)).unwrap_or(now);
            let probe = estimator.wants_probe(now).map(|probe| probe.id);
            estimator.on_reports(now, &[Report { id, bytes, sent_at, fate, probe }]);
            estimator.on_timeout(now);
            prop_assert!((LIMITS.min..=LIMITS.max).contains(&estimator.target()));
        }
    }
}

#[test]
fn limits_in_the_wrong_order_are_put_right() {
    let limits = Limits {
        min: LIMITS.max,
        max: LIMITS.min,
    };
    let estimator = Estimator::new(limits, BitRate::from_kbps(90_000));
    assert_eq!(estimator.target(), LIMITS.max);
}
