//! How the picture arrives, as pages show it: running, stalled or stopped, frames and bits a second, the newest stamp.
//!
//! Sans-IO. One `Flow` for each stream that was seen since the relay came up. Pages hear about twice a second and at
//! every change; stamps go out about once a second, because the clock is linear in between.

use super::effect::PictureInput;
use wire::socket::{FlowState, FromRelay};
use wire::{RelayTime, StreamId};

/// No frame for this long is no running picture any more.
const STALLED_US: u64 = 500_000;
/// Between two reports.
const REPORT_US: u64 = 500_000;
/// Between two stamps; agents send one a second and some jitter must not halve that.
const STAMP_US: u64 = 800_000;
/// Between two reports of a stream that has stopped: for a page that missed the change.
const STOPPED_REPORT_US: u64 = 5_000_000;

/// One stream's flow.
#[derive(Debug)]
pub struct Flow {
    stream: StreamId,
    state: FlowState,
    /// When a frame last arrived.
    frame_at: RelayTime,
    /// Frames per second in the last report, one decimal.
    fps: f32,
    kbps: u32,
    source: Option<wire::agent::SourceState>,
    told_at: RelayTime,
    stamp: Option<FromRelay>,
    stamped_at: RelayTime,
    /// Stalled time that was counted so far.
    stalled_until: Option<RelayTime>,
}

impl Flow {
    /// Of a stream whose publisher just came.
    #[must_use]
    pub const fn new(stream: StreamId, now: RelayTime) -> Self {
        Self {
            stream,
            state: FlowState::Stalled,
            frame_at: now,
            fps: 0.0,
            kbps: 0,
            source: None,
            told_at: RelayTime(0),
            stamp: None,
            stamped_at: RelayTime(0),
            stalled_until: None,
        }
    }

    /// Whether its publisher is there.
    #[must_use]
    pub fn has_publisher(&self) -> bool {
        self.state != FlowState::Stopped
    }

    /// Something happened to it. Gives what pages hear.
    pub fn apply(&mut self, input: PictureInput, now: RelayTime) -> Vec<FromRelay> {
        match input {
            PictureInput::Started(_) => {
                (self.frame_at, self.source, self.stamp) = (now, None, None);
                return self.change(FlowState::Live, now);
            }
            PictureInput::Stopped(_) => {
                (self.fps, self.kbps) = (0.0, 0);
                return self.change(FlowState::Stopped, now);
            }
            PictureInput::Original(_)
            | PictureInput::Beat(_)
            | PictureInput::Clip(_)
            | PictureInput::Marks(_)
            | PictureInput::Scale(_)
            | PictureInput::Recording(_) => {}
            PictureInput::Arrived { .. } if self.state == FlowState::Stopped => {}
            PictureInput::Arrived {
                frames,
                bytes,
                span_us,
            } => return self.arrived(frames, bytes, span_us, now),
            PictureInput::Stamp {
                stamp,
                captured_relay: Some((captured_relay, error_us)),
            } => {
                return self.stamped(&stamp, captured_relay, error_us, now);
            }
            PictureInput::Stamp {
                captured_relay: None,
                ..
            } => {}
            PictureInput::Source(source) => {
                let changed = self.source.as_ref().map(|known| known.health) != Some(source.health);
                self.source = Some(source);
                if changed {
                    return vec![self.told(now)];
                }
            }
        }
        Vec::new()
    }

    fn arrived(&mut self, frames: u32, bytes: u64, span_us: u64, now: RelayTime) -> Vec<FromRelay> {
        let span_us = span_us.max(1);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "shown with one decimal"
        )]
        let fps = (f64::from(frames) * 10_000_000.0 / span_us as f64).round() as f32 / 10.0;
        self.fps = fps;
        self.kbps = u32::try_from(bytes.saturating_mul(8_000) / span_us).unwrap_or(u32::MAX);
        if frames == 0 {
            return self.tick(now);
        }
        self.frame_at = now;
        self.stalled_until = None;
        if self.state == FlowState::Live {
            self.tick(now)
        } else {
            self.change(FlowState::Live, now)
        }
    }

    fn stamped(
        &mut self,
        stamp: &wire::agent::FrameStamp,
        captured_relay: RelayTime,
        error_us: u32,
        now: RelayTime,
    ) -> Vec<FromRelay> {
        let message = FromRelay::Stamp {
            stream: self.stream,
            rtp_time: stamp.rtp_time,
            captured_at: stamp.captured_at,
            captured_relay,
            error_us,
        };
        self.stamp = Some(message.clone());
        if now.0.saturating_sub(self.stamped_at.0) < STAMP_US && self.stamped_at <= now {
            return Vec::new();
        }
        self.stamped_at = now;
        vec![message]
    }

    /// Time passed.
    pub fn tick(&mut self, now: RelayTime) -> Vec<FromRelay> {
        if self.state == FlowState::Live && now.0.saturating_sub(self.frame_at.0) >= STALLED_US {
            self.fps = 0.0;
            return self.change(FlowState::Stalled, now);
        }
        // A clock that was set back must not hold reports up.
        if now >= self.next_report() || now < self.told_at {
            vec![self.told(now)]
        } else {
            Vec::new()
        }
    }

    /// When time alone changes something.
    #[must_use]
    pub fn due(&self) -> RelayTime {
        let stall = RelayTime(self.frame_at.0.saturating_add(STALLED_US));
        if self.state == FlowState::Live {
            stall.min(self.next_report())
        } else {
            self.next_report()
        }
    }

    /// What somebody who joins is told.
    pub fn now(&self, now: RelayTime) -> Vec<FromRelay> {
        self.stamp
            .iter()
            .cloned()
            .chain([self.message(now)])
            .collect()
    }

    /// How long the picture has stood still although its publisher is there, since this was last asked.
    pub fn stalled_us(&mut self, now: RelayTime) -> u64 {
        if self.state != FlowState::Stalled {
            self.stalled_until = None;
            return 0;
        }
        let since = self.stalled_until.replace(now).unwrap_or(self.frame_at);
        now.0.saturating_sub(since.0)
    }

    fn next_report(&self) -> RelayTime {
        let every = if self.state == FlowState::Stopped {
            STOPPED_REPORT_US
        } else {
            REPORT_US
        };
        RelayTime(self.told_at.0.saturating_add(every))
    }

    fn change(&mut self, to: FlowState, now: RelayTime) -> Vec<FromRelay> {
        self.state = to;
        vec![self.told(now)]
    }

    fn told(&mut self, now: RelayTime) -> FromRelay {
        self.told_at = now;
        self.message(now)
    }

    fn message(&self, now: RelayTime) -> FromRelay {
        let silent_us = now.0.saturating_sub(self.frame_at.0);
        // Reports come twice a second, so a running picture is not silent for less than that.
        let silent_ms = if self.state == FlowState::Live {
            0
        } else {
            u32::try_from(silent_us / 1_000).unwrap_or(u32::MAX)
        };
        FromRelay::Flow {
            stream: self.stream,
            state: self.state,
            fps: self.fps,
            kbps: self.kbps,
            silent_ms,
            source: self.source.clone(),
        }
    }
}
