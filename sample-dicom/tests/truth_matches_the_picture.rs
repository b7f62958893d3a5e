//! What truth.json says is what the pixels show and what a doctor's tools measure on them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests: a failure is a failed test"
)]

use sample_dicom::truth::{ClipTruth, Point, RegionTruth};
use sample_dicom::{ClipSpec, Generated, Picture, View, discs_volume, generate};

fn clip(view: View) -> Generated {
    let spec = ClipSpec {
        frames: Some(29),
        ..ClipSpec::new(view, 11)
    };
    generate(&spec).unwrap()
}

/// Physical place of a pixel by the region arithmetic of PS3.3 C.8.5.5.
fn measure(region: &RegionTruth, p: Point) -> Point {
    let axis = |i: usize, min: u32| {
        region.reference_value[i]
            + (p[i] - f64::from(min) - f64::from(region.reference_pixel[i])) * region.delta[i]
    };
    [axis(0, region.rect.x0), axis(1, region.rect.y0)]
}

fn distance(a: Point, b: Point) -> f64 {
    ((a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2)).sqrt()
}

fn grey(picture: &Picture, p: Point) -> f64 {
    let (x, y) = (p[0].round() as usize, p[1].round() as usize);
    f64::from(picture.rgb[(y * picture.width as usize + x) * 3])
}

fn region(truth: &ClipTruth, format: u16) -> &RegionTruth {
    truth
        .regions
        .iter()
        .find(|r| r.spatial_format == format)
        .unwrap()
}

#[test]
fn simpson_on_the_contour_pixels_gives_the_ejection_fraction_within_a_point() {
    for view in [View::A4c, View::Plax] {
        for ef in [25.0, 40.0, 55.0, 68.0] {
            let spec = ClipSpec {
                width: 400,
                height: 300,
                frames: Some(29),
                ejection_fraction: ef,
                ..ClipSpec::new(view, 11)
            };
            let truth = generate(&spec).unwrap().truth;
            let sizes = truth.ventricle.as_ref().unwrap();
            let volume = |frame: u32| {
                let lv = truth.frames[frame as usize].ventricle.as_ref().unwrap();
                let two_d = region(&truth, 1);
                let outline: Vec<(f64, f64)> = lv
                    .contour
                    .iter()
                    .map(|p| measure(two_d, *p).into())
                    .collect();
                discs_volume(&outline, 20)
            };
            let (full, empty) = (
                volume(sizes.end_diastolic_frame),
                volume(sizes.end_systolic_frame),
            );
            assert!(
                (full / sizes.end_diastolic_ml - 1.0).abs() < 0.02,
                "{view} EDV {full}"
            );
            let measured = 100.0 * (full - empty) / full;
            assert!(
                (measured - ef).abs() < 1.0,
                "{view}: asked {ef}, measured {measured:.2}"
            );
            assert!((sizes.ejection_fraction - ef).abs() < 1e-9);
        }
    }
}

#[test]
fn calipers_on_the_landmarks_read_the_stated_sizes() {
    let plax = clip(View::Plax).truth;
    let ivc = clip(View::ScIvc).truth;
    for frame in &plax.frames {
        let lv = frame.ventricle.as_ref().unwrap();
        let [a, b] = lv.diameter_ends.map(|p| measure(region(&plax, 1), p));
        assert!((distance(a, b) - lv.diameter_cm).abs() < 1e-3);
    }
    for frame in &ivc.frames {
        let vein = frame.ivc.as_ref().unwrap();
        let [a, b] = vein.diameter_ends.map(|p| measure(region(&ivc, 1), p));
        assert!((distance(a, b) - vein.diameter_cm).abs() < 1e-3);
    }
}

/// Mean grey at `offset` pixels outside (+) or inside (−) of the septal half of the contour.
fn along_contour(clip: &Generated, frame: usize, offset: f64) -> f64 {
    let lv = clip.truth.frames[frame].ventricle.as_ref().unwrap();
    let picture = clip.frame(frame).unwrap();
    // Septum from above the mitral ring to below the apex, where the wall is seen well.
    let wall = &lv.contour[4..16];
    let centre = [
        (lv.diameter_ends[0][0] + lv.diameter_ends[1][0]) / 2.0,
        (lv.diameter_ends[0][1] + lv.diameter_ends[1][1]) / 2.0,
    ];
    let sum: f64 = wall
        .iter()
        .map(|p| {
            let side = if p[0] < centre[0] { -1.0 } else { 1.0 };
            grey(&picture, [p[0] + side * offset, p[1]])
        })
        .sum();
    sum / wall.len() as f64
}

