//! What was calibrated by hand on the device, in what is saved.

use super::*;

#[test]
fn a_depth_scale_marked_on_the_device_is_a_region_of_what_is_saved_afterwards_and_the_object_says_so()
 {
    let bench = Bench::new(Coding::Jpeg);
    bench.film(
        20,
        Form::Gray8,
        &Arc::new(Provenance::of_device("bench", false)),
    );
    let (before, _) = bench.save(SaveWhat::Last { seconds: 6 }, None);
    // 0.8 of 96 pixels are 6 cm.
    bench.scale.set(Some(scale((96, 64))));
    let (after, end) = bench.save(SaveWhat::Last { seconds: 6 }, Some("A4C"));
    assert_eq!(end, Progress::Finished);
    let open = |clip| Clip::open(&bench.object(clip)).unwrap();
    let (plain, scaled) = (open(before), open(after));
    assert!(plain.header().regions.is_empty() && !plain.header().hand_scale);
    assert!(scaled.header().hand_scale);
    let region = &scaled.header().regions[0];
    let delta = region.delta_x.unwrap();
    assert!((delta - 6.0 / 76.8).abs() < 1e-9 && region.delta_y == Some(delta));
    let bounds = region.bounds.unwrap();
    assert_eq!(
        (bounds.min_x, bounds.min_y, bounds.max_x, bounds.max_y),
        (0, 0, 95, 63)
    );
    let file = bench.object(after);
    if let Some(dump) = said("dcmdump", &["+U8", "+L"], &file) {
        let words =
            "A4C; orientation marker right; Depth scale marked by hand on the device, 2026-11-";
        assert!(dump.contains(words), "{dump}");
    }
    assert_conforms(&file);
}

#[test]
fn a_depth_scale_marked_in_the_consult_is_one_too_and_the_object_says_by_whom() {
    let bench = Bench::new(Coding::Jpeg);
    bench.film(
        20,
        Form::Gray8,
        &Arc::new(Provenance::of_device("bench", false)),
    );
    let theirs = HandScale {
        by: Some("佐藤 花子".into()),
        ..scale((96, 64))
    };
    let id = theirs.scale.id;
    bench.scale.consult_has(Some(theirs));
    let (scaled, _) = bench.save(SaveWhat::Last { seconds: 6 }, None);
    bench.scale.taken_back(id);
    let (after, _) = bench.save(SaveWhat::Last { seconds: 6 }, None);
    for (clip, regions) in [(scaled, 1), (after, 0)] {
        let saved = Clip::open(&bench.object(clip)).unwrap();
        assert_eq!(saved.header().hand_scale, regions == 1);
        assert_eq!(saved.header().regions.len(), regions);
    }
    let file = bench.object(scaled);
    if let Some(dump) = said("dcmdump", &["+U8", "+L"], &file) {
        let words = "Depth scale marked by hand in the consult by 佐藤 花子, 2026-11-";
        assert!(dump.contains(words), "{dump}");
    }
    assert_conforms(&file);
}

#[test]
fn where_nobody_measures_nothing_is_saved_with_a_scale_by_hand() {
    let bench = Bench::new(Coding::Plain);
    bench.film(
        20,
        Form::Gray8,
        &Arc::new(Provenance::of_device("bench", false)),
    );
    bench.scale.set(Some(scale((96, 64))));
    bench.scale.measuring_is(false);
    let (clip, _) = bench.save(SaveWhat::Last { seconds: 6 }, None);
    let saved = Clip::open(&bench.object(clip)).unwrap();
    assert!(saved.header().regions.is_empty() && !saved.header().hand_scale);
}

/// Somewhere before the second mark the physician turned the depth knob.
#[test]
fn frames_from_before_another_depth_scale_carry_none_of_both() {
    let bench = Bench::new(Coding::Plain);
    let frames = bench.film(
        20,
        Form::Gray8,
        &Arc::new(Provenance::of_device("bench", false)),
    );
    bench.scale.set(Some(scale((96, 64))));
    let mut deeper = scale((96, 64));
    deeper.scale.centimetres = 9.0;
    deeper.frame_at = frames.last().unwrap().stamp.captured_at;
    bench.scale.set(Some(deeper));
    let newest = Anchor::Live {
        stream: StreamId::random(),
        rtp_time: frames.last().unwrap().stamp.rtp_time,
    };
    for (what, is_scaled) in [
        (SaveWhat::Last { seconds: 6 }, false),
        (SaveWhat::Frame { anchor: newest }, true),
    ] {
        let (clip, _) = bench.save(what, None);
        let saved = Clip::open(&bench.object(clip)).unwrap();
        assert_eq!(saved.header().hand_scale, is_scaled);
        assert_eq!(saved.header().regions.len(), usize::from(is_scaled));
    }
}

#[test]
fn a_source_that_states_its_regions_and_a_picture_of_another_size_take_no_scale_by_hand() {
    let bench = Bench::new(Coding::Plain);
    bench.film(20, Form::Gray8, &played());
    bench.scale.set(Some(scale((96, 64))));
    let (stated, _) = bench.save(SaveWhat::Last { seconds: 6 }, None);
    bench.film(
        20,
        Form::Gray8,
        &Arc::new(Provenance::of_device("bench", false)),
    );
    bench.scale.set(Some(scale((96, 65))));
    let (other_size, _) = bench.save(SaveWhat::Last { seconds: 6 }, None);
    for (clip, regions) in [(stated, 1), (other_size, 0)] {
        let saved = Clip::open(&bench.object(clip)).unwrap();
        assert!(!saved.header().hand_scale);
        assert_eq!(saved.header().regions.len(), regions);
    }
}

fn scale((width, height): (u32, u32)) -> HandScale {
    let at = |x| Point {
        x: Fraction::new(x).unwrap(),
        y: Fraction::new(0.5).unwrap(),
    };
    HandScale {
        scale: DepthScale {
            id: ScaleId::random(),
            stream: StreamId::random(),
            width,
            height,
            from: at(0.1),
            to: at(0.9),
            centimetres: 6.0,
            rtp_time: None,
            since: None,
            patient: None,
        },
        frame_at: CaptureTime(START_US),
        set_at: CaptureTime(START_US),
        by: None,
    }
}
