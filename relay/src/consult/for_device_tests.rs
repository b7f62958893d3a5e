//! What an agent is told of marks, each rule as a sentence.

use super::effect::{Effect, Input, PictureInput};
use super::for_device::MarksInput;
use super::samples::{Meeting, SECOND, STREAM, cardiologist, physician, picture, restored, stroke};
use std::collections::BTreeMap;
use wire::agent::{MAX_CONTROL_BYTES, MAX_MARKS_FOR_DEVICE, MarkWord, RelayToAgent};
use wire::log::{LogEntry, LogEvent};
use wire::mark::{Anchor, Annotation, MAX_STROKE_POINTS, Point, Shape};
use wire::measure::{Gauge, GaugeScale, MAX_MEASURE_POINTS, MeasureKind, ScaleRef};
use wire::people::Author;
use wire::region::{MAX_REGIONS, Region, RegionBounds, RegionFormat, RegionUnit};
use wire::socket::{MarkState, ToRelay};
use wire::{AnnotationId, Fraction, RelayTime, RtpTime, Seq, StreamId};

/// An agent that listens as ours does, as far as the rules go.
#[derive(Default)]
struct Agent {
    revision: u32,
    marks: BTreeMap<AnnotationId, MarkState>,
    newest: Option<AnnotationId>,
}

impl Agent {
    fn hears(&mut self, meeting: &mut Meeting) {
        for effect in meeting.done.drain(..) {
            let Effect::Ask(STREAM, ref word @ RelayToAgent::Marks { .. }) = effect else {
                continue;
            };
            assert!(serde_json::to_string(word).unwrap().len() <= MAX_CONTROL_BYTES);
            let RelayToAgent::Marks { revision, word } = word.clone() else {
                continue;
            };
            let anew = matches!(word, MarkWord::Anew { .. });
            assert!(anew || revision == self.revision + 1, "words come in order");
            self.revision = revision;
            self.takes(word);
        }
    }

    fn takes(&mut self, word: MarkWord) {
        match word {
            MarkWord::Anew {
                quick_mark_seconds, ..
            } => {
                assert_eq!(quick_mark_seconds, 6);
                self.marks.clear();
            }
            MarkWord::Mark { held, .. } => {
                if let Some(replaced) = held.mark.replaces {
                    self.marks.remove(&replaced);
                }
                self.newest = Some(held.mark.id);
                self.marks.insert(held.mark.id, *held);
            }
            MarkWord::Points { points } => {
                let held = self.marks.get_mut(&self.newest.unwrap()).unwrap();
                held.mark.shape.points_mut().unwrap().extend(points);
            }
            MarkWord::Gone { mark } => {
                self.marks.remove(&mark);
            }
            MarkWord::Scale { .. } | MarkWord::ScaleGone { .. } => {}
        }
    }

    fn says(meeting: &mut Meeting, input: MarksInput) {
        meeting.apply(Input::Picture(STREAM, PictureInput::Marks(input)));
    }
}

fn in_force(meeting: &Meeting) -> BTreeMap<AnnotationId, MarkState> {
    let marks = restored(&meeting.disk).shown.state.marks;
    marks.into_iter().map(|held| (held.mark.id, held)).collect()
}

#[test]
fn an_agent_hears_what_is_in_force_and_then_each_change() {
    let mut meeting = Meeting::of(&[cardiologist(), physician()]);
    let mut agent = Agent::default();
    let (before, withdrawn) = (stroke(3), stroke(2));
    meeting.marks(0, &before);
    meeting.marks(1, &withdrawn);
    meeting.says(1, ToRelay::Withdraw { mark: withdrawn.id });
    meeting.done.clear();
    Agent::says(&mut meeting, MarksInput::Greeted);
    agent.hears(&mut meeting);
    assert_eq!(agent.marks.keys().collect::<Vec<_>>(), [&before.id]);

    let replacing = Annotation {
        replaces: Some(before.id),
        ..stroke(4)
    };
    let (mark, pinned) = (replacing.id, true);
    meeting.marks(0, &replacing);
    meeting.says(0, ToRelay::Pin { mark, pinned });
    agent.hears(&mut meeting);
    assert_eq!(agent.marks, in_force(&meeting));
    assert!(agent.marks[&mark].pinned);

    meeting.says(0, ToRelay::Withdraw { mark });
    agent.hears(&mut meeting);
    assert!(agent.marks.is_empty());
}

#[test]
fn a_mark_that_is_not_stored_is_not_told() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    Agent::says(&mut meeting, MarksInput::Greeted);
    meeting.done.clear();
    meeting.disk_works = false;
    meeting.marks(0, &stroke(3));
    let told = |effect: &Effect| matches!(effect, Effect::Ask(..));
    assert!(!meeting.done.iter().any(told));
}

#[test]
fn a_long_mark_goes_in_pieces_and_is_whole_again() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let mut agent = Agent::default();
    Agent::says(&mut meeting, MarksInput::Greeted);
    let long = stroke(MAX_STROKE_POINTS);
    meeting.marks(0, &long);
    agent.hears(&mut meeting);
    assert_eq!(agent.marks[&long.id].mark, long);
}

