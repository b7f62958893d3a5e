//! Making a case's clip out of a consult's.
//!
//! Owns the order: read the foreign clip confined, write it anew under the case's key, do the same with its marks and
//! measurements, tell how the consult went around it, read all of it back, and take the digest that a person's look is worth. It
//! blocks, and takes about as long as the clip is: it is called where blocking is allowed, for one clip at a time.

use super::log::{MadeUids, log_of};
use super::looked::PIECE_BYTES;
use super::said::ConsultSaid;
use super::shelf::{CaseShelf, place};
use crate::dicom_marks::{KeptClip, MarkedClip, MarksFault};
use crate::store::{About, CaseClipRow, ClipFault};
use echo_dicom::deidentify::{
    Alias, CaseIdentity, CaseKey, CleanClip, Cover, DeidentifyError, Whose, clean_object,
    instance_of, remains, remains_in,
};
use echo_dicom::write::{ViewLabel, WriteError};
use echo_dicom::{ClipError, RegionBounds};
use guarded::{Guard, GuardedClip};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use thiserror::Error;
use wire::case::{CaseCover, CaseFault, CaseMade, CaseRectangle, CaseWords};
use wire::clip::{ClipCoding, ClipHead, ClipOrigin};
use wire::original::Digest;
use wire::socket::MarkState;
use wire::{CaptureTime, CaseId, ClipId, FrameIndex};

