//! What is written for a case holds nothing of whom it shows, wherever it was planted before.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;

use std::io::Cursor;

use common::builder::{BIG_ENDIAN, EXPLICIT, IMPLICIT};
use common::marking::{
    clip as marked_clip, marks, measurements, report_bytes, report_facts, state_bytes, state_facts,
};
use common::peers::{dciodvfy_is_content, said, tool};
use common::planted::{self, CANARIES};
use common::writing::{clip_bytes, even, facts, pictures, sector};
use common::{sample_path, test_data};
use echo_dicom::deidentify::{
    Alias, CaseIdentity, CaseKey, CleanClip, Cover, DeidentifyError, MAX_DRAWN, Whose,
    clean_object, drawn_lines, drawn_numbers, remains,
};
use echo_dicom::write::presentation::{Drawing, ImageColour};
use echo_dicom::write::{ScaleByHand, Uid, ViewLabel};
use echo_dicom::{Clip, PixelForm, Provenance, RegionBounds};
use wire::FrameIndex;

fn identity() -> CaseIdentity {
    CaseIdentity {
        alias: Alias::parse("CASE-0007").unwrap(),
        key: CaseKey::new([7; 32]),
    }
}

fn whose(provenance: &Provenance) -> Whose {
    Whose {
        study: provenance.study.uid.clone(),
        series: provenance.series_uid.clone(),
        instance: provenance.instance_uid.clone(),
    }
}

fn made_up() -> Whose {
    Whose {
        study: Uid::from_uuid(1),
        series: Uid::from_uuid(2),
        instance: Uid::from_uuid(3),
    }
}

fn cleaned_under(clip: &Clip, cover: &Cover, whose: &Whose) -> Result<Vec<u8>, DeidentifyError> {
    let identity = identity();
    let clean = CleanClip {
        reader: clip,
        whose,
        identity: &identity,
        cover,
        view: Some(ViewLabel::Plax),
        number: 1,
    };
    let mut out = Cursor::new(Vec::new());
    clean.write(&mut out)?;
    Ok(out.into_inner())
}

fn cleaned(clip: &Clip) -> Result<Vec<u8>, DeidentifyError> {
    let cover = Cover::of(clip.header());
    cleaned_under(clip, &cover, &whose(&clip.provenance().unwrap()))
}

#[track_caller]
fn holds_no_canary(bytes: &[u8], what: &str) {
    for canary in CANARIES {
        let canary = canary.as_bytes();
        let found = bytes.windows(canary.len()).position(|part| part == canary);
        assert_eq!(found, None, "{what}: {}", String::from_utf8_lossy(canary));
    }
}

#[test]
fn a_clip_with_identity_in_every_attribute_gives_none_of_it_away() {
    for syntax in [IMPLICIT, EXPLICIT, BIG_ENDIAN] {
        let planted = planted::clip(syntax);
        let held = planted.windows(6).filter(|part| part == b"CANARY").count();
        assert!(held > 500, "{syntax}: only {held} were planted");
        let clip = Clip::from_bytes(planted).unwrap();
        let uid = |text| Uid::parse(text).unwrap();
        let whose = Whose {
            study: uid("1.2.840.9876543.7"),
            series: uid("1.2.840.9876543.8"),
            instance: uid("1.2.3.4"),
        };
        let clean = cleaned_under(&clip, &Cover::of(clip.header()), &whose).unwrap();
        holds_no_canary(&clean, syntax);
        assert!(clean[..128].iter().all(|byte| *byte == 0));
        let again = Clip::from_bytes(clean.clone()).unwrap();
        assert_eq!(again.header().frames, 3);
        assert_eq!(again.header().burned_in_annotation, Some(false));
        let words = remains(clean).unwrap();
        assert!(words.iter().any(|said| said.words == "CASE-0007"));
    }
}

#[test]
fn marks_and_reports_with_identity_in_every_attribute_give_none_of_it_away() {
    for class in [
        "1.2.840.10008.5.1.4.1.1.11.1",
        "1.2.840.10008.5.1.4.1.1.11.2",
        "1.2.840.10008.5.1.4.1.1.88.33",
    ] {
        for syntax in [IMPLICIT, EXPLICIT, BIG_ENDIAN] {
            let clean = clean_object(planted::object(class, syntax), &identity()).unwrap();
            holds_no_canary(&clean, class);
            remains(clean).unwrap();
        }
    }
}

#[test]
fn other_objects_belong_to_no_case() {
    let secondary_capture = planted::object("1.2.840.10008.5.1.4.1.1.7", EXPLICIT);
    let refused = clean_object(secondary_capture, &identity()).unwrap_err();
    assert!(matches!(refused, DeidentifyError::Kind), "{refused}");
}

