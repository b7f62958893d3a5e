//! Answers what the relay asks of the journal, on one connection's channel `backfill`.
//!
//! One half listens, one half speaks, so that a full channel never keeps it from hearing. The disk is read where blocking is
//! allowed. A question that comes while an answer goes out ends that answer: the relay has given it up. Text that is too long
//! or not understood is counted and ignored.

use super::window::Window;
use crate::journal::{Holds, Journal};
use crate::publish::clips::{Channel, ChannelEvent, Closed, Pacer, turn};
use crate::publish::uplink::{Spare, Travelling};
use bytes::BytesMut;
use recording::{Frame, FrameEntry, FrameHash, Tick};
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use wire::backfill::{
    BACKFILL_PIECE_BYTES, BackfillFromAgent, BackfillToAgent, FrameHead, HELD_HASH_BYTES,
    MAX_BACKFILL_TEXT_BYTES, MAX_HELD, MAX_SLICES, Slice, read_held_hashes, weight,
};

/// Questions that may wait; the relay asks one at a time.
const WAITING_QUESTIONS: usize = 4;
/// Frames read from the disk at once: half a second of picture.
const READ_FRAMES: usize = 16;

/// A question that is to be answered.
#[derive(Debug)]
enum Question {
    Compare { ask: u32, slices: Vec<Slice> },
    Send(Asked),
}

/// Of which span what is to be sent.
#[derive(Debug)]
struct Asked {
    ask: u32,
    from: Tick,
    until: Tick,
    held: Vec<u32>,
    /// One for each that is held, or none at all.
    hashes: Vec<[u8; HELD_HASH_BYTES]>,
}

/// Answers on one channel.
pub(crate) struct Filler<C> {
    /// The channel.
    pub(crate) channel: C,
    /// What was coded.
    pub(crate) journal: Journal,
    /// An original is on its way: frames wait.
    pub(crate) original: watch::Receiver<bool>,
    /// Round trips of the control channel.
    pub(crate) round_trip: watch::Receiver<Option<Duration>>,
    /// What voice and picture leave.
    pub(crate) spare: Spare,
}

/// What the speaking half knows.
struct Speaking {
    questions: mpsc::Receiver<Question>,
    taken: watch::Receiver<u64>,
    window: Window,
    pacer: Pacer,
    round_trip: watch::Receiver<Option<Duration>>,
}

impl<C: Channel> Filler<C> {
    /// Answers until the channel closes.
    pub(crate) async fn run(self) {
        loop {
            match self.channel.event().await {
                Some(ChannelEvent::Open) => break,
                Some(_) => {}
                None => return,
            }
        }
        let (ask, questions) = mpsc::channel(WAITING_QUESTIONS);
        let (take, taken) = watch::channel(0);
        let speaking = Speaking {
            questions,
            taken,
            window: Window::default(),
            pacer: Pacer::new(Instant::now()),
            round_trip: self.round_trip.clone(),
        };
        tokio::select! {
            () = self.listen(&ask, &take) => {}
            _ = self.speak(speaking) => {}
        }
    }

    async fn listen(&self, ask: &mpsc::Sender<Question>, take: &watch::Sender<u64>) {
        let mut ignored = 0_u32;
        while let Some(event) = self.channel.event().await {
            let ChannelEvent::Text(text) = event else {
                continue;
            };
            match understood(&text) {
                Some(Heard::Taken(bytes)) => {
                    take.send_replace(bytes);
                }
                // One that finds no room is asked again.
                Some(Heard::Asked(question)) => drop(ask.try_send(question)),
                None => {
                    ignored = ignored.saturating_add(1);
                    tracing::debug!(ignored, "a word about the recording was not understood");
                }
            }
        }
    }

    async fn speak(&self, mut speaking: Speaking) -> Result<(), Closed> {
        self.say(&BackfillFromAgent::Here {}).await?;
        while let Some(question) = speaking.questions.recv().await {
            match question {
                Question::Compare { ask, slices } => self.compare(ask, slices).await?,
                Question::Send(asked) => self.send(&mut speaking, asked).await?,
            }
        }
        Ok(())
    }

    async fn say(&self, word: &BackfillFromAgent) -> Result<(), Closed> {
        let text = serde_json::to_string(word).unwrap_or_default();
        self.channel.text(&text).await
    }

    async fn compare(&self, ask: u32, slices: Vec<Slice>) -> Result<(), Closed> {
        let journal = self.journal.clone();
        let look = move || {
            // Asked first: what becomes durable meanwhile is not part of what is said.
            let kept_until = kept_until(&journal);
            let differs = |slice: &Slice| {
                let found = journal.fingerprint(Tick(slice.from)..=Tick(slice.until));
                found.is_some_and(|it| (it.frames, it.digest) != (slice.frames, slice.digest))
            };
            let differing = (0..).zip(&slices).filter(|(_, slice)| differs(slice));
            BackfillFromAgent::Compared {
                ask,
                differing: differing.map(|(at, _)| at).collect(),
                kept_until,
            }
        };
        match tokio::task::spawn_blocking(look).await {
            Ok(answer) => self.say(&answer).await,
            Err(_) => Ok(()),
        }
    }

