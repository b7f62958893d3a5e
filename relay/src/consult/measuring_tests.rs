//! The rules of measuring, each as a sentence.

use super::effect::{Effect, Input, PictureInput};
use super::for_device::MarksInput;
use super::measuring::ScaleInput;
use super::originals::OriginalInput;
use super::samples::{
    Meeting, STREAM, anchor, cardiologist, picture, restored, stroke, trainee, trainer,
};
use wire::agent::{MarkWord, RelayToAgent};
use wire::log::LogEvent;
use wire::mark::{Anchor, Annotation, DrawnOn, Point, Shape};
use wire::measure::{DepthScale, Gauge, GaugeScale, MeasureKind, ScaleRef};
use wire::original::{Digest, FrameFacts, Original, PatientKey, PixelForm};
use wire::problem::ProblemCode::{
    MarkRefused, MeasureNotHere, MeasuringOff, NotAllowed, NotFrozen, ScaleGone, ScaleRefused,
};
use wire::region::{Region, RegionBounds, RegionFormat, RegionUnit};
use wire::socket::{ConsultState, ToRelay};
use wire::{AnnotationId, Fraction, FrameIndex, FreezeId, RtpTime, ScaleId, StreamId};

fn region() -> Region {
    Region {
        spatial_format: RegionFormat::TwoD,
        data_type: Some(1),
        flags: 0,
        bounds: Some(RegionBounds {
            min_x: 0,
            min_y: 0,
            max_x: 799,
            max_y: 599,
        }),
        units_x: RegionUnit::Centimetre,
        units_y: RegionUnit::Centimetre,
        delta_x: Some(0.03),
        delta_y: Some(0.02),
        reference_pixel: None,
        reference_value_x: None,
        reference_value_y: None,
        doppler_correction_angle: None,
        transducer_frequency: None,
        pulse_repetition_frequency: None,
    }
}

fn arrives(meeting: &mut Meeting, width: u32, regions: Vec<Region>) {
    let Anchor::Live { rtp_time, .. } = anchor();
    let digest = Digest::from_bytes([7; 32]);
    let original = Original {
        width,
        height: 600,
        form: PixelForm::Gray8,
        pixels: digest,
        blob: digest,
        bytes: 150_000,
    };
    let kept = OriginalInput::Kept {
        rtp_time,
        asked: rtp_time,
        original,
        facts: FrameFacts {
            index: Some(FrameIndex(41)),
            regions,
            patient: Some(PatientKey(7)),
        },
    };
    meeting.apply(Input::Picture(STREAM, PictureInput::Original(kept)));
}

/// A cardiologist, a trainer and a trainee over a frozen frame whose original is here.
fn frozen(regions: Vec<Region>) -> (Meeting, FreezeId) {
    let mut meeting = Meeting::of(&[cardiologist(), trainer(), trainee()]);
    let freeze = meeting.freezes(0);
    arrives(&mut meeting, 800, regions);
    meeting.told.clear();
    (meeting, freeze)
}

fn point(x: f64, y: f64) -> Point {
    Point {
        x: Fraction::new(x).unwrap(),
        y: Fraction::new(y).unwrap(),
    }
}

fn caliper(by: ScaleRef) -> Annotation {
    Annotation {
        id: AnnotationId::random(),
        drawn_on: DrawnOn::Freeze,
        shape: Shape::Measure {
            what: MeasureKind::Caliper {},
            points: vec![point(0.25, 0.25), point(0.375, 0.5)],
            by,
        },
        ..stroke(1)
    }
}

fn calibrate(freeze: FreezeId, centimetres: f64) -> (ScaleId, ToRelay) {
    let scale = ScaleId::random();
    let (from, to) = (point(0.9, 0.1), point(0.9, 0.6));
    let said = ToRelay::Calibrate {
        scale,
        freeze,
        from,
        to,
        centimetres,
    };
    (scale, said)
}

fn state(meeting: &Meeting) -> ConsultState {
    restored(&meeting.disk).shown.state
}

fn gauges(meeting: &Meeting) -> Vec<Gauge> {
    let marks = state(meeting).marks;
    marks.into_iter().filter_map(|held| held.gauge).collect()
}

