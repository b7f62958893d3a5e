//! A file on its way from a page to a clip: half a file on the disk, then looked at, then taken in like every other clip.
//!
//! Owns the half files that pages bring, who writes which of them, and the judgement of one that is whole: its header is read in a
//! confined process, and what it says is offered as a device would offer it. Called by `page_clip`. Invariant: one request at a time
//! writes a file; a half file goes when its clip is kept or refused for good.

use crate::app::App;
use crate::consult::live::Upload;
use crate::replay::gap_of;
use crate::store::{self, ClipFault, ClipFiles, Half};
use echo_dicom::exported_head;
use guarded::Guard;
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};
use wire::clip::{ClipGap, ClipHead, ClipToAgent};
use wire::original::Digest;
use wire::people::Author;
use wire::problem::ProblemCode;
use wire::{CaptureTime, ClipId, ConsultId};

/// Half files of all consults: some visits with a card each.
const MAX_HALF_FILES: usize = 256;
/// One that grew no more for this long does not come any more.
const IDLE: Duration = Duration::from_secs(14 * 24 * 3_600);
/// Read at once.
const READ_BYTES: usize = 256 * 1024;

/// Files that pages bring.
pub struct PageFiles {
    files: ClipFiles,
    /// Bytes of the disk that are left free.
    reserve: u64,
    /// Written by a request at present.
    claimed: Mutex<HashSet<(ConsultId, ClipId)>>,
}

/// What a page says of a file.
#[derive(Debug, Clone)]
pub(super) struct PageFile {
    /// Where it goes.
    pub(super) consult: ConsultId,
    /// Its clip, by its digest.
    pub(super) clip: ClipId,
    /// Its length.
    pub(super) bytes: u64,
    /// Its SHA-256.
    pub(super) digest: Digest,
    /// When it was last written.
    pub(super) written: CaptureTime,
    /// Who brings it.
    pub(super) author: Author,
}

/// A file that may be written by nobody else.
struct Claim(Arc<PageFiles>, (ConsultId, ClipId));

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.claimed().remove(&self.1);
    }
}

impl PageFiles {
    /// In a folder beside the clips.
    #[must_use]
    pub fn beside(clips: &ClipFiles, reserve: u64) -> Arc<Self> {
        Arc::new(Self {
            files: clips.of_pages(),
            reserve,
            claimed: Mutex::default(),
        })
    }

    fn claimed(&self) -> std::sync::MutexGuard<'_, HashSet<(ConsultId, ClipId)>> {
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn claim(self: &Arc<Self>, whose: (ConsultId, ClipId)) -> Option<Claim> {
        let is_free = self.claimed().insert(whose);
        is_free.then(|| Claim(Arc::clone(self), whose))
    }

    /// Opens or begins a half file. None when there is no room for it.
    fn resume(&self, file: &PageFile) -> Result<Option<Half>, ClipFault> {
        let half = self.files.half(file.consult, file.clip);
        if !half.exists() && self.files.forget_idle(IDLE)? >= MAX_HALF_FILES {
            return Ok(None);
        }
        let half = self.files.resume(file.consult, file.clip, file.bytes)?;
        // It lies there twice until it is kept.
        let needed = self.reserve.saturating_add(2 * file.bytes - half.at());
        if self.files.room()? >= needed {
            return Ok(Some(half));
        }
        if half.at() == 0 {
            self.files.discard(file.consult, file.clip)?;
        }
        Ok(None)
    }
}

/// How a request begins.
pub(super) enum Begun {
    /// There is nothing to bring.
    Said(ClipToAgent),
    /// Its bytes go on from here.
    Here(Box<Taking>),
}

/// A file that a request brings.
pub(super) struct Taking {
    file: PageFile,
    /// None after the disk failed.
    half: Option<Half>,
    place: PathBuf,
    claim: Claim,
}

/// What a whole file is.
enum Judged {
    /// This clip.
    Is(Box<ClipHead>),
    /// What lay here from before is damaged: it is wanted from its start.
    FromStart,
    /// Nothing that is kept.
    Not(ClipGap, String),
}

