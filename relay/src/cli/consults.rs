//! Consults: opened, listed and closed by an operator until the product's own request for help does it.

use super::Opened;
use super::args::Consult;
use super::fault::Fault;
use crate::clock::Clock;
use crate::config::clip_bytes;
use crate::consult::{MAX_CLIPS, Outstanding};
use crate::dicom_marks::{each_entry, keep_marks};
use crate::recorded_clips::{Places, keep_recording};
use crate::store::{self, ClipBounds};
use wire::{ConsultId, RelayTime};

/// Opens, lists or closes.
pub(super) async fn change(opened: &Opened, what: Consult) -> Result<(), Fault> {
    let now = Clock::default().now();
    match what {
        Consult::Open { alias } => {
            let consult = ConsultId::random();
            opened
                .store
                .write("open a consult", move |db| {
                    store::open_consult(db, consult, &alias, now)
                })
                .await?;
            println!("{consult}");
        }
        Consult::List => {
            for row in opened.store.read("list consults", store::consults).await? {
                println!("{}  {}", row.consult, row.alias);
            }
        }
        Consult::Close { consult, recording } => {
            // Closing again is harmless, and makes up for objects that could not be kept.
            is_there(opened, consult).await?;
            opened
                .store
                .write("close a consult", move |db| {
                    store::close_consult(db, consult, now)
                })
                .await?;
            // First, so that marks on its frames are kept with it.
            if recording || opened.settings.recording_dicom == Some(true) {
                keep_the_recording(opened, consult, now).await?;
            }
            let measuring = measures(opened).await?;
            let kept = keep_marks(&opened.store, &opened.clips, consult, measuring, now).await?;
            let values = if measuring {
                format!("measurements of {}", kept.reports)
            } else {
                "no measurements, because measuring is off here".to_owned()
            };
            println!(
                "closed; kept beside its clips and for the archive: marks of {}, {values}",
                kept.states
            );
            for (clip, fault) in kept.failed {
                eprintln!(
                    "clip {clip}: its marks are not kept as DICOM ({fault}). They stay in the log; \
                     `relay consult close` can be run again."
                );
            }
            tell_what_is_outstanding(opened, consult).await?;
        }
    }
    Ok(())
}

/// A device brings them also now; their marks are kept only when somebody closes again.
async fn tell_what_is_outstanding(opened: &Opened, consult: ConsultId) -> Result<(), Fault> {
    let mut log = Outstanding::default();
    each_entry(&opened.store, consult, |entry| log.note(&entry.event)).await?;
    let rows = opened
        .store
        .read("look up a consult's clips", move |db| {
            store::how_far(db, consult)
        })
        .await?;
    let left = log.left(&rows);
    if left.is_empty() {
        return Ok(());
    }
    println!(
        "not here yet: {} clips, which a device may still hold. They are taken when it brings them, also now that the consult is \
         closed; do not revoke or wipe the device before, and close again then, for their marks:",
        left.len()
    );
    for clip in left {
        println!("{clip}");
    }
    Ok(())
}

async fn keep_the_recording(
    opened: &Opened,
    consult: ConsultId,
    now: RelayTime,
) -> Result<(), Fault> {
    let places = Places {
        recordings: opened.recordings.clone(),
        bounds: ClipBounds {
            clips: MAX_CLIPS,
            bytes: clip_bytes(opened.settings.clips_mib),
        },
        objects: opened.objects.clone(),
    };
    let kept = keep_recording((&opened.store, &opened.clips), consult, &places, now).await?;
    println!(
        "recording: {} frames kept as DICOM in {} clips",
        kept.frames, kept.clips
    );
    for (picture, why) in kept.left_out {
        eprintln!("picture {picture}: {why}");
    }
    Ok(())
}

/// No value leaves an installation that was started without measuring, or whose file says so.
async fn measures(opened: &Opened) -> Result<bool, Fault> {
    let started = opened
        .store
        .read("look up whether measuring is on", store::last_measuring)
        .await?;
    Ok(started != Some(false) && opened.settings.measuring != Some(false))
}

async fn is_there(opened: &Opened, consult: ConsultId) -> Result<(), Fault> {
    opened
        .store
        .read("look up a consult", move |db| store::consult(db, consult))
        .await?
        .map(drop)
        .ok_or(Fault::Unknown(
            "there is no consult with this id; see: relay consult list",
        ))
}
