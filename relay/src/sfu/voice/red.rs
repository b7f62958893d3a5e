//! Redundant audio (RFC 2198): each packet carries the voice frame before it once more, so that one lost packet in a row is
//! no loss at all.
//!
//! Owns the way out of it, for a page that did not negotiate it: the newest frame stands last. Payloads are foreign bytes;
//! nothing is read beyond their end.

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
    fn cut_and_endless_payloads_are_refused_and_never_read_beyond_their_end() {
        for length in 0..TWO.len() {
            let cut = TWO.get(..length).unwrap();
            assert!(newest(cut).is_none_or(|frame| frame.len() <= 2), "{length}");
        }
        assert_eq!(newest(&[0xff; 4_096]), None);
        assert_eq!(newest(&[]), None);
    }
}
