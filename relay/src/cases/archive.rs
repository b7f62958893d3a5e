//! A case as one ZIP archive, made while it leaves.
//!
//! Owns what is in it: each file under its SHA-256, so that no name tells anything and a file that was altered does not have its
//! name any more, and the index, which says what belongs together and on which terms. Nothing is compressed: frames are JPEG,
//! and a live consult needs the processor more. Who may have it is the caller's to say, asked again before each clip. Invariants:
//! a few pieces and the directory are in memory, however large a case is; a clip leaves only with the digest that somebody
//! looked at; an archive that ends early has no directory, so nobody takes it for a whole one.

use super::looked::{ChangedFault, PIECE_BYTES, opened, read};
use super::shelf::CaseShelf;
use bytes::Bytes;
use echo_dicom::write::{LocalTime, UtcOffset};
use futures_util::future::BoxFuture;
use rawzip::ZipArchiveWriter;
use serde::Serialize;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;
use tokio::fs::File;
use tokio::sync::mpsc;
use wire::case::{CaseConsent, CaseFacts, CaseMade};
use wire::clip::ClipHead;
use wire::{CaptureTime, CaseId, RelayTime};

/// Pieces that wait for whoever takes them.
pub const PIECES_AHEAD: usize = 4;
/// Raised when a reader of the index would misunderstand.
const INDEX_VERSION: u32 = 1;
const INDEX: &str = "index.json";

