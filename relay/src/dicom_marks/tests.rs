//! What phantoms show, outlined where their truth says, is in the reports what they were made with.

use super::across::across;
use super::in_force::take_scales;
use super::marked::{KeptClip, MarkedClip};
use super::values::measurements;
use crate::store::ClipRow;
use echo_dicom::write::report::{Measurement, codes};
use echo_dicom::write::{Code, MarkedImage, Uid};
use echo_dicom::{Clip, Provenance};
use serde_json::Value;
use std::path::{Path, PathBuf};
use wire::clip::{ClipCoding, ClipHead, ClipOrigin, ClipSpan};
use wire::mark::{Anchor, Annotation, DrawnOn, Pen, Point, Shape};
use wire::measure::{Extent, Gauge, GaugeScale, HeartPhase, MeasureKind, ScaleRef, VentricleView};
use wire::original::{Digest, PatientKey};
use wire::people::{Author, Role};
use wire::region::Region;
use wire::socket::MarkState;
use wire::{
    AnnotationId, CaptureTime, ClipId, Fraction, FrameIndex, PersonId, RelayTime, RtpTime,
    SessionId, StreamId,
};

const FIRST: &str = "a4c_small_uncompressed.dcm";
const SECOND: &str = "combined_small.dcm";
/// Ticks from frame to frame, in every clip here.
const FRAME_TICKS: u32 = 9_000;

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-dicom")
}

/// A phantom that was captured live.
struct Phantom {
    truth: Value,
    kept: KeptClip,
    stream: StreamId,
    gauge: Gauge,
}

impl Phantom {
    /// Its frames begin at `first` on the clock of the stream.
    fn captured(file: &str, stream: StreamId, first: u32) -> Self {
        let text = std::fs::read_to_string(samples().join("truth.json")).unwrap();
        let mut truth: Value = serde_json::from_str(&text).unwrap();
        let clips = truth["clips"].as_array_mut().unwrap();
        let named = |clip: &&mut Value| clip["file"] == file;
        let truth = clips.iter_mut().find(named).unwrap().take();
        let path = samples().join(file);
        let clip = Clip::open(&path).unwrap();
        let header = clip.header();
        let times: Vec<RtpTime> = (0..header.frames)
            .map(|n| RtpTime(first.wrapping_add(n * FRAME_TICKS)))
            .collect();
        let head = ClipHead {
            clip: ClipId::random(),
            instance: header.sop_instance_uid.clone(),
            bytes: 1,
            digest: Digest::from_bytes([0; 32]),
            frames: header.frames,
            width: header.layout.columns,
            height: header.layout.rows,
            coding: ClipCoding::Jpeg,
            origin: ClipOrigin::Captured,
            taken_at: CaptureTime(1),
            span_us: 1,
            view: None,
            marker: None,
            captured: Some(ClipSpan {
                stream,
                first: times[0],
                last: times[times.len() - 1],
            }),
        };
        let gauge = Gauge {
            frame: None,
            width: header.layout.columns,
            height: header.layout.rows,
            scale: GaugeScale::Regions {
                regions: header.regions.iter().map(Region::from).collect(),
            },
            patient: None,
        };
        let row = ClipRow {
            head,
            times,
            kept: true,
        };
        Self {
            truth,
            kept: KeptClip { row, path },
            stream,
            gauge,
        }
    }

    fn frame(&self, name: &str) -> usize {
        usize::try_from(self.truth["ventricle"][name].as_u64().unwrap()).unwrap()
    }

    fn place(&self, at: &Value) -> Point {
        let part = |at: &Value, size: u32| {
            Fraction::new((at.as_f64().unwrap() + 0.5) / f64::from(size)).unwrap()
        };
        Point {
            x: part(&at[0], self.gauge.width),
            y: part(&at[1], self.gauge.height),
        }
    }

