//! A looping clip may be played round and round: its end runs into its beginning.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests: a failure is a failed test"
)]

use sample_dicom::{ClipSpec, Generated, View, generate};

/// Mean absolute difference of two frames.
fn difference(clip: &Generated, a: usize, b: usize) -> f64 {
    let (a, b) = (clip.frame(a).unwrap().rgb, clip.frame(b).unwrap().rgb);
    let sum: u64 = a
        .iter()
        .zip(&b)
        .map(|(x, y)| u64::from(x.abs_diff(*y)))
        .sum();
    sum as f64 / a.len() as f64
}

#[test]
fn the_step_from_last_to_first_is_like_the_steps_beside_it() {
    for view in View::ALL {
        let spec = ClipSpec {
            width: 400,
            height: 300,
            frames: Some(58),
            ..ClipSpec::new(view, 5)
        };
        let clip = generate(&spec).unwrap();
        assert!(clip.truth.loops);
        let last = clip.frame_count() - 1;
        let beside = [difference(&clip, last - 1, last), difference(&clip, 0, 1)];
        let seam = difference(&clip, last, 0);
        let largest = beside[0].max(beside[1]);
        assert!(
            seam <= 1.25 * largest,
            "{view}: seam {seam:.3}, beside {beside:.3?}"
        );
        // And the measure sees a seam where there is one.
        assert!(difference(&clip, last, 10) > 1.5 * largest, "{view}");
    }
}

#[test]
fn the_sniff_happens_inside_the_clip() {
    let clip = generate(&ClipSpec {
        width: 320,
        height: 240,
        ..ClipSpec::new(View::ScIvc, 5)
    })
    .unwrap();
    let vein = clip.truth.vena_cava.as_ref().unwrap();
    assert!((vein.collapse - 62.0).abs() < 3.0, "{}", vein.collapse);
    let sniff = |i: usize| clip.truth.frames[i].ivc.as_ref().unwrap().sniff;
    assert_eq!((sniff(0), sniff(clip.frame_count() - 1)), (0.0, 0.0));
    assert!(sniff(vein.smallest_frame as usize) > 0.9);
}
