//! Sends clips over HTTPS while nothing is live, from where the relay has them on.
//!
//! Owns when that is: never beside a picture or a voice, and a part that is on its way is given up for them. What goes next is
//! `queue`'s. The words are those of the channel `clips`, so that a clip that began there ends here and the other way round. A
//! relay that is away is asked again for ever, rarely; the copy goes when the relay says that it keeps the clip.

use super::queue::{Next, Part, Queue};
use crate::backoff::{Backoff, random};
use crate::clip::CurrentVisit;
use crate::publish::publisher::RelaySettings;
use crate::publish::refusal::{Asked, Refusal, refusal};
use crate::publish::tickets::{DeviceKey, Entry};
use crate::publish::whip::{Http, away, read_limited};
use crate::spool::{Outgoing, Spool};
use crate::status::{Link, StatusBoard};
use crate::sync::Stop;
use reqwest::header::CONTENT_TYPE;
use reqwest::{RequestBuilder, Url};
use std::sync::Arc;
use std::time::{Duration, Instant};
use wire::clip::{ClipFromAgent, ClipToAgent, MAX_CLIP_TEXT_BYTES, PARTIAL_UPLOAD, UPLOAD_OFFSET};
use wire::http::MAX_JSON_BYTES;
use wire::{ClipId, DeviceId};

/// A picture that comes back within this had only paused.
const QUIET: Duration = Duration::from_secs(3);
/// First and longest wait for a relay that is away.
pub(super) const AWAY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(300));
/// The visit may be about somebody else by now without a change in the spool.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// Another place than the one where we went on, in a row: somebody else brings the same clip.
const MAX_ELSEWHERE: u32 = 8;

/// Status of a part of a clip of which nothing is there.
const GONE: u16 = 410;

/// What an attempt came to.
enum Done {
    /// The relay keeps it.
    Kept,
    /// The relay does not take it.
    Refused(wire::clip::ClipGap),
    /// It cannot be read here, or it is gone.
    Unread,
}

/// The way of clips over HTTPS.
pub(in crate::publish) struct Uploader {
    http: Http,
    device: DeviceId,
    key: DeviceKey,
    consult: wire::ConsultId,
    spool: Arc<Spool>,
    visit: CurrentVisit,
    board: StatusBoard,
    stop: Stop,
    part: Part,
}

impl Uploader {
    /// For a device with a key; a ticket is spent on the picture.
    pub(in crate::publish) fn new(
        settings: &RelaySettings,
        (spool, visit): (Arc<Spool>, CurrentVisit),
        (board, stop): (StatusBoard, Stop),
    ) -> Result<Option<Self>, Refusal> {
        let Entry::Device { device, key } = settings.entry.clone() else {
            return Ok(None);
        };
        let http = Http::for_clips(settings.relay.clone(), settings.authorities.clone())?;
        Ok(Some(Self {
            http,
            device,
            key,
            consult: settings.consult,
            spool,
            visit,
            board,
            stop,
            part: Part::default(),
        }))
    }

    /// Uploads until the program stops.
    pub(in crate::publish) async fn run(mut self) {
        let stop = self.stop.clone();
        tokio::select! {
            () = self.carry_all(&tokio::time::sleep) => {}
            () = stop.stopped() => {}
        }
    }

    /// How it rests while nothing may or can go is the caller's: a week without a relay is one in a test, too.
    async fn carry_all(&mut self, rest: &impl AsyncFn(Duration)) {
        let (mut queue, mut backoff) = (Queue::default(), Backoff::new(AWAY.0, AWAY.1));
        // Whether no picture was on its way since the last look: clips that follow each other do not wait for that anew.
        let mut is_quiet = false;
        loop {
            if !is_quiet {
                self.until_quiet(rest).await;
                is_quiet = true;
            }
            let whom = self.visit.consult().and_then(|(_, whom)| whom);
            let here = (self.consult, whom);
            let Some(next) = queue.next(&self.spool.unsent(), here, Instant::now()) else {
                is_quiet = self.until_something_waits(queue.due()).await;
                continue;
            };
            let board = self.board.clone();
            let done = tokio::select! {
                done = self.carry(next) => done,
                () = until(&board, true) => {
                    self.part.cut();
                    is_quiet = false;
                    continue;
                }
            };
            let clip = next.clip;
            match done {
                Ok(Done::Kept) => {
                    backoff.succeeded();
                    self.let_go(clip).await;
                }
                Ok(Done::Refused(reason)) => {
                    backoff.succeeded();
                    tracing::warn!(%clip, ?reason, "the relay did not take a clip; it stays on this device");
                    self.spool.set_refused(clip, Some(reason));
                    queue.refused(clip, reason, Instant::now());
                }
                Ok(Done::Unread) => queue.put_off(clip, Instant::now()),
                Err(refusal) => {
                    self.part.cut();
                    if refusal.is_final() {
                        tracing::warn!(%clip, %refusal, "a clip cannot be uploaded for its consult; it stays on this device");
                        queue.put_off(clip, Instant::now());
                    }
                    let wait = backoff.after_failure(random());
                    tracing::debug!(%refusal, ?wait, "an upload ended; it goes on where it was");
                    rest(wait).await;
                    is_quiet = false;
                }
            }
        }
    }

    /// Returns when no picture has been on its way for a while.
    async fn until_quiet(&self, rest: &impl AsyncFn(Duration)) {
        loop {
            until(&self.board, false).await;
            tokio::select! {
                () = rest(QUIET) => return,
                () = until(&self.board, true) => {}
            }
        }
    }