    /// A measurement on a frame, made at this moment.
    fn mark(&self, frame: usize, what: MeasureKind, points: Vec<Point>, at: u64) -> MarkState {
        MarkState {
            mark: Annotation {
                id: AnnotationId::random(),
                anchor: Anchor::Live {
                    stream: self.stream,
                    rtp_time: self.kept.row.times[frame],
                },
                shape: Shape::Measure {
                    what,
                    points,
                    by: ScaleRef::Regions {},
                },
                pen: Pen::White,
                drawn_on: DrawnOn::Freeze,
                replaces: None,
            },
            author: Author::Person {
                session: SessionId::random(),
                person: PersonId::random(),
                name: "佐藤 律子".into(),
                initials: "佐".into(),
                role: Role::Cardiologist,
            },
            at: RelayTime(at),
            pinned: false,
            gauge: Some(self.gauge.clone()),
        }
    }

    /// The true wall of the ventricle at one end of the beat.
    fn wall(&self, view: VentricleView, phase: HeartPhase, at: u64) -> MarkState {
        let frame = self.frame(match phase {
            HeartPhase::EndDiastole => "endDiastolicFrame",
            HeartPhase::EndSystole => "endSystolicFrame",
        });
        let wall = self.truth["frames"][frame]["ventricle"]["contour"].as_array();
        let points = wall.unwrap().iter().map(|at| self.place(at)).collect();
        self.mark(frame, MeasureKind::Ventricle { view, phase }, points, at)
    }

    /// One point, somewhere.
    fn point(&self, frame: usize, what: MeasureKind, at: u64) -> MarkState {
        let apex = &self.truth["frames"][frame]["ventricle"]["apex"];
        self.mark(frame, what, vec![self.place(apex)], at)
    }
}

fn both_ends(phantom: &Phantom, view: VentricleView) -> [MarkState; 2] {
    [HeartPhase::EndDiastole, HeartPhase::EndSystole].map(|phase| phantom.wall(view, phase, 1))
}

fn alone() -> Phantom {
    Phantom::captured(FIRST, StreamId::random(), 1)
}

/// What a report of one clip says of marks on its frames, in order.
fn told(marks: &[MarkState]) -> Vec<Measurement> {
    let uid = || Uid::from_uuid(1);
    let image = MarkedImage {
        series_uid: uid(),
        class_uid: uid(),
        instance_uid: uid(),
        columns: 256,
        rows: 192,
        frames: 10,
    };
    let on: Vec<_> = (0..).map(FrameIndex).zip(marks).collect();
    measurements(&[image], &on, &[], |parts| {
        Uid::from_uuid(parts.concat().len() as u128)
    })
}

fn named<'a>(told: &'a [Measurement], name: &Code) -> Option<&'a Measurement> {
    told.iter().find(|one| one.name == *name)
}

#[test]
fn two_outlines_give_the_ejection_fraction_that_the_phantom_was_made_with() {
    let phantom = alone();
    let told = told(&both_ends(&phantom, VentricleView::A4c));
    let names: Vec<&Code> = told.iter().map(|one| &one.name).collect();
    assert_eq!(
        names,
        [
            &codes::EDV_A4C,
            &codes::LONG_AXIS,
            &codes::ESV_A4C,
            &codes::LONG_AXIS,
            &codes::EF_A4C
        ]
    );
    for one in &told {
        assert_eq!(one.calibration.as_deref(), Some("DICOM region 1"));
    }
    let fraction = told.last().unwrap();
    let made = phantom.truth["ventricle"]["ejectionFraction"].as_f64();
    let off = fraction.value - made.unwrap();
    assert!(off.abs() <= 2.0, "{}", fraction.value);
    assert_eq!(fraction.unit, codes::PERCENT);
    let frames: Vec<FrameIndex> = fraction.places.iter().map(|place| place.frame).collect();
    assert_eq!(frames, [FrameIndex(0), FrameIndex(1)]);
}

