//! Somebody else's anonymiser takes the same clip, marks and report: what it takes away is not in ours either, and it takes ours in.

use anyhow::{Context as _, Result, ensure};
use echo_dicom::deidentify::{Alias, CaseIdentity, CaseKey, CleanClip, Cover, Whose, clean_object};
use echo_dicom::write::presentation::{self, Drawing, ImageColour, Mark, StateFacts};
use echo_dicom::write::report::{self, Geometry, Measurement, Place, ReportFacts, codes};
use echo_dicom::write::{
    ClipFacts, ClipWriter, Context, Date, Equipment, LocalTime, MarkedImage, Patient, PersonName,
    PixelPoint, ScaleByHand, Series, Sex, Study, Uid, UtcOffset,
};
use echo_dicom::{Clip, Picture, PixelForm, RegionBounds, SpatialFormat, UltrasoundRegion};
use std::io::Cursor;
use std::time::Duration;
use stories::orthanc::Orthanc;
use stories::test_data::skipped;
use stories::wait::secs;
use wire::FrameIndex;

/// Instances of the clip, of what was drawn on it, and of what was measured.
const CLIP: u128 = 13;
const STATE: u128 = 21;
const REPORT: u128 = 31;

/// What tells who it is, where and when, as it stands in the file.
const TELLING: [&str; 15] = [
    "Yamada^Tarou",
    "山田",
    "PE-0001",
    "19410203",
    "A-17",
    "Suzuki",
    "visit of the second",
    "clips of the second",
    "SN-4711",
    "BEDSIDE-9",
    "Sakakibara",
    "20260101",
    "101530",
    "+0900",
    "STUDY-8",
];

fn context() -> Result<(Context, LocalTime)> {
    let day = Date::new(2026, 1, 1).and_then(|day| LocalTime::new(day, 10, 15, 30, 0));
    let at = day.ok_or_else(|| anyhow::anyhow!("no such day"))?;
    let context = Context {
        patient: Patient {
            name: PersonName::new("Yamada^Tarou").with_ideographic("山田^太郎"),
            id: "PE-0001".into(),
            birth_date: Date::new(1941, 2, 3),
            sex: Some(Sex::Male),
        },
        study: Study {
            began_at: Some(at),
            id: "STUDY-8".into(),
            accession_number: "A-17".into(),
            referring_physician: PersonName::new("Suzuki^Hanako"),
            description: "visit of the second".into(),
            ..Study::new(Uid::from_uuid(11))
        },
        series: Series {
            uid: Uid::from_uuid(12),
            number: 1,
            began_at: Some(at),
            description: "clips of the second".into(),
        },
        equipment: Equipment {
            manufacturer: "Hibiki".into(),
            model: "capture-agent".into(),
            serial_number: "SN-4711".into(),
            software_versions: "0.1.0".into(),
            station_name: "BEDSIDE-9".into(),
            institution_name: "Sakakibara".into(),
        },
        utc_offset: UtcOffset::JAPAN,
    };
    Ok((context, at))
}

/// Our own clip with everything filled in.
fn original() -> Result<Vec<u8>> {
    let (context, at) = context()?;
    let picture = Picture {
        width: 64,
        height: 48,
        form: PixelForm::Gray8,
        rows: (0..64 * 48_u32).map(|at| (at % 200) as u8).collect(),
    };
    let frames = [picture.clone(), picture];
    let heart = RegionBounds {
        min_x: 8,
        min_y: 8,
        max_x: 55,
        max_y: 40,
    };
    let facts = ClipFacts {
        times: vec![Duration::ZERO, Duration::from_millis(40)],
        regions: vec![UltrasoundRegion::new(SpatialFormat::TwoD, Some(1), heart)],
        hand_scale: Some(ScaleByHand {
            at,
            by: Some("Suzuki Hanako".into()),
        }),
        ..ClipFacts::new(Uid::from_uuid(CLIP), 1, at)
    };
    let mut bytes = Vec::new();
    ClipWriter::clip(&context, &facts, &frames[..])?.write_to(&mut bytes)?;
    Ok(bytes)
}

fn image() -> Result<MarkedImage> {
    let class = Uid::parse("1.2.840.10008.5.1.4.1.1.3.1");
    Ok(MarkedImage {
        series_uid: Uid::from_uuid(12),
        class_uid: class.context("no UID")?,
        instance_uid: Uid::from_uuid(CLIP),
        columns: 64,
        rows: 48,
        frames: 2,
    })
}

const CALIPER: [PixelPoint; 2] = [
    PixelPoint { x: 10.0, y: 10.0 },
    PixelPoint { x: 40.0, y: 30.0 },
];

/// What somebody with a name drew on it.
fn state() -> Result<Vec<u8>> {
    let (mut context, created_at) = context()?;
    context.series.uid = Uid::from_uuid(22);
    let facts = StateFacts {
        instance_uid: Uid::from_uuid(STATE),
        instance_number: 1,
        created_at,
        label: "CARDIO".into(),
        description: "visit of the second".into(),
        creator: PersonName::new("Suzuki^Hanako"),
        colour: ImageColour::Grey,
    };
    let mark = Mark {
        frame: FrameIndex(0),
        drawing: Drawing::Polyline(CALIPER.to_vec()),
        author: "Suzuki Hanako".into(),
        uid: Some(Uid::from_uuid(23)),
    };
    let mut bytes = Vec::new();
    presentation::write(&context, &facts, &image()?, &[mark], &mut bytes)?;
    Ok(bytes)
}