impl Taking {
    /// Sees what is here of it.
    pub(super) async fn begin(app: &App, file: PageFile) -> Result<Begun, ProblemCode> {
        let (consult, clip) = (file.consult, file.clip);
        let kept = app.store.read("look up a clip", move |db| {
            let beside = store::clip_beside(db, consult, clip)?;
            if beside.is_some_and(|row| row.kept) {
                return Ok(Some(ClipToAgent::KeptBeside { clip }));
            }
            let kept = store::clip(db, consult, clip)?.is_some_and(|row| row.kept);
            Ok(kept.then_some(ClipToAgent::Kept { clip }))
        });
        let kept = kept.await.map_err(|error| {
            tracing::error!(%error, "a clip could not be looked up");
            ProblemCode::StorageFailed
        })?;
        let files = &app.page_files;
        let claim = files.claim((consult, clip)).ok_or(ProblemCode::TooMany)?;
        if let Some(word) = kept {
            discard(&claim).await;
            return Ok(Begun::Said(word));
        }
        let (place, files) = (files.files.half(consult, clip), Arc::clone(files));
        let about = file.clone();
        let resumed = tokio::task::spawn_blocking(move || files.resume(&about)).await;
        let half = match resumed {
            Ok(Ok(Some(half))) => half,
            Ok(Ok(None)) => {
                tracing::error!(%consult, %clip, "there is no room for a file that a page brings");
                let reason = ClipGap::RelayStorage;
                return Ok(Begun::Said(ClipToAgent::Refused { clip, reason }));
            }
            Ok(Err(error)) => {
                tracing::error!(%consult, %clip, %error, "a file that a page brings could not be begun");
                return Err(ProblemCode::StorageFailed);
            }
            Err(_) => return Err(ProblemCode::Internal),
        };
        Ok(Begun::Here(Box::new(Self {
            file,
            half: Some(half),
            place,
            claim,
        })))
    }

    /// Where the next byte goes.
    pub(super) fn at(&self) -> u64 {
        self.half.as_ref().map_or(0, Half::at)
    }

    /// Writes the next bytes.
    pub(super) async fn append(&mut self, bytes: Vec<u8>) -> Result<(), ProblemCode> {
        let files = Arc::clone(&self.claim.0);
        let written = self.with_half(move |half| {
            // Somebody else fills the disk: the log goes first.
            if files.files.room()? < files.reserve {
                let full = io::ErrorKind::StorageFull.into();
                return Err(ClipFault::new("leave the reserve of the disk free", full));
            }
            half.write(&bytes)
        });
        written.await.ok_or(ProblemCode::StorageFailed)
    }

    /// No more comes in this request: gives the word that answers it, after what came is durable.
    pub(super) async fn end(mut self, app: &App) -> ClipToAgent {
        let clip = self.file.clip;
        let refused = |reason| ClipToAgent::Refused { clip, reason };
        let Some(offset) = self.with_half(Half::sync).await else {
            return refused(ClipGap::RelayStorage);
        };
        if offset < self.file.bytes {
            return ClipToAgent::Durable { clip, offset };
        }
        let word = match self.judge().await {
            Judged::Is(head) => self.bring(app, *head).await.unwrap_or_else(|| {
                // The page comes again, and all of it is here.
                tracing::warn!(consult = %self.file.consult, %clip, "a file that a page brought was not taken in time");
                refused(ClipGap::RelayStorage)
            }),
            Judged::FromStart => return ClipToAgent::Wanted { clip, offset: 0 },
            Judged::Not(reason, why) => {
                tracing::warn!(consult = %self.file.consult, %clip, ?reason, why, "a file that a page brought is not kept");
                refused(reason)
            }
        };
        self.is_over(word).await
    }