/// A clip of a case could not be made for a reason that is not the clip's.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MakeFault {
    /// The disk's.
    #[error(transparent)]
    Store(#[from] ClipFault),
    /// A file could not be read or written.
    #[error("reading or writing a file of a case: {0}")]
    File(#[from] io::Error),
    /// Taking identity out failed after the clip was read.
    #[error("writing a clip without identity: {0}")]
    Clean(#[from] DeidentifyError),
    /// Its marks could not be made.
    #[error("marks of a clip: {0}")]
    Marks(#[from] MarksFault),
    /// Its log could not be written as JSON.
    #[error("the log of a clip: {0}")]
    Log(#[from] serde_json::Error),
    /// Code of ours failed.
    #[error("making a clip of a case failed inside")]
    Inside,
}

/// What clips of one case are made with.
pub struct Making {
    /// Which case.
    pub case: CaseId,
    /// Its key.
    pub key: [u8; 32],
    /// Kept clips of the consult.
    pub clips: Vec<KeptClip>,
    /// Marks of the consult that are in force.
    pub marks: Vec<MarkState>,
    /// What of the consult's log may be told.
    pub said: ConsultSaid,
    /// Whether this installation measures.
    pub measuring: bool,
    /// Where files go.
    pub shelf: CaseShelf,
}

/// What stands in a case's files in place of a name.
#[must_use]
pub fn alias_of(case: CaseId) -> String {
    let hex = case.uuid().simple().to_string().to_uppercase();
    format!("CASE-{}", hex.get(..8).unwrap_or(&hex))
}

impl Making {
    /// Makes one clip; what a person drew counts. A clip that nothing can be made of says why in its row.
    ///
    /// # Errors
    /// What is not the clip's own fault.
    pub fn clip(
        &self,
        number: u32,
        source: ClipId,
        cover: CaseCover,
    ) -> Result<CaseClipRow, MakeFault> {
        let kept = self.clips.iter().find(|kept| kept.row.head.clip == source);
        let mut row = CaseClipRow {
            number,
            source,
            view: kept.and_then(|kept| known_view(kept.row.head.view.as_deref())),
            cover,
            made: None,
            fault: None,
        };
        let Some(kept) = kept else {
            row.fault = Some(CaseFault::Unreadable);
            return Ok(row);
        };
        let made = match Guard::of_this_program().open(&kept.path) {
            Ok(clip) => self.make(&row, kept, &clip),
            Err(error) => Err(DeidentifyError::Read(error).into()),
        };
        match made {
            Ok(made) => row.made = Some(made),
            Err(fault) => row.fault = Some(own_fault(fault)?),
        }
        Ok(row)
    }

    fn make(
        &self,
        row: &CaseClipRow,
        kept: &KeptClip,
        clip: &GuardedClip,
    ) -> Result<(CaseMade, ClipHead), MakeFault> {
        let provenance = clip.provenance().map_err(DeidentifyError::from)?;
        let whose = Whose {
            study: provenance.study.uid,
            series: provenance.series_uid,
            instance: provenance.instance_uid,
        };
        let identity = CaseIdentity {
            alias: Alias::parse(&alias_of(self.case)).ok_or(MakeFault::Inside)?,
            key: CaseKey::new(self.key),
        };
        let [keep, blank] = [&row.cover.keep, &row.cover.blank].map(|list| bounds(list));
        let clean = CleanClip {
            reader: clip,
            whose: &whose,
            identity: &identity,
            cover: &Cover::drawn(clip.header(), &keep, &blank),
            view: row.view.as_deref().and_then(view_label),
            number: row.number,
        };
        // A file under a new name each time: what is open under the old one stays what it was.
        let (files, place, own) = (self.shelf.files(), place(self.case), ClipId::random());
        files.replace_whole(place, own, |file| {
            clean.write(file).map(drop).map_err(MakeFault::from)
        })?;
        let written = files.whole(place, own);
        let (mut digest, mut of_clip) = (Sha256::new(), Sha256::new());
        let bytes = passes_by(&written, |piece| {
            digest.update(piece);
            of_clip.update(piece);
        })?;
        let header = clip.header();
        let mut head = ClipHead {
            clip: own,
            instance: identity.key.uid(&whose.instance).as_str().to_owned(),
            bytes,
            digest: Digest::from_bytes(of_clip.finalize().into()),
            frames: header.frames,
            width: header.layout.columns,
            height: header.layout.rows,
            coding: ClipCoding::Jpeg,
            origin: ClipOrigin::Imported,
            taken_at: CaptureTime(0),
            span_us: 0,
            view: row.view.clone(),
            marker: None,
            captured: None,
        };
        let last = FrameIndex(header.frames.saturating_sub(1));
        head.span_us = u64::try_from(header.frame_times.at(last).as_micros()).unwrap_or(0);
        let mut words = Vec::new();
        told(remains_in(&written)?, &mut words);
        let mut uids = [None, None];
        if let Some(marked) = MarkedClip::read(&self.clips, row.source, &self.marks)? {
            let report = if self.measuring {
                marked.report()?
            } else {
                None
            };
            for (uid, (what, object)) in uids.iter_mut().zip([
                (About::Marks, marked.state()?),
                (About::Measurements, report),
            ]) {
                let Some(object) = object else { continue };
                let object = clean_object(object, &identity)?;
                digest.update(&object);
                files.keep_about((place, own), what, &object)?;
                *uid = Some(instance_of(object.clone())?.as_str().to_owned());
                told(remains(object)?, &mut words);
            }
        }
        let [marks, measurements] = uids;
        let has = [marks.is_some(), measurements.is_some()];
        let uids = MadeUids {
            clip: head.instance.clone(),
            marks,
            measurements,
        };
        let log = log_of(&self.said, &kept.row, head.frames, uids);
        if let Some(log) = &log {
            let log = serde_json::to_vec_pretty(log)?;
            digest.update(&log);
            files.keep_log((place, own), &log)?;
        }
        let made = CaseMade {
            digest: Digest::from_bytes(digest.finalize().into()),
            frames: head.frames,
            width: head.width,
            height: head.height,
            marks: has[0],
            measurements: has[1],
            log: log.is_some(),
            words,
        };
        Ok((made, head))
    }
}

/// What is the clip's own fault stands in its row, and the others of the case are made; what may pass is the case's, to be made again.
fn own_fault(fault: MakeFault) -> Result<CaseFault, MakeFault> {
    match fault {
        MakeFault::Clean(DeidentifyError::NothingKept) => Ok(CaseFault::NothingKept),
        MakeFault::Clean(DeidentifyError::Read(read))
        | MakeFault::Marks(MarksFault::Read(read))
            if !guarded::may_pass(&read) =>
        {
            Ok(CaseFault::Unreadable)
        }
        MakeFault::Clean(DeidentifyError::Write(write)) if !passes(&write) => {
            Ok(CaseFault::Unreadable)
        }
        MakeFault::Marks(MarksFault::Size) => Ok(CaseFault::Unreadable),
        other => Err(other),
    }
}

/// Whether a frame did not come for a reason that may not be its clip's.
fn passes(write: &WriteError) -> bool {
    let WriteError::Feed { source, .. } = write else {
        return false;
    };
    let read: Option<&ClipError> = source.downcast_ref();
    read.is_some_and(guarded::may_pass)
}

fn bounds(list: &[CaseRectangle]) -> Vec<RegionBounds> {
    let bounds = |one: &CaseRectangle| RegionBounds {
        min_x: one.left,
        min_y: one.top,
        max_x: one.right,
        max_y: one.bottom,
    };
    list.iter().map(bounds).collect()
}

/// A view label that everybody knows; anything else is words that somebody typed, and words do not come over.
fn known_view(view: Option<&str>) -> Option<String> {
    view.filter(|view| view_label(view).is_some())
        .map(str::to_owned)
}

/// A view by its label, if it is a code of ours.
fn view_label(view: &str) -> Option<ViewLabel> {
    Some(match view {
        "PLAX" => ViewLabel::Plax,
        "PSAX" => ViewLabel::Psax,
        "A4C" => ViewLabel::A4c,
        "A2C" => ViewLabel::A2c,
        "A3C" => ViewLabel::A3c,
        "SC4C" => ViewLabel::Sc4c,
        "SC-IVC" => ViewLabel::ScIvc,
        _ => return None,
    })
}

/// Lets a file pass by, a piece at a time; gives its length.
fn passes_by(path: &Path, mut piece: impl FnMut(&[u8])) -> io::Result<u64> {
    let (mut file, mut room, mut bytes) = (File::open(path)?, vec![0; PIECE_BYTES], 0);
    loop {
        let read = file.read(&mut room)?;
        let Some(part) = room.get(..read).filter(|part| !part.is_empty()) else {
            return Ok(bytes);
        };
        piece(part);
        bytes += part.len() as u64;
    }
}

fn told(remaining: Vec<echo_dicom::deidentify::Remaining>, words: &mut Vec<CaseWords>) {
    for one in remaining {
        let said = CaseWords {
            name: one.name,
            words: one.words,
        };
        if !words.contains(&said) {
            words.push(said);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind::{PermissionDenied, UnexpectedEof};
    use wire::clip::{VIEW_OTHER, VIEWS};

    #[test]
    fn a_view_that_is_a_code_comes_over_and_words_do_not() {
        for view in VIEWS {
            assert_eq!(known_view(Some(view)).as_deref(), Some(view));
        }
        for words in ["山田太郎 PLAX", "plax", " PLAX", VIEW_OTHER, ""] {
            assert_eq!(known_view(Some(words)), None, "{words}");
        }
        assert_eq!(known_view(None), None);
    }

    #[test]
    fn a_clips_own_fault_stands_in_its_row_and_what_may_pass_does_not() {
        let read = |kind: io::ErrorKind| ClipError::ReadFile(kind.into());
        let feed = |kind| WriteError::Feed {
            index: 3,
            source: Box::new(read(kind)),
        };
        for (fault, own) in [
            (DeidentifyError::Read(read(UnexpectedEof)).into(), true),
            (DeidentifyError::Read(read(PermissionDenied)).into(), false),
            (DeidentifyError::Write(feed(UnexpectedEof)).into(), true),
            (DeidentifyError::Write(feed(PermissionDenied)).into(), false),
            (MarksFault::Read(read(UnexpectedEof)).into(), true),
            (MarksFault::Read(read(PermissionDenied)).into(), false),
            (MarksFault::Size.into(), true),
            (DeidentifyError::NothingKept.into(), true),
            (MakeFault::Inside, false),
        ] {
            let told = format!("{fault:?}");
            assert_eq!(own_fault(fault).is_ok(), own, "{told}");
        }
    }
}
