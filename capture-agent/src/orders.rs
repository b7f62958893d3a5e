//! What other threads ask of the encode thread: where to send, a keyframe, another bit rate.
//!
//! Orders of the same kind replace each other, so nothing queues up. Each order wakes the encode thread.

use crate::encode::{AccessUnit, BitRate, Room};
use crate::frame::Frame;
use crate::slot::Slot;
use crate::sync::held;
use bytes::Bytes;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use wire::agent::FrameStamp;

/// Frames between encode thread and publisher: one being written out, one waiting. More would be delay.
pub const OUTLET_FRAMES: usize = 2;

/// A coded frame, cut into RTP payloads.
#[derive(Debug, Clone)]
pub struct CodedFrame {
    /// As given at capture; a repeated frame has one of its own.
    pub stamp: FrameStamp,
    /// As the encoder made it.
    pub unit: AccessUnit,
    /// RTP payloads (RFC 6184), in order.
    pub payloads: Vec<Bytes>,
}

/// Where coded frames go.
pub type Outlet = mpsc::Sender<CodedFrame>;

/// The orders.
pub struct Orders {
    pending: Mutex<Pending>,
    /// How long what was coded still takes to leave, in microseconds.
    backlog_us: AtomicU64,
    slot: Arc<Slot<Frame>>,
}

/// Orders not taken yet.
#[derive(Default)]
pub struct Pending {
    /// A new place to send to, which needs a keyframe first; `Some(None)` ends sending.
    pub outlet: Option<Option<Outlet>>,
    /// Somebody cannot decode.
    pub keyframe: bool,
    /// What people allow.
    pub bit_rate: Option<BitRate>,
    /// What the link leaves; `Some(None)` when nothing is sent any more.
    pub room: Option<Option<Room>>,
    /// Nothing passes the link (true), or something does again (false).
    pub is_cut: Option<bool>,
}

impl Orders {
    /// Orders for the thread that takes from `slot`.
    #[must_use]
    pub fn new(slot: Arc<Slot<Frame>>) -> Self {
        Self {
            pending: Mutex::default(),
            backlog_us: AtomicU64::new(0),
            slot,
        }
    }

    /// Sends coded frames to `outlet` from now on, beginning with a keyframe.
    pub fn attach(&self, outlet: Outlet) {
        self.give(|pending| pending.outlet = Some(Some(outlet)));
    }

    /// Sends nowhere; saves the CPU for encoding.
    pub fn detach(&self) {
        self.give(|pending| pending.outlet = Some(None));
    }

    /// Somebody cannot decode (PLI, FIR, a joiner).
    pub fn request_keyframe(&self) {
        self.give(|pending| pending.keyframe = true);
    }

    /// Another bit rate at most from the next frame on, without a keyframe.
    pub fn set_bit_rate(&self, bit_rate: BitRate) {
        self.give(|pending| pending.bit_rate = Some(bit_rate));
    }

    /// From the next frame on the link leaves so much; none when nothing is sent any more.
    pub fn make_room(&self, room: Option<Room>) {
        self.give(|pending| pending.room = Some(room));
    }

    /// Nothing passes the link: what is coded is for the journal alone. When something passes again, sending goes on with a
    /// keyframe.
    pub fn set_cut(&self, is_cut: bool) {
        self.give(|pending| pending.is_cut = Some(is_cut));
    }

    /// What was coded takes so long to leave.
    pub fn set_backlog(&self, backlog: Duration) {
        let us = u64::try_from(backlog.as_micros()).unwrap_or(u64::MAX);
        self.backlog_us.store(us, Ordering::Relaxed);
    }

    /// How long what was coded still takes to leave.
    #[must_use]
    pub fn backlog(&self) -> Duration {
        Duration::from_micros(self.backlog_us.load(Ordering::Relaxed))
    }

    /// Takes what was ordered.
    #[must_use]
    pub fn take(&self) -> Pending {
        std::mem::take(&mut *held(&self.pending))
    }

    fn give(&self, order: impl FnOnce(&mut Pending)) {
        order(&mut held(&self.pending));
        self.slot.nudge();
    }
}