#[test]
fn a_measurement_is_kept_with_the_regions_of_its_frame_and_whom_it_may_show() {
    let (mut meeting, _) = frozen(vec![region()]);
    meeting.marks(0, &caliper(ScaleRef::Regions {}));
    let expected = Gauge {
        frame: Some(FrameIndex(41)),
        width: 800,
        height: 600,
        scale: GaugeScale::Regions {
            regions: vec![region()],
        },
        patient: Some(PatientKey(7)),
    };
    assert_eq!(
        (gauges(&meeting), meeting.refused()),
        (vec![expected], vec![])
    );
    // A mark that measures nothing has none.
    meeting.marks(0, &stroke(3));
    assert_eq!(gauges(&meeting).len(), 1);
}

#[test]
fn measuring_waits_for_a_frozen_frame_whose_original_is_here() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    meeting.freezes(0);
    meeting.marks(0, &caliper(ScaleRef::Pixels {}));
    arrives(&mut meeting, 800, vec![]);
    for drawn_on in [DrawnOn::Running, DrawnOn::Stale] {
        let mark = Annotation {
            drawn_on,
            ..caliper(ScaleRef::Pixels {})
        };
        meeting.marks(0, &mark);
    }
    assert_eq!(meeting.refused(), vec![MeasureNotHere; 3]);
    meeting.marks(0, &caliper(ScaleRef::Pixels {}));
    assert_eq!(gauges(&meeting)[0].scale, GaugeScale::Pixels {});
}

#[test]
fn a_trainee_measures_nothing_and_calibrates_nothing() {
    let (mut meeting, freeze) = frozen(vec![]);
    meeting.marks(2, &caliper(ScaleRef::Pixels {}));
    meeting.says(2, calibrate(freeze, 10.0).1);
    let scale = ScaleId::random();
    meeting.says(2, ToRelay::WithdrawCalibration { scale });
    assert_eq!(meeting.refused(), vec![NotAllowed; 3]);
}

#[test]
fn an_installation_that_does_not_measure_refuses_whatever_a_page_sends() {
    let (mut meeting, freeze) = frozen(vec![]);
    meeting.core.about.settings.measuring = false;
    meeting.marks(0, &caliper(ScaleRef::Pixels {}));
    meeting.says(0, calibrate(freeze, 10.0).1);
    assert_eq!(meeting.refused(), vec![MeasuringOff; 2]);
    meeting.marks(0, &stroke(2));
    assert_eq!(meeting.refused().len(), 2, "drawing works");
}

#[test]
fn a_depth_scale_is_kept_with_its_author_and_the_next_one_takes_its_place() {
    let (mut meeting, freeze) = frozen(vec![]);
    let (first, said) = calibrate(freeze, 10.0);
    meeting.says(0, said.clone());
    meeting.says(0, said);
    let held = state(&meeting).scales;
    assert_eq!((held.len(), held[0].scale.id), (1, first), "once");
    assert_eq!(held[0].author, cardiologist().author());
    let (second, said) = calibrate(freeze, 12.0);
    meeting.says(1, said);
    let held = state(&meeting).scales;
    assert_eq!((held.len(), held[0].scale.id), (1, second));
    assert_eq!((held[0].scale.width, held[0].scale.height), (800, 600));
    assert_eq!(meeting.refused(), vec![]);
}

#[test]
fn what_was_measured_keeps_the_scale_it_was_measured_with() {
    let (mut meeting, freeze) = frozen(vec![]);
    let (first, said) = calibrate(freeze, 10.0);
    meeting.says(0, said);
    meeting.marks(0, &caliper(ScaleRef::Depth { scale: first }));
    let before = gauges(&meeting);
    meeting.says(1, calibrate(freeze, 20.0).1);
    assert_eq!(gauges(&meeting), before);
    // Who still has the old one before their eyes measures again.
    meeting.marks(0, &caliper(ScaleRef::Depth { scale: first }));
    assert_eq!(meeting.refused(), vec![ScaleGone]);
    let scale = state(&meeting).scales[0].scale.id;
    meeting.says(0, ToRelay::WithdrawCalibration { scale });
    meeting.says(1, ToRelay::WithdrawCalibration { scale });
    assert_eq!((state(&meeting).scales, gauges(&meeting)), (vec![], before));
    assert_eq!(
        meeting.refused(),
        vec![ScaleGone],
        "taken back twice is once"
    );
}

