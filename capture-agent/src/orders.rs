//! What other threads ask of the encode thread: where to send, a keyframe, another bit rate.
//!
//! Orders of the same kind replace each other, so nothing queues up. Each order wakes the encode thread.

use crate::encode::{AccessUnit, BitRate};
use crate::frame::Frame;
use crate::slot::Slot;
use crate::sync::held;
use bytes::Bytes;
use std::sync::{Arc, Mutex};
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
    slot: Arc<Slot<Frame>>,
}

/// Orders not taken yet.
#[derive(Default)]
pub struct Pending {
    /// A new place to send to, which needs a keyframe first; `Some(None)` ends sending.
    pub outlet: Option<Option<Outlet>>,
    /// Somebody cannot decode.
    pub keyframe: bool,
    /// New target.
    pub bit_rate: Option<BitRate>,
}

impl Orders {
    /// Orders for the thread that takes from `slot`.
    #[must_use]
    pub fn new(slot: Arc<Slot<Frame>>) -> Self {
        Self {
            pending: Mutex::default(),
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

    /// Another bit rate from the next frame on, without a keyframe.
    pub fn set_bit_rate(&self, bit_rate: BitRate) {
        self.give(|pending| pending.bit_rate = Some(bit_rate));
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
