//! The recorder of one stream: a thread that takes packets and answers, and owns the disk.
//!
//! Owns the stream's files, the moment on the agent's clock, and the order of the steps. It looks at its packets every few milliseconds, because waking it for each of them would cost the media thread
//! more than handing it over. It ends when it was not needed for a while, or is told to.

use super::assembler::{Arrived, Assembler};
use super::healer::Healer;
use super::lanes::{DiskNews, Lanes};
use super::receipt::{Pieced, Receipt};
use super::recorders::{Order, Outside};
use super::telling::Telling;
use crate::sfu::{BackfillPart, MediaSessionId, TappedPacket};
use recording::{Frame, Tick};
use std::borrow::Cow;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use wire::backfill::{
    BACKFILL_WINDOW_BYTES, BackfillFromAgent, BackfillToAgent, MAX_BACKFILL_TEXT_BYTES,
};
use wire::{CaptureTime, RtpTime};

/// Time between looks at what came. With a sync after 180 ms and the sync itself it stays below the 250 ms that a crash may
/// cost.
const LOOK: Duration = Duration::from_millis(15);
/// The same when nobody has published for this long.
const REST: Duration = Duration::from_millis(500);
/// Nobody published for this long: the thread ends, and the next publication starts it again.
const IDLE: Duration = Duration::from_secs(60);
/// Frames of our agent that wait for the first word of its clock, which comes within a second of the connection.
const MAX_UNDATED: usize = 256;
/// A stamp this far from the agent's clock is none: late packets are seconds late, and a journal holds no future.
const FARTHEST: Duration = Duration::from_secs(60);

/// The thread's state.
pub(super) struct Recorder {
    pub(super) outside: Outside,
    pub(super) orders: Receiver<Order>,
    pub(super) packets: Receiver<(u64, TappedPacket)>,
    pub(super) lanes: Lanes,
    running: Running,
}

struct Running {
    assembler: Assembler,
    /// The publication whose packets come.
    publication: u64,
    /// Connections of the publisher: the one that runs and those that try to take its place.
    sessions: Vec<MediaSessionId>,
    /// The one whose agent said that it has a journal.
    session: Option<MediaSessionId>,
    /// The agent's clock, and when it said so.
    clock: Option<(CaptureTime, Instant)>,
    /// Frames that came before the agent's clock was known.
    undated: Vec<Arrived>,
    /// The last frame of a publisher without a clock.
    foreign: Option<CaptureTime>,
    healer: Healer,
    receipt: Receipt,
    /// What the agent was told to be taken.
    taken: u64,
    telling: Telling,
    /// Since when nobody publishes.
    idle_since: Instant,
}

impl Recorder {
    /// Over what an earlier run left.
    pub(super) fn new(
        outside: Outside,
        orders: Receiver<Order>,
        packets: Receiver<(u64, TappedPacket)>,
        lanes: Lanes,
        now: Instant,
    ) -> Self {
        let telling = Telling::new(lanes.table());
        let running = Running {
            assembler: Assembler::default(),
            publication: 0,
            sessions: Vec::new(),
            session: None,
            clock: None,
            undated: Vec::new(),
            foreign: None,
            healer: Healer::new(),
            receipt: Receipt::default(),
            taken: 0,
            telling,
            idle_since: now,
        };
        Self {
            outside,
            orders,
            packets,
            lanes,
            running,
        }
    }

