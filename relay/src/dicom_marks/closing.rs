//! Keeping marks and measurements beside the clips of a consult that is closed.
//!
//! Owns going through the clips. One that cannot be read does not keep the others from theirs. Doing it twice gives the
//! same files. A row for each file lets the archive of the relay that serves take it in, also when it is started only later.

use super::{MarkedClip, MarksFault, kept_clips, marks_in_force};
use crate::store::{self, About, ClipFault, ClipFiles, SaidOfClip, Store, StoreError};
use std::sync::Arc;
use thiserror::Error;
use wire::{ClipId, ConsultId, RelayTime};

/// What was kept, and what could not be.
#[derive(Debug, Default)]
pub struct KeptMarks {
    /// Presentation states.
    pub states: usize,
    /// Measurement reports.
    pub reports: usize,
    /// Clips whose objects could not be made, and why.
    pub failed: Vec<(ClipId, KeepFault)>,
}

/// Objects about one clip could not be kept.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeepFault {
    /// They could not be made.
    #[error(transparent)]
    Make(#[from] MarksFault),
    /// They could not be stored.
    #[error(transparent)]
    Store(#[from] ClipFault),
    /// Making them failed inside.
    #[error("making it failed inside")]
    Inside,
}

/// Keeps the objects of all clips of a consult; without values where nobody measures.
///
/// # Errors
/// The store's; what fails for one clip is in the result.
pub async fn keep_marks(
    store: &Store,
    files: &ClipFiles,
    consult: ConsultId,
    measuring: bool,
    now: RelayTime,
) -> Result<KeptMarks, StoreError> {
    let marks = Arc::new(marks_in_force(store, consult, measuring).await?);
    let clips = Arc::new(kept_clips(store, files, consult).await?);
    let ids: Vec<ClipId> = clips.iter().map(|kept| kept.row.head.clip).collect();
    let mut kept = KeptMarks::default();
    for clip in ids {
        let (files, marks, clips) = (files.clone(), Arc::clone(&marks), Arc::clone(&clips));
        let keep = move || -> Result<[bool; 2], KeepFault> {
            let Some(marked) = MarkedClip::read(&clips, clip, &marks)? else {
                return Ok([false; 2]);
            };
            // A rate between frames needs no scale: without measuring there is no report at all.
            let report = match measuring {
                true => marked.report()?,
                false => None,
            };
            let objects = [
                (About::Marks, marked.state()?),
                (About::Measurements, report),
            ];
            for (what, bytes) in &objects {
                if let Some(bytes) = bytes {
                    files.keep_about((consult, clip), *what, bytes)?;
                }
            }
            Ok(objects.map(|(_, bytes)| bytes.is_some()))
        };
        match tokio::task::spawn_blocking(keep)
            .await
            .unwrap_or(Err(KeepFault::Inside))
        {
            Ok([state, report]) => {
                let written = [(About::Marks, state), (About::Measurements, report)];
                for (what, _) in written.into_iter().filter(|(_, is)| *is) {
                    let said = SaidOfClip {
                        consult,
                        clip,
                        what,
                        written_at: now,
                    };
                    store
                        .write("note marks for the archive", move |db| {
                            store::note_said(db, &said)
                        })
                        .await?;
                }
                kept.states += usize::from(state);
                kept.reports += usize::from(report);
            }
            Err(fault) => kept.failed.push((clip, fault)),
        }
    }
    Ok(kept)
}
