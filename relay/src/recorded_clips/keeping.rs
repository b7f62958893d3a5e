//! Keeping the recording of a closed consult as clips of it.
//!
//! Owns going through its pictures, and what is said of what is left out. Where nobody said whose a picture is, or where it shows two
//! people, nothing is made of it, because a picture without the right name is worse in an archive than none.

use super::cuts::{Coding, Cuts, Known, cut};
use super::object::{clip_of, keep};
use super::whose::{Patients, is_recorded, whose};
use crate::archive::{Objects, are_one_object};
use crate::dicom_marks::{KeptClip, each_entry, kept_clips};
use crate::replay::playable;
use crate::store::{self, ClipBounds, ClipFiles, OfferRow, Store, StoreError};
use recording::{Recording, Why};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;
use wire::clip::ClipHead;
use wire::{ClipId, ConsultId, RelayTime, RtpTime, StreamId};

/// What was kept of a consult's recording.
#[derive(Debug, Default)]
pub struct KeptRecording {
    /// Clips that were made now.
    pub clips: usize,
    /// Frames in them.
    pub frames: usize,
    /// What is in none, and why.
    pub left_out: Vec<(StreamId, LeftOut)>,
}

/// Why frames of a recording are in no clip.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LeftOut {
    /// Nobody said whom it shows.
    #[error(
        "no clip or still of this picture says whose it is; save one in the consult, and its recording can follow"
    )]
    Nobodys,
    /// Two people are in it.
    #[error("its clips and stills show more than one patient or study; it stays a recording")]
    Several,
    /// They stand on frames that are missing, or are no H.264 of ours.
    #[error(
        "{0} frames stand on missing ones or are not coded as DICOM takes it; they stay in the recording"
    )]
    Frames(usize),
    /// An object could not be made or kept.
    #[error("a clip of it was not kept: {0}")]
    Failed(String),
}

/// Where recordings lie, and how much a consult may hold.
#[derive(Debug, Clone)]
pub struct Places {
    /// Folder of recordings.
    pub recordings: PathBuf,
    /// Of the consult.
    pub bounds: ClipBounds,
    /// The archive's, which may have one whose row is gone.
    pub objects: Objects,
}

/// Keeps what is recorded of a consult's pictures and is in no clip yet.
///
/// # Errors
/// The store's; what fails for one clip is in the result.
pub async fn keep_recording(
    (store, files): (&Store, &ClipFiles),
    consult: ConsultId,
    places: &Places,
    now: RelayTime,
) -> Result<KeptRecording, StoreError> {
    let mut kept = KeptRecording::default();
    let mut patients = Patients::default();
    each_entry(store, consult, |entry| patients.note(entry)).await?;
    let patients = Arc::new(patients);
    for stream in streams(&places.recordings.join(consult.to_string())) {
        let clips = kept_clips(store, files, consult).await?;
        let (folder, files_there) = (places.recordings.clone(), files.clone());
        let patients = Arc::clone(&patients);
        let making = tokio::task::spawn_blocking(move || {
            make(
                &folder,
                &files_there,
                (consult, stream),
                (&clips, &patients),
            )
        });
        let made = match making.await {
            Ok(made) => made,
            Err(_) => Made::nothing(LeftOut::Failed("making it failed inside".to_owned())),
        };
        kept.left_out
            .extend(made.left_out.into_iter().map(|why| (stream, why)));
        for (head, times) in made.clips {
            let (clip, frames) = (head.clip, head.frames as usize);
            let (bounds, instance) = (places.bounds, head.instance.clone());
            let (mut row, mut is_kept) = store
                .write("note a clip of a recording", move |db| {
                    let row = store::offer_clip(db, consult, (&head, &times), bounds, now)?;
                    if row == OfferRow::Arriving {
                        store::keep_clip(db, consult, clip, now)?;
                    }
                    let is_kept = store::clip(db, consult, clip)?.is_some_and(|row| row.kept);
                    Ok((row, is_kept))
                })
                .await?;
            if row == OfferRow::ArrivingBeside {
                let own = files.whole(consult, clip);
                is_kept = settle(store, (consult, clip), (own, instance), places, now).await?;
                if is_kept {
                    row = OfferRow::Kept;
                }
            }
            if matches!(row, OfferRow::Arriving | OfferRow::Kept) {
                kept.clips += 1;
                kept.frames += frames;
                continue;
            }
            if !is_kept {
                // No row names it, so nobody would ever find it.
                let _ = std::fs::remove_file(files.whole(consult, clip));
            }
            let why = match row {
                OfferRow::Full => {
                    "the consult has as many clips or bytes as it may (clips_mib)".to_owned()
                }
                other => format!("another object is in its place ({other:?})"),
            };
            kept.left_out.push((stream, LeftOut::Failed(why)));
        }
    }
    Ok(kept)
}

