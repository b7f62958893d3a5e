//! Does what the courier decides: talks on the channel, reads the spool, keeps to the pacer.
//!
//! Owns one connection's channel `clips`. One half listens, one half speaks, so that a full channel never keeps it from
//! hearing. Bytes are read a window at a time. Text that is too long or not understood is counted and ignored. It ends
//! with the channel, and nothing is lost by that: the next connection offers again.

use super::courier::{Courier, Do, Wanted};
use super::pacer::Pacer;
use super::turn::turn;
use crate::clip::CurrentVisit;
use crate::publish::uplink::{Spare, Travelling};
use crate::spool::{Outgoing, Spool, Unsent};
use crate::sync::held;
use bytes::BytesMut;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};
use webrtc::data_channel::{DataChannel, DataChannelEvent};
use wire::clip::{
    CLIP_PIECE_BYTES, CLIP_PIECE_HEAD_BYTES, ClipFromAgent, ClipPiece, ClipToAgent,
    MAX_CLIP_TEXT_BYTES,
};
use wire::{ClipId, ConsultId};

/// Bytes read at once: 16 pieces, so that the disk is asked sixty times for 16 MB and not a thousand times.
const WINDOW_BYTES: usize = 16 * CLIP_PIECE_BYTES;

/// What happened on a channel.
#[derive(Debug)]
pub(crate) enum Event {
    /// It can be used.
    Open,
    /// The relay said something.
    Text(Vec<u8>),
    /// Something else.
    Other,
}

/// The channel is gone.
#[derive(Debug)]
pub(crate) struct Closed;

/// A reliable, ordered channel.
#[async_trait::async_trait]
pub(crate) trait Channel: Send + Sync {
    /// The next event; nothing when it is closed.
    async fn event(&self) -> Option<Event>;
    /// Sends a text; waits for room.
    async fn text(&self, text: &str) -> Result<(), Closed>;
    /// Sends bytes; waits for room.
    async fn bytes(&self, bytes: BytesMut) -> Result<(), Closed>;
}

#[async_trait::async_trait]
impl Channel for Arc<dyn DataChannel> {
    async fn event(&self) -> Option<Event> {
        match self.poll().await {
            Some(DataChannelEvent::OnOpen) => Some(Event::Open),
            Some(DataChannelEvent::OnMessage(message)) => Some(Event::Text(message.data.to_vec())),
            Some(DataChannelEvent::OnClose | DataChannelEvent::OnError) | None => None,
            Some(_) => Some(Event::Other),
        }
    }

    async fn text(&self, text: &str) -> Result<(), Closed> {
        self.send_text(text).await.map_err(|_| Closed)
    }

    async fn bytes(&self, bytes: BytesMut) -> Result<(), Closed> {
        self.send(bytes).await.map_err(|_| Closed)
    }
}

/// The way of clips out of one connection.
pub(crate) struct Carrier<C> {
    /// The channel.
    pub(crate) channel: C,
    /// Where clips are.
    pub(crate) spool: Arc<Spool>,
    /// The consult of this connection: only its clips go.
    pub(crate) consult: ConsultId,
    /// Who its patient is.
    pub(crate) visit: CurrentVisit,
    /// An original is on its way: clips wait.
    pub(crate) original: watch::Receiver<bool>,
    /// Round trips of the control channel.
    pub(crate) round_trip: watch::Receiver<Option<Duration>>,
    /// What voice and picture leave.
    pub(crate) spare: Spare,
}

/// Shared by both halves.
struct Talk {
    courier: Mutex<Courier>,
    /// Something is wanted.
    wanted: Notify,
}

impl<C: Channel> Carrier<C> {
    /// Carries until the channel closes.
    pub(crate) async fn run(self) {
        loop {
            match self.channel.event().await {
                Some(Event::Open) => break,
                Some(_) => {}
                None => return,
            }
        }
        for unsent in self.spool.unsent() {
            self.spool.set_refused(unsent.clip, None);
        }
        let talk = Talk {
            courier: Mutex::default(),
            wanted: Notify::new(),
        };
        tokio::select! {
            () = self.listen(&talk) => {}
            _ = self.speak(&talk) => {}
        }
    }