/// The archive ended early.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArchiveFault {
    /// A file could not be read.
    #[error("reading a file of a case: {0}")]
    File(#[from] io::Error),
    /// It is not what somebody looked at, or cannot be compared with it.
    #[error(transparent)]
    Changed(#[from] ChangedFault),
    /// It may not leave any more.
    #[error("the case may not leave any more")]
    NotAnyMore,
    /// Nobody takes it.
    #[error("whoever took the archive went away")]
    NobodyTakes,
    /// The archive could not be written.
    #[error("writing the archive: {0}")]
    Zip(#[from] rawzip::Error),
    /// The index could not be written.
    #[error("writing the index: {0}")]
    Index(#[from] serde_json::Error),
}

/// A clip that leaves.
#[derive(Debug, Clone)]
pub struct ArchiveClip {
    /// Its place in the case.
    pub number: u32,
    /// View label.
    pub view: Option<String>,
    /// What was looked at.
    pub made: CaseMade,
    /// Its file.
    pub head: ClipHead,
}

/// A case that leaves.
pub struct CaseArchive {
    /// Where its files are.
    pub shelf: CaseShelf,
    /// Which.
    pub case: CaseId,
    /// What stands in its files in place of a name.
    pub alias: String,
    /// On which terms.
    pub facts: CaseFacts,
    /// In order.
    pub clips: Vec<ArchiveClip>,
}

/// What stands in the archive. The collections are this house's.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    version: u32,
    alias: String,
    title: String,
    findings: Vec<String>,
    difficulty: u8,
    /// What the patient agreed to.
    consent: CaseConsent,
    /// Under which licence it is taught with.
    licence: String,
    /// The last day in Japan; whoever has a copy deletes it then.
    until: String,
    clips: Vec<Listed>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    number: u32,
    view: Option<String>,
    frames: u32,
    clip: String,
    marks: Option<String>,
    measurements: Option<String>,
    log: Option<String>,
}

/// What the writer of the archive wrote and nobody took yet.
#[derive(Clone, Default)]
struct Out(Arc<Mutex<Vec<u8>>>);

impl Out {
    async fn goes(&self, to: &mpsc::Sender<io::Result<Bytes>>) -> Result<(), ArchiveFault> {
        let written = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if written.is_empty() {
            return Ok(());
        }
        let taken = to.send(Ok(written.into())).await;
        taken.map_err(|_| ArchiveFault::NobodyTakes)
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl CaseArchive {
    /// Writes all of it to whoever takes it, and asks before each clip and before the index whether it still may.
    ///
    /// # Errors
    /// Why it ended early; nothing more comes afterwards.
    pub async fn write(
        self,
        still_may: impl Fn() -> BoxFuture<'static, bool> + Send + Sync,
        to: &mpsc::Sender<io::Result<Bytes>>,
    ) -> Result<(), ArchiveFault> {
        let out = Out::default();
        let mut zip = ZipArchiveWriter::new(out.clone());
        let (mut listed, mut written) = (Vec::new(), BTreeSet::new());
        for clip in self.clips {
            if !still_may().await {
                return Err(ArchiveFault::NotAnyMore);
            }
            let files = opened(&self.shelf, self.case, &clip.made, &clip.head).await?;
            let [own, marks, measurements, log] = &files;
            let name = |file: &Option<(String, File)>| file.as_ref().map(|(name, _)| name.clone());
            listed.push(Listed {
                number: clip.number,
                view: clip.view,
                frames: clip.made.frames,
                clip: name(own).unwrap_or_default(),
                marks: name(marks),
                measurements: name(measurements),
                log: name(log),
            });
            for (name, mut file) in files.into_iter().flatten() {
                // The same bytes are there under their name already.
                if !written.insert(name.clone()) {
                    continue;
                }
                let (mut entry, config) = zip.new_file(name.as_str()).start()?;
                let mut writer = config.wrap(&mut entry);
                let mut piece = vec![0; PIECE_BYTES];
                while let Some(bytes) = read(&mut file, &mut piece).await? {
                    writer.write_all(bytes)?;
                    out.goes(to).await?;
                }
                let (_, descriptor) = writer.finish()?;
                entry.finish(descriptor)?;
            }
        }
        if !still_may().await {
            return Err(ArchiveFault::NotAnyMore);
        }
        let index = Index {
            version: INDEX_VERSION,
            alias: self.alias,
            title: self.facts.title,
            findings: self.facts.findings,
            difficulty: self.facts.difficulty,
            consent: self.facts.consent,
            licence: self.facts.licence,
            until: day(self.facts.expires_at),
            clips: listed,
        };
        let (mut entry, config) = zip.new_file(INDEX).start()?;
        let mut writer = config.wrap(&mut entry);
        writer.write_all(&serde_json::to_vec_pretty(&index)?)?;
        let (_, descriptor) = writer.finish()?;
        entry.finish(descriptor)?;
        zip.finish()?;
        out.goes(to).await
    }
}

/// The day in Japan, as `2027-12-28`.
fn day(at: RelayTime) -> String {
    let local = LocalTime::at(CaptureTime(at.0), UtcOffset::JAPAN);
    let day = local.map(|local| String::from(local.date()));
    match day.as_deref().and_then(|day| day.split_at_checked(4)) {
        Some((year, rest)) if rest.len() == 4 => {
            let (month, day) = rest.split_at(2);
            format!("{year}-{month}-{day}")
        }
        _ => "9999-12-31".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::shelf::{CaseFile, place};
    use super::*;
    use crate::store::{About, ClipFiles, DataFolder};
    use rawzip::ZipArchive;
    use sha2::{Digest as _, Sha256};
    use std::collections::HashSet;
    use std::path::Path;
    use std::sync::atomic::{AtomicU32, Ordering};
    use wire::ClipId;
    use wire::clip::{ClipCoding, ClipOrigin};
    use wire::original::Digest;

    fn facts() -> CaseFacts {
        CaseFacts {
            title: "僧帽弁逆流".into(),
            findings: vec!["MR".into()],
            difficulty: 2,
            collections: vec!["山田先生の会".into()],
            consent: CaseConsent::TeachingAndExport,
            licence: "院内教育".into(),
            expires_at: RelayTime(1_830_000_000_000_000),
        }
    }

    /// A clip of so many bytes, with marks.
    fn kept(shelf: &CaseShelf, case: CaseId, number: u32, bytes: &[u8]) -> ArchiveClip {
        let clip = ClipId::random();
        let files = shelf.files();
        files
            .replace_whole(place(case), clip, |file| {
                file.write_all(bytes).map_err(crate::cases::MakeFault::File)
            })
            .unwrap();
        files
            .keep_about((place(case), clip), About::Marks, b"marks")
            .unwrap();
        let digest = Sha256::new().chain_update(bytes).chain_update(b"marks");
        ArchiveClip {
            number,
            view: Some("A4C".into()),
            made: CaseMade {
                digest: Digest::from_bytes(digest.finalize().into()),
                frames: 3,
                width: 4,
                height: 4,
                marks: true,
                measurements: false,
                log: false,
                words: Vec::new(),
            },
            head: ClipHead {
                clip,
                instance: "1.2".into(),
                bytes: bytes.len() as u64,
                digest: Digest::from_bytes(Sha256::digest(bytes).into()),
                frames: 3,
                width: 4,
                height: 4,
                coding: ClipCoding::Jpeg,
                origin: ClipOrigin::Imported,
                taken_at: CaptureTime(0),
                span_us: 0,
                view: None,
                marker: None,
                captured: None,
            },
        }
    }

    fn shelf(folder: &Path) -> CaseShelf {
        let data = DataFolder::at(folder).unwrap();
        CaseShelf::beside(&ClipFiles::open(&data, &HashSet::new()).unwrap())
    }

    /// What comes of these clips when it may be asked so often, in pieces.
    async fn taken(
        shelf: &CaseShelf,
        case: CaseId,
        clips: Vec<ArchiveClip>,
        times: u32,
    ) -> (Result<(), ArchiveFault>, Vec<Bytes>) {
        let archive = CaseArchive {
            shelf: shelf.clone(),
            case,
            alias: "CASE-1".into(),
            facts: facts(),
            clips,
        };
        let asked = Arc::new(AtomicU32::new(0));
        let (to, mut from) = mpsc::channel(PIECES_AHEAD);
        let ended = tokio::spawn(async move {
            let still_may = move || -> BoxFuture<'static, bool> {
                let before = asked.fetch_add(1, Ordering::Relaxed);
                Box::pin(async move { before < times })
            };
            archive.write(still_may, &to).await
        });
        let mut pieces = Vec::new();
        while let Some(piece) = from.recv().await {
            pieces.push(piece.unwrap());
        }
        (ended.await.unwrap(), pieces)
    }

    fn entries(whole: &[u8]) -> Vec<(String, Vec<u8>)> {
        let archive = ZipArchive::from_slice(whole).unwrap();
        let mut entries = archive.entries();
        let mut all = Vec::new();
        while let Some(entry) = entries.next_entry().unwrap() {
            let name = entry
                .file_path()
                .try_normalize()
                .unwrap()
                .as_ref()
                .to_owned();
            let held = archive.get_entry(entry.wayfinder()).unwrap();
            all.push((name, held.data().to_vec()));
        }
        all
    }

    #[tokio::test]
    async fn a_case_leaves_in_small_pieces_each_file_under_its_digest_and_its_terms_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let (shelf, case) = (shelf(folder.path()), CaseId::random());
        let large = vec![7; 1_000_000];
        let clips = vec![
            kept(&shelf, case, 1, &large),
            kept(&shelf, case, 2, b"small"),
        ];
        let (ended, pieces) = taken(&shelf, case, clips, u32::MAX).await;
        ended.unwrap();
        assert!(
            pieces
                .iter()
                .all(|piece| piece.len() <= PIECE_BYTES + 4_096)
        );
        let all = entries(&pieces.concat());
        assert_eq!(
            all.len(),
            4,
            "two clips, marks that are the same, and the index"
        );
        let (last, index) = all.last().unwrap();
        assert_eq!(last, INDEX);
        let index: serde_json::Value = serde_json::from_slice(index).unwrap();
        assert_eq!(
            (&index["until"], &index["consent"], &index["licence"]),
            (
                &"2027-12-28".into(),
                &"teachingAndExport".into(),
                &"院内教育".into()
            )
        );
        assert!(!index.to_string().contains("山田"), "{index}");
        for (at, bytes) in [(0, &large[..]), (1, b"small")] {
            let listed = &index["clips"][at];
            let digest = Digest::from_bytes(Sha256::digest(bytes).into());
            assert_eq!(listed["clip"], format!("{digest}.dcm"));
            assert_eq!(listed["measurements"], serde_json::Value::Null);
            let held = all.iter().find(|(name, _)| listed["clip"] == **name);
            assert_eq!(held.unwrap().1, bytes);
        }
    }

    #[tokio::test]
    async fn what_is_withdrawn_while_it_leaves_goes_no_further_and_the_archive_has_no_end() {
        let folder = tempfile::tempdir().unwrap();
        let (shelf, case) = (shelf(folder.path()), CaseId::random());
        let clips = vec![
            kept(&shelf, case, 1, b"before"),
            kept(&shelf, case, 2, b"afterwards"),
        ];
        for (times, has_first) in [(0, false), (1, true), (2, true)] {
            let (ended, pieces) = taken(&shelf, case, clips.clone(), times).await;
            assert!(matches!(ended, Err(ArchiveFault::NotAnyMore)));
            let whole = pieces.concat();
            let has = |bytes: &[u8]| whole.windows(bytes.len()).any(|part| part == bytes);
            assert_eq!(
                (has(b"before"), has(b"afterwards")),
                (has_first, times == 2)
            );
            assert!(ZipArchive::from_slice(&whole).is_err());
        }
    }

    #[tokio::test]
    async fn a_file_that_is_not_what_was_looked_at_leaves_in_no_piece() {
        let folder = tempfile::tempdir().unwrap();
        let (shelf, case) = (shelf(folder.path()), CaseId::random());
        let good = kept(&shelf, case, 1, b"looked at");
        let altered = kept(&shelf, case, 2, b"looked at too");
        let path = shelf.path(case, &altered.head, CaseFile::Marks);
        std::fs::write(path, b"Yamada").unwrap();
        let (ended, pieces) = taken(&shelf, case, vec![good, altered], u32::MAX).await;
        assert!(
            matches!(ended, Err(ArchiveFault::Changed(ChangedFault::Changed))),
            "{ended:?}"
        );
        let whole = pieces.concat();
        assert!(!whole.windows(6).any(|part| part == b"Yamada"));
        assert!(ZipArchive::from_slice(&whole).is_err());
    }
}