/// Another object has its UID: where that is the archive's and holds the same bytes, this is its clip. False when it is not.
async fn settle(
    store: &Store,
    (consult, clip): (ConsultId, ClipId),
    (own, instance): (PathBuf, String),
    places: &Places,
    now: RelayTime,
) -> Result<bool, StoreError> {
    let found = store.read("look for the object of a clip's UID", move |db| {
        let kept = store::kept_with_instance(db, consult, &instance)?;
        let first = store::objects_of(db, &instance)?.into_iter().next();
        Ok(first.filter(|_| kept.is_none()).map(|(row, _)| row.digest))
    });
    let is_one = match found.await? {
        Some(digest) => {
            let object = places.objects.path(digest);
            let compared = tokio::task::spawn_blocking(move || are_one_object(&own, &object));
            matches!(compared.await, Ok(Ok(true)))
        }
        None => false,
    };
    store
        .write("settle a clip of a recording", move |db| {
            if is_one && store::become_clip(db, consult, clip)? {
                return store::keep_clip(db, consult, clip, now);
            }
            store::drop_beside(db, consult, clip)?;
            Ok(false)
        })
        .await
}

/// Pictures with a recording. What is named otherwise is not ours.
fn streams(folder: &Path) -> Vec<StreamId> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let named = |entry: io::Result<std::fs::DirEntry>| {
        let entry = entry.ok().filter(|it| it.path().is_dir())?;
        entry.file_name().to_str()?.parse().ok()
    };
    let mut found: Vec<StreamId> = entries.filter_map(named).collect();
    found.sort_unstable();
    found
}

/// Clips whose files are durable and that have no row yet.
struct Made {
    clips: Vec<(ClipHead, Vec<RtpTime>)>,
    left_out: Vec<LeftOut>,
}

impl Made {
    fn nothing(why: LeftOut) -> Self {
        Self {
            clips: Vec::new(),
            left_out: vec![why],
        }
    }
}

fn make(
    folder: &Path,
    files: &ClipFiles,
    (consult, stream): (ConsultId, StreamId),
    (clips, patients): (&[KeptClip], &Patients),
) -> Made {
    let folder = folder.join(consult.to_string()).join(stream.to_string());
    let mut recording = match Recording::open(&folder, stream) {
        Ok(recording) => recording,
        Err(error) => return Made::nothing(LeftOut::Failed(error.to_string())),
    };
    let frames = playable(recording.table());
    let of_it = clips.iter().filter(|kept| is_recorded(kept, stream));
    let cuts = cut(&frames, &known(&recording, of_it));
    if cuts.clips.is_empty() {
        return Made {
            clips: Vec::new(),
            left_out: left_out(&cuts),
        };
    }
    let whose = match whose(stream, clips, patients) {
        Ok(whose) => whose,
        Err(why) => return Made::nothing(why),
    };
    let mut made = Made {
        clips: Vec::new(),
        left_out: left_out(&cuts),
    };
    let before = clips
        .iter()
        .filter(|kept| is_recorded(kept, stream))
        .count();
    for ((range, coding), number) in cuts.clips.into_iter().zip(before + 1..) {
        let Some(frames) = frames.get(range) else {
            continue;
        };
        let name = clip_of(frames, (consult, stream));
        if clips.iter().any(|kept| kept.row.head.clip == name) {
            let why = "one of its name is kept already with other frames and stays as it is";
            made.left_out.push(LeftOut::Failed(why.to_owned()));
            continue;
        }
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let place = (consult, stream, number);
        match keep(&mut recording, (frames, coding), files, place, &whose) {
            Ok(clip) => made.clips.push(clip),
            Err(fault) => made.left_out.push(LeftOut::Failed(fault.to_string())),
        }
    }
    made
}

