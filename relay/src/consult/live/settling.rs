//! A clip whose bytes are all here: judged, named, noted, told.
//!
//! Owns the end of a transfer, the part of `intake` that follows the last byte. What has the UID of another goes on in `beside`.
//! Invariant: a clip is noted as kept after its file has its name, and a file whose clip has no row any more goes.

use super::intake::Line;
use super::log::ConsultLog;
use super::taking::Finished;
use crate::consult::receipt::Step;
use crate::store;
use wire::ClipId;
use wire::clip::ClipGap;

impl<L: ConsultLog> Line<L> {
    /// All bytes are here.
    pub(super) async fn finish(&mut self, clip: ClipId) -> Vec<Step> {
        let Some(taking) = self.open.remove(&clip) else {
            return Vec::new();
        };
        let consult = self.consult;
        let (bytes, beside) = (taking.at(), taking.is_beside());
        let head = Box::new(taking.head().clone());
        let digest = head.digest;
        match tokio::task::spawn_blocking(move || taking.finish()).await {
            Ok(Finished::Whole) if beside => self.settle(head).await,
            Ok(Finished::Whole) => self.is_whole(clip, bytes).await,
            Ok(Finished::FromStart(taking)) => {
                tracing::warn!(%consult, %clip, "what was left of a clip was damaged; it is fetched again");
                self.open.insert(clip, *taking);
                self.receipt.begin(clip, 0)
            }
            Ok(Finished::Not(reason, why)) => {
                tracing::error!(%consult, %clip, ?reason, why, "a clip is not kept");
                self.refuse(clip, reason).await
            }
            Ok(Finished::Late(why)) => {
                let reason = self.parts.lines.is_late(consult, clip, digest);
                tracing::error!(%consult, %clip, ?reason, why, "a clip took too long to be read and is not kept");
                self.refuse(clip, reason).await
            }
            Err(_) => self.refuse(clip, ClipGap::Refused).await,
        }
    }

    /// It has its name among the clips of the consult.
    pub(super) async fn is_whole(&mut self, clip: ClipId, bytes: u64) -> Vec<Step> {
        let (consult, at) = (self.consult, self.parts.clock.now());
        let noted = self
            .parts
            .store
            .write("note that a clip is kept", move |db| {
                let kept = store::keep_clip(db, consult, clip, at)?;
                Ok((kept, store::is_closed(db, consult)?))
            })
            .await;
        match noted {
            Ok((true, closed)) => self.closed = closed,
            Ok((false, _)) => {
                // It is offered again, and is another object of that UID then.
                tracing::warn!(%consult, %clip, "another object took the place of a clip while it came");
                let files = self.parts.files.clone();
                let gone = tokio::task::spawn_blocking(move || files.forget(consult, clip)).await;
                if let Ok(Err(error)) = gone {
                    tracing::error!(%consult, %clip, %error, "the file of a clip without a row was not removed");
                }
                self.release(clip);
                self.say_refused(clip, ClipGap::RelayStorage).await;
                return self.receipt.end(clip);
            }
            Err(error) => {
                // Its file is whole. The device offers it again, and it is fetched again.
                tracing::error!(%consult, %clip, %error, "a clip was not noted as kept");
                self.release(clip);
                self.say_refused(clip, ClipGap::RelayStorage).await;
                return self.receipt.end(clip);
            }
        }
        self.release(clip);
        self.parts.metrics.clips.up();
        self.parts.metrics.clip_bytes.add(bytes);
        self.tell_kept(clip).await;
        self.receipt.end(clip)
    }
}