#[test]
fn clip_marks_and_report_of_a_case_still_name_each_other() {
    let frames = pictures(PixelForm::Rgb8, 640, 480, 3);
    let mut told = facts(&even(3));
    told.regions = vec![sector(600, 400)];
    let clip = Clip::from_bytes(clip_bytes(&told, &frames[..]).unwrap()).unwrap();
    let new_clip = Clip::from_bytes(cleaned(&clip).unwrap()).unwrap();
    let uid = new_clip.header().sop_instance_uid.clone();
    assert_ne!(uid, clip.header().sop_instance_uid);
    assert_eq!(uid, identity().key.uid(&Uid::from_uuid(13)).as_str());
    let state = state_bytes(&state_facts(ImageColour::Colour), &marked_clip(), &marks()).unwrap();
    let report = report_bytes(&report_facts(), &marked_clip(), &measurements()).unwrap();
    let study = new_clip.provenance().unwrap().study.uid;
    let folder = tempfile::tempdir().unwrap();
    for (name, object, kind) in [
        ("state.dcm", state, "ColorSoftcopyPresentationState"),
        ("report.dcm", report, "ComprehensiveSR"),
    ] {
        let clean = clean_object(object, &identity()).unwrap();
        for named in [uid.as_str(), study.as_str()] {
            let found = clean
                .windows(named.len())
                .any(|part| part == named.as_bytes());
            assert!(found, "{name} does not name {named}");
        }
        for gone in [
            "中隔", "Suzuki", "Yamada", "山田", "PE-0001", "20260101", "2026", "A-17",
        ] {
            let found = clean
                .windows(gone.len())
                .any(|part| part == gone.as_bytes());
            assert!(!found, "{name} holds {gone}");
        }
        let words = remains(clean.clone()).unwrap();
        for said in &words {
            let fine = ["CASE-0007", "19000101", "000000", "removed"]
                .contains(&said.words.as_str())
                || [
                    "CodeValue",
                    "CodingSchemeDesignator",
                    "CodeMeaning",
                    "DeidentificationMethod",
                    "TrackingID",
                ]
                .contains(&said.name.as_str());
            assert!(fine, "{name}: {said:?}");
        }
        let file = folder.path().join(name);
        std::fs::write(&file, clean).unwrap();
        dciodvfy_is_content(&file, kind);
        if name == "report.dcm"
            && let Some(output) = tool("dsrdump", &[], &[&file])
        {
            assert!(said(&output).contains("5.10497"), "{}", said(&output));
        }
    }
}

#[test]
fn lines_and_numbers_of_a_case_are_read_back_from_its_files_on_their_frames() {
    let instance = identity().key.uid(&Uid::from_uuid(13));
    let state = state_bytes(&state_facts(ImageColour::Colour), &marked_clip(), &marks()).unwrap();
    let report = report_bytes(&report_facts(), &marked_clip(), &measurements()).unwrap();
    let clean = |object| clean_object(object, &identity()).unwrap();
    let lines = drawn_lines(clean(state), instance.as_str()).unwrap();
    let drawn: Vec<_> = marks()
        .into_iter()
        .filter(|mark| !matches!(mark.drawing, Drawing::Text { .. }))
        .collect();
    assert!(!drawn.is_empty());
    for mark in &drawn {
        let first = match &mark.drawing {
            Drawing::Polyline(points) | Drawing::Points(points) => points[0],
            Drawing::Arrow { from, .. } => *from,
            other => panic!("{other:?} is no line"),
        };
        let found = lines
            .iter()
            .any(|line| line.frame == mark.frame && line.points[0] == first);
        assert!(found, "{mark:?} is not in {lines:?}");
    }
    let numbers = drawn_numbers(clean(report.clone()), instance.as_str()).unwrap();
    assert_eq!(numbers.len(), measurements().len());
    for (number, what) in numbers.iter().zip(measurements()) {
        assert_eq!(
            (&*number.code, &*number.name),
            (&*what.name.value, &*what.name.meaning)
        );
        assert_eq!(
            (number.value, &*number.unit),
            (what.value, &*what.unit.value)
        );
        assert_eq!(number.frames[0], what.places[0].frame);
    }
    // On another clip there is none of it.
    let other = identity().key.uid(&Uid::from_uuid(99));
    let numbers = drawn_numbers(clean(report), other.as_str()).unwrap();
    assert!(numbers.iter().all(|number| number.frames.is_empty()));
    assert!(drawn_lines(b"no object".to_vec(), instance.as_str()).is_err());
}

/// A name may be written with the pen: what nobody is shown must not leave.
#[test]
fn more_lines_than_a_person_is_shown_are_refused() {
    let instance = identity().key.uid(&Uid::from_uuid(13));
    let one = marks()
        .into_iter()
        .find(|mark| matches!(mark.drawing, Drawing::Polyline(_)))
        .unwrap();
    let read = |count: usize| {
        let marks = vec![one.clone(); count];
        let facts = state_facts(ImageColour::Colour);
        let state = state_bytes(&facts, &marked_clip(), &marks).unwrap();
        let state = clean_object(state, &identity()).unwrap();
        drawn_lines(state, instance.as_str())
    };
    assert_eq!(read(MAX_DRAWN).unwrap().len(), MAX_DRAWN);
    assert!(matches!(
        read(MAX_DRAWN + 1),
        Err(DeidentifyError::NotShown)
    ));
}