fn left_out(cuts: &Cuts) -> Vec<LeftOut> {
    let frames = (cuts.left_out > 0).then_some(LeftOut::Frames(cuts.left_out));
    frames.into_iter().collect()
}

fn known<'a>(recording: &Recording, clips: impl Iterator<Item = &'a KeptClip>) -> Known {
    let codings = recording.reports().iter().filter_map(|report| {
        let coding = Coding::of(report.codec.as_ref()?)?;
        Some((report.segment, coding))
    });
    // A source that paused lost no frame.
    let holes = recording
        .notes()
        .iter()
        .filter(|note| note.why != Why::Source);
    let holes = holes.map(|note| (note.before, note.after));
    Known {
        codings: codings.collect(),
        holes: holes.collect(),
        shown: clips
            .flat_map(|kept| kept.row.times.iter().copied())
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{DataFolder, ObjectRow};
    use wire::CaptureTime;
    use wire::clip::{ClipCoding, ClipOrigin};
    use wire::original::Digest;

    #[tokio::test]
    async fn a_clip_whose_row_is_lost_and_whose_object_the_archive_has_becomes_a_clip_again() {
        let phantom = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../sample-dicom/plax_small.dcm"
        );
        let bytes = std::fs::read(phantom).unwrap();
        let (mut preamble, mut pixel) = (bytes.clone(), bytes.clone());
        preamble[0] ^= 1;
        *pixel.last_mut().unwrap() ^= 1;
        for (object, is_one) in [(preamble, true), (pixel, false)] {
            let folder = tempfile::tempdir().unwrap();
            let data = DataFolder::at(&folder.path().join("data")).unwrap();
            let store = Store::open(&folder.path().join("relay.db")).unwrap();
            let (consult, digest) = (ConsultId::random(), Digest::from_bytes([7; 32]));
            let places = Places {
                recordings: folder.path().join("recordings"),
                bounds: ClipBounds {
                    clips: 9,
                    bytes: 1 << 30,
                },
                objects: Objects::beside(&data),
            };
            let there = places.objects.path(digest);
            std::fs::create_dir_all(there.parent().unwrap()).unwrap();
            std::fs::write(&there, object).unwrap();
            let own = folder.path().join("own.dcm");
            std::fs::write(&own, &bytes).unwrap();
            let head = head(bytes.len() as u64);
            let (clip, instance) = (head.clip, head.instance.clone());
            let row = ObjectRow {
                digest,
                instance: instance.clone(),
                study: "1.2".to_owned(),
                series: "1.3".to_owned(),
                class: "1.4".to_owned(),
                syntax: "1.5".to_owned(),
                bytes: 9,
                sender: "HIBIKI-CLIP".to_owned(),
                arrived_at: RelayTime(1),
            };
            let bounds = places.bounds;
            let offered = store.write("offer", move |db| {
                store::open_consult(db, consult, "a", RelayTime(1))?;
                store::keep_object(db, &row)?;
                store::offer_clip(db, consult, (&head, &[]), bounds, RelayTime(2))
            });
            assert_eq!(offered.await.unwrap(), OfferRow::ArrivingBeside);
            let settled = settle(
                &store,
                (consult, clip),
                (own, instance),
                &places,
                RelayTime(3),
            );
            assert_eq!(settled.await.unwrap(), is_one);
            let left = store.read("look", move |db| {
                let kept = store::clip(db, consult, clip)?.is_some_and(|row| row.kept);
                Ok((kept, store::clip_beside(db, consult, clip)?.is_some()))
            });
            assert_eq!(left.await.unwrap(), (is_one, false));
        }
    }

    fn head(bytes: u64) -> ClipHead {
        ClipHead {
            clip: ClipId::random(),
            instance: "1.2.3.4".to_owned(),
            bytes,
            digest: Digest::from_bytes([0; 32]),
            frames: 1,
            width: 16,
            height: 8,
            coding: ClipCoding::Video,
            origin: ClipOrigin::Captured,
            taken_at: CaptureTime(0),
            span_us: 0,
            view: None,
            marker: None,
            captured: None,
        }
    }
}
