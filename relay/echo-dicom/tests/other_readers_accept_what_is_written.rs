//! Programs that share no code with us judge and read the clips and stills that are written: dciodvfy, dcmtk, pydicom
//! and GDCM.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use common::peers::{dciodvfy_is_content, fact, facts as facts_named, python, said, tool};
use common::writing::{context, doppler, even, facts, pictures, sector};
use echo_dicom::write::{
    ClipFacts, ClipWriter, JpegQuality, Origin, PixelCoding, Reference, Uid, Video, ViewLabel,
};
use echo_dicom::{Picture, PixelForm};
use tempfile::TempDir;
use wire::clip::MarkerSide;

const UNEVEN: [u64; 4] = [0, 33_333, 66_700, 120_000];

const CODINGS: [(&str, PixelCoding); 3] = [
    ("rle", PixelCoding::Rle),
    ("plain", PixelCoding::Uncompressed),
    ("jpeg", PixelCoding::Jpeg(JpegQuality::HIGH)),
];

/// A written object beside its true pixels.
struct Written {
    name: String,
    file: PathBuf,
    plain: PathBuf,
    iod: &'static str,
}

/// All facts that an object can have.
fn full_facts(coding: PixelCoding, micros: &[u64]) -> ClipFacts {
    let source = Reference {
        class_uid: Uid::parse("1.2.840.10008.5.1.4.1.1.3.1").unwrap(),
        instance_uid: Uid::parse("1.2.3.4").unwrap(),
        frames: vec![],
    };
    ClipFacts {
        coding,
        regions: vec![sector(150, 60), doppler(159, 119)],
        view: Some(ViewLabel::A4c),
        marker: Some(MarkerSide::Right),
        origin: Origin::Derived(vec![source]),
        heart_rate_bpm: Some(63),
        ..facts(micros)
    }
}

/// Writes a clip of each coding, colour and kind of times, and a still of each coding and colour.
fn write_all(folder: &TempDir) -> Vec<Written> {
    let mut all = Vec::new();
    for (coding_name, coding) in CODINGS {
        for form in [PixelForm::Gray8, PixelForm::Rgb8] {
            for (times_name, micros) in [
                ("even", even(4)),
                ("uneven", UNEVEN.to_vec()),
                ("one", vec![0]),
                ("still", vec![]),
            ] {
                let name = format!("{coding_name}-{form:?}-{times_name}");
                let count = micros.len().max(1) as u32;
                let pictures = pictures(form, 160, 120, count);
                let facts = full_facts(coding, &micros);
                all.push(write_one(folder.path(), name, &facts, &pictures));
            }
        }
    }
    all
}

fn write_one(folder: &Path, name: String, facts: &ClipFacts, pictures: &[Picture]) -> Written {
    let context = context();
    let (writer, iod) = if facts.times.is_empty() {
        (ClipWriter::still(&context, facts, pictures), "USImage")
    } else {
        (
            ClipWriter::clip(&context, facts, pictures),
            "USMultiFrameImage",
        )
    };
    let file = folder.join(format!("{name}.dcm"));
    writer
        .unwrap()
        .write_seekable(&mut File::create(&file).unwrap())
        .unwrap();
    let plain = folder.join(format!("{name}.raw"));
    let rows: Vec<u8> = pictures.iter().flat_map(|p| p.rows.clone()).collect();
    fs::write(&plain, rows).unwrap();
    Written {
        name,
        file,
        plain,
        iod,
    }
}

#[test]
fn dciodvfy_finds_no_error() {
    let folder = tempfile::tempdir().unwrap();
    for written in write_all(&folder) {
        dciodvfy_is_content(&written.file, written.iod);
    }
}

#[test]
fn dciodvfy_is_content_with_the_least_that_one_can_know() {
    let folder = tempfile::tempdir().unwrap();
    let mut context = context();
    context.patient = echo_dicom::write::Patient::default();
    context.study = echo_dicom::write::Study::new(Uid::from_uuid(5));
    context.equipment = echo_dicom::write::Equipment::default();
    context.series.began_at = None;
    context.series.description.clear();
    let mut facts = facts(&even(2));
    facts.burned_in_annotation = None;
    let pictures = pictures(PixelForm::Rgb8, 64, 48, 2);
    let file = folder.path().join("least.dcm");
    ClipWriter::clip(&context, &facts, &pictures[..])
        .unwrap()
        .write_seekable(&mut File::create(&file).unwrap())
        .unwrap();
    dciodvfy_is_content(&file, "USMultiFrameImage");
}

#[test]
fn dcmtk_decodes_every_coding() {
    let folder = tempfile::tempdir().unwrap();
    for written in write_all(&folder) {
        let decoded = folder.path().join("decoded.dcm");
        let program = match written.name.split('-').next() {
            Some("jpeg") => "dcmdjpeg",
            Some("rle") => "dcmdrle",
            _ => continue,
        };
        let Some(output) = tool(program, &[], &[&written.file, &decoded]) else {
            return;
        };
        assert!(
            output.status.success(),
            "{}: {}",
            written.name,
            said(&output)
        );
        // The decoded file holds the pixels and a header.
        let (true_size, size) = (fs::metadata(&written.plain), fs::metadata(&decoded));
        let header = size.unwrap().len() - true_size.unwrap().len();
        assert!((1_000..10_000).contains(&header), "{}", written.name);
    }
}