    /// Runs until told to end, or nobody needs it.
    pub(super) fn run(mut self) {
        loop {
            // What came last is made durable before the thread rests.
            let is_resting =
                self.running.sessions.is_empty() && self.running.idle_since.elapsed() >= REST;
            let wait = if is_resting { REST } else { LOOK };
            match self.orders.recv_timeout(wait) {
                Ok(Order::End) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(order) => self.apply(order, Instant::now()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            // What else came, up to what may wait; a flood must not keep it from the packets.
            let mut is_over = false;
            for _ in 0..super::recorders::MAX_ORDERS {
                match self.orders.try_recv() {
                    Ok(Order::End) => is_over = true,
                    Ok(order) => self.apply(order, Instant::now()),
                    Err(_) => break,
                }
            }
            self.work(Instant::now());
            let is_idle = self.running.sessions.is_empty()
                && self.running.idle_since.elapsed() >= IDLE
                && self.outside.may_end();
            if is_over || is_idle {
                break;
            }
        }
        self.work(Instant::now());
        self.lanes.close(Instant::now());
    }

    /// One match, each arm one call.
    fn apply(&mut self, order: Order, now: Instant) {
        match order {
            Order::Clock(session, at) => self.hear_clock(session, at, now),
            Order::Backfill(session, part) => self.hear(session, &part, now),
            Order::Gone(session) => self.gone(session, now),
            Order::Published(session) => self.published(session),
            Order::Stopped => self.running.telling.stopped(),
            Order::End => {}
        }
    }

    fn published(&mut self, session: MediaSessionId) {
        self.running.sessions.push(session);
        self.running.telling.stopped();
    }

    fn hear_clock(&mut self, session: MediaSessionId, at: CaptureTime, now: Instant) {
        if self.running.sessions.contains(&session) {
            self.running.clock = Some((at, now));
            for arrived in std::mem::take(&mut self.running.undated) {
                self.arrived(arrived, now);
            }
        }
    }

    fn gone(&mut self, session: MediaSessionId, now: Instant) {
        self.running.sessions.retain(|known| *known != session);
        self.running.idle_since = now;
        if self.running.session == Some(session) {
            self.running.session = None;
            self.running.healer.gone();
        }
    }

    fn hear(&mut self, session: MediaSessionId, part: &BackfillPart, now: Instant) {
        if !self.running.sessions.contains(&session) {
            return;
        }
        let is_ours = self.running.session == Some(session);
        match part {
            BackfillPart::Piece(bytes) if is_ours => self.piece(bytes, now),
            BackfillPart::Piece(_) => self.outside.metrics.backfill_refused.up(),
            BackfillPart::Text(text) => {
                let word = (text.len() <= MAX_BACKFILL_TEXT_BYTES)
                    .then(|| serde_json::from_str(text).ok())
                    .flatten();
                match word {
                    Some(BackfillFromAgent::Here {}) => self.here(session, now),
                    Some(word) if is_ours => self.word(word, now),
                    _ => self.outside.metrics.backfill_refused.up(),
                }
            }
        }
    }

    /// An agent with a journal is there; what it says counts from here on.
    fn here(&mut self, session: MediaSessionId, now: Instant) {
        let running = &mut self.running;
        (running.session, running.receipt, running.taken) = (Some(session), Receipt::default(), 0);
        running.healer.here(now);
    }

    fn word(&mut self, word: BackfillFromAgent, now: Instant) {
        let healer = &mut self.running.healer;
        match word {
            BackfillFromAgent::Here {} => {}
            BackfillFromAgent::Compared {
                ask,
                differing,
                kept_until,
            } => healer.compared(ask, &differing, kept_until.map(Tick), now),
            BackfillFromAgent::Sent {
                ask,
                lost,
                kept_until,
                ..
            } => {
                if lost > 0 {
                    tracing::warn!(lost, consult = %self.outside.consult, "frames of a recording are lost in the agent's journal too");
                }
                healer.sent(ask, kept_until.map(Tick), now);
            }
        }
    }

    fn piece(&mut self, bytes: &[u8], now: Instant) {
        match self.running.receipt.piece(bytes) {
            Pieced::More => self.running.healer.came(now),
            Pieced::Nonsense => self.outside.metrics.backfill_refused.up(),
            Pieced::Whole(frame) => self.filled(frame, now),
        }
    }

    fn filled(&mut self, frame: Frame<'static>, now: Instant) {
        let at = frame.tick();
        let was_asked = self
            .running
            .healer
            .fetching()
            .is_some_and(|span| (span.from..=span.until).contains(&at));
        if !was_asked {
            return self.outside.metrics.backfill_refused.up();
        }
        self.running.healer.came(now);
        if !self.lanes.filled(frame, now) {
            return self.running.healer.start_over(now);
        }
        self.outside.metrics.frames_filled.up();
        if let Some(news) = self.running.telling.filled(at, now) {
            self.outside.tell(news);
        }
    }

    /// What is to be done apart from orders.
    fn work(&mut self, now: Instant) {
        while let Ok((publication, packet)) = self.packets.try_recv() {
            if publication != self.running.publication {
                self.running.publication = publication;
                self.running.assembler = Assembler::default();
            }
            self.running.assembler.put(packet);
        }
        for arrived in self.running.assembler.take(now) {
            self.arrived(arrived, now);
        }
        let is_durable = self.lanes.tick(now);
        self.acknowledge(is_durable);
        if let (Some(present), Some(session)) = (self.present(now), self.running.session) {
            let word = self.running.healer.next(self.lanes.table(), present, now);
            if let Some(word) = word {
                self.say(session, &word);
            }
        }
        let (running, table) = (&mut self.running, self.lanes.table());
        self.outside.is_whole_until(running.healer.whole_until());
        for news in running.telling.look(&running.healer, table) {
            self.outside.tell(news);
        }
        for news in self.lanes.take_news() {
            self.tell_of_disk(news);
        }
    }

    /// What is durable may be followed by more. A frame larger than what may be on the way goes on too.
    fn acknowledge(&mut self, is_durable: bool) {
        let Running {
            receipt,
            taken,
            session,
            ..
        } = &mut self.running;
        let is_long = receipt.is_amidst() && receipt.bytes() - *taken >= BACKFILL_WINDOW_BYTES / 2;
        if receipt.bytes() > *taken
            && (is_durable || is_long)
            && let Some(session) = *session
        {
            let bytes = receipt.bytes();
            *taken = bytes;
            self.say(session, &BackfillToAgent::Taken { bytes });
        }
    }

    fn say(&self, session: MediaSessionId, word: &BackfillToAgent) {
        let text = serde_json::to_string(word).unwrap_or_default();
        // One that is not heard is said again after a while.
        let _ = (self.outside.say)(session, text);
    }

    /// The moment on the agent's clock.
    fn present(&self, now: Instant) -> Option<Tick> {
        let near = self.near(now)?;
        Some(Tick::of(RtpTime::of(near), near))
    }

    fn near(&self, now: Instant) -> Option<CaptureTime> {
        let (at, heard) = self.running.clock?;
        let since = now.saturating_duration_since(heard).as_micros();
        Some(CaptureTime(
            at.0.saturating_add(u64::try_from(since).unwrap_or(u64::MAX)),
        ))
    }

    fn arrived(&mut self, arrived: Arrived, now: Instant) {
        let near = match (arrived.ours, self.near(now)) {
            (true, Some(near)) => near,
            (true, None) => {
                if self.running.undated.len() < MAX_UNDATED {
                    self.running.undated.push(arrived);
                }
                return;
            }
            (false, _) => self
                .running
                .foreign
                .unwrap_or_else(|| CaptureTime(self.outside.clock.now().0)),
        };
        let captured_at = arrived.rtp_time.capture_time(near);
        if arrived.ours && captured_at.0.abs_diff(near.0) > FARTHEST.as_micros() as u64 {
            return self.outside.metrics.frames_misdated.up();
        }
        if !arrived.ours {
            self.running.foreign = Some(captured_at);
        }
        let frame = Frame {
            rtp_time: arrived.rtp_time,
            captured_at,
            index: None,
            keyframe: arrived.unit.keyframe,
            unit: Cow::Owned(arrived.unit.bytes),
        };
        let at = frame.tick();
        if self.lanes.arrived(frame, arrived.unit.profile_level, now) {
            self.outside.metrics.frames_recorded.up();
            self.tell_of_arrival(at, now);
        }
    }

    fn tell_of_arrival(&mut self, at: Tick, now: Instant) {
        let (telling, is_on) = (&mut self.running.telling, !self.lanes.is_stopped());
        let on = is_on.then(|| telling.recorded(true)).flatten();
        let gap = telling.arrived(at);
        if gap.is_some() {
            self.running.healer.hurry(now);
        }
        for news in on.into_iter().chain(gap) {
            self.outside.tell(news);
        }
    }

    fn tell_of_disk(&mut self, news: DiskNews) {
        let is_stopped = matches!(news, DiskNews::Stopped(_));
        if let Some(news) = self.running.telling.recorded(!is_stopped) {
            self.outside.tell(news);
        }
        let Outside {
            consult,
            stream,
            metrics,
            ..
        } = &self.outside;
        match news {
            DiskNews::Stopped(why) => {
                metrics.recordings_stopped.up();
                tracing::error!(%consult, %stream, why, "a recording stands still; the picture goes on");
            }
            DiskNews::Resumed => tracing::info!(%consult, %stream, "a recording goes on"),
        }
    }
}