#[test]
fn an_agent_that_missed_a_word_is_told_everything_anew() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let mut agent = Agent::default();
    Agent::says(&mut meeting, MarksInput::Greeted);
    agent.hears(&mut meeting);
    meeting.marks(0, &stroke(3));
    meeting.done.clear(); // Lost.
    Agent::says(&mut meeting, MarksInput::Held(agent.revision));
    assert!(meeting.done.is_empty(), "it may still be on its way");
    meeting.passes(2 * SECOND);
    Agent::says(&mut meeting, MarksInput::Held(agent.revision));
    agent.hears(&mut meeting);
    assert_eq!(agent.marks, in_force(&meeting));
    meeting.passes(5 * SECOND);
    Agent::says(&mut meeting, MarksInput::Held(agent.revision));
    assert!(meeting.done.is_empty(), "it holds everything");
}

#[test]
fn a_picture_that_comes_back_and_a_relay_that_comes_up_tell_it_anew() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let mut agent = Agent::default();
    meeting.marks(0, &stroke(3));
    meeting.done.clear();
    let runs = || Input::Picture(STREAM, PictureInput::Started(picture()));
    meeting.apply(runs());
    assert!(meeting.done.is_empty(), "it did not say hello");
    Agent::says(&mut meeting, MarksInput::Greeted);
    meeting.done.clear();
    meeting.apply(runs());
    agent.hears(&mut meeting);
    assert_eq!(agent.marks.len(), 1);

    let mut again = Meeting::over(meeting.disk.clone(), Some(picture()));
    let mut agent = Agent::default();
    agent.hears(&mut again);
    assert_eq!(agent.marks, in_force(&again));
}

#[test]
fn a_publisher_without_our_channel_and_marks_of_another_picture_are_left_out() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let mut foreign = picture();
    foreign.stamped = false;
    meeting.apply(Input::Picture(STREAM, PictureInput::Started(foreign)));
    meeting.done.clear();
    Agent::says(&mut meeting, MarksInput::Greeted);
    assert!(meeting.done.is_empty());

    let other = entry(
        1,
        Annotation {
            anchor: Anchor::Live {
                stream: StreamId::random(),
                rtp_time: RtpTime(1),
            },
            ..stroke(3)
        },
        None,
    );
    let mut meeting = Meeting::over(vec![other], Some(picture()));
    let mut agent = Agent::default();
    agent.hears(&mut meeting);
    assert!(agent.marks.is_empty());
}

#[test]
fn of_many_marks_the_newest_are_told_and_those_that_are_pinned() {
    let mut log: Vec<LogEntry> = (1..=100).map(|n| entry(n, stroke(2), None)).collect();
    let LogEvent::Marked { mark, .. } = log[0].event.clone() else {
        panic!("the first entry is a mark");
    };
    log.push(LogEntry {
        event: LogEvent::Pinned {
            mark: mark.id,
            pinned: true,
        },
        ..entry(101, stroke(1), None)
    });
    let mut meeting = Meeting::over(log, Some(picture()));
    let mut agent = Agent::default();
    agent.hears(&mut meeting);
    assert_eq!(agent.marks.len(), MAX_MARKS_FOR_DEVICE);
    assert!(agent.marks.contains_key(&mark.id));
    let newest = in_force(&meeting).into_values().max_by_key(|held| held.at);
    assert_eq!(agent.newest, newest.map(|held| held.mark.id));
}

/// The longest numbers, names and regions that there are: each message still fits, the value words may be missing.
#[test]
fn the_largest_measuring_mark_still_fits_into_control_messages() {
    let at = |n: u32| Fraction::new(f64::from(n) / 7_777.7).unwrap();
    let points: Vec<Point> = (0..u32::try_from(MAX_MEASURE_POINTS).unwrap())
        .map(|n| Point {
            x: at(n),
            y: at(n + 1),
        })
        .collect();
    let mark = Annotation {
        shape: Shape::Measure {
            what: MeasureKind::Area {},
            points,
            by: ScaleRef::Regions {},
        },
        ..stroke(1)
    };
    let gauge = |regions| Gauge {
        frame: None,
        width: 8_192,
        height: 8_192,
        scale: GaugeScale::Regions { regions },
        patient: None,
    };
    // Where nobody measures any more, marks of before have no value either.
    for (count, measuring, is_told) in [
        (1, true, true),
        (MAX_REGIONS, true, false),
        (1, false, false),
    ] {
        let log = vec![entry(1, mark.clone(), Some(gauge(vec![region(); count])))];
        let mut meeting = Meeting::over(log, Some(picture()));
        meeting.core.about.settings.measuring = measuring;
        Agent::says(&mut meeting, MarksInput::Greeted);
        let mut agent = Agent::default();
        agent.hears(&mut meeting);
        let held = &agent.marks[&mark.id];
        assert_eq!((&held.mark, held.gauge.is_some()), (&mark, is_told));
    }
}

fn entry(seq: u64, mark: Annotation, gauge: Option<Gauge>) -> LogEntry {
    LogEntry {
        seq: Seq(seq),
        at: RelayTime(seq * SECOND),
        author: Author::Relay,
        event: LogEvent::Marked { mark, gauge },
    }
}

fn region() -> Region {
    let long = Some(-f64::MIN_POSITIVE);
    Region {
        spatial_format: RegionFormat::TwoD,
        data_type: Some(u16::MAX),
        flags: u32::MAX,
        bounds: Some(RegionBounds {
            min_x: 100_000,
            min_y: 100_000,
            max_x: 100_000,
            max_y: 100_000,
        }),
        units_x: RegionUnit::Centimetre,
        units_y: RegionUnit::Centimetre,
        delta_x: long,
        delta_y: long,
        reference_pixel: None,
        reference_value_x: long,
        reference_value_y: long,
        doppler_correction_angle: long,
        transducer_frequency: long,
        pulse_repetition_frequency: long,
    }
}
