//! Packets that carry no picture: padding that a publisher sends to measure its link.
//!
//! Owns two questions: is this payload padding, and what is a number called once the padding before it is left out? A
//! browser pads on the picture's own source when it has no retransmission source (RFC 3550 §5.1), our agent sends filler data.
//! Viewers measure nothing by it and must see no hole. Sans-IO.

use super::StreamSeq;
use crate::sfu::sdp::codec::CodecKind;
use std::collections::VecDeque;

/// NAL unit type of filler data (ITU-T H.264 §7.3.2.7).
const FILLER: u8 = 12;
/// Padding whose place is remembered; a packet that comes later than that many others is in no cache any more.
const REMEMBERED: usize = 1_024;

/// Whether a payload is padding.
pub(crate) fn is_padding(codec: CodecKind, payload: &[u8]) -> bool {
    match payload.first() {
        None => true,
        Some(first) => codec == CodecKind::H264 && first & 0x1f == FILLER,
    }
}

/// What was left out of a stream.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    /// Numbers left out of late, rising.
    recent: VecDeque<StreamSeq>,
    /// How many before them.
    earlier: u64,
}

impl LeftOut {
    /// The packet of this number is left out. It must be the highest that came so far.
    pub(crate) fn note(&mut self, number: StreamSeq) {
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
            self.earlier += 1;
        }
        self.recent.push_back(number);
    }

    /// The number of a packet among those that are not left out.
    pub(crate) fn closed_up(&self, number: StreamSeq) -> StreamSeq {
        let before = self.recent.partition_point(|left_out| *left_out < number);
        number.saturating_sub(self.earlier + before as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_an_empty_payload_or_filler_data() {
        assert!(is_padding(CodecKind::H264, &[]));
        assert!(is_padding(CodecKind::Vp8, &[]));
        assert!(is_padding(CodecKind::H264, &[12, 0xff, 0xff, 0x80]));
        assert!(!is_padding(CodecKind::Vp8, &[12, 0xff, 0x80]));
        for picture in [0x65, 0x61, 0x67, 0x68, 0x78, 0x7c] {
            assert!(!is_padding(CodecKind::H264, &[picture, 1]));
        }
    }

    #[test]
    fn numbers_close_up_over_what_was_left_out() {
        let mut left_out = LeftOut::default();
        for number in [12, 13, 20] {
            left_out.note(number);
        }
        let called: Vec<u64> = [11, 14, 15, 19, 21, 22]
            .map(|number| left_out.closed_up(number))
            .into();
        assert_eq!(called, [11, 12, 13, 17, 18, 19]);
    }

    #[test]
    fn it_remembers_a_bounded_number_of_places() {
        let mut left_out = LeftOut::default();
        for number in 0..5_000 {
            left_out.note(2 * number);
        }
        assert!(left_out.recent.len() <= REMEMBERED);
        assert_eq!(left_out.closed_up(10_001), 5_001);
        assert_eq!(left_out.closed_up(9_999), 4_999);
    }
}