/// What she measured.
fn measured() -> Result<Vec<u8>> {
    let (mut context, created_at) = context()?;
    context.series.uid = Uid::from_uuid(32);
    let facts = ReportFacts {
        instance_uid: Uid::from_uuid(REPORT),
        instance_number: 1,
        created_at,
        observer: PersonName::new("Suzuki^Hanako"),
        device: None,
        procedure: codes::ECHOCARDIOGRAPHY,
    };
    let caliper = Measurement {
        name: codes::LVID_DIASTOLE,
        value: 5.1,
        unit: codes::CENTIMETRE,
        site: None,
        places: vec![Place {
            image: 0,
            frame: FrameIndex(0),
            geometry: Geometry::Polyline(CALIPER.to_vec()),
        }],
        calibration: Some("depth scale of 8 cm marked by Suzuki Hanako".into()),
        remark: None,
        observer: None,
        label: "LVIDd".into(),
        uid: Uid::from_uuid(33),
    };
    let mut bytes = Vec::new();
    report::write(&context, &facts, &[image()?], &[caliper], &mut bytes)?;
    Ok(bytes)
}

fn identity() -> Result<CaseIdentity> {
    Ok(CaseIdentity {
        alias: Alias::parse("CASE-1").context("no alias")?,
        key: CaseKey::new([9; 32]),
    })
}

fn ours(original: &[u8]) -> Result<Vec<u8>> {
    let clip = Clip::from_bytes(original.to_vec())?;
    let provenance = clip.provenance()?;
    let identity = identity()?;
    let mut out = Cursor::new(Vec::new());
    CleanClip {
        reader: &clip,
        whose: &Whose {
            study: provenance.study.uid,
            series: provenance.series_uid,
            instance: provenance.instance_uid,
        },
        identity: &identity,
        cover: &Cover::of(clip.header()),
        view: None,
        number: 1,
    }
    .write(&mut out)?;
    Ok(out.into_inner())
}

fn holds(bytes: &[u8], words: &str) -> bool {
    bytes
        .windows(words.len())
        .any(|part| part == words.as_bytes())
}

/// A UID of an odd length as it stands in a file, so that none is found that only begins like it (PS3.5 section 9.1).
fn padded(number: u128) -> String {
    format!("{}\0", Uid::from_uuid(number).as_str())
}

/// An object as it was, what we make of it for a case, and the UIDs that it must not keep.
struct Cleaned {
    what: &'static str,
    instance: u128,
    original: Vec<u8>,
    ours: Vec<u8>,
    uids: Vec<u128>,
    /// What was done beside the basic profile (PS3.16 CID 7050): pixels, graphics or content cleaned.
    option: &'static str,
    /// Of so many words Orthanc has to take away so many, or it is no witness.
    planted: usize,
    taken: usize,
}

fn all() -> Result<[Cleaned; 3]> {
    let (clip, state, report) = (original()?, state()?, measured()?);
    let identity = identity()?;
    Ok([
        Cleaned {
            what: "clip",
            option: "113101",
            instance: CLIP,
            ours: ours(&clip)?,
            original: clip,
            uids: vec![11, 12, CLIP],
            planted: TELLING.len(),
            taken: 12,
        },
        Cleaned {
            what: "marks",
            option: "113103",
            instance: STATE,
            ours: clean_object(state.clone(), &identity)?,
            original: state,
            uids: vec![11, 22, STATE, CLIP, 12],
            planted: 12,
            taken: 9,
        },
        Cleaned {
            what: "report",
            option: "113104",
            instance: REPORT,
            ours: clean_object(report.clone(), &identity)?,
            original: report,
            uids: vec![11, 32, REPORT, CLIP, 33],
            planted: 12,
            taken: 9,
        },
    ])
}

#[test]
fn orthancs_anonymiser_leaves_nothing_out_that_ours_leaves_in() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("object.dcm");
        let Some(orthanc) = Orthanc::start(folder.path())? else {
            return skipped(
                "a_case_is_as_clean_as_orthancs",
                "no Orthanc (`make setup` installs it)",
            );
        };
        for made in all()? {
            let what = made.what;
            std::fs::write(&file, &made.original)?;
            orthanc.stores_within(&file, secs(30)).await?;
            let instance = Uid::from_uuid(made.instance);
            let theirs = orthanc.anonymized(instance.as_str()).await?;
            let (mut planted, mut taken) = (0, 0);
            for words in TELLING {
                ensure!(!holds(&made.ours, words), "our {what} holds {words}");
                if holds(&made.original, words) {
                    planted += 1;
                    taken += usize::from(!holds(&theirs, words));
                }
            }
            ensure!(
                planted >= made.planted && taken >= made.taken,
                "of {planted} words in the {what} Orthanc took {taken} away: it is no witness"
            );
            for uid in made.uids.iter().copied().map(padded) {
                ensure!(holds(&made.original, &uid), "{what}: no {uid:?}");
                ensure!(!holds(&made.ours, &uid), "our {what} keeps {uid:?}");
            }
            ensure!(
                !holds(&theirs, &padded(made.instance)),
                "Orthanc keeps a UID"
            );
            for (made, who) in [(&theirs, "Orthanc"), (&made.ours, "ours")] {
                ensure!(
                    holds(made, "YES"),
                    "{who}: {what} does not say that it was done"
                );
            }
            ensure!(
                holds(&made.ours, "113100") && holds(&made.ours, made.option),
                "our {what} does not say what was done"
            );
            std::fs::write(&file, &made.ours)?;
            orthanc.stores_within(&file, secs(5)).await?;
        }
        Ok(())
    })
}