    async fn listen(&self, talk: &Talk) {
        let mut ignored = 0_u32;
        while let Some(event) = self.channel.event().await {
            let Event::Text(text) = event else { continue };
            let word: Option<ClipToAgent> = (text.len() <= MAX_CLIP_TEXT_BYTES)
                .then(|| serde_json::from_slice(&text).ok())
                .flatten();
            let Some(word) = word else {
                ignored = ignored.saturating_add(1);
                tracing::debug!(ignored, "a word about clips was not understood");
                continue;
            };
            if let ClipToAgent::KeptBeside { clip } = word {
                tracing::warn!(%clip, "another object has the UID of a clip; the relay keeps and flags both, somebody has to look");
            }
            let todo = held(&talk.courier).hear(word);
            match todo {
                Do::Nothing => talk.wanted.notify_one(),
                Do::LetGo(clip) => self.let_go(clip).await,
                Do::Keep(clip, reason) => {
                    tracing::warn!(%clip, ?reason, "the relay did not take a clip; it stays on this device");
                    self.spool.set_refused(clip, Some(reason));
                }
            }
        }
    }

    async fn let_go(&self, clip: ClipId) {
        let spool = Arc::clone(&self.spool);
        let done = tokio::task::spawn_blocking(move || spool.let_go(clip)).await;
        match done {
            Ok(Ok(())) => tracing::info!(%clip, "the relay keeps a clip"),
            Ok(Err(error)) => {
                tracing::error!(%clip, %error, "the copy of a clip that the relay keeps could not be removed");
            }
            Err(_) => {}
        }
    }

    async fn speak(&self, talk: &Talk) -> Result<(), Closed> {
        let mut counts = self.spool.counts();
        let mut pacer = Pacer::new(Instant::now());
        let (mut round_trip, mut window) = (self.round_trip.clone(), None::<Window>);
        counts.mark_changed();
        loop {
            if counts.has_changed().map_err(|_| Closed)? {
                counts.mark_unchanged();
                self.offer(talk).await?;
            }
            let next = held(&talk.courier).next();
            let Some(next) = next else {
                window = None;
                tokio::select! {
                    () = talk.wanted.notified() => {}
                    changed = counts.changed() => {
                        changed.map_err(|_| Closed)?;
                        counts.mark_changed();
                    }
                }
                continue;
            };
            // Read before the turn: nobody's share waits for the disk.
            let here = window.take().filter(|it| it.has(next.clip, next.offset));
            let filled = match here {
                Some(window) => Some(window),
                None => self.fill(next.clip, next.offset).await,
            };
            let Some(filled) = filled else {
                held(&talk.courier).give_up(next);
                continue;
            };
            let _travelling = self.wait_for_turn(&mut pacer, &mut round_trip).await?;
            self.send_piece(talk, &mut pacer, &filled, next).await?;
            window = Some(filled);
        }
    }

    /// Offers what is unsent, belongs to this consult and was not offered yet.
    async fn offer(&self, talk: &Talk) -> Result<(), Closed> {
        let whom = self.visit.consult().and_then(|(_, whom)| whom);
        let mine = |it: &Unsent| it.known.belongs.goes_to(self.consult, whom);
        let unsent: Vec<ClipId> = self
            .spool
            .unsent()
            .into_iter()
            .filter(mine)
            .map(|it| it.clip)
            .collect();
        let new = held(&talk.courier).to_offer(&unsent);
        for clip in new {
            // Before the text: an answer may be there before the sending returns.
            held(&talk.courier).offered(clip);
            let outgoing = self.open(clip).await;
            let Some(outgoing) = outgoing else { continue };
            let offer = ClipFromAgent::Offer {
                head: outgoing.head,
                times: outgoing.times,
            };
            let text = serde_json::to_string(&offer).unwrap_or_default();
            if text.is_empty() || text.len() > MAX_CLIP_TEXT_BYTES {
                tracing::error!(%clip, "a clip's description is too long to be offered; it stays here");
                continue;
            }
            self.channel.text(&text).await?;
        }
        Ok(())
    }

