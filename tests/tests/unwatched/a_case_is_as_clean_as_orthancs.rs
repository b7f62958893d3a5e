//! Somebody else's anonymiser takes the same clip: what it takes away is not in ours either, and it takes ours in.

use anyhow::{Result, ensure};
use echo_dicom::deidentify::{Alias, CaseIdentity, CaseKey, CleanClip, Cover, Whose};
use echo_dicom::write::{
    ClipFacts, ClipWriter, Context, Date, Equipment, LocalTime, Patient, PersonName, ScaleByHand,
    Series, Sex, Study, Uid, UtcOffset,
};
use echo_dicom::{Clip, Picture, PixelForm, RegionBounds, SpatialFormat, UltrasoundRegion};
use std::io::Cursor;
use std::time::Duration;
use stories::orthanc::Orthanc;
use stories::test_data::skipped;
use stories::wait::secs;

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
        ..ClipFacts::new(Uid::from_uuid(13), 1, at)
    };
    let mut bytes = Vec::new();
    ClipWriter::clip(&context, &facts, &frames[..])?.write_to(&mut bytes)?;
    Ok(bytes)
}

fn ours(original: &[u8]) -> Result<Vec<u8>> {
    let clip = Clip::from_bytes(original.to_vec())?;
    let provenance = clip.provenance()?;
    let identity = CaseIdentity {
        alias: Alias::parse("CASE-1").ok_or_else(|| anyhow::anyhow!("no alias"))?,
        key: CaseKey::new([9; 32]),
    };
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

#[test]
fn orthancs_anonymiser_leaves_nothing_out_that_ours_leaves_in() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let folder = tempfile::tempdir()?;
        let original = original()?;
        let file = folder.path().join("original.dcm");
        std::fs::write(&file, &original)?;
        let Some(orthanc) = Orthanc::start(folder.path())? else {
            return skipped(
                "a_case_is_as_clean_as_orthancs",
                "no Orthanc (`make setup` installs it)",
            );
        };
        orthanc.stores_within(&file, secs(30)).await?;
        let theirs = orthanc.anonymized().await?;
        let ours = ours(&original)?;
        let mut taken = 0;
        for words in TELLING {
            ensure!(holds(&original, words), "{words} was not planted");
            taken += usize::from(!holds(&theirs, words));
            ensure!(!holds(&ours, words), "ours holds {words}");
        }
        ensure!(
            taken >= 12,
            "Orthanc took only {taken} away: it is no witness"
        );
        for (made, who) in [(&theirs, "Orthanc"), (&ours, "ours")] {
            for uid in [11, 12, 13].map(Uid::from_uuid) {
                ensure!(!holds(made, uid.as_str()), "{who} keeps a UID");
            }
            ensure!(holds(made, "YES"), "{who} does not say that it was done");
        }
        ensure!(
            holds(&ours, "113100") && holds(&ours, "113101"),
            "ours does not say what was done"
        );
        let file = folder.path().join("ours.dcm");
        std::fs::write(&file, &ours)?;
        orthanc.stores_within(&file, secs(5)).await
    })
}