#[test]
fn a_depth_scale_that_followed_another_says_nothing_of_the_frames_before_it() {
    let (mut meeting, freeze) = frozen(vec![]);
    let (first, said) = calibrate(freeze, 10.0);
    meeting.says(0, said);
    assert_eq!(state(&meeting).scales[0].scale.since, None);
    let (anew, said) = calibrate(freeze, 20.0);
    meeting.says(0, said);
    let held = state(&meeting).scales.remove(0).scale;
    assert_eq!((held.id, held.since), (anew, held.rtp_time));
    meeting.marks(0, &caliper(ScaleRef::Depth { scale: anew }));
    assert_eq!((gauges(&meeting).len(), meeting.refused()), (1, vec![]));
    let marked_on = held.rtp_time.unwrap();
    assert!(held.holds_at(marked_on) && held.holds_at(RtpTime(marked_on.0.wrapping_add(3_000))));
    assert!(!held.holds_at(RtpTime(marked_on.0.wrapping_sub(1))));

    // Taken back and marked anew on a later frame: the frozen one is before that.
    meeting.says(0, ToRelay::WithdrawCalibration { scale: anew });
    let later = DepthScale {
        rtp_time: Some(RtpTime(marked_on.0.wrapping_add(3_000))),
        ..depth(14.0)
    };
    device_says(&mut meeting, Some(&later));
    meeting.marks(0, &caliper(ScaleRef::Depth { scale: later.id }));
    assert_eq!(meeting.refused(), vec![ScaleGone]);
    assert_ne!(first, anew);
}

#[test]
fn a_depth_scale_holds_for_pictures_of_its_size_only() {
    let (mut meeting, freeze) = frozen(vec![]);
    let (scale, said) = calibrate(freeze, 10.0);
    meeting.says(0, said);
    arrives(&mut meeting, 640, vec![]);
    meeting.marks(0, &caliper(ScaleRef::Depth { scale }));
    assert_eq!(meeting.refused(), vec![ScaleGone]);
}

#[test]
fn a_depth_scale_says_nothing_of_frames_that_may_show_another_patient() {
    let (mut meeting, freeze) = frozen(vec![]);
    let (_, said) = calibrate(freeze, 10.0);
    meeting.says(0, said);
    let own = state(&meeting).scales.remove(0).scale;
    assert_eq!(own.patient, Some(PatientKey(7)));
    let of_another = DepthScale {
        patient: Some(PatientKey(8)),
        ..depth(14.0)
    };
    device_says(&mut meeting, Some(&of_another));
    meeting.marks(
        0,
        &caliper(ScaleRef::Depth {
            scale: of_another.id,
        }),
    );
    assert_eq!(meeting.refused(), vec![ScaleGone]);
}

#[test]
fn a_file_that_states_its_scale_is_not_overruled_and_one_that_states_none_is_not_believed() {
    let (mut meeting, freeze) = frozen(vec![region()]);
    meeting.says(0, calibrate(freeze, 10.0).1);
    assert_eq!(meeting.refused(), vec![ScaleRefused]);
    let (mut meeting, _) = frozen(vec![]);
    meeting.marks(0, &caliper(ScaleRef::Regions {}));
    assert_eq!(meeting.refused(), vec![ScaleGone]);
}

#[test]
fn a_depth_scale_that_no_echo_has_and_one_for_another_freeze_are_refused() {
    let (mut meeting, freeze) = frozen(vec![]);
    for centimetres in [0.0, -5.0, 0.001, 5_000.0, f64::NAN, f64::INFINITY] {
        meeting.says(0, calibrate(freeze, centimetres).1);
    }
    assert_eq!(meeting.refused(), vec![ScaleRefused; 6]);
    meeting.told.clear();
    let short = ToRelay::Calibrate {
        scale: ScaleId::random(),
        freeze,
        from: point(0.5, 0.5),
        to: point(0.5, 0.51),
        centimetres: 10.0,
    };
    meeting.says(0, short);
    meeting.says(0, calibrate(FreezeId::random(), 10.0).1);
    assert_eq!(meeting.refused(), vec![ScaleRefused, NotFrozen]);
    assert_eq!(state(&meeting).scales, vec![]);
}

#[test]
fn a_measurement_with_too_many_points_or_beats_is_not_stored() {
    let (mut meeting, _) = frozen(vec![region()]);
    for (what, count) in [
        (MeasureKind::Caliper {}, 3),
        (MeasureKind::Area {}, 100_000),
        (MeasureKind::HeartRate { beats: 0 }, 2),
    ] {
        let shape = Shape::Measure {
            what,
            points: vec![point(0.5, 0.5); count],
            by: ScaleRef::Regions {},
        };
        let mark = Annotation {
            shape,
            ..caliper(ScaleRef::Regions {})
        };
        meeting.marks(0, &mark);
    }
    assert_eq!(meeting.refused(), vec![MarkRefused; 3]);
}