    async fn open(&self, clip: ClipId) -> Option<Outgoing> {
        let spool = Arc::clone(&self.spool);
        let opened = tokio::task::spawn_blocking(move || Outgoing::open(&spool, clip)).await;
        match opened.ok()? {
            Ok(outgoing) => Some(outgoing),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::error!(%clip, %error, "a clip on this device cannot be read");
                None
            }
        }
    }

    /// Originals go first, and never more goes than the pacer gives.
    async fn wait_for_turn(
        &self,
        pacer: &mut Pacer,
        round_trip: &mut watch::Receiver<Option<Duration>>,
    ) -> Result<Travelling, Closed> {
        let mut original = self.original.clone();
        original.wait_for(|busy| !busy).await.map_err(|_| Closed)?;
        if round_trip.has_changed().map_err(|_| Closed)? {
            let took = *round_trip.borrow_and_update();
            if let Some(took) = took {
                pacer.round_trip(took, Instant::now());
            }
        }
        Ok(turn(pacer, &self.spare).await)
    }

    async fn send_piece(
        &self,
        talk: &Talk,
        pacer: &mut Pacer,
        window: &Window,
        Wanted { clip, offset }: Wanted,
    ) -> Result<(), Closed> {
        let most = CLIP_PIECE_HEAD_BYTES + CLIP_PIECE_BYTES;
        let most = self.spare.piece_bytes(most) - CLIP_PIECE_HEAD_BYTES;
        let Some(piece) = window.piece(offset, most) else {
            held(&talk.courier).give_up(Wanted { clip, offset });
            return Ok(());
        };
        let mut message = BytesMut::with_capacity(CLIP_PIECE_HEAD_BYTES + piece.len());
        message.extend_from_slice(&ClipPiece::head(clip, offset));
        message.extend_from_slice(piece);
        let (length, bytes) = (message.len(), piece.len() as u64);
        self.channel.bytes(message).await?;
        pacer.sent(length);
        self.spare.carries(length);
        held(&talk.courier).sent(clip, offset, bytes, window.total);
        Ok(())
    }

    async fn fill(&self, clip: ClipId, offset: u64) -> Option<Window> {
        let spool = Arc::clone(&self.spool);
        let read = tokio::task::spawn_blocking(move || {
            let mut outgoing = Outgoing::open(&spool, clip)?;
            let (total, bytes) = (outgoing.head.bytes, outgoing.window(offset, WINDOW_BYTES)?);
            std::io::Result::Ok(Window {
                clip,
                offset,
                bytes,
                total,
            })
        });
        match read.await.ok()? {
            Ok(window) => Some(window),
            Err(error) => {
                tracing::warn!(%clip, %error, "a clip cannot be read any more");
                None
            }
        }
    }
}

/// Bytes of a clip that were read ahead.
struct Window {
    clip: ClipId,
    offset: u64,
    bytes: Vec<u8>,
    /// Length of the whole clip.
    total: u64,
}

impl Window {
    fn has(&self, clip: ClipId, offset: u64) -> bool {
        clip == self.clip && self.piece(offset, 1).is_some()
    }

    /// The piece that begins at `offset`, at most so long.
    fn piece(&self, offset: u64, most: usize) -> Option<&[u8]> {
        let from = usize::try_from(offset.checked_sub(self.offset)?).ok()?;
        let left = self.bytes.get(from..)?;
        let piece = left.get(..left.len().min(most))?;
        (!piece.is_empty()).then_some(piece)
    }
}

#[cfg(test)]
mod tests;
