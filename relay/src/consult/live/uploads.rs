//! Clips that come over HTTPS: one request is one short connection, with the offsets and words of the channel `clips`.
//!
//! Owns that connection from outside: offering, giving bytes, and waiting for the word that answers the request. What is done
//! with them is `intake`'s, the same as for an agent, so a transfer goes on whichever way it began. Invariants: bytes are held
//! back while the disk does not keep up, never dropped; when it is let go, what came is made durable.

use super::hub::Hub;
use super::intake::Intake;
use super::lines::{Job, Lines};
use super::log::ConsultLog;
use crate::sfu::{ClipPart, MediaSessionId};
use bytes::{BufMut, Bytes, BytesMut};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use uuid::Uuid;
use wire::clip::{
    CLIP_PIECE_BYTES, CLIP_PIECE_HEAD_BYTES, ClipFromAgent, ClipHead, ClipPiece, ClipToAgent,
};
use wire::people::Author;
use wire::{ClipId, ConsultId, RtpTime, StreamId};

/// Words that wait to be read; of each second of a request come at most five.
const MAX_WORDS: usize = 64;
/// An offer is answered within this: another connection may have to let go of the clip first.
const ANSWERED: Duration = Duration::from_secs(10);
/// A clip that is whole is checked, named and noted within this: 2 GiB are read once more.
const JUDGED: Duration = Duration::from_secs(40);

/// Who is at the other end of a connection.
pub(super) enum Peer {
    /// An agent that publishes this stream.
    Agent(StreamId),
    /// Somebody who uploads.
    Uploader {
        /// Hears the words.
        words: mpsc::Sender<ClipToAgent>,
        /// In whose name the consult hears.
        author: Author,
    },
}

/// Nobody answered: the other end comes again and goes on.
#[derive(Debug, Error)]
#[error("the clip was not taken in time, or another connection brings it")]
pub struct UploadLost;

/// One request's connection.
pub struct Upload {
    clip: ClipId,
    session: MediaSessionId,
    lines: Arc<Lines>,
    jobs: mpsc::Sender<Job>,
    words: mpsc::Receiver<ClipToAgent>,
    /// The newest word.
    last: ClipToAgent,
    /// Where the next byte goes.
    at: u64,
}

impl Intake {
    /// Offers a clip. Where it is wanted from, or that it is kept or refused, is its first word.
    ///
    /// # Errors
    /// `UploadLost`.
    pub async fn upload<L: ConsultLog>(
        &self,
        hub: &Hub<L>,
        (consult, author): (ConsultId, Author),
        (head, times): (ClipHead, Vec<RtpTime>),
    ) -> Result<Upload, UploadLost> {
        let session = MediaSessionId::from_uuid(Uuid::new_v4());
        let lines = Arc::clone(&self.parts().lines);
        let (jobs, end) = lines.open((consult, session));
        let (say, words) = mpsc::channel(MAX_WORDS);
        let peer = Peer::Uploader { words: say, author };
        self.spawn(hub, (consult, session), peer, end);
        let clip = head.clip;
        let mut upload = Upload {
            clip,
            session,
            lines,
            jobs,
            words,
            last: ClipToAgent::Wanted { clip, offset: 0 },
            at: 0,
        };
        let text = serde_json::to_string(&ClipFromAgent::Offer { head, times });
        let text = text.map_err(|_| UploadLost)?;
        upload.give(ClipPart::Text(text)).await?;
        let word = timeout(ANSWERED, upload.hear()).await;
        word.ok().flatten().ok_or(UploadLost)?;
        Ok(upload)
    }
}

impl Upload {
    /// The newest word.
    #[must_use]
    pub const fn word(&self) -> ClipToAgent {
        self.last
    }

    /// The next bytes of the clip. Waits while the disk does not keep up.
    ///
    /// # Errors
    /// `UploadLost`.
    pub async fn take(&mut self, mut bytes: Bytes) -> Result<(), UploadLost> {
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(CLIP_PIECE_BYTES));
            let mut message = BytesMut::with_capacity(CLIP_PIECE_HEAD_BYTES + piece.len());
            message.put_slice(&ClipPiece::head(self.clip, self.at));
            message.put_slice(&piece);
            self.at += piece.len() as u64;
            self.give(ClipPart::Piece(message.freeze())).await?;
            while let Ok(word) = self.words.try_recv() {
                self.note(word);
            }
        }
        Ok(())
    }

    /// No more comes in this request: gives the word that answers it, after what came is durable.
    pub async fn end(mut self, whole: u64) -> ClipToAgent {
        if self.at >= whole {
            let until = Instant::now() + JUDGED;
            let judged = |word| !matches!(word, ClipToAgent::Durable { .. });
            // Told before it ended: refused while bytes still came.
            let mut done = judged(self.last) && !matches!(self.last, ClipToAgent::Wanted { .. });
            while !done {
                let word = timeout_at(until, self.hear()).await;
                let Ok(Some(word)) = word else { break };
                done = judged(word);
            }
            return self.last;
        }
        self.lines.gone(self.session);
        let (closed, _) = mpsc::channel(1);
        // The task ends when nobody can give it more, and its last word is how much is durable.
        drop(std::mem::replace(&mut self.jobs, closed));
        while let Ok(Some(_)) = timeout(ANSWERED, self.hear()).await {}
        self.last
    }

    async fn give(&self, part: ClipPart) -> Result<(), UploadLost> {
        self.jobs
            .send(Job::Part(part))
            .await
            .map_err(|_| UploadLost)
    }

    async fn hear(&mut self) -> Option<ClipToAgent> {
        loop {
            let word = self.words.recv().await?;
            if self.note(word) {
                return Some(word);
            }
        }
    }

    /// Whether it is about this clip.
    fn note(&mut self, word: ClipToAgent) -> bool {
        let (clip, from) = match word {
            ClipToAgent::Wanted { clip, offset } => (clip, Some(offset)),
            ClipToAgent::Durable { clip, .. }
            | ClipToAgent::Kept { clip }
            | ClipToAgent::KeptBeside { clip }
            | ClipToAgent::Refused { clip, .. } => (clip, None),
        };
        if clip == self.clip {
            self.last = word;
            self.at = from.unwrap_or(self.at);
        }
        clip == self.clip
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.lines.gone(self.session);
    }
}