    /// Looks at what is whole.
    async fn judge(&mut self) -> Judged {
        let file = self.file.clone();
        let judged = self.with_half(move |half| judge(half, &file)).await;
        judged.unwrap_or_else(|| Judged::Not(ClipGap::RelayStorage, "it cannot be read".to_owned()))
    }

    /// Offers it as a device would, and gives the bytes that are wanted. None when nobody answered in time.
    async fn bring(&self, app: &App, head: ClipHead) -> Option<ClipToAgent> {
        let to = (self.file.consult, self.file.author.clone());
        let upload = app.intake.upload(&app.hub, to, (head, Vec::new())).await;
        let mut upload = upload.ok()?;
        let ClipToAgent::Wanted { offset, .. } = upload.word() else {
            return Some(upload.word());
        };
        if let Err(error) = give(&self.place, offset, &mut upload).await {
            tracing::error!(%error, "a file that a page brought cannot be read");
            return None;
        }
        match upload.end(self.file.bytes).await {
            word @ (ClipToAgent::Kept { .. }
            | ClipToAgent::KeptBeside { .. }
            | ClipToAgent::Refused { .. }) => Some(word),
            ClipToAgent::Wanted { .. } | ClipToAgent::Durable { .. } => None,
        }
    }

    /// Lets the half file go once nobody needs it; gives the word that answers.
    async fn is_over(&self, word: ClipToAgent) -> ClipToAgent {
        let stays = |reason| reason == ClipGap::RelayStorage;
        if !matches!(word, ClipToAgent::Refused { reason, .. } if stays(reason)) {
            discard(&self.claim).await;
        }
        word
    }

    /// Does something with the half file where blocking is allowed; none when the disk failed, now or before.
    async fn with_half<T: Send + 'static>(
        &mut self,
        step: impl FnOnce(&mut Half) -> Result<T, ClipFault> + Send + 'static,
    ) -> Option<T> {
        let mut half = self.half.take()?;
        let done = tokio::task::spawn_blocking(move || {
            let done = step(&mut half);
            (half, done)
        });
        let (half, done) = done.await.ok()?;
        self.half = Some(half);
        done.inspect_err(|error| {
            tracing::error!(%error, "a file that a page brings was not stored");
        })
        .ok()
    }
}

fn judge(half: &mut Half, file: &PageFile) -> Result<Judged, ClipFault> {
    if half.digest()? != file.digest {
        if half.is_resumed() {
            half.begin_again()?;
            return Ok(Judged::FromStart);
        }
        let why = "its digest is not the one that was offered".to_owned();
        return Ok(Judged::Not(ClipGap::Altered, why));
    }
    let read = match Guard::of_this_program().open(half.path()) {
        Ok(read) => read,
        Err(error) => {
            return Ok(Judged::Not(gap_of(&error), error.to_string()));
        }
    };
    let head = exported_head(read.header(), (file.bytes, file.digest), file.written);
    Ok(match head.check(&[]) {
        Ok(()) => Judged::Is(Box::new(head)),
        Err(fault) => Judged::Not(ClipGap::Refused, fault.to_string()),
    })
}

/// Gives a file from `offset` on.
async fn give(place: &Path, offset: u64, upload: &mut Upload) -> io::Result<()> {
    let mut file = File::open(place).await?;
    file.seek(SeekFrom::Start(offset)).await?;
    loop {
        let mut bytes = Vec::with_capacity(READ_BYTES);
        (&mut file)
            .take(READ_BYTES as u64)
            .read_to_end(&mut bytes)
            .await?;
        if bytes.is_empty() {
            return Ok(());
        }
        let taken = upload.take(bytes.into()).await;
        taken.map_err(io::Error::other)?;
    }
}

async fn discard(claim: &Claim) {
    let (files, (consult, clip)) = (Arc::clone(&claim.0), claim.1);
    let gone = tokio::task::spawn_blocking(move || files.files.discard(consult, clip)).await;
    if let Ok(Err(error)) = gone {
        tracing::warn!(%consult, %clip, %error, "a half file of a page stays until it is old");
    }
}
