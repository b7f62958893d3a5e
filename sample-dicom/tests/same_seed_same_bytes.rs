//! One seed, one file: the bytes follow from the request and nothing else.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests: a failure is a failed test"
)]

use sample_dicom::{ClipSpec, Pixels, View, generate, write_dicom};
use std::collections::BTreeSet;
use std::fs;

fn small(view: View, seed: u64) -> ClipSpec {
    ClipSpec {
        width: 320,
        height: 240,
        frames: Some(3),
        ..ClipSpec::new(view, seed)
    }
}

fn bytes(spec: &ClipSpec) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clip.dcm");
    write_dicom(&generate(spec).unwrap(), &file).unwrap();
    fs::read(file).unwrap()
}

#[test]
fn the_same_request_gives_the_same_bytes() {
    for view in View::ALL {
        assert!(bytes(&small(view, 7)) == bytes(&small(view, 7)), "{view}");
    }
}

#[test]
fn another_seed_gives_other_speckle_and_other_identifiers() {
    let (a, b) = (
        generate(&small(View::A4c, 7)).unwrap(),
        generate(&small(View::A4c, 8)).unwrap(),
    );
    assert_ne!(a.truth.sop_instance_uid, b.truth.sop_instance_uid);
    assert_ne!(a.frame(0), b.frame(0));
}

#[test]
fn every_request_has_its_own_identifier() {
    let base = small(View::Plax, 7);
    let requests = [
        base.clone(),
        ClipSpec {
            view: View::A4c,
            ..base.clone()
        },
        ClipSpec {
            ejection_fraction: 40.0,
            ..base.clone()
        },
        ClipSpec {
            uneven: true,
            ..base.clone()
        },
        ClipSpec {
            pixels: Pixels::Rgb,
            ..base
        },
    ];
    let uids: BTreeSet<String> = requests
        .iter()
        .map(|r| generate(r).unwrap().truth.sop_instance_uid)
        .collect();
    assert_eq!(uids.len(), requests.len());
    assert!(
        uids.iter()
            .all(|uid| uid.starts_with("2.25.") && uid.len() <= 64),
        "{uids:?}"
    );
}

#[test]
fn a_frame_does_not_depend_on_the_frames_asked_for_before() {
    let clip = generate(&small(View::Combined, 7)).unwrap();
    let forwards: Vec<_> = (0..3).map(|i| clip.frame(i)).collect();
    let backwards: Vec<_> = (0..3).rev().map(|i| clip.frame(i)).collect();
    assert!(forwards.iter().eq(backwards.iter().rev()));
    assert!(clip.frame(3).is_none());
}