#[test]
fn what_replay_and_measuring_need_stays() {
    let frames = pictures(PixelForm::Gray8, 320, 240, 4);
    let mut told = facts(&[0, 33_000, 70_000, 100_000]);
    told.regions = vec![sector(300, 200)];
    told.hand_scale = Some(ScaleByHand {
        at: common::writing::local_time(),
        by: Some("Suzuki Hanako".into()),
    });
    let clip = Clip::from_bytes(clip_bytes(&told, &frames[..]).unwrap()).unwrap();
    let bytes = cleaned(&clip).unwrap();
    let clean = Clip::from_bytes(bytes.clone()).unwrap();
    assert_eq!(clean.header().regions, clip.header().regions);
    for index in (0..4).map(FrameIndex) {
        assert_eq!(
            clean.header().frame_times.at(index),
            clip.header().frame_times.at(index)
        );
    }
    assert!(clean.header().hand_scale);
    assert!(!bytes.windows(6).any(|part| part == b"Suzuki"));
    assert_eq!(clean.header().image_type[0], "DERIVED");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clip.dcm");
    std::fs::write(&file, bytes).unwrap();
    dciodvfy_is_content(&file, "USMultiFrameImage");
}

#[test]
fn every_real_clip_with_a_true_region_becomes_a_clean_one_and_all_else_on_it_is_black() {
    let Some(folder) = test_data("dicom") else {
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let (mut made, mut refused) = (Vec::new(), Vec::new());
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy()[..2].to_owned();
        let clip = Clip::open(&path).unwrap();
        let whose = made_up();
        let cover = Cover::of(clip.header());
        let bytes = match cleaned_under(&clip, &cover, &whose) {
            Ok(bytes) => bytes,
            Err(DeidentifyError::NothingKept) => {
                refused.push(name);
                continue;
            }
            Err(other) => panic!("{name}: {other}"),
        };
        let clean = Clip::from_bytes(bytes.clone()).unwrap();
        assert_eq!(clean.header().frames, clip.header().frames, "{name}");
        for index in 0..clean.header().frames {
            is_black_outside(&clean, &clip, index, &name);
        }
        let file = scratch.path().join(format!("{name}.dcm"));
        std::fs::write(&file, bytes).unwrap();
        dciodvfy_is_content(&file, "US");
        made.push(name);
    }
    made.sort_unstable();
    refused.sort_unstable();
    assert_eq!(made, ["01", "08", "09", "10", "11", "13", "14", "15"]);
    // 02 was shrunk and its region was not; the others have none.
    assert_eq!(refused, ["02", "06", "17", "18", "19"]);
}

/// Blocks of the coding that lie outside all kept regions hold nothing at all.
fn is_black_outside(clean: &Clip, source: &Clip, index: u32, name: &str) {
    use echo_dicom::SpatialFormat::{MMode, Spectral, TwoD, Waveform};
    let picture = clean.frame(FrameIndex(index)).unwrap();
    let kept: Vec<RegionBounds> = source
        .header()
        .regions
        .iter()
        .filter(|region| matches!(region.spatial_format, TwoD | MMode | Spectral | Waveform))
        .filter_map(|region| region.bounds)
        .collect();
    // JPEG blocks of 16 x 8 may carry a region's edge a little outwards.
    let near = |x: u32, y: u32| {
        kept.iter().any(|bounds| {
            (bounds.min_x.saturating_sub(16)..=bounds.max_x + 16).contains(&x)
                && (bounds.min_y.saturating_sub(8)..=bounds.max_y + 8).contains(&y)
        })
    };
    let samples = picture.form.bytes_per_pixel();
    for (at, pixel) in (0..).zip(picture.rows.chunks(samples)) {
        let (x, y) = (at % picture.width, at / picture.width);
        if !near(x, y) {
            assert!(
                pixel.iter().all(|sample| *sample <= 2),
                "{name}, frame {index}: ({x}, {y}) is {pixel:?}"
            );
        }
    }
}

#[test]
fn without_a_region_a_person_draws_what_stays() {
    let Some(path) = sample_path("17") else {
        return;
    };
    let clip = Clip::open(&path).unwrap();
    let whose = made_up();
    let keep = RegionBounds {
        min_x: 160,
        min_y: 96,
        max_x: 479,
        max_y: 399,
    };
    let cover = Cover::drawn(clip.header(), &[keep], &[]);
    let clean = Clip::from_bytes(cleaned_under(&clip, &cover, &whose).unwrap()).unwrap();
    let (before, after) = (
        clip.frame(FrameIndex(0)).unwrap(),
        clean.frame(FrameIndex(0)).unwrap(),
    );
    let sum =
        |picture: &echo_dicom::Picture| picture.rows.iter().map(|v| u64::from(*v)).sum::<u64>();
    assert!(sum(&after) > 0 && sum(&after) < sum(&before));
}
