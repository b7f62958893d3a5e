//! A clip that came with the SOP Instance UID of another and is whole: which of the two it is, and where it goes.
//!
//! Owns the judgement. The same data set behind another head is the same object. Where nobody has brought the other one, this is the clip.
//! Everything else goes into the archive, which keeps both and flags the one that came later; the consult hears that there is a
//! conflict, and the device that it may let go. Nothing is written over. Called by `intake`.

use super::intake::Line;
use super::log::ConsultLog;
use super::uploads::Peer;
use crate::archive::{self, BesideFault, CLIP_SENDER};
use crate::consult::ClipInput;
use crate::consult::receipt::Step;
use crate::store;
use wire::clip::{ClipGap, ClipHead, ClipToAgent};
use wire::people::Author;
use wire::{ClipId, ConsultId};

/// Who the archive says brought what came from a page.
const PAGE_SENDER: &str = "HIBIKI PAGE";

/// What one that is whole comes to.
enum Settled {
    /// It is the clip.
    Clip,
    /// The consult has it already.
    Same,
    /// Another object has its UID: a clip, or what came to the archive by another way.
    Other(Option<(ConsultId, ClipId)>),
}

impl<L: ConsultLog> Line<L> {
    /// It is whole and durable under its name in the folder beside the clips.
    pub(super) async fn settle(&mut self, head: Box<ClipHead>) -> Vec<Step> {
        let (consult, clip) = (self.consult, head.clip);
        let settled = match self.look_beside(&head).await {
            Ok(settled) => settled,
            Err(why) => {
                tracing::error!(%consult, %clip, why, "a clip was not compared with that of its UID");
                return self.refuse(clip, ClipGap::RelayStorage).await;
            }
        };
        match settled {
            Settled::Clip => self.becomes_clip(head).await,
            Settled::Same => {
                self.forget_beside(clip).await;
                self.release(clip);
                self.say(ClipToAgent::Kept { clip }).await;
                self.receipt.end(clip)
            }
            Settled::Other(other) => self.goes_beside(clip, other).await,
        }
    }

    async fn look_beside(&self, head: &ClipHead) -> Result<Settled, String> {
        let (consult, clip) = (self.consult, head.clip);
        let instance = head.instance.clone();
        let read = self.parts.store.read("look for a clip's UID", move |db| {
            let kept = store::kept_with_instance(db, consult, &instance)?;
            let first = store::objects_of(db, &instance)?.into_iter().next();
            Ok((kept, first.map(|(row, _)| row.digest)))
        });
        let (kept, object) = read.await.map_err(|error| error.to_string())?;
        let that = match (kept, object) {
            (Some((of, other)), _) => self.parts.files.whole(of, other),
            (None, Some(digest)) => self.parts.archive.catalogue().path(digest),
            (None, None) => return Ok(Settled::Clip),
        };
        let this = self.parts.files.beside_others().whole(consult, clip);
        let compared = tokio::task::spawn_blocking(move || archive::are_one_object(&this, &that));
        let compared = compared.await.map_err(|_| "a fault inside".to_owned())?;
        Ok(match compared.map_err(|error| error.to_string())? {
            true if kept.is_some_and(|(of, _)| of == consult) => Settled::Same,
            true => Settled::Clip,
            false => Settled::Other(kept),
        })
    }

    /// Brings it over to the clips of the consult.
    async fn becomes_clip(&mut self, head: Box<ClipHead>) -> Vec<Step> {
        let (consult, clip, bytes) = (self.consult, head.clip, head.bytes);
        let moved = self
            .parts
            .store
            .write("give a clip its place", move |db| {
                store::become_clip(db, consult, clip)
            })
            .await;
        if !matches!(moved, Ok(true)) {
            // Another one was first: the device offers it again, and it is looked at again.
            return self.refuse(clip, ClipGap::RelayStorage).await;
        }
        let files = self.parts.files.clone();
        let brought = tokio::task::spawn_blocking(move || files.bring_over(consult, clip)).await;
        if !matches!(brought, Ok(Ok(()))) {
            tracing::error!(%consult, %clip, "a clip did not get into the folder of its consult");
            return self.refuse(clip, ClipGap::RelayStorage).await;
        }
        self.tell(ClipInput::Offered(head)).await;
        self.is_whole(clip, bytes).await
    }

    /// The archive keeps it beside the other one.
    async fn goes_beside(&mut self, clip: ClipId, other: Option<(ConsultId, ClipId)>) -> Vec<Step> {
        let consult = self.consult;
        let sender = match &self.peer {
            Peer::Uploader {
                author: Author::Person { .. },
                ..
            } => PAGE_SENDER,
            Peer::Agent(_) | Peer::Uploader { .. } => CLIP_SENDER,
        };
        let path = self.parts.files.beside_others().whole(consult, clip);
        let kept = self.parts.archive.keep_beside(other, &path, sender).await;
        match kept {
            Ok(()) => {}
            Err(BesideFault::Never(why)) => {
                tracing::error!(%consult, %clip, why, "a clip with the UID of another is no object for the archive; the device keeps it");
                return self.refuse(clip, ClipGap::Refused).await;
            }
            Err(BesideFault::Later(why)) => {
                tracing::error!(%consult, %clip, why, "a clip with the UID of another was not kept beside it");
                return self.refuse(clip, ClipGap::RelayStorage).await;
            }
        }
        let at = self.parts.clock.now();
        let noted = self
            .parts
            .store
            .write("note a clip beside another", move |db| {
                store::keep_beside(db, consult, clip, at)
            });
        if let Err(error) = noted.await {
            // It comes again, and is the same object there.
            tracing::error!(%consult, %clip, %error, "a clip beside another was not noted");
            return self.refuse(clip, ClipGap::RelayStorage).await;
        }
        self.forget_beside(clip).await;
        self.release(clip);
        self.parts.metrics.clips_beside.up();
        tracing::warn!(%consult, %clip, "a clip came with the UID of another; the archive keeps both, see: relay archive conflicts");
        self.tell(ClipInput::Missing {
            clip,
            reason: ClipGap::Conflict,
            by_agent: false,
        })
        .await;
        self.say(ClipToAgent::KeptBeside { clip }).await;
        self.receipt.end(clip)
    }

    /// Nothing of it is needed here any more.
    pub(super) async fn forget_beside(&self, clip: ClipId) {
        let (consult, files) = (self.consult, self.parts.files.beside_others());
        let gone = tokio::task::spawn_blocking(move || files.forget(consult, clip)).await;
        if let Ok(Err(error)) = gone {
            tracing::warn!(%consult, %clip, %error, "a file beside the clips stays until it is old");
        }
        let dropped = self.parts.store.write("forget a clip beside", move |db| {
            store::drop_beside(db, consult, clip)
        });
        if let Err(error) = dropped.await {
            tracing::error!(%consult, %clip, %error, "a clip beside another was not forgotten");
        }
    }
}
