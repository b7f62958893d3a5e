//! Codes the originals of a beat, ahead of the channel that takes them.
//!
//! Frames leave the ring while a beat is on its way, so all of it is coded at once, on a thread of its own, and what waits is
//! PNG. Owns how much may wait. It decides nothing about sending: `publish` takes what is coded, oldest first. Dropping a
//! `CodedBeat` ends its coding.

use crate::frame::Frame;
use crate::still;
use tokio::sync::mpsc;
use wire::RtpTime;
use wire::original::{BeatPlace, MAX_BEAT_FRAMES, Original};

/// Coded bytes of one beat: 4 beats of 800 x 600 in gray, or one of full HD in gray. More is left out at its end.
const MAX_BEAT_BYTES: usize = 64 * 1024 * 1024;

/// One coded frame.
#[derive(Debug)]
pub(crate) struct CodedStill {
    /// Which frame.
    pub(crate) rtp_time: RtpTime,
    /// Where it is in the beat.
    pub(crate) place: BeatPlace,
    /// What is said of it.
    pub(crate) original: Original,
    /// The PNG.
    pub(crate) blob: Vec<u8>,
}

/// A beat that is being coded.
#[derive(Debug)]
pub(crate) struct CodedBeat {
    /// The frame at which it ends.
    pub(crate) ends_at: RtpTime,
    stills: mpsc::Receiver<CodedStill>,
}

impl CodedBeat {
    /// Begins to code these frames, oldest first. Needs a runtime.
    pub(crate) fn of(frames: Vec<Frame>, ends_at: RtpTime) -> Self {
        let (coded, stills) = mpsc::channel(MAX_BEAT_FRAMES);
        // Its end is seen by the channel; a panic of the encoder is logged by the runtime.
        drop(tokio::task::spawn_blocking(move || code(frames, &coded)));
        Self { ends_at, stills }
    }

    /// The next frame; none after the last one.
    pub(crate) async fn next(&mut self) -> Option<CodedStill> {
        self.stills.recv().await
    }
}

/// Codes until nobody takes any more. The last one is known to be the last only when it is coded, so one is held back.
fn code(frames: Vec<Frame>, coded: &mpsc::Sender<CodedStill>) {
    let of = u32::try_from(frames.len()).unwrap_or(u32::MAX);
    let (mut held, mut bytes) = (None::<CodedStill>, 0);
    for frame in frames {
        let (original, blob) = match still::png(&frame.picture) {
            Ok(still) => still,
            Err(error) => {
                tracing::error!(%error, "a frame of a beat could not be coded and is left out");
                continue;
            }
        };
        bytes += blob.len();
        if bytes > MAX_BEAT_BYTES {
            tracing::warn!("a beat is too large and is cut short");
            break;
        }
        let next = CodedStill {
            rtp_time: frame.stamp.rtp_time,
            place: BeatPlace { of, last: false },
            original,
            blob,
        };
        if let Some(before) = held.replace(next)
            && coded.blocking_send(before).is_err()
        {
            return;
        }
    }
    if let Some(mut last) = held {
        last.place.last = true;
        // Nobody takes it any more: the beat was stopped.
        let _ = coded.blocking_send(last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Form, Picture};
    use std::sync::Arc;
    use wire::agent::FrameStamp;
    use wire::{CaptureTime, FrameIndex, StreamId};

    fn frame(n: u32) -> Frame {
        let captured_at = CaptureTime(u64::from(n) * 33_333);
        let rows = vec![u8::try_from(n % 251).unwrap(); 64];
        Frame {
            stamp: FrameStamp {
                stream: StreamId::random(),
                index: FrameIndex(n),
                captured_at,
                rtp_time: RtpTime::of(captured_at),
            },
            picture: Arc::new(Picture::from_rows(8, 8, Form::Gray8, rows).unwrap()),
            provenance: Arc::default(),
        }
    }

    #[tokio::test]
    async fn all_frames_come_coded_in_order_and_the_last_one_says_so() {
        let frames: Vec<Frame> = (0..5).map(frame).collect();
        let times: Vec<RtpTime> = frames.iter().map(|frame| frame.stamp.rtp_time).collect();
        let mut beat = CodedBeat::of(frames, times[4]);
        let mut came = Vec::new();
        while let Some(still) = beat.next().await {
            assert_eq!(still.place.of, 5);
            assert_eq!(still.original.bytes as usize, still.blob.len());
            came.push((still.rtp_time, still.place.last));
        }
        let last = |n: usize| n == 4;
        let expected: Vec<_> = (0..5).map(|n| (times[n], last(n))).collect();
        assert_eq!(came, expected);
    }
}