#[test]
fn both_views_on_one_clip_give_the_fraction_of_both_before_each_alone() {
    let phantom = alone();
    let [a4c, a2c] = [VentricleView::A4c, VentricleView::A2c];
    let told = told(&[both_ends(&phantom, a4c), both_ends(&phantom, a2c)].concat());
    let fractions: Vec<&Code> = told[8..].iter().map(|one| &one.name).collect();
    assert_eq!(
        fractions,
        [&codes::EF_BIPLANE, &codes::EF_A4C, &codes::EF_A2C]
    );
    assert_eq!(told[8].places.len(), 4);
    assert_eq!(told[8].remark, None);
}

#[test]
fn a_foreshortened_view_is_told_with_the_fraction_of_both() {
    let phantom = alone();
    let a4c = both_ends(&phantom, VentricleView::A4c);
    let a2c = both_ends(&phantom, VentricleView::A2c).map(|mut mark| {
        let gauge = mark.gauge.as_mut().unwrap();
        let GaugeScale::Regions { regions } = &mut gauge.scale else {
            unreachable!("it has regions");
        };
        for region in regions {
            region.delta_y = region.delta_y.map(|delta| delta * 0.7);
            region.delta_x = region.delta_x.map(|delta| delta * 0.7);
        }
        mark
    });
    let told = told(&[a4c, a2c].concat());
    let both = named(&told, &codes::EF_BIPLANE).unwrap();
    assert!(both.remark.as_ref().unwrap().contains("long axes"));
}

#[test]
fn one_outline_alone_gives_no_fraction() {
    let [full, _] = both_ends(&alone(), VentricleView::A4c);
    assert_eq!(named(&told(&[full]), &codes::EF_A4C), None);
}

#[test]
fn what_has_no_scale_is_in_no_report() {
    let without = both_ends(&alone(), VentricleView::A4c).map(|mut mark| {
        mark.gauge.as_mut().unwrap().scale = GaugeScale::Pixels {};
        mark
    });
    assert_eq!(told(&without), []);
}

#[test]
fn where_nobody_measures_marks_are_drawn_without_a_value() {
    let phantom = alone();
    let mut marks = both_ends(&phantom, VentricleView::A4c).to_vec();
    let clips = [phantom.kept];
    let state = |marks: &[MarkState]| {
        let marked = MarkedClip::read(&clips, clips[0].row.head.clip, marks);
        marked.unwrap().unwrap().state().unwrap().unwrap()
    };
    let measured = state(&marks);
    take_scales(&mut marks);
    let bare = state(&marks);
    assert!(holds(&measured, "DICOM region") && !holds(&bare, "DICOM region"));
}

#[test]
fn two_frames_give_the_heart_rate_by_their_capture_times_without_a_scale() {
    // Ten frames of 100 ms, across the wrap of the capture clock.
    let phantom = Phantom::captured(FIRST, StreamId::random(), u32::MAX - 20_000);
    let mut marks = [
        phantom.point(8, MeasureKind::BeatEnd { beats: 1 }, 1),
        phantom.point(0, MeasureKind::BeatStart {}, 2),
    ];
    for mark in &mut marks {
        mark.gauge.as_mut().unwrap().scale = GaugeScale::Pixels {};
    }
    let told = told(&marks);
    let [rate] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(rate.name, codes::HEART_RATE);
    assert!((rate.value - 75.0).abs() < 1e-9, "{}", rate.value);
    assert_eq!(rate.unit, codes::BEATS_PER_MINUTE);
    let scale = rate.calibration.as_deref();
    assert_eq!(scale, Some("capture times of the frames"));
}

#[test]
fn a_slope_in_an_m_mode_strip_has_its_own_name_and_unit() {
    let phantom = Phantom::captured(SECOND, StreamId::random(), 1);
    let strips = &phantom.truth["frames"][0]["strips"];
    let ends = ["annulusEd", "annulusEs"].map(|end| phantom.place(&strips[end][0]));
    let told = told(&[phantom.mark(0, MeasureKind::Slope {}, ends.to_vec(), 1)]);
    let [slope, ..] = told.as_slice() else {
        panic!("nothing was told");
    };
    assert_eq!(slope.name, codes::DEPTH_SLOPE);
    assert_eq!(slope.unit, codes::CENTIMETRE_PER_SECOND);
    assert_eq!(slope.calibration.as_deref(), Some("DICOM region 2"));
}