    /// False when a picture is on its way meanwhile.
    async fn until_something_waits(&self, due: Option<Instant>) -> bool {
        let mut counts = self.spool.counts();
        let again = Instant::now() + LOOK_AGAIN;
        let due = due.map_or(again, |due| due.min(again));
        tokio::select! {
            _ = counts.changed() => true,
            () = tokio::time::sleep_until(due.into()) => true,
            () = until(&self.board, true) => false,
        }
    }

    /// From the offer to the end of one clip.
    async fn carry(&mut self, next: Next) -> Result<Done, Refusal> {
        let Next { clip, consult } = next;
        let Some(outgoing) = self.open(clip).await else {
            return Ok(Done::Unread);
        };
        let whole = outgoing.head.bytes;
        let device = self.device;
        let path = format!("/api/v1/devices/{device}/consults/{consult}/clips/{clip}");
        let address = self.http.address(&path)?;
        let offer = ClipFromAgent::Offer {
            head: outgoing.head,
            times: outgoing.times,
        };
        let text = serde_json::to_vec(&offer).unwrap_or_default();
        if text.is_empty() || text.len() > MAX_CLIP_TEXT_BYTES {
            tracing::error!(%clip, "a clip's description is too long to be offered; it stays here");
            return Ok(Done::Unread);
        }
        let client = self.http.client.clone();
        let asked = || {
            let asked = client.put(address.clone());
            asked
                .header(CONTENT_TYPE, "application/json")
                .body(text.clone())
        };
        let mut word = self.ask(asked()).await?;
        let mut elsewhere = 0;
        loop {
            let offset = match word {
                ClipToAgent::Kept { .. } => return Ok(Done::Kept),
                ClipToAgent::KeptBeside { .. } => {
                    tracing::warn!(%clip, "another object has the UID of a clip; the relay keeps and flags both, somebody has to look");
                    return Ok(Done::Kept);
                }
                ClipToAgent::Refused { reason, .. } => return Ok(Done::Refused(reason)),
                ClipToAgent::Wanted { offset, .. } => {
                    elsewhere += 1;
                    offset
                }
                ClipToAgent::Durable { offset, .. } => {
                    elsewhere = 0;
                    offset
                }
            };
            if elsewhere > MAX_ELSEWHERE || offset > whole {
                return Err(Refusal::Nonsense(
                    "a clip is wanted elsewhere each time".to_owned(),
                ));
            }
            let most = self.part.bytes();
            let Some(bytes) = self.window(clip, offset, most).await else {
                return Ok(Done::Unread);
            };
            word = match self.send(&address, offset, bytes).await {
                // What was there of it was swept away meanwhile: it is offered anew, and goes up from its start.
                Err(Refusal::Refused { status: GONE, .. }) => self.ask(asked()).await?,
                said => said?,
            };
        }
    }

    async fn send(
        &mut self,
        to: &Url,
        offset: u64,
        bytes: Vec<u8>,
    ) -> Result<ClipToAgent, Refusal> {
        let (began, length) = (Instant::now(), bytes.len() as u64);
        let part = self.http.client.patch(to.clone());
        let part = part
            .header(CONTENT_TYPE, PARTIAL_UPLOAD)
            .header(UPLOAD_OFFSET, offset)
            .body(bytes);
        let word = self.ask(part).await?;
        self.part.took(length, began.elapsed());
        Ok(word)
    }

    /// The word in the answer, whatever its status: a word says more.
    async fn ask(&self, request: RequestBuilder) -> Result<ClipToAgent, Refusal> {
        let request = request.bearer_auth(self.key.secret());
        let response = request.send().await.map_err(|error| away(&error))?;
        let status = response.status();
        let body = read_limited(response, MAX_JSON_BYTES).await?;
        serde_json::from_slice(&body).map_err(|_| refusal(Asked::Clip, status, &body))
    }

    async fn open(&self, clip: ClipId) -> Option<Outgoing> {
        let spool = Arc::clone(&self.spool);
        let opened = tokio::task::spawn_blocking(move || Outgoing::open(&spool, clip)).await;
        told(clip, opened.ok()?)
    }

    async fn window(&self, clip: ClipId, offset: u64, most: u64) -> Option<Vec<u8>> {
        let (spool, most) = (Arc::clone(&self.spool), usize::try_from(most).ok()?);
        let read = tokio::task::spawn_blocking(move || {
            Outgoing::open(&spool, clip).and_then(|mut clip| clip.window(offset, most))
        });
        told(clip, read.await.ok()?)
    }

    async fn let_go(&self, clip: ClipId) {
        let spool = Arc::clone(&self.spool);
        match tokio::task::spawn_blocking(move || spool.let_go(clip)).await {
            Ok(Ok(())) => tracing::info!(%clip, "the relay keeps a clip that was uploaded"),
            Ok(Err(error)) => {
                tracing::error!(%clip, %error, "the copy of a clip that the relay keeps could not be removed");
            }
            Err(_) => {}
        }
    }
}

fn told<T>(clip: ClipId, read: std::io::Result<T>) -> Option<T> {
    match read {
        Ok(read) => Some(read),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            tracing::error!(%clip, %error, "a clip on this device cannot be read");
            None
        }
    }
}

/// Returns when a picture is on its way, or is not.
async fn until(board: &StatusBoard, live: bool) {
    let is = |link: &Link| matches!(link, Link::Live { .. } | Link::Mending);
    let mut status = board.watch();
    // Its end is the program's.
    let _ = status.wait_for(|status| is(&status.link) == live).await;
}

#[cfg(test)]
mod a_week_away;
#[cfg(test)]
mod tests;