#[test]
fn the_endocardium_lies_where_the_picture_turns_from_black_to_grey() {
    let clip = clip(View::A4c);
    let profile = |offset: f64| -> f64 {
        (0..29)
            .map(|frame| along_contour(&clip, frame, offset))
            .sum::<f64>()
            / 29.0
    };
    let (inside, outside) = (profile(-10.0), profile(8.0));
    assert!(
        outside > 2.5 * inside,
        "inside {inside:.1}, wall {outside:.1}"
    );
    // The steepest place of the edge, to half a pixel; the beam is wide, so allow its blur.
    let steepest = (-12..=12)
        .map(|i| f64::from(i) * 0.5)
        .max_by(|a, b| {
            let slope = |x: f64| profile(x + 1.0) - profile(x - 1.0);
            slope(*a).total_cmp(&slope(*b))
        })
        .unwrap();
    assert!(steepest.abs() <= 2.5, "edge found {steepest} px off");
}

#[test]
fn the_vena_cava_is_dark_between_its_walls_and_bright_beyond() {
    let clip = clip(View::ScIvc);
    let (mut lumen, mut wall) = (0.0, 0.0);
    for (i, frame) in clip.truth.frames.iter().enumerate() {
        let picture = clip.frame(i).unwrap();
        let [front, back] = frame.ivc.as_ref().unwrap().diameter_ends;
        lumen += grey(
            &picture,
            [(front[0] + back[0]) / 2.0, (front[1] + back[1]) / 2.0],
        );
        wall +=
            grey(&picture, [front[0], front[1] - 3.0]) + grey(&picture, [back[0], back[1] + 3.0]);
    }
    assert!(wall / 2.0 > 3.0 * lumen, "wall {wall}, lumen {lumen}");
}

#[test]
fn strips_and_picture_show_the_same_heart_beat() {
    let clip = clip(View::Combined);
    let truth = &clip.truth;
    let inflow = truth.inflow.as_ref().unwrap();
    let (ecg, pulsed, mmode) = (region(truth, 4), region(truth, 3), region(truth, 2));
    for (i, frame) in truth.frames.iter().enumerate() {
        let picture = clip.frame(i).unwrap();
        assert!(!frame.strips.r_peaks.is_empty() && !frame.strips.e_peaks.is_empty());
        for p in &frame.strips.r_peaks {
            // Seconds before now; the R peak is where the trace is green, at a time of the R list.
            let ago = measure(ecg, *p)[0];
            let beats = (frame.time_s + ago) * truth.heart_rate_bpm / 60.0;
            assert!((beats - beats.round()).abs() < 0.01, "frame {i}: {beats}");
            let at = [p[0].round().min(f64::from(ecg.rect.x1)), p[1]];
            let green = [-1.0, 0.0, 1.0].iter().any(|dx| {
                let (x, y) = ((at[0] + dx) as usize, at[1] as usize);
                picture
                    .rgb
                    .get((y * 800 + x) * 3 + 1)
                    .is_some_and(|g| *g > 200)
            });
            assert!(
                green || at[0] >= f64::from(ecg.rect.x1) - 1.0,
                "frame {i}: {p:?}"
            );
        }
        for p in &frame.strips.e_peaks {
            let [ago, velocity] = measure(pulsed, *p);
            let after = (frame.time_s + ago - inflow.e_after_r_s) * truth.heart_rate_bpm / 60.0;
            assert!((after - after.round()).abs() < 0.01);
            assert!((velocity - inflow.e_peak_cm_s).abs() < pulsed.delta[1].abs());
        }
    }
    // TAPSE from the M-mode strip: the ring of the free wall moves about 1.5 to 2.3 cm.
    let strips = &truth.frames[20].strips;
    let (low, high) = (
        measure(mmode, strips.annulus_ed[0])[1],
        measure(mmode, strips.annulus_es[0])[1],
    );
    assert!((1.4..2.4).contains(&(low - high)), "TAPSE {}", low - high);
}

#[test]
fn filling_by_doppler_equals_filling_by_volume() {
    let truth = clip(View::Combined).truth;
    let (inflow, lv) = (truth.inflow.unwrap(), truth.ventricle.unwrap());
    let stroke = inflow.vti_cm * inflow.effective_area_cm2;
    assert!((stroke - (lv.end_diastolic_ml - lv.end_systolic_ml)).abs() < 1e-6);
    assert!(
        (3.0..6.0).contains(&inflow.effective_area_cm2),
        "{}",
        inflow.effective_area_cm2
    );
}

#[test]
fn the_name_is_in_the_banner_and_nowhere_else() {
    let clip = clip(View::Plax);
    let banner = clip.truth.banner;
    let picture = clip.frame(0).unwrap();
    let bright =
        |y: u32| (0..picture.width).any(|x| grey(&picture, [f64::from(x), f64::from(y)]) > 200.0);
    assert!((banner.y0..=banner.y1).any(bright), "no text in the banner");
    assert_eq!((banner.x0, banner.x1), (0, picture.width - 1));
    for region in &clip.truth.regions {
        assert!(
            region.rect.y0 > banner.y1,
            "a mask over the banner must cover no region"
        );
    }
}