/// Four chambers on the first clip, two on the second; the second clip's outlines were made last.
fn on_two_clips() -> ([Phantom; 2], Vec<MarkState>) {
    let stream = StreamId::random();
    let clips = [
        Phantom::captured(FIRST, stream, 1),
        Phantom::captured(SECOND, stream, 1_000_000),
    ];
    let marks = [
        both_ends(&clips[0], VentricleView::A4c),
        both_ends(&clips[1], VentricleView::A2c).map(|mut mark| {
            mark.at = RelayTime(2);
            mark
        }),
    ];
    (clips, marks.concat())
}

fn report_of(clips: &[KeptClip], which: usize, marks: &[MarkState]) -> Option<Vec<u8>> {
    let clip = clips[which].row.head.clip;
    let marked = MarkedClip::read(clips, clip, marks).unwrap().unwrap();
    marked.report().unwrap()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

fn instance(kept: &KeptClip) -> String {
    let provenance = Provenance::read(&kept.path).unwrap();
    provenance.instance_uid.as_str().to_owned()
}

#[test]
fn a_value_of_two_clips_is_said_once_where_its_last_outline_lies_and_names_both() {
    let (phantoms, marks) = on_two_clips();
    let clips = phantoms.map(|phantom| phantom.kept);
    let [first, second] = [0, 1].map(|which| report_of(&clips, which, &marks).unwrap());
    let biplane = codes::EF_BIPLANE.value.to_string();
    assert!(!holds(&first, &biplane) && holds(&second, &biplane));
    let [of_first, of_second] = [0, 1].map(|which| instance(&clips[which]));
    assert!(holds(&second, &of_first) && holds(&second, &of_second));
    assert!(!holds(&first, &of_second), "it needs no other clip");
    // Each has its own views alone.
    for (report, single) in [(&first, codes::EF_A4C), (&second, codes::EF_A2C)] {
        assert!(holds(report, &single.value));
    }
    assert!(
        second == report_of(&clips, 1, &marks).unwrap(),
        "asking twice"
    );
    let other = [&marks[1..], &marks[..1]].concat();
    let (before, after) = (second, report_of(&clips, 1, &other[..3]).unwrap());
    assert!(!holds(&after, &biplane), "a part was withdrawn");
    assert!(before != after);
}

#[test]
fn nothing_follows_from_frames_that_may_show_two_patients() {
    let (phantoms, mut marks) = on_two_clips();
    let clips = phantoms.map(|phantom| phantom.kept);
    for (held, patient) in marks.iter_mut().zip([1, 1, 2, 2]) {
        held.gauge.as_mut().unwrap().patient = Some(PatientKey(patient));
    }
    let report = |marks: &[MarkState]| report_of(&clips, 1, marks).unwrap();
    let second = report(&marks);
    assert!(!holds(&second, &codes::EF_BIPLANE.value) && holds(&second, &codes::EF_A2C.value));
    marks[3].gauge.as_mut().unwrap().patient = Some(PatientKey(1));
    assert!(
        !holds(&report(&marks), &codes::EF_A2C.value),
        "one view of two"
    );
    for held in &mut marks {
        held.gauge.as_mut().unwrap().patient = Some(PatientKey(1));
    }
    assert!(holds(&report(&marks), &codes::EF_BIPLANE.value));
}

#[test]
fn a_value_of_two_clips_is_the_one_that_the_phantoms_were_made_with() {
    let (phantoms, marks) = on_two_clips();
    let said = across(phantoms.iter().map(|phantom| &phantom.kept.row), &marks);
    let [biplane] = said.as_slice() else {
        panic!("{} values", said.len());
    };
    assert_eq!(biplane.home, 1);
    let lie: Vec<(usize, u32)> = biplane
        .parts
        .iter()
        .map(|(clip, frame, _)| (*clip, frame.0))
        .collect();
    assert_eq!(lie, [(0, 0), (0, 4), (1, 0), (1, 11)]);
    let parts: Vec<_> = biplane
        .parts
        .iter()
        .filter_map(|(clip, frame, held)| super::values::Measured::of(*clip, *frame, held))
        .collect();
    let value = biplane.follows.value(&parts).unwrap();
    assert!((value.number - 55.0).abs() <= 2.0, "{}", value.number);
}

#[test]
fn a_clip_that_holds_all_parts_says_them_itself_and_no_other_does() {
    let (phantoms, mut marks) = on_two_clips();
    // The four-chamber outlines once more, on the clip of the two-chamber ones.
    marks.extend(both_ends(&phantoms[1], VentricleView::A4c));
    let said = across(phantoms.iter().map(|phantom| &phantom.kept.row), &marks);
    assert!(said.is_empty());
}

#[test]
fn of_clips_that_overlap_the_one_with_most_parts_says_it() {
    let stream = StreamId::random();
    let first = Phantom::captured(FIRST, stream, 1);
    // Two clips that hold the last outline; the later one holds the diameter before it too.
    let [short, long] = [1_000_000, 1_000_000].map(|at| Phantom::captured(SECOND, stream, at));
    let cava = |extent| MeasureKind::VenaCava { extent };
    let ends = |phantom: &Phantom, frame: usize| {
        let ends = &phantom.truth["frames"][frame]["ventricle"]["diameterEnds"];
        vec![phantom.place(&ends[0]), phantom.place(&ends[1])]
    };
    let mut rows = [&first, &short, &long].map(|phantom| phantom.kept.row.clone());
    rows[1].times.truncate(5);
    let widest = first.mark(0, cava(Extent::Largest), ends(&first, 0), 1);
    let narrowest = long.mark(2, cava(Extent::Smallest), ends(&long, 2), 2);
    let marks = [widest, narrowest];
    let said = across(&rows, &marks);
    assert_eq!(said[0].home, 1, "both hold one part, the first came first");
    let biplane = [
        first.wall(VentricleView::A4c, HeartPhase::EndDiastole, 1),
        first.wall(VentricleView::A4c, HeartPhase::EndSystole, 1),
        long.wall(VentricleView::A2c, HeartPhase::EndSystole, 2),
        long.wall(VentricleView::A2c, HeartPhase::EndDiastole, 3),
    ];
    let said = across(&rows, &biplane);
    assert_eq!(
        (said[0].home, said.len()),
        (2, 1),
        "the long one holds both ends"
    );
}

#[test]
fn a_clip_of_another_study_is_never_brought_together_with_this_one() {
    let (phantoms, marks) = on_two_clips();
    let mut clips = phantoms.map(|phantom| phantom.kept);
    let study = Provenance::read(&clips[0].path).unwrap().study.uid;
    let study = study.as_str().as_bytes();
    let mut bytes = std::fs::read(&clips[0].path).unwrap();
    let at = bytes
        .windows(study.len())
        .position(|part| part == study)
        .unwrap();
    let last = &mut bytes[at + study.len() - 1];
    *last = if *last == b'1' { b'2' } else { b'1' };
    let folder = tempfile::tempdir().unwrap();
    clips[0].path = folder.path().join("other.dcm");
    std::fs::write(&clips[0].path, bytes).unwrap();
    let second = report_of(&clips, 1, &marks).unwrap();
    assert!(!holds(&second, &codes::EF_BIPLANE.value));
    assert!(holds(&second, &codes::EF_A2C.value), "its own is there");
    clips[0].path = folder.path().join("gone.dcm");
    let second = report_of(&clips, 1, &marks).unwrap();
    assert!(holds(&second, &codes::EF_A2C.value), "also without it");
}
