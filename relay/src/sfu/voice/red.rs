//! Redundant audio (RFC 2198): each packet carries the voice frame before it once more, so that one lost packet in a row is
//! no loss at all.
//!
//! Owns the way out of it, for a page that did not negotiate it, and for a recording, which keeps frames and not how they
//! travelled: the newest frame stands last. Payloads are foreign bytes; nothing is read beyond their end.

/// Set while another block follows.
const FOLLOWS: u8 = 0x80;
/// Head of a block that is not the last one: payload type, 14 bits of time, 10 bits of length.
const BLOCK_HEAD_BYTES: usize = 4;
/// Blocks looked at: browsers send two or three, more is nonsense.
const MAX_BLOCKS: usize = 9;

/// The newest voice frame in a redundant payload; none when the payload is not one.
pub(crate) fn newest(payload: &[u8]) -> Option<&[u8]> {
    let (mut at, mut older) = (0, 0_usize);
    for _ in 0..MAX_BLOCKS {
        let first = *payload.get(at)?;
        if first & FOLLOWS == 0 {
            return payload.get(at + 1 + older..);
        }
        let head = payload.get(at..at + BLOCK_HEAD_BYTES)?;
        let [_, _, high, low] = *head else {
            return None;
        };
        older += usize::from(high & 0x03) << 8 | usize::from(low);
        at += BLOCK_HEAD_BYTES;
    }
    None
}

/// All frames in a redundant payload, the oldest first, each with how long before the packet's time it was said, in RTP
/// ticks; nothing when the payload is not one.
#[must_use]
pub fn frames(payload: &[u8]) -> Vec<(u32, &[u8])> {
    let mut older: Vec<(u32, usize)> = Vec::new();
    let mut at = 0;
    for _ in 0..MAX_BLOCKS {
        let Some(first) = payload.get(at) else {
            return Vec::new();
        };
        if first & FOLLOWS == 0 {
            return cut(payload.get(at + 1..).unwrap_or_default(), &older);
        }
        let Some([_, time, mixed, low]) = payload.get(at..at + BLOCK_HEAD_BYTES) else {
            return Vec::new();
        };
        let before = u32::from(*time) << 6 | u32::from(mixed >> 2);
        older.push((before, usize::from(mixed & 0x03) << 8 | usize::from(*low)));
        at += BLOCK_HEAD_BYTES;
    }
    Vec::new()
}

/// The blocks that follow the heads.
fn cut<'a>(mut blocks: &'a [u8], older: &[(u32, usize)]) -> Vec<(u32, &'a [u8])> {
    let mut frames = Vec::with_capacity(older.len() + 1);
    for (before, bytes) in older {
        let Some((frame, rest)) = blocks.split_at_checked(*bytes) else {
            return Vec::new();
        };
        frames.push((*before, frame));
        blocks = rest;
    }
    frames.push((0, blocks));
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One older frame of three bytes, then the newest one of two.
    const TWO: &[u8] = &[0x80 | 111, 0x0f, 0x00, 3, 111, 1, 2, 3, 8, 9];

    #[test]
    fn the_newest_frame_stands_last() {
        assert_eq!(newest(TWO), Some(&[8, 9][..]));
        assert_eq!(newest(&[111, 7]), Some(&[7][..]));
    }

    #[test]
    fn all_frames_come_out_with_when_they_were_said() {
        // 960 ticks before, as 14 bits: 0x0f, 0x00.
        assert_eq!(frames(TWO), [(960, &[1, 2, 3][..]), (0, &[8, 9])]);
        assert_eq!(frames(&[111, 7]), [(0, &[7][..])]);
        assert_eq!(frames(&[0xff; 4_096]), []);
        for length in 0..TWO.len() {
            let cut = frames(TWO.get(..length).unwrap());
            assert!(
                cut.iter().all(|(_, frame)| frame.len() <= 3),
                "{length}: {cut:?}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_frames_are_parts_of_it_and_the_newest_is_last(payload: Vec<u8>) {
            let frames = frames(&payload);
            let bytes: usize = frames.iter().map(|(_, frame)| frame.len()).sum();
            proptest::prop_assert!(bytes <= payload.len());
            if let Some((before, last)) = frames.last() {
                proptest::prop_assert_eq!((*before, Some(*last)), (0, newest(&payload)));
            }
        }
    }

    #[test]
    fn cut_and_endless_payloads_are_refused_and_never_read_beyond_their_end() {
        for length in 0..TWO.len() {
            let cut = TWO.get(..length).unwrap();
            assert!(newest(cut).is_none_or(|frame| frame.len() <= 2), "{length}");
        }
        assert_eq!(newest(&[0xff; 4_096]), None);
        assert_eq!(newest(&[]), None);
    }
}