    async fn send(&self, speaking: &mut Speaking, asked: Asked) -> Result<(), Closed> {
        let (journal, ask) = (self.journal.clone(), asked.ask);
        let look = move || {
            let kept_until = kept_until(&journal);
            let span = asked.from..=asked.until;
            (kept_until, journal.lacking(span, &holds(asked)))
        };
        let Ok((kept_until, lacking)) = tokio::task::spawn_blocking(look).await else {
            return Ok(());
        };
        let (mut sent, mut lost) = (0_u32, 0_u32);
        for entries in lacking.chunks(READ_FRAMES) {
            for frame in self.read(entries.to_vec()).await {
                match frame {
                    Some(frame) => {
                        self.send_frame(speaking, &frame).await?;
                        sent += 1;
                    }
                    None => lost += 1,
                }
            }
            if !speaking.questions.is_empty() {
                return Ok(());
            }
        }
        if sent + lost > 0 {
            tracing::info!(sent, lost, "frames that the recording lacked were sent");
        }
        self.say(&BackfillFromAgent::Sent {
            ask,
            frames: sent,
            lost,
            kept_until,
        })
        .await
    }

    async fn read(&self, entries: Vec<FrameEntry>) -> Vec<Option<Frame<'static>>> {
        let journal = self.journal.clone();
        let read = move || entries.iter().map(|entry| journal.read(entry)).collect();
        tokio::task::spawn_blocking(read).await.unwrap_or_default()
    }

    async fn send_frame(&self, speaking: &mut Speaking, frame: &Frame<'_>) -> Result<(), Closed> {
        let head = FrameHead {
            rtp_time: frame.rtp_time,
            captured_at: frame.captured_at,
            index: frame.index,
            keyframe: frame.keyframe,
            // At most 8 MiB.
            length: u32::try_from(frame.unit.len()).unwrap_or(u32::MAX),
            hash: FrameHash::of(&frame.unit).0,
        };
        let mut message = BytesMut::from(&head.bytes()[..]);
        let mut rest = &frame.unit[..];
        while !rest.is_empty() {
            let largest = (message.len() + rest.len()).min(BACKFILL_PIECE_BYTES);
            let _travelling = self.wait_for_turn(speaking, weight(largest)).await?;
            // While its own part is counted.
            let most = self.spare.piece_bytes(BACKFILL_PIECE_BYTES);
            let (piece, later) = rest.split_at(rest.len().min(most.saturating_sub(message.len())));
            message.extend_from_slice(piece);
            rest = later;
            let length = message.len();
            self.channel.bytes(std::mem::take(&mut message)).await?;
            speaking.pacer.sent(length);
            self.spare.carries(length);
            speaking.window.sent(weight(length));
        }
        Ok(())
    }

    /// The relay took what went before, no original waits, and the link has room.
    async fn wait_for_turn(
        &self,
        speaking: &mut Speaking,
        bytes: u64,
    ) -> Result<Travelling, Closed> {
        loop {
            let taken = *speaking.taken.borrow_and_update();
            speaking.window.taken(taken);
            if speaking.window.has_room(bytes) {
                break;
            }
            speaking.taken.changed().await.map_err(|_| Closed)?;
        }
        let mut original = self.original.clone();
        original.wait_for(|busy| !busy).await.map_err(|_| Closed)?;
        if speaking.round_trip.has_changed().map_err(|_| Closed)? {
            let took = *speaking.round_trip.borrow_and_update();
            if let Some(took) = took {
                speaking.pacer.round_trip(took, Instant::now());
            }
        }
        Ok(turn(&mut speaking.pacer, &self.spare).await)
    }
}

/// What a text says.
enum Heard {
    Asked(Question),
    Taken(u64),
}

fn understood(text: &[u8]) -> Option<Heard> {
    if text.len() > MAX_BACKFILL_TEXT_BYTES {
        return None;
    }
    match serde_json::from_slice(text).ok()? {
        BackfillToAgent::Taken { bytes } => Some(Heard::Taken(bytes)),
        BackfillToAgent::Compare { ask, slices } => {
            (slices.len() <= MAX_SLICES).then_some(Heard::Asked(Question::Compare { ask, slices }))
        }
        BackfillToAgent::Send {
            ask,
            from,
            until,
            held,
            hashes,
        } => {
            let hashes = match hashes.len() {
                0 => Vec::new(),
                _ => read_held_hashes(&hashes, held.len())?,
            };
            let is_sound = held.len() <= MAX_HELD && from <= until;
            is_sound.then_some(Heard::Asked(Question::Send(Asked {
                ask,
                from: Tick(from),
                until: Tick(until),
                held,
                hashes,
            })))
        }
    }
}

/// What the relay holds of a span.
fn holds(asked: Asked) -> Holds {
    let (mut at, mut hashes) = (asked.from, asked.hashes.into_iter());
    let held = asked.held.into_iter().map(|step| {
        at = Tick(at.0.saturating_add(u64::from(step)));
        (at.rtp_time(), hashes.next())
    });
    held.collect::<HashMap<_, _>>()
}

/// Up to which moment the journal is final; nothing while it is being looked through.
fn kept_until(journal: &Journal) -> Option<u64> {
    let durable = *journal.durable().borrow();
    durable.filter(|_| journal.is_ready()).map(|tick| tick.0)
}

#[cfg(test)]
mod tests;