#[test]
fn dcmdump_sees_the_offset_table_and_a_japanese_name() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = pictures(PixelForm::Rgb8, 160, 120, 4);
    let facts = full_facts(PixelCoding::default(), &even(4));
    let written = write_one(folder.path(), "clip".into(), &facts, &pictures);
    let Some(output) = tool(
        "dcmdump",
        &["-q", "+W", folder.path().to_str().unwrap()],
        &[&written.file],
    ) else {
        return;
    };
    let dump = said(&output);
    assert!(
        dump.contains("Yamada^Tarou=山田^太郎=やまだ^たろう"),
        "{dump}"
    );
    // One item for the table (four offsets of four bytes) and one for each frame.
    assert!(dump.contains("(PixelSequence #=5)"), "{dump}");
    let is_table =
        |line: &str| line.trim_start().starts_with("(fffe,e000)") && line.contains("#  16,");
    assert!(dump.lines().any(is_table), "{dump}");
    assert!(!dump.contains("Laterality"), "{dump}");
}

#[test]
fn pydicom_and_gdcm_see_the_true_pixels() {
    let folder = tempfile::tempdir().unwrap();
    let all = write_all(&folder);
    let files: Vec<&Path> = all.iter().map(|written| written.file.as_path()).collect();
    let Some(found) = python("read_clip.py", &files) else {
        return;
    };
    let reports: Vec<&str> = found.split("file: ").skip(1).collect();
    assert_eq!(reports.len(), all.len());
    for (written, report) in all.iter().zip(reports) {
        for reader in ["pydicom", "gdcm"] {
            let distance = fact(report, reader);
            if written.name.starts_with("jpeg") {
                let decibel: f64 = distance.parse().unwrap();
                assert!(decibel > 38.0, "{}: {report}", written.name);
            } else {
                assert_eq!(distance, "exact", "{}: {report}", written.name);
            }
        }
    }
}

#[test]
fn pydicom_reads_the_facts() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = pictures(PixelForm::Rgb8, 160, 120, 4);
    let facts = full_facts(PixelCoding::default(), &UNEVEN);
    let written = write_one(folder.path(), "clip".into(), &facts, &pictures);
    let Some(found) = python("read_clip.py", &[&written.file]) else {
        return;
    };
    for (name, value) in [
        ("PatientName", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("InstitutionName", "榊原記念病院"),
        ("PhotometricInterpretation", "YBR_FULL_422"),
        ("FrameTimeVector", "[0.000, 33.333, 33.367, 53.300]"),
        ("CineRate", "25"),
        ("LossyImageCompression", "01"),
        ("LossyImageCompressionMethod", "ISO_10918_1"),
        ("TimezoneOffsetFromUTC", "+0900"),
        ("AcquisitionDateTime", "20260101101530.123456+0900"),
        ("ImageComments", "A4C; orientation marker right"),
        ("view", "399214001 SCT Apical four chamber"),
        ("source", "1.2.3.4 121322"),
    ] {
        assert_eq!(fact(&found, name), value, "{found}");
    }
    assert_eq!(
        facts_named(&found, "region"),
        ["1 0.0510497 3", "3 0.004 4"]
    );
    let ratio: f64 = fact(&found, "LossyImageCompressionRatio").parse().unwrap();
    let bytes = fs::metadata(&written.file).unwrap().len() as f64;
    let roughly = 160.0 * 120.0 * 3.0 * 4.0 / bytes;
    assert!(
        (roughly * 0.9..roughly * 1.2).contains(&ratio),
        "{ratio} {roughly}"
    );
}

#[test]
fn a_video_object_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("video.dcm");
    // No tool here looks into the video: a box that begins as an MP4 file does.
    let mp4 = [b"\0\0\0\x10ftypisom\0\0\0\0".to_vec(), vec![7; 33]].concat();
    let video = Video {
        mp4: &[&mp4],
        columns: 160,
        rows: 120,
    };
    let facts = full_facts(PixelCoding::default(), &even(30));
    let mut bytes = Vec::new();
    let report = video.write_to(&context(), &facts, &mut bytes).unwrap();
    assert_eq!(report.bytes, bytes.len() as u64);
    fs::write(&file, bytes).unwrap();
    dciodvfy_is_content(&file, "USMultiFrameImage");
    let Some(found) = python("read_clip.py", &[&file]) else {
        return;
    };
    assert_eq!(fact(&found, "syntax"), "1.2.840.10008.1.2.4.102");
    assert_eq!(fact(&found, "PhotometricInterpretation"), "YBR_PARTIAL_420");
    assert_eq!(fact(&found, "LossyImageCompressionMethod"), "ISO_14496_10");
}
