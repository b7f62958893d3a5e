//! The entropy-coded bits of a scan (ISO 10918-1 sections B.1.1.5 and F.2.2).
//!
//! Owns byte stuffing, restart markers and the end. No bit is made up: what would need one more than there is fails.

use super::tables::Huffman;
use super::{error, fault};
use crate::error::ClipError;

/// Bits of one scan, from its first byte.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The next bits, from the highest one.
    held: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            held: 0,
            count: 0,
        }
    }

    /// The next difference: a code that says how many bits it has, and those (section H.1.2.2).
    pub(super) fn difference(&mut self, table: &Huffman) -> Result<i32, ClipError> {
        if self.count < 32 {
            self.refill();
        }
        let code = table.code((self.held >> 48) as u16);
        let (length, size) = code.ok_or_else(|| error("a code that no table has"))?;
        self.drop_bits(u32::from(length))?;
        match size {
            0 => Ok(0),
            // No bits follow: there is one value only.
            16 => Ok(32_768),
            1..16 => {
                let value = (self.held >> (64 - u32::from(size))) as i32;
                self.drop_bits(u32::from(size))?;
                let is_negative = value < 1 << (size - 1);
                Ok(if is_negative {
                    value - (1 << size) + 1
                } else {
                    value
                })
            }
            17.. => fault("a difference of more than 16 bits"),
        }
    }

    /// Goes on behind a restart marker, which must be the one of that number.
    pub(super) fn restart(&mut self, number: u8) -> Result<(), ClipError> {
        (self.held, self.count) = (0, 0);
        let marker = self.marker_from(self.at, |_| true);
        match marker.and_then(|at| self.bytes.get(at + 1)) {
            Some(found) if *found == 0xD0 + number => {
                self.at = marker.unwrap_or(self.at) + 2;
                Ok(())
            }
            _ => fault("a restart marker is missing"),
        }
    }

    /// Where the next marker stands that belongs to no scan, or the end.
    pub(super) fn end(&self) -> usize {
        let is_other = |marker: u8| !(0xD0..=0xD7).contains(&marker);
        let found = self.marker_from(self.at, is_other);
        found.unwrap_or(self.bytes.len())
    }

    fn marker_from(&self, from: usize, is_wanted: impl Fn(u8) -> bool) -> Option<usize> {
        let rest = self.bytes.get(from..)?;
        let is_marker = |pair: &[u8]| matches!(pair, [0xFF, marker] if !matches!(marker, 0 | 0xFF) && is_wanted(*marker));
        rest.windows(2).position(is_marker).map(|at| from + at)
    }

    fn refill(&mut self) {
        while self.count <= 56 {
            let byte = match self.bytes.get(self.at..) {
                Some([0xFF, 0, ..]) => {
                    self.at += 2;
                    0xFF
                }
                // A marker, or half of one.
                Some([0xFF, ..] | []) | None => return,
                Some([byte, ..]) => {
                    self.at += 1;
                    *byte
                }
            };
            self.held |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    fn drop_bits(&mut self, count: u32) -> Result<(), ClipError> {
        self.count = self
            .count
            .checked_sub(count)
            .ok_or_else(|| error("it ends before its last pixel"))?;
        self.held <<= count;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tables::tests::table;
    use super::*;

    #[test]
    fn differences_are_read_as_the_standard_codes_them() {
        // 0 is size 0, 10 size 1, 110 size 3, 1110 size 16.
        let table = table(&[(1, 0), (2, 1), (3, 3), (4, 16)]);
        // 0 | 10 0 | 10 1 | 110 000 | 110 111 | 1110
        let bytes = [0b0100_1011, 0b1000_0110, 0b1111_1100];
        let mut bits = Bits::of(&bytes);
        let read: Vec<i32> = (0..6).map(|_| bits.difference(&table).unwrap()).collect();
        assert_eq!(read, [0, -1, 1, -7, 7, 32_768]);
        let error = bits
            .difference(&table)
            .map(|_| ())
            .and_then(|()| bits.difference(&table).map(|_| ()));
        assert!(error.is_err(), "no bit is made up");
    }

    #[test]
    fn stuffed_bytes_are_data_and_markers_are_not() {
        let table = table(&[(8, 0)]);
        let mut bits = Bits::of(&[0, 0, 0xFF, 0xD0, 0, 0xFF, 0xD9]);
        assert_eq!(bits.difference(&table).unwrap(), 0);
        assert_eq!(bits.difference(&table).unwrap(), 0);
        assert!(bits.difference(&table).is_err());
        assert!(bits.restart(1).is_err());
        bits.restart(0).unwrap();
        assert_eq!(bits.difference(&table).unwrap(), 0);
        assert_eq!(bits.end(), 5);
    }
}