#[test]
fn an_adjusted_measurement_takes_the_place_of_the_first_and_stays_in_the_log() {
    let (mut meeting, _) = frozen(vec![region()]);
    let first = caliper(ScaleRef::Regions {});
    meeting.marks(0, &first);
    let adjusted = Annotation {
        replaces: Some(first.id),
        ..caliper(ScaleRef::Regions {})
    };
    meeting.marks(0, &adjusted);
    let held = state(&meeting).marks;
    assert_eq!((held.len(), held[0].mark.id), (1, adjusted.id));
    let marked = |event: &&LogEvent| matches!(event, LogEvent::Marked { .. });
    let log: Vec<_> = meeting.disk.iter().map(|entry| &entry.event).collect();
    assert_eq!(log.into_iter().filter(marked).count(), 2);
}

fn depth(centimetres: f64) -> DepthScale {
    DepthScale {
        id: ScaleId::random(),
        // What the device calls its picture counts for nothing.
        stream: StreamId::random(),
        width: 800,
        height: 600,
        from: point(0.9, 0.1),
        to: point(0.9, 0.6),
        centimetres,
        rtp_time: None,
        since: None,
        patient: None,
    }
}

fn device_says(meeting: &mut Meeting, scale: Option<&DepthScale>) {
    let input = PictureInput::Scale(ScaleInput::Marked(scale.cloned()));
    meeting.apply(Input::Picture(STREAM, input));
}

fn device_is_greeted(meeting: &mut Meeting) {
    let greeted = PictureInput::Marks(MarksInput::Greeted);
    meeting.apply(Input::Picture(STREAM, greeted));
}

/// What the device was told of the scale since this was last asked.
fn scale_words(meeting: &mut Meeting) -> Vec<MarkWord> {
    let words = meeting.done.drain(..).filter_map(|effect| match effect {
        Effect::Ask(STREAM, RelayToAgent::Marks { word, .. }) => Some(word),
        _ => None,
    });
    let of_scale =
        |word: &MarkWord| matches!(word, MarkWord::Scale { .. } | MarkWord::ScaleGone { .. });
    words.filter(of_scale).collect()
}

/// The scale in force by the log, as a device is told.
fn in_force(meeting: &Meeting) -> MarkWord {
    MarkWord::Scale {
        held: state(meeting).scales.pop().map(Box::new),
    }
}

fn scales(meeting: &Meeting) -> Vec<ScaleId> {
    let held = state(meeting).scales;
    held.into_iter().map(|held| held.scale.id).collect()
}

#[test]
fn a_scale_that_was_marked_on_the_device_counts_and_names_the_device() {
    let (mut meeting, freeze) = frozen(vec![]);
    let marked = depth(10.0);
    device_says(&mut meeting, Some(&marked));
    let held = state(&meeting).scales.remove(0);
    assert_eq!((held.scale.id, held.author), (marked.id, picture().author));
    let by = ScaleRef::Depth { scale: marked.id };
    meeting.marks(0, &caliper(by));
    assert!(matches!(
        gauges(&meeting)[0].scale,
        GaugeScale::Depth { .. }
    ));

    // The newest wins, from whichever side.
    let (newer, said) = calibrate(freeze, 12.0);
    meeting.says(0, said);
    assert_eq!(scales(&meeting), [newer]);
    let newest = depth(14.0);
    device_says(&mut meeting, Some(&newest));
    assert_eq!(scales(&meeting), [newest.id]);
}

#[test]
fn a_scale_of_the_device_that_was_taken_back_in_the_consult_does_not_come_back_by_itself() {
    let (mut meeting, _) = frozen(vec![]);
    let marked = depth(10.0);
    device_says(&mut meeting, Some(&marked));
    device_is_greeted(&mut meeting);
    meeting.done.clear();
    meeting.says(1, ToRelay::WithdrawCalibration { scale: marked.id });
    let gone = [MarkWord::ScaleGone { scale: marked.id }];
    assert_eq!(scale_words(&mut meeting), gone, "the device hears of it");
    device_says(&mut meeting, Some(&marked));
    assert_eq!(scales(&meeting), []);
    let again = scale_words(&mut meeting);
    assert_eq!(again, gone, "and again when it comes back with it");
}

