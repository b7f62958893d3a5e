//! Frames out of the messages that carry them (sans-IO).
//!
//! Owns the frame that is arriving. Lengths are bounded before memory is taken, and a frame counts only when its bytes have
//! the hash that was announced. After something that is no frame, the next message is read as a beginning.

use recording::{Frame, FrameHash};
use std::borrow::Cow;
use wire::backfill::{BACKFILL_PIECE_BYTES, FrameHead, weight};

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pieced {
    /// The frame goes on.
    More,
    /// It is whole.
    Whole(Frame<'static>),
    /// It was none.
    Nonsense,
}

/// What is arriving on one channel.
#[derive(Debug, Default)]
pub(super) struct Receipt {
    arriving: Option<(FrameHead, Vec<u8>)>,
    /// What came in all, by weight.
    bytes: u64,
}

impl Receipt {
    /// What came in all, by weight.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether a frame has begun and is not whole.
    pub(super) const fn is_amidst(&self) -> bool {
        self.arriving.is_some()
    }

    /// A message came.
    pub(super) fn piece(&mut self, message: &[u8]) -> Pieced {
        self.bytes += weight(message.len());
        if message.len() > BACKFILL_PIECE_BYTES {
            self.arriving = None;
            return Pieced::Nonsense;
        }
        let (head, mut unit, rest) = match self.arriving.take() {
            Some((head, unit)) => (head, unit, message),
            None => match FrameHead::read(message) {
                Some((head, rest)) => (head, Vec::new(), rest),
                None => return Pieced::Nonsense,
            },
        };
        let left = (head.length as usize).saturating_sub(unit.len());
        if rest.is_empty() || rest.len() > left {
            return Pieced::Nonsense;
        }
        unit.extend_from_slice(rest);
        if rest.len() < left {
            self.arriving = Some((head, unit));
            return Pieced::More;
        }
        if FrameHash::of(&unit).0 != head.hash {
            return Pieced::Nonsense;
        }
        Pieced::Whole(Frame {
            rtp_time: head.rtp_time,
            captured_at: head.captured_at,
            index: head.index,
            keyframe: head.keyframe,
            unit: Cow::Owned(unit),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{CaptureTime, RtpTime};

    fn head(unit: &[u8]) -> FrameHead {
        FrameHead {
            rtp_time: RtpTime(9),
            captured_at: CaptureTime(100),
            index: None,
            keyframe: true,
            length: unit.len() as u32,
            hash: FrameHash::of(unit).0,
        }
    }

    #[test]
    fn a_frame_in_three_messages_comes_out_whole() {
        let unit = vec![7; 40_000];
        let mut receipt = Receipt::default();
        let (first, rest) = unit.split_at(16_000);
        let (second, third) = rest.split_at(16_384);
        let first = [&head(&unit).bytes()[..], first].concat();
        assert_eq!(receipt.piece(&first), Pieced::More);
        assert_eq!(receipt.piece(second), Pieced::More);
        let Pieced::Whole(frame) = receipt.piece(third) else {
            panic!("it is whole");
        };
        assert_eq!((frame.rtp_time, &frame.unit[..]), (RtpTime(9), &unit[..]));
        assert_eq!(receipt.bytes(), 40_040);
    }

    #[test]
    fn what_is_no_frame_costs_itself_only() {
        let unit = [1, 2, 3];
        let whole = [&head(&unit).bytes()[..], &unit].concat();
        let longer = [&whole[..], &[4]].concat();
        let other = [&head(&unit).bytes()[..], &[1, 2, 4]].concat();
        let mut receipt = Receipt::default();
        for wrong in [
            &[][..],
            &[1; 10],
            &head(&unit).bytes(),
            &longer,
            &other,
            &vec![0; 20_000],
        ] {
            assert_eq!(receipt.piece(wrong), Pieced::Nonsense);
            assert!(matches!(receipt.piece(&whole), Pieced::Whole(_)));
        }
    }
}