#[test]
fn the_device_takes_back_its_own_scale_and_nobody_elses() {
    let (mut meeting, freeze) = frozen(vec![]);
    device_says(&mut meeting, Some(&depth(10.0)));
    device_says(&mut meeting, None);
    assert_eq!(scales(&meeting), []);
    let (by_a_person, said) = calibrate(freeze, 12.0);
    meeting.says(0, said);
    device_says(&mut meeting, None);
    assert_eq!(scales(&meeting), [by_a_person]);
}

#[test]
fn a_scale_of_the_device_is_left_out_where_the_file_states_one_or_nothing_could_be_measured() {
    let (mut meeting, _) = frozen(vec![region()]);
    device_says(&mut meeting, Some(&depth(10.0)));
    let (mut other, _) = frozen(vec![]);
    device_says(&mut other, Some(&depth(500.0)));
    device_says(&mut other, Some(&depth(f64::NAN)));
    assert_eq!((scales(&meeting), scales(&other)), (vec![], vec![]));
}

#[test]
fn a_scale_that_was_marked_in_the_consult_reaches_the_device_with_its_author_and_its_frame() {
    let (mut meeting, freeze) = frozen(vec![]);
    device_is_greeted(&mut meeting);
    assert_eq!(
        scale_words(&mut meeting),
        [MarkWord::Scale { held: None }],
        "there is none"
    );
    let (first, said) = calibrate(freeze, 10.0);
    meeting.says(0, said);
    let told = scale_words(&mut meeting);
    assert_eq!(told, [in_force(&meeting)]);
    let MarkWord::Scale { held: Some(held) } = &told[0] else {
        panic!("{told:?}");
    };
    let Anchor::Live { rtp_time, .. } = anchor();
    assert_eq!(
        (held.scale.id, &held.author),
        (first, &cardiologist().author())
    );
    assert_eq!(held.scale.rtp_time, Some(rtp_time));

    // The next one takes its place, and one of the device that of both.
    meeting.says(1, calibrate(freeze, 12.0).1);
    assert_eq!(scale_words(&mut meeting), [in_force(&meeting)]);
    device_says(&mut meeting, Some(&depth(14.0)));
    assert_eq!(scale_words(&mut meeting), [in_force(&meeting)]);

    // Whoever comes back hears it again, until somebody takes it back.
    device_is_greeted(&mut meeting);
    assert_eq!(scale_words(&mut meeting), [in_force(&meeting)]);
    let scale = scales(&meeting)[0];
    meeting.says(0, ToRelay::WithdrawCalibration { scale });
    assert_eq!(scale_words(&mut meeting), [MarkWord::ScaleGone { scale }]);
    device_is_greeted(&mut meeting);
    assert_eq!(scale_words(&mut meeting), [MarkWord::Scale { held: None }]);
}

#[test]
fn a_scale_of_the_consult_that_ends_on_the_device_ends_for_everyone() {
    let (mut meeting, freeze) = frozen(vec![]);
    let (first, said) = calibrate(freeze, 10.0);
    meeting.says(0, said);
    let ends = |meeting: &mut Meeting, scale| {
        let input = PictureInput::Scale(ScaleInput::Ended(scale));
        meeting.apply(Input::Picture(STREAM, input));
    };
    ends(&mut meeting, ScaleId::random());
    assert_eq!(scales(&meeting), [first], "that was another one");
    ends(&mut meeting, first);
    assert_eq!(scales(&meeting), []);
    let author = meeting.disk.last().map(|entry| &entry.author);
    assert_eq!(author, Some(&picture().author));
}

#[test]
fn where_nobody_measures_a_device_hears_so_and_of_no_scale() {
    let (mut meeting, freeze) = frozen(vec![]);
    meeting.says(0, calibrate(freeze, 10.0).1);
    meeting.core.about.settings.measuring = false;
    device_is_greeted(&mut meeting);
    let anew = |effect: &Effect| {
        let Effect::Ask(_, RelayToAgent::Marks { word, .. }) = effect else {
            return None;
        };
        match word {
            MarkWord::Anew { measuring, .. } => Some(*measuring),
            _ => None,
        }
    };
    assert_eq!(meeting.done.iter().find_map(anew), Some(false));
    assert_eq!(scale_words(&mut meeting), [MarkWord::Scale { held: None }]);
    device_says(&mut meeting, Some(&depth(10.0)));
    assert_eq!(scale_words(&mut meeting), []);
}
